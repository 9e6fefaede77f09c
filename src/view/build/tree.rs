//! The tree of a reference, and what a registry keeps of it.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Blob, Node, NodeKind, Registry};
use super::{count, text, texts};
use crate::image::{self, Descriptor, Manifest};

/// The tree as the contract has it, and its cost.
pub(super) fn build(tree: &image::Node) -> (Node, Registry) {
    let mut node = convert(tree);
    let images = by_digest(&node);
    share(&mut node, &images);
    let registry = cost(&node);
    (node, registry)
}

fn convert(tree: &image::Node) -> Node {
    let descriptor = tree.descriptor.as_ref();
    let mut node = Node {
        kind: NodeKind::Missing,
        digest: descriptor.map(|descriptor| descriptor.digest.to_string()),
        media_type: descriptor.map_or_else(String::new, |descriptor| text(&descriptor.media_type)),
        size: descriptor.map_or(0, |descriptor| descriptor.size),
        tags: texts(&tree.tags),
        platform: None,
        id: None,
        about: None,
        about_platform: None,
        predicates: Vec::new(),
        artifact_type: None,
        blobs: Vec::new(),
        children: Vec::new(),
    };
    match &tree.kind {
        image::NodeKind::Index(children) => {
            node.kind = NodeKind::Index;
            node.children = children.iter().map(convert).collect();
        }
        image::NodeKind::Image(image) => {
            node.kind = NodeKind::Image;
            node.platform = Some(image.platform.to_string());
            node.id = Some(image.id.to_string());
            node.blobs = image.layers.iter().map(|layer| blob(&layer.descriptor)).collect();
            for tag in texts(&image.tags) {
                if !node.tags.contains(&tag) {
                    node.tags.push(tag);
                }
            }
        }
        image::NodeKind::Attestation { about, predicates, manifest } => {
            node.kind = NodeKind::Attestation;
            node.about = about.as_ref().map(ToString::to_string);
            node.predicates = texts(predicates);
            node.blobs = manifest.as_ref().map(carried).unwrap_or_default();
        }
        image::NodeKind::Artifact { artifact_type, manifest } => {
            node.kind = NodeKind::Artifact;
            node.artifact_type = Some(text(artifact_type));
            node.blobs = carried(manifest);
        }
        image::NodeKind::Missing(platform) => {
            node.platform = platform.as_ref().map(ToString::to_string);
        }
    }
    node
}

fn blob(descriptor: &Descriptor) -> Blob {
    Blob {
        digest: descriptor.digest.to_string(),
        size: descriptor.size,
        media_type: text(&descriptor.media_type),
        also_in: Vec::new(),
    }
}

/// What an attestation or artifact is made of.
fn carried(manifest: &Manifest) -> Vec<Blob> {
    std::iter::once(&manifest.config).chain(&manifest.layers).map(blob).collect()
}

fn visit<'a>(node: &'a Node, see: &mut impl FnMut(&'a Node)) {
    see(node);
    for child in &node.children {
        visit(child, see);
    }
}

/// What the images are made of, for sharing: (manifest or image id, platform, blobs).
#[derive(Default)]
struct Images {
    platform_of: BTreeMap<String, String>,
    platforms_with: BTreeMap<String, BTreeSet<String>>,
}

fn by_digest(tree: &Node) -> Images {
    let mut images = Images::default();
    visit(tree, &mut |node| {
        let Some(platform) = node.platform.as_ref().filter(|_| node.kind != NodeKind::Attestation) else {
            return;
        };
        if let Some(digest) = &node.digest {
            images.platform_of.insert(digest.clone(), platform.clone());
        }
        for blob in &node.blobs {
            images.platforms_with.entry(blob.digest.clone()).or_default().insert(platform.clone());
        }
    });
    images
}

/// Says of every blob who else has it, and of every attestation which platform it is about.
fn share(node: &mut Node, images: &Images) {
    node.about_platform = node.about.as_ref().and_then(|about| images.platform_of.get(about).cloned());
    if node.kind == NodeKind::Image {
        for blob in &mut node.blobs {
            let platforms = images.platforms_with.get(&blob.digest).into_iter().flatten();
            blob.also_in =
                platforms.filter(|other| Some(*other) != node.platform.as_ref()).cloned().collect();
        }
    }
    for child in &mut node.children {
        share(child, images);
    }
}

fn cost(tree: &Node) -> Registry {
    let mut sizes: BTreeMap<&str, u64> = BTreeMap::new();
    let mut nodes: BTreeSet<&str> = BTreeSet::new();
    let (mut unshared, mut missing) = (0, false);
    visit(tree, &mut |node| {
        missing |= node.kind == NodeKind::Missing;
        if let Some(digest) = node.digest.as_deref() {
            // The same manifest under two names is one manifest, and its layers are pulled once.
            if !nodes.insert(digest) {
                return;
            }
            unshared += node.size;
            sizes.insert(digest, node.size);
        }
        for blob in &node.blobs {
            unshared += blob.size;
            sizes.insert(&blob.digest, blob.size);
        }
    });
    Registry { blobs: count(sizes.len()), bytes: sizes.values().sum(), unshared, exact: !missing }
}
