//! What data cannot say: it takes a look at more than one entry. A detector only names entries; what to say about them
//! and how to mend it is in the rule's file, as ever.

use super::rule::Detector;
use crate::ledger::{EntryId, Fate, LayerId, Ledger};
use crate::waste::Waste;

/// An entry that a detector names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Suspect {
    /// The entry.
    pub entry: EntryId,
    /// The layer that hides it, or for a copy that is not hidden, nothing.
    pub hidden_by: Option<LayerId>,
}

/// What a detector names, in the order of the ledger. `base` is how many of the lowest layers are the base image's.
pub fn detect(detector: Detector, ledger: &Ledger, waste: &Waste, base: usize) -> Vec<Suspect> {
    let mut suspects = match detector {
        Detector::Overwritten => overwritten(ledger, waste),
        Detector::CopyUp => copy_ups(waste, |old, _| !is_base(old, base)),
        Detector::BaseCopyUp => base_copy_ups(ledger, waste, base),
        Detector::Duplicates => duplicates(waste),
    };
    suspects.sort_unstable();
    suspects.dedup_by_key(|suspect| suspect.entry);
    suspects
}

/// Whether a layer is the base image's.
pub fn is_base(layer: LayerId, base: usize) -> bool {
    usize::from(layer.0) < base
}

/// Hidden by other bytes. A copy-up is not meant: its fix is another one, and to drop both copies of a file would drop
/// the file.
fn overwritten(ledger: &Ledger, waste: &Waste) -> Vec<Suspect> {
    let mut rewritten: Vec<_> =
        waste.copy_ups.iter().flat_map(|pair| &pair.files).map(|(old, _)| *old).collect();
    rewritten.sort_unstable();
    let hidden =
        waste.hidden.iter().flat_map(|hidden| hidden.entries.iter().map(|entry| (*entry, hidden.by)));
    hidden
        .filter(|(entry, _)| {
            let file = ledger.entry(*entry).inode.unwrap_or(*entry);
            matches!(ledger.entry(file).fate, Fate::Overwritten(_)) && rewritten.binary_search(&file).is_err()
        })
        .map(|(entry, by)| Suspect { entry, hidden_by: Some(by) })
        .collect()
}

/// The first copy of a rewrite that changed no byte: with the right owner and mode from the start, it would be the only one.
fn copy_ups(waste: &Waste, wanted: impl Fn(LayerId, LayerId) -> bool) -> Vec<Suspect> {
    let pairs = waste.copy_ups.iter().filter(|pair| wanted(pair.layer, pair.by));
    pairs
        .flat_map(|pair| pair.files.iter().map(|(old, _)| Suspect { entry: *old, hidden_by: Some(pair.by) }))
        .collect()
}

/// The second copy of a rewrite that changed no byte, where the first is the base image's and cannot be dropped.
fn base_copy_ups(ledger: &Ledger, waste: &Waste, base: usize) -> Vec<Suspect> {
    let pairs = waste.copy_ups.iter().filter(|pair| is_base(pair.layer, base) && !is_base(pair.by, base));
    pairs
        .flat_map(|pair| pair.files.iter())
        .map(|(_, new)| Suspect { entry: *new, hidden_by: ledger.entry(*new).fate.hidden_by() })
        .collect()
}

fn duplicates(waste: &Waste) -> Vec<Suspect> {
    let copies = waste.duplicates.iter().flat_map(|duplicate| duplicate.copies.iter());
    copies.map(|entry| Suspect { entry: *entry, hidden_by: None }).collect()
}
