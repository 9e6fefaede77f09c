//! Reads package databases view by view, and no database twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::{ECOSYSTEMS, Ecosystem, Lists, Package};
use crate::error::Warning;
use crate::layer::{Capture, MemberKind};
use crate::ledger::{ChainView, Entry, EntryId, Kind, Ledger};

/// What was read so far.
pub(super) struct Readings {
    /// For each captured file, which ecosystems asked for it, one bit each.
    wanted_by: BTreeMap<EntryId, u32>,
    /// What each ecosystem read last.
    last: Vec<Reading>,
    /// The links of the view that was read last, sorted.
    links: Vec<EntryId>,
    /// The symbolic links of all layers.
    symlinks: Vec<EntryId>,
    /// What could not be read.
    pub warnings: BTreeSet<Warning>,
}

/// What an ecosystem read last. Views are asked for from the last layer down, so what does not come again at once never
/// does.
#[derive(Clone, Default)]
struct Reading {
    /// The files.
    files: Vec<EntryId>,
    /// What it found in them.
    packages: Arc<Vec<Package>>,
    lists: Lists,
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
        let symlinks = ledger.ids().filter(|id| is_link(ledger.entry(*id))).collect();
        let last = vec![Reading::default(); ECOSYSTEMS.len()];
        Self { wanted_by, last, links: Vec::new(), symlinks, warnings }
    }

    /// The packages of a view, by ecosystem. An ecosystem is asked again only where a file that it reads differs, or a
    /// symbolic link that may stand in for a directory.
    pub fn packages(&mut self, view: &ChainView<'_>) -> Vec<Arc<Vec<Package>>> {
        let links = links(view, &self.symlinks);
        if links != self.links {
            let are_gained = links.iter().any(|link| self.links.binary_search(link).is_err());
            let is_lost = |link: &EntryId| links.binary_search(link).is_err();
            for last in &mut self.last {
                last.files.clear();
                last.lists.read.retain(|_, list| !are_gained && !list.through.iter().any(is_lost));
            }
            self.links = links;
        }
        let captured: Vec<_> =
            view.captured().map(|(_, id, _)| (id, self.wanted_by.get(&id).copied().unwrap_or(0))).collect();
        // Ecosystems know nothing of one another, so none has to wait for the other.
        let read = self.last.par_iter_mut().zip(ECOSYSTEMS).enumerate().map(|(number, (last, ecosystem))| {
            let asked = captured.iter().filter(|(_, bits)| bits >> number & 1 == 1);
            let mut files: Vec<_> = asked.map(|(id, _)| *id).collect();
            let insides = view.insides().filter(|(_, _, inside)| ecosystem.looks_at(inside.kind));
            files.extend(insides.map(|(_, id, _)| id));
            if files.is_empty() {
                return None;
            }
            let mut warnings = Vec::new();
            if last.files != files {
                let (packages, noticed) = ecosystem.packages_again(view, &mut last.lists);
                warnings = noticed;
                (last.files, last.packages) = (files, Arc::new(packages));
            }
            Some((Arc::clone(&last.packages), warnings))
        });
        let read: Vec<_> = read.collect();
        read.into_iter()
            .flatten()
            .map(|(packages, warnings)| {
                self.warnings.extend(warnings);
                packages
            })
            .collect()
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
fn links(view: &ChainView<'_>, symlinks: &[EntryId]) -> Vec<EntryId> {
    let tree = &view.ledger.tree;
    let leads_on = |entry: &Entry| {
        let target = view.locate_below(tree.parent(entry.path), tree.text(entry.link));
        // A directory need not have an entry of its own.
        target.is_some_and(|target| {
            view.entry(target).is_some_and(is_link) || tree.children(target).next().is_some()
        })
    };
    let is_visible = |id: &EntryId| {
        let entry = view.ledger.entry(*id);
        view.at(entry.path) == Some(*id) && leads_on(entry)
    };
    symlinks.iter().copied().filter(is_visible).collect()
}

fn is_link(entry: &Entry) -> bool {
    entry.kind == Kind::Member(MemberKind::Symlink)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ledger::LayerId;
    use crate::owners::testing::File::{self, Bytes, Directory, Link, Text};
    use crate::owners::testing::layer;

    const STATUS: &str =
        "Package: a\nStatus: install ok installed\n\nPackage: b\nStatus: install ok installed\n";
    /// What a layer may hold; some of it takes the place of other of it.
    const FILES: [File<'static>; 12] = [
        Text("var/lib/dpkg/status", STATUS),
        Text("var/lib/dpkg/info/a.list", "/bin/x\n/usr/bin/y\n"),
        Text("var/lib/dpkg/info/a.list", "/bin/y\n"),
        Text("var/lib/dpkg/info/b.list", "/bin/y\n/opt/x\n"),
        Text("var/lib/dpkg/diversions", "/bin/y\n/opt/x\na\n"),
        Text("var/lib/dpkg/diversions", "/bin/x\n/opt/x\nb\n"),
        Bytes("var/lib/dpkg/.wh.diversions", 0),
        Link("bin", "usr/bin"),
        Directory("bin"),
        Link("usr/lib/s", "../../bin"),
        Text("usr/lib/python3/site-packages/p-1.dist-info/RECORD", "../../s/x,,1\n../../../bin/y,,3\n"),
        Text("usr/lib/python3/site-packages/p-1.dist-info/RECORD", "../../s/y,,\nmore,\n"),
    ];

    proptest! {
        /// What is remembered of the views above changes nothing of what is read.
        #[test]
        fn every_view_is_read_as_if_it_were_the_first(layers in prop::collection::vec(0..1_usize << FILES.len(), 1..6)) {
            let places = [Bytes("usr/bin/x", 1), Bytes("usr/bin/y", 3), Bytes("opt/x", 1), Directory("usr/lib/python3")];
            let mut walked = vec![layer(&places)];
            for chosen in layers {
                let files = FILES.into_iter().enumerate().filter(|(at, _)| chosen >> at & 1 == 1);
                walked.push(layer(&files.map(|(_, file)| file).collect::<Vec<_>>()));
            }
            let ledger = Ledger::build(walked);
            let mut readings = Readings::new(&ledger);
            for down in (0..ledger.layers.len()).rev() {
                let view = ChainView::new(&ledger, LayerId(u16::try_from(down).unwrap()));
                let first = Readings::new(&ledger).packages(&view);
                prop_assert_eq!(format!("{:?}", readings.packages(&view)), format!("{first:?}"), "layer {}", down);
            }
        }
    }
}
