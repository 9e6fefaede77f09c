//! OCI image layouts, in a directory or in an archive.
//! <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md>

use std::collections::BTreeMap;

use super::members::Members;
use super::{Blob, Root, Source};
use crate::error::{Error, Result};
use crate::image::{Descriptor, Index, MediaType};

/// The file that lists what a layout holds.
pub const INDEX: &str = "index.json";
/// A descriptor's name, whole or only its tag.
const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// A descriptor's whole name, as containerd and Docker write it.
const IMAGE_NAME: &str = "io.containerd.image.name";

/// Somewhere that files lie by their names.
pub trait Store: Send + Sync {
    /// The whole content of a JSON document, or `None` where there is none of this name.
    fn document(&self, name: &str) -> Result<Option<Vec<u8>>>;

    /// A file and its size, or `None` where there is none of this name.
    fn file(&self, name: &str) -> Result<Option<(Blob<'_>, u64)>>;
}

impl Store for Members {
    fn document(&self, name: &str) -> Result<Option<Vec<u8>>> {
        self.document(name)
    }

    fn file(&self, name: &str) -> Result<Option<(Blob<'_>, u64)>> {
        Ok(self.blob(name))
    }
}

/// Whether the index of a layout is there and lists no image.
pub fn lists_nothing(store: &impl Store) -> bool {
    let document = store.document(INDEX).ok().flatten();
    document.is_some_and(|bytes| {
        serde_json::from_slice::<Index>(&bytes).is_ok_and(|index| index.manifests.is_empty())
    })
}

/// An OCI layout in whatever holds its files.
pub struct Layout<S> {
    store: S,
    kind: &'static str,
    keeps_compression: bool,
    roots: Vec<Root>,
}

impl<S: Store> Layout<S> {
    /// Reads the layout's index. `keeps_compression` is what [`Source::keeps_compression`] answers.
    pub fn new(store: S, kind: &'static str, keeps_compression: bool) -> Result<Self> {
        let missing = || Error::input(format!("it holds no {INDEX}"));
        let bytes = store.document(INDEX)?.ok_or_else(missing)?;
        let index: Index = serde_json::from_slice(&bytes)
            .map_err(|error| Error::input(format!("its {INDEX} is no image index: {error}")))?;
        if index.manifests.is_empty() {
            return Err(Error::input(format!("its {INDEX} lists no image"))
                .hint("save the image again, by name and not by digest"));
        }
        Ok(Self { store, kind, keeps_compression, roots: roots(index.manifests) })
    }

    /// Whether the manifest of every root is here, and the first layer of an image: `docker save` can write an index
    /// that it does not back with blobs.
    pub fn is_backed(&self) -> bool {
        self.roots.iter().flat_map(|root| &root.descriptors).any(|descriptor| {
            self.store.document(&name_of(descriptor)).is_ok_and(|document| document.is_some())
        })
    }

    /// The files, for another reading of the same archive.
    pub fn into_store(self) -> S {
        self.store
    }
}

/// Descriptors of one name are the platforms of one image, listed side by side; so are all that have no name. One
/// descriptor under several names is one image.
fn roots(descriptors: Vec<Descriptor>) -> Vec<Root> {
    let mut by_tag: BTreeMap<Option<String>, Vec<Descriptor>> = BTreeMap::new();
    for descriptor in descriptors {
        let tag =
            descriptor.annotations.get(IMAGE_NAME).or_else(|| descriptor.annotations.get(REF_NAME)).cloned();
        let listed = by_tag.entry(tag).or_default();
        if listed.iter().all(|known| known.digest != descriptor.digest) {
            listed.push(descriptor);
        }
    }
    // Several images without names and without platforms are several images, not one.
    if let Some(nameless) = by_tag.remove(&None) {
        let is_one = nameless.len() == 1 || nameless.iter().all(|descriptor| descriptor.platform.is_some());
        let groups =
            if is_one { vec![nameless] } else { nameless.into_iter().map(|one| vec![one]).collect() };
        let nameless =
            groups.into_iter().map(|descriptors| Root { descriptors, tags: Vec::new(), translated: false });
        let named = named_roots(by_tag);
        return named.into_iter().chain(nameless).collect();
    }
    named_roots(by_tag)
}

fn named_roots(by_tag: BTreeMap<Option<String>, Vec<Descriptor>>) -> Vec<Root> {
    let mut roots: Vec<Root> = Vec::new();
    for (tag, descriptors) in by_tag {
        let digests =
            |descriptors: &[Descriptor]| descriptors.iter().map(|d| d.digest.clone()).collect::<Vec<_>>();
        let known = roots.iter_mut().find(|root| digests(&root.descriptors) == digests(&descriptors));
        match known {
            Some(root) => root.tags.extend(tag),
            None => roots.push(Root { descriptors, tags: tag.into_iter().collect(), translated: false }),
        }
    }
    roots
}

/// Where a layout keeps a blob. A digest is strictly parsed, so this cannot leave the layout.
fn name_of(descriptor: &Descriptor) -> String {
    format!("blobs/{}/{}", descriptor.digest.algorithm(), descriptor.digest.hex())
}

impl<S: Store> Source for Layout<S> {
    fn roots(&self) -> &[Root] {
        &self.roots
    }

    fn blob(&self, descriptor: &Descriptor) -> Result<Option<Blob<'_>>> {
        let Some((blob, size)) = self.store.file(&name_of(descriptor))? else { return Ok(None) };
        if descriptor.size != size && descriptor.kind() != MediaType::Other {
            return Err(Error::input(format!(
                "blob {} has {size} bytes and its descriptor says {}",
                descriptor.digest, descriptor.size
            ))
            .hint("the blob is cut off or was changed: fetch or save the image again"));
        }
        Ok(Some(blob))
    }

    fn keeps_compression(&self) -> bool {
        self.keeps_compression
    }

    fn kind(&self) -> &'static str {
        self.kind
    }
}
