//! Rules as data, and the findings they yield on a ledger.

use crate::error::Result;
use crate::image::Image;
use crate::ledger::{Change, LayerId, Ledger};
use crate::owners::Ownership;
use crate::waste::Waste;

/// How safe the fix of a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Safety {
    /// Nothing that runs can notice.
    Safe,
    /// Someone who knows the service should look first.
    Review,
    /// Behaviour may change.
    Risky,
}

/// A rule of rules/*.toml. Fields follow the file.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The file's name without `.toml`; it names the fault.
    pub id: String,
    /// One line.
    pub title: String,
    /// How safe the fix is.
    pub safety: Safety,
}

/// A rule that matched.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule's id.
    pub rule: String,
    /// How safe the fix is.
    pub safety: Safety,
    /// What happened, with figures.
    pub message: String,
    /// What the fix does, entry by entry; every total is the union of changes over the ledger.
    pub changes: Vec<Change>,
    /// The layer that ships the bytes, where it is one.
    pub layer: Option<LayerId>,
    /// The layer that hides them, where one does.
    pub hidden_by: Option<LayerId>,
}

/// The rules built into the program, overridden and added to by `directories`.
pub fn load(_extra: &[(String, String)]) -> Result<Vec<Rule>> {
    Ok(Vec::new())
}

/// What the rules find.
pub fn find(
    _rules: &[Rule],
    _image: &Image,
    _ledger: &Ledger,
    _owners: &Ownership,
    _waste: &Waste,
) -> Vec<Finding> {
    Vec::new()
}
