//! Images whose documents are known from an earlier export. A daemon's id of an image is the digest of what it is made
//! of, so where every layer is known too there is nothing left to export.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::error::Result;
use crate::image::{Descriptor, Manifest, MediaType};
use crate::source::cache::Cache;
use crate::source::{Blob, Passerby, Root, Source};

/// The form of what is kept.
const VERSION: &str = "exported image 1";

/// The documents of an export.
#[derive(Serialize, Deserialize)]
pub struct Remembered {
    keeps_compression: bool,
    tags: Vec<String>,
    translated: bool,
    manifests: Vec<Descriptor>,
    documents: BTreeMap<String, String>,
    layers: Vec<Digest>,
    #[serde(skip)]
    roots: Vec<Root>,
}

impl Remembered {
    /// What is known of the image with this id, if that is all of it.
    pub fn recall(cache: &Cache, key: &str, passerby: &dyn Passerby) -> Option<Self> {
        let bytes = cache.get(key, VERSION)?;
        let mut known: Self = serde_json::from_slice(&bytes).ok()?;
        let is_whole = known.layers.iter().all(|layer| passerby.knows(layer, known.keeps_compression));
        known.roots = vec![Root {
            descriptors: known.manifests.clone(),
            tags: known.tags.clone(),
            translated: known.translated,
        }];
        is_whole.then_some(known)
    }

    /// Keeps the documents of an export. What holds more than one image's worth is left: an index that a daemon has
    /// only some platforms of may have more of them the next time.
    pub fn keep(cache: &Cache, key: &str, source: &dyn Source) {
        if let Some(bytes) = Self::of(source).and_then(|known| serde_json::to_vec(&known).ok()) {
            cache.put(key, VERSION, &bytes);
        }
    }

    fn of(source: &dyn Source) -> Option<Self> {
        let [root] = source.roots() else { return None };
        let mut known = Self {
            keeps_compression: source.keeps_compression(),
            tags: root.tags.clone(),
            translated: root.translated,
            manifests: root.descriptors.clone(),
            documents: BTreeMap::new(),
            layers: Vec::new(),
            roots: Vec::new(),
        };
        for descriptor in &root.descriptors {
            if descriptor.kind() != MediaType::Manifest {
                return None;
            }
            let text = text(source, descriptor)?;
            let manifest: Manifest = serde_json::from_str(&text).ok()?;
            known.documents.insert(descriptor.digest.to_string(), text);
            let config = self::text(source, &manifest.config)?;
            known.documents.insert(manifest.config.digest.to_string(), config);
            known.layers.extend(manifest.layers.into_iter().map(|layer| layer.digest));
        }
        Some(known)
    }
}

fn text(source: &dyn Source, descriptor: &Descriptor) -> Option<String> {
    use std::io::Read;
    let Ok(Some(Blob::Stream(mut stream))) = source.blob(descriptor) else { return None };
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    (Digest::of(text.as_bytes()) == descriptor.digest).then_some(text)
}

impl Source for Remembered {
    fn roots(&self) -> &[Root] {
        &self.roots
    }

    fn blob(&self, descriptor: &Descriptor) -> Result<Option<Blob<'_>>> {
        let document = self.documents.get(descriptor.digest.as_str());
        Ok(document.map(|text| Blob::Stream(Box::new(text.as_bytes()))))
    }

    fn keeps_compression(&self) -> bool {
        self.keeps_compression
    }

    fn kind(&self) -> &'static str {
        "docker"
    }
}
