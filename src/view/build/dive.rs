//! The figures of dive's own rules, as dive counts them, so that a `.dive-ci` means the same here.
//!
//! dive looks at the leaves of each layer's tree. A whiteout of a directory weighs what the directory did, one of a file
//! nothing. Of the paths that more than one layer has, every copy is wasted, also the one that can be seen.

use std::collections::HashSet;

use super::super::Dive;
use crate::ledger::{Entry, Kind, LayerId, Ledger, PathId, Tree};

/// What dive knows of a path.
#[derive(Clone, Copy)]
struct Seen {
    least: u64,
    sum: u64,
    nodes: u32,
}

/// A path of the layers below, put on top of each other as dive does it.
#[derive(Clone, Copy)]
struct Stacked {
    size: u64,
    directory: bool,
}

pub(super) fn dive(ledger: &Ledger) -> Dive {
    let mut seen: Vec<Option<Seen>> = vec![None; ledger.tree.len()];
    let mut stacked: Vec<Option<Stacked>> = vec![None; ledger.tree.len()];
    for layer in 0..ledger.layers.len() {
        let layer = LayerId(u16::try_from(layer).unwrap_or(u16::MAX));
        let entries: Vec<_> =
            ledger.ids_of(layer).map(|id| ledger.entry(id)).filter(|entry| counts(entry)).collect();
        let inner = inner(&entries, &ledger.tree);
        for (path, size) in leaves(&entries, &inner, &stacked, &ledger.tree) {
            let seen = seen[path.0 as usize].get_or_insert(Seen { least: size, sum: 0, nodes: 0 });
            seen.least = seen.least.min(size);
            seen.sum += size;
            seen.nodes += 1;
        }
        stack(&entries, &mut stacked, &ledger.tree);
    }
    let mut dive =
        Dive { user: ledger.layers.iter().skip(1).map(|layer| layer.content).sum(), ..Dive::default() };
    for seen in seen.into_iter().flatten() {
        dive.least += seen.least;
        dive.discovered += seen.sum;
        if seen.nodes > 1 {
            dive.wasted += seen.sum;
        }
    }
    dive
}

/// dive leaves out everything that begins with `.wh..wh.`, opaque directories included.
fn counts(entry: &Entry) -> bool {
    matches!(entry.kind, Kind::Member(_) | Kind::Whiteout)
}

/// Paths that have an entry of this layer below them: what is no leaf.
fn inner(entries: &[&Entry], tree: &Tree) -> HashSet<PathId> {
    let mut inner = HashSet::new();
    for entry in entries {
        for ancestor in tree.ancestors(entry.path) {
            if !inner.insert(ancestor) {
                break;
            }
        }
    }
    inner
}

/// The leaves of a layer with their sizes. Of two members at one path the last counts; a whiteout is a node of its own.
fn leaves(
    entries: &[&Entry],
    inner: &HashSet<PathId>,
    stacked: &[Option<Stacked>],
    tree: &Tree,
) -> Vec<(PathId, u64)> {
    let mut last: std::collections::BTreeMap<(PathId, bool), u64> = std::collections::BTreeMap::new();
    for entry in entries {
        let whiteout = entry.kind == Kind::Whiteout;
        if whiteout {
            let directory = stacked[entry.path.0 as usize].is_some_and(|there| there.directory);
            let below = if directory { tree.descendants(entry.path).collect() } else { Vec::new() };
            let size = below.iter().filter_map(|path| stacked[path.0 as usize]).map(|there| there.size).sum();
            last.insert((entry.path, true), size);
        } else if !inner.contains(&entry.path) {
            last.insert((entry.path, false), entry.content);
        }
    }
    last.into_iter().map(|((path, _), size)| (path, size)).collect()
}

fn stack(entries: &[&Entry], stacked: &mut [Option<Stacked>], tree: &Tree) {
    for entry in entries.iter().filter(|entry| entry.kind == Kind::Whiteout) {
        stacked[entry.path.0 as usize] = None;
        for path in tree.descendants(entry.path) {
            stacked[path.0 as usize] = None;
        }
    }
    for entry in entries.iter().filter(|entry| entry.kind != Kind::Whiteout) {
        // A directory that no member names is there all the same.
        for ancestor in tree.ancestors(entry.path) {
            let there = &mut stacked[ancestor.0 as usize];
            if there.is_some() {
                break;
            }
            *there = Some(Stacked { size: 0, directory: true });
        }
        stacked[entry.path.0 as usize] =
            Some(Stacked { size: entry.content, directory: entry.is_directory() });
    }
}
