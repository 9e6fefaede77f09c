//! What an ELF file could lose: the bytes that `strip --strip-unneeded` takes away, and whether the file survives that.
//!
//! Read from the headers alone, a few kilobytes per file. <https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html>

/// Segments to be loaded that a file may have and survive stripping. `patchelf` adds segments at the end of a file, and
/// GNU strip moves them off their page once there are many: of 153 shared objects of a scientific Python stack those
/// with eight and nine break, those with seven and less do not.
const MOST_SEGMENTS: usize = 7;
/// The longest tables that are read: sections, and their names.
const LONGEST: u64 = 1 << 20;

/// What the headers of an ELF file say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elf {
    /// Bytes of sections that nothing reads at run time: symbols of the linker and of debuggers.
    pub strippable: u64,
    /// Whether stripping leaves a file that still loads.
    pub survives: bool,
}

/// Reads the headers of a file through `read`, which fills a buffer from an offset on and says whether it could. `None`
/// where the file is no 64-bit little-endian ELF file or its headers make no sense.
pub fn measure(read: &dyn Fn(u64, &mut [u8]) -> bool) -> Option<Elf> {
    let header = bytes(read, 0, 64)?;
    if header.get(..6)? != b"\x7fELF\x02\x01" {
        return None;
    }
    let (programs, sections) = (long(&header, 32)?, long(&header, 40)?);
    let program_count = usize::from(short(&header, 56)?);
    let section_count = usize::from(short(&header, 60)?);
    let names = usize::from(short(&header, 62)?);
    let table = bytes(read, programs, program_count as u64 * 56)?;
    let segments = table.chunks_exact(56).filter(|segment| word(segment, 0) == Some(1)).count();
    let table = bytes(read, sections, section_count as u64 * 64)?;
    let section = table.get(names * 64..(names + 1) * 64)?;
    let names = bytes(read, long(section, 24)?, long(section, 32)?)?;
    let mut strippable = 0_u64;
    for section in table.chunks_exact(64) {
        let name = names.get(usize::try_from(word(section, 0)?).ok()?..)?.split(|byte| *byte == 0).next()?;
        // What is loaded stays, whatever its name; SHT_NOBITS takes no room.
        let (kind, flags) = (word(section, 4)?, long(section, 8)?);
        if kind != 8 && flags & 2 == 0 && is_for_tools(name) {
            strippable = strippable.saturating_add(long(section, 32)?);
        }
    }
    Some(Elf { strippable, survives: (1..=MOST_SEGMENTS).contains(&segments) })
}

fn is_for_tools(name: &[u8]) -> bool {
    name == b".symtab"
        || name == b".strtab"
        || [&b".debug_"[..], b".zdebug_", b".stab", b".gdb_index", b".line"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

fn bytes(read: &dyn Fn(u64, &mut [u8]) -> bool, offset: u64, length: u64) -> Option<Vec<u8>> {
    let mut buffer = vec![0; usize::try_from(length).ok().filter(|_| length <= LONGEST)?];
    read(offset, &mut buffer).then_some(buffer)
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_is_none_and_never_a_panic() {
        let mut file = vec![0xff; 4096];
        file[..6].copy_from_slice(b"\x7fELF\x02\x01");
        for length in 0..file.len() {
            let file = &file[..length];
            let read = |offset: u64, buffer: &mut [u8]| {
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                let Some(part) = start.checked_add(buffer.len()).and_then(|end| file.get(start..end)) else {
                    return false;
                };
                buffer.copy_from_slice(part);
                true
            };
            assert_eq!(measure(&read), None);
        }
    }
}
