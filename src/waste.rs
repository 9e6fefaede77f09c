//! What ships and cannot be seen, or ships twice: hidden entries and copy-ups by the pair of layers that wrote and hid
//! them, and duplicates.

use std::collections::BTreeMap;

use crate::ledger::{EntryId, Fate, Kind, LayerId, Ledger};

/// Waste of an image. The three kinds overlap: a copy-up is hidden too. A total is the union of what is dropped.
#[derive(Debug, Clone, Default)]
pub struct Waste {
    /// Hidden entries by (layer that holds them, layer that hides them), in that order.
    pub hidden: Vec<Hidden>,
    /// Rewrites that changed no byte, by (layer that holds the hidden copy, layer that wrote it again), in that order.
    pub copy_ups: Vec<CopyUps>,
    /// Live files of the same content, in the order of the kept entry.
    pub duplicates: Vec<Duplicate>,
}

/// The entries of one layer that one later layer hides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hidden {
    /// The layer that ships the bytes.
    pub layer: LayerId,
    /// The layer that hides them; the same layer where its tar holds a member twice.
    pub by: LayerId,
    /// The entries, in the order of the ledger; directories and whiteouts, which have no content, are left out.
    pub entries: Vec<EntryId>,
}

/// The files of one layer that one later layer holds again, byte for byte: only owner, mode, time or xattrs changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyUps {
    /// The layer that wrote the files.
    pub layer: LayerId,
    /// The layer that wrote them again.
    pub by: LayerId,
    /// (the hidden entry, the entry that hides it), in the order of the ledger. Hidden entries whose bytes live on
    /// under another name are left out: nothing of them is wasted.
    pub files: Vec<(EntryId, EntryId)>,
}

/// Live files of the same content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// The file to keep: the lowest layer's first, for a base image's copy cannot be dropped.
    pub kept: EntryId,
    /// The others, in the order of the ledger.
    pub copies: Vec<EntryId>,
}

/// Measures the waste of an image.
pub fn measure(ledger: &Ledger) -> Waste {
    Waste { hidden: hidden(ledger), copy_ups: copy_ups(ledger), duplicates: duplicates(ledger) }
}

/// What became of an entry's bytes: a hard link shares the fate of the file that it names.
pub fn fate_of_bytes(ledger: &Ledger, id: EntryId) -> Fate {
    let entry = ledger.entry(id);
    entry.inode.map_or(entry.fate, |inode| ledger.entry(inode).fate)
}

fn hidden(ledger: &Ledger) -> Vec<Hidden> {
    let mut pairs: BTreeMap<(LayerId, LayerId), Vec<EntryId>> = BTreeMap::new();
    for id in ledger.ids() {
        let entry = ledger.entry(id);
        let marks = matches!(entry.kind, Kind::Whiteout | Kind::Opaque) || entry.is_directory();
        if !marks && let Some(by) = fate_of_bytes(ledger, id).hidden_by() {
            pairs.entry((entry.layer, by)).or_default().push(id);
        }
    }
    pairs.into_iter().map(|((layer, by), entries)| Hidden { layer, by, entries }).collect()
}

fn copy_ups(ledger: &Ledger) -> Vec<CopyUps> {
    let mut pairs: BTreeMap<(LayerId, LayerId), Vec<(EntryId, EntryId)>> = BTreeMap::new();
    for (old, new) in &ledger.copy_ups {
        if !ledger.entry(*old).fate.is_live() {
            pairs.entry((ledger.entry(*old).layer, ledger.entry(*new).layer)).or_default().push((*old, *new));
        }
    }
    let sorted = |mut files: Vec<_>| {
        files.sort_unstable();
        files
    };
    pairs.into_iter().map(|((layer, by), files)| CopyUps { layer, by, files: sorted(files) }).collect()
}

fn duplicates(ledger: &Ledger) -> Vec<Duplicate> {
    let mut duplicates: Vec<_> = ledger
        .duplicates
        .iter()
        .filter_map(|group| {
            let (kept, copies) = group.split_first()?;
            Some(Duplicate { kept: *kept, copies: copies.to_vec() })
        })
        .collect();
    duplicates.sort_unstable_by_key(|duplicate| duplicate.kept);
    duplicates
}
