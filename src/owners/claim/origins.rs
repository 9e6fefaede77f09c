//! What the application is: what COPY and ADD brought, and what was made later in the directories that they brought.

use std::collections::{BTreeMap, BTreeSet};

use crate::image::Instruction;
use crate::ledger::{EntryId, LayerId, Ledger, PathId, Tree};

/// Which layers brought what the application is.
pub(super) struct Origins {
    /// By layer: whether COPY or ADD made it, and it is no root file system.
    brought: Vec<bool>,
    /// By path: whether it, or a directory above it, was first made by COPY, ADD or WORKDIR.
    within: Vec<bool>,
    /// Of an entry that only copies one of a lower layer, the layer that first wrote it: `chown` brings nothing.
    first: BTreeMap<EntryId, LayerId>,
}

/// What a root file system has and an application does not.
const OF_A_ROOT: [&[u8]; 4] =
    [b"etc/os-release", b"usr/lib/os-release", b"var/lib/dpkg/status", b"lib/apk/db/installed"];

impl Origins {
    /// Reads them off the instructions of the layers, lowest first.
    pub fn new(ledger: &Ledger, instructions: &[Option<&Instruction>]) -> Self {
        let roots: BTreeSet<_> = OF_A_ROOT.iter().filter_map(|path| ledger.tree.find(path)).collect();
        let mut is_root = vec![false; ledger.layers.len()];
        for entry in ledger.entries.iter().filter(|entry| roots.contains(&entry.path)) {
            is_root[entry.layer.0 as usize] = true;
        }
        let made_by = |keywords: &[&str]| -> Vec<bool> {
            let layers = is_root.iter().enumerate();
            let is_made = |layer: usize| instructions.get(layer).copied().flatten().map(Instruction::keyword);
            layers
                .map(|(layer, is_root)| {
                    !is_root && is_made(layer).is_some_and(|keyword| keywords.contains(&keyword))
                })
                .collect()
        };
        let mut first = BTreeMap::new();
        for (old, new) in &ledger.copy_ups {
            let layer = first.get(old).copied().unwrap_or(ledger.entry(*old).layer);
            first.insert(*new, layer);
        }
        let within = within(ledger, &made_by(&["COPY", "ADD", "WORKDIR"]));
        Self { brought: made_by(&["COPY", "ADD"]), within, first }
    }

    /// Whether an entry belongs to the application, if no package claims it.
    pub fn is_brought(&self, ledger: &Ledger, id: EntryId) -> bool {
        let entry = ledger.entry(id);
        let layer = self.first.get(&id).copied().unwrap_or(entry.layer);
        let brought = self.brought.get(layer.0 as usize).copied().unwrap_or(false);
        brought || self.within.get(entry.path.0 as usize).copied().unwrap_or(false)
    }
}

/// By path: whether it, or a directory above it, was first made by one of the layers `makes`. A directory is made by the
/// first layer that has anything in it, for tars may leave directories out.
fn within(ledger: &Ledger, makes: &[bool]) -> Vec<bool> {
    let tree = &ledger.tree;
    let length = u32::try_from(tree.len()).unwrap_or(u32::MAX);
    let mut lowest = vec![LayerId(u16::MAX); tree.len()];
    for entry in &ledger.entries {
        let known = &mut lowest[entry.path.0 as usize];
        *known = entry.layer.min(*known);
    }
    // A directory's id is smaller than those of what lies in it.
    for path in (1..length).rev().map(PathId) {
        let above = tree.parent(path).0 as usize;
        lowest[above] = lowest[above].min(lowest[path.0 as usize]);
    }
    let mut within = vec![false; tree.len()];
    for path in (1..length).map(PathId) {
        let above = tree.parent(path);
        let made = makes.get(lowest[path.0 as usize].0 as usize).copied().unwrap_or(false);
        within[path.0 as usize] = made || above != Tree::ROOT && within[above.0 as usize];
    }
    within
}
