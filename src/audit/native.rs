//! ELF files: which libraries each needs, and which interpreter.

use object::elf::{DynamicTag, FileHeader32, FileHeader64};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::{Endianness, FileKind};

use crate::elf::{self, Symbols};

/// What an ELF file is linked to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Linked {
    /// `DT_NEEDED`.
    pub needed: Vec<String>,
    /// `PT_INTERP`.
    pub interpreter: Option<String>,
    /// `DT_RPATH` and `DT_RUNPATH`, split.
    pub search: Vec<String>,
    /// `DT_SONAME`.
    pub soname: Option<String>,
    /// The newest `GLIBC_x.y` of which it needs a symbol, as `(x, y)`.
    pub glibc: Option<(u32, u32)>,
    /// What stripping would free, where anybody asked.
    pub symbols: Option<Symbols>,
}

impl Linked {
    /// Whether it needs nothing but the kernel: neither an interpreter nor a library.
    pub fn is_static(&self) -> bool {
        self.interpreter.is_none() && self.needed.is_empty()
    }

    /// [`Linked::read`], and what stripping would free.
    pub fn with_symbols(content: &[u8]) -> Option<Self> {
        Some(Self { symbols: elf::measure(content), ..Self::read(content)? })
    }

    /// Reads the dynamic section; `None` where the content is no ELF file.
    pub fn read(content: &[u8]) -> Option<Self> {
        match FileKind::parse(content).ok()? {
            FileKind::Elf64 => read::<FileHeader64<Endianness>>(content),
            FileKind::Elf32 => read::<FileHeader32<Endianness>>(content),
            _ => None,
        }
    }
}

fn read<H: FileHeader<Endian = Endianness>>(content: &[u8]) -> Option<Linked> {
    let header = H::parse(content).ok()?;
    let endian = header.endian().ok()?;
    let segments = header.program_headers(endian, content).ok()?;
    let mut linked = Linked::default();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    for segment in segments {
        if let Ok(Some(interpreter)) = segment.interpreter(endian, content) {
            linked.interpreter = Some(text(interpreter));
        }
    }
    let mut entries: Vec<(DynamicTag, u64)> = Vec::new();
    for segment in segments {
        if let Ok(Some(dynamic)) = segment.dynamic(endian, content) {
            let entry = |entry: &H::Dyn| (entry.d_tag(endian), entry.d_val(endian).into());
            entries.extend(dynamic.iter().map(entry).take_while(|(tag, _)| *tag != object::elf::DT_NULL));
        }
    }
    let value = |wanted: DynamicTag| entries.iter().find(|(tag, _)| *tag == wanted).map(|(_, value)| *value);
    let (Some(table), Some(size)) = (value(object::elf::DT_STRTAB), value(object::elf::DT_STRSZ)) else {
        return Some(linked); // static
    };
    let data =
        segments.iter().find_map(|segment| segment.data_range(endian, content, table, size).ok().flatten());
    let strings = data?;
    let string = |offset: u64| {
        let rest = strings.get(usize::try_from(offset).ok()?..)?;
        Some(text(rest.split(|byte| *byte == 0).next()?))
    };
    for (tag, value) in &entries {
        match *tag {
            object::elf::DT_NEEDED => linked.needed.extend(string(*value)),
            object::elf::DT_SONAME => linked.soname = string(*value),
            object::elf::DT_RPATH | object::elf::DT_RUNPATH => {
                let paths = string(*value).unwrap_or_default();
                linked.search.extend(paths.split(':').map(ToOwned::to_owned));
            }
            _ => {}
        }
    }
    linked.glibc = glibc(strings);
    Some(linked)
}

/// The newest version of glibc that a table of strings names. Versions that a library defines itself have other names.
fn glibc(strings: &[u8]) -> Option<(u32, u32)> {
    let version = |name: &[u8]| {
        let text = std::str::from_utf8(name.strip_prefix(b"GLIBC_")?).ok()?;
        let mut numbers = text.split('.').map(|number| number.parse::<u32>().ok());
        Some((numbers.next()??, numbers.next()??))
    };
    strings.split(|byte| *byte == 0).filter_map(version).max()
}
