//! What could be done to an image, entry by entry, and what a set of such changes frees: the union, never a sum, so
//! that no byte is ever counted twice.

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

impl Change {
    /// The entry that it is done to.
    pub fn entry(self) -> EntryId {
        match self {
            Self::Drop(id) | Self::Shrink(id, _) => id,
        }
    }

    /// What it frees by itself.
    pub fn freed(self, ledger: &Ledger) -> Size {
        let whole = ledger.entry(self.entry()).size();
        match self {
            Self::Drop(_) => whole,
            // No file loses more than it has, nor more to pull than it weighs there.
            Self::Shrink(_, size) => {
                Size::new(size.content.min(whole.content), size.transfer.min(whole.transfer))
            }
        }
    }
}

/// What `changes` free together. A drop swallows a shrink of the same entry; of two shrinks the larger counts.
pub fn freed(ledger: &Ledger, changes: impl IntoIterator<Item = Change>) -> Size {
    let mut freed: Vec<_> =
        changes.into_iter().map(|change| (change.entry(), change.freed(ledger))).collect();
    freed.sort_unstable_by_key(|(entry, _)| *entry);
    let of_one = freed.chunk_by(|(one, _), (other, _)| one == other);
    of_one.map(|of_one| of_one.iter().fold(Size::default(), |most, (_, size)| most.max(*size))).sum()
}
