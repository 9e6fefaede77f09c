//! All layers of some images, read in parallel, each once.

use std::collections::BTreeMap;
use std::io::{self, Read};

use rayon::prelude::*;

use super::decompress::compression_of;
use super::estimate::Sample;
use super::member::{Compression, WalkedLayer};
use super::walk::{Passed, Transfer, Watched, check, hash_contents};
use crate::digest::{Digest, HashingReader};
use crate::error::{Error, Result};
use crate::image::{Image, Layer, MediaType};
use crate::source::{Blob, Region, Source};

/// Reads every layer of the images, by the digest of its blob; layers that images share are read once. A foreign layer
/// is counted by its descriptor and not read.
pub fn walk_images(
    source: &dyn Source,
    images: &[Image],
    passed: &Passed<'_>,
) -> Result<BTreeMap<Digest, WalkedLayer>> {
    let mut distinct = BTreeMap::new();
    for image in images {
        for (position, layer) in image.layers.iter().enumerate() {
            distinct.entry(&layer.descriptor.digest).or_insert((position, image.layers.len(), layer));
        }
    }
    let mut layers: Vec<_> = distinct.into_values().collect();
    // The largest first, so that the last one running is a small one.
    layers.sort_by_key(|(_, _, layer)| std::cmp::Reverse(layer.descriptor.size));
    // All of them first, so that who watches knows how much there is. What went by was told when it did.
    if !passed.has_any() {
        for (index, (_, _, layer)) in layers.iter().enumerate() {
            passed
                .progress()
                .layer_started(index, (layer.descriptor.size > 0).then_some(layer.descriptor.size));
        }
    }
    let walk = || {
        let walked =
            layers.par_iter().with_max_len(1).enumerate().map(|(index, (position, count, layer))| {
                let digest = &layer.descriptor.digest;
                let walked = walk_layer(source, layer, passed, index);
                if !passed.has_any() {
                    passed.progress().layer_done(index);
                }
                let walked = walked.map_err(|error| {
                    error.within(format_args!("layer {} of {count}, {digest}", position + 1))
                })?;
                Ok((digest.clone(), walked))
            });
        walked.collect()
    };
    if source.is_remote() {
        // Who waits for a network needs no processor.
        let pool = rayon::ThreadPoolBuilder::new().num_threads(AT_ONCE.max(rayon::current_num_threads()));
        return match pool.build() {
            Ok(pool) => pool.install(walk),
            Err(_) => walk(),
        };
    }
    walk()
}

/// Layers that are downloaded at a time.
const AT_ONCE: usize = 4;

fn walk_layer(source: &dyn Source, layer: &Layer, passed: &Passed<'_>, index: usize) -> Result<WalkedLayer> {
    let descriptor = &layer.descriptor;
    let (digest, keeps) = (&descriptor.digest, source.keeps_compression());
    if source.is_remote()
        && let Some(known) = passed.memory().recall(digest, keeps)
    {
        passed.progress().advanced(index, descriptor.size);
        return Ok(known);
    }
    match source.blob(descriptor)? {
        Some(Blob::At(region)) if compression(&region)? == Compression::None => passed.reader().hop(&region),
        Some(Blob::At(region)) => at(&region, expected(layer), passed, keeps, index),
        Some(Blob::Stream(bytes)) => stream(bytes, Some(digest), passed, keeps, index),
        Some(Blob::Passed(key)) => passed.get(key, digest, keeps),
        None if descriptor.kind() == MediaType::ForeignLayer || !descriptor.urls.is_empty() => {
            Ok(WalkedLayer::foreign(descriptor.size))
        }
        // A daemon is not asked again for what is remembered; a layout that lost a blob is broken, whoever remembers it.
        None => {
            passed.memory().recall(digest, keeps).filter(|_| !source.kind().starts_with("oci-")).ok_or_else(
                || {
                    Error::input("its blob is not there, though the manifest names it")
                        .hint("the image is incomplete: fetch or save it again")
                },
            )
        }
    }
}

/// Reads a layer of a file, unless it is known. A file may have been damaged since: what is known of a digest counts only
/// once these very bytes were held against it, which is a fraction of the work of reading them.
fn at(
    region: &Region,
    expected: Option<&Digest>,
    passed: &Passed<'_>,
    keeps_compression: bool,
    index: usize,
) -> Result<WalkedLayer> {
    let memory = passed.memory();
    let known = expected.filter(|digest| memory.knows(digest, keeps_compression));
    if let Some(digest) = known.filter(|digest| !memory.has_seen(digest, region)) {
        let (found, _) = HashingReader::expecting(region.clone().reader(), digest).finish()?;
        check(&found, digest)?;
        memory.saw(digest, region);
    }
    let walked = stream(Box::new(region.clone().reader()), expected, passed, keeps_compression, index)?;
    if let Some(digest) = expected.filter(|_| known.is_none() && walked.verified) {
        memory.saw(digest, region);
    }
    Ok(walked)
}

/// Reads a layer from front to back, unless it is known.
fn stream(
    bytes: Box<dyn Read + Send + '_>,
    expected: Option<&Digest>,
    passed: &Passed<'_>,
    keeps_compression: bool,
    index: usize,
) -> Result<WalkedLayer> {
    let known = expected.and_then(|digest| passed.memory().recall(digest, keeps_compression));
    if let Some(known) = known {
        return Ok(known);
    }
    let watched = Watched { inner: bytes, index, progress: passed.progress() };
    let walked = passed.reader().stream(watched, expected);
    if let (Ok(layer), Some(digest)) = (&walked, expected) {
        passed.memory().keep(digest, layer, keeps_compression);
    }
    walked
}

/// Samples of the layers that [`walk_images`] walks without reading their content, by digest. Where a sample is taken does
/// not depend on the members, so neither has to wait for the other.
pub fn sample_images(
    source: &dyn Source,
    images: &[Image],
    transfer: Transfer,
) -> Result<BTreeMap<Digest, Sample>> {
    let mut samples = BTreeMap::new();
    if source.keeps_compression() || transfer == Transfer::Off || source.is_remote() {
        return Ok(samples);
    }
    for layer in images.iter().flat_map(|image| &image.layers) {
        let digest = &layer.descriptor.digest;
        if samples.contains_key(digest) {
            continue;
        }
        if let Some(Blob::At(region)) = source.blob(&layer.descriptor)?
            && compression(&region)? == Compression::None
            && let Some(plan) = transfer.plan(region.length())
        {
            samples.insert(digest.clone(), Sample::take(&region, plan)?);
        }
    }
    Ok(samples)
}

fn compression(region: &Region) -> io::Result<Compression> {
    let mut head = [0; 4];
    let read = region.read_at(&mut head, 0)?;
    Ok(compression_of(&head[..read]))
}

/// The digest that a compressed blob must have. A `docker save` may hold a compressed layer and name only the digest of
/// the tar inside; then there is nothing to hold the blob against.
fn expected(layer: &Layer) -> Option<&Digest> {
    let names_tar = layer.diff_id.as_ref() == Some(&layer.descriptor.digest);
    (!names_tar).then_some(&layer.descriptor.digest)
}

/// Hashes files of a layer that was walked without reading its content. `wanted` holds offset and stored length of each
/// in the uncompressed tar.
pub fn hash_files(source: &dyn Source, layer: &Layer, wanted: &[(u64, u64)]) -> Result<Vec<u64>> {
    let digest = &layer.descriptor.digest;
    match source.blob(&layer.descriptor)? {
        Some(Blob::At(region)) => {
            hash_contents(&region, wanted).map_err(|error| error.within(format_args!("layer {digest}")))
        }
        _ => Err(Error::input(format!("layer {digest} cannot be read twice"))),
    }
}
