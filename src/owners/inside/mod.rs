//! Looks into files that hold more than one thing, while the layer goes by: what they were made of, and how their bytes
//! divide. Every byte of a file has one part, so that the parts add up to its size.

mod buildinfo;
mod dynamic;
mod elf;
mod go;
mod mangled;
mod pclntab;
mod programs;
mod python;
mod rust;
mod shares;
mod zip;

use elf::Elf;
use shares::Shares;

use crate::layer::{Content, FileFormat, Inside, InsideKind, Linked, PartKind};

/// Whether a file is worth a look inside, by what is known before its content: programs, but not libraries, of which there are
/// many and which hold but themselves.
pub fn opens(path: &[u8], format: FileFormat, mode: u32) -> bool {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    match format {
        FileFormat::ElfExecutable => true,
        FileFormat::ElfShared => mode & 0o111 != 0 && !name.windows(3).any(|window| window == b".so"),
        FileFormat::Zip if zip::is_java(name) => true,
        _ => python::is_python(name, format, mode),
    }
}

/// Looks inside a file. `None` where nothing is found that its size and its owner do not say already.
pub fn open(path: &[u8], content: &dyn Content) -> Option<Inside> {
    if zip::is_java(path) {
        return zip::read(path, content);
    }
    let Some(elf) = Elf::read(content) else { return python::read(path, content) };
    if elf.sections.is_empty() {
        return packed(content);
    }
    let mut shares = Shares::new(content.size());
    let found = go::read(&elf, &mut shares).or_else(|| rust::read(&elf, &mut shares)).or_else(|| {
        let (name, version) = programs::name(path, content)?;
        Some(Inside { name, version, ..Inside::default() })
    })?;
    Some(Inside { parts: sections(&elf, shares), ..found })
}

/// Looks inside any ELF file, and at what it is linked to; where it does not say what it was made of, it is divided by its
/// sections alone.
pub fn open_linked(path: &[u8], content: &dyn Content) -> Option<Inside> {
    let elf = Elf::read(content)?;
    let by_sections = || Inside {
        kind: InsideKind::Elf,
        parts: sections(&elf, Shares::new(content.size())),
        ..Inside::default()
    };
    let inside = open(path, content).unwrap_or_else(by_sections);
    Some(Inside { linked: Some(dynamic::read(&elf)), ..inside })
}

/// What an ELF file is linked to; `None` where the content is none.
pub fn linked(content: &dyn Content) -> Option<Linked> {
    Elf::read(content).map(|elf| dynamic::read(&elf))
}

/// Gives what no module has to sections, then to the tables of the format.
fn sections(elf: &Elf<'_>, mut shares: Shares) -> Vec<crate::layer::Part> {
    let mut level = Vec::new();
    for section in &elf.sections {
        let kind = if section.is_strippable() { PartKind::Strippable } else { PartKind::Section };
        level.push((section.range.clone(), shares.label(kind, &section.name, "")));
    }
    shares.claim(level);
    let headers = shares.label(PartKind::Format, "ELF headers", "");
    let tables = elf.tables.iter().chain([&elf.header]);
    shares.claim(tables.map(|range| (range.clone(), headers)).collect());
    shares.into_parts("padding")
}

/// The mark of UPX lies behind the table of segments, and no section is left. <https://github.com/upx/upx/blob/devel/src/stub/src/include/linux.h>
fn packed(content: &dyn Content) -> Option<Inside> {
    let head = content.bytes(0, content.size().min(1024))?;
    head.windows(4).any(|window| window == b"UPX!").then_some(())?;
    let parts = Shares::new(content.size()).into_parts("packed by UPX");
    Some(Inside { packer: "UPX".to_owned(), parts, ..Inside::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_and_what_nobody_may_start_are_passed_by() {
        let opens = |path: &str, mode| opens(path.as_bytes(), FileFormat::ElfShared, mode);
        assert!(opens("usr/bin/manager", 0o755));
        assert!(!opens("usr/lib/libz.so.1", 0o755));
        assert!(!opens("usr/share/x", 0o644));
    }

    #[test]
    fn a_packed_program_is_said_to_be() {
        // UPX leaves a header, two segments and, behind them, a checksum and its mark.
        let mut file = vec![0; 4096];
        file[..20].copy_from_slice(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0");
        (file[32], file[54], file[56], file[58]) = (64, 56, 2, 64);
        assert_eq!(open(b"x", &file.as_slice()), None);
        file[180..184].copy_from_slice(b"UPX!");
        let inside = open(b"x", &file.as_slice()).unwrap();
        assert_eq!((inside.packer.as_str(), inside.parts[0].bytes), ("UPX", 4096));
    }

    /// The tests' own binary is a Rust binary with symbols.
    #[test]
    fn this_program_divides_to_the_byte_and_damaged_copies_never_panic() {
        let path = std::env::current_exe().unwrap();
        let bytes = std::fs::read(path).unwrap();
        let inside = open(b"x", &bytes.as_slice()).unwrap();
        assert_eq!(inside.kind, InsideKind::Rust);
        // Where it lies, only its tables are read, and the same is found.
        let lying = crate::source::Region::new(std::sync::Arc::new(bytes.clone()), 0, bytes.len() as u64);
        assert_eq!(open(b"x", &lying).as_ref(), Some(&inside));
        assert_eq!(inside.parts.iter().map(|part| part.bytes).sum::<u64>(), bytes.len() as u64);
        let of = |name: &str| inside.parts.iter().find(|part| part.name == name).map_or(0, |part| part.bytes);
        assert!(of("plimsoll") > 1 << 20, "{:?}", &inside.parts[..9]);
        assert!(of("std") > 1 << 19);
        for length in [0, 3, 16, 51, 63, 64, 100, 4096, 100_000] {
            let _ = open(b"x", &&bytes[..length]);
        }
        let mut damaged = bytes[..bytes.len().min(4 << 20)].to_vec();
        for at in 0..64 {
            for value in [0, 1, 0x7f, 0xff] {
                let before = std::mem::replace(&mut damaged[at], value);
                if let Some(inside) = open(b"x", &damaged.as_slice()) {
                    let sum: u64 = inside.parts.iter().map(|part| part.bytes).sum();
                    assert_eq!(sum, damaged.len() as u64);
                }
                damaged[at] = before;
            }
        }
    }
}
