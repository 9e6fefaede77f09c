//! What is inside a file that holds more than one thing: a Go binary with its modules, a jar with its classes, any ELF file
//! with its sections. A second level below the ledger: its figures divide a file and are never added to anything else.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::source::Region;

/// What is inside a file. The bytes of its parts add up to the file's size.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inside {
    /// What kind of file it is.
    pub kind: InsideKind,
    /// What the file is made of, as it says itself: the main module of a Go binary, the root crate of a Rust one, the
    /// artifact in a jar. Empty where it does not say.
    pub name: String,
    /// Its version as written; empty where there is none.
    pub version: String,
    /// What built it: `go1.26.8`. Empty where it does not say.
    pub toolchain: String,
    /// The program that compressed it as a whole, so that nothing more can be seen: `UPX`. Empty for every other file.
    pub packer: String,
    /// How the bytes divide, largest first.
    pub parts: Vec<Part>,
    /// What it says is built into it, sorted by name: name and version, also where no byte could be told apart.
    pub built_in: Vec<(String, String)>,
    /// How it was built, as key and value, in the order of the file.
    pub settings: Vec<(String, String)>,
    /// What the loader reads of it, where that was asked for and it is ELF.
    pub linked: Option<Linked>,
}

impl Inside {
    /// About how many bytes of memory it takes.
    pub fn weight(&self) -> u64 {
        let pair = |(key, value): &(String, String)| key.len() + value.len() + 64;
        let parts: usize = self.parts.iter().map(|part| part.name.len() + part.version.len() + 64).sum();
        let pairs: usize = self.built_in.iter().chain(&self.settings).map(pair).sum();
        let linked = self.linked.iter().flat_map(|linked| [&linked.needed, &linked.rpath, &linked.runpath]);
        let linked: usize = linked.flatten().map(|name| name.len() + 32).sum();
        (parts + pairs + linked) as u64
    }
}

/// What the loader reads of an ELF file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Linked {
    /// The machine that it runs on, as platforms have it: `amd64`; `machine 2` for one that no platform names.
    pub machine: String,
    /// `PT_INTERP`: what starts it.
    pub interpreter: Option<String>,
    /// `DT_NEEDED`
    pub needed: Vec<String>,
    /// `DT_RPATH`, split.
    pub rpath: Vec<String>,
    /// `DT_RUNPATH`, split.
    pub runpath: Vec<String>,
    /// `DT_SONAME`
    pub soname: Option<String>,
    /// The newest `GLIBC_x.y` of which it needs a symbol, as `(x, y)`.
    pub glibc: Option<(u32, u32)>,
}

/// What kind of file is divided.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum InsideKind {
    /// An ELF file that says nothing of what it was made of. It may have a name of the catalogue of programs.
    #[default]
    Elf,
    /// A binary that Go linked.
    Go,
    /// A binary that cargo-auditable built.
    Rust,
    /// A zip with Java's classes.
    Jar,
    /// A zipped egg: a distribution of Python in one file.
    Egg,
    /// A program of Python in one zip: a zipapp, a PEX.
    Zipapp,
}

/// A share of a file: ranges inside it, which need not lie together.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Part {
    /// What kind of share it is.
    pub kind: PartKind,
    /// A module, a crate, a section, an artifact.
    pub name: String,
    /// Its version; empty where it has none.
    pub version: String,
    /// How many bytes of the file.
    pub bytes: u64,
}

/// What kind of share a part is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PartKind {
    /// Code and data of a module, a crate or an artifact.
    Module,
    /// A section of an ELF file, or what of it belongs to no module.
    #[default]
    Section,
    /// A section that nothing reads at run time: `strip` takes it away.
    Strippable,
    /// Headers, tables and padding of the file format.
    Format,
}

/// A file's content, read where somebody looks at it.
pub trait Content {
    /// How many bytes there are.
    fn size(&self) -> u64;

    /// `length` bytes from `offset` on; `None` where the content does not reach so far, or cannot be read.
    fn bytes(&self, offset: u64, length: u64) -> Option<Cow<'_, [u8]>>;
}

impl Content for &[u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn bytes(&self, offset: u64, length: u64) -> Option<Cow<'_, [u8]>> {
        let start = usize::try_from(offset).ok()?;
        self.get(start..start.checked_add(usize::try_from(length).ok()?)?).map(Cow::Borrowed)
    }
}

impl Content for Region {
    fn size(&self) -> u64 {
        self.length()
    }

    fn bytes(&self, offset: u64, length: u64) -> Option<Cow<'_, [u8]>> {
        if offset.checked_add(length)? > self.length() {
            return None;
        }
        let mut bytes = vec![0; usize::try_from(length).ok()?];
        let read = self.read_at(&mut bytes, offset).ok()?;
        (read == bytes.len()).then_some(Cow::Owned(bytes))
    }
}
