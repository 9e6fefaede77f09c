//! Reads layers: picks the way through each, and holds what went by against its digest.

use std::collections::BTreeMap;
use std::io::Read;

use xxhash_rust::xxh3::Xxh3;

use super::decompress::Decompressor;
use super::evidence::Wants;
use super::input::{Flow, Hop};
use super::limits::Limits;
use super::member::{Compression, WalkedLayer};
use super::tar;
use crate::digest::{Digest, HashingReader};
use crate::error::{Error, ErrorKind, Result};
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
    pub fn hop(&self, region: Region) -> Result<WalkedLayer> {
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
        let (mut layer, digest) = self.flow(hashing)?;
        if let Some(expected) = expected {
            check(&digest, expected)?;
            layer.verified = true;
        }
        Ok(layer)
    }

    fn flow(&self, hashing: HashingReader<impl Read>) -> Result<(WalkedLayer, Digest)> {
        let decompressor = Decompressor::new(hashing)?;
        let compression = decompressor.compression();
        let mut flow = Flow::new(decompressor);
        let mut layer =
            tar::walk(&mut flow, self.wants, self.limits).map_err(|error| explain(error, compression))?;
        layer.tar_size = drain(&mut flow, self.limits).map_err(|error| explain(error, compression))?;
        let (digest, size) = flow.into_inner().finish()?;
        settle(&mut layer, size, compression);
        Ok((layer, digest))
    }
}

/// What of the blob belongs to no member is whatever the members leave of it.
fn settle(layer: &mut WalkedLayer, blob_size: u64, compression: Compression) {
    let members: u64 = layer.members.iter().map(|member| member.transfer).sum();
    layer.blob_size = blob_size;
    layer.transfer_overhead = blob_size.saturating_sub(members);
    layer.compression = compression;
}

/// Reads what follows the trailer: padding, mostly. Returns the length of the whole tar.
fn drain(flow: &mut Flow<impl Read>, limits: &Limits) -> Result<u64> {
    use super::input::Input;
    loop {
        flow.skip(1 << 20, None)?;
        if flow.position() > limits.tar_size {
            return Err(Error::limit(format!("it holds more than {} bytes", limits.tar_size)));
        }
        if flow.peek(1)?.is_empty() {
            return Ok(flow.position());
        }
    }
}

fn check(found: &Digest, expected: &Digest) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::input(format!("its content has the digest {found}"))
        .hint("the blob is damaged or was changed: fetch or save the image again"))
}

/// A decompressor's own words do not say that a layer was being read.
fn explain(error: Error, compression: Compression) -> Error {
    let how = match compression {
        Compression::Gzip => "gzip",
        Compression::Zstd => "zstd",
        Compression::None => return error,
    };
    if error.kind == ErrorKind::Input { error.within(format!("reading it as {how}")) } else { error }
}

/// Layers that went by while a stream was opened: each was read then, for the stream cannot be asked again.
pub struct Passed<'a> {
    reader: Reader<'a>,
    layers: BTreeMap<u64, Result<(WalkedLayer, Digest)>>,
}

impl<'a> Passed<'a> {
    /// Nothing has gone by yet.
    pub fn new(reader: Reader<'a>) -> Self {
        Self { reader, layers: BTreeMap::new() }
    }

    /// What reads the layers.
    pub fn reader(&self) -> Reader<'a> {
        self.reader
    }

    /// The layer that went by under `key`, held against `expected`; an error if it was no layer.
    pub fn get(&self, key: u64, expected: &Digest) -> Result<WalkedLayer> {
        match self.layers.get(&key) {
            None => Err(Error::input("it did not go by while the stream was read")),
            Some(Err(error)) => {
                Err(Error { kind: error.kind, message: error.message.clone(), hint: error.hint.clone() })
            }
            Some(Ok((layer, digest))) => {
                check(digest, expected)?;
                Ok(WalkedLayer { verified: true, ..layer.clone() })
            }
        }
    }
}

impl Passerby for Passed<'_> {
    fn pass(&mut self, key: u64, blob: &mut dyn Read) {
        let outcome = self.reader.flow(HashingReader::new(blob));
        self.layers.insert(key, outcome);
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
