//! The members of a layer's tar, as the walk leaves them: compact, for there may be millions.

use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

use super::evidence::Evidence;
use super::members::Members;

/// What the walk learned of one layer. Everything is kept once, in the order of the tar.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct WalkedLayer {
    /// The members, in the order of the tar.
    pub members: Members,
    /// The contents that were asked for.
    pub evidence: Evidence,
    /// The length of the uncompressed tar in bytes, trailer and trailing bytes included.
    pub tar_size: u64,
    /// The length of the blob as stored, in bytes.
    pub blob_size: u64,
    /// Bytes of the blob that belong to no member: the tar's trailer, and the compression's own header and trailer.
    /// Together with the members' transfer this is `blob_size`, to the byte.
    pub transfer_overhead: u64,
    /// How the blob is compressed.
    pub compression: Compression,
    /// A foreign layer: its descriptor says how large it is, and nothing of it was read.
    pub unread: bool,
    /// Whether every byte was read and the blob's digest held; `false` where content was skipped by seeking.
    pub verified: bool,
}

impl WalkedLayer {
    /// A layer that is not distributed: `blob_size` bytes by its descriptor, of which nothing was read.
    pub fn foreign(blob_size: u64) -> Self {
        Self { blob_size, transfer_overhead: blob_size, unread: true, ..Self::default() }
    }

    /// Σ content over the members, in bytes.
    pub fn content(&self) -> u64 {
        self.members.iter().map(|named| named.member.content).sum()
    }
}

/// One member of a layer's tar.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Member {
    /// Bytes of the file as `stat` would say: the logical size. Zero for everything but regular files.
    pub content: u64,
    /// Bytes of content that the tar holds; less than `content` for a sparse file.
    pub stored: u64,
    /// This member's share of the blob as stored, in bytes.
    pub transfer: u64,
    /// The stored content, where every byte went by; `None` where it was skipped.
    pub hash: Option<ContentHash>,
    /// Bytes of headers and padding, PAX and GNU extension headers included. The padding follows the content; everything
    /// else is before it.
    pub overhead: u32,
    /// Permissions, as `chmod` takes them.
    pub mode: u16,
    /// What kind of file it is.
    pub kind: MemberKind,
    /// What the first bytes say that a regular file is.
    pub format: FileFormat,
}

/// xxh3 of a content, to tell contents apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ContentHash(NonZeroU64);

impl From<u64> for ContentHash {
    /// The one hash that is 0 counts as another, so that none takes no room.
    fn from(hash: u64) -> Self {
        Self(NonZeroU64::new(hash).unwrap_or(NonZeroU64::MAX))
    }
}

/// What kind of file a member makes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MemberKind {
    /// A regular file with content of its own.
    #[default]
    File,
    /// Another name of a file.
    HardLink,
    /// A symbolic link.
    Symlink,
    /// A directory.
    Directory,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
    /// A named pipe.
    Fifo,
}

/// What the first bytes of a regular file say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FileFormat {
    /// Nothing that matters here, or not looked at.
    #[default]
    Other,
    /// ELF, to be started.
    ElfExecutable,
    /// ELF, position independent: a shared library, or an executable of today's compilers.
    ElfShared,
    /// ELF, to be linked: an object file or a kernel module.
    ElfObject,
    /// `!<arch>`: a static library, or a .deb.
    Ar,
    /// `#!`: a script with its interpreter.
    Script,
    /// A zip: a wheel, a jar, an egg.
    Zip,
    /// Compressed by gzip, bzip2, xz or zstd.
    Compressed,
}

impl FileFormat {
    /// Judges by the first bytes of a file; eighteen suffice.
    pub fn of(head: &[u8]) -> Self {
        match head {
            [0x7f, b'E', b'L', b'F', _, order, ..] => {
                let kind = head.get(16..18).map_or(0, |kind| match order {
                    2 => u16::from_be_bytes([kind[0], kind[1]]),
                    _ => u16::from_le_bytes([kind[0], kind[1]]),
                });
                match kind {
                    1 => Self::ElfObject,
                    2 => Self::ElfExecutable,
                    3 => Self::ElfShared,
                    _ => Self::Other,
                }
            }
            [b'#', b'!', ..] => Self::Script,
            [b'P', b'K', 3 | 5, 4 | 6, ..] => Self::Zip,
            [0x1f, 0x8b, ..] | [b'B', b'Z', b'h', ..] | [0xfd, b'7', b'z', b'X', b'Z', ..] => {
                Self::Compressed
            }
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Compressed,
            _ if head.starts_with(b"!<arch>\n") => Self::Ar,
            _ => Self::Other,
        }
    }

    /// Whether it is ELF of any type.
    pub fn is_elf(self) -> bool {
        matches!(self, Self::ElfExecutable | Self::ElfShared | Self::ElfObject)
    }
}

/// How a blob is compressed, judged by its first bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// gzip, any number of members (estargz is gzip).
    Gzip,
    /// zstd, any number of frames (zstd:chunked is zstd).
    Zstd,
}
