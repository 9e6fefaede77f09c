//! Images that could be built instead, as sets of changes on the ledger.

pub mod base;
pub mod bases;
pub mod carve;
mod catalog;
pub mod clean;
mod collapse;
mod cut;
pub mod ground;
pub mod reasons;
pub mod variant;
mod wrapper;
pub mod write;

pub use ground::Ground;
pub use variant::Variant;

use crate::advice::Finding;
use crate::dockerfile::Mapping;
use crate::ledger::Ledger;

/// What can be projected without a second look at the layers.
pub fn variants(ledger: &Ledger, findings: &[Finding], mapping: Option<&Mapping>) -> Vec<Variant> {
    clean::clean(ledger, findings, mapping).into_iter().collect()
}

/// Every variant that would be smaller than the image, largest saving first.
pub fn all(ground: &Ground<'_>) -> Vec<Variant> {
    let mut variants =
        clean::clean(ground.ledger, ground.told, ground.mapping).into_iter().collect::<Vec<_>>();
    variants.extend(carve::multi_stage(ground));
    variants.push(carve::minimal(ground));
    variants.extend(carve::empty(ground));
    variants.extend(carve::lean(ground));
    variants.extend(bases::alpine(ground));
    variants.retain(|variant| variant.size(ground.ledger).content < ground.ledger.size().content);
    variants.sort_by_key(|variant| (variant.size(ground.ledger).content, variant.name.clone()));
    variants
}
