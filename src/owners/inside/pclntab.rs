//! Go's table of functions, which every Go binary has, stripped or not: where the code of each function is, and what the
//! runtime keeps about it. Format: `debug/gosym` and `cmd/link/internal/ld/pcln.go` of Go's standard library, for all layouts since
//! Go 1.2.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use super::elf::Elf;

/// Where it is, read.
pub struct Pclntab<'a> {
    data: Cow<'a, [u8]>,
    /// Where it starts in the file.
    start: u64,
    /// Where the code starts.
    text: u64,
    layout: Layout,
    width: usize,
    functions: usize,
    /// Of the names, the tables of values by program counter, and the functions; from the start of `data`.
    names: usize,
    values: usize,
    table: usize,
}

/// What changed between versions of Go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Layout {
    Go12,
    Go116,
    Go118,
    Go120,
}

/// A function, and what belongs to it: ranges of the file.
pub struct Function<'t> {
    /// `k8s.io/client-go/rest.(*Request).Do`
    pub name: &'t [u8],
    /// Its code, as addresses.
    pub code: Range<u64>,
    /// What the table says of it.
    pub entries: [Range<u64>; 2],
}

impl<'a> Pclntab<'a> {
    /// Finds and reads the head of the table.
    pub fn read(elf: &Elf<'a>) -> Option<Self> {
        let (data, start, address) = locate(elf)?;
        let width = usize::from(*data.get(7)?);
        let layout = match elf.word(&data, 0)? {
            0xffff_fff1 => Layout::Go120,
            0xffff_fff0 => Layout::Go118,
            0xffff_fffa => Layout::Go116,
            0xffff_fffb => Layout::Go12,
            _ => return None,
        };
        if width != elf.width() {
            return None;
        }
        let number = |position: usize| {
            elf.address(&data, 8 + position * width).and_then(|number| usize::try_from(number).ok())
        };
        let (names, values, table) = match layout {
            Layout::Go12 => (0, 0, 0),
            Layout::Go116 => (number(2)?, number(5)?, number(6)?),
            Layout::Go118 | Layout::Go120 => (number(3)?, number(6)?, number(7)?),
        };
        let functions = number(0)?;
        let is_sane = functions <= data.len() / 8 && names.max(values).max(table) <= data.len();
        is_sane.then_some(())?;
        let written = if layout >= Layout::Go118 { number(2)? as u64 } else { 0 };
        let text = if written > 0 || layout < Layout::Go118 { written } else { text_start(elf, address)? };
        Some(Self { data, start, text, layout, width, functions, names, values, table })
    }

    /// Whether the linker gave it a section of its own, as it does in every program that it links itself.
    pub fn is_named(elf: &Elf<'_>) -> bool {
        elf.named(".gopclntab").is_some()
    }

    /// Calls `each` for every function, in the order of their code.
    pub fn functions(&self, elf: &Elf<'_>, mut each: impl FnMut(&Function<'_>)) -> Option<()> {
        let first = if self.layout == Layout::Go12 { 8 + self.width } else { self.table };
        let size = self.number_size();
        let number = |at: usize| self.number(elf, at);
        let mut places = Vec::with_capacity(self.functions);
        for position in 0..self.functions {
            let at = first + position * 2 * size;
            places.push((number(at)?, usize::try_from(number(at + size)?).ok()?, at));
        }
        let end = number(first + self.functions * 2 * size)?;
        // What the runtime keeps of a function ends where the next begins.
        let mut starts: Vec<_> = places.iter().map(|(_, at, _)| *at).collect();
        starts.sort_unstable();
        starts.dedup();
        let codes = places.iter().skip(1).map(|(code, ..)| *code).chain([end]);
        for ((code, at, entry), next) in places.iter().zip(codes) {
            let after = starts.get(starts.partition_point(|start| start <= at));
            let record = self.table.checked_add(*at).filter(|record| *record <= self.data.len())?;
            let record_end = match after {
                Some(after) => self.table.checked_add(*after)?.min(self.data.len()),
                None => record + self.record_size(),
            };
            let name_at = record + self.number_size();
            let name = self.names.checked_add(usize::try_from(elf.word(&self.data, name_at)?).ok()?)?;
            let name = self.data.get(name..)?.split(|byte| *byte == 0).next().unwrap_or_default();
            each(&Function {
                name,
                code: self.text.checked_add(*code)?..self.text.checked_add(next)?,
                entries: [self.in_file(*entry, entry + 2 * size), self.in_file(record, record_end)],
            });
        }
        Some(())
    }

    /// Every name of the table with its place in the file: also those of functions that only exist inside others.
    pub fn names(&self, mut each: impl FnMut(&[u8], Range<u64>)) {
        if self.layout == Layout::Go12 {
            return;
        }
        let cu = self.start_of_units();
        let Some(names) = self.data.get(self.names..cu) else { return };
        let mut at = self.names;
        for name in names.split_inclusive(|byte| *byte == 0) {
            each(name.strip_suffix(&[0]).unwrap_or(name), self.in_file(at, at + name.len()));
            at += name.len();
        }
    }

    /// The tables of values by program counter: where each that a function refers to starts, and which function was the
    /// first to, by its position.
    pub fn values(&self, elf: &Elf<'_>) -> Option<Vec<(Range<u64>, usize)>> {
        // Before Go 1.16 each lies behind the record of a function, and is part of it already.
        if self.layout == Layout::Go12 {
            return Some(Vec::new());
        }
        let size = self.number_size();
        let (counts, after) = (size + 24, self.record_size());
        let mut first: BTreeMap<usize, usize> = BTreeMap::new();
        for position in 0..self.functions {
            let at = self.number(elf, self.table + position * 2 * size + size)?;
            let record = self.table.checked_add(usize::try_from(at).ok()?)?;
            let count = usize::try_from(elf.word(&self.data, record.checked_add(counts)?)?).ok()?.min(16);
            let own = [12, 16, 20].map(|field| size + field).into_iter();
            for field in own.chain((0..count).map(|number| after + 4 * number)) {
                let offset = usize::try_from(elf.word(&self.data, record + field)?).ok()?;
                if offset > 0 {
                    first.entry(self.values.checked_add(offset)?).or_insert(position);
                }
            }
        }
        let ends = first.keys().skip(1).copied().chain([self.table]);
        let ranges = first.iter().zip(ends).filter(|((start, _), end)| *start < end);
        Some(ranges.map(|((start, function), end)| (self.in_file(*start, end), *function)).collect())
    }

    /// A number of the list of functions: addresses before Go 1.18, offsets of 32 bits since.
    fn number(&self, elf: &Elf<'_>, at: usize) -> Option<u64> {
        if self.number_size() == 4 {
            elf.word(&self.data, at).map(u64::from)
        } else {
            elf.long(&self.data, at)
        }
    }

    /// Of these numbers, and of the first field of a function's record, which says where its code starts.
    fn number_size(&self) -> usize {
        if self.layout >= Layout::Go118 { 4 } else { self.width }
    }

    /// The smallest size of a function's record.
    fn record_size(&self) -> usize {
        let grown = match self.layout {
            Layout::Go12 => 32,
            // The unit that it was compiled in.
            Layout::Go116 | Layout::Go118 => 36,
            // The line that it starts on.
            Layout::Go120 => 40,
        };
        self.number_size() + grown
    }

    /// The names end where the table of compilation units starts, the next of the header's offsets.
    fn start_of_units(&self) -> usize {
        let position = if self.layout == Layout::Go116 { 3 } else { 4 };
        let at = 8 + position * self.width;
        let bytes = self.data.get(at..at + self.width).unwrap_or_default();
        // Both orders: one of them is beyond the table.
        let (mut little, mut big) = (0_usize, 0_usize);
        for (place, byte) in bytes.iter().enumerate() {
            little |= usize::from(*byte) << (8 * place);
            big = big << 8 | usize::from(*byte);
        }
        if little <= self.data.len() { little } else { big }
    }

    fn in_file(&self, start: usize, end: usize) -> Range<u64> {
        self.start + start as u64..self.start + end as u64
    }
}

/// The table, where it starts in the file, and its address.
fn locate<'a>(elf: &Elf<'a>) -> Option<(Cow<'a, [u8]>, u64, u64)> {
    for name in [".gopclntab", ".data.rel.ro.gopclntab"] {
        if let Some(section) = elf.named(name) {
            return Some((elf.data(section)?, section.range.start, section.address));
        }
    }
    // An external linker puts it among other data: it is known by its first eight bytes.
    let section = elf.named(".data.rel.ro")?;
    let data = elf.data(section)?;
    let is_head = |head: &[u8]| {
        matches!(head, [0xf0 | 0xf1 | 0xfa | 0xfb, 0xff, 0xff, 0xff, 0, 0, 1 | 2 | 4, 4 | 8])
            || matches!(head, [0xff, 0xff, 0xff, 0xf0 | 0xf1 | 0xfa | 0xfb, 0, 0, 1 | 2 | 4, 4 | 8])
    };
    let at = data.chunks_exact(8).position(is_head)? * 8;
    let table = data.get(at..)?.to_vec();
    Some((Cow::Owned(table), section.range.start + at as u64, section.address + at as u64))
}

/// Where the code starts that offsets are counted from, where the table itself does not say: of binaries that are loaded
/// anywhere, and since Go 1.26 of all.
fn text_start(elf: &Elf<'_>, table: u64) -> Option<u64> {
    let mut start = None;
    let _ = elf.symbols(|symbol| {
        if symbol.name == b"runtime.text" {
            start = Some(symbol.address);
        }
    });
    // An internal linker's section holds nothing before it. Otherwise the runtime's description of the module tells.
    start.or_else(|| described(elf, table)).or_else(|| elf.named(".text").map(|text| text.address))
}

/// In `moduledata` of Go's runtime, the code's start is this many words behind the pointer to the table.
const TEXT: u64 = 22;

/// The start of the code in the description that points to the table, written in place or as a relocation.
fn described(elf: &Elf<'_>, table: u64) -> Option<u64> {
    let width = elf.width();
    for name in [".go.module", ".noptrdata", ".data"] {
        let Some(data) = elf.named(name).and_then(|section| elf.data(section)) else { continue };
        let found = data.chunks_exact(width).position(|word| elf.address(word, 0) == Some(table));
        let text = found.and_then(|found| elf.address(&data, (found + usize::try_from(TEXT).ok()?) * width));
        if let Some(text) = text.filter(|text| *text > 0) {
            return Some(text);
        }
    }
    // RELA, 64 bits: where, what kind, and the value.
    let relocations = elf.named(".rela.dyn").or_else(|| elf.named(".rela"))?;
    let relocations = elf.data(relocations).filter(|_| width == 8)?;
    let all = || relocations.chunks_exact(24).filter_map(|one| Some((elf.long(one, 0)?, elf.long(one, 16)?)));
    let descriptions: Vec<_> =
        all().filter(|(_, value)| *value == table).map(|(at, _)| at + TEXT * 8).collect();
    all().find(|(at, _)| descriptions.contains(at)).map(|(_, text)| text)
}
