//! An image that could be built instead.

use crate::ledger::{Change, Ledger, freed};
use crate::size::Size;

/// An image that could be built instead: a set of changes to the ledger. It stores no total, so none can be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// `clean`, …
    pub name: String,
    /// The union of what its findings would change, each change once, in the order of the ledger.
    pub changes: Vec<Change>,
    /// The findings whose fixes it applies, as positions in the findings that it was made from.
    pub findings: Vec<usize>,
    /// What it costs the operator, and what was not checked; sentences without a final full stop.
    pub caveats: Vec<String>,
}

impl Variant {
    /// What the changes free together.
    pub fn saving(&self, ledger: &Ledger) -> Size {
        freed(ledger, self.changes.iter().copied())
    }

    /// What the image would weigh: the image less the union of the changes.
    pub fn size(&self, ledger: &Ledger) -> Size {
        ledger.size() - self.saving(ledger)
    }
}
