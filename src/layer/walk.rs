//! Reads layers: picks the way through each, and holds what went by against its digest.

use std::collections::BTreeMap;
use std::io::{self, Read};

use xxhash_rust::xxh3::Xxh3;

use super::decompress::Decompressor;
use super::estimate::{self, Plan, Sample, Tap};
use super::evidence::Wants;
use super::input::{Flow, Hop};
use super::member::{Compression, WalkedLayer};
use super::memory::Memory;
use super::tar;
use crate::digest::{Digest, HashingReader};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Limit, Limits};
use crate::progress::Progress;
use crate::source::cache::Cache;
use crate::source::{Passerby, Region};

/// Reads layers, asking `wants` which contents to keep.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    /// Which contents to keep.
    pub wants: &'a dyn Wants,
    /// What a layer may ask of the machine.
    pub limits: &'a Limits,
}

impl Reader<'_> {
    /// Reads an uncompressed layer by hopping from header to header. Content is skipped, so nothing can be held against
    /// a digest.
    pub fn hop(&self, region: &Region) -> Result<WalkedLayer> {
        let size = region.length();
        let mut layer = tar::walk(&mut Hop::new(region.clone()), self.wants, self.limits)?;
        // Seeking over content cannot tell a file from a truncated one, so the last byte is asked for.
        if size > 0 && region.read_at(&mut [0], size - 1)? == 0 {
            return Err(Error::input(format!("it should have {size} bytes and ends before")));
        }
        layer.tar_size = size;
        settle(&mut layer, size, Compression::None);
        Ok(layer)
    }

    /// Reads a layer front to back, to the last byte, and holds it against `expected`.
    pub fn stream(&self, blob: impl Read, expected: Option<&Digest>) -> Result<WalkedLayer> {
        let hashing = match expected {
            Some(digest) => HashingReader::expecting(blob, digest),
            None => HashingReader::new(blob),
        };
        let (mut layer, digest, _) = self.flow(hashing, None)?;
        if let Some(expected) = expected {
            check(&digest, expected)?;
            layer.verified = true;
        }
        Ok(layer)
    }

    fn flow(
        &self,
        hashing: HashingReader<impl Read>,
        tap: Option<Tap>,
    ) -> Result<(WalkedLayer, Digest, Option<Sample>)> {
        let decompressor = Decompressor::new(hashing, self.limits)?;
        let compression = decompressor.compression();
        // What is compressed says what it weighs.
        let tap = tap.filter(|_| compression == Compression::None);
        let mut flow = Flow::new(decompressor, tap);
        let mut layer = tar::walk(&mut flow, self.wants, self.limits)
            .map_err(|error| self.explain(error, compression))?;
        layer.tar_size = drain(&mut flow, self.limits).map_err(|error| self.explain(error, compression))?;
        let (decompressor, tap) = flow.into_parts();
        let (digest, size) = decompressor.finish()?;
        settle(&mut layer, size, compression);
        Ok((layer, digest, tap.map(Tap::into_sample)))
    }

    /// A decompressor's own words do not say that a layer was being read.
    fn explain(&self, error: Error, compression: Compression) -> Error {
        let how = match compression {
            Compression::Gzip => "gzip",
            // Its library has a sentence for this and no number.
            Compression::Zstd if error.message.contains("too much memory") => {
                return self.limits.exceeded(Limit::Window, "it was compressed with a larger window");
            }
            Compression::Zstd => "zstd",
            Compression::None => return error,
        };
        if error.kind == ErrorKind::Input { error.within(format!("reading it as {how}")) } else { error }
    }
}

/// What of the blob belongs to no member is whatever the members leave of it.
fn settle(layer: &mut WalkedLayer, blob_size: u64, compression: Compression) {
    let members: u64 = layer.members.iter().map(|named| named.member.transfer).sum();
    layer.blob_size = blob_size;
    layer.transfer_overhead = blob_size.saturating_sub(members);
    layer.compression = compression;
}

/// Reads what follows the trailer: padding, mostly. Returns the length of the whole tar.
fn drain(flow: &mut Flow<impl Read>, limits: &Limits) -> Result<u64> {
    use super::input::Input;
    loop {
        let (position, transferred) = (flow.position(), flow.transferred());
        flow.skip(16 << 20, None)?;
        limits.stored(flow.transferred() - transferred);
        limits.unpacked(flow.position() - position)?;
        let size = flow.position();
        limits.check(Limit::Size, size, || format!("it holds {size} bytes"))?;
        if flow.peek(1)?.is_empty() {
            return Ok(flow.position());
        }
    }
}

/// Holds what was found against what was expected.
pub(super) fn check(found: &Digest, expected: &Digest) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::input(format!("its content has the digest {found}"))
        .hint("the blob is damaged or was changed: fetch or save the image again"))
}

/// How transfer is found where a source unpacks layers on the way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Transfer {
    /// Compress everything, as gzip does at its default level.
    Exact,
    /// Compress a sample.
    #[default]
    Estimate,
    /// Say nothing about it.
    Off,
}

impl Transfer {
    /// What to compress of a tar of this size.
    pub fn plan(self, tar_size: u64) -> Option<Plan> {
        match self {
            Self::Exact => Some(Plan::whole()),
            Self::Estimate => Some(Plan::sample(tar_size)),
            Self::Off => None,
        }
    }
}

/// Layers that went by while a stream was opened: each was read then, for the stream cannot be asked again.
pub struct Passed<'a> {
    reader: Reader<'a>,
    transfer: Transfer,
    memory: Memory<'a>,
    progress: &'a dyn Progress,
    layers: BTreeMap<u64, Result<Gone>>,
}

/// A layer that went by.
struct Gone {
    layer: WalkedLayer,
    digest: Digest,
    sample: Option<Sample>,
}

impl<'a> Passed<'a> {
    /// Nothing has gone by yet.
    pub fn new(
        reader: Reader<'a>,
        transfer: Transfer,
        cache: Option<&'a Cache>,
        progress: &'a dyn Progress,
    ) -> Self {
        let memory = Memory::new(cache, transfer);
        Self { reader, transfer, memory, progress, layers: BTreeMap::new() }
    }

    /// What is known of layers from before.
    pub fn memory(&self) -> Memory<'a> {
        self.memory
    }

    /// What the image may ask of the machine.
    pub fn limits(&self) -> &'a Limits {
        self.reader.limits
    }

    /// Whether anything that looks like a layer has gone by.
    pub fn has_any(&self) -> bool {
        !self.layers.is_empty()
    }

    /// Who watches.
    pub fn progress(&self) -> &'a dyn Progress {
        self.progress
    }

    /// How transfer is found where layers are kept uncompressed.
    pub fn transfer(&self) -> Transfer {
        self.transfer
    }

    /// What reads the layers.
    pub fn reader(&self) -> Reader<'a> {
        self.reader
    }

    /// The layer that went by under `key`, held against `expected`; an error if it was no layer.
    pub fn get(&self, key: u64, expected: &Digest, keeps_compression: bool) -> Result<WalkedLayer> {
        match self.layers.get(&key) {
            None => Err(Error::input("it did not go by while the stream was read")),
            Some(Err(error)) => Err(error.again()),
            Some(Ok(gone)) => {
                check(&gone.digest, expected)?;
                let mut layer = WalkedLayer { verified: true, ..gone.layer.clone() };
                if let Some(sample) = gone.sample.as_ref().filter(|_| !keeps_compression) {
                    estimate::apply(&mut layer, sample);
                }
                self.memory.keep(expected, &layer, keeps_compression);
                Ok(layer)
            }
        }
    }
}

impl Passerby for Passed<'_> {
    fn pass(&mut self, key: u64, size: u64, blob: &mut dyn Read) {
        let plan = self.transfer.plan(size);
        let index = usize::try_from(key).unwrap_or_default();
        self.progress.layer_started(index, Some(size));
        let watched = Watched { inner: blob, index, progress: self.progress };
        let outcome = self.reader.flow(HashingReader::new(watched), plan.map(|plan| Tap::new(size, plan)));
        self.progress.layer_done(index);
        let gone = outcome.map(|(layer, digest, sample)| Gone { layer, digest, sample });
        self.layers.insert(key, gone);
    }

    fn knows(&self, layer: &Digest, keeps_compression: bool) -> bool {
        self.memory.knows(layer, keeps_compression)
    }
}

/// Tells how far the reading has come.
pub(super) struct Watched<'a, R> {
    pub inner: R,
    pub index: usize,
    pub progress: &'a dyn Progress,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.progress.advanced(self.index, read as u64);
        Ok(read)
    }
}

/// Hashes ranges of an uncompressed layer, given as offset and length, in their order.
pub fn hash_contents(region: &Region, ranges: &[(u64, u64)]) -> Result<Vec<u64>> {
    use rayon::prelude::*;
    let hash = |buffer: &mut Vec<u8>, (offset, length): &(u64, u64)| -> Result<u64> {
        let mut hasher = Xxh3::new();
        let mut done = 0;
        while done < *length {
            let wanted = usize::try_from(length - done).unwrap_or(usize::MAX).min(buffer.len());
            let read = region.read_at(&mut buffer[..wanted], offset + done)?;
            if read == 0 {
                return Err(Error::input(format!(
                    "the tar ends at byte {}, in the middle of a file",
                    offset + done
                )));
            }
            hasher.update(&buffer[..read]);
            done += read as u64;
        }
        Ok(hasher.digest())
    };
    ranges.par_iter().with_min_len(64).map_init(|| vec![0; 128 * 1024], hash).collect()
}
