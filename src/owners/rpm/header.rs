//! The header of a package as every kind of database holds it: the format of a .rpm without the magic.
//! <https://rpm-software-management.github.io/rpm/manual/format_header.html>

/// Tags, <https://rpm-software-management.github.io/rpm/manual/tags.html>.
pub(super) const NAME: u32 = 1000;
pub(super) const VERSION: u32 = 1001;
pub(super) const RELEASE: u32 = 1002;
pub(super) const EPOCH: u32 = 1003;
const FILE_SIZES: u32 = 1028;
const FILE_STATES: u32 = 1029;
const FILE_MODES: u32 = 1030;
const FILE_FLAGS: u32 = 1037;
const OLD_FILE_NAMES: u32 = 1027;
const DIRECTORY_INDEXES: u32 = 1116;
const BASE_NAMES: u32 = 1117;
const DIRECTORY_NAMES: u32 = 1118;
const LONG_FILE_SIZES: u32 = 5008;

/// Of a file that need not be there, such as a log.
const GHOST: u64 = 1 << 6;
/// Of a file that was installed and is still the package's.
const NORMAL: u64 = 0;

/// A header whose bounds hold.
pub(super) struct Header<'a> {
    /// 16 bytes for each entry: tag, type, offset, count.
    index: &'a [u8],
    data: &'a [u8],
}

/// A file of a package.
pub(super) struct File<'a> {
    pub directory: &'a [u8],
    pub name: &'a [u8],
    /// In bytes, of a regular file that rpm wrote.
    pub size: Option<u64>,
}

impl<'a> Header<'a> {
    /// `None` where it claims to be longer than it is.
    pub fn parse(blob: &'a [u8]) -> Option<Self> {
        let (entries, data) = (be32(blob, 0)?, be32(blob, 4)?);
        let end = 8usize.checked_add(entries.checked_mul(16)?)?;
        Some(Self { index: blob.get(8..end)?, data: blob.get(end..end.checked_add(data)?)? })
    }

    /// The type, the data from its start on, and the count of a tag.
    fn find(&self, tag: u32) -> Option<(u32, &'a [u8], usize)> {
        let entry = self.index.chunks_exact(16).find(|entry| entry.starts_with(&tag.to_be_bytes()))?;
        let kind = u32::try_from(be32(entry, 4)?).ok()?;
        Some((kind, self.data.get(be32(entry, 8)?..)?, be32(entry, 12)?))
    }

    /// The first string of a tag.
    pub fn string(&self, tag: u32) -> Option<&'a [u8]> {
        self.strings(tag).next()
    }

    /// All strings of a tag; none where it has another type or is not there.
    fn strings(&self, tag: u32) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let (kind, data, count) = self.find(tag).unwrap_or((6, b"", 0));
        let count = if matches!(kind, 6 | 8 | 9) { count } else { 0 };
        let mut rest = data;
        (0..count).map_while(move |_| {
            let end = rest.iter().position(|byte| *byte == 0)?;
            let (string, after) = rest.split_at(end);
            rest = after.get(1..)?;
            Some(string)
        })
    }

    /// All integers of a tag, of whatever width; none where it has another type or is not there.
    pub fn integers(&self, tag: u32) -> impl Iterator<Item = u64> + use<'a> {
        let (kind, data, count) = self.find(tag).unwrap_or((4, b"", 0));
        let width = match kind {
            1 | 2 => 1,
            3 => 2,
            4 => 4,
            5 => 8,
            _ => 0,
        };
        let wanted = count.saturating_mul(width).min(data.len());
        let numbers = data.get(..wanted).unwrap_or_default().chunks_exact(width.max(1));
        numbers.map(|number| number.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    /// The files that are installed. `None` where a file's directory is none of the header's.
    pub fn files(&self) -> Option<Vec<File<'a>>> {
        let directories: Vec<_> = self.strings(DIRECTORY_NAMES).collect();
        let mut names = Vec::new();
        let mut indexes = self.integers(DIRECTORY_INDEXES);
        for name in self.strings(BASE_NAMES) {
            let index = usize::try_from(indexes.next()?).ok()?;
            names.push((*directories.get(index)?, name));
        }
        // rpm 3 wrote whole paths.
        if names.is_empty() {
            let split =
                |path: &'a [u8]| Some(path.split_at(path.iter().rposition(|byte| *byte == b'/')? + 1));
            names.extend(self.strings(OLD_FILE_NAMES).filter_map(split));
        }
        let long: Vec<_> = self.integers(LONG_FILE_SIZES).collect();
        let sizes: Vec<_> = if long.is_empty() { self.integers(FILE_SIZES).collect() } else { long };
        let column = |tag| self.integers(tag).collect::<Vec<_>>();
        let (states, modes, flags) = (column(FILE_STATES), column(FILE_MODES), column(FILE_FLAGS));
        let files = names.into_iter().enumerate().filter_map(|(number, (directory, name))| {
            let at = |column: &[u64]| column.get(number).copied().unwrap_or(0);
            let is_plain = at(&modes) & 0o17_0000 == 0o10_0000 && at(&flags) & GHOST == 0;
            let size = sizes.get(number).copied().filter(|_| is_plain);
            (at(&states) == NORMAL).then_some(File { directory, name, size })
        });
        Some(files.collect())
    }
}

fn be32(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    usize::try_from(u32::from_be_bytes(four.try_into().ok()?)).ok()
}
