//! Every entry of an image, in columns.

use std::collections::HashMap;

use super::super::Files;
use super::text;
use crate::analysis::PlatformAnalysis;
use crate::ledger::{Category, Entry, EntryId, Ledger, PathId, Tree};
use crate::path::Printable;

/// The entries of a platform, in the order of the tree.
pub(super) fn files(analysis: &PlatformAnalysis) -> Files {
    let ledger = &analysis.ledger;
    let mut by_path: HashMap<PathId, Vec<EntryId>> = HashMap::new();
    for id in ledger.ids() {
        by_path.entry(ledger.entry(id).path).or_default().push(id);
    }
    let mut files = Files {
        owners: ledger.owners.iter().map(|owner| text(owner)).collect(),
        categories: Category::ALL.iter().map(|category| category.id().to_owned()).collect(),
        ..Files::default()
    };
    if files.owners.is_empty() {
        files.owners.push(ledger.owner_name(Ledger::UNOWNED).to_owned());
    }
    let used = used(ledger);
    // (path, the number of the node that it is in); the children of a directory are pushed in reverse.
    let mut stack = vec![(Tree::ROOT, 0)];
    while let Some((path, parent)) = stack.pop() {
        let node = if path == Tree::ROOT {
            0
        } else {
            files.names.push(Printable(ledger.tree.name(path)).to_string());
            files.parents.push(parent);
            u32::try_from(files.names.len()).unwrap_or(u32::MAX)
        };
        for id in by_path.get(&path).into_iter().flatten() {
            push(&mut files, node, ledger.entry(*id));
        }
        let mut children: Vec<_> =
            ledger.tree.children(path).filter(|child| used[child.0 as usize]).collect();
        children.sort_by(|a, b| ledger.tree.name(*b).cmp(ledger.tree.name(*a)));
        stack.extend(children.into_iter().map(|child| (child, node)));
    }
    files
}

/// Which paths have an entry, or one below them; claims may name others.
fn used(ledger: &Ledger) -> Vec<bool> {
    let mut used = vec![false; ledger.tree.len()];
    for entry in &ledger.entries {
        let mut at = entry.path;
        while !std::mem::replace(&mut used[at.0 as usize], true) {
            at = ledger.tree.parent(at);
        }
    }
    used
}

fn push(files: &mut Files, node: u32, entry: &Entry) {
    files.path.push(node);
    files.kind.push(if entry.is_file() { 0 } else { 2 - u32::from(entry.is_directory()) });
    files.content.push(entry.content);
    files.transfer.push(entry.transfer);
    files.owner.push(entry.owner.0);
    files.category.push(entry.category as u32);
    files.layer.push(u32::from(entry.layer.0) + 1);
    files.hidden_by.push(entry.fate.hidden_by().map_or(0, |by| u32::from(by.0) + 1));
}
