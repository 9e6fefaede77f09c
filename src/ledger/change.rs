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
    /// The entry is smaller by this many bytes of content: a stripped shared object.
    Shrink(EntryId, u64),
}

/// What `changes` free together. A drop swallows a shrink of the same entry; of two shrinks the larger counts.
///
/// The transfer of a shrink is the entry's transfer in proportion, rounded down: an estimate by nature.
pub fn freed(ledger: &Ledger, changes: impl IntoIterator<Item = Change>) -> Size {
    let mut by_entry: BTreeMap<EntryId, u64> = BTreeMap::new();
    for change in changes {
        let (entry, content) = match change {
            Change::Drop(entry) => (entry, u64::MAX),
            Change::Shrink(entry, content) => (entry, content),
        };
        let freed = by_entry.entry(entry).or_default();
        *freed = (*freed).max(content);
    }
    by_entry
        .into_iter()
        .map(|(id, content)| {
            let entry = ledger.entry(id);
            if content >= entry.content {
                return entry.size();
            }
            let share = u128::from(entry.transfer) * u128::from(content) / u128::from(entry.content.max(1));
            Size::new(content, u64::try_from(share).unwrap_or(entry.transfer))
        })
        .sum()
}
