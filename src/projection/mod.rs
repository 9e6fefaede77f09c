//! Images that could be built instead, as sets of changes on the ledger.

use crate::advice::{Finding, Rule, Safety};
use crate::ledger::{Change, Ledger, freed};
use crate::size::Size;

/// An image that could be built instead.
#[derive(Debug, Clone)]
pub struct Variant {
    /// `clean`, …
    pub name: String,
    /// The union of what its findings would change.
    pub changes: Vec<Change>,
    /// What it costs the operator, and what was not checked.
    pub caveats: Vec<String>,
}

impl Variant {
    /// What the image would weigh: the image less the union of the changes.
    pub fn size(&self, ledger: &Ledger) -> Size {
        ledger.size() - freed(ledger, self.changes.iter().copied())
    }
}

/// The variants of an image, largest saving first.
pub fn variants(_rules: &[Rule], _ledger: &Ledger, findings: &[Finding]) -> Vec<Variant> {
    let safe = findings.iter().filter(|finding| finding.safety == Safety::Safe);
    let changes = safe.flat_map(|finding| finding.changes.iter().copied()).collect();
    vec![Variant { name: "clean".into(), changes, caveats: Vec::new() }]
}
