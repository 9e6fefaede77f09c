//! ELF files: which libraries each needs, and which interpreter.

use object::elf::{DynamicTag, FileHeader32, FileHeader64};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::{Endianness, FileKind};

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
}

impl Linked {
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
    Some(linked)
}
