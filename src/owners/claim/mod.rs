//! The claims engine: every entry, hidden ones too, gets exactly one owner.
//!
//! An entry is judged in the last view of the file system in which it could be seen: the final one if it is live, and
//! otherwise that of the layer below the one that hides it, so that what a later layer deleted keeps the owner it had.
//! In that view the best claim wins ([`super::ranking`]); what nobody claims goes, in this order, to the owner of the
//! source that bytecode was compiled from, to whom the table of derived files names, to `application` if COPY or ADD
//! brought it or its directory, and else it stays `unowned`. A file with several hard links gets the best owner that any of its names has.

mod names;
mod origins;

use std::collections::{BTreeMap, BTreeSet};

use names::Names;
use origins::Origins;

use super::derived::DERIVED;
use super::ranking::{Ranking, Score};
use super::reading::Readings;
use super::{Ownership, Package};
use crate::image::Instruction;
use crate::ledger::{Category, ChainView, EntryId, Kind, LayerId, Ledger, PathId, Tree};

/// The id of what COPY and ADD brought and no package claims.
pub const APPLICATION: &str = "application";

/// Gives every entry of the ledger its owner. `instructions` are those of the layers, lowest first. Copy-ups have to be
/// settled before (see [`Ledger::settle_identity`]).
pub fn claim(ledger: &mut Ledger, instructions: &[Option<&Instruction>]) -> Ownership {
    judge(ledger, instructions).settle(ledger)
}

/// Who owns what, before the ledger is told.
pub struct Judged {
    /// By entry, a position in `names`.
    owners: Vec<u32>,
    names: Names,
    ownership: Ownership,
}

/// Finds the owner of every entry of the ledger; see [`claim`].
pub fn judge(ledger: &Ledger, instructions: &[Option<&Instruction>]) -> Judged {
    let mut readings = Readings::new(ledger);
    let origins = Origins::new(ledger, instructions);
    let mut names = Names::default();
    let mut links = Links::new(ledger);
    let mut owners = vec![Verdict::UNOWNED.name; ledger.entries.len()];
    let (mut installed, mut removed) = (Vec::new(), Vec::new());
    let last = last_layer(ledger);
    let mut views = by_view(ledger);
    views.entry(last).or_default();
    // Downwards, for each view is made of the one above it.
    let mut view = ChainView::new(ledger, last);
    let hidden = ledger.hidden_by_layer();
    for (layer, entries) in views.into_iter().rev() {
        view.descend(layer, &hidden);
        let found = readings.packages(&view);
        let mut packages: Vec<_> = found.iter().flat_map(|packages| packages.iter()).collect();
        packages.sort_by_key(|package| (&package.id, &package.version, package.evidence));
        let judge = Judge::new(&view, packages, &origins, &mut names);
        for id in entries {
            let verdict = judge.verdict(id, &mut names);
            owners[id.index()] = verdict.name;
            links.hear(ledger, id, verdict);
        }
        if layer == last {
            installed = judge.packages(|_| true);
        } else {
            removed.extend(judge.packages(|package| {
                let is_new = |other: &Package| other.id != package.id;
                installed.iter().all(is_new) && removed.iter().all(is_new)
            }));
        }
    }
    links.share(ledger, &mut owners);
    let warnings = readings.warnings.into_iter().collect();
    Judged { owners, names, ownership: Ownership { packages: installed, removed, warnings } }
}

impl Judged {
    /// Tells the ledger, which must be the one that was judged.
    pub fn settle(self, ledger: &mut Ledger) -> Ownership {
        let Self { owners, names, mut ownership } = self;
        let ids = names.settle();
        for (entry, owner) in ledger.entries.iter_mut().zip(owners) {
            entry.owner = ids.by_name[owner as usize];
            let is_plain = matches!(entry.category, Category::Data | Category::Source);
            if is_plain && ids.sorted[entry.owner.0 as usize] == APPLICATION {
                entry.category = Category::Application;
            }
        }
        for package in ownership.packages.iter_mut().chain(&mut ownership.removed) {
            package.owner = ids.of(&package.id);
        }
        ownership.removed.sort_by(|a, b| a.id.cmp(&b.id));
        ledger.owners = ids.sorted;
        ownership
    }
}

/// The entries of every view in which any has to be judged.
fn by_view(ledger: &Ledger) -> BTreeMap<LayerId, Vec<EntryId>> {
    let last = last_layer(ledger);
    let mut views: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for id in ledger.ids() {
        let entry = ledger.entry(id);
        if !matches!(entry.kind, Kind::Member(_)) {
            continue;
        }
        let layer = match ledger.name_hidden_by(id) {
            None => last,
            Some(hidden) => LayerId(hidden.0.saturating_sub(1)).max(entry.layer),
        };
        views.entry(layer).or_default().push(id);
    }
    views
}

fn last_layer(ledger: &Ledger) -> LayerId {
    LayerId(u16::try_from(ledger.layers.len().saturating_sub(1)).unwrap_or(u16::MAX))
}

/// Who an entry belongs to, and how good a reason that is; the smaller wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Verdict {
    reason: Reason,
    /// Position in [`Names`].
    name: u32,
}

impl Verdict {
    const UNOWNED: Self = Self { reason: Reason::None, name: 0 };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// A package claims the path.
    Claimed(Score),
    /// A package claims the source that it was compiled from.
    Compiled(Score),
    /// The table of derived files names the path, at this position.
    Derived(u32),
    /// COPY or ADD brought it.
    Brought,
    /// There is none.
    None,
}

/// Judges the entries of one view.
struct Judge<'v, 'a> {
    view: &'v ChainView<'a>,
    packages: Vec<&'v Package>,
    /// By package: the position of its owner in [`Names`].
    names: Vec<u32>,
    ids: BTreeSet<&'v str>,
    ranking: Ranking,
    origins: &'v Origins,
}

impl<'v, 'a> Judge<'v, 'a> {
    fn new(
        view: &'v ChainView<'a>,
        packages: Vec<&'v Package>,
        origins: &'v Origins,
        names: &mut Names,
    ) -> Self {
        let ranking = Ranking::new(view, &packages);
        let ids = packages.iter().map(|package| package.id.as_str()).collect();
        let names = packages.iter().map(|package| names.position(&package.id)).collect();
        Self { view, packages, names, ids, ranking, origins }
    }

    fn verdict(&self, id: EntryId, names: &mut Names) -> Verdict {
        let path = self.view.ledger.entry(id).path;
        if let Some(score) = self.ranking.best(path) {
            return Verdict { reason: Reason::Claimed(score), name: self.names[score.package as usize] };
        }
        let source = source_of(&self.view.ledger.tree, path);
        if let Some(score) = source.and_then(|source| self.ranking.best(source)) {
            return Verdict { reason: Reason::Compiled(score), name: self.names[score.package as usize] };
        }
        let bytes = self.view.ledger.tree.bytes(path);
        if let Some((position, owner)) = DERIVED.owner(&bytes, |id| self.ids.contains(id)) {
            return Verdict { reason: Reason::Derived(position), name: names.position(owner) };
        }
        let source = source.and_then(|source| self.view.at(source));
        if source.into_iter().chain([id]).any(|id| self.origins.is_brought(self.view.ledger, id)) {
            return Verdict { reason: Reason::Brought, name: names.position(APPLICATION) };
        }
        Verdict::UNOWNED
    }

    /// The packages of the view that are wanted, each with the ids of those that lost to it.
    fn packages(&self, is_wanted: impl Fn(&Package) -> bool) -> Vec<Package> {
        let mut aliases: BTreeMap<u32, BTreeSet<&str>> = BTreeMap::new();
        for (winner, loser) in &self.ranking.aliases {
            aliases.entry(*winner).or_default().insert(&self.packages[*loser as usize].id);
        }
        let kept = (0..)
            .zip(&self.packages)
            .filter(|(number, package)| !self.ranking.dropped.contains(number) && is_wanted(package));
        kept.map(|(number, package)| {
            let lost = aliases.get(&number).into_iter().flatten().filter(|id| **id != package.id);
            Package { aliases: lost.map(|id| (*id).to_owned()).collect(), ..(*package).clone() }
        })
        .collect()
    }
}

/// The source of a compiled Python file: `x.py` of `__pycache__/x.cpython-311.opt-1.pyc` (PEP 3147, PEP 488), or of `x.pyc`
/// beside it.
fn source_of(tree: &Tree, path: PathId) -> Option<PathId> {
    let stem = tree.name(path).strip_suffix(b".pyc")?;
    let directory = tree.parent(path);
    if tree.name(directory) != b"__pycache__" {
        return tree.child(directory, &[stem, b".py"].concat());
    }
    let without_last = |name: &[u8]| name.iter().rposition(|byte| *byte == b'.');
    let optimised = without_last(stem).filter(|dot| stem[*dot..].starts_with(b".opt-"));
    let stem = optimised.map_or(stem, |dot| &stem[..dot]);
    let stem = &stem[..without_last(stem)?];
    tree.child(tree.parent(directory), &[stem, b".py"].concat())
}

/// Files that have several names, each with the best verdict that any of its names has which lasts as long as the file. So
/// the name that is installed wins over the cache's, and deleting the cache is not said to free what it does not.
struct Links(BTreeMap<EntryId, Verdict>);

impl Links {
    fn new(ledger: &Ledger) -> Self {
        let files = ledger.entries.iter().filter_map(|entry| entry.inode);
        Self(files.map(|file| (file, Verdict::UNOWNED)).collect())
    }

    /// Takes note of the verdict on one name.
    fn hear(&mut self, ledger: &Ledger, name: EntryId, verdict: Verdict) {
        let file = ledger.entry(name).inode.unwrap_or(name);
        if let Some(best) = self.0.get_mut(&file)
            && ledger.name_hidden_by(name) == ledger.entry(file).fate.hidden_by()
        {
            *best = verdict.min(*best);
        }
    }

    /// Gives all names of a file one owner.
    fn share(&self, ledger: &Ledger, owners: &mut [u32]) {
        for (name, owner) in ledger.ids().zip(owners) {
            if let Some(best) = self.0.get(&ledger.entry(name).inode.unwrap_or(name)) {
                *owner = best.name;
            }
        }
    }
}

#[cfg(test)]
mod tests;
