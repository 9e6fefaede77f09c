//! Owners of what no database lists: what triggers generate, caches, the databases themselves. A table says which path
//! belongs to whom; it never takes what a package claims.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::ledger::pattern::PatternSet;

/// The table as it is embedded in the program.
const TABLE: &str = include_str!("../../rules/catalog/derived.toml");

/// The embedded table.
pub static DERIVED: LazyLock<Derived> = LazyLock::new(|| Derived::parse(TABLE).unwrap_or_default());

/// Which path belongs to whom; the first entry whose owner is there wins.
#[derive(Debug, Default)]
pub struct Derived {
    /// By the number of the entry: its owners' ids, the first that is there.
    owners: Vec<Vec<String>>,
    patterns: PatternSet,
}

/// The table as written; `rules/catalog/derived.toml` explains its keys.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    derived: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    owner: Vec<String>,
    #[serde(default)]
    r#in: Vec<String>,
    #[serde(default)]
    files: Vec<String>,
}

impl Derived {
    /// Reads a table.
    ///
    /// # Errors
    ///
    /// A sentence with line and column, or with the pattern, where the table is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let table: Table = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut derived = Self::default();
        for (number, row) in (0..).zip(table.derived) {
            if row.owner.is_empty() || row.r#in.is_empty() && row.files.is_empty() {
                return Err(format!("entry {} has no owner or no pattern", number + 1));
            }
            for directory in &row.r#in {
                derived.patterns.add_directory(number, directory)?;
            }
            for file in &row.files {
                derived.patterns.add_file(number, file)?;
            }
            derived.owners.push(row.owner);
        }
        Ok(derived)
    }

    /// The position of the entry that `path` belongs to, and the id of its owner. An id of the form `ecosystem:name` is an
    /// owner only where that package is installed; any other id is always one.
    pub fn owner(&self, path: &[u8], is_installed: impl Fn(&str) -> bool) -> Option<(u32, &str)> {
        let mut best: Option<(u32, &str)> = None;
        self.patterns.matches(path, |number| {
            if best.is_some_and(|(before, _)| before <= number) {
                return;
            }
            let owners = self.owners.get(number as usize).map(Vec::as_slice).unwrap_or_default();
            let owner = owners.iter().find(|id| !id.contains(':') || is_installed(id));
            best = owner.map(|id| (number, id.as_str())).or(best);
        });
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_table_is_right() {
        assert!(Derived::parse(TABLE).unwrap().owners.len() > 20);
    }

    #[test]
    fn an_owner_has_to_be_installed_and_the_first_entry_wins() {
        let table = r#"
            [[derived]]
            owner = ["dpkg:ca-certificates", "apk:ca-certificates"]
            in = ["/etc/ssl/certs"]
            [[derived]]
            owner = ["ssl (certificates)"]
            in = ["/etc/ssl"]
        "#;
        let derived = Derived::parse(table).unwrap();
        let owner = |path: &str, installed: &str| {
            derived.owner(path.as_bytes(), |id| id == installed).map(|(_, id)| id.to_owned())
        };
        assert_eq!(owner("etc/ssl/certs/a.pem", "dpkg:ca-certificates").unwrap(), "dpkg:ca-certificates");
        assert_eq!(owner("etc/ssl/certs/a.pem", "apk:ca-certificates").unwrap(), "apk:ca-certificates");
        assert_eq!(owner("etc/ssl/certs/a.pem", "").unwrap(), "ssl (certificates)");
        assert_eq!(owner("etc/passwd", ""), None);
    }

    #[test]
    fn a_wrong_table_is_refused_with_what_is_wrong() {
        assert!(Derived::parse("[[derived]]\nowner = []\nin = [\"/a\"]").unwrap_err().contains("entry 1"));
        assert!(
            Derived::parse("[[derived]]\nowner = [\"a\"]\nin = [\"a**\"]").unwrap_err().contains("`a**`")
        );
    }
}
