//! Sums over the ledger. Every one of them is a fold over entries, so they agree by construction.

use super::{Category, Fate, LayerId, Ledger, OwnerId};
use crate::layer::Compression;
use crate::size::Size;

/// The sums of an image by fate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// What can be seen in the final file system.
    pub live: Size,
    /// What a later entry at the same path hides.
    pub overwritten: Size,
    /// What a whiteout or an opaque directory hides.
    pub deleted: Size,
}

impl Totals {
    /// Everything that ships.
    pub fn all(&self) -> Size {
        self.live + self.overwritten + self.deleted
    }

    /// What ships and cannot be seen.
    pub fn wasted(&self) -> Size {
        self.overwritten + self.deleted
    }

    fn add(&mut self, fate: Fate, size: Size) {
        match fate {
            Fate::Live => self.live += size,
            Fate::Overwritten(_) => self.overwritten += size,
            Fate::Deleted(_) => self.deleted += size,
        }
    }
}

/// A sum of entries and how many regular files it holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// The bytes.
    pub size: Size,
    /// How many regular files.
    pub files: u64,
}

impl Ledger {
    /// The sums by fate over all layers.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for entry in &self.entries {
            totals.add(entry.fate, entry.size());
        }
        totals
    }

    /// The sums by fate of one layer.
    pub fn totals_of(&self, layer: LayerId) -> Totals {
        let mut totals = Totals::default();
        for id in self.ids_of(layer) {
            let entry = self.entry(id);
            totals.add(entry.fate, entry.size());
        }
        totals
    }

    /// What the image costs: content of every layer, and every layer's blob.
    pub fn size(&self) -> Size {
        self.layers.iter().map(|layer| Size::new(layer.content, layer.transfer)).sum()
    }

    /// Whether every layer that was read is compressed, so that its blob is what a pull moves.
    pub fn is_compressed(&self) -> bool {
        self.layers.iter().all(|layer| !layer.read || layer.compression != Compression::None)
    }

    /// Takes every figure of transfer back: some layers are kept unpacked, and nobody asked what they would weigh.
    pub fn forget_transfer(&mut self) {
        for entry in &mut self.entries {
            entry.transfer = 0;
        }
        for layer in &mut self.layers {
            (layer.transfer, layer.transfer_overhead) = (0, 0);
        }
    }

    /// Live bytes by owner, indexed by [`OwnerId`].
    pub fn live_by_owner(&self) -> Vec<Share> {
        let mut shares = vec![Share::default(); self.owners.len().max(1)];
        for entry in self.entries.iter().filter(|entry| entry.fate.is_live()) {
            let share = &mut shares[entry.owner.0 as usize];
            share.size += entry.size();
            share.files += u64::from(entry.is_file());
        }
        shares
    }

    /// Live bytes by category, in the order of [`Category::ALL`].
    pub fn live_by_category(&self) -> Vec<(Category, Share)> {
        let mut shares = Category::ALL.map(|category| (category, Share::default()));
        for entry in self.entries.iter().filter(|entry| entry.fate.is_live()) {
            let (_, share) = &mut shares[entry.category as usize];
            share.size += entry.size();
            share.files += u64::from(entry.is_file());
        }
        shares.to_vec()
    }

    /// The id of an owner by its position.
    pub fn owner_name(&self, owner: OwnerId) -> &str {
        self.owners.get(owner.0 as usize).map_or("unowned", String::as_str)
    }
}
