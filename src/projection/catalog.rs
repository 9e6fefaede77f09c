//! `rules/catalog/variants.toml`: which rules variants follow, and what they carry along.

use std::sync::LazyLock;

use serde::Deserialize;

const TABLE: &str = include_str!("../../rules/catalog/variants.toml");

/// The embedded table; a test reads it, so that it is never the empty one.
pub static VARIANTS: LazyLock<Catalog> = LazyLock::new(|| toml::from_str(TABLE).unwrap_or_default());

/// Which rules variants follow, and what they carry along. The file explains its keys.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Catalog {
    /// What a build leaves beside what it built.
    pub multi_stage: Rules,
    /// That, and what runs without.
    pub minimal: Rules,
    /// Rules about whole packages.
    pub packages: Rules,
    /// What an image without a system carries along.
    pub carried: Carried,
    /// What a command cannot start without a system.
    pub shells: Shells,
    /// Scripts that only hand their words on.
    pub wrapper: Vec<Wrapper>,
    /// How far what is built may be off what was projected.
    pub projected: Projected,
    /// What an audit may say of what is left out.
    pub unused: Unused,
    /// What it may say of what `lean` leaves out.
    pub lean: Unused,
}

/// Rules by their ids.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// The ids.
    pub rules: Vec<String>,
}

/// What an image without a system carries along.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Carried {
    /// Debian packages.
    pub packages: Vec<String>,
    /// Files, and directories with what is in them.
    pub paths: Vec<String>,
    /// Directories that are there even if they are empty.
    pub directories: Vec<String>,
}

/// What a command cannot start without a system.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shells {
    /// Names of programs.
    pub programs: Vec<String>,
}

/// A script that starts the words that it is given, and does nothing else.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wrapper {
    /// The SHA-256 of its content.
    pub sha256: String,
    /// What it puts before words of which the first is no program.
    pub program: String,
}

/// How far what is built may be off what was projected, in per cent.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Projected {
    /// Of content.
    pub content: u8,
    /// Of transfer.
    pub transfer: u8,
    /// The variants whose content is exact.
    pub exact: Vec<String>,
}

/// What an audit may say of what is left out.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unused {
    /// The least confidence, by its name in reports.
    pub confidence: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads_and_names_rules_that_exist() {
        let catalog: Catalog = toml::from_str(TABLE).unwrap();
        assert!(catalog.projected.content > 0 && catalog.projected.transfer > 0);
        let rules = crate::advice::load(&[]).unwrap();
        for id in
            [&catalog.multi_stage, &catalog.minimal, &catalog.packages].iter().flat_map(|one| &one.rules)
        {
            assert!(rules.iter().any(|rule| rule.id == *id), "there is no rule {id}");
        }
        assert!(!VARIANTS.carried.packages.is_empty());
        assert!(catalog.wrapper.iter().all(|one| one.sha256.len() == 64 && !one.program.is_empty()));
    }
}
