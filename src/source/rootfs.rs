//! Directories of the host as images of one layer: an unpacked root file system, a virtual environment.
//!
//! The tree is listed once and then shown as the tar that it would make. That tar is never written: its headers are made
//! when they are read, and so are its contents. Symbolic links are listed and never followed, and other file systems
//! that are mounted in the tree are left out, so nothing outside of the directory is read.

#![expect(clippy::disallowed_types, reason = "the directory that the user names on the host")]

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tar::{EntryType, Header};
use walkdir::WalkDir;

use super::{Blob, ReadAt, Region, Root, Source};
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::image::{Descriptor, Platform};
use crate::path::Printable;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
const BLOCK: usize = 512;
/// The longest name that a header holds; longer ones have a member of their own before it.
const SHORT: usize = 100;

/// A directory as an image.
pub struct RootFs {
    layer: Descriptor,
    tar: Region,
    documents: BTreeMap<Digest, Vec<u8>>,
    roots: Vec<Root>,
}

/// Lists a directory.
pub fn open(place: &str) -> Result<Box<dyn Source>> {
    let top = Path::new(place);
    let shown = Printable(place.as_bytes());
    let metadata = std::fs::metadata(top)
        .map_err(|error| Error::input(format!("the directory {shown} cannot be opened: {error}")))?;
    if !metadata.is_dir() {
        return Err(Error::usage(format!("{shown} is no directory"))
            .hint("write an archive without rootfs: before it"));
    }
    let (tar, digest) = Tree::list(top)?;
    let size = tar.length();
    let layer = Descriptor::new(LAYER, digest.clone(), size);
    let mut documents = BTreeMap::new();
    let mut keep = |media_type: &str, json: serde_json::Value| {
        let bytes = json.to_string().into_bytes();
        let descriptor = Descriptor::new(media_type, Digest::of(&bytes), bytes.len() as u64);
        documents.insert(descriptor.digest.clone(), bytes);
        descriptor
    };
    let platform = Platform::of_host();
    let config = keep(
        CONFIG,
        serde_json::json!({
            "os": platform.os, "architecture": platform.architecture, "variant": platform.variant,
            "rootfs": { "type": "layers", "diff_ids": [digest] },
            "history": [{ "created_by": format!("rootfs:{place}") }],
        }),
    );
    let manifest =
        keep(MANIFEST, serde_json::json!({ "schemaVersion": 2, "config": config, "layers": [layer] }));
    let roots = vec![Root { descriptors: vec![manifest], tags: Vec::new(), translated: true }];
    Ok(Box::new(RootFs { layer, tar: Region::new(Arc::new(tar), 0, size), documents, roots }))
}

impl Source for RootFs {
    fn roots(&self) -> &[Root] {
        &self.roots
    }

    fn blob(&self, descriptor: &Descriptor) -> Result<Option<Blob<'_>>> {
        if descriptor.digest == self.layer.digest {
            return Ok(Some(Blob::At(self.tar.clone())));
        }
        let document = self.documents.get(&descriptor.digest);
        Ok(document.map(|bytes| Blob::Stream(Box::new(bytes.as_slice()))))
    }

    fn keeps_compression(&self) -> bool {
        false
    }

    fn kind(&self) -> &'static str {
        "rootfs"
    }
}

/// The members of a tree in the order of their names, as a tar.
struct Tree {
    top: PathBuf,
    members: Vec<Listed>,
    end: u64,
}

struct Listed {
    /// Below the top, without a leading `/`.
    path: Vec<u8>,
    link: Vec<u8>,
    kind: EntryType,
    /// Bytes of content; of regular files only.
    size: u64,
    mode: u32,
    uid: u64,
    gid: u64,
    mtime: u64,
    /// Where the member starts in the tar.
    start: u64,
}

impl Tree {
    /// Lists everything below `top`. The digest is that of all headers: it names the tree as its metadata has it.
    fn list(top: &Path) -> Result<(Self, Digest)> {
        let mut tree = Self { top: top.to_owned(), members: Vec::new(), end: 0 };
        let mut digest = Digest::of(b"rootfs");
        let mut inodes: BTreeMap<(u64, u64), Vec<u8>> = BTreeMap::new();
        // A link to the directory itself is followed, for it is what the user named.
        let walk = WalkDir::new(top).min_depth(1).sort_by_file_name().same_file_system(true);
        for found in walk {
            let found = found.map_err(|error| unreadable(&error))?;
            let path =
                found.path().strip_prefix(top).unwrap_or(found.path()).as_os_str().as_bytes().to_owned();
            let metadata = found.metadata().map_err(|error| unreadable(&error))?;
            let Some(kind) = kind_of(&metadata) else { continue };
            let mut member = Listed {
                path,
                link: Vec::new(),
                kind,
                size: if kind.is_file() { metadata.len() } else { 0 },
                mode: metadata.mode() & 0o7777,
                uid: u64::from(metadata.uid()),
                gid: u64::from(metadata.gid()),
                mtime: u64::try_from(metadata.mtime()).unwrap_or(0),
                start: tree.end,
            };
            if kind.is_symlink() {
                let target = std::fs::read_link(found.path()).map_err(|error| {
                    Error::input(format!("{} cannot be read: {error}", shown(found.path())))
                })?;
                target.as_os_str().as_bytes().clone_into(&mut member.link);
            } else if kind.is_file() && metadata.nlink() > 1 {
                let inode = (metadata.dev(), metadata.ino());
                if let Some(first) = inodes.get(&inode) {
                    (member.kind, member.link, member.size) = (EntryType::Link, first.clone(), 0);
                } else {
                    inodes.insert(inode, member.path.clone());
                }
            }
            let header = member.header();
            digest = Digest::of(&[digest.as_str().as_bytes(), header.as_slice()].concat());
            tree.end += header.len() as u64 + member.size.next_multiple_of(BLOCK as u64);
            tree.members.push(member);
        }
        Ok((tree, digest))
    }

    /// The length of the tar with its trailer.
    fn length(&self) -> u64 {
        self.end + 2 * BLOCK as u64
    }

    /// Fills the buffer from one member, from `offset` within the tar on; returns how much it could.
    fn read_member(&self, member: &Listed, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let header = member.header();
        let within = offset - member.start;
        if let Some(rest) = usize::try_from(within).ok().and_then(|within| header.get(within..))
            && !rest.is_empty()
        {
            let length = rest.len().min(buffer.len());
            buffer[..length].copy_from_slice(&rest[..length]);
            return Ok(length);
        }
        let within = within - header.len() as u64;
        let bounded =
            |length: u64, buffer: &[u8]| usize::try_from(length).unwrap_or(usize::MAX).min(buffer.len());
        if within < member.size {
            let length = bounded(member.size - within, buffer);
            let path = self.top.join(std::ffi::OsStr::from_bytes(&member.path));
            let told = |error: io::Error| {
                io::Error::from(Error::input(format!("{} cannot be read: {error}", shown(&path))))
            };
            let read = File::open(&path)
                .and_then(|file| ReadAt::read_at(&file, &mut buffer[..length], within))
                .map_err(told)?;
            if read < length {
                return Err(Error::input(format!("{} became shorter while it was read", shown(&path)))
                    .hint("weigh a directory that nobody writes to")
                    .into());
            }
            return Ok(length);
        }
        let padding = member.size.next_multiple_of(BLOCK as u64) - within;
        let length = bounded(padding, buffer);
        buffer[..length].fill(0);
        Ok(length)
    }
}

impl ReadAt for Tree {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut filled = 0;
        let mut index = self.members.partition_point(|member| member.start <= offset).saturating_sub(1);
        while filled < buffer.len() {
            let at = offset + filled as u64;
            if at >= self.end {
                let left = usize::try_from(self.length().saturating_sub(at)).unwrap_or(usize::MAX);
                let length = left.min(buffer.len() - filled);
                buffer[filled..filled + length].fill(0);
                return Ok(filled + length);
            }
            while self.members.get(index + 1).is_some_and(|next| next.start <= at) {
                index += 1;
            }
            let Some(member) = self.members.get(index) else { return Ok(filled) };
            filled += self.read_member(member, &mut buffer[filled..], at)?;
        }
        Ok(filled)
    }
}

impl Listed {
    /// The header as GNU tar writes it, with members before it for what is too long.
    fn header(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(BLOCK);
        for (kind, text) in [(EntryType::GNULongName, &self.path), (EntryType::GNULongLink, &self.link)] {
            if text.len() > SHORT {
                let mut header = Header::new_gnu();
                header.set_entry_type(kind);
                header.set_size(text.len() as u64 + 1);
                name(&mut header, b"././@LongLink", b"");
                bytes.extend_from_slice(header.as_bytes());
                bytes.extend_from_slice(text);
                bytes.resize((bytes.len() + 1).next_multiple_of(BLOCK), 0);
            }
        }
        let mut header = Header::new_gnu();
        header.set_entry_type(self.kind);
        header.set_size(self.size);
        header.set_mode(self.mode);
        header.set_uid(self.uid);
        header.set_gid(self.gid);
        header.set_mtime(self.mtime);
        name(&mut header, &self.path, &self.link);
        bytes.extend_from_slice(header.as_bytes());
        bytes
    }
}

/// Writes what fits of the name and the link, and seals the header.
fn name(header: &mut Header, path: &[u8], link: &[u8]) {
    if let Some(gnu) = header.as_gnu_mut() {
        let (path, link) = (&path[..path.len().min(SHORT)], &link[..link.len().min(SHORT)]);
        gnu.name[..path.len()].copy_from_slice(path);
        gnu.linkname[..link.len()].copy_from_slice(link);
    }
    header.set_cksum();
}

/// What a tar would call it; sockets are in none.
fn kind_of(metadata: &Metadata) -> Option<EntryType> {
    let kind = metadata.file_type();
    Some(match () {
        () if kind.is_file() => EntryType::Regular,
        () if kind.is_dir() => EntryType::Directory,
        () if kind.is_symlink() => EntryType::Symlink,
        () if kind.is_char_device() => EntryType::Char,
        () if kind.is_block_device() => EntryType::Block,
        () if kind.is_fifo() => EntryType::Fifo,
        () => return None,
    })
}

fn shown(path: &Path) -> String {
    Printable(path.as_os_str().as_bytes()).to_string()
}

fn unreadable(error: &walkdir::Error) -> Error {
    let place = error.path().map_or_else(|| "a directory".to_owned(), shown);
    let cause = error.io_error().map_or_else(String::new, |cause| format!(": {cause}"));
    Error::input(format!("{place} cannot be listed{cause}"))
        .hint("run as a user who may read it: what is left out would make every figure too small")
}
