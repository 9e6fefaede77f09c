//! Merges walked layers into a ledger: what each member is in its layer, and what becomes of it above.
//!
//! Each layer is applied as a runtime would: first its whiteouts, which only ever reach the layers below, then its
//! members in the order of the tar. <https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md#whiteouts>

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashSet};

use super::category::Categoriser;
use super::entry::{Entry, EntryId, Fate, Kind, LayerId, PathId};
use super::{LayerSum, Ledger, TextId, Tree};
use crate::layer::{Evidence, MemberKind, Named, WalkedLayer};

/// `.wh.NAME` deletes NAME of the layers below.
const WHITEOUT: &[u8] = b".wh.";
/// `.wh..wh.` marks what belongs to the layer's storage and not to its file system.
const RESERVED: &[u8] = b".wh..wh.";
/// The reserved name that means: nothing that the layers below have in this directory.
const OPAQUE: &[u8] = b".wh..wh..opq";

impl Ledger {
    /// Merges the layers, lowest first.
    pub fn build(layers: impl IntoIterator<Item = WalkedLayer>) -> Self {
        let mut merge = Merge::default();
        for layer in layers {
            merge.apply(layer);
        }
        merge.finish()
    }
}

/// How many symbolic links a path may go through, as Linux has it.
const MAX_LINKS: usize = 40;

/// The state between two layers.
#[derive(Default)]
struct Merge {
    ledger: Ledger,
    /// The visible entry of each path.
    visible: Vec<Option<EntryId>>,
    /// How many visible entries lie at or below each path, so that hiding a tree costs what is visible of it.
    weight: Vec<u32>,
    /// The directory that was written last, and its path: neighbours mostly share it.
    directory: (Vec<u8>, PathId),
    categoriser: Categoriser,
    /// Rewrites of a file by one of the same size: (hidden, hiding). Which are copy-ups, hashes will tell.
    rewrites: Vec<(EntryId, EntryId)>,
}

impl Merge {
    /// Takes the layer to pieces, so that its members go while their entries come.
    fn apply(&mut self, walked: WalkedLayer) {
        let layer = LayerId(u16::try_from(self.ledger.layers.len()).unwrap_or(u16::MAX));
        let first = self.ledger.entries.len();
        let count = walked.members.len();
        self.ledger.entries.reserve(count);
        for run in walked.members.into_runs() {
            for named in run.iter() {
                let entry = self.entry(named, layer);
                self.ledger.entries.push(entry);
            }
        }
        self.visible.resize(self.ledger.tree.len(), None);
        self.weight.resize(self.ledger.tree.len(), 0);

        let added = (first..self.ledger.entries.len()).map(|position| EntryId::new(narrow(position)));
        let directories = OnceCell::new();
        for id in added.clone() {
            let (kind, path) = (self.ledger.entry(id).kind, self.ledger.entry(id).path);
            if let Kind::Whiteout | Kind::Opaque = kind
                && let Some(path) = self.reach(path, kind, &added, &directories)
            {
                self.hide(path, Fate::Deleted(layer), kind == Kind::Whiteout);
            }
        }
        for id in added.clone() {
            if let Kind::Member(kind) = self.ledger.entry(id).kind {
                self.add(id, kind, layer);
            }
        }
        self.keep_evidence(walked.evidence, narrow(first));
        self.ledger.layers.push(LayerSum {
            transfer: walked.blob_size,
            transfer_overhead: walked.transfer_overhead,
            content: added.map(|id| self.ledger.entry(id).content).sum(),
            tar_size: walked.tar_size,
            first: narrow(first),
            count: narrow(count),
            compression: walked.compression,
            read: !walked.unread,
            verified: walked.verified,
        });
    }

    /// Translates a member; whiteouts get the path of what they hide.
    fn entry(&mut self, named: Named<'_>, layer: LayerId) -> Entry {
        let Named { path: written, link, member } = named;
        let path = self.intern(written);
        let tree = &mut self.ledger.tree;
        let (path, kind) = match tree.name(path) {
            OPAQUE => (tree.parent(path), Kind::Opaque),
            name if name.starts_with(RESERVED) => (path, Kind::Reserved),
            name if name.starts_with(WHITEOUT) && name.len() > WHITEOUT.len() => {
                let name = name[WHITEOUT.len()..].to_vec();
                (tree.intern_below(tree.parent(path), &name), Kind::Whiteout)
            }
            _ => (path, Kind::Member(member.kind)),
        };
        let link = tree.keep(link);
        // What is not a member of the file system is hidden from birth, by its own layer; bytes that somebody put into
        // a whiteout never become a file's.
        let (fate, content) = match kind {
            Kind::Member(_) => (Fate::Live, member.content),
            _ => (Fate::Deleted(layer), 0),
        };
        Entry {
            path,
            layer,
            kind,
            fate,
            owner: Ledger::UNOWNED,
            category: self.categoriser.of(written, member.format, u32::from(member.mode)),
            format: member.format,
            content,
            stored: member.stored,
            overhead: member.overhead,
            transfer: member.transfer,
            hash: member.hash,
            inode: None,
            link,
        }
    }

    /// The path that a member writes.
    fn intern(&mut self, written: &[u8]) -> PathId {
        let slash = written.iter().rposition(|byte| *byte == b'/').filter(|slash| *slash > 0);
        let Some(slash) = slash.filter(|slash| *slash + 1 < written.len()) else {
            return self.ledger.tree.intern(written);
        };
        let (directory, name) = (&written[..slash], &written[slash + 1..]);
        let (before, at) = &mut self.directory;
        if before != directory {
            *at = self.ledger.tree.intern(directory);
            before.clear();
            before.extend_from_slice(directory);
        }
        self.ledger.tree.intern_below(*at, name)
    }

    /// Makes a member visible, and hides what it takes the place of.
    fn add(&mut self, id: EntryId, kind: MemberKind, layer: LayerId) {
        if kind == MemberKind::HardLink {
            self.link(id, layer);
        }
        let path = self.redirect(id);
        let fate = Fate::Overwritten(layer);
        self.clear_way(path, fate);
        if let Some(below) = self.visible[path.0 as usize] {
            self.note_rewrite(below, id);
        }
        let stays = self.visible_at(path).is_none_or(|below| self.ledger.entry(below).is_directory());
        if kind == MemberKind::Directory && stays {
            // A directory over a directory replaces its metadata and nothing in it, also where no entry had made it.
            self.hide_one(path, fate);
        } else {
            self.hide(path, fate, true);
        }
        self.visible[path.0 as usize] = Some(id);
        self.count(path, 1);
    }

    /// Where a whiteout of the entries `added` really reaches: through a symbolic link of the layers below, as members
    /// go. `None` where its own layer puts a directory in place of that link: then nothing below was ever in it. An
    /// overlay says so with an opaque marker, which must not empty the directory that the link pointed to.
    fn reach(
        &mut self,
        path: PathId,
        kind: Kind,
        added: &(impl Iterator<Item = EntryId> + Clone),
        directories: &OnceCell<HashSet<PathId>>,
    ) -> Option<PathId> {
        let mut at = path;
        for _ in 0..MAX_LINKS {
            let own = self.visible_at(at).filter(|_| kind == Kind::Opaque).map(|id| self.ledger.entry(id));
            let own = own.filter(|entry| entry.kind == Kind::Member(MemberKind::Symlink));
            let Some((link, target)) = own.map(|entry| (at, entry.link)).or_else(|| self.link_above(at))
            else {
                return Some(at);
            };
            // Looked up once a whiteout meets a link, which few layers' do and thousands of one layer's may.
            let made = directories.get_or_init(|| {
                let made = added.clone().map(|id| self.ledger.entry(id)).filter(|entry| entry.is_directory());
                made.map(|entry| entry.path).collect()
            });
            if made.contains(&link) {
                return None;
            }
            at = self.through(link, target, at);
        }
        None
    }

    /// Where a member really goes: below a symbolic link to a directory, it goes where the link points, as containerd
    /// has it. Only paths that the layer brings no directory for can meet one.
    fn redirect(&mut self, id: EntryId) -> PathId {
        let path = self.ledger.entry(id).path;
        let at = self.resolve(path);
        if at != path {
            self.ledger.entries[id.index()].path = at;
        }
        at
    }

    /// A path with the symbolic links above it followed.
    fn resolve(&mut self, path: PathId) -> PathId {
        let mut at = path;
        for _ in 0..MAX_LINKS {
            let Some((link, target)) = self.link_above(at) else { break };
            at = self.through(link, target, at);
        }
        at
    }

    /// The path `at`, which is `link` or below it, with the link's target in place of the link.
    fn through(&mut self, link: PathId, target: TextId, at: PathId) -> PathId {
        let tree = &mut self.ledger.tree;
        let mut below: Vec<Vec<u8>> = Vec::new();
        let mut step = at;
        while step != link {
            below.push(tree.name(step).to_vec());
            step = tree.parent(step);
        }
        let target = tree.text(target).to_vec();
        let mut at = tree.intern_below(tree.parent(link), &target);
        for name in below.iter().rev() {
            at = tree.intern_below(at, name);
        }
        self.visible.resize(self.ledger.tree.len(), None);
        self.weight.resize(self.ledger.tree.len(), 0);
        at
    }

    /// The nearest symbolic link above a path, and its target, unless a directory is nearer.
    fn link_above(&self, path: PathId) -> Option<(PathId, TextId)> {
        for above in self.ledger.tree.ancestors(path) {
            let Some(id) = self.visible_at(above) else { continue };
            let entry = self.ledger.entry(id);
            let is_link = entry.kind == Kind::Member(MemberKind::Symlink);
            return is_link.then_some((above, entry.link));
        }
        None
    }

    /// Finds the entry that holds a hard link's bytes, if this layer made it. A link to a file of a lower layer has no
    /// bytes and keeps none alive: that file is another inode once its layer is stored. Another name of a symbolic link is
    /// that link.
    fn link(&mut self, id: EntryId, layer: LayerId) {
        let target = self.ledger.tree.text(self.ledger.entry(id).link).to_vec();
        let path = self.ledger.tree.intern(&target);
        self.visible.resize(self.ledger.tree.len(), None);
        self.weight.resize(self.ledger.tree.len(), 0);
        let path = self.resolve(path);
        let Some(target) = self.visible_at(path) else { return };
        let target = self.ledger.entry(target).inode.unwrap_or(target);
        let (of, kind, text) =
            (self.ledger.entry(target).layer, self.ledger.entry(target).kind, self.ledger.entry(target).link);
        let entry = &mut self.ledger.entries[id.index()];
        match kind {
            Kind::Member(MemberKind::File) if of == layer => entry.inode = Some(target),
            Kind::Member(MemberKind::Symlink) => (entry.kind, entry.link) = (kind, text),
            _ => {}
        }
    }

    /// Hides whatever stands where a member's path needs a directory: the nearest visible directory above vouches for
    /// everything above itself.
    fn clear_way(&mut self, path: PathId, fate: Fate) {
        let mut above = path;
        while above != Tree::ROOT {
            above = self.ledger.tree.parent(above);
            match self.visible[above.0 as usize] {
                Some(id) if self.ledger.entry(id).is_directory() => return,
                Some(_) => self.hide_one(above, fate),
                None => {}
            }
        }
    }

    /// Hides everything visible below a path, and the path itself if `whole`.
    fn hide(&mut self, path: PathId, fate: Fate, whole: bool) {
        if whole {
            self.hide_one(path, fate);
        }
        if self.weight[path.0 as usize] == 0 {
            return;
        }
        // Children that anything is visible of, and no look at the others once these are all: a directory that every layer
        // empties remembers all that it ever held.
        let heavy = |merge: &Self, path: PathId| -> Vec<PathId> {
            let own = u32::from(merge.visible_at(path).is_some());
            let mut left = merge.weight[path.0 as usize].saturating_sub(own);
            let mut children = merge.ledger.tree.children(path);
            let mut heavy = Vec::new();
            while left > 0
                && let Some(child) = children.next()
            {
                let weight = merge.weight[child.0 as usize];
                if weight > 0 {
                    left = left.saturating_sub(weight);
                    heavy.push(child);
                }
            }
            heavy
        };
        let mut stack = heavy(self, path);
        let mut found = Vec::new();
        while let Some(path) = stack.pop() {
            found.push(path);
            stack.extend(heavy(self, path));
        }
        for path in found {
            self.hide_one(path, fate);
        }
    }

    fn hide_one(&mut self, path: PathId, fate: Fate) {
        if let Some(id) = self.visible[path.0 as usize].take() {
            self.ledger.entries[id.index()].fate = fate;
            self.count(path, -1);
        }
    }

    fn count(&mut self, path: PathId, change: i32) {
        let mut at = path;
        loop {
            let weight = &mut self.weight[at.0 as usize];
            *weight = weight.saturating_add_signed(change);
            if at == Tree::ROOT {
                return;
            }
            at = self.ledger.tree.parent(at);
        }
    }

    fn note_rewrite(&mut self, below: EntryId, above: EntryId) {
        let below = self.ledger.entry(below).inode.unwrap_or(below);
        let (old, new) = (self.ledger.entry(below), self.ledger.entry(above));
        let same_size = old.content == new.content && old.stored == new.stored && new.content > 0;
        if old.is_file() && new.is_file() && same_size && old.layer < new.layer {
            self.rewrites.push((below, above));
        }
    }

    fn visible_at(&self, path: PathId) -> Option<EntryId> {
        self.visible.get(path.0 as usize).copied().flatten()
    }

    fn keep_evidence(&mut self, evidence: Evidence, first: u32) {
        let id = |member: u32| EntryId::new(first + member);
        let Evidence { contents, reduced, insides, too_long } = evidence;
        self.ledger.evidence.extend(contents.into_iter().map(|(member, content)| (id(member), content)));
        self.ledger.reduced.extend(reduced.into_iter().map(|(member, made)| (id(member), made)));
        self.ledger.insides.extend(insides.into_iter().map(|(member, inside)| (id(member), inside)));
        self.ledger.too_long.extend(too_long.into_iter().map(id));
    }

    /// Settles what a hard link keeps alive, and hands the ledger out.
    fn finish(mut self) -> Ledger {
        // The bytes go with the last name that goes.
        let mut ends: BTreeMap<EntryId, Fate> = BTreeMap::new();
        for entry in &self.ledger.entries {
            if let Some(inode) = entry.inode {
                let end = ends.entry(inode).or_insert_with(|| self.ledger.entry(inode).fate);
                *end = later(*end, entry.fate);
            }
        }
        for (inode, last) in ends {
            let own = self.ledger.entry(inode).fate;
            if let Some(hidden) = own.hidden_by().filter(|_| last != own) {
                self.ledger.hidden_names.insert(inode, hidden);
                self.ledger.entries[inode.index()].fate = last;
            }
        }
        self.ledger.owners.push("unowned".to_owned());
        self.ledger.rewrites = self.rewrites;
        self.ledger
    }
}

/// Of two fates, the one that comes later; to live is the latest of all.
fn later(one: Fate, other: Fate) -> Fate {
    match (one.hidden_by(), other.hidden_by()) {
        (None, _) | (_, None) => Fate::Live,
        (Some(first), Some(second)) if second > first => other,
        _ => one,
    }
}

/// The walk refuses more members than fit (see `limits`).
fn narrow(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
