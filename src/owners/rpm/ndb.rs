//! ndb, which SUSE uses: pages of slots, each of which says where a package's blob lies, in blocks of 16 bytes.
//! There is no specification but rpm's `lib/backend/ndb/rpmpkg.c`.

const BLOCK: usize = 16;
const PAGE: usize = 4096;
/// The first two slots are the file's own header.
const FIRST_SLOT: usize = 2;

/// Hands each package's header to `each`.
pub(super) fn read(
    file: &[u8],
    _log: Option<&[u8]>,
    each: &mut dyn FnMut(&[u8]),
) -> Result<(), &'static str> {
    if file.is_empty() {
        return Ok(());
    }
    if !file.starts_with(b"RpmP") {
        return Err("it does not start as an ndb does");
    }
    if le32(file, 4) != Some(0) {
        return Err("its version is unknown");
    }
    let pages = le32(file, 12).ok_or("it is cut off")?;
    let end = pages.checked_mul(PAGE).filter(|end| *end <= file.len()).ok_or("it is cut off")?;
    let slots = file.get(FIRST_SLOT * BLOCK..end).unwrap_or_default().chunks_exact(BLOCK);
    // No two packages share a byte, so that what is read in all is bounded by what is there.
    let mut left = file.len();
    for slot in slots {
        if !slot.starts_with(b"Slot") {
            return Err("one of its slots is damaged");
        }
        let (package, block) = (le32(slot, 4).unwrap_or(0), le32(slot, 8).unwrap_or(0));
        if package == 0 || block == 0 {
            continue;
        }
        let blob = blob(file, package, block).ok_or("one of its packages is cut off or damaged")?;
        left = left.checked_sub(blob.len()).ok_or("its packages overlap")?;
        each(blob);
    }
    Ok(())
}

/// A blob: `BlbS`, the package's number, a generation, the length, then the bytes.
fn blob(file: &[u8], package: usize, block: usize) -> Option<&[u8]> {
    let start = block.checked_mul(BLOCK)?;
    let head = file.get(start..start.checked_add(BLOCK)?)?;
    let is_its = head.starts_with(b"BlbS") && le32(head, 4) == Some(package);
    let start = start.checked_add(BLOCK)?;
    file.get(start..start.checked_add(le32(head, 12)?)?).filter(|_| is_its)
}

fn le32(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    usize::try_from(u32::from_le_bytes(four.try_into().ok()?)).ok()
}
