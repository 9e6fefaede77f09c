//! What one Python source says about other modules: small enough to keep for every file of an image.

use crate::audit::Tier;

/// What one source says about other modules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Import statements, and calls that import a literal name.
    pub imports: Vec<Import>,
    /// Literals that may name a module or an object in one, which some framework may load.
    pub strings: Vec<Named>,
    /// Literals that are said to name a module, of one word too: an item of `INSTALLED_APPS`.
    pub references: Vec<Named>,
    /// Tables of such literals, of which a setting chooses one.
    pub tables: Vec<Table>,
    /// Entry-point groups that are asked for.
    pub groups: Vec<Named>,
    /// The schemes of URLs, which choose a driver: `postgresql+asyncpg`.
    pub schemes: Vec<Named>,
    /// Imports of a name that only running the code would tell.
    pub dynamic: Vec<Named>,
    /// Why the source could not be read; nothing is known of it then.
    pub unread: bool,
}

/// A text and the line that it stands in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// The text.
    pub text: Box<str>,
    /// The line, from 1.
    pub line: u32,
}

/// A dictionary all of whose values may name a module or an object in one: `{"h11": "server.h11:Protocol", …}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// What tells it from other statements of the source: where it starts, in bytes.
    pub statement: u32,
    /// The values.
    pub values: Vec<Named>,
}

/// One import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The module as written, without leading dots.
    pub module: Box<str>,
    /// How many dots stand before it; 0 where the import is absolute.
    pub level: u32,
    /// The names after `from … import`, which may be modules too.
    pub names: Vec<Box<str>>,
    /// How it is imported.
    pub tier: Tier,
    /// The line, from 1.
    pub line: u32,
    /// Of an import that is one of several alternatives: the statement, and which branch of it.
    pub choice: Option<(u32, u16)>,
    /// Holds only on these versions of Python.
    pub condition: Option<Condition>,
}

/// A comparison of `sys.version_info`: from this version on, or only below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition {
    /// Major and minor version.
    pub version: (u16, u16),
    /// Whether it holds below the version, and not from it on.
    pub below: bool,
}

impl Condition {
    /// Whether it holds on a version; where that is not known, everything holds.
    pub fn holds(self, version: Option<(u16, u16)>) -> bool {
        version.is_none_or(|version| (version < self.version) == self.below)
    }

    /// What holds where this one does not.
    #[must_use]
    pub fn opposite(self) -> Self {
        Self { below: !self.below, ..self }
    }
}
