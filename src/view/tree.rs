//! What a reference names, as a tree, and what a registry keeps of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One node of what a reference names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// The digest of the index or manifest; `null` where the source has none.
    pub digest: Option<String>,
    /// The media type of the index or manifest; empty where the source has none.
    pub media_type: String,
    /// The size of the index or manifest itself, in bytes.
    pub size: u64,
    /// The names under which the source knows it.
    pub tags: Vec<String>,
    /// What an image runs on, `os/arch[/variant]`; also of an image that is missing, where the index says it.
    pub platform: Option<String>,
    /// The digest of an image's configuration, which is Docker's image ID.
    pub id: Option<String>,
    /// The size of an image's configuration, in bytes.
    pub config_size: u64,
    /// The digest of the manifest that an attestation is about.
    pub about: Option<String>,
    /// The platform of the image that an attestation is about.
    pub about_platform: Option<String>,
    /// The predicate types that an attestation carries.
    pub predicates: Vec<String>,
    /// What an artifact is.
    pub artifact_type: Option<String>,
    /// The layers of an image, lowest first; of an attestation or artifact, what it carries.
    pub blobs: Vec<Blob>,
    /// What an index names, in its own order.
    pub children: Vec<Node>,
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NodeKind {
    /// Names other nodes.
    Index,
    /// An image of one platform.
    Image,
    /// A statement about an image: SBOM, provenance. Listed, never analysed.
    Attestation,
    /// A manifest that is no image: a chart, a signature.
    Artifact,
    /// Named by an index, and not held by the source.
    Missing,
    /// Named by an index of a registry, and not asked for.
    Unread,
}

/// A blob that a manifest names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Blob {
    /// Its digest as stored.
    pub digest: String,
    /// Its size as stored, in bytes.
    pub size: u64,
    /// Its media type as written.
    pub media_type: String,
    /// The other platforms whose images have this very blob.
    pub also_in: Vec<String>,
}

/// What a registry keeps so that the reference can be pulled: every blob once, however many images share it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Registry {
    /// How many distinct blobs: layers, what attestations and artifacts carry, and the manifests themselves.
    pub blobs: u64,
    /// Their bytes, each blob counted once.
    pub bytes: u64,
    /// What they would be if no two images shared a blob.
    pub unshared: u64,
    /// Whether `bytes` is what a registry keeps. Not so where the source keeps layers uncompressed, or lacks some.
    pub exact: bool,
    /// The same by what the blobs are; these add up to `blobs` and `bytes`.
    pub parts: Vec<Part>,
    /// The layers that several platforms share, by which platforms these are.
    pub shared: Vec<Shared>,
}

/// Blobs of one kind, each counted once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// `layers`, `configurations`, `manifests` (and indexes), `attached` (what attestations and artifacts carry).
    pub kind: String,
    /// How many.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Layers that the same platforms share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shared {
    /// The platforms.
    pub platforms: Vec<String>,
    /// How many layers.
    pub layers: u64,
    /// Their bytes, each layer counted once.
    pub bytes: u64,
}
