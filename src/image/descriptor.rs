//! Content descriptors and the media types that can stand in them.
//! <https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md>

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::Platform;
use crate::digest::Digest;

/// Points at a blob: its kind, its digest and its size in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// The media type as written; [`Descriptor::kind`] says what it means.
    #[serde(default)]
    pub media_type: String,
    /// The digest of the blob as stored.
    pub digest: Digest,
    /// The size of the blob as stored, in bytes.
    #[serde(default)]
    pub size: u64,
    /// Where a foreign layer may be fetched; such a layer is counted and never read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// Arbitrary metadata, such as `vnd.docker.reference.type`.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// The platform, in an index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// What an artifact is, where the descriptor says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
}

impl Descriptor {
    /// A descriptor with nothing but the three required fields.
    pub fn new(media_type: impl Into<String>, digest: Digest, size: u64) -> Self {
        Self {
            media_type: media_type.into(),
            digest,
            size,
            urls: Vec::new(),
            annotations: BTreeMap::new(),
            platform: None,
            artifact_type: None,
        }
    }

    /// What the media type means to us.
    pub fn kind(&self) -> MediaType {
        MediaType::of(&self.media_type)
    }
}

/// The families of media types that matter; Docker's and OCI's names of one thing are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    /// An index or manifest list.
    Index,
    /// An image manifest.
    Manifest,
    /// An image configuration.
    Config,
    /// A layer whose blob is expected beside the manifest.
    Layer,
    /// A layer that is not distributed: counted by its descriptor, never read.
    ForeignLayer,
    /// Anything else: attestations, signatures, charts, and what is yet to come.
    Other,
}

impl MediaType {
    /// Classifies a media type by its name. How a layer is compressed is *not* taken from here: names lie, magic
    /// numbers do not.
    pub fn of(name: &str) -> Self {
        match name {
            "application/vnd.oci.image.index.v1+json"
            | "application/vnd.docker.distribution.manifest.list.v2+json" => Self::Index,
            "application/vnd.oci.image.manifest.v1+json"
            | "application/vnd.docker.distribution.manifest.v2+json" => Self::Manifest,
            "application/vnd.oci.image.config.v1+json" | "application/vnd.docker.container.image.v1+json" => {
                Self::Config
            }
            _ if name.starts_with("application/vnd.oci.image.layer.nondistributable.")
                || name.starts_with("application/vnd.docker.image.rootfs.foreign.") =>
            {
                Self::ForeignLayer
            }
            _ if name.starts_with("application/vnd.oci.image.layer.")
                || name.starts_with("application/vnd.docker.image.rootfs.diff.") =>
            {
                Self::Layer
            }
            _ => Self::Other,
        }
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}

/// Go writes an empty map or slice as `null`.
pub(super) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
