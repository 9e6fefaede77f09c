//! Where the bytes of an image come from. Each source translates to OCI at its own door, so that nothing above knows
//! that there are other ways to store an image.

mod access;
mod bridge;
pub mod cache;
mod daemon;
mod directory;
mod docker;
mod find;
mod layout;
mod members;
mod name;
mod open;
mod read_at;
mod registry;
mod resolve;
mod rootfs;

use std::io::Read;

use crate::digest::Digest;
use crate::error::{Result, Warning};
use crate::image::Descriptor;

pub use access::{Access, Place};
pub use open::open;
pub use read_at::{ReadAt, Region, RegionReader};
pub use resolve::{Depth, provenance, resolve};

/// A place that holds images.
pub trait Source: Send + Sync {
    /// What the reference names: one root, or several where an archive holds several images and the reference does not
    /// choose among them.
    fn roots(&self) -> &[Root];

    /// The blob that a descriptor points to, or `None` where the source does not hold it.
    fn blob(&self, descriptor: &Descriptor) -> Result<Option<Blob<'_>>>;

    /// Whether an uncompressed layer is what a registry has too; `false` where layers are unpacked on the way here,
    /// whatever they were, so that their transfer must be estimated.
    fn keeps_compression(&self) -> bool;

    /// What kind of source this is, for people: `docker-archive`.
    fn kind(&self) -> &'static str;

    /// Whether every blob costs a request, so that only what is asked for should be fetched, and fetching goes on in
    /// parallel however few processors there are.
    fn is_remote(&self) -> bool {
        false
    }

    /// What was noticed while opening.
    fn warnings(&self) -> Vec<Warning> {
        Vec::new()
    }
}

/// One image or index that a source offers.
#[derive(Debug, Clone)]
pub struct Root {
    /// Its descriptor; several where the source lists the platforms of one image side by side.
    pub descriptors: Vec<Descriptor>,
    /// The names it goes by: `app:1.0`.
    pub tags: Vec<String>,
    /// Whether its manifest was made here, because the source has none.
    pub translated: bool,
}

/// The bytes of a blob, in the best way the source can give them.
pub enum Blob<'a> {
    /// Any part can be read at any time: a file, a member of an uncompressed archive.
    At(Region),
    /// The bytes can be read once, front to back: a download.
    Stream(Box<dyn Read + Send + 'a>),
    /// The bytes went by while the source was opened, and were shown to the [`Passerby`] under this key.
    Passed(u64),
}

/// Reads layers while a stream goes by that cannot be asked again: an archive on standard input, in a compressed file,
/// or exported by a daemon. The members' order is the writer's choice, so a layer may come before anything says that
/// it is one.
pub trait Passerby {
    /// Is shown what looks like a layer of `size` bytes as stored; `key` is what [`Blob::Passed`] will carry. Need not
    /// read to the end.
    ///
    /// That what went by is no readable layer is kept, and told only if somebody asks for it.
    fn pass(&mut self, key: u64, size: u64, blob: &mut dyn Read);

    /// Whether a layer need not go by, because what it holds is known from before.
    fn knows(&self, _layer: &Digest, _keeps_compression: bool) -> bool {
        false
    }
}
