//! What can be said from the Dockerfile alone. The wording is data, `rules/catalog/dockerfile.toml`; the detection is
//! code, `checks`. No saving is claimed here: that takes an image.

mod checks;
mod packages;
mod stage;

use serde::Deserialize;

use super::instruction::Dockerfile;
use super::span::LineRange;
use crate::error::{Error, Result};

/// How a fault is worded, and what is to be done about it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rule {
    /// Names the fault.
    pub id: String,
    /// One line.
    pub title: String,
    /// Why it is one.
    pub why: String,
    /// What is said of an instance; `{what}` stands for what was found.
    pub message: String,
    /// What to do.
    pub how: String,
    /// An example of the fault.
    pub before: String,
    /// The example without it.
    pub after: String,
    /// Where to read on.
    #[serde(default)]
    pub references: Vec<String>,
}

/// A fault and where it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where: the instruction, or the lines of it that matter.
    pub lines: LineRange,
    /// The id of its rule.
    pub rule: String,
    /// One sentence.
    pub message: String,
}

/// The rules that are built in.
pub fn rules() -> Result<Vec<Rule>> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Catalogue {
        rule: Vec<Rule>,
    }
    let catalogue: Catalogue = toml::from_str(include_str!("../../../rules/catalog/dockerfile.toml"))
        .map_err(|error| Error::config(format!("rules/catalog/dockerfile.toml: {error}")))?;
    Ok(catalogue.rule)
}

/// What the rules find, in the order of the lines. A fault whose rule is not among `rules` is not reported.
pub fn lint(file: &Dockerfile, rules: &[Rule]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = checks::run(file)
        .into_iter()
        .filter_map(|fault| {
            let rule = rules.iter().find(|rule| rule.id == fault.rule)?;
            let what = crate::path::Printable(fault.what.as_bytes()).to_string();
            let message = rule.message.replace("{what}", &what);
            Some(Finding { lines: fault.lines, rule: rule.id.clone(), message })
        })
        .collect();
    findings.sort();
    findings.dedup();
    findings
}

#[cfg(test)]
mod tests;
