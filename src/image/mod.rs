//! What a reference names, in the terms of the OCI image specification. No input and no output happen here.

pub mod base;
pub mod config;
pub mod descriptor;
pub mod history;
pub mod index;
pub mod manifest;
pub mod platform;

use std::collections::BTreeMap;

pub use base::Base;
pub use config::Config;
pub use descriptor::{Descriptor, MediaType};
pub use history::Instruction;
pub use index::{Node, NodeKind};
pub use manifest::{Index, Manifest};
pub use platform::{Platform, Selector};

use crate::digest::Digest;
use crate::error::Warning;

/// One image of one platform: what a container would be started from.
#[derive(Debug, Clone)]
pub struct Image {
    /// What it runs on, normalised.
    pub platform: Platform,
    /// The manifest as the index (or the registry) names it; `None` where a `docker save` of the old layout has none.
    pub manifest: Option<Descriptor>,
    /// The digest of the configuration, which is Docker's image ID.
    pub id: Digest,
    /// The size of the configuration as stored, in bytes.
    pub config_size: u64,
    /// The names under which the source knows it: `app:1.0`.
    pub tags: Vec<String>,
    /// The image configuration.
    pub config: Config,
    /// The layers, lowest first.
    pub layers: Vec<Layer>,
    /// Annotations of the manifest.
    pub annotations: BTreeMap<String, String>,
    /// Which of the layers come from a base image, and how that is known.
    pub base: Option<Base>,
    /// What could not be said about this image.
    pub warnings: Vec<Warning>,
}

/// One layer as the manifest names it; what is in it is known only after the walk.
#[derive(Debug, Clone)]
pub struct Layer {
    /// The blob as stored: its digest, its size and its media type.
    pub descriptor: Descriptor,
    /// The digest of the uncompressed tar; `None` where the configuration lists none for this layer.
    pub diff_id: Option<Digest>,
    /// What made it; `None` where the history does not say, or says it ambiguously.
    pub instruction: Option<Instruction>,
}
