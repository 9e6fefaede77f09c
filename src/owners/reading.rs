//! Reads package databases view by view, and no database twice.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::{ECOSYSTEMS, Ecosystem, Package};
use crate::error::Warning;
use crate::layer::{Capture, MemberKind};
use crate::ledger::{ChainView, Entry, EntryId, Kind, Ledger};

/// What was read so far.
pub(super) struct Readings {
    /// For each captured file, which ecosystems asked for it, one bit each.
    wanted_by: BTreeMap<EntryId, u32>,
    /// For each ecosystem, what it found, by the files and links that it found it in.
    found: Vec<BTreeMap<Vec<EntryId>, Rc<Vec<Package>>>>,
    /// What could not be read.
    pub warnings: BTreeSet<Warning>,
}

impl Readings {
    /// Nothing is read yet, but what was wanted and too long is known.
    pub fn new(ledger: &Ledger) -> Self {
        let mut warnings = BTreeSet::new();
        for id in &ledger.too_long {
            let bits = asked(ledger, *id);
            for (_, ecosystem) in numbered().filter(|(number, _)| bits >> number & 1 == 1) {
                let path = ledger.tree.path(ledger.entry(*id).path);
                warnings.insert(Warning::new(ecosystem.name(), format!("{path} is too long to be read")));
            }
        }
        let wanted_by = ledger.evidence.keys().map(|id| (*id, asked(ledger, *id))).collect();
        Self { wanted_by, found: vec![BTreeMap::new(); ECOSYSTEMS.len()], warnings }
    }

    /// The packages of a view, by ecosystem. An ecosystem is asked again only where a file that it reads differs, or a
    /// symbolic link that may stand in for a directory.
    pub fn packages(&mut self, view: &ChainView<'_>) -> Vec<Rc<Vec<Package>>> {
        let links = links(view);
        let mut all = Vec::new();
        for (number, ecosystem) in numbered() {
            let is_asked = |id: &EntryId| self.wanted_by.get(id).is_some_and(|bits| bits >> number & 1 == 1);
            let mut key: Vec<_> = view.captured().map(|(_, id, _)| id).filter(is_asked).collect();
            let insides = view.insides().filter(|(_, _, inside)| ecosystem.looks_at(inside.kind));
            key.extend(insides.map(|(_, id, _)| id));
            if key.is_empty() {
                continue;
            }
            key.extend(&links);
            let Some(found) = self.found.get_mut(number as usize) else { continue };
            let packages = found.entry(key).or_insert_with(|| {
                let (packages, warnings) = ecosystem.packages(view);
                self.warnings.extend(warnings);
                Rc::new(packages)
            });
            all.push(Rc::clone(packages));
        }
        all
    }
}

fn numbered() -> impl Iterator<Item = (u32, &'static dyn Ecosystem)> {
    (0..).zip(ECOSYSTEMS.iter().copied())
}

/// Which ecosystems ask for a file, one bit each.
fn asked(ledger: &Ledger, id: EntryId) -> u32 {
    let entry = ledger.entry(id);
    let path = ledger.tree.bytes(entry.path);
    let asking =
        numbered().filter(|(_, ecosystem)| ecosystem.wants(&path, entry.content) != Capture::Nothing);
    asking.fold(0, |bits, (number, _)| bits | 1 << number)
}

/// The visible symbolic links that lead to a directory or to another link.
fn links(view: &ChainView<'_>) -> Vec<EntryId> {
    let tree = &view.ledger.tree;
    let is_link = |entry: &Entry| entry.kind == Kind::Member(MemberKind::Symlink);
    let leads_on = |entry: &Entry| {
        let target = view.locate_below(tree.parent(entry.path), tree.text(entry.link));
        // A directory need not have an entry of its own.
        target.is_some_and(|target| {
            view.entry(target).is_some_and(is_link) || tree.children(target).next().is_some()
        })
    };
    let is_visible = |id: &EntryId| {
        let entry = view.ledger.entry(*id);
        is_link(entry) && view.at(entry.path) == Some(*id) && leads_on(entry)
    };
    view.ledger.ids().filter(is_visible).collect()
}
