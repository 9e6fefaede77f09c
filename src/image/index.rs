//! The tree that a reference names: indexes, images of platforms, attestations, artifacts, and what is absent.

use std::collections::BTreeSet;

use super::{Descriptor, Image, Manifest, Platform};
use crate::digest::Digest;

/// One node of the tree.
#[derive(Debug, Clone)]
pub struct Node {
    /// What points here; `None` for the top of a source that has no descriptor of it.
    pub descriptor: Option<Descriptor>,
    /// The names under which the source knows this node.
    pub tags: Vec<String>,
    /// What it is.
    pub kind: NodeKind,
}

/// What a node of the tree is.
#[derive(Debug, Clone)]
pub enum NodeKind {
    /// An index, with its children in its own order.
    Index(Vec<Node>),
    /// An image of one platform.
    Image(Box<Image>),
    /// A statement about another manifest: SBOM or provenance. Listed, never analysed.
    Attestation {
        /// The manifest it is about, where it says so.
        about: Option<Digest>,
        /// The predicate types it carries, as written.
        predicates: Vec<String>,
        /// Its manifest, where the source holds it.
        manifest: Option<Manifest>,
    },
    /// A manifest that is no image: a chart, a signature, a configuration alone.
    Artifact {
        /// Its artifact type, or the media type of its configuration.
        artifact_type: String,
        /// Its manifest.
        manifest: Manifest,
    },
    /// Named by an index, but the source does not hold it.
    Missing(Option<Platform>),
    /// Named by an index, held by the source, and not asked for.
    Unread(Platform),
}

impl Node {
    /// The images of the tree, depth first, each once.
    pub fn images(&self) -> Vec<&Image> {
        let mut images = Vec::new();
        let mut seen = BTreeSet::new();
        // A stack, not recursion: how deep an index nests is the image's choice.
        let mut stack = vec![self];
        while let Some(node) = stack.pop() {
            match &node.kind {
                NodeKind::Index(children) => stack.extend(children.iter().rev()),
                NodeKind::Image(image) => {
                    let key = image.manifest.as_ref().map_or(&image.id, |manifest| &manifest.digest);
                    if seen.insert(key) {
                        images.push(&**image);
                    }
                }
                _ => {}
            }
        }
        images
    }

    /// The platforms that the tree names without holding them.
    pub fn missing(&self) -> Vec<Platform> {
        self.platforms(|kind| match kind {
            NodeKind::Missing(platform) => platform.as_ref().filter(|platform| !platform.is_unknown()),
            _ => None,
        })
    }

    /// The platforms that nobody asked for.
    pub fn unread(&self) -> Vec<Platform> {
        self.platforms(|kind| match kind {
            NodeKind::Unread(platform) => Some(platform),
            _ => None,
        })
    }

    fn platforms(&self, of: impl Fn(&NodeKind) -> Option<&Platform>) -> Vec<Platform> {
        let mut found = Vec::new();
        let mut stack = vec![self];
        while let Some(node) = stack.pop() {
            match &node.kind {
                NodeKind::Index(children) => stack.extend(children.iter().rev()),
                kind => found.extend(of(kind).cloned()),
            }
        }
        found
    }
}
