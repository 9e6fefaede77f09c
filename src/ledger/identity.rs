//! Which entries hold the same bytes. Sizes say who could; hashes say who does, and only those whose sizes collide are
//! ever hashed where the source can skip content.

use std::collections::BTreeMap;

use super::{EntryId, LayerId, Ledger};
use crate::layer::ContentHash;

/// Smaller files are not worth a finding each, and empty ones are all alike.
pub const SMALLEST_DUPLICATE: u64 = 4096;
/// The unit of a tar.
const BLOCK: u64 = 512;

impl Ledger {
    /// The entries whose hash would decide something and is not known yet, in order: rewrites of a file by one of the
    /// same size, and live files that share their size with others.
    pub fn undecided(&self) -> Vec<EntryId> {
        let mut undecided: Vec<_> = self.rewrites.iter().flat_map(|(old, new)| [*old, *new]).collect();
        undecided.extend(self.same_size().into_values().flatten());
        undecided.retain(|id| self.entry(*id).hash.is_none());
        undecided.sort_unstable();
        undecided.dedup();
        undecided
    }

    /// Where the contents of entries of one layer lie in its uncompressed tar, as offset and length in bytes. The ids have
    /// to be in order. A member's padding follows its content, and everything else of it is before that.
    pub fn places(&self, layer: LayerId, ids: &[EntryId]) -> Vec<(u64, u64)> {
        let mut wanted = ids.iter().peekable();
        let mut places = Vec::with_capacity(ids.len());
        let mut end = 0;
        for id in self.ids_of(layer) {
            let entry = self.entry(id);
            end += u64::from(entry.overhead) + entry.stored;
            if wanted.next_if(|wanted| **wanted == id).is_some() {
                let padding = entry.stored.next_multiple_of(BLOCK) - entry.stored;
                places.push((end - padding - entry.stored, entry.stored));
            }
        }
        places
    }

    /// Decides copy-ups and duplicates by the hashes that are known by now.
    pub fn settle_identity(&mut self) {
        let same = |old: &EntryId, new: &EntryId| {
            let (old, new) = (self.entry(*old).hash, self.entry(*new).hash);
            old.is_some() && old == new
        };
        self.copy_ups = self.rewrites.iter().filter(|(old, new)| same(old, new)).copied().collect();

        let mut groups: BTreeMap<(u64, ContentHash), Vec<EntryId>> = BTreeMap::new();
        for ((content, _), ids) in self.same_size() {
            for id in ids {
                if let Some(hash) = self.entry(id).hash {
                    groups.entry((content, hash)).or_default().push(id);
                }
            }
        }
        self.duplicates = groups.into_values().filter(|group| group.len() > 1).collect();
        self.duplicates.sort_unstable();
    }

    /// Live files from [`SMALLEST_DUPLICATE`] up by (content, stored) size, where several share it. Hard links are one
    /// file and do not count again.
    fn same_size(&self) -> BTreeMap<(u64, u64), Vec<EntryId>> {
        let mut sizes: BTreeMap<(u64, u64), Vec<EntryId>> = BTreeMap::new();
        for id in self.ids() {
            let entry = self.entry(id);
            if entry.is_file() && entry.fate.is_live() && entry.content >= SMALLEST_DUPLICATE {
                sizes.entry((entry.content, entry.stored)).or_default().push(id);
            }
        }
        sizes.retain(|_, ids| ids.len() > 1);
        sizes
    }
}
