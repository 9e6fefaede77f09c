//! What a variant takes out of an image before it carries the rest over: by findings, by audit, by symbols.

use std::collections::{BTreeMap, BTreeSet};

use super::catalog::VARIANTS;
use super::collapse::{by_name, collapse, may_go, words};
use super::ground::Ground;
use super::variant::{Action, Step};
use crate::advice::{ChangeKind, Finding, Safety};
use crate::audit::{Confidence, Package};
use crate::layer::MemberKind;
use crate::ledger::{Change, EntryId, Kind, PathId, freed};
use crate::size::Size;

/// What asks for packages of development to go, as the steps of a recipe say it.
pub const DEVELOPMENT: &str = "dev-dependencies";

/// What is taken out.
pub struct Cuts<'g, 'a> {
    ground: &'g Ground<'a>,
    /// Every name that is there to begin with.
    names: BTreeSet<PathId>,
    /// Names that go; directories are never in here.
    pub gone: BTreeSet<PathId>,
    /// Files that get smaller.
    pub shrunk: BTreeMap<EntryId, Size>,
    /// What is done, in this order.
    pub steps: Vec<Step>,
    /// The findings that are followed, as positions.
    pub chosen: Vec<usize>,
    /// What stripping frees.
    pub stripped: Size,
}

impl<'g, 'a> Cuts<'g, 'a> {
    /// Follows rules; only in the layers of this build where `own` says so.
    pub fn follow(ground: &'g Ground<'a>, rules: &[String], own: bool) -> Self {
        let is_chosen = |finding: &Finding| {
            rules.contains(&finding.rule)
                && finding.safety <= Safety::Review
                && finding.change == ChangeKind::Drop
                && !(own && finding.in_base)
                // `npm start` needs npm.
                && !starts(ground, finding)
        };
        let chosen: Vec<_> =
            (0..ground.findings.len()).filter(|at| is_chosen(ground.findings[*at])).collect();
        let mut cuts = Self {
            ground,
            names: ground.names(),
            gone: BTreeSet::new(),
            shrunk: BTreeMap::new(),
            steps: Vec::new(),
            chosen: chosen.clone(),
            stripped: Size::ZERO,
        };
        cuts.purge(own);
        let mut by_rule: Vec<(&str, BTreeSet<PathId>)> = Vec::new();
        for finding in chosen.iter().map(|at| ground.findings[*at]) {
            let paths = cuts.paths_of(finding);
            match by_rule.iter_mut().find(|(rule, _)| *rule == finding.rule) {
                Some((_, all)) => all.extend(paths),
                None => by_rule.push((&finding.rule, paths)),
            }
        }
        for (rule, paths) in by_rule {
            cuts.remove(rule, &paths);
        }
        cuts
    }

    /// The visible names of what a finding drops.
    fn paths_of(&self, finding: &Finding) -> BTreeSet<PathId> {
        let path = |change: &Change| {
            let Change::Drop(id) = change else { return None };
            let path = self.ground.ledger.entry(*id).path;
            (self.ground.view.at(path) == Some(*id)).then_some(path)
        };
        finding.changes.iter().filter_map(path).filter(|path| self.names.contains(path)).collect()
    }

    /// Packages of which findings drop every byte, and what was only installed for them.
    fn purge(&mut self, own: bool) {
        let ground = self.ground;
        let is_package = |finding: &&'a Finding| VARIANTS.packages.rules.contains(&finding.rule);
        let findings: Vec<&Finding> =
            self.chosen.iter().map(|at| ground.findings[*at]).filter(is_package).collect();
        let Some(rule) = findings.first().map(|finding| finding.rule.clone()) else { return };
        let dropped: BTreeSet<PathId> = findings.iter().flat_map(|finding| self.paths_of(finding)).collect();
        let (mut whole, mut not_whole) = (BTreeSet::new(), BTreeSet::new());
        for (path, id) in &ground.live {
            let Some(name) = ground.debian(*id).filter(|_| ground.ledger.entry(*id).content > 0) else {
                continue;
            };
            let set = if dropped.contains(path) { &mut whole } else { &mut not_whole };
            set.insert(name.to_owned());
        }
        let whole: BTreeSet<String> = whole.difference(&not_whole).cloned().collect();
        let needed = ground.linked_packages(&ground.links(&BTreeSet::new(), &ground.started));
        let mut purged = ground.installed.gone_with(&whole, &needed);
        if own {
            let of_base = ground.live.iter().filter(|(_, id)| !ground.is_own(*id));
            let of_base: BTreeSet<&str> = of_base.filter_map(|(_, id)| ground.debian(*id)).collect();
            purged.retain(|name| !of_base.contains(name.as_str()));
        }
        if purged.is_empty() {
            return;
        }
        let before = self.changes(&self.names);
        for (path, id) in &ground.live {
            let is_theirs = ground.debian(*id).is_some_and(|name| purged.contains(name));
            if self.names.contains(path) && (is_theirs || self.is_record(*path, &purged)) {
                self.gone.insert(*path);
            }
        }
        if let Some(status) = ground.view.locate(b"var/lib/dpkg/status").and_then(|path| ground.view.at(path))
        {
            let length: u64 = purged.iter().map(|name| ground.installed.length(name)).sum();
            let whole = ground.ledger.entry(status).size();
            let transfer = whole.transfer * length.min(whole.content) / whole.content.max(1);
            self.shrunk.insert(status, Size::new(length, transfer));
        }
        let frees = self.since(&before);
        let actions = vec![Action::Purge(purged.into_iter().collect())];
        self.steps.push(Step { rule, frees, actions });
    }

    /// Whether a path is what dpkg keeps of one of these packages: `info/gcc-12.list`, `info/libisl23:amd64.md5sums`.
    fn is_record(&self, path: PathId, packages: &BTreeSet<String>) -> bool {
        let tree = &self.ground.ledger.tree;
        let name = String::from_utf8_lossy(tree.name(path));
        let stem = name.rsplit_once('.').map_or(&*name, |(stem, _)| stem);
        tree.bytes(tree.parent(path)) == b"var/lib/dpkg/info"
            && packages.contains(stem.split(':').next().unwrap_or(stem))
    }

    /// Deletes names.
    fn remove(&mut self, rule: &str, paths: &BTreeSet<PathId>) {
        let new: BTreeSet<PathId> = paths.difference(&self.gone).copied().collect();
        // What cannot be written down is not taken out.
        let new: BTreeSet<PathId> =
            new.into_iter().filter(|path| self.ground.shown(*path).is_some()).collect();
        if new.is_empty() {
            return;
        }
        let tree = &self.ground.ledger.tree;
        let present: BTreeSet<PathId> = self.names.difference(&self.gone).copied().collect();
        let list = collapse(tree, &new, &present, &BTreeSet::new(), may_go);
        let (named, rest) = by_name(tree, list, &new, &present);
        let mut actions = Vec::new();
        for one in named {
            let name = String::from_utf8_lossy(&one.name).into_owned();
            actions.extend(self.ground.shown(one.below).map(|below| Action::Named { below, name }));
        }
        let rest = words(tree, &rest, &present, |path| self.ground.shown(path));
        if !rest.is_empty() {
            actions.push(Action::Remove(rest));
        }
        let before = self.changes(&self.names);
        self.gone.extend(new);
        let frees = self.since(&before);
        self.steps.push(Step { rule: rule.to_owned(), frees, actions });
    }

    /// Takes out packages of Python that the audit is sure enough of, with what only they keep.
    pub fn without_unused(&mut self, confidence: &str) {
        let ground = self.ground;
        let enough = |package: &&Package| {
            let least = [Confidence::Possible, Confidence::Likely, Confidence::Certain]
                .into_iter()
                .find(|one| one.id() == confidence);
            package.could_go
                && package.alternatives.is_empty()
                && package.id.starts_with("python:")
                && least.is_some_and(|least| package.confidence >= least)
        };
        let unused: BTreeSet<String> = ground
            .audit
            .packages
            .iter()
            .filter(enough)
            .flat_map(|package| {
                package.keeps.iter().map(|name| format!("python:{name}")).chain([package.id.clone()])
            })
            .collect();
        let is_unused =
            |id: EntryId| unused.contains(ground.ledger.owner_name(ground.ledger.entry(id).owner));
        let paths: BTreeSet<PathId> =
            ground.live.iter().filter(|(_, id)| is_unused(*id)).map(|(path, _)| *path).collect();
        let paths = paths.intersection(&self.names).copied().collect();
        self.remove("audit", &paths);
    }

    /// Takes out packages of Node that are declared for development and that nothing which runs names; with `all`, those
    /// too that no source names.
    pub fn without_development(&mut self, all: bool) {
        let going = &self.ground.audit.node_going;
        self.without_node(DEVELOPMENT, &going.development);
        if all {
            self.without_node("audit", &going.all);
        }
    }

    /// Takes out packages of Node by their directories.
    fn without_node(&mut self, rule: &str, going: &BTreeSet<PathId>) {
        let ground = self.ground;
        let tree = &ground.ledger.tree;
        if going.is_empty() {
            return;
        }
        // A package ends where one nested in it begins, which may stay.
        let root = |path: PathId| {
            let mut above = std::iter::once(path).chain(tree.ancestors(path));
            above.find(|one| {
                let parent = tree.parent(*one);
                let is_scope = tree.name(parent).starts_with(b"@");
                let modules = if is_scope { tree.parent(parent) } else { parent };
                tree.name(modules) == b"node_modules" && !tree.name(*one).starts_with(b"@")
            })
        };
        let goes = |path: PathId| root(path).is_some_and(|root| going.contains(&root));
        let leads = |path: PathId, id: EntryId| {
            // `.bin/tsc` of what goes.
            let is_link = ground.ledger.entry(id).kind == Kind::Member(MemberKind::Symlink);
            is_link && ground.view.follow(&[b"/".as_slice(), &tree.bytes(path)].concat()).is_some_and(goes)
        };
        let paths: BTreeSet<PathId> = ground
            .live
            .iter()
            .filter(|(path, id)| self.names.contains(path) && (goes(*path) || leads(*path, *id)))
            .map(|(path, _)| *path)
            .collect();
        self.remove(rule, &paths);
    }

    /// Strips shared objects that survive it.
    pub fn strip(&mut self) {
        let ground = self.ground;
        for (path, id) in &ground.live {
            let Some(symbols) = ground.linked(*path).and_then(|linked| linked.symbols) else { continue };
            let is_there = self.names.contains(path) && !self.gone.contains(path);
            let name = ground.ledger.tree.name(*path);
            let is_library = name.ends_with(b".so")
                || name.ends_with(b".node")
                || name.windows(4).any(|part| part == b".so.");
            if is_there && is_library && symbols.survives && symbols.freed.content > 0 {
                let id = ground.ledger.entry(*id).inode.unwrap_or(*id);
                self.shrunk.insert(id, symbols.freed);
            }
        }
        let kept = self.kept(&self.names);
        let objects =
            self.shrunk.iter().filter(|(id, _)| ground.linked(ground.ledger.entry(**id).path).is_some());
        let changes =
            objects.filter(|(id, _)| kept.contains(id)).map(|(id, size)| Change::Shrink(*id, *size));
        self.stripped = freed(ground.ledger, changes);
    }

    /// Whether anything of an owner is left.
    pub fn keeps(&self, owner: &str) -> bool {
        let ground = self.ground;
        ground.live.iter().any(|(path, id)| {
            let is_there = self.names.contains(path) && !self.gone.contains(path);
            is_there && ground.ledger.owner_name(ground.ledger.entry(*id).owner) == owner
        })
    }

    /// Names that are left.
    pub fn left(&self) -> BTreeSet<PathId> {
        self.names.difference(&self.gone).copied().collect()
    }

    /// The entries whose bytes are kept when the names `of` that are not gone are.
    pub fn kept(&self, of: &BTreeSet<PathId>) -> BTreeSet<EntryId> {
        let mut kept = BTreeSet::new();
        for path in of.difference(&self.gone) {
            if let Some(id) = self.ground.view.at(*path) {
                kept.insert(id);
                kept.extend(self.ground.ledger.entry(id).inode);
            }
        }
        kept
    }

    /// The changes that leave only the names `of` that are not gone, in all layers. Directories stay where anything
    /// below them does.
    pub fn changes(&self, of: &BTreeSet<PathId>) -> Vec<Change> {
        let ground = self.ground;
        let tree = &ground.ledger.tree;
        let mut kept = self.kept(of);
        let above: BTreeSet<PathId> =
            of.difference(&self.gone).flat_map(|path| tree.ancestors(*path)).collect();
        kept.extend(above.into_iter().filter_map(|path| ground.view.at(path)));
        let drops = ground.ledger.ids().filter(|id| !kept.contains(id)).map(Change::Drop);
        let shrinks = self
            .shrunk
            .iter()
            .filter(|(id, _)| kept.contains(id))
            .map(|(id, size)| Change::Shrink(*id, *size));
        let mut changes: Vec<Change> = drops.chain(shrinks).collect();
        changes.sort();
        changes
    }

    /// What is freed beyond what was.
    fn since(&self, before: &[Change]) -> Size {
        let ledger = self.ground.ledger;
        let now = freed(ledger, self.changes(&self.names));
        let then = freed(ledger, before.iter().copied());
        Size::new(now.content.saturating_sub(then.content), now.transfer.saturating_sub(then.transfer))
    }
}

/// Whether a finding would drop what the command starts.
fn starts(ground: &Ground<'_>, finding: &Finding) -> bool {
    finding.changes.iter().any(|change| {
        let Change::Drop(id) = change else { return false };
        let path = ground.ledger.entry(*id).path;
        ground.view.at(path) == Some(*id) && ground.started.programs.contains(&path)
    })
}
