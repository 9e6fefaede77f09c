//! Long sets of paths as short lists: a directory stands for all that is in it.

use std::collections::{BTreeMap, BTreeSet};

use crate::ledger::{PathId, Tree};

/// Whether a directory may stand for all that is in it, by its path.
pub type MayStand = fn(&[u8]) -> bool;

/// Directories that are part of any system stay, even if nothing is left in them.
pub fn may_go(path: &[u8]) -> bool {
    let depth = path.iter().filter(|byte| **byte == b'/').count();
    depth >= 2 && !path.starts_with(b"var/")
}

/// The shortest list that covers `wanted` and nothing else of `present`, sorted. Both hold files and links, no
/// directories; `wanted` is part of `present`. What is in `told` need not be covered, and may be.
pub fn collapse(
    tree: &Tree,
    wanted: &BTreeSet<PathId>,
    present: &BTreeSet<PathId>,
    told: &BTreeSet<PathId>,
    may_stand: MayStand,
) -> Vec<PathId> {
    let mut counts: BTreeMap<PathId, Count> = BTreeMap::new();
    for path in present {
        let is_wanted = wanted.contains(path);
        for at in tree.ancestors(*path).chain([*path]) {
            let count = counts.entry(at).or_default();
            count.present += 1;
            count.wanted += u32::from(is_wanted);
            count.left += u32::from(is_wanted && !told.contains(path));
        }
    }
    let mut list = Vec::new();
    walk(&Walk { tree, counts: &counts, present, may_stand }, Tree::ROOT, &mut list);
    list
}

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    present: u32,
    wanted: u32,
    /// Of what is wanted, what is not told yet.
    left: u32,
}

struct Walk<'a> {
    tree: &'a Tree,
    counts: &'a BTreeMap<PathId, Count>,
    present: &'a BTreeSet<PathId>,
    may_stand: MayStand,
}

fn walk(on: &Walk<'_>, path: PathId, list: &mut Vec<PathId>) {
    let mut children: Vec<_> = on.tree.children(path).filter(|child| on.counts.contains_key(child)).collect();
    children.sort_by(|a, b| on.tree.name(*a).cmp(on.tree.name(*b)));
    for child in children {
        let count = on.counts[&child];
        let is_file = on.present.contains(&child);
        if count.left == 0 {
            continue;
        }
        if is_file || count.wanted == count.present && (on.may_stand)(&on.tree.bytes(child)) {
            list.push(child);
        } else {
            walk(on, child, list);
        }
    }
}

/// Directories of one name, all of which are meant wherever they lie below one directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The directory.
    pub below: PathId,
    /// The name.
    pub name: Vec<u8>,
}

/// A list with few names in many places is long; what can be said as *every directory of this name below that one* is.
const MANY: usize = 8;

/// Splits a list into directories that can be told by name, and the rest. `gone` are the files that the list is about,
/// `present` all that are there.
pub fn by_name(
    tree: &Tree,
    list: Vec<PathId>,
    gone: &BTreeSet<PathId>,
    present: &BTreeSet<PathId>,
) -> (Vec<Named>, Vec<PathId>) {
    let mut groups: BTreeMap<&[u8], Vec<PathId>> = BTreeMap::new();
    for path in list.iter().filter(|path| !present.contains(path)) {
        groups.entry(tree.name(*path)).or_default().push(*path);
    }
    let mut named = Vec::new();
    for (name, paths) in groups {
        let is_other = |path: &PathId, below: PathId| {
            // Some directory of this name below that one keeps this file.
            !gone.contains(path)
                && tree.ancestors(*path).take_while(|at| *at != below).any(|at| tree.name(at) == name)
        };
        // Where one of them stays, the directories below may still be told one by one.
        let mut left = vec![paths];
        while let Some(paths) = left.pop().filter(|paths| paths.len() > MANY) {
            let below = common(tree, &paths);
            let inside = |path: &PathId| tree.ancestors(*path).any(|at| at == below);
            let stays = present.iter().filter(|path| inside(path)).any(|path| is_other(path, below));
            if below != Tree::ROOT && !stays {
                named.push(Named { below, name: name.to_vec() });
                continue;
            }
            let mut parts: BTreeMap<PathId, Vec<PathId>> = BTreeMap::new();
            for path in paths {
                let above = tree.ancestors(path).take_while(|at| *at != below).last();
                parts.entry(above.unwrap_or(path)).or_default().push(path);
            }
            left.extend(parts.into_values().filter(|part| part.len() > MANY));
        }
    }
    named.sort_by_key(|one| tree.bytes(one.below));
    let is_told = |path: &PathId| {
        named.iter().any(|one: &Named| {
            tree.name(*path) == one.name.as_slice() && tree.ancestors(*path).any(|at| at == one.below)
        })
    };
    let rest = list.into_iter().filter(|path| !is_told(path)).collect();
    (named, rest)
}

/// A list as words of a shell: where everything in a directory is listed one by one, because the directory itself stays, it
/// is `DIRECTORY/*`. `shown` says how a path is written.
pub fn words(
    tree: &Tree,
    list: &[PathId],
    present: &BTreeSet<PathId>,
    shown: impl Fn(PathId) -> Option<String>,
) -> Vec<String> {
    let listed: BTreeSet<PathId> = list.iter().copied().collect();
    let mut by_parent: BTreeMap<PathId, usize> = BTreeMap::new();
    for path in list {
        *by_parent.entry(tree.parent(*path)).or_default() += 1;
    }
    // Hidden files are in no `*`, and a name that the shell reads is better told by itself.
    let is_whole = |parent: PathId| {
        let mut children =
            tree.children(parent).filter(|child| present.contains(child) || listed.contains(child));
        by_parent.get(&parent).is_some_and(|count| *count > 2)
            && children.all(|child| listed.contains(&child) && !tree.name(child).starts_with(b"."))
            && !present.iter().any(|path| {
                tree.ancestors(*path).any(|at| at == parent)
                    && !listed.contains(path)
                    && !tree.ancestors(*path).any(|at| listed.contains(&at))
            })
    };
    let mut words = BTreeSet::new();
    let mut whole: BTreeMap<PathId, bool> = BTreeMap::new();
    for path in list {
        let parent = tree.parent(*path);
        let is_whole = parent != Tree::ROOT && *whole.entry(parent).or_insert_with(|| is_whole(parent));
        words.extend(if is_whole { shown(parent).map(|parent| format!("{parent}/*")) } else { shown(*path) });
    }
    words.into_iter().collect()
}

/// The deepest directory that holds all of `paths`.
fn common(tree: &Tree, paths: &[PathId]) -> PathId {
    let above = |path: PathId| {
        let mut above: Vec<PathId> = tree.ancestors(path).collect();
        above.reverse();
        above
    };
    let mut shared = paths.first().map(|path| above(*path)).unwrap_or_default();
    for path in paths {
        let length = shared.iter().zip(above(*path)).take_while(|(one, other)| **one == *other).count();
        shared.truncate(length);
    }
    shared.last().copied().unwrap_or(Tree::ROOT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(tree: &mut Tree, paths: &[&str]) -> BTreeSet<PathId> {
        paths.iter().map(|path| tree.intern(path.as_bytes())).collect()
    }

    fn shown(tree: &Tree, list: &[PathId]) -> Vec<String> {
        list.iter().map(|path| tree.path(*path).to_string()).collect()
    }

    #[test]
    fn a_directory_stands_for_what_is_in_it_and_for_nothing_else() {
        let mut tree = Tree::default();
        let present = ids(&mut tree, &["a/b/1", "a/b/2", "a/c/3", "a/c/4", "d"]);
        let wanted = ids(&mut tree, &["a/b/1", "a/b/2", "a/c/3", "d"]);
        let list = collapse(&tree, &wanted, &present, &BTreeSet::new(), |_| true);
        assert_eq!(shown(&tree, &list), ["/a/b", "/a/c/3", "/d"]);
        let list = collapse(&tree, &wanted, &present, &BTreeSet::new(), |path| path != b"a/b");
        assert_eq!(shown(&tree, &list), ["/a/b/1", "/a/b/2", "/a/c/3", "/d"]);
        let told = ids(&mut tree, &["a/c/3", "a/b/1"]);
        assert_eq!(shown(&tree, &collapse(&tree, &wanted, &present, &told, |_| true)), ["/a/b", "/d"]);
    }

    #[test]
    fn what_fills_a_directory_that_stays_is_a_star() {
        let mut tree = Tree::default();
        let present = ids(&mut tree, &["v/l/1", "v/l/2", "v/l/3", "v/m/1", "v/m/2", "v/m/3", "v/m/kept"]);
        let gone = ids(&mut tree, &["v/l/1", "v/l/2", "v/l/3", "v/m/1", "v/m/2", "v/m/3"]);
        let list: Vec<PathId> = gone.iter().copied().collect();
        let words = words(&tree, &list, &present, |path| Some(tree.path(path).to_string()));
        assert_eq!(words, ["/v/l/*", "/v/m/1", "/v/m/2", "/v/m/3"]);
    }

    #[test]
    fn many_directories_of_a_name_are_told_by_it_unless_one_of_them_stays() {
        let mut tree = Tree::default();
        let paths: Vec<String> = (0..12).map(|at| format!("lib/p{at}/tests/t.py")).collect();
        let gone = ids(&mut tree, &paths.iter().map(String::as_str).collect::<Vec<_>>());
        let list: Vec<PathId> = gone.iter().map(|path| tree.parent(*path)).collect();
        let (named, rest) = by_name(&tree, list.clone(), &gone, &gone);
        assert_eq!(named, [Named { below: tree.find(b"lib").unwrap(), name: b"tests".to_vec() }]);
        assert!(rest.is_empty());
        let mut present = gone.clone();
        present.extend(ids(&mut tree, &["lib/other/tests/kept.py"]));
        let (named, rest) = by_name(&tree, list, &gone, &present);
        assert!(named.is_empty());
        assert_eq!(rest.len(), 12);
    }
}
