//! From a source's root to the tree of what it names: indexes, images, attestations, artifacts, and what is absent.

use std::io::Read;

use serde::de::DeserializeOwned;

use super::open::names;
use super::{Blob, Root, Source};
use crate::digest::{Digest, HashingReader};
use crate::error::{Error, Result};
use crate::image::{
    Config, Descriptor, Image, Index, Layer, Manifest, MediaType, Node, NodeKind, Platform, base, history,
};

/// Bytes of one index, manifest or configuration. Registries refuse manifests above 4 MiB.
const MAX_DOCUMENT: u64 = 16 << 20;
/// Indexes within indexes.
const MAX_NESTING: usize = 8;
/// Manifests below one root.
const MAX_NODES: usize = 4096;
/// Layers of one image; no engine runs more than 127.
const MAX_LAYERS: usize = 4096;

/// What a manifest says it is about.
const REFERENCE_TYPE: &str = "vnd.docker.reference.type";
const REFERENCE_DIGEST: &str = "vnd.docker.reference.digest";
/// What a layer of an attestation says.
const PREDICATE_TYPE: &str = "in-toto.io/predicate-type";

/// The tree of the one image that the source holds, or an error that lists them where there are several.
pub fn resolve(source: &dyn Source) -> Result<Node> {
    match source.roots() {
        [root] => Resolver { source, nodes: 0 }.root(root),
        [] => Err(Error::input("it holds no image")),
        roots => Err(Error::usage(format!("it holds {} images: {}", roots.len(), names(roots)))
            .hint("choose one by writing it behind the file and a colon: image.tar:name:tag")),
    }
}

struct Resolver<'a> {
    source: &'a dyn Source,
    nodes: usize,
}

impl Resolver<'_> {
    fn root(&mut self, root: &Root) -> Result<Node> {
        if let [descriptor] = root.descriptors.as_slice() {
            let mut node = self.node(descriptor, 0)?;
            if let NodeKind::Missing(_) = node.kind {
                return Err(absent(descriptor));
            }
            name(&mut node, root);
            return Ok(node);
        }
        let mut children = Vec::new();
        for descriptor in &root.descriptors {
            children.push(self.node(descriptor, 1)?);
        }
        let mut node = Node { descriptor: None, tags: Vec::new(), kind: NodeKind::Index(children) };
        name(&mut node, root);
        Ok(node)
    }

    fn node(&mut self, descriptor: &Descriptor, nesting: usize) -> Result<Node> {
        self.nodes += 1;
        if nesting > MAX_NESTING || self.nodes > MAX_NODES {
            return Err(Error::limit(format!(
                "its indexes nest deeper than {MAX_NESTING} or name more than {MAX_NODES} manifests"
            )));
        }
        let kind = match self.bytes(descriptor)? {
            None => NodeKind::Missing(descriptor.platform.clone().map(Platform::normalized)),
            Some(bytes) if is_index(descriptor, &bytes) => {
                let index: Index = parse(descriptor, "index", &bytes)?;
                let mut children = Vec::new();
                for child in &index.manifests {
                    children.push(self.node(child, nesting + 1)?);
                }
                NodeKind::Index(children)
            }
            Some(bytes) => self.manifest(descriptor, &bytes)?,
        };
        Ok(Node { descriptor: Some(descriptor.clone()), tags: Vec::new(), kind })
    }

    fn manifest(&self, descriptor: &Descriptor, bytes: &[u8]) -> Result<NodeKind> {
        let manifest: Manifest = parse(descriptor, "manifest", bytes)?;
        if manifest.layers.len() > MAX_LAYERS {
            return Err(Error::limit(format!(
                "manifest {} lists more than {MAX_LAYERS} layers",
                descriptor.digest
            )));
        }
        if descriptor.annotations.get(REFERENCE_TYPE).is_some_and(|kind| kind == "attestation-manifest") {
            let about = descriptor.annotations.get(REFERENCE_DIGEST);
            let predicate = |layer: &Descriptor| layer.annotations.get(PREDICATE_TYPE).cloned();
            return Ok(NodeKind::Attestation {
                about: about.and_then(|digest| Digest::parse(digest).ok()),
                predicates: manifest.layers.iter().filter_map(predicate).collect(),
                manifest: Some(manifest),
            });
        }
        if !manifest.is_image() {
            return Ok(NodeKind::Artifact { artifact_type: manifest.artifact_type().to_owned(), manifest });
        }
        let Some(bytes) = self.bytes(&manifest.config)? else {
            return Ok(NodeKind::Missing(descriptor.platform.clone().map(Platform::normalized)));
        };
        let config: Config = parse(&manifest.config, "configuration", &bytes)?;
        Ok(NodeKind::Image(Box::new(image(descriptor, manifest, config)?)))
    }

    /// A document, held against its digest; `None` where the source does not have it.
    fn bytes(&self, descriptor: &Descriptor) -> Result<Option<Vec<u8>>> {
        let blob = self.source.blob(descriptor)?;
        let reader: Box<dyn Read> = match blob {
            None => return Ok(None),
            Some(Blob::At(region)) => Box::new(region.reader()),
            Some(Blob::Stream(stream)) => stream,
            Some(Blob::Passed(_)) => {
                return Err(Error::input(format!("blob {} is no JSON document", descriptor.digest)));
            }
        };
        let mut reader = HashingReader::expecting(reader, &descriptor.digest);
        let mut bytes = Vec::new();
        (&mut reader).take(MAX_DOCUMENT + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_DOCUMENT {
            return Err(Error::limit(format!(
                "blob {} is longer than {MAX_DOCUMENT} bytes",
                descriptor.digest
            )));
        }
        let (digest, _) = reader.finish()?;
        if digest != descriptor.digest {
            return Err(Error::input(format!("blob {} has the digest {digest}", descriptor.digest))
                .hint("the blob is damaged or was changed: fetch or save the image again"));
        }
        Ok(Some(bytes))
    }
}

/// An index is known by its media type, or, where the descriptor has none, by what it lists.
fn is_index(descriptor: &Descriptor, bytes: &[u8]) -> bool {
    match descriptor.kind() {
        MediaType::Index => true,
        MediaType::Manifest => false,
        _ => serde_json::from_slice::<Index>(bytes).is_ok_and(|index| !index.manifests.is_empty()),
    }
}

fn image(descriptor: &Descriptor, manifest: Manifest, config: Config) -> Result<Image> {
    let count = manifest.layers.len();
    let mut warnings = Vec::new();
    if config.rootfs.diff_ids.len() != count {
        return Err(Error::input(format!(
            "manifest {} lists {count} layers and its configuration lists {}",
            descriptor.digest,
            config.rootfs.diff_ids.len()
        )));
    }
    let (instructions, warning) = history::align(&config, count);
    warnings.extend(warning);
    let layers: Vec<_> = manifest
        .layers
        .into_iter()
        .zip(&config.rootfs.diff_ids)
        .zip(instructions)
        .map(|((descriptor, diff_id), instruction)| Layer {
            descriptor,
            diff_id: Some(diff_id.clone()),
            instruction,
        })
        .collect();
    // The index knows the variant of an ARM better than most configurations do.
    let platform = match &descriptor.platform {
        Some(platform) if !platform.is_unknown() && !platform.architecture.is_empty() => {
            platform.clone().normalized()
        }
        _ => config.platform(),
    };
    Ok(Image {
        platform,
        manifest: Some(descriptor.clone()),
        id: manifest.config.digest,
        config_size: manifest.config.size,
        tags: Vec::new(),
        base: base::recognise(&config, &layers, &manifest.annotations),
        config,
        layers,
        annotations: manifest.annotations,
        warnings,
    })
}

/// The root's names are those of every image below it.
fn name(node: &mut Node, root: &Root) {
    node.tags.clone_from(&root.tags);
    let mut stack = vec![node];
    while let Some(node) = stack.pop() {
        match &mut node.kind {
            NodeKind::Index(children) => stack.extend(children),
            NodeKind::Image(image) => {
                image.tags.clone_from(&root.tags);
                if root.translated {
                    image.manifest = None;
                    node.descriptor = None;
                }
            }
            _ => {}
        }
    }
}

fn parse<T: DeserializeOwned>(descriptor: &Descriptor, what: &str, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes)
        .map_err(|error| Error::input(format!("blob {} is no image {what}: {error}", descriptor.digest)))
}

fn absent(descriptor: &Descriptor) -> Error {
    Error::input(format!("blob {} is not there, though the index names it", descriptor.digest))
        .hint("the image is incomplete: fetch or save it again, with all its platforms")
}
