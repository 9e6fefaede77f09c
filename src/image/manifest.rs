//! Image indexes and manifests, Docker's and OCI's alike.
//! <https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md>

use std::collections::BTreeMap;

use serde::Deserialize;

use super::descriptor::{Descriptor, null_as_default};

/// An image index or Docker manifest list.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// The manifests and nested indexes, in the index's own order.
    #[serde(default, deserialize_with = "null_as_default")]
    pub manifests: Vec<Descriptor>,
    /// Arbitrary metadata.
    #[serde(default, deserialize_with = "null_as_default")]
    pub annotations: BTreeMap<String, String>,
}

/// An image manifest; also what artifacts and attestations are carried in.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The configuration, or the artifact's own.
    pub config: Descriptor,
    /// The layers, lowest first; of an artifact, its blobs.
    #[serde(default, deserialize_with = "null_as_default")]
    pub layers: Vec<Descriptor>,
    /// Arbitrary metadata.
    #[serde(default, deserialize_with = "null_as_default")]
    pub annotations: BTreeMap<String, String>,
    /// What an artifact is.
    #[serde(default)]
    pub artifact_type: Option<String>,
    /// What an artifact is about.
    #[serde(default)]
    pub subject: Option<Descriptor>,
}

impl Manifest {
    /// Whether containers can be started from it: its configuration is an image's and its layers are file systems.
    pub fn is_image(&self) -> bool {
        use super::MediaType::{Config, ForeignLayer, Layer};
        self.artifact_type.is_none()
            && self.config.kind() == Config
            && self.layers.iter().all(|layer| matches!(layer.kind(), Layer | ForeignLayer))
    }

    /// What the manifest carries, for a manifest that is no image.
    pub fn artifact_type(&self) -> &str {
        self.artifact_type.as_deref().unwrap_or(&self.config.media_type)
    }
}
