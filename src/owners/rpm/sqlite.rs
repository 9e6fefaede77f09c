//! The table `Packages` of an SQLite database, read only, with what its write-ahead log holds: images are made of containers
//! that nobody shut down. <https://www.sqlite.org/fileformat2.html>

use std::collections::BTreeMap;

const CUT_OFF: &str = "it is cut off";
const DAMAGED: &str = "one of its pages is damaged";
/// Types of pages of a table: with children, and with rows.
const INTERIOR: u8 = 5;
const LEAF: u8 = 13;

/// Hands each package's header to `each`.
pub(super) fn read(file: &[u8], log: Option<&[u8]>, each: &mut dyn FnMut(&[u8])) -> Result<(), &'static str> {
    let log = log.unwrap_or_default();
    if file.is_empty() && log.is_empty() {
        return Ok(());
    }
    let mut database = Database::open(file, log)?;
    let mut root = None;
    database.rows(1, &mut |row| {
        // type, name, tbl_name, rootpage, sql
        if column(row, 0) == Some(b"table") && column(row, 1) == Some(b"Packages") {
            root = column(row, 3).map(number);
        }
    })?;
    let root = root.ok_or("it has no table Packages")?;
    // hnum, blob
    database.rows(root, &mut |row| {
        each(column(row, 1).unwrap_or_default());
    })
}

struct Database<'a> {
    file: &'a [u8],
    size: usize,
    /// Bytes of a page that SQLite uses.
    usable: usize,
    /// Pages whose latest content is in the log.
    newer: BTreeMap<usize, &'a [u8]>,
    /// No page belongs to two rows, so that what is read in all is bounded by what is there.
    left: usize,
}

impl<'a> Database<'a> {
    fn open(file: &'a [u8], log: &'a [u8]) -> Result<Self, &'static str> {
        let newer = newer(log);
        let first = newer.get(&1).copied().unwrap_or(file);
        if !first.starts_with(b"SQLite format 3\0") {
            return Err("it is no SQLite database");
        }
        let size = match be(first, 16, 2).ok_or(CUT_OFF)? {
            1 => 65536,
            size => size,
        };
        let reserved = usize::from(*first.get(20).ok_or(CUT_OFF)?);
        if !(512..=65536).contains(&size) || !size.is_power_of_two() || size - reserved < 480 {
            return Err("its pages have an impossible size");
        }
        Ok(Self { file, size, usable: size - reserved, newer, left: 2 * (file.len() + log.len()) })
    }

    fn page(&mut self, number: usize) -> Result<&'a [u8], &'static str> {
        self.left = self.left.checked_sub(self.size).ok_or("its pages are in a circle")?;
        if let Some(page) = self.newer.get(&number) {
            return Ok(page);
        }
        let start = number.checked_sub(1).and_then(|number| number.checked_mul(self.size)).ok_or(DAMAGED)?;
        self.file.get(start..start.saturating_add(self.size)).ok_or(CUT_OFF)
    }

    /// Hands each row of a table to `each`, as a record.
    fn rows(&mut self, root: usize, each: &mut dyn FnMut(&[u8])) -> Result<(), &'static str> {
        let mut pages = vec![root];
        while let Some(number) = pages.pop() {
            let page = self.page(number)?;
            // The first page starts with the header of the file.
            let start = if number == 1 { 100 } else { 0 };
            let kind = *page.get(start).ok_or(DAMAGED)?;
            let count = be(page, start + 3, 2).ok_or(DAMAGED)?;
            let pointers = start + if kind == INTERIOR { 12 } else { 8 };
            let cells = (0..count).map(|cell| be(page, pointers + 2 * cell, 2).ok_or(DAMAGED));
            match kind {
                INTERIOR => {
                    pages.push(be(page, start + 8, 4).ok_or(DAMAGED)?);
                    let from = pages.len();
                    for cell in cells {
                        pages.push(be(page, cell?, 4).ok_or(DAMAGED)?);
                    }
                    // Pages are taken from the end: the leftmost child comes first, the rightmost, pushed first, last.
                    pages.get_mut(from..).unwrap_or_default().reverse();
                }
                LEAF => {
                    for cell in cells {
                        each(&self.payload(page, cell?)?);
                    }
                }
                _ => return Err(DAMAGED),
            }
        }
        Ok(())
    }

    /// The record of a cell, with what of it lies in overflow pages.
    fn payload(&mut self, page: &[u8], cell: usize) -> Result<Vec<u8>, &'static str> {
        let (length, at) = varint(page, cell).ok_or(DAMAGED)?;
        let (_, start) = varint(page, at).ok_or(DAMAGED)?;
        let length = usize::try_from(length).map_err(|_| DAMAGED)?;
        let local = self.local(length);
        let mut payload = page.get(start..start.saturating_add(local)).ok_or(DAMAGED)?.to_vec();
        let mut next = if local < length { be(page, start + local, 4).ok_or(DAMAGED)? } else { 0 };
        while payload.len() < length {
            let usable = self.usable;
            let page = self.page(next)?;
            let wanted = (length - payload.len()).min(usable - 4);
            payload.extend_from_slice(page.get(4..4 + wanted).ok_or(DAMAGED)?);
            next = be(page, 0, 4).ok_or(DAMAGED)?;
        }
        Ok(payload)
    }

    /// How much of a payload of this length is in the cell itself.
    fn local(&self, length: usize) -> usize {
        let most = self.usable - 35;
        if length <= most {
            return length;
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let fitting = least + (length - least) % (self.usable - 4);
        if fitting <= most { fitting } else { least }
    }
}

/// The bytes of a record's column; integers as they are stored.
fn column(record: &[u8], wanted: usize) -> Option<&[u8]> {
    let (header, mut at) = varint(record, 0)?;
    let mut start = usize::try_from(header).ok()?;
    for number in 0.. {
        if at >= usize::try_from(header).ok()? {
            return None;
        }
        let (kind, after) = varint(record, at)?;
        at = after;
        let length = match kind {
            0 | 8..=11 => 0,
            1..=4 => usize::try_from(kind).ok()?,
            5 => 6,
            6 | 7 => 8,
            _ => usize::try_from((kind - 12) / 2).ok()?,
        };
        let end = start.checked_add(length)?;
        if number == wanted {
            return record.get(start..end);
        }
        start = end;
    }
    None
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().take(8).fold(0, |sum, byte| sum << 8 | usize::from(*byte))
}

/// A number of at most nine bytes, and where it ends.
fn varint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut value = 0;
    for (position, byte) in bytes.get(at..)?.iter().take(9).enumerate() {
        if position == 8 {
            return Some((value << 8 | u64::from(*byte), at + 9));
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, at + position + 1));
        }
    }
    None
}

/// A big-endian number of up to four bytes.
fn be(bytes: &[u8], at: usize, length: usize) -> Option<usize> {
    Some(number(bytes.get(at..at.checked_add(length)?)?))
}

/// The pages that the log holds, as the last transaction left them. What comes after it, or whose checksum or salt is
/// wrong, was never committed. <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>
fn newer(log: &[u8]) -> BTreeMap<usize, &[u8]> {
    let (mut committed, mut open) = (BTreeMap::new(), BTreeMap::new());
    let Some((head, frames)) = log.split_at_checked(32) else { return committed };
    let is_big = match head.get(..4) {
        Some([0x37, 0x7f, 0x06, 0x83]) => true,
        Some([0x37, 0x7f, 0x06, 0x82]) => false,
        _ => return committed,
    };
    let size = be(head, 8, 4).unwrap_or(0);
    let mut sum = checksum(head.get(..24).unwrap_or_default(), (0, 0), is_big);
    if !(512..=65536).contains(&size) || !agrees(head.get(24..32), sum) {
        return committed;
    }
    for frame in frames.chunks_exact(24 + size) {
        let (about, page) = frame.split_at(24);
        sum = checksum(about.get(..8).unwrap_or_default(), sum, is_big);
        sum = checksum(page, sum, is_big);
        if about.get(8..16) != head.get(16..24) || !agrees(about.get(16..24), sum) {
            break;
        }
        open.insert(be(about, 0, 4).unwrap_or(0), page);
        if be(about, 4, 4) != Some(0) {
            committed.append(&mut open);
        }
    }
    committed
}

fn checksum(bytes: &[u8], (mut first, mut second): (u32, u32), is_big: bool) -> (u32, u32) {
    let word = |bytes: &[u8]| {
        let four: [u8; 4] = bytes.try_into().unwrap_or_default();
        if is_big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
    };
    for pair in bytes.chunks_exact(8) {
        let (one, two) = pair.split_at(4);
        first = first.wrapping_add(word(one)).wrapping_add(second);
        second = second.wrapping_add(word(two)).wrapping_add(first);
    }
    (first, second)
}

fn agrees(written: Option<&[u8]>, (first, second): (u32, u32)) -> bool {
    written == Some([first.to_be_bytes(), second.to_be_bytes()].concat().as_slice())
}
