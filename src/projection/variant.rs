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
    /// How to make it of the image, where that is known.
    pub recipe: Option<Recipe>,
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

/// How an image is carried over into an empty one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recipe {
    /// What to copy, whole; absolute paths, sorted.
    pub copies: Vec<String>,
    /// What to take out of the copies again; absolute paths, sorted.
    pub removals: Vec<String>,
    /// Whether to take out bytecode.
    pub bytecode: bool,
    /// What stripping shared objects frees, in bytes; 0 where nothing is to be stripped.
    pub strip: u64,
}
