//! Which layers came with the base image, and how that is known. A guess is never presented as a fact.

use std::collections::BTreeMap;
use std::fmt;

use super::Layer;
use super::config::Config;
use super::history::readable;
use crate::digest::Digest;

/// The boundary between what the base image brought and what this build added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// How many of the lowest layers belong to the base.
    pub layers: usize,
    /// Its name, where something says it: `docker.io/library/python:3.11-slim`.
    pub name: Option<String>,
    /// The digest of its manifest, where something says it.
    pub digest: Option<Digest>,
    /// How the boundary is known.
    pub evidence: Evidence,
}

/// How the boundary between base and own layers is known, weakest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// The lowest layers are those of a base image that was given or is known by its digests.
    Layers,
    /// The build wrote down which layers it started from.
    Provenance,
    /// The layers below the first one that the Dockerfile explains.
    Dockerfile,
    /// The last `CMD` or `ENTRYPOINT` before more layers were added. Builders end an image so, but nothing says that
    /// this is where the base ended.
    History,
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Layers => "its layers are the lowest ones",
            Self::Provenance => "the build's provenance says so",
            Self::Dockerfile => "below the first layer that the Dockerfile explains",
            Self::History => "likely, from the history: the last CMD or ENTRYPOINT that more layers follow",
        })
    }
}

/// Where the base's name may be written.
/// <https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md>
const NAME: &str = "org.opencontainers.image.base.name";
const DIGEST: &str = "org.opencontainers.image.base.digest";

/// Recognises the base of an image from what the image itself says.
pub fn recognise(config: &Config, layers: &[Layer], annotations: &BTreeMap<String, String>) -> Option<Base> {
    let written = |key| annotations.get(key).or_else(|| config.config.labels.get(key));
    // Without an unambiguous history there is no boundary to be seen.
    if layers.iter().any(|layer| layer.instruction.is_none()) {
        return None;
    }
    let boundary = boundary(config).filter(|boundary| *boundary > 0 && *boundary < layers.len())?;
    Some(Base {
        layers: boundary,
        name: written(NAME).map(|name| crate::path::Printable(name.as_bytes()).to_string()),
        digest: written(DIGEST).and_then(|digest| Digest::parse(digest).ok()),
        evidence: Evidence::History,
    })
}

/// How many layers were made up to the last `CMD` or `ENTRYPOINT` that more layers follow.
fn boundary(config: &Config) -> Option<usize> {
    let last_layer = config.history.iter().rposition(|entry| !entry.empty_layer)?;
    let end = config.history[..last_layer].iter().rposition(|entry| {
        let text = readable(&entry.created_by);
        entry.empty_layer && (text.starts_with("CMD ") || text.starts_with("ENTRYPOINT "))
    })?;
    Some(config.history[..end].iter().filter(|entry| !entry.empty_layer).count())
}
