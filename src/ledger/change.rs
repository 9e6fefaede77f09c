//! What could be done to an image, entry by entry, and what a set of such changes frees: the union, never a sum, so
//! that no byte is ever counted twice.

use std::collections::BTreeMap;

use super::{EntryId, Ledger};
use crate::size::Size;

/// One thing that could be done to one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// The entry is not in the image at all.
    Drop(EntryId),
    /// The entry is smaller by this much: a stripped shared object.
    Shrink(EntryId, Size),
}

/// What `changes` free together. A drop swallows a shrink of the same entry; of two shrinks the larger counts.
pub fn freed(ledger: &Ledger, changes: impl IntoIterator<Item = Change>) -> Size {
    let mut by_entry: BTreeMap<EntryId, Size> = BTreeMap::new();
    for change in changes {
        let (id, size) = match change {
            Change::Drop(id) => (id, ledger.entry(id).size()),
            Change::Shrink(id, size) => {
                // No file loses more than it has, nor more to pull than it weighs there.
                let whole = ledger.entry(id).size();
                (id, Size::new(size.content.min(whole.content), size.transfer.min(whole.transfer)))
            }
        };
        let freed = by_entry.entry(id).or_default();
        *freed = (*freed).max(size);
    }
    by_entry.into_values().sum()
}
