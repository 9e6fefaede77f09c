//! The file system as it was after each layer: what a container started from that layer would have seen.

use super::{Entry, EntryId, LayerId, Ledger, PathId, Tree};
use crate::layer::{Inside, MemberKind, Reduced};
use crate::ledger::entry::Kind;

/// The merged file system after one layer. Package databases are read in such a view, so that bytes which a later layer
/// hides keep the owner that they had.
#[derive(Debug, Clone)]
pub struct ChainView<'a> {
    /// The ledger that this is a view of.
    pub ledger: &'a Ledger,
    /// The topmost layer of the view.
    pub layer: LayerId,
    /// The visible entry of each path; `None` for what is not there, and for directories that no entry makes.
    visible: Vec<Option<EntryId>>,
}

/// How many symbolic links a path may go through, as Linux has it.
const MAX_LINKS: usize = 40;

impl<'a> ChainView<'a> {
    /// The view after `layer`, from the fates that the ledger holds: an entry is visible from its own layer on until the
    /// layer that hides it.
    pub fn new(ledger: &'a Ledger, layer: LayerId) -> Self {
        let mut visible = vec![None; ledger.tree.len()];
        for id in ledger.ids() {
            let entry = ledger.entry(id);
            let is_there = matches!(entry.kind, Kind::Member(_))
                && entry.layer <= layer
                && ledger.name_hidden_by(id).is_none_or(|hidden| hidden > layer);
            if is_there {
                visible[entry.path.0 as usize] = Some(id);
            }
        }
        Self { ledger, layer, visible }
    }

    /// The view after a lower layer, at the price of what differs: what came later goes, and what that hid comes back.
    /// `hidden` says what each layer hides, as [`Ledger::hidden_by_layer`] does.
    pub fn descend(&mut self, layer: LayerId, hidden: &[Vec<EntryId>]) {
        let later = layer.0 + 1..=self.layer.0;
        for id in later.clone().flat_map(|above| self.ledger.ids_of(LayerId(above))) {
            let place = &mut self.visible[self.ledger.entry(id).path.0 as usize];
            *place = place.filter(|visible| *visible != id);
        }
        for id in later.filter_map(|above| hidden.get(usize::from(above))).flatten() {
            let entry = self.ledger.entry(*id);
            if entry.layer <= layer {
                self.visible[entry.path.0 as usize] = Some(*id);
            }
        }
        self.layer = layer;
    }

    /// The view after the last layer: the image as it is.
    pub fn last(ledger: &'a Ledger) -> Self {
        let last = u16::try_from(ledger.layers.len().saturating_sub(1)).unwrap_or(u16::MAX);
        Self::new(ledger, LayerId(last))
    }

    /// The visible entry at exactly this path.
    pub fn at(&self, path: PathId) -> Option<EntryId> {
        self.visible.get(path.0 as usize).copied().flatten()
    }

    /// The visible entry at exactly this path.
    pub fn entry(&self, path: PathId) -> Option<&'a Entry> {
        self.at(path).map(|id| self.ledger.entry(id))
    }

    /// The captured content of the file at exactly this path.
    pub fn content(&self, path: PathId) -> Option<&'a [u8]> {
        let id = self.at(path)?;
        let id = self.ledger.entry(id).inode.unwrap_or(id);
        self.ledger.evidence.get(&id).map(Vec::as_slice)
    }

    /// What was made of the content of the file at exactly this path.
    pub fn reduced(&self, path: PathId) -> Option<&'a Reduced> {
        let id = self.at(path)?;
        self.ledger.reduced.get(&self.ledger.entry(id).inode.unwrap_or(id))
    }

    /// All visible files whose content was captured, in the order of the ledger.
    pub fn captured(&self) -> impl Iterator<Item = (PathId, EntryId, &'a [u8])> + '_ {
        self.ledger.evidence.iter().filter_map(|(id, content)| {
            let path = self.ledger.entry(*id).path;
            (self.at(path) == Some(*id)).then_some((path, *id, content.as_slice()))
        })
    }

    /// All visible files that were looked into, in the order of the ledger.
    pub fn insides(&self) -> impl Iterator<Item = (PathId, EntryId, &'a Inside)> + '_ {
        self.ledger.insides.iter().filter_map(|(id, inside)| {
            let path = self.ledger.entry(*id).path;
            (self.at(path) == Some(*id)).then_some((path, *id, inside))
        })
    }

    /// A path as a package database spells it, with the symbolic links of its directories resolved inside the image and
    /// its last component kept: dpkg says `/bin/ls` where the tar says `usr/bin/ls`. `None` where nothing is there.
    pub fn locate(&self, path: &[u8]) -> Option<PathId> {
        self.locate_below(Tree::ROOT, path)
    }

    /// [`ChainView::locate`] for a path relative to a directory.
    pub fn locate_below(&self, from: PathId, path: &[u8]) -> Option<PathId> {
        self.walk(from, path, false, |_| {})
    }

    /// [`ChainView::locate`], with a symbolic link at the last component followed too.
    pub fn follow(&self, path: &[u8]) -> Option<PathId> {
        self.walk(Tree::ROOT, path, true, |_| {})
    }

    /// Calls `passed` with every symbolic link on the way.
    fn walk(
        &self,
        from: PathId,
        path: &[u8],
        follow_last: bool,
        mut passed: impl FnMut(EntryId),
    ) -> Option<PathId> {
        let tree = &self.ledger.tree;
        let mut at = if path.starts_with(b"/") { Tree::ROOT } else { from };
        let mut links = 0;
        // What is left of the path, and below it what is left of the paths whose links were met on the way.
        let mut rest = path;
        let mut left: Vec<&[u8]> = Vec::new();
        loop {
            if rest.is_empty() {
                match left.pop() {
                    Some(outer) => rest = outer,
                    None => return Some(at),
                }
                continue;
            }
            let (component, after) = split_first(rest);
            rest = after;
            at = match component {
                b"" | b"." => continue,
                b".." => tree.parent(at),
                name => {
                    let child = tree.child(at, name)?;
                    let link =
                        self.entry(child).filter(|entry| entry.kind == Kind::Member(MemberKind::Symlink));
                    let is_last = || ends(rest) && left.iter().all(|outer| ends(outer));
                    let Some(link) = link.filter(|_| follow_last || !is_last()) else {
                        at = child;
                        continue;
                    };
                    self.at(child).into_iter().for_each(&mut passed);
                    links += 1;
                    if links > MAX_LINKS {
                        return None;
                    }
                    let target = tree.text(link.link);
                    left.push(std::mem::replace(&mut rest, target));
                    if target.starts_with(b"/") { Tree::ROOT } else { at }
                }
            };
        }
    }
}

/// Locates paths of which neighbours mostly lie in one directory, as the lists of package databases do: that directory is
/// looked up once.
#[derive(Debug)]
pub struct Locator<'v, 'a> {
    view: &'v ChainView<'a>,
    from: PathId,
    /// The directory that was looked up last, as written, and where it is.
    directory: Vec<u8>,
    at: Option<PathId>,
    /// The symbolic links on the way to that directory.
    through: Vec<EntryId>,
    /// The symbolic links on the way to any path since they were last asked for; hardly ever more than two.
    passed: Vec<EntryId>,
}

impl<'v, 'a> Locator<'v, 'a> {
    /// Locates paths as seen from a directory.
    pub fn new(view: &'v ChainView<'a>, from: PathId) -> Self {
        Self { view, from, directory: Vec::new(), at: None, through: Vec::new(), passed: Vec::new() }
    }

    /// [`ChainView::locate_below`].
    pub fn locate(&mut self, path: &[u8]) -> Option<PathId> {
        let slash = path.iter().rposition(|byte| *byte == b'/').filter(|slash| *slash > 0);
        let (directory, name) = slash.map_or((path, &[][..]), |slash| (&path[..slash], &path[slash + 1..]));
        if matches!(name, b"" | b"." | b"..") {
            let passed = &mut self.passed;
            return self.view.walk(self.from, path, false, |link| note(passed, link));
        }
        if self.directory != directory {
            let through = &mut self.through;
            through.clear();
            self.at = self.view.walk(self.from, directory, true, |link| through.push(link));
            self.directory.clear();
            self.directory.extend_from_slice(directory);
        }
        self.through.iter().for_each(|link| note(&mut self.passed, *link));
        self.view.ledger.tree.child(self.at?, name)
    }

    /// The symbolic links on the way to the paths that were located since this was last asked.
    pub fn passed(&mut self) -> Vec<EntryId> {
        std::mem::take(&mut self.passed)
    }
}

fn note(passed: &mut Vec<EntryId>, link: EntryId) {
    if !passed.contains(&link) {
        passed.push(link);
    }
}

/// The first component of a path, and what follows it.
fn split_first(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().position(|byte| *byte == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (path, b""),
    }
}

/// Whether a path names nothing more.
fn ends(path: &[u8]) -> bool {
    path.split(|byte| *byte == b'/').all(|component| matches!(component, b"" | b"."))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::owners::testing::{File, layer};

    proptest! {
        /// On the way down, every view is what it is when it is made from nothing, and memory finds what looking finds.
        #[test]
        fn a_view_that_descends_is_the_view_itself(
            layers in prop::collection::vec(
                prop::collection::vec(("(a|b|c)(/(a|b|c|\\.wh\\.a|\\.wh\\.b|\\.wh\\.\\.wh\\.\\.opq)){0,3}", 0..4_u8), 0..8),
                1..6,
            ),
            steps in prop::collection::vec(any::<bool>(), 6),
            paths in prop::collection::vec("/?(a|b|c|\\.\\.|\\.)(/(a|b|c|\\.\\.|\\.)?){0,3}", 0..8),
        ) {
            let layers = layers.iter().map(|members| {
                let files = members.iter().map(|(path, kind)| match kind {
                    0 => File::Directory(path),
                    1 => File::Link(path, "b"),
                    2 => File::HardLink(path, "a/b"),
                    _ => File::Text(path, "text"),
                });
                layer(&files.collect::<Vec<_>>())
            });
            let ledger = Ledger::build(layers.collect::<Vec<_>>());
            let hidden = ledger.hidden_by_layer();
            let mut view = ChainView::last(&ledger);
            for to in (0..=view.layer.0).rev().filter(|to| steps[usize::from(*to)]) {
                view.descend(LayerId(to), &hidden);
                prop_assert_eq!(&view.visible, &ChainView::new(&ledger, LayerId(to)).visible, "layer {}", to);
                for from in ["", "a", "b/c"].iter().filter_map(|from| ledger.tree.find(from.as_bytes())) {
                    let mut locator = Locator::new(&view, from);
                    for path in paths.iter().map(String::as_bytes) {
                        prop_assert_eq!(locator.locate(path), view.locate_below(from, path));
                    }
                }
            }
        }
    }
}
