//! From a source's root to the tree of what it names: indexes, images, attestations, artifacts, and what is absent.

use std::io::Read;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use serde::de::DeserializeOwned;

use super::open::names;
use super::{Blob, Root, Source};
use crate::digest::{Digest, HashingReader};
use crate::error::{Error, Result};
use crate::image::{
    Config, Descriptor, Image, Index, Layer, Manifest, MediaType, Node, NodeKind, Platform, Selector, base,
    history,
};
use crate::limits::{Limit, Limits};

/// What a manifest says it is about.
const REFERENCE_TYPE: &str = "vnd.docker.reference.type";
const REFERENCE_DIGEST: &str = "vnd.docker.reference.digest";
/// What a layer of an attestation says.
const PROVENANCE: &str = "https://slsa.dev/provenance/";
const PREDICATE_TYPE: &str = "in-toto.io/predicate-type";

/// Requests at a time, where every document costs one.
const AT_ONCE: usize = 8;

/// How much of a tree is looked at where every document costs a request; a source that is here is read whole.
#[derive(Debug, Clone, Copy)]
pub enum Depth<'a> {
    /// All manifests, and only those configurations without which nothing tells the platform.
    Tree,
    /// The images of these platforms, of all where there is none, and nothing else.
    Images(&'a [Selector]),
}

/// The tree of the one image that the source holds, or an error that lists them where there are several.
pub fn resolve(source: &dyn Source, depth: Depth<'_>, limits: &Limits) -> Result<Node> {
    match source.roots() {
        [root] => Resolver { source, depth, nodes: AtomicU64::new(0), limits }.root(root),
        [] => Err(Error::input("it holds no image")),
        roots => Err(Error::usage(format!("it holds {} images: {}", roots.len(), names(roots)))
            .hint("choose one by writing it behind the file and a colon: image.tar:name:tag")),
    }
}

/// The provenance statement about the manifest `about`, where the tree has an attestation with one and the source holds
/// it.
pub fn provenance(
    source: &dyn Source,
    tree: &Node,
    about: &Digest,
    limits: &Limits,
) -> Result<Option<String>> {
    let resolver = Resolver { source, nodes: AtomicU64::new(0), depth: Depth::Tree, limits };
    let mut stack = vec![tree];
    while let Some(node) = stack.pop() {
        let manifest = match &node.kind {
            NodeKind::Index(children) => {
                stack.extend(children);
                continue;
            }
            NodeKind::Attestation { about: Some(this), manifest, .. } if this == about => manifest,
            _ => continue,
        };
        let fetched = match (manifest, &node.descriptor) {
            (Some(manifest), _) => Some(manifest.clone()),
            (None, Some(descriptor)) => match resolver.bytes(descriptor)? {
                Some(bytes) => Some(parse(descriptor, "manifest", &bytes)?),
                None => None,
            },
            (None, None) => None,
        };
        let is_provenance = |layer: &&Descriptor| {
            layer.annotations.get(PREDICATE_TYPE).is_some_and(|kind| kind.starts_with(PROVENANCE))
        };
        for layer in fetched.iter().flat_map(|manifest| &manifest.layers).filter(is_provenance) {
            if let Some(bytes) = resolver.bytes(layer)? {
                return Ok(Some(String::from_utf8_lossy(&bytes).into_owned()));
            }
        }
    }
    Ok(None)
}

struct Resolver<'a> {
    source: &'a dyn Source,
    depth: Depth<'a>,
    nodes: AtomicU64,
    limits: &'a Limits,
}

impl Resolver<'_> {
    fn root(&self, root: &Root) -> Result<Node> {
        if let [descriptor] = root.descriptors.as_slice() {
            let mut node = self.node(descriptor, 0)?;
            if let NodeKind::Missing(_) = node.kind {
                return Err(absent(descriptor));
            }
            name(&mut node, root);
            return Ok(node);
        }
        let children = self.children(&root.descriptors, 1)?;
        let mut node = Node { descriptor: None, tags: Vec::new(), kind: NodeKind::Index(children) };
        name(&mut node, root);
        Ok(node)
    }

    /// The nodes that an index names, in its order.
    fn children(&self, descriptors: &[Descriptor], nesting: usize) -> Result<Vec<Node>> {
        if !self.source.is_remote() {
            return descriptors.iter().map(|child| self.node(child, nesting)).collect();
        }
        let next = AtomicUsize::new(0);
        let work = || {
            let mut done = Vec::new();
            while let position = next.fetch_add(1, Ordering::Relaxed)
                && let Some(child) = descriptors.get(position)
            {
                let node = match self.passed_over(child, descriptors) {
                    Some(kind) => Ok(Node { descriptor: Some(child.clone()), tags: Vec::new(), kind }),
                    None => self.node(child, nesting),
                };
                done.push((position, node));
            }
            done
        };
        let mut nodes: Vec<_> = thread::scope(|scope| {
            let workers: Vec<_> = (0..AT_ONCE.min(descriptors.len())).map(|_| scope.spawn(work)).collect();
            workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
        });
        nodes.sort_by_key(|(position, _)| *position);
        nodes.into_iter().map(|(_, node)| node).collect()
    }

    /// What is known of a child that need not be fetched, because nobody asked for it.
    fn passed_over(&self, child: &Descriptor, siblings: &[Descriptor]) -> Option<NodeKind> {
        let Depth::Images(selectors) = self.depth else { return None };
        if is_attestation(child) {
            return Some(NodeKind::Attestation {
                about: about(child),
                predicates: Vec::new(),
                manifest: None,
            });
        }
        let known = |descriptor: &Descriptor| {
            let platform = descriptor.platform.clone().filter(|_| !is_attestation(descriptor))?;
            Some(platform.normalized()).filter(|platform| !platform.is_unknown())
        };
        let own = known(child)?;
        if selectors.is_empty() {
            return None;
        }
        let platforms: Vec<_> = siblings.iter().filter_map(known).collect();
        let is_wanted = |selector: &Selector| {
            selector.choose(&platforms).into_iter().any(|position| platforms[position] == own)
        };
        (!selectors.iter().any(is_wanted)).then_some(NodeKind::Unread(own))
    }

    fn node(&self, descriptor: &Descriptor, nesting: usize) -> Result<Node> {
        let nodes = self.nodes.fetch_add(1, Ordering::Relaxed) + 1;
        let nested = nesting as u64;
        self.limits.check(Limit::Nesting, nested, || format!("its indexes nest {nested} deep"))?;
        self.limits.check(Limit::Manifests, nodes, || format!("its indexes name {nodes} manifests"))?;
        let kind = match self.bytes(descriptor)? {
            None => NodeKind::Missing(descriptor.platform.clone().map(Platform::normalized)),
            Some(bytes) if is_index(descriptor, &bytes) => {
                let index: Index = parse(descriptor, "index", &bytes)?;
                NodeKind::Index(self.children(&index.manifests, nesting + 1)?)
            }
            Some(bytes) => self.manifest(descriptor, &bytes)?,
        };
        Ok(Node { descriptor: Some(descriptor.clone()), tags: Vec::new(), kind })
    }

    fn manifest(&self, descriptor: &Descriptor, bytes: &[u8]) -> Result<NodeKind> {
        let manifest: Manifest = parse(descriptor, "manifest", bytes)?;
        let layers = manifest.layers.len() as u64;
        self.limits.check(Limit::Layers, layers, || {
            format!("manifest {} lists {layers} layers", descriptor.digest)
        })?;
        if is_attestation(descriptor) {
            let predicate = |layer: &Descriptor| layer.annotations.get(PREDICATE_TYPE).cloned();
            return Ok(NodeKind::Attestation {
                about: about(descriptor),
                predicates: manifest.layers.iter().filter_map(predicate).collect(),
                manifest: Some(manifest),
            });
        }
        if !manifest.is_image() {
            return Ok(NodeKind::Artifact { artifact_type: manifest.artifact_type().to_owned(), manifest });
        }
        let is_known = descriptor.platform.as_ref().is_some_and(|platform| !platform.architecture.is_empty());
        if self.source.is_remote() && is_known && matches!(self.depth, Depth::Tree) {
            return Ok(NodeKind::Image(Box::new(image(descriptor, manifest, None)?)));
        }
        let Some(bytes) = self.bytes(&manifest.config)? else {
            return Ok(NodeKind::Missing(descriptor.platform.clone().map(Platform::normalized)));
        };
        let config: Config = parse(&manifest.config, "configuration", &bytes)?;
        Ok(NodeKind::Image(Box::new(image(descriptor, manifest, Some(config))?)))
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
        let longest = self.limits.get(Limit::Document).saturating_add(1);
        (&mut reader).take(longest).read_to_end(&mut bytes)?;
        self.limits
            .document(bytes.len() as u64)
            .map_err(|error| error.within(format_args!("blob {}", descriptor.digest)))?;
        let (digest, _) = reader.finish()?;
        if digest != descriptor.digest {
            return Err(Error::input(format!("blob {} has the digest {digest}", descriptor.digest))
                .hint("the blob is damaged or was changed: fetch or save the image again"));
        }
        Ok(Some(bytes))
    }
}

/// Whether an index says that this is a statement about another of its manifests.
fn is_attestation(descriptor: &Descriptor) -> bool {
    descriptor.annotations.get(REFERENCE_TYPE).is_some_and(|kind| kind == "attestation-manifest")
}

fn about(descriptor: &Descriptor) -> Option<Digest> {
    descriptor.annotations.get(REFERENCE_DIGEST).and_then(|digest| Digest::parse(digest).ok())
}

/// An index is known by its media type, or, where the descriptor has none, by what it lists.
fn is_index(descriptor: &Descriptor, bytes: &[u8]) -> bool {
    match descriptor.kind() {
        MediaType::Index => true,
        MediaType::Manifest => false,
        _ => serde_json::from_slice::<Index>(bytes).is_ok_and(|index| !index.manifests.is_empty()),
    }
}

/// An image; where nobody needs its configuration, without what that says.
fn image(descriptor: &Descriptor, manifest: Manifest, config: Option<Config>) -> Result<Image> {
    let count = manifest.layers.len();
    let mut warnings = Vec::new();
    let (is_read, config) = (config.is_some(), config.unwrap_or_default());
    if is_read && config.rootfs.diff_ids.len() != count {
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
        .zip(instructions)
        .enumerate()
        .map(|(position, (descriptor, instruction))| Layer {
            descriptor,
            diff_id: config.rootfs.diff_ids.get(position).cloned(),
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
