//! What BuildKit's provenance attestation says of a build: the Dockerfile itself, which lines made which layer, and which
//! images the build used, by digest. With `mode=min` only the last.
//!
//! - in-toto statement v0.1 and v1: <https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md>
//! - SLSA provenance: <https://slsa.dev/spec/v0.2/provenance> and <https://slsa.dev/spec/v1.1/provenance>
//! - BuildKit's fields: <https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md>

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::span::LineRange;
use crate::digest::Digest;
use crate::error::{Error, Result};

/// What a provenance attestation says, as far as it is of use here.
#[derive(Debug, Clone, Default)]
pub struct Provenance {
    /// The Dockerfile that was built; only with `mode=max`.
    pub source: Option<Source>,
    /// The images that the build used, in the order as written.
    pub images: Vec<Used>,
    /// The steps that left layers; only with `mode=max`.
    steps: Vec<Step>,
}

/// The Dockerfile of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its name within the build: `Dockerfile`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// An image that a build used: what a stage starts from, or what `COPY --from` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// `debian:bookworm-slim`, `ghcr.io/owner/name:tag`; without a tag where none is written.
    pub name: String,
    /// What the name stood for when it was built: an index or a manifest.
    pub digest: Option<Digest>,
    /// `linux/amd64`, as written.
    pub platform: Option<String>,
}

/// One step of the build with the layers that its result consists of, lowest first.
#[derive(Debug, Clone)]
struct Step {
    lines: Option<LineRange>,
    layers: Vec<Digest>,
}

/// Where the lines of an image's layers were found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layers {
    /// Per layer of the image, lowest first.
    pub lines: Vec<Option<LineRange>>,
    /// How many of the lowest layers the image brought that the build starts from; `None` where that is not said.
    pub base: Option<usize>,
    /// Whether the layers are those of the image by their digests. Where timestamps are rewritten after the build they
    /// are not, and the layers are told by their number alone.
    pub by_digest: bool,
}

/// Reads a provenance statement, or its predicate alone. `None` where it is another kind of statement.
pub fn read(json: &str) -> Result<Option<Provenance>> {
    let value: Value = serde_json::from_str(json)
        .map_err(|error| Error::input(format!("the provenance is not JSON: {error}")))?;
    let predicate = match value.get("predicateType").and_then(Value::as_str) {
        Some(kind) if !kind.starts_with("https://slsa.dev/provenance/") => return Ok(None),
        Some(_) => value.get("predicate").unwrap_or(&Value::Null),
        None => &value,
    };
    // v1 first: only there the definition of the build is an object of its own.
    let (metadata, materials) = match predicate.get("buildDefinition") {
        Some(definition) => (
            predicate.pointer("/runDetails/metadata/buildkit_metadata"),
            definition.get("resolvedDependencies"),
        ),
        None if predicate.get("buildType").is_some() => (
            predicate
                .get("metadata")
                .and_then(|metadata| metadata.get("https://mobyproject.org/buildkit@v1#metadata")),
            predicate.get("materials"),
        ),
        None => return Ok(None),
    };
    let metadata: Metadata = metadata.map(part).transpose()?.unwrap_or_default();
    let materials: Vec<Material> = materials.map(part).transpose()?.unwrap_or_default();
    let source = metadata.source.unwrap_or_default();
    let which =
        source.infos.iter().position(|info| info.language.eq_ignore_ascii_case("dockerfile")).unwrap_or(0);
    let steps = steps(&source.locations, metadata.layers.unwrap_or_default(), which);
    let source = source.infos.into_iter().nth(which).and_then(|info| {
        let text = String::from_utf8_lossy(&base64(&info.data)?).into_owned();
        Some(Source { name: info.filename, text })
    });
    Ok(Some(Provenance { source, images: materials.iter().filter_map(used).collect(), steps }))
}

fn part<T: DeserializeOwned + Default>(value: &Value) -> Result<T> {
    // Go writes what is empty as null.
    if value.is_null() {
        return Ok(T::default());
    }
    T::deserialize(value).map_err(|error| Error::input(format!("the provenance cannot be read: {error}")))
}

#[derive(Deserialize, Default)]
struct Metadata {
    source: Option<Sources>,
    /// By output of a step, `step4:0`: the chains of layers in each form in which it was exported.
    layers: Option<BTreeMap<String, Vec<Vec<Blob>>>>,
}

#[derive(Deserialize, Default)]
struct Sources {
    #[serde(default)]
    locations: BTreeMap<String, Locations>,
    #[serde(default)]
    infos: Vec<Info>,
}

#[derive(Deserialize, Default)]
struct Locations {
    #[serde(default)]
    locations: Vec<Location>,
}

#[derive(Deserialize)]
struct Location {
    #[serde(default, rename = "sourceIndex")]
    source: usize,
    #[serde(default)]
    ranges: Vec<Range>,
}

#[derive(Deserialize)]
struct Range {
    #[serde(default)]
    start: Position,
    #[serde(default)]
    end: Position,
}

#[derive(Deserialize, Default)]
struct Position {
    #[serde(default)]
    line: u32,
}

#[derive(Deserialize)]
struct Info {
    #[serde(default)]
    filename: String,
    #[serde(default)]
    language: String,
    #[serde(default)]
    data: String,
}

#[derive(Deserialize)]
struct Blob {
    digest: Digest,
}

#[derive(Deserialize)]
struct Material {
    #[serde(default)]
    uri: String,
    #[serde(default)]
    digest: BTreeMap<String, String>,
}

fn steps(
    locations: &BTreeMap<String, Locations>,
    layers: BTreeMap<String, Vec<Vec<Blob>>>,
    source: usize,
) -> Vec<Step> {
    let lines = |step: &str| {
        let ranges = locations.get(step)?.locations.iter().filter(|location| location.source == source);
        let lines = ranges.flat_map(|location| &location.ranges).filter(|range| range.start.line > 0);
        lines
            .map(|range| LineRange::new(range.start.line, range.end.line.max(range.start.line)))
            .reduce(|a, b| LineRange::new(a.first.min(b.first), a.last.max(b.last)))
    };
    let mut steps = Vec::new();
    for (output, chains) in layers {
        let lines = lines(output.split(':').next().unwrap_or_default());
        for chain in chains {
            steps.push(Step { lines, layers: chain.into_iter().map(|blob| blob.digest).collect() });
        }
    }
    steps
}

impl Provenance {
    /// Which lines made which of the image's `layers`, given by digest, lowest first. `None` where the provenance holds
    /// no layers or holds those of another image.
    pub fn layers(&self, layers: &[Digest]) -> Option<Layers> {
        let of_image: Vec<_> = self.steps.iter().filter(|step| layers.starts_with(&step.layers)).collect();
        if of_image.iter().any(|step| step.lines.is_some()) {
            return Some(Layers { by_digest: true, ..assigned(&of_image, layers.len()) });
        }
        // Rewritten layers have digests of their own. The chain of the last step then is the only one as long as the
        // image, and it begins with the base, which is not rewritten.
        let mut longest =
            self.steps.iter().filter(|step| step.layers.len() == layers.len() && step.lines.is_some());
        let top = longest.next().filter(|top| longest.all(|other| other.layers == top.layers))?;
        let chain: Vec<_> = self.steps.iter().filter(|step| top.layers.starts_with(&step.layers)).collect();
        let found = assigned(&chain, layers.len());
        let kept = found.base.unwrap_or(0);
        (layers.get(..kept) == top.layers.get(..kept)).then_some(Layers { by_digest: false, ..found })
    }

    /// The image that `reference` of the Dockerfile stood for. Without a reference: the only one that a stage can start
    /// from, as far as there is only one.
    pub fn base(&self, reference: Option<&str>) -> Option<&Used> {
        let own = |used: &&Used| match reference {
            Some(reference) => familiar(&used.name) == familiar(reference),
            None => !is_tool(&used.name),
        };
        let mut images = self.images.iter().filter(own);
        images.next().filter(|first| images.all(|other| other == *first))
    }
}

/// The step whose chain of layers ends with a layer made that layer, if all steps with this chain say the same lines.
fn assigned(chain: &[&Step], layers: usize) -> Layers {
    let mut lines: Vec<Option<LineRange>> = vec![None; layers];
    let mut doubtful = vec![false; layers];
    let mut base = None;
    for step in chain {
        let Some(top) = step.layers.len().checked_sub(1).filter(|top| *top < layers) else { continue };
        match (step.lines, lines[top]) {
            (None, _) => base = base.max(Some(top + 1)),
            (Some(own), None) => lines[top] = Some(own),
            (Some(own), Some(known)) => doubtful[top] |= own != known,
        }
    }
    for (lines, doubtful) in lines.iter_mut().zip(doubtful) {
        if doubtful {
            *lines = None;
        }
    }
    let lowest = lines.iter().position(Option::is_some);
    // A build from scratch has no step without lines; then its first layer has lines, or nothing is known.
    let base = base.or_else(|| lowest.filter(|lowest| *lowest == 0));
    Layers { lines, base, by_digest: false }
}

/// An image among the materials: `pkg:docker/name@tag?digest=…&platform=…`, `pkg:oci/…` for a layout.
/// <https://github.com/package-url/purl-spec/blob/main/types-doc/docker-definition.md>
fn used(material: &Material) -> Option<Used> {
    let package =
        material.uri.strip_prefix("pkg:docker/").or_else(|| material.uri.strip_prefix("pkg:oci/"))?;
    let (package, qualifiers) = package.split_once('?').unwrap_or((package, ""));
    let (name, version) = package.rsplit_once('@').unwrap_or((package, ""));
    let qualifier = |key: &str| {
        qualifiers.split('&').filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == key)
    };
    let written = material.digest.iter().map(|(algorithm, hex)| format!("{algorithm}:{hex}"));
    let version = decoded(version);
    let mut digest =
        written.chain(qualifier("digest").map(|(_, digest)| decoded(digest))).chain([version.clone()]);
    let name = match version.as_str() {
        tag if tag.is_empty() || tag.contains(':') => decoded(name),
        tag => format!("{}:{tag}", decoded(name)),
    };
    Some(Used {
        name,
        digest: digest.find_map(|text| Digest::parse(&text).ok()),
        platform: qualifier("platform").map(|(_, platform)| decoded(platform)),
    })
}

/// A reference as Docker shows it: without `docker.io`, `library` and digest, with a tag.
fn familiar(reference: &str) -> String {
    let name = reference.split('@').next().unwrap_or_default();
    let name =
        ["docker.io/", "index.docker.io/"].iter().find_map(|host| name.strip_prefix(host)).unwrap_or(name);
    let name = name.strip_prefix("library/").unwrap_or(name);
    let last = name.rsplit('/').next().unwrap_or_default();
    if last.contains(':') { name.to_owned() } else { format!("{name}:latest") }
}

/// Frontends and scanners are materials of a build too, and nothing starts from them.
fn is_tool(name: &str) -> bool {
    let name = familiar(name);
    ["docker/dockerfile", "docker/buildkit-syft-scanner", "docker/buildkit"]
        .iter()
        .any(|tool| name.starts_with(tool))
}

/// Resolves `%2F`.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let hex = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        match (first, tail) {
            (b'%', [high, low, after @ ..]) if hex(high).is_some() && hex(low).is_some() => {
                bytes.push(hex(high).unwrap_or(0) * 16 + hex(low).unwrap_or(0));
                rest = after;
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The bytes of standard base64, with or without padding; `None` where a character is foreign to it.
/// <https://www.rfc-editor.org/rfc/rfc4648#section-4>
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0_u32, 0);
    for character in text.trim_end_matches('=').bytes() {
        let six = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(six)) & 0x3fff;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).unwrap_or(0));
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::{align, parse};
    use crate::image::{Config, Manifest};

    fn file(name: &str) -> String {
        let path = format!("{}/src/dockerfile/testdata/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    fn provenance(name: &str) -> Provenance {
        read(&file(&format!("provenance/{name}.json"))).unwrap().unwrap()
    }

    fn layers(name: &str) -> Vec<Digest> {
        let manifest: Manifest = serde_json::from_str(&file(&format!("provenance/{name}.json"))).unwrap();
        manifest.layers.into_iter().map(|layer| layer.digest).collect()
    }

    /// The lines of each layer as the alignment with the history has them.
    fn aligned(dockerfile: &str, image: &str) -> Vec<Option<LineRange>> {
        let config: Config = serde_json::from_str(&file(&format!("align/{image}.json"))).unwrap();
        let alignment = align(&parse(dockerfile).unwrap(), &config);
        let layers = config.history.iter().enumerate().filter(|(_, entry)| !entry.empty_layer);
        layers.map(|(position, _)| alignment.lines(position)).collect()
    }

    #[test]
    fn both_versions_say_what_the_alignment_finds() {
        for name in ["max-v1", "max-v0.2"] {
            let provenance = provenance(name);
            let source = provenance.source.clone().unwrap();
            assert_eq!(
                (source.name.as_str(), source.text.as_str()),
                ("Dockerfile", &*file("align/every-builder.Dockerfile"))
            );
            let found = provenance.layers(&layers("manifest")).unwrap();
            assert_eq!(found.lines, aligned(&source.text, "buildkit"), "{name}");
            // Two layers of this image are the same blob; each has its own line.
            assert_eq!(found.lines[7..9], [Some(LineRange::new(32, 32)), Some(LineRange::new(33, 33))]);
            assert_eq!((found.base, found.by_digest), (Some(0), true));
        }
    }

    #[test]
    fn rewritten_timestamps_leave_the_order() {
        let provenance = provenance("max-v1-rewritten");
        let found = provenance.layers(&layers("manifest-rewritten")).unwrap();
        assert_eq!(found.lines, aligned(&provenance.source.clone().unwrap().text, "buildkit-demo"));
        assert_eq!((found.base, found.by_digest), (Some(1), false));
        let base = provenance.base(Some("docker.io/library/debian:bookworm-slim")).unwrap();
        assert_eq!(
            (base.name.as_str(), base.platform.as_deref()),
            ("debian:bookworm-slim", Some("linux/amd64"))
        );
        assert!(base.digest.as_ref().unwrap().as_str().starts_with("sha256:bd8a988d"));
        assert_eq!(provenance.base(None), None, "two images were used, and nothing says which is the base");
    }

    #[test]
    fn the_layers_of_another_image_get_nothing() {
        let provenance = provenance("max-v1");
        let mut layers = layers("manifest");
        assert_eq!(provenance.layers(&layers[..0]), None);
        layers.truncate(12);
        let found = provenance.layers(&layers).unwrap();
        assert_eq!(found.lines.iter().flatten().count(), 12, "what was built up to there is the same");
        assert_eq!(provenance.layers(&vec![Digest::of(b"x"); 40]), None);
    }

    #[test]
    fn mode_min_names_the_base() {
        let digest = Digest::of(b"debian");
        let v1 = serde_json::json!({ "predicateType": "https://slsa.dev/provenance/v1", "predicate": {
            "buildDefinition": { "resolvedDependencies": [
                { "uri": "pkg:docker/docker/dockerfile@1", "digest": { "sha256": Digest::of(b"frontend").hex() } },
                { "uri": "pkg:docker/python@3.11-slim?platform=linux%2Farm64", "digest": { "sha256": digest.hex() } },
                { "uri": "https://example.org/a.tar.gz", "digest": { "sha256": digest.hex() } },
            ] }, "runDetails": { "metadata": { "buildkit_metadata": {} } } } });
        let provenance = read(&v1.to_string()).unwrap().unwrap();
        let base = Used {
            name: "python:3.11-slim".into(),
            digest: Some(digest.clone()),
            platform: Some("linux/arm64".into()),
        };
        assert_eq!(provenance.base(None), Some(&base));
        assert_eq!(provenance.base(Some("library/python:3.11-slim")), Some(&base));
        assert_eq!(provenance.base(Some("python")), None);
        assert_eq!(
            (provenance.source.is_none(), provenance.layers(std::slice::from_ref(&digest))),
            (true, None)
        );
        let v02 = serde_json::json!({ "buildType": "https://mobyproject.org/buildkit@v1", "materials": [
            { "uri": format!("pkg:docker/ghcr.io/owner/name@{}", digest.as_str().replace(':', "%3A")), "digest": {} } ] });
        let base = read(&v02.to_string()).unwrap().unwrap().base(None).cloned();
        assert_eq!(
            base,
            Some(Used { name: "ghcr.io/owner/name".into(), digest: Some(digest), platform: None })
        );
    }

    #[test]
    fn other_statements_are_none_and_nonsense_is_an_error() {
        assert!(read(r#"{"predicateType":"https://spdx.dev/Document","predicate":{}}"#).unwrap().is_none());
        assert!(read("{}").unwrap().is_none());
        assert!(read(r#"{"buildType":"x","materials":null,"metadata":null}"#).unwrap().is_some());
        assert!(read("[").is_err());
        assert!(read(r#"{"buildType":"x","materials":{"a":1}}"#).is_err());
        assert_eq!(base64("aGVsbG8="), Some(b"hello".to_vec()));
        assert_eq!(base64("aGVsbG8*"), None);
    }
}
