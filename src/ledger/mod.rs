//! The spine: every entry of every layer, what became of it, what it is, and whom it belongs to.
//!
//! Built once from the walked layers; every question that anyone asks afterwards is a query over it. Everything is
//! `unowned` at birth, until the claims engine of [`crate::owners`] has spoken.

pub mod build;
pub mod category;
pub mod chain;
pub mod change;
pub mod entry;
pub mod identity;
pub mod pattern;
pub mod query;
pub mod transfer;
pub mod tree;

use std::collections::BTreeMap;

pub use category::Category;
pub use chain::{ChainView, Locator};
pub use change::{Change, freed};
pub use entry::{Entry, EntryId, Fate, Kind, LayerId, OwnerId, PathId};
pub use query::Totals;
pub use tree::{TextId, Tree};

use crate::layer::member::Compression;
use crate::layer::{Inside, Reduced};

/// All entries of all layers of one image.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// Every member of every layer, layer by layer, in the order of the tars. Whiteouts are entries too: they have
    /// overhead and transfer, and no content.
    pub entries: Vec<Entry>,
    /// What holds for a layer as a whole, lowest first.
    pub layers: Vec<LayerSum>,
    /// Every path that any entry or claim names.
    pub tree: Tree,
    /// The owners' ids, by [`OwnerId`]; the first is `unowned`.
    pub owners: Vec<String>,
    /// Contents captured while the layers went by.
    pub evidence: BTreeMap<EntryId, Vec<u8>>,
    /// What was made of contents that were wanted reduced.
    pub reduced: BTreeMap<EntryId, Reduced>,
    /// What is inside of files that were looked into.
    pub insides: BTreeMap<EntryId, Inside>,
    /// Entries whose content was wanted and was longer than its bound.
    pub too_long: Vec<EntryId>,
    /// Whether the figures of transfer are exact, or estimated from a sample.
    pub transfer_exact: bool,
    /// Files whose own name is hidden while a hard link to them is live: the layer that hides the name.
    pub hidden_names: BTreeMap<EntryId, LayerId>,
    /// Rewrites of a file by one of the same size in a higher layer: (hidden, hiding).
    pub rewrites: Vec<(EntryId, EntryId)>,
    /// Rewrites whose bytes are identical: (the hidden entry, the entry that hides it).
    pub copy_ups: Vec<(EntryId, EntryId)>,
    /// Live files of one content at several paths, from 4 KiB up; each group in the order of the ledger.
    pub duplicates: Vec<Vec<EntryId>>,
}

/// What holds for a layer as a whole, in bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LayerSum {
    /// The blob as stored; where the source keeps layers uncompressed, what it would be compressed, estimated.
    pub transfer: u64,
    /// What of `transfer` belongs to no entry: the tar's trailer, the compression's own bytes.
    pub transfer_overhead: u64,
    /// Σ content of its entries.
    pub content: u64,
    /// The uncompressed tar.
    pub tar_size: u64,
    /// Its entries are `entries[first..first + count]`.
    pub first: u32,
    /// How many entries it has.
    pub count: u32,
    /// How the blob is compressed.
    pub compression: Compression,
    /// Whether it could be read at all; a foreign layer is counted by its descriptor and never read.
    pub read: bool,
    /// Whether every byte was read and held against the digest.
    pub verified: bool,
}

impl Ledger {
    /// The owner of everything that nobody claims.
    pub const UNOWNED: OwnerId = OwnerId(0);

    /// The entry of an id.
    pub fn entry(&self, id: EntryId) -> &Entry {
        &self.entries[id.index()]
    }

    /// The layer that hides an entry's own name. Differs from its fate for a file that lives on under another name.
    pub fn name_hidden_by(&self, id: EntryId) -> Option<LayerId> {
        self.hidden_names.get(&id).copied().or_else(|| self.entry(id).fate.hidden_by())
    }

    /// By layer, the members whose names it hides.
    pub fn hidden_by_layer(&self) -> Vec<Vec<EntryId>> {
        let mut hidden = vec![Vec::new(); self.layers.len()];
        for id in self.ids().filter(|id| matches!(self.entry(*id).kind, Kind::Member(_))) {
            let by = self.name_hidden_by(id).and_then(|layer| hidden.get_mut(usize::from(layer.0)));
            if let Some(by) = by {
                by.push(id);
            }
        }
        hidden
    }

    /// All ids, in order.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = EntryId> + use<> {
        (0..u32::try_from(self.entries.len()).unwrap_or(u32::MAX)).map(EntryId::new)
    }

    /// The ids of one layer's entries, in the order of its tar.
    pub fn ids_of(&self, layer: LayerId) -> impl ExactSizeIterator<Item = EntryId> + Clone + use<> {
        let sum = &self.layers[layer.0 as usize];
        (sum.first..sum.first + sum.count).map(EntryId::new)
    }

    /// The id of an owner, made if it is new.
    pub fn owner_id(&mut self, id: &str) -> OwnerId {
        let position = self.owners.iter().position(|owner| owner == id).unwrap_or_else(|| {
            self.owners.push(id.to_owned());
            self.owners.len() - 1
        });
        OwnerId(u32::try_from(position).unwrap_or(0))
    }
}
