//! ELF files: which libraries each needs, and which interpreter.

use crate::elf::{self, Symbols};
use crate::owners::inside;

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

    /// Reads what the loader does; `None` where the content is no ELF file.
    pub fn read(content: &[u8]) -> Option<Self> {
        let found = inside::linked(&content)?;
        Some(Self {
            search: [found.rpath, found.runpath].concat(),
            needed: found.needed,
            interpreter: found.interpreter,
            soname: found.soname,
            glibc: found.glibc,
            symbols: None,
        })
    }
}
