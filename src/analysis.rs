//! The main path: from a reference to everything that can be said about it.

use std::collections::{BTreeMap, BTreeSet};

use crate::advice::{self, Finding, Places, Rule};
use crate::audit;
use crate::digest::Digest;
use crate::dockerfile::{self, Given, Mapping, provenance};
use crate::error::{Error, Result, Warning};
use crate::image::base::{Base, Evidence};
use crate::image::{Image, Node, Platform, Selector};
use crate::layer::{self, Capture, Passed, Reader, Sample, WalkedLayer, Wants};
use crate::ledger::{EntryId, LayerId, Ledger};
use crate::owners::{self, Judged, Ownership};
use crate::progress::{Progress, Unwatched};
use crate::projection::bases::Fit;
use crate::projection::{self, Ground, Variant};
use crate::reference::Reference;
use crate::source::{self, Access, Depth, Source};
use crate::waste::{self, Waste};

pub use crate::layer::Transfer;

/// What an analysis is asked to do.
#[expect(clippy::struct_excessive_bools, reason = "each asks for something of its own")]
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Which platforms; all that the source holds where there is none.
    pub platforms: Vec<Selector>,
    /// All platforms, also where reading each of them costs a download and only the host's would be read.
    pub all_platforms: bool,
    /// How sources are reached.
    pub access: Access,
    /// How transfer is found where the source unpacks layers on the way.
    pub transfer: Transfer,
    /// The rules to look for.
    pub rules: Vec<Rule>,
    /// The Dockerfile of the image, where the user has it.
    pub dockerfile: Option<Given>,
    /// Whether sources are read on the way, for an audit.
    pub audit: bool,
    /// The image that it is built on, where the user says so.
    pub base: Option<Reference>,
    /// Bases of the user's own: what is known of each, and the digests that it is recognised by.
    pub bases: Vec<projection::base::Base>,
    /// Whether every ELF file is looked at, to know what is linked to what.
    pub links: bool,
    /// Whether to project every variant; otherwise only what takes no second look at the layers.
    pub variants: bool,
}

/// Everything that was found out about a reference.
#[derive(Debug, Clone)]
pub struct Analysis {
    /// What was asked for.
    pub reference: Reference,
    /// What kind of source it is in: `docker-archive`.
    pub source: &'static str,
    /// What it names.
    pub tree: Node,
    /// The platforms that were read, in the order of the index.
    pub platforms: Vec<PlatformAnalysis>,
    /// What was noticed about the source as a whole.
    pub warnings: Vec<Warning>,
}

/// Everything that was found out about one platform.
#[derive(Debug, Clone)]
pub struct PlatformAnalysis {
    /// The image.
    pub image: Image,
    /// Which lines of its Dockerfile made which layers, where there is one.
    pub mapping: Option<Mapping>,
    /// Its entries.
    pub ledger: Ledger,
    /// Their owners.
    pub ownership: Ownership,
    /// What is linked to what, where it was asked for.
    pub libraries: Option<audit::libraries::Libraries>,
    /// What ships and cannot be seen.
    pub waste: Waste,
    /// What the rules found, largest saving first.
    pub findings: Vec<Finding>,
    /// What the rules found and is too little to be told, where every variant was projected.
    pub minor: Vec<Finding>,
    /// What could be built instead, largest saving first.
    pub variants: Vec<Variant>,
    /// What the application reaches, where every variant was projected.
    pub audit: Option<audit::Audit>,
    /// What keeps it from each base of the catalogue, where every variant was projected.
    pub bases: Vec<Fit>,
}

impl PlatformAnalysis {
    /// What variants name by position: what the rules found, and behind it what is too little to be told.
    pub fn followed(&self) -> Vec<&Finding> {
        self.findings.iter().chain(&self.minor).collect()
    }
}

/// Weighs every platform asked for. Reads each layer once, however many platforms share it.
pub fn analyze(reference: &Reference, options: &Options, progress: &dyn Progress) -> Result<Analysis> {
    // What another image asked for is no fault of this one.
    let access = Access { limits: options.access.limits.fresh(), ..options.access.clone() };
    let audited = audit::Wanted { symbols: options.variants };
    let (is_audited, is_linked) = (options.audit || options.variants, options.links);
    let wants: &dyn Wants = match (is_audited, is_linked) {
        (true, _) => &audited,
        (false, true) => &audit::libraries::Linking,
        (false, false) => &owners::Wanted,
    };
    let reader = Reader { wants, limits: &access.limits };
    // What these want to see of a layer is more than what is remembered of it.
    let cache = options.access.cache.as_ref().filter(|_| !is_audited && !is_linked);
    let mut passed = Passed::new(reader, options.transfer, cache, progress);
    let source = source::open(reference, &access, &mut passed)?;
    let weighed = weigh(&*source, &passed, options);
    if let Some(cache) = &options.access.cache {
        cache.tidy();
    }
    weighed
        .map(|(tree, platforms)| Analysis {
            reference: reference.clone(),
            source: source.kind(),
            tree,
            platforms,
            warnings: source.warnings(),
        })
        .map_err(|error| error.within(format_args!("cannot weigh {reference}")))
}

/// What a reference names, with no layer read.
pub fn inspect(reference: &Reference, access: &Access) -> Result<(Node, &'static str)> {
    let access = Access { limits: access.limits.fresh(), ..access.clone() };
    let reader = Reader { wants: &|_: &[u8], _| Capture::Nothing, limits: &access.limits };
    let mut passed = Passed::new(reader, Transfer::Off, None, &Unwatched);
    let source = source::open(reference, &access, &mut passed)?;
    let tree = source::resolve(&*source, Depth::Tree, &access.limits)
        .map_err(|error| error.within(format_args!("cannot read {reference}")))?;
    Ok((tree, source.kind()))
}

fn weigh(
    source: &dyn Source,
    passed: &Passed<'_>,
    options: &Options,
) -> Result<(Node, Vec<PlatformAnalysis>)> {
    let host = [Selector::of_host()];
    let is_default = source.is_remote() && options.platforms.is_empty() && !options.all_platforms;
    let selectors = if is_default { host.as_slice() } else { &options.platforms };
    let tree = source::resolve(source, Depth::Images(selectors), passed.limits())?;
    let images: Vec<_> = choose(&tree, if is_single(&tree) { &options.platforms } else { selectors })?
        .into_iter()
        .cloned()
        .collect();
    // What is in the layers and whose it is depends on no transfer, so neither has to wait for the other.
    let read = || {
        let mut walked = Walked::new(layer::walk_images(source, &images, passed)?, &images);
        let drafts = images.iter().map(|image| draft(source, &tree, image.clone(), &mut walked, options));
        drafts.collect::<Result<Vec<_>>>()
    };
    let (drafts, samples) = rayon::join(read, || layer::sample_images(source, &images, passed.transfer()));
    let (drafts, samples) = (drafts?, samples?);
    let platforms = drafts.into_iter().map(|draft| draft.weigh(&samples, options)).collect();
    Ok((tree, platforms))
}

/// Layers that were walked. Each is handed out as often as images have it, and is gone with the last time.
struct Walked(BTreeMap<Digest, (usize, WalkedLayer)>);

impl Walked {
    fn new(layers: BTreeMap<Digest, WalkedLayer>, images: &[Image]) -> Self {
        let mut walked: BTreeMap<_, _> =
            layers.into_iter().map(|(digest, layer)| (digest, (0, layer))).collect();
        for layer in images.iter().flat_map(|image| &image.layers) {
            if let Some((uses, _)) = walked.get_mut(&layer.descriptor.digest) {
                *uses += 1;
            }
        }
        Self(walked)
    }

    fn take(&mut self, digest: &Digest) -> Option<WalkedLayer> {
        let (uses, layer) = self.0.get_mut(digest)?;
        if *uses > 1 {
            *uses -= 1;
            return Some(layer.clone());
        }
        self.0.remove(digest).map(|(_, layer)| layer)
    }
}

/// One platform before its transfer is known.
struct Draft {
    image: Image,
    mapping: Option<Mapping>,
    ledger: Ledger,
    judged: Judged,
    places: Places,
}

/// From walked layers to what is in them and whose it is.
fn draft(
    source: &dyn Source,
    tree: &Node,
    mut image: Image,
    walked: &mut Walked,
    options: &Options,
) -> Result<Draft> {
    let mapping = locate(source, tree, &mut image, options);
    match &options.base {
        Some(reference) => stand_on(&mut image, reference, &options.access)?,
        None => know(&mut image, options),
    }
    let layers = image.layers.iter().filter_map(|layer| walked.take(&layer.descriptor.digest));
    let mut ledger = Ledger::build(layers);
    ledger.transfer_exact = source.keeps_compression() || ledger.is_compressed();
    if options.transfer == Transfer::Off && !ledger.transfer_exact {
        ledger.forget_transfer();
    }
    identify(source, &image, &mut ledger)?;
    let instructions: Vec<_> = image.layers.iter().map(|layer| layer.instruction.as_ref()).collect();
    // Where rules look depends on no owner, so neither has to wait for the other.
    let (judged, places) =
        rayon::join(|| owners::judge(&ledger, &instructions), || Places::new(&options.rules, &ledger));
    Ok(Draft { image, mapping, ledger, judged, places })
}

impl Draft {
    /// Everything that can be said about it.
    fn weigh(self, samples: &BTreeMap<Digest, Sample>, options: &Options) -> PlatformAnalysis {
        let Self { image, mapping, mut ledger, judged, places } = self;
        for (position, layer) in (0..).zip(&image.layers) {
            if let Some(sample) = samples.get(&layer.descriptor.digest) {
                ledger.estimate_transfer(LayerId(position), sample);
            }
        }
        let ownership = judged.settle(&mut ledger);
        let waste = waste::measure(&ledger);
        let findings = advice::find(&options.rules, &image, &ledger, &waste, &places);
        let audit =
            options.variants.then(|| audit::audit(&image, &ledger, &ownership, &audit::Options::default()));
        let minor = match &audit {
            Some(_) => advice::minor(&options.rules, &image, &ledger, &waste, &places),
            None => Vec::new(),
        };
        let (variants, bases) = match &audit {
            Some(audit) => {
                let (image, mapping) = (&image, mapping.as_ref());
                let ground = Ground::new(image, mapping, &ledger, &ownership, (&findings, &minor), audit);
                let ground = Ground { bases: projection::base::with(&options.bases), ..ground };
                (projection::all(&ground), projection::bases::fits(&ground))
            }
            None => (projection::variants(&ledger, &findings, mapping.as_ref()), Vec::new()),
        };
        let libraries = options.links.then(|| audit::libraries::libraries(&image, &ledger));
        PlatformAnalysis {
            image,
            mapping,
            ledger,
            ownership,
            libraries,
            waste,
            findings,
            minor,
            variants,
            audit,
            bases,
        }
    }
}

/// Finds the lines of the layers, and with them the base.
fn locate(source: &dyn Source, tree: &Node, image: &mut Image, options: &Options) -> Option<Mapping> {
    let (given, limits) = (options.dockerfile.as_ref(), options.access.limits.fresh());
    let statement = match &image.manifest {
        Some(manifest) => source::provenance(source, tree, &manifest.digest, &limits),
        None => Ok(None),
    };
    let read = statement.and_then(|text| text.map_or(Ok(None), |text| provenance::read(&text)));
    let provenance = read.unwrap_or_else(|error| {
        // Without it every figure is true, and less is known of where it comes from.
        image.warnings.push(Warning::new("provenance", error.message));
        None
    });
    let (mapping, warning) = dockerfile::mapping::map(image, given, provenance.as_ref());
    image.warnings.extend(warning);
    image.base = dockerfile::mapping::base(image, mapping.as_ref(), provenance.as_ref());
    mapping
}

/// Takes the boundary from the catalogue, where it holds the digests of the lowest layers and nothing better is known.
fn know(image: &mut Image, options: &Options) {
    let layers: Vec<String> = image.layers.iter().map(|layer| layer.descriptor.digest.to_string()).collect();
    let diff_ids: Vec<String> = image.config.rootfs.diff_ids.iter().map(ToString::to_string).collect();
    let bases = options.bases.iter().chain(&*projection::base::BASES);
    let platform = image.platform.to_string();
    let is_guess = image.base.as_ref().is_none_or(|base| base.evidence == Evidence::History);
    let found = projection::base::known(bases, &platform, &layers, &diff_ids).filter(|_| is_guess);
    if let Some((base, layers)) = found {
        let name = Some(crate::path::Printable(base.name.as_bytes()).to_string());
        image.base = Some(Base { layers, name, digest: None, evidence: Evidence::Layers });
    }
}

/// Takes the boundary from the base itself: its layers are the lowest ones, or it is none of this image.
fn stand_on(image: &mut Image, reference: &Reference, access: &Access) -> Result<()> {
    let (tree, _) = inspect(reference, access)?;
    let found = tree.images().into_iter().find(|base| base.platform == image.platform);
    let Some(base) = found else {
        return Err(Error::usage(format!("{reference} has no platform {}", image.platform)));
    };
    let ids = |image: &Image| image.config.rootfs.diff_ids.clone();
    let (lowest, all) = (ids(base), ids(image));
    if lowest.is_empty() || !all.starts_with(&lowest) {
        return Err(Error::usage(format!(
            "{reference} is not what the image is built on: its layers are not the lowest ones"
        ))
        .hint("its tag may have moved since: name it by digest, or leave --base out"));
    }
    image.base = Some(Base {
        layers: lowest.len(),
        name: Some(reference.to_string()),
        digest: base.manifest.as_ref().map(|manifest| manifest.digest.clone()),
        evidence: Evidence::Layers,
    });
    Ok(())
}

/// Reads again, of layers that were walked without reading content, what only content can tell apart: rewrites of one
/// size, and files that share their size.
fn identify(source: &dyn Source, image: &Image, ledger: &mut Ledger) -> Result<()> {
    let mut by_layer: BTreeMap<LayerId, Vec<EntryId>> = BTreeMap::new();
    for id in ledger.undecided() {
        by_layer.entry(ledger.entry(id).layer).or_default().push(id);
    }
    for (layer, ids) in by_layer {
        let ranges = ledger.places(layer, &ids);
        let hashes = layer::hash_files(source, &image.layers[usize::from(layer.0)], &ranges)?;
        for (id, hash) in ids.into_iter().zip(hashes) {
            ledger.entries[id.index()].hash = Some(hash.into());
        }
    }
    ledger.settle_identity();
    Ok(())
}

/// Whether there is but one image, which is then taken whatever it runs on, unless the user asks for another.
fn is_single(tree: &Node) -> bool {
    tree.images().len() == 1 && tree.unread().is_empty()
}

/// The images of the platforms that were asked for, in the order of the index.
fn choose<'a>(tree: &'a Node, selectors: &[Selector]) -> Result<Vec<&'a Image>> {
    let images = tree.images();
    let platforms: Vec<_> = images.iter().map(|image| image.platform.clone()).collect();
    let (missing, unread) = (tree.missing(), tree.unread());
    let list =
        |platforms: &[Platform]| platforms.iter().map(Platform::to_string).collect::<Vec<_>>().join(", ");
    if images.is_empty() && !unread.is_empty() {
        let asked = selectors.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        return Err(Error::usage(format!("it has no platform {asked}"))
            .hint(format!("it has {}: choose with --platform, or take --all-platforms", list(&unread))));
    }
    if images.is_empty() {
        let what = if missing.is_empty() {
            "it holds no image"
        } else {
            "it holds the blobs of none of its platforms"
        };
        return Err(Error::input(what).hint("plimsoll platforms shows what it does hold"));
    }
    let mut chosen = BTreeSet::new();
    for selector in selectors {
        let found = selector.choose(&platforms);
        if found.is_empty() {
            let absent = selector.choose(&missing);
            let message = match absent.first() {
                Some(first) => {
                    format!("it names the platform {} and does not hold its blobs", missing[*first])
                }
                None => format!("it has no platform {selector}"),
            };
            let has = [platforms.as_slice(), unread.as_slice()].concat();
            return Err(Error::usage(message).hint(format!("it has {}", list(&has))));
        }
        chosen.extend(found);
    }
    if selectors.is_empty() {
        return Ok(images);
    }
    Ok(chosen.into_iter().map(|position| images[position]).collect())
}
