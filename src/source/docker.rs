//! The layout that `docker save` wrote before version 25, and that many tools still write: `manifest.json` and a tar per
//! layer. Translated to OCI manifests here, so that nothing above knows.
//! <https://github.com/moby/docker-image-spec/blob/v1.3.1/v1.2.md#combined-image-json--filesystem-changeset-format>

use std::collections::BTreeMap;

use serde::Deserialize;

use super::members::Members;
use super::{Blob, Root, Source};
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::image::{Config, Descriptor};

/// The file that lists the images.
pub const MANIFEST: &str = "manifest.json";

const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// Says that the digest is that of the uncompressed tar.
const PLAIN_LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
/// Says that the digest is that of the blob as stored.
const GZIP_LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// An entry of `manifest.json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Option<Vec<String>>,
    /// Descriptors by diff id, where a layer is foreign and has no member.
    #[serde(default)]
    layer_sources: Option<BTreeMap<String, Descriptor>>,
}

/// An archive of the classic layout.
pub struct DockerArchive {
    members: Members,
    roots: Vec<Root>,
    /// Manifests and configurations, made or read here.
    documents: BTreeMap<Digest, Vec<u8>>,
    /// The member that holds a layer.
    layers: BTreeMap<Digest, String>,
}

impl DockerArchive {
    /// Translates the images that `manifest.json` lists.
    pub fn new(members: Members) -> Result<Self> {
        let bytes =
            members.document(MANIFEST)?.ok_or_else(|| Error::input(format!("it holds no {MANIFEST}")))?;
        let saved: Option<Vec<Saved>> = serde_json::from_slice(&bytes).map_err(|error| {
            Error::input(format!("its {MANIFEST} is not what docker save writes: {error}"))
        })?;
        let mut archive =
            Self { members, roots: Vec::new(), documents: BTreeMap::new(), layers: BTreeMap::new() };
        for image in saved.unwrap_or_default() {
            archive.translate(image)?;
        }
        if archive.roots.is_empty() {
            return Err(
                Error::input(format!("its {MANIFEST} lists no image")).hint("save the image again, by name")
            );
        }
        Ok(archive)
    }

    fn translate(&mut self, saved: Saved) -> Result<()> {
        let bytes = self.members.document(&saved.config)?.ok_or_else(|| absent(&saved.config))?;
        let config: Config = serde_json::from_slice(&bytes).map_err(|error| {
            Error::input(format!("{} is no image configuration: {error}", shown(&saved.config)))
        })?;
        let names = saved.layers.unwrap_or_default();
        let diff_ids = &config.rootfs.diff_ids;
        if names.len() != diff_ids.len() {
            return Err(Error::input(format!(
                "its {MANIFEST} lists {} layers and {} lists {}",
                names.len(),
                shown(&saved.config),
                diff_ids.len()
            )));
        }
        let foreign = saved.layer_sources.unwrap_or_default();
        let mut layers = Vec::new();
        for (name, diff_id) in names.iter().zip(diff_ids) {
            layers.push(self.layer(name, diff_id, foreign.get(diff_id.as_str()))?);
        }
        let config = self.keep(OCI_CONFIG, bytes);
        let manifest = serde_json::json!({ "schemaVersion": 2, "config": config, "layers": layers });
        let manifest = self.keep(OCI_MANIFEST, manifest.to_string().into_bytes());
        let tags = saved.repo_tags.unwrap_or_default();
        match self.roots.iter_mut().find(|root| !tags.is_empty() && root.tags == tags) {
            // The platforms of one image, saved side by side.
            Some(root) => root.descriptors.push(manifest),
            None => self.roots.push(Root { descriptors: vec![manifest], tags, translated: true }),
        }
        Ok(())
    }

    fn layer(&mut self, name: &str, diff_id: &Digest, foreign: Option<&Descriptor>) -> Result<Descriptor> {
        let Some((_, size)) = self.members.blob(name) else {
            return foreign.cloned().ok_or_else(|| absent(name));
        };
        // Some writers keep layers compressed, under the digest of the compressed blob.
        let stored = name.rsplit('/').next().and_then(|name| name.strip_suffix(".tar.gz"));
        let stored = stored
            .and_then(|hex| Digest::parse(&format!("sha256:{}", hex.trim_start_matches("sha256:"))).ok());
        let descriptor = match stored {
            Some(digest) => Descriptor::new(GZIP_LAYER, digest, size),
            None => Descriptor::new(PLAIN_LAYER, diff_id.clone(), size),
        };
        self.layers.insert(descriptor.digest.clone(), name.to_owned());
        Ok(descriptor)
    }

    fn keep(&mut self, media_type: &str, bytes: Vec<u8>) -> Descriptor {
        let descriptor = Descriptor::new(media_type, Digest::of(&bytes), bytes.len() as u64);
        self.documents.insert(descriptor.digest.clone(), bytes);
        descriptor
    }
}

impl Source for DockerArchive {
    fn roots(&self) -> &[Root] {
        &self.roots
    }

    fn blob(&self, descriptor: &Descriptor) -> Result<Option<Blob<'_>>> {
        if let Some(bytes) = self.documents.get(&descriptor.digest) {
            return Ok(Some(Blob::Stream(Box::new(bytes.as_slice()))));
        }
        let name = self.layers.get(&descriptor.digest);
        Ok(name.and_then(|name| self.members.blob(name)).map(|(blob, _)| blob))
    }

    fn keeps_compression(&self) -> bool {
        false
    }

    fn kind(&self) -> &'static str {
        "docker-archive"
    }
}

fn absent(name: &str) -> Error {
    Error::input(format!("its {MANIFEST} names the member {}, which it does not hold", shown(name)))
        .hint("the archive is incomplete: save the image again")
}

fn shown(name: &str) -> crate::path::Printable<'_> {
    crate::path::Printable(name.as_bytes())
}
