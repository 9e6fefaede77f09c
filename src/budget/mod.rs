//! What an image may weigh, and whether it does: a report and a configuration in, a verdict out, as plain data.
//!
//! Nothing is in force that the user did not write, and everything that is in force is in the verdict with its value, its
//! limit and the line that set it. What could not be evaluated is never a pass.

mod amount;
mod config;
mod deny;
mod dive;
mod evaluate;
mod table;
mod verdict;

pub use amount::{Limit, Unit};
pub use config::{Config, Policy};
pub use evaluate::{Baseline, evaluate};
pub use verdict::{Check, Ignored, IgnoredState, Status, Verdict};

/// The commented configuration that `plimsoll init` writes, which is also the documentation of every key.
pub const TEMPLATE: &str = include_str!("template.toml");

/// Which layers a budget is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// All of them.
    All,
    /// Those that this build added.
    Own,
    /// Those of the base image.
    Base,
}

/// What a budget limits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// Bytes of the regular files of all layers.
    Content,
    /// What a pull moves.
    Transfer,
    /// Bytes that ship and cannot be seen.
    Wasted,
    /// How many layers.
    Layers,
    /// Live content of the owners that a pattern names.
    Owner(String),
    /// dive's efficiency, which must not be lower.
    DiveEfficiency,
    /// dive's wasted bytes.
    DiveWasted,
    /// dive's wasted bytes as a share of the layers above the lowest.
    DiveUserWasted,
}

/// What makes a budget another one: of two with the same key the more specific replaces the other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// What it limits.
    pub measure: Measure,
    /// Of which layers.
    pub part: Part,
    /// Whether it limits the growth since the baseline.
    pub growth: bool,
    /// The platform that it is for; all where there is none.
    pub platform: Option<String>,
}

/// A limit that somebody set.
#[derive(Debug, Clone, PartialEq)]
pub struct Budget {
    /// What it is about.
    pub key: Key,
    /// Beyond this it warns.
    pub warn: Option<Limit>,
    /// Beyond this it fails.
    pub fail: Option<Limit>,
    /// Where it was set: `plimsoll.toml:5`.
    pub at: String,
}

/// Packages or rules that must not be in an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deny {
    /// What must not be there.
    pub what: Denied,
    /// The id, or a pattern of ids with `*`.
    pub pattern: String,
    /// Whether it only warns.
    pub warns: bool,
    /// Where it was set.
    pub at: String,
}

/// What kind of thing must not be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// An owner.
    Package,
    /// A finding of a rule.
    Rule,
}

/// Something that is denied and let pass, for a reason and for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignore {
    /// The kind of what is let pass.
    pub what: Denied,
    /// Its id or pattern.
    pub pattern: String,
    /// Why.
    pub reason: String,
    /// The last day, `YYYY-MM-DD`; for good where there is none.
    pub until: Option<String>,
    /// Where it was set.
    pub at: String,
}

/// Whether a name matches a pattern in which `*` stands for any text.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(name) = name.strip_prefix(head) else { return false };
    if rest.is_empty() {
        return true;
    }
    name.char_indices().map(|(at, _)| at).chain([name.len()]).any(|at| matches(rest, &name[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_text() {
        assert!(matches("dpkg:gcc*", "dpkg:gcc-12"));
        assert!(matches("*/app:*", "ghcr.io/acme/app:1"));
        assert!(!matches("dpkg:gcc", "dpkg:gcc-12"));
        assert!(matches("*", ""));
        assert!(!matches("a*c*e", "abcd"));
    }

    #[test]
    fn the_template_is_a_configuration_with_nothing_in_force() {
        let config = Config::parse("plimsoll.toml", TEMPLATE).unwrap();
        assert!(
            config.policy(&["app"]).is_empty(),
            "a template that forbids something forbids it by surprise"
        );
        let live: String =
            TEMPLATE.lines().map(|line| line.strip_prefix("#= ").unwrap_or(line).to_owned() + "\n").collect();
        let policy = Config::parse("plimsoll.toml", &live).unwrap().policy(&["registry.example/worker:1"]);
        assert!(!policy.is_empty(), "every example in it is valid");
    }
}
