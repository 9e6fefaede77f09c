//! One tar member in one layer, and what became of it.

use std::num::NonZeroU32;

use super::{Category, TextId};
use crate::layer::{ContentHash, FileFormat, MemberKind};
use crate::size::Size;

/// Position of an entry in [`super::Ledger::entries`], kept plus one: so none of them takes no room of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(NonZeroU32);

impl EntryId {
    /// The id of a position.
    pub fn new(position: u32) -> Self {
        Self(NonZeroU32::MIN.saturating_add(position))
    }

    /// The position.
    pub fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// Position of a layer, the lowest being 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LayerId(pub u16);

/// Position of an owner in [`super::Ledger::owners`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct OwnerId(pub u32);

/// Position of a path in [`super::Tree`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PathId(pub u32);

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Fate {
    /// Visible in the final file system. A file is live as long as any hard link to it that the same layer made.
    #[default]
    Live,
    /// Hidden by an entry of this layer at the same path, or by a file where a directory on its path was. The layer can
    /// be the entry's own: a duplicate member, of which the last wins.
    Overwritten(LayerId),
    /// Hidden by a whiteout or an opaque directory of this layer.
    Deleted(LayerId),
}

impl Fate {
    /// Whether it can be seen in the final file system.
    pub fn is_live(self) -> bool {
        self == Self::Live
    }

    /// The layer that hid it; `None` while it is live.
    pub fn hidden_by(self) -> Option<LayerId> {
        match self {
            Self::Live => None,
            Self::Overwritten(layer) | Self::Deleted(layer) => Some(layer),
        }
    }
}

/// What an entry is in its layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// What a member makes.
    Member(MemberKind),
    /// `.wh.NAME`: deletes NAME of the layers below. Its path is that of what it deletes.
    Whiteout,
    /// `.wh..wh..opq`: deletes everything that the layers below have in its directory, whose path it has.
    Opaque,
    /// `.wh..wh.*`: bookkeeping of aufs, which no runtime unpacks and which deletes nothing.
    Reserved,
}

/// One tar member in one layer. There may be millions, so it holds what figures are made of and nothing else.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Where it is, normalised.
    pub path: PathId,
    /// The layer that it is in.
    pub layer: LayerId,
    /// What it is there.
    pub kind: Kind,
    /// What became of it.
    pub fate: Fate,
    /// Who it belongs to: exactly one.
    pub owner: OwnerId,
    /// What it is, whoever owns it.
    pub category: Category,
    /// What a regular file's first bytes say.
    pub format: FileFormat,
    /// Bytes of a regular file as `stat` says; zero for everything else.
    pub content: u64,
    /// Bytes of content in the tar; less than `content` for a sparse file.
    pub stored: u64,
    /// Bytes of tar headers and padding.
    pub overhead: u32,
    /// Share of the layer's blob in bytes.
    pub transfer: u64,
    /// The content, once anything had a reason to tell it from others.
    pub hash: Option<ContentHash>,
    /// Of a hard link, the entry that holds the bytes, where that is in the same layer.
    pub inode: Option<EntryId>,
    /// A link's target in the tree's texts; the empty one for other kinds.
    pub link: TextId,
}

impl Entry {
    /// Both measures of the entry.
    pub fn size(&self) -> Size {
        Size::new(self.content, self.transfer)
    }

    /// Whether it is a regular file with bytes of its own.
    pub fn is_file(&self) -> bool {
        self.kind == Kind::Member(MemberKind::File)
    }

    /// Whether it is a directory.
    pub fn is_directory(&self) -> bool {
        self.kind == Kind::Member(MemberKind::Directory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_takes_as_little_memory_as_it_may() {
        assert_eq!(size_of::<Entry>(), 64, "memory grows with entries: docs/performance.md says by how much");
    }
}
