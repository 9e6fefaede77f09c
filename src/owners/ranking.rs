//! Which of several claims wins a path, in one view of the file system.
//!
//! A system's package wins over a language's, of a language's packages the one with the deeper root, then the better
//! claim, then the smaller id. Two things turn a system's claim down: the file was rewritten in a layer above the one
//! that last wrote the package's list, or a language's package that the system does not know itself lists the file with
//! the size that it has. In both, whoever installed last owns the bytes: npm upgraded over nodejs.deb.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::{Claim, Package, Rank, Strength};
use crate::ledger::{ChainView, Entry, EntryId, LayerId, PathId};

/// How good a claim on one path is; the smallest wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Score {
    /// `None` is better than every rank: it took the place of a system's file.
    pub rank: Option<Rank>,
    /// Of the package's root, in components.
    depth: Reverse<u32>,
    strength: Strength,
    /// Position of the package in the view's packages, which are sorted by id.
    pub package: u32,
}

/// The winner of every path of a view.
pub(super) struct Ranking {
    /// By path: the best claim of the path itself.
    exact: Vec<Option<Score>>,
    /// By path: the best claim of a directory at or above it.
    inherited: Vec<Option<Score>>,
    /// Directories that several packages list: removing any one of them leaves the directory.
    shared: BTreeSet<PathId>,
    /// Pairs of packages, by position: the first won something that the second claimed too.
    pub aliases: BTreeSet<(u32, u32)>,
    /// Runtimes that turned out to be a system's package, and programs that a package installed.
    pub dropped: BTreeSet<u32>,
}

impl Ranking {
    /// Ranks the claims of `packages`, which are sorted by id.
    pub fn new(view: &ChainView<'_>, packages: &[&Package]) -> Self {
        // Where nothing claims anything there is nothing to keep.
        let length = if packages.is_empty() { 0 } else { view.ledger.tree.len() };
        let mut ranking = Self {
            exact: vec![None; length],
            inherited: vec![None; length],
            shared: BTreeSet::new(),
            aliases: BTreeSet::new(),
            dropped: BTreeSet::new(),
        };
        let systems = Systems::enter(view, packages, &mut ranking);
        for (number, package) in (0..).zip(packages).filter(|(_, package)| package.rank != Rank::System) {
            // A package whose own evidence the system installed is the system's, seen by another ecosystem.
            let stranger = package.evidence.is_none_or(|evidence| {
                systems.holder(evidence).is_none() || systems.is_rewritten(view, evidence)
            });
            if package.rank == Rank::Runtime && !stranger {
                ranking.dropped.insert(number);
                continue;
            }
            let may_take = package.rank == Rank::Language && stranger;
            ranking.enter(view, number, package, |claim, strength| {
                may_take && (strength == Strength::Verified || systems.is_rewritten(view, claim.path))
            });
        }
        ranking.settle(view, packages);
        ranking
    }

    /// The package with the best claim on a path, and how good that is.
    pub fn best(&self, path: PathId) -> Option<Score> {
        let of = |scores: &[Option<Score>]| scores.get(path.0 as usize).copied().flatten();
        of(&self.exact).into_iter().chain(of(&self.inherited)).min()
    }

    fn enter(
        &mut self,
        view: &ChainView<'_>,
        number: u32,
        package: &Package,
        takes: impl Fn(&Claim, Strength) -> bool,
    ) {
        let depth =
            Reverse(u32::try_from(view.ledger.tree.ancestors(package.root).count()).unwrap_or(u32::MAX));
        for claim in &package.claims {
            let Some(strength) = strength(view, claim) else { continue };
            let rank = if takes(claim, strength) { None } else { Some(package.rank) };
            let score = Score { rank, depth, strength, package: number };
            let place = if claim.tree { &mut self.inherited } else { &mut self.exact };
            let place = &mut place[claim.path.0 as usize];
            let is_other = place.is_some_and(|before| before.package != number);
            if is_other && !claim.tree && view.entry(claim.path).is_some_and(Entry::is_directory) {
                self.shared.insert(claim.path);
            }
            *place = (*place).into_iter().chain([score]).min();
        }
    }

    /// Hands directories' claims down, and notes who lost to whom.
    fn settle(&mut self, view: &ChainView<'_>, packages: &[&Package]) {
        for path in std::mem::take(&mut self.shared) {
            self.exact[path.0 as usize] = None;
        }
        let tree = &view.ledger.tree;
        // A directory's id is smaller than those of what lies in it.
        for path in (1..u32::try_from(self.inherited.len()).unwrap_or(u32::MAX)).map(PathId) {
            let above = self.inherited[tree.parent(path).0 as usize];
            let own = &mut self.inherited[path.0 as usize];
            *own = (*own).into_iter().chain(above).min();
        }
        for (number, package) in (0..).zip(packages).filter(|(_, package)| package.rank == Rank::Binary) {
            let winner = package.evidence.and_then(|evidence| self.best(evidence));
            if winner.is_some_and(|winner| winner.package != number) {
                self.dropped.insert(number);
            }
        }
        for (number, package) in (0..).zip(packages) {
            for claim in package.claims.iter().filter(|claim| !claim.tree) {
                let winner = view.at(claim.path).and_then(|_| self.best(claim.path));
                let winner = winner.map(|score| score.package).filter(|winner| *winner != number);
                self.aliases.extend(winner.map(|winner| (winner, number)));
            }
        }
    }
}

/// How good a claim is in this view; none where it claims what is not there.
fn strength(view: &ChainView<'_>, claim: &Claim) -> Option<Strength> {
    if claim.tree {
        return Some(claim.strength);
    }
    let entry = view.entry(claim.path)?;
    let file = entry.inode.map_or(entry, |inode| view.ledger.entry(inode));
    let agrees = file.is_file() && claim.size == Some(file.content);
    Some(if agrees { Strength::Verified.min(claim.strength) } else { claim.strength })
}

/// What the system's packages hold, before anybody else has claimed anything.
struct Systems {
    /// By path: the layer that last wrote the list of the package that holds it.
    holders: Vec<Option<LayerId>>,
    /// Entries that only copy what they hide, with another owner or mode.
    copies: BTreeSet<EntryId>,
}

impl Systems {
    fn enter(view: &ChainView<'_>, packages: &[&Package], ranking: &mut Ranking) -> Self {
        for (number, package) in (0..).zip(packages).filter(|(_, package)| package.rank == Rank::System) {
            ranking.enter(view, number, package, |_, _| false);
        }
        let written = |package: &&Package| Some(view.entry(package.evidence?)?.layer);
        let layers: Vec<_> = packages.iter().map(written).collect();
        let layer_of =
            |score: &Score| layers.get(score.package as usize).copied().flatten().unwrap_or_default();
        let holders = ranking.exact.iter().map(|score| score.as_ref().map(layer_of)).collect();
        let copies = view.ledger.copy_ups.iter().map(|(_, new)| *new).collect();
        Self { holders, copies }
    }

    /// The layer that last wrote the list of the system's package that lists a path.
    fn holder(&self, path: PathId) -> Option<LayerId> {
        self.holders.get(path.0 as usize).copied().flatten()
    }

    /// Whether a path that a system's package lists was written again in a higher layer, and not just copied.
    fn is_rewritten(&self, view: &ChainView<'_>, path: PathId) -> bool {
        let (Some(listed), Some(id)) = (self.holder(path), view.at(path)) else { return false };
        view.ledger.entry(id).layer > listed && !self.copies.contains(&id)
    }
}
