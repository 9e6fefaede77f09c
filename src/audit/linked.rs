//! Which libraries the programs that run are linked to, all the way down, and whose they are.

use std::collections::{BTreeMap, BTreeSet};

use super::native::Linked;
use crate::ledger::{ChainView, OwnerId, PathId, Tree};

/// Owners of everything that runs: programs, what they are linked to, and why.
#[derive(Debug, Default)]
pub struct Links {
    /// By owner, the first reason found.
    pub owners: BTreeMap<OwnerId, String>,
    /// Libraries that nothing in the image provides, each with one file that needs it.
    pub unresolved: BTreeMap<String, String>,
}

/// Follows `PT_INTERP` and `DT_NEEDED` from programs and extension modules.
pub fn follow(view: &ChainView<'_>, starts: &BTreeSet<PathId>) -> Links {
    let tree = &view.ledger.tree;
    let mut by_name: BTreeMap<&[u8], Vec<PathId>> = BTreeMap::new();
    for position in 0..tree.len() {
        let path = PathId(u32::try_from(position).unwrap_or(0));
        let name = tree.name(path);
        if name.windows(3).any(|window| window == b".so") && view.at(path).is_some() {
            by_name.entry(name).or_default().push(path);
        }
    }
    let mut links = Links::default();
    let mut seen = BTreeSet::new();
    let mut left: Vec<(PathId, String)> =
        starts.iter().map(|path| (*path, format!("{} runs", tree.path(*path)))).collect();
    while let Some((path, why)) = left.pop() {
        // A link on the way belongs to somebody too.
        note(view, &mut links, path, &why);
        let Some(real) = view.follow(&[b"/".as_slice(), &tree.bytes(path)].concat()) else { continue };
        note(view, &mut links, real, &why);
        if !seen.insert(real) {
            continue;
        }
        let Some(linked) = view.reduced(real).and_then(|reduced| reduced.downcast_ref::<Linked>()) else {
            continue;
        };
        let shown = tree.path(real).to_string();
        if let Some(interpreter) = &linked.interpreter
            && let Some(found) = view.locate(interpreter.as_bytes())
        {
            left.push((found, format!("{shown} is started by it")));
        }
        for name in &linked.needed {
            match find(view, &by_name, real, linked, name) {
                Some(found) => left.push((found, format!("{shown} is linked to {name}"))),
                None => {
                    links.unresolved.entry(name.clone()).or_insert_with(|| shown.clone());
                }
            }
        }
    }
    links
}

fn note(view: &ChainView<'_>, links: &mut Links, path: PathId, why: &str) {
    if let Some(entry) = view.entry(path) {
        links.owners.entry(entry.owner).or_insert_with(|| why.to_owned());
    }
}

/// The library of a name: where the file itself says, then in the system's directories, then wherever it is.
fn find(
    view: &ChainView<'_>,
    by_name: &BTreeMap<&[u8], Vec<PathId>>,
    from: PathId,
    linked: &Linked,
    name: &str,
) -> Option<PathId> {
    let tree = &view.ledger.tree;
    let directory = tree.parent(from);
    for search in &linked.search {
        let found = match search.strip_prefix("$ORIGIN").or_else(|| search.strip_prefix("${ORIGIN}")) {
            Some(rest) => {
                view.locate_below(directory, format!("{}/{name}", rest.trim_start_matches('/')).as_bytes())
            }
            None => view.locate(format!("{search}/{name}").as_bytes()),
        };
        if let Some(found) = found.filter(|found| view.at(*found).is_some()) {
            return Some(found);
        }
    }
    let candidates = by_name.get(name.as_bytes())?;
    let is_system = |path: &&PathId| {
        let bytes = tree.bytes(**path);
        let depth = bytes.iter().filter(|byte| **byte == b'/').count();
        (bytes.starts_with(b"lib") || bytes.starts_with(b"usr/lib") || bytes.starts_with(b"usr/local/lib"))
            && depth <= 3
    };
    candidates.iter().find(is_system).or(candidates.first()).copied()
}

/// The extension modules below some directories, and every ELF file that is the application's own.
pub fn extensions(view: &ChainView<'_>, owners: &BTreeSet<OwnerId>) -> BTreeSet<PathId> {
    let ledger = view.ledger;
    ledger
        .reduced
        .iter()
        .filter(|(id, reduced)| {
            reduced.is::<Linked>()
                && owners.contains(&ledger.entry(**id).owner)
                && view.at(ledger.entry(**id).path) == Some(**id)
        })
        .map(|(id, _)| ledger.entry(*id).path)
        .filter(|path| *path != Tree::ROOT)
        .collect()
}
