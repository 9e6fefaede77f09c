//! What the loader reads of an ELF file. Format: System V gABI, "Dynamic Section".

use std::ops::Range;

use super::elf::Elf;
use crate::layer::Linked;

/// The longest text and table that are believed.
const LONGEST: u64 = 16 << 20;
/// How many libraries and how long a name are believed: a table of 16 MB could name a text of 16 MB a million times.
const MOST_NEEDED: usize = 1024;
const LONGEST_NAME: usize = 4096;

const NEEDED: u64 = 1;
const STRTAB: u64 = 5;
const STRSZ: u64 = 10;
const SONAME: u64 = 14;
const RPATH: u64 = 15;
const RUNPATH: u64 = 29;

/// What it is linked to; a program that is linked statically to nothing.
pub fn read(elf: &Elf<'_>) -> Linked {
    let mut linked = Linked { machine: machine(elf.machine, elf.is_big), ..Linked::default() };
    linked.interpreter = elf.interpreter.clone().and_then(|range| {
        let bytes = short(elf, range)?;
        Some(text(&bytes).to_owned())
    });
    // What is cut off says no more.
    let _ = dynamic(elf, &mut linked);
    linked
}

fn dynamic(elf: &Elf<'_>, linked: &mut Linked) -> Option<()> {
    let table = short(elf, elf.dynamic.clone()?)?;
    let entries: Vec<_> = table
        .chunks_exact(2 * elf.width())
        .map_while(|entry| Some((elf.address(entry, 0)?, elf.address(entry, elf.width())?)))
        .take_while(|(tag, _)| *tag != 0)
        .collect();
    let value = |wanted| entries.iter().find(|(tag, _)| *tag == wanted).map(|(_, value)| *value);
    let start = elf.offset(value(STRTAB)?)?;
    let strings = short(elf, start..start.checked_add(value(STRSZ)?)?)?;
    let string = |offset: u64| {
        let rest = usize::try_from(offset).ok().and_then(|offset| strings.get(offset..));
        let rest = rest.unwrap_or_default();
        text(rest.get(..LONGEST_NAME).unwrap_or(rest)).to_owned()
    };
    let paths =
        |offset| string(offset).split(':').filter(|path| !path.is_empty()).map(ToOwned::to_owned).collect();
    for (tag, value) in entries {
        match tag {
            NEEDED if linked.needed.len() < MOST_NEEDED => linked.needed.push(string(value)),
            SONAME => linked.soname = Some(string(value)),
            RPATH => linked.rpath = paths(value),
            RUNPATH => linked.runpath = paths(value),
            _ => {}
        }
    }
    linked.glibc = glibc(&strings);
    Some(())
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

fn short<'a>(elf: &Elf<'a>, range: Range<u64>) -> Option<std::borrow::Cow<'a, [u8]>> {
    (range.end.checked_sub(range.start)? <= LONGEST).then(|| elf.table(range))?
}

/// The text to the first byte that is zero; of one that is no UTF-8, nothing.
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes.split(|byte| *byte == 0).next().unwrap_or_default()).unwrap_or_default()
}

/// A machine as platforms name it. Numbers: the registry of `e_machine` values in the gABI.
fn machine(number: u16, is_big: bool) -> String {
    let name = match (number, is_big) {
        (3, _) => "386",
        (62, _) => "amd64",
        (40, _) => "arm",
        (183, _) => "arm64",
        (21, false) => "ppc64le",
        (21, true) => "ppc64",
        (22, _) => "s390x",
        (243, _) => "riscv64",
        (258, _) => "loong64",
        (8, true) => "mips",
        (8, false) => "mipsle",
        _ => return format!("machine {number}"),
    };
    name.to_owned()
}
