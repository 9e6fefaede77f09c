//! What a file is, whoever owns it.

use std::fmt;
use std::sync::LazyLock;

use serde::Deserialize;

use super::pattern::{Above, PatternSet};
use crate::layer::FileFormat;

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

/// The table as it is embedded in the program.
const TABLE: &str = include_str!("../../rules/catalog/categories.toml");

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::parse(TABLE).unwrap_or_default());

/// Says what files are, one after the other.
#[derive(Debug, Default)]
pub struct Categoriser(Near);

/// What the patterns of a catalogue say of the directory that was looked at last.
#[derive(Debug, Default)]
struct Near {
    patterns: Above,
    within: Above,
}

impl Categoriser {
    /// The category of a regular file, by the path of its tar member and its permissions.
    pub fn of(&mut self, path: &[u8], format: FileFormat, mode: u32) -> Category {
        // Members are spelled `./usr/bin/sh`, `/usr/bin/sh` or `usr/bin/sh`; rarer spellings only cost a better answer.
        let start = path.iter().position(|byte| !matches!(byte, b'.' | b'/')).unwrap_or(0);
        let start = if start > 0 && path[start - 1] == b'.' { start - 1 } else { start };
        CATALOGUE.categorise_near(&mut self.0, path.get(start..).unwrap_or_default(), format, mode)
    }
}

/// Which paths and formats belong to which category: the rules of a table, of which the first that matches wins.
#[derive(Debug, Default)]
pub struct Catalogue {
    rules: Vec<Rule>,
    patterns: PatternSet,
    /// Directories of the rules' `within`, by the number of the rule.
    within: PatternSet,
    /// The rules that name no path, so that only the format and the mode decide.
    pathless: Vec<u32>,
}

#[derive(Debug)]
struct Rule {
    category: Category,
    within: bool,
    formats: Vec<FileFormat>,
    executable: bool,
}

/// The table as written; `rules/catalog/categories.toml` explains its keys.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    category: Vec<RuleTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct RuleTable {
    id: String,
    r#in: Vec<String>,
    files: Vec<String>,
    within: Vec<String>,
    format: Vec<String>,
    executable: bool,
}

impl Catalogue {
    /// Reads a table.
    ///
    /// # Errors
    ///
    /// A sentence with line and column, or with the pattern, where the table is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let table: Table = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut catalogue = Self::default();
        for (number, rule) in (0..).zip(table.category) {
            let category =
                Category::from_id(&rule.id).ok_or_else(|| format!("`{}` is no category", rule.id))?;
            for directory in &rule.r#in {
                catalogue.patterns.add_directory(number, directory)?;
            }
            for file in &rule.files {
                catalogue.patterns.add_file(number, file)?;
            }
            for directory in &rule.within {
                catalogue.within.add_directory(number, directory)?;
            }
            if rule.r#in.is_empty() && rule.files.is_empty() {
                catalogue.pathless.push(number);
            }
            let formats = rule.format.iter().map(|id| format_of(id)).collect::<Result<_, _>>()?;
            let within = !rule.within.is_empty();
            catalogue.rules.push(Rule { category, within, formats, executable: rule.executable });
        }
        Ok(catalogue)
    }

    /// The category of a regular file.
    pub fn categorise(&self, path: &[u8], format: FileFormat, mode: u32) -> Category {
        self.categorise_near(&mut Near::default(), path, format, mode)
    }

    fn categorise_near(&self, near: &mut Near, path: &[u8], format: FileFormat, mode: u32) -> Category {
        let Near { patterns, within } = near;
        let mut best = u32::MAX;
        let mut consider = |number: u32| {
            if number < best && self.rules.get(number as usize).is_some_and(|rule| rule.holds(format, mode)) {
                let is_there = !self.rules[number as usize].within || self.is_within(within, path, number);
                best = if is_there { number } else { best };
            }
        };
        self.patterns.matches_near(patterns, path, &mut consider);
        self.pathless.iter().copied().for_each(&mut consider);
        self.rules.get(best as usize).map(|rule| rule.category).unwrap_or_default()
    }

    fn is_within(&self, above: &mut Above, path: &[u8], number: u32) -> bool {
        let mut within = false;
        self.within.matches_near(above, path, |rule| within |= rule == number);
        within
    }
}

impl Rule {
    /// Whether what the rule asks beside the path is so.
    fn holds(&self, format: FileFormat, mode: u32) -> bool {
        (self.formats.is_empty() || self.formats.contains(&format)) && (!self.executable || mode & 0o111 != 0)
    }
}

fn format_of(id: &str) -> Result<FileFormat, String> {
    Ok(match id {
        "elf-executable" => FileFormat::ElfExecutable,
        "elf-shared" => FileFormat::ElfShared,
        "elf-object" => FileFormat::ElfObject,
        "ar" => FileFormat::Ar,
        "script" => FileFormat::Script,
        "zip" => FileFormat::Zip,
        "compressed" => FileFormat::Compressed,
        "other" => FileFormat::Other,
        _ => return Err(format!("`{id}` is no format")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use FileFormat::{Ar, ElfExecutable, ElfObject, ElfShared, Other, Script, Zip};

    #[test]
    fn the_embedded_table_is_right() {
        let catalogue = Catalogue::parse(TABLE).unwrap();
        assert!(catalogue.rules.len() > 10);
    }

    #[test]
    fn every_trap_has_its_category() {
        let cases = [
            ("usr/lib/x86_64-linux-gnu/libc.so.6", ElfShared, 0o755, "shared-library"),
            ("usr/bin/ls", ElfShared, 0o755, "executable"),
            ("usr/bin/test", ElfShared, 0o755, "executable"),
            ("usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", ElfShared, 0o755, "shared-library"),
            ("usr/lib/gcc/x86_64-linux-gnu/12/cc1", ElfShared, 0o755, "executable"),
            ("opt/app/server", ElfExecutable, 0o755, "executable"),
            ("usr/local/bin/pip3", Script, 0o755, "executable"),
            ("usr/lib/x86_64-linux-gnu/libc.a", Ar, 0o644, "static-library"),
            ("usr/lib/x86_64-linux-gnu/crt1.o", ElfObject, 0o644, "static-library"),
            ("usr/lib/python3/dist-packages/a/__pycache__/b.cpython-311.pyc", Other, 0o644, "bytecode"),
            ("usr/lib/python3/dist-packages/a/tests/__pycache__/b.cpython-311.pyc", Other, 0o644, "bytecode"),
            ("v/lib/python3.11/site-packages/numpy/tests/test_x.py", Other, 0o644, "tests"),
            ("v/lib/python3.11/site-packages/numpy/testing/util.py", Other, 0o644, "source"),
            (
                "v/lib/python3.11/site-packages/numpy/core.cpython-311-x86_64-linux-gnu.so",
                ElfShared,
                0o755,
                "shared-library",
            ),
            ("v/lib/python3.11/site-packages/numpy-2.dist-info/RECORD", Other, 0o644, "package-database"),
            ("v/lib/python3.11/site-packages/numpy-2.dist-info/LICENSE.txt", Other, 0o644, "docs"),
            ("usr/share/doc/a/copyright", Other, 0o644, "docs"),
            ("usr/share/man/man1/ls.1.gz", FileFormat::Compressed, 0o644, "docs"),
            ("usr/share/locale/de/LC_MESSAGES/a.mo", Other, 0o644, "locale"),
            (
                "v/lib/python3.11/site-packages/django/conf/locale/de/LC_MESSAGES/django.mo",
                Other,
                0o644,
                "locale",
            ),
            ("usr/include/stdio.h", Other, 0o644, "headers"),
            ("usr/lib/debug/.build-id/ab/cd.debug", ElfShared, 0o644, "debug-symbols"),
            ("root/.cache/pip/http-v2/a", Other, 0o600, "package-manager-cache"),
            ("var/lib/apt/lists/deb.debian.org_main_Packages.lz4", Other, 0o644, "package-manager-cache"),
            ("var/cache/apt/archives/a_1_amd64.deb", Ar, 0o644, "package-manager-cache"),
            ("wheels/numpy-2-cp311-cp311-linux_x86_64.whl", Zip, 0o644, "package-manager-cache"),
            ("var/lib/dpkg/status", Other, 0o644, "package-database"),
            ("lib/apk/db/installed", Other, 0o644, "package-database"),
            ("var/log/dpkg.log", Other, 0o644, "log-or-temp"),
            ("tmp/x", Other, 0o644, "log-or-temp"),
            ("app/main.py", Other, 0o644, "application"),
            ("app/tests/test_main.py", Other, 0o644, "tests"),
            ("srv/x/static/logo.png", Other, 0o644, "application"),
            ("usr/lib/node_modules/a/index.js", Other, 0o644, "source"),
            ("app/node_modules/a/index.js", Other, 0o644, "source"),
            ("etc/passwd", Other, 0o644, "data"),
            ("./usr/include/stdio.h", Other, 0o644, "headers"),
            ("/./root/.cache/pip/http-v2/a", Other, 0o600, "package-manager-cache"),
            (".cache/pip/http-v2/a", Other, 0o600, "package-manager-cache"),
            ("usr/share/zoneinfo/Europe/Berlin", Other, 0o644, "data"),
        ];
        let mut categoriser = Categoriser::default();
        for (path, format, mode, category) in cases {
            assert_eq!(categoriser.of(path.as_bytes(), format, mode).id(), category, "{path}");
        }
    }

    #[test]
    fn a_wrong_table_is_refused_with_what_is_wrong() {
        for (table, wrong) in [
            ("[[category]]\nid = \"sauce\"", "`sauce` is no category"),
            ("[[category]]\nid = \"docs\"\nformat = [\"pdf\"]", "`pdf` is no format"),
            ("[[category]]\nid = \"docs\"\nfiles = [\"a*b\"]", "`a*b`"),
            ("[[category]]\nid = \"docs\"\npaths = []", "paths"),
        ] {
            let refused = Catalogue::parse(table).unwrap_err();
            assert!(refused.contains(wrong), "{refused}");
        }
    }
}
