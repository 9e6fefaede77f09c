//! The tables of an ELF file: sections, segments, symbols. Format: System V gABI, "Object Files".
//!
//! Read with bounds from a content that may lie on a disk: only tables are read, never the file as a whole.

use std::ops::Range;

use crate::layer::Content;

/// The longest table that is read. Symbols and line tables of the largest programs have some 100 MB.
const LONGEST: u64 = 256 << 20;
/// As many sections as are believed; a kernel has a few thousand with debug symbols.
const MOST_SECTIONS: u64 = 65_536;

/// As many segments as are believed; programs have a dozen.
const MOST_SEGMENTS: usize = 64;
/// The longest name of a section, and of a symbol: C++ has some of ten thousand bytes.
const LONGEST_SECTION: usize = 256;
const LONGEST_SYMBOL: usize = 64 << 10;

/// `SHT_SYMTAB`, `SHT_NOBITS`.
const SYMTAB: u32 = 2;
const NOBITS: u32 = 8;
/// `SHF_ALLOC`: loaded when the program runs.
const ALLOC: u64 = 2;

/// An ELF file.
pub struct Elf<'a> {
    content: &'a dyn Content,
    is_64: bool,
    /// Whether numbers have their largest byte first.
    pub is_big: bool,
    /// The header itself.
    pub header: Range<u64>,
    /// The table of segments, and that of sections.
    pub tables: [Range<u64>; 2],
    /// The sections but for the first, which is none.
    pub sections: Vec<Section>,
    /// `e_machine`
    pub machine: u16,
    /// The path of what starts it, and the table of what the loader reads.
    pub interpreter: Option<Range<u64>>,
    pub dynamic: Option<Range<u64>>,
    /// The segments that are loaded: address and place in the file.
    loads: Vec<(u64, Range<u64>)>,
}

/// A section.
#[derive(Debug, Clone)]
pub struct Section {
    /// `.text`
    pub name: String,
    /// Where it is loaded; 0 where it is not.
    pub address: u64,
    /// Where it is in the file; empty where it takes no room there.
    pub range: Range<u64>,
    kind: u32,
    flags: u64,
    link: u32,
}

/// A symbol with a size.
pub struct Symbol<'a> {
    /// Its name, mangled.
    pub name: &'a [u8],
    /// Where it is loaded.
    pub address: u64,
    /// In bytes.
    pub size: u64,
}

impl Section {
    /// Whether nothing reads it at run time, so that `strip` takes it away: symbols, and what debuggers read.
    pub fn is_strippable(&self) -> bool {
        let is_for_tools = |prefix: &&str| self.name.starts_with(*prefix);
        let tools = [".debug_", ".zdebug_", ".stab", ".gdb_index", ".line"];
        self.flags & ALLOC == 0
            && (matches!(self.name.as_str(), ".symtab" | ".strtab") || tools.iter().any(is_for_tools))
    }
}

impl<'a> Elf<'a> {
    /// Reads the headers; `None` where it is no ELF file, or what they say makes no sense.
    pub fn read(content: &'a dyn Content) -> Option<Self> {
        let ident = content.bytes(0, 20)?;
        let (class, order) = match ident.get(..6)? {
            [0x7f, b'E', b'L', b'F', class @ (1 | 2), order @ (1 | 2)] => (*class, *order),
            _ => return None,
        };
        let mut elf = Self {
            content,
            is_64: class == 2,
            is_big: order == 2,
            header: 0..if class == 2 { 64 } else { 52 },
            tables: [0..0, 0..0],
            sections: Vec::new(),
            machine: 0,
            interpreter: None,
            dynamic: None,
            loads: Vec::new(),
        };
        elf.machine = elf.half(&ident, 18)?;
        let header = elf.table(0..elf.header.end)?;
        // e_phoff and e_shoff; from e_phentsize on, six halves.
        let (segments, sections, halves) = if elf.is_64 {
            (elf.long(&header, 32)?, elf.long(&header, 40)?, 54)
        } else {
            (u64::from(elf.word(&header, 28)?), u64::from(elf.word(&header, 32)?), 42)
        };
        let half = |number: usize| elf.half(&header, halves + 2 * number).map(u64::from);
        let [segment_size, segment_count, section_size, mut section_count, names] =
            [half(0)?, half(1)?, half(2)?, half(3)?, half(4)?];
        elf.read_segments(segments, segment_size, segment_count)?;
        if sections == 0 || section_size < elf.header.end.min(64) - 24 {
            return Some(elf);
        }
        if section_count == 0 {
            // Too many for a half: the first section's size says how many.
            let first = elf.table(sections..sections.checked_add(section_size)?)?;
            section_count = elf.section(&first)?.1.range.end;
        }
        if section_count <= MOST_SECTIONS {
            // A table that lies outside is one that somebody cut off; the segments stand all the same.
            let _ = elf.read_sections(sections, section_size, section_count, names);
        }
        Some(elf)
    }

    fn read_segments(&mut self, start: u64, size: u64, count: u64) -> Option<()> {
        let range = start..start.checked_add(size * count)?;
        let Some(table) = self.table(range.clone()) else { return Some(()) };
        for segment in table.chunks_exact(usize::try_from(size).ok()?.max(1)) {
            let (offset, address, length) = if self.is_64 {
                (self.long(segment, 8)?, self.long(segment, 16)?, self.long(segment, 32)?)
            } else {
                let word = |at| self.word(segment, at).map(u64::from);
                (word(4)?, word(8)?, word(16)?)
            };
            let range = offset..offset.saturating_add(length);
            // PT_LOAD, PT_DYNAMIC, PT_INTERP
            match self.word(segment, 0)? {
                1 if self.loads.len() < MOST_SEGMENTS => self.loads.push((address, range)),
                2 => self.dynamic = Some(range),
                3 => self.interpreter = Some(range),
                _ => {}
            }
        }
        self.tables[0] = range;
        Some(())
    }

    fn read_sections(&mut self, start: u64, size: u64, count: u64, names: u64) -> Option<()> {
        let range = start..start.checked_add(size.checked_mul(count)?)?;
        let table = self.table(range.clone())?;
        let mut sections = Vec::new();
        for section in table.chunks_exact(usize::try_from(size).ok()?.max(1)) {
            sections.push(self.section(section)?);
        }
        let names = sections.get(usize::try_from(names).ok()?).map(|(_, section)| section.range.clone())?;
        let names = self.table(names)?;
        self.sections = sections
            .into_iter()
            .skip(1)
            .map(|(name, section)| Section { name: text(&names, name), ..section })
            .collect();
        self.tables[1] = range;
        Some(())
    }

    /// A section and where its name stands.
    fn section(&self, bytes: &[u8]) -> Option<(u32, Section)> {
        let word = |at| self.word(bytes, at);
        let (flags, address, offset, size, link) = if self.is_64 {
            let long = |at| self.long(bytes, at);
            (long(8)?, long(16)?, long(24)?, long(32)?, word(40)?)
        } else {
            let long = |at| word(at).map(u64::from);
            (long(8)?, long(12)?, long(16)?, long(20)?, word(24)?)
        };
        let kind = word(4)?;
        let range = if kind == NOBITS { offset..offset } else { offset..offset.saturating_add(size) };
        Some((word(0)?, Section { name: String::new(), address, range, kind, flags, link }))
    }

    /// The section of a name.
    pub fn named(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// The content of a section; `None` where it is longer than anything that is believed.
    pub fn data(&self, section: &Section) -> Option<std::borrow::Cow<'a, [u8]>> {
        self.table(section.range.clone())
    }

    /// Bytes of the file.
    pub fn table(&self, range: Range<u64>) -> Option<std::borrow::Cow<'a, [u8]>> {
        let length = range.end.checked_sub(range.start).filter(|length| *length <= LONGEST)?;
        self.content.bytes(range.start, length)
    }

    /// Where in the file an address lies that is loaded from it.
    pub fn offset(&self, address: u64) -> Option<u64> {
        self.loads.iter().find_map(|(start, file)| {
            let into = address.checked_sub(*start)?;
            (into < file.end - file.start).then_some(file.start + into)
        })
    }

    /// Calls `each` for every symbol that has a size.
    pub fn symbols(&self, mut each: impl FnMut(&Symbol<'_>)) -> Option<()> {
        let table = self.sections.iter().find(|section| section.kind == SYMTAB)?;
        let names = self.sections.get(usize::try_from(table.link).ok()?.checked_sub(1)?)?;
        let (table, names) = (self.data(table)?, self.data(names)?);
        // Names may share their ends, but not so often that reading them all takes longer than reading the file.
        let mut left = 8 * names.len();
        for symbol in table.chunks_exact(if self.is_64 { 24 } else { 16 }) {
            let (address, size) = if self.is_64 {
                (self.long(symbol, 8)?, self.long(symbol, 16)?)
            } else {
                (u64::from(self.word(symbol, 4)?), u64::from(self.word(symbol, 8)?))
            };
            let name = usize::try_from(self.word(symbol, 0)?).ok().and_then(|at| names.get(at..));
            if let Some(name) = name.filter(|_| size > 0) {
                let name = name.get(..LONGEST_SYMBOL).unwrap_or(name);
                let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
                left = left.checked_sub(name.len())?;
                each(&Symbol { name, address, size });
            }
        }
        Some(())
    }

    /// A number of two bytes.
    pub fn half(&self, bytes: &[u8], at: usize) -> Option<u16> {
        let bytes = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.is_big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    /// A number of four bytes.
    pub fn word(&self, bytes: &[u8], at: usize) -> Option<u32> {
        let bytes = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.is_big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    /// A number of eight bytes.
    pub fn long(&self, bytes: &[u8], at: usize) -> Option<u64> {
        let bytes = bytes.get(at..at.checked_add(8)?)?.try_into().ok()?;
        Some(if self.is_big { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) })
    }

    /// A number as wide as an address.
    pub fn address(&self, bytes: &[u8], at: usize) -> Option<u64> {
        if self.is_64 { self.long(bytes, at) } else { self.word(bytes, at).map(u64::from) }
    }

    /// Bytes of an address: 8 or 4.
    pub fn width(&self) -> usize {
        if self.is_64 { 8 } else { 4 }
    }
}

/// The text at an offset, to the byte that is zero.
fn text(bytes: &[u8], at: u32) -> String {
    let rest = usize::try_from(at).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
    let rest = rest.get(..LONGEST_SECTION).unwrap_or(rest);
    String::from_utf8_lossy(rest.split(|byte| *byte == 0).next().unwrap_or_default()).into_owned()
}
