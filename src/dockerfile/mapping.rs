//! Where the layers of an image stand in its Dockerfile: exactly where BuildKit's provenance says so, else by aligning the
//! history with a Dockerfile that was given.

use std::fmt;

use super::align::align;
use super::instruction::{Dockerfile, Origin};
use super::parse::parse;
use super::provenance::{Provenance, Used};
use super::span::LineRange;
use crate::digest::Digest;
use crate::error::{Result, Warning};
use crate::image::Image;
use crate::image::base::{Base, Evidence};

/// A Dockerfile that the user gave, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Its name, as the user wrote it.
    pub name: String,
    /// What it says.
    pub file: Dockerfile,
}

impl Given {
    /// Reads the text of the file `name`.
    pub fn new(name: &str, text: &str) -> Result<Self> {
        let file = parse(text).map_err(|error| error.within(format_args!("cannot read {name}")))?;
        Ok(Self { name: name.to_owned(), file })
    }
}

/// The lines that made each layer of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// The file's name, as the user or the build wrote it.
    pub name: String,
    /// The file.
    pub file: Dockerfile,
    /// The stage that the image was built from.
    pub stage: usize,
    /// Per layer, lowest first: its lines, where that is certain.
    pub layers: Vec<Option<LineRange>>,
    /// How many of the lowest layers the image of the first `FROM` brought; `None` where that is uncertain.
    pub base: Option<usize>,
    /// How this is known.
    pub evidence: Known,
}

/// How the lines of layers are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// The build wrote down which step made which layer.
    Provenance,
    /// The history of the image fits the Dockerfile that was given.
    History,
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Provenance => "from the build's provenance",
            Self::History => "by aligning the history with it",
        })
    }
}

/// Maps the layers of `image`. A provenance with the Dockerfile in it needs none to be given, and where one is given it
/// counts only if it is the one that was built; a warning says so where not.
pub fn map(
    image: &Image,
    given: Option<&Given>,
    provenance: Option<&Provenance>,
) -> (Option<Mapping>, Option<Warning>) {
    let built = provenance.and_then(|provenance| built(image, provenance));
    match (given, built) {
        (Some(given), Some(built)) if same(&given.file.text, &built.file.text) => {
            (Some(Mapping { name: given.name.clone(), ..built }), None)
        }
        (Some(given), built) => {
            let mapping = aligned(image, given);
            let unlike = mapping.layers.iter().all(Option::is_none).then(|| {
                format!("nothing of the image's history is in {}, so no layer has lines", given.name)
            });
            let other =
                built.map(|_| format!("{} is not the file that the image was built from", given.name));
            let warning = other.or(unlike).map(|message| Warning::new("dockerfile", message));
            (Some(mapping), warning)
        }
        (None, built) => (built, None),
    }
}

/// What is at the end of lines and of the file makes no other Dockerfile.
fn same(one: &str, other: &str) -> bool {
    one.lines().map(str::trim_end).eq(other.trim_end().lines().map(str::trim_end))
        || one.trim_end().lines().map(str::trim_end).eq(other.trim_end().lines().map(str::trim_end))
}

fn built(image: &Image, provenance: &Provenance) -> Option<Mapping> {
    let source = provenance.source.as_ref()?;
    let digests: Vec<Digest> = image.layers.iter().map(|layer| layer.descriptor.digest.clone()).collect();
    // A docker save unpacks layers: then only their uncompressed digests are left, which the provenance has not.
    let layers = provenance.layers(&digests)?;
    let file = parse(&source.text).ok()?;
    let stage = align(&file, &image.config).stage;
    Some(Mapping {
        name: source.name.clone(),
        file,
        stage,
        layers: layers.lines,
        base: layers.base,
        evidence: Known::Provenance,
    })
}

fn aligned(image: &Image, given: &Given) -> Mapping {
    let alignment = align(&given.file, &image.config);
    let lines = |layer: &crate::image::Layer| alignment.lines(layer.instruction.as_ref()?.position);
    let layers: Vec<_> = image.layers.iter().map(lines).collect();
    let known = layers.len() == image.config.history.iter().filter(|entry| !entry.empty_layer).count();
    let base = alignment
        .base
        .filter(|_| known)
        .map(|base| image.config.history.iter().take(base).filter(|entry| !entry.empty_layer).count());
    Mapping {
        name: given.name.clone(),
        file: given.file.clone(),
        stage: alignment.stage,
        layers,
        base,
        evidence: Known::History,
    }
}

/// The base of an image by its Dockerfile or its provenance, which know better than the history alone. What the image says
/// of its base by annotations stays.
pub fn base(image: &Image, mapping: Option<&Mapping>, provenance: Option<&Provenance>) -> Option<Base> {
    let reference = mapping.and_then(Mapping::origin);
    let used = provenance.and_then(|provenance| provenance.base(reference));
    let counted = mapping.and_then(|mapping| Some((mapping.base?, mapping.evidence)));
    let counted = counted.filter(|(layers, _)| *layers > 0 && *layers < image.layers.len());
    let (layers, evidence) = match (counted, &image.base) {
        (Some((layers, Known::Provenance)), _) => (layers, Evidence::Provenance),
        (Some((layers, Known::History)), _) => (layers, Evidence::Dockerfile),
        (None, Some(known)) => (known.layers, known.evidence),
        (None, None) => return None,
    };
    let known = image.base.as_ref();
    // A build argument may have been given another value than its default.
    let is_written = mapping.is_some_and(|mapping| !mapping.is_argument());
    let name = |used: &Used| used.name.clone();
    Some(Base {
        layers,
        name: known
            .and_then(|known| known.name.clone())
            .or_else(|| used.map(name))
            .or_else(|| reference.filter(|_| counted.is_some() && is_written).map(str::to_owned)),
        digest: known
            .and_then(|known| known.digest.clone())
            .or_else(|| used.and_then(|used| used.digest.clone())),
        evidence,
    })
}

impl Mapping {
    /// The image that the stage's chain starts from, as far as the file alone says it.
    pub fn origin(&self) -> Option<&str> {
        let first = self.file.chain(self.stage).into_iter().next()?;
        match &self.file.stages.get(first)?.origin {
            Origin::Image { reference, unknown: false } => Some(reference),
            _ => None,
        }
    }

    /// Whether a build argument takes part in what the stage's chain starts from.
    fn is_argument(&self) -> bool {
        let first = self.file.chain(self.stage).into_iter().next();
        let from = first.and_then(|stage| self.file.instructions.get(self.file.stages.get(stage)?.from));
        from.is_some_and(|from| from.text().contains('$'))
    }
}
