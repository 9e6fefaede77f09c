//! Every path of an image once: a tree of names, addressed by small ids.

use hashbrown::HashTable;

use super::PathId;
use crate::path::ImagePath;

/// The tree of all paths. Id 0 is the root.
#[derive(Debug, Clone)]
pub struct Tree {
    nodes: Vec<Node>,
    /// The bytes of all names and link targets, one after the other.
    names: Vec<u8>,
    /// All nodes but the root, by parent and name.
    index: HashTable<u32>,
}

/// A text that is no path: a link's target. Its length stands before it, in four bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextId(u32);

impl TextId {
    /// The empty text.
    pub const EMPTY: Self = Self(0);
}

#[derive(Debug, Clone)]
struct Node {
    parent: u32,
    name: u32,
    first_child: u32,
    next_sibling: u32,
    length: u16,
}

impl Node {
    fn name<'n>(&self, names: &'n [u8]) -> &'n [u8] {
        &names[self.name as usize..self.name as usize + usize::from(self.length)]
    }
}

const NONE: u32 = u32::MAX;

impl Default for Tree {
    fn default() -> Self {
        let root = Node { parent: 0, name: 0, first_child: NONE, next_sibling: NONE, length: 0 };
        // The length of the empty text.
        Self { nodes: vec![root], names: vec![0; 4], index: HashTable::new() }
    }
}

impl Tree {
    /// The root.
    pub const ROOT: PathId = PathId(0);

    /// How many paths there are, the root included.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is nothing but the root.
    pub fn is_empty(&self) -> bool {
        self.nodes.len() == 1
    }

    /// The path as bytes, which are normalised here, made if it is new.
    pub fn intern(&mut self, path: &[u8]) -> PathId {
        self.intern_below(Self::ROOT, path)
    }

    /// `path` as seen from the directory `from`, made if it is new.
    pub fn intern_below(&mut self, from: PathId, path: &[u8]) -> PathId {
        let mut at = if path.starts_with(b"/") { Self::ROOT } else { from };
        for component in path.split(|byte| *byte == b'/') {
            at = match component {
                b"" | b"." => at,
                b".." => self.parent(at),
                name => self.child_or_insert(at, name),
            };
        }
        at
    }

    /// The path as bytes, if it is known.
    pub fn find(&self, path: &[u8]) -> Option<PathId> {
        self.find_below(Self::ROOT, path)
    }

    /// `path` as seen from the directory `from`, if it is known.
    pub fn find_below(&self, from: PathId, path: &[u8]) -> Option<PathId> {
        let mut at = if path.starts_with(b"/") { Self::ROOT } else { from };
        for component in path.split(|byte| *byte == b'/') {
            at = match component {
                b"" | b"." => at,
                b".." => self.parent(at),
                name => self.child(at, name)?,
            };
        }
        Some(at)
    }

    /// The directory that holds a path; the root for the root.
    pub fn parent(&self, path: PathId) -> PathId {
        PathId(self.nodes[path.0 as usize].parent)
    }

    /// The last component; empty for the root.
    pub fn name(&self, path: PathId) -> &[u8] {
        self.nodes[path.0 as usize].name(&self.names)
    }

    /// The child of a directory by its name.
    pub fn child(&self, parent: PathId, name: &[u8]) -> Option<PathId> {
        let is_it = |at: &u32| {
            let node = &self.nodes[*at as usize];
            node.parent == parent.0 && node.name(&self.names) == name
        };
        self.index.find(key(parent.0, name), is_it).map(|at| PathId(*at))
    }

    /// The children of a directory, latest first.
    pub fn children(&self, parent: PathId) -> impl Iterator<Item = PathId> + '_ {
        let first = self.nodes[parent.0 as usize].first_child;
        std::iter::successors((first != NONE).then_some(PathId(first)), |child| {
            let next = self.nodes[child.0 as usize].next_sibling;
            (next != NONE).then_some(PathId(next))
        })
    }

    /// Everything strictly below a directory, in no particular order.
    pub fn descendants(&self, parent: PathId) -> impl Iterator<Item = PathId> + '_ {
        let mut stack: Vec<_> = self.children(parent).collect();
        std::iter::from_fn(move || {
            let path = stack.pop()?;
            stack.extend(self.children(path));
            Some(path)
        })
    }

    /// The directories above a path, nearest first, the root last. Empty for the root.
    pub fn ancestors(&self, path: PathId) -> impl Iterator<Item = PathId> + '_ {
        std::iter::successors((path != Self::ROOT).then(|| self.parent(path)), |path| {
            (*path != Self::ROOT).then(|| self.parent(*path))
        })
    }

    /// The whole path as bytes, without a leading `/`.
    pub fn bytes(&self, path: PathId) -> Vec<u8> {
        let up = |step: &PathId| Some(self.parent(*step));
        let steps = || std::iter::successors(Some(path), up).take_while(|step| *step != Self::ROOT);
        let length: usize = steps().map(|step| self.name(step).len() + 1).sum();
        // Filled from its end, for the tree knows the way up only.
        let mut bytes = vec![b'/'; length.saturating_sub(1)];
        let mut end = bytes.len();
        for step in steps() {
            let name = self.name(step);
            bytes[end - name.len()..end].copy_from_slice(name);
            end = (end - name.len()).saturating_sub(1);
        }
        bytes
    }

    /// The whole path, as a user reads it.
    pub fn path(&self, path: PathId) -> ImagePath {
        ImagePath::normalised(self.bytes(path))
    }

    /// Keeps a link's target; [`Tree::text`] gives it back.
    pub fn keep(&mut self, text: &[u8]) -> TextId {
        let (Ok(start), Ok(length)) = (u32::try_from(self.names.len()), u32::try_from(text.len())) else {
            return TextId::EMPTY;
        };
        if length == 0 {
            return TextId::EMPTY;
        }
        self.names.extend_from_slice(&length.to_le_bytes());
        self.names.extend_from_slice(text);
        TextId(start)
    }

    /// A text that was kept.
    pub fn text(&self, text: TextId) -> &[u8] {
        let kept = self.names.get(text.0 as usize..).and_then(|kept| kept.split_first_chunk());
        kept.and_then(|(length, text)| text.get(..u32::from_le_bytes(*length) as usize)).unwrap_or_default()
    }

    fn child_or_insert(&mut self, parent: PathId, name: &[u8]) -> PathId {
        // A component longer than any file system's 255 bytes is cut where a u16 ends; the walk has refused it before.
        let name = &name[..name.len().min(usize::from(u16::MAX))];
        if let Some(child) = self.child(parent, name) {
            return child;
        }
        let id = u32::try_from(self.nodes.len()).unwrap_or(NONE);
        let start = u32::try_from(self.names.len()).unwrap_or(NONE);
        self.names.extend_from_slice(name);
        let above = &mut self.nodes[parent.0 as usize];
        let next_sibling = std::mem::replace(&mut above.first_child, id);
        let length = u16::try_from(name.len()).unwrap_or(u16::MAX);
        self.nodes.push(Node { parent: parent.0, name: start, first_child: NONE, next_sibling, length });
        let Self { nodes, names, index } = self;
        index.insert_unique(key(parent.0, name), id, |other| {
            let node = &nodes[*other as usize];
            key(node.parent, node.name(names))
        });
        PathId(id)
    }
}

fn key(parent: u32, name: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64_with_seed(name, u64::from(parent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_id_however_it_is_spelled() {
        let mut tree = Tree::default();
        let id = tree.intern(b"./usr/lib/../bin/sh");
        assert_eq!(tree.find(b"/usr/bin/sh"), Some(id));
        assert_eq!(tree.bytes(id), b"usr/bin/sh");
        assert_eq!(tree.find(b"usr/bin/bash"), None);
        assert_eq!(tree.intern(b"../../.."), Tree::ROOT);
        assert_eq!(tree.bytes(Tree::ROOT), b"");
    }

    #[test]
    fn descendants_are_all_below_and_nothing_else() {
        let mut tree = Tree::default();
        for path in ["a/b/c", "a/b/d", "a/e", "ab/f"] {
            tree.intern(path.as_bytes());
        }
        let a = tree.find(b"a").unwrap();
        let mut below: Vec<_> = tree.descendants(a).map(|path| tree.path(path).to_string()).collect();
        below.sort();
        assert_eq!(below, ["/a/b", "/a/b/c", "/a/b/d", "/a/e"]);
    }
}
