//! Where the bytes of an image come from. Each source translates to OCI at its own door, so that nothing above knows
//! that there are other ways to store an image.

pub mod read_at;

use std::io::Read;

use crate::error::{Result, Warning};
use crate::image::Descriptor;

pub use read_at::{ReadAt, Region};

/// A place that holds images.
pub trait Source: Send + Sync {
    /// What the reference names, most telling first: usually one descriptor of an index or manifest; several where an
    /// archive holds several images and the reference does not choose.
    fn roots(&self) -> Vec<Root>;

    /// The blob that a descriptor points to, or `None` where the source does not hold it.
    fn blob(&self, descriptor: &Descriptor) -> Result<Option<Blob<'_>>>;

    /// Whether what was read of a layer says how it is compressed where it is pulled from: `false` where the source
    /// keeps layers uncompressed, so that transfer must be estimated.
    fn keeps_compression(&self) -> bool {
        true
    }

    /// What was noticed while opening.
    fn warnings(&self) -> Vec<Warning> {
        Vec::new()
    }
}

/// One image or index that a source offers.
#[derive(Debug, Clone)]
pub struct Root {
    /// Its descriptor.
    pub descriptor: Descriptor,
    /// The names it goes by: `app:1.0`.
    pub tags: Vec<String>,
}

/// The bytes of a blob, in the best way the source can give them.
pub enum Blob<'a> {
    /// Any part can be read at any time: a file, a member of an uncompressed archive.
    At(Region<'a>),
    /// The bytes can be read once, front to back: a download.
    Stream(Box<dyn Read + Send + 'a>),
    /// The bytes went by while the source was opened, and were shown to the [`Passerby`] under this key.
    Passed(u64),
}

/// Reads layers while a stream goes by that cannot be asked again: an archive on standard input, in a compressed file,
/// or exported by a daemon. The members' order is the writer's choice, so a layer may come before anything says that
/// it is one.
pub trait Passerby {
    /// Is shown what looks like a layer; `key` is what [`Blob::Passed`] will carry. Need not read to the end.
    ///
    /// An error means that what went by is no readable layer. It is kept and told only if the blob turns out to be one.
    fn pass(&mut self, key: u64, blob: &mut dyn Read);
}
