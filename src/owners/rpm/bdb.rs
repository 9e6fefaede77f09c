//! Berkeley DB's hash, which rpm used until 4.16: buckets with pairs of key and value, a value being the start of a chain of
//! overflow pages. The buckets' order does not matter here, so the pages are read one after the other.
//! <https://github.com/berkeleydb/libdb/blob/master/src/dbinc/db_page.h>

/// Length of a page's header.
const HEADER: usize = 26;
const HASH_MAGIC: u32 = 0x0006_1561;
/// Types of pages: two of buckets, and overflow.
const BUCKETS: [u8; 2] = [2, 13];
const OVERFLOW: u8 = 7;
/// Types of items: in the page, and in a chain of others.
const IN_PAGE: u8 = 1;
const OFF_PAGE: u8 = 3;

/// Hands each package's header to `each`.
pub(super) fn read(
    file: &[u8],
    _log: Option<&[u8]>,
    each: &mut dyn FnMut(&[u8]),
) -> Result<(), &'static str> {
    if file.is_empty() {
        return Ok(());
    }
    let magic: [u8; 4] = file.get(12..16).and_then(|magic| magic.try_into().ok()).ok_or("it is cut off")?;
    let is_big = match (u32::from_le_bytes(magic), u32::from_be_bytes(magic)) {
        (HASH_MAGIC, _) => false,
        (_, HASH_MAGIC) => true,
        _ => return Err("it is no hash of Berkeley DB"),
    };
    let numbers = Numbers { is_big };
    let size = numbers.u32(file, 20).ok_or("it is cut off")?;
    if !(512..=65536).contains(&size) || !size.is_power_of_two() {
        return Err("its pages have an impossible size");
    }
    if file.get(24) != Some(&0) {
        return Err("it is encrypted");
    }
    let last = numbers.u32(file, 32).ok_or("it is cut off")?;
    let database = Database { file, size, numbers };
    // No two packages share a page, so that what is read in all is bounded by what is there.
    let mut left = file.len();
    for page in file.chunks_exact(size).skip(1) {
        if page.get(25).is_some_and(|kind| BUCKETS.contains(kind)) {
            database.bucket(page, &mut left, each)?;
        }
    }
    if file.len() / size <= last { Err("it is cut off") } else { Ok(()) }
}

#[derive(Clone, Copy)]
struct Numbers {
    is_big: bool,
}

struct Database<'a> {
    file: &'a [u8],
    size: usize,
    numbers: Numbers,
}

impl Database<'_> {
    /// Reads the values of a page of buckets: every other item.
    fn bucket(&self, page: &[u8], left: &mut usize, each: &mut dyn FnMut(&[u8])) -> Result<(), &'static str> {
        let damaged = "one of its pages is damaged";
        let count = self.numbers.u16(page, 20).ok_or(damaged)?;
        let offset = |item: usize| self.numbers.u16(page, HEADER + 2 * item);
        for value in (1..count).step_by(2) {
            let start = offset(value).ok_or(damaged)?;
            let end = offset(value - 1).ok_or(damaged)?;
            let item = page.get(start..end).ok_or(damaged)?;
            match item.first() {
                // The entry that counts the packages is this short; a header is not.
                Some(&IN_PAGE) if item.len() > 16 => each(item.get(1..).unwrap_or_default()),
                Some(&OFF_PAGE) => each(&self.chain(item, left)?),
                _ => {}
            }
        }
        Ok(())
    }

    /// Follows a chain of overflow pages.
    fn chain(&self, item: &[u8], left: &mut usize) -> Result<Vec<u8>, &'static str> {
        let damaged = "one of its packages is cut off or damaged";
        let mut next = self.numbers.u32(item, 4).ok_or(damaged)?;
        let length = self.numbers.u32(item, 8).ok_or(damaged)?;
        let mut value = Vec::new();
        while next != 0 {
            let start = next.checked_mul(self.size).ok_or(damaged)?;
            let page = self.file.get(start..start.saturating_add(self.size)).ok_or(damaged)?;
            *left = left.checked_sub(self.size).ok_or("its packages overlap")?;
            if page.get(25) != Some(&OVERFLOW) {
                return Err(damaged);
            }
            let used = self.numbers.u16(page, 22).ok_or(damaged)?;
            value.extend_from_slice(page.get(HEADER..HEADER + used).ok_or(damaged)?);
            next = self.numbers.u32(page, 16).ok_or(damaged)?;
        }
        if value.len() == length { Ok(value) } else { Err(damaged) }
    }
}

impl Numbers {
    fn u32(self, bytes: &[u8], at: usize) -> Option<usize> {
        let four: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        let number = if self.is_big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) };
        usize::try_from(number).ok()
    }

    fn u16(self, bytes: &[u8], at: usize) -> Option<usize> {
        let two: [u8; 2] = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(usize::from(if self.is_big { u16::from_be_bytes(two) } else { u16::from_le_bytes(two) }))
    }
}
