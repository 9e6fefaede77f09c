//! What a file is, whoever owns it.

use std::fmt;

/// The category of an entry: exactly one. Which paths and formats belong to which is data, in
/// `rules/catalog/categories.toml`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// Files of the application itself, and whatever nothing else describes in its directories.
    Application,
    /// Position-independent ELF that other programs load.
    SharedLibrary,
    /// Programs and scripts that can be started.
    Executable,
    /// Compiled Python, and the like of other languages.
    Bytecode,
    /// Source code of an interpreted language.
    Source,
    /// Test suites shipped with packages.
    Tests,
    /// Documentation, manual pages, licences.
    Docs,
    /// Translations and locale data.
    Locale,
    /// C and C++ headers, and what else only a compiler reads.
    Headers,
    /// Archives that only a linker reads.
    StaticLibrary,
    /// Symbols that only a debugger reads.
    DebugSymbols,
    /// What a package manager keeps to fetch less the next time.
    PackageManagerCache,
    /// What a package manager keeps to know what is installed.
    PackageDatabase,
    /// Logs, and what temporary directories hold.
    LogOrTemp,
    /// Everything else.
    #[default]
    Data,
}

impl Category {
    /// All of them, in the order of their names in reports.
    pub const ALL: [Self; 15] = [
        Self::Application,
        Self::SharedLibrary,
        Self::Executable,
        Self::Bytecode,
        Self::Source,
        Self::Tests,
        Self::Docs,
        Self::Locale,
        Self::Headers,
        Self::StaticLibrary,
        Self::DebugSymbols,
        Self::PackageManagerCache,
        Self::PackageDatabase,
        Self::LogOrTemp,
        Self::Data,
    ];

    /// The id in rules and in the JSON report.
    pub fn id(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::SharedLibrary => "shared-library",
            Self::Executable => "executable",
            Self::Bytecode => "bytecode",
            Self::Source => "source",
            Self::Tests => "tests",
            Self::Docs => "docs",
            Self::Locale => "locale",
            Self::Headers => "headers",
            Self::StaticLibrary => "static-library",
            Self::DebugSymbols => "debug-symbols",
            Self::PackageManagerCache => "package-manager-cache",
            Self::PackageDatabase => "package-database",
            Self::LogOrTemp => "log-or-temp",
            Self::Data => "data",
        }
    }

    /// The category of an id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.id() == id)
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// The category of a file by its path, its first bytes and its permissions.
pub fn of(_path: &[u8], _format: crate::layer::FileFormat, _mode: u32) -> Category {
    Category::default()
}
