//! What is linked to what.

use super::super::{Foreign, Libraries, Links, Missing, Need, Unneeded};
use super::text;
use crate::audit::libraries;
use crate::ledger::{ChainView, Entry, Ledger, PathId};

pub(super) fn libraries(ledger: &Ledger, found: &libraries::Libraries) -> Libraries {
    let view = ChainView::last(ledger);
    let path = |path: PathId| format!("/{}", ledger.tree.path(path).to_string().trim_start_matches('/'));
    let file = |path: PathId| -> Option<&Entry> {
        let id = view.at(path)?;
        Some(ledger.entry(ledger.entry(id).inode.unwrap_or(id)))
    };
    let owner = |at: PathId| file(at).map_or_else(String::new, |entry| text(ledger.owner_name(entry.owner)));
    let content = |at: PathId| file(at).map_or(0, |entry| entry.content);
    let linked = |at: PathId| view.at(at).and_then(|id| ledger.insides.get(&id)?.linked.as_ref());

    let missing = found.missing.iter().map(|(name, (needed_by, elsewhere))| {
        let mut needed_by: Vec<_> = needed_by.iter().map(|at| path(*at)).collect();
        needed_by.sort();
        Missing { name: text(name), needed_by, elsewhere: elsewhere.map(path) }
    });
    let unneeded = found.unneeded.iter();
    let unneeded = unneeded.map(|at| Unneeded { path: path(*at), owner: owner(*at), content: content(*at) });
    let foreign = found.foreign.iter().map(|at| Foreign {
        path: path(*at),
        owner: owner(*at),
        machine: linked(*at).map_or_else(String::new, |linked| linked.machine.clone()),
        content: content(*at),
    });
    let files = found.files.iter().filter_map(|(at, needs)| {
        let linked = linked(*at)?;
        let need =
            |(name, found): &(String, Option<PathId>)| Need { name: text(name), found: found.map(path) };
        let texts = |all: &[String]| all.iter().map(|one| text(one)).collect();
        Some(Links {
            path: path(*at),
            machine: linked.machine.clone(),
            soname: linked.soname.as_deref().map(text),
            rpath: texts(&linked.rpath),
            runpath: texts(&linked.runpath),
            needs: needs.iter().map(need).collect(),
        })
    });
    let mut libraries = Libraries {
        missing: missing.collect(),
        unneeded: unneeded.collect(),
        foreign: foreign.collect(),
        files: files.collect(),
    };
    libraries.unneeded.sort_by(|a, b| b.content.cmp(&a.content).then_with(|| a.path.cmp(&b.path)));
    libraries.foreign.sort_by(|a, b| a.path.cmp(&b.path));
    libraries.files.sort_by(|a, b| a.path.cmp(&b.path));
    libraries
}
