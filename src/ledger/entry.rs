//! One tar member in one layer, and what became of it.

use super::Category;
use crate::layer::{FileFormat, MemberKind};
use crate::size::Size;

/// Position of an entry in [`super::Ledger::entries`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub u32);

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

/// One tar member in one layer.
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
    pub overhead: u64,
    /// Share of the layer's blob in bytes.
    pub transfer: u64,
    /// Where the content starts in the uncompressed tar.
    pub offset: u64,
    /// xxh3 of the content, once anything had a reason to compute it.
    pub hash: Option<u64>,
    /// Of a hard link, the entry that holds the bytes, where that is in the same layer.
    pub inode: Option<EntryId>,
    /// Permissions.
    pub mode: u32,
    /// Owner on disk.
    pub uid: u64,
    /// Group on disk.
    pub gid: u64,
    /// Modification time, seconds since 1970.
    pub mtime: i64,
    /// xxh3 of the extended attributes; 0 where there are none.
    pub xattrs: u64,
    /// Range of a link's target in the tree's names; empty for other kinds.
    pub link: (u32, u32),
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
