//! The tree of a reference, and what a registry keeps of it.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Blob, Node, NodeKind, Part, Registry, Shared};
use super::{count, text, texts};
use crate::image::{self, Descriptor, Manifest};

/// The tree as the contract has it, and its cost; `kind` is that of the source.
pub(super) fn build(tree: &image::Node, kind: &str) -> (Node, Registry) {
    let mut node = convert(tree);
    let images = by_digest(&node);
    share(&mut node, &images);
    let registry = cost(&node, kind);
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
        config_size: 0,
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
            node.config_size = image.config_size;
            node.blobs = image.layers.iter().map(|layer| blob(&layer.descriptor)).collect();
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
        image::NodeKind::Unread(platform) => {
            node.kind = NodeKind::Unread;
            node.platform = Some(platform.to_string());
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

/// The kinds of sources that may hand out layers otherwise than a registry would keep them.
const UNPACKING: [&str; 4] = ["docker-archive", "docker", "podman", "rootfs"];

/// The kinds of blobs, in the order of reports.
const KINDS: [&str; 4] = ["layers", "configurations", "manifests", "attached"];

fn cost(tree: &Node, kind: &str) -> Registry {
    // Digest → (position in KINDS, size): a blob is kept once, however often it is named.
    let mut kept: BTreeMap<&str, (usize, u64)> = BTreeMap::new();
    let mut nodes: BTreeSet<&str> = BTreeSet::new();
    let mut shared: BTreeMap<Vec<String>, BTreeMap<&str, u64>> = BTreeMap::new();
    let (mut unshared, mut exact) = (0, true);
    visit(tree, &mut |node| {
        exact &= !matches!(node.kind, NodeKind::Missing | NodeKind::Unread);
        // The same manifest under two names is one manifest, and what it names is kept once.
        if node.digest.as_deref().is_some_and(|digest| !nodes.insert(digest)) {
            return;
        }
        let is_image = node.kind == NodeKind::Image;
        let blobs =
            node.blobs.iter().map(|blob| (blob.digest.as_str(), usize::from(!is_image) * 3, blob.size));
        let config = node.id.as_deref().map(|id| (id, 1, node.config_size));
        let manifest = node.digest.as_deref().map(|digest| (digest, 2, node.size));
        for (digest, kind, size) in blobs.chain(config).chain(manifest) {
            unshared += size;
            kept.entry(digest).or_insert((kind, size));
        }
        for blob in node.blobs.iter().filter(|_| is_image) {
            exact &= !UNPACKING.contains(&kind) || is_compressed(&blob.media_type);
            if !blob.also_in.is_empty() {
                let mut platforms: Vec<_> = blob.also_in.iter().chain(&node.platform).cloned().collect();
                platforms.sort();
                shared.entry(platforms).or_default().insert(&blob.digest, blob.size);
            }
        }
    });
    let parts = KINDS.iter().enumerate().map(|(position, name)| {
        let sizes: Vec<_> =
            kept.values().filter(|(kind, _)| *kind == position).map(|(_, size)| *size).collect();
        Part { kind: (*name).to_owned(), blobs: count(sizes.len()), bytes: sizes.iter().sum() }
    });
    let shared = shared.into_iter().map(|(platforms, blobs)| Shared {
        platforms,
        layers: count(blobs.len()),
        bytes: blobs.values().sum(),
    });
    Registry {
        blobs: count(kept.len()),
        bytes: kept.values().map(|(_, size)| size).sum(),
        unshared,
        exact,
        parts: parts.filter(|part| part.blobs > 0).collect(),
        shared: shared.collect(),
    }
}

/// Whether a layer of this media type is compressed; a docker save unpacks what was.
fn is_compressed(media_type: &str) -> bool {
    ["+gzip", ".gzip", "+zstd", ".zstd"].iter().any(|suffix| media_type.ends_with(suffix))
}
