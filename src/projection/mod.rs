//! Images that could be built instead, as sets of changes on the ledger.

pub mod carve;
pub mod clean;
pub mod variant;
pub mod write;

pub use variant::Variant;

use crate::advice::{Finding, Rule};
use crate::ledger::Ledger;

/// The variants of an image that free anything, largest saving first.
pub fn variants(_rules: &[Rule], ledger: &Ledger, findings: &[Finding]) -> Vec<Variant> {
    clean::clean(ledger, findings).into_iter().collect()
}
