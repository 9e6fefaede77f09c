//! Images written as text, so that a rule file can say which images it must and must not match, and `plimsoll rules
//! --test` can hold a user's own rules to their word.
//!
//! A line that starts at the margin is the instruction of a layer; `FROM` makes a layer of the base image. The indented
//! lines below say what the layer holds:
//!
//! ```text
//! FROM debian:bookworm-slim
//!   5000000 /usr/lib/libfoo.a owner=dpkg:libfoo-dev
//! RUN make
//!   120000  /usr/bin/app same=app      a file of 120 000 bytes; files with one `same` hold the same bytes
//!   link    /usr/bin/app2 /usr/bin/app another name for the same file
//!   delete  /usr/lib/libfoo.a          a whiteout of a file, or of a directory with all below it
//!   opaque  /srv                       a directory of which nothing from lower layers is left
//! ```
//!
//! A file may have `owner=ID`, `category=ID`, `same=NAME` and `mode=755` after its path. Where nothing says who owns a
//! file it is `unowned`, and where nothing says what it is, the path does. One byte on disk is one byte to pull.

use super::finding::find;
use super::matcher::Places;
use super::rule::Rule;
use crate::digest::Digest;
use crate::image::base::{Base, Evidence};
use crate::image::{Config, Descriptor, Image, Instruction, Layer};
use crate::layer::{Member, MemberKind, WalkedLayer};
use crate::ledger::{Category, Ledger, freed};
use crate::waste;

/// An image as a rule's test has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scene {
    layers: Vec<SceneLayer>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct SceneLayer {
    instruction: String,
    lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Line {
    File { bytes: u64, path: String, attributes: Attributes },
    Link { path: String, target: String },
    Delete { path: String },
    Opaque { path: String },
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Attributes {
    owner: Option<String>,
    category: Option<Category>,
    same: Option<String>,
    mode: Option<u16>,
}

/// What became of one test of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestOutcome {
    /// The rule's id.
    pub rule: String,
    /// The test's name.
    pub name: String,
    /// Content in bytes that the test says the rule frees.
    pub expected: u64,
    /// Content in bytes that it frees.
    pub freed: u64,
    /// What the findings say, those of the base image included.
    pub messages: Vec<String>,
    /// What is wrong with the image of the test, where it could not be read.
    pub error: Option<String>,
}

impl TestOutcome {
    /// Whether the rule did what its test says.
    pub fn passed(&self) -> bool {
        self.error.is_none() && self.expected == self.freed
    }
}

/// Runs the tests of each rule, each rule alone, in the order of the rules and of their files.
pub fn test(rules: &[Rule]) -> Vec<TestOutcome> {
    let mut outcomes = Vec::new();
    for rule in rules {
        for case in &rule.tests {
            let mut outcome = TestOutcome {
                rule: rule.id.clone(),
                name: case.name.clone(),
                expected: case.frees,
                freed: 0,
                messages: Vec::new(),
                error: None,
            };
            match Scene::parse(&case.image) {
                Err(error) => outcome.error = Some(error),
                Ok(scene) => {
                    let (image, ledger) = scene.build();
                    let waste = waste::measure(&ledger);
                    let alone = std::slice::from_ref(rule);
                    let findings = find(alone, &image, &ledger, &waste, &Places::new(alone, &ledger));
                    let own = findings.iter().filter(|finding| !finding.in_base);
                    outcome.freed =
                        freed(&ledger, own.flat_map(|finding| finding.changes.iter().copied())).content;
                    outcome.messages = findings.into_iter().map(|finding| finding.message).collect();
                }
            }
            outcomes.push(outcome);
        }
    }
    outcomes
}

impl Scene {
    /// Reads the notation; a complaint names the line of the image, from 1.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut layers: Vec<SceneLayer> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let complain = |message: String| format!("line {}: {message}", number + 1);
            if line.trim().is_empty() {
                continue;
            }
            if !line.starts_with([' ', '\t']) {
                layers.push(SceneLayer { instruction: line.trim().to_owned(), lines: Vec::new() });
                continue;
            }
            let layer = layers.last_mut().ok_or_else(|| {
                complain("a file before any layer, expected an instruction at the margin".to_owned())
            })?;
            layer.lines.push(Line::parse(line).map_err(complain)?);
        }
        if layers.is_empty() {
            return Err("expected an instruction at the margin and indented lines below it".to_owned());
        }
        Ok(Self { layers })
    }

    /// The image and its ledger, owners and identities settled.
    pub fn build(&self) -> (Image, Ledger) {
        let walked = self.layers.iter().enumerate().map(|(position, layer)| layer.walk(position));
        let mut ledger = Ledger::build(walked);
        ledger.transfer_exact = true;
        // A line is a member, and a member is an entry.
        for (next, line) in self.layers.iter().flat_map(|layer| &layer.lines).enumerate() {
            if let Line::File { attributes, .. } = line {
                if let Some(owner) = &attributes.owner {
                    ledger.entries[next].owner = ledger.owner_id(owner);
                }
                if let Some(category) = attributes.category {
                    ledger.entries[next].category = category;
                }
            }
        }
        // Another name of a file has its owner and is of its kind.
        for id in ledger.ids() {
            if let Some(file) = ledger.entry(id).inode {
                let file = ledger.entry(file);
                let (owner, category) = (file.owner, file.category);
                let link = &mut ledger.entries[id.index()];
                (link.owner, link.category) = (owner, category);
            }
        }
        ledger.settle_identity();
        (self.image(), ledger)
    }

    fn image(&self) -> Image {
        let layer = |(position, layer): (usize, &SceneLayer)| Layer {
            descriptor: Descriptor::new("", Digest::of(&position.to_le_bytes()), 0),
            diff_id: None,
            instruction: Some(Instruction {
                text: layer.instruction.clone(),
                raw: layer.instruction.clone(),
                position,
                created: None,
            }),
        };
        let base = self.layers.iter().take_while(|layer| layer.instruction.starts_with("FROM")).count();
        let config = Config::default();
        Image {
            platform: config.platform(),
            manifest: None,
            id: Digest::of(b"a scene"),
            config_size: 0,
            tags: Vec::new(),
            config,
            layers: self.layers.iter().enumerate().map(layer).collect(),
            annotations: std::collections::BTreeMap::new(),
            base: (base > 0).then_some(Base {
                layers: base,
                name: None,
                digest: None,
                evidence: Evidence::Layers,
            }),
            warnings: Vec::new(),
        }
    }
}

impl SceneLayer {
    fn walk(&self, position: usize) -> WalkedLayer {
        let mut walked = WalkedLayer::default();
        for line in &self.lines {
            let (path, target, mut member) = line.member(position);
            member.overhead = 512;
            member.transfer = member.content;
            walked.blob_size += member.transfer;
            walked.members.push(path.as_bytes(), target.as_bytes(), member);
        }
        walked
    }
}

impl Line {
    fn parse(line: &str) -> Result<Self, String> {
        let (word, rest) =
            line.trim().split_once([' ', '\t']).ok_or("expected `BYTES PATH` or `delete PATH`")?;
        let rest = rest.trim();
        let absolute = |path: &str| {
            let is_absolute = path.starts_with('/');
            is_absolute
                .then(|| path.to_owned())
                .ok_or_else(|| format!("the path `{path}` does not start with `/`"))
        };
        match word {
            "delete" => Ok(Self::Delete { path: absolute(rest)? }),
            "opaque" => Ok(Self::Opaque { path: absolute(rest)? }),
            "link" => {
                let (path, target) = rest.split_once([' ', '\t']).ok_or("expected `link PATH TARGET`")?;
                Ok(Self::Link { path: absolute(path)?, target: absolute(target.trim())? })
            }
            _ => {
                let bytes = word.replace('_', "").parse().map_err(|_| {
                    format!("unknown word `{word}`, expected a number of bytes, `delete`, `opaque` or `link`")
                })?;
                let (path, attributes) = Attributes::parse(rest)?;
                Ok(Self::File { bytes, path: absolute(path)?, attributes })
            }
        }
    }

    /// The path and the link's target as a tar has them, and the member.
    fn member(&self, layer: usize) -> (String, String, Member) {
        let relative = |path: &str| path.trim_start_matches('/').to_owned();
        let beside = |path: &str, prefix: &str| {
            let path = path.trim_matches('/');
            let (directory, name) =
                path.rsplit_once('/').map_or(("", path), |(directory, name)| (directory, name));
            format!("{directory}/{prefix}{name}").trim_start_matches('/').to_owned()
        };
        match self {
            Self::File { bytes, path, attributes } => {
                let hash = match &attributes.same {
                    Some(name) => xxhash_rust::xxh3::xxh3_64(name.as_bytes()),
                    None => xxhash_rust::xxh3::xxh3_64(format!("{layer}:{path}").as_bytes()),
                };
                let member = Member {
                    content: *bytes,
                    stored: *bytes,
                    hash: Some(hash.into()),
                    mode: attributes.mode.unwrap_or(0o644),
                    ..Member::default()
                };
                (relative(path), String::new(), member)
            }
            Self::Link { path, target } => {
                let member = Member { kind: MemberKind::HardLink, ..Member::default() };
                (relative(path), relative(target), member)
            }
            Self::Delete { path } => (beside(path, ".wh."), String::new(), Member::default()),
            Self::Opaque { path } => {
                (format!("{}/.wh..wh..opq", path.trim_matches('/')), String::new(), Member::default())
            }
        }
    }
}

impl Attributes {
    /// Splits the attributes off the end of a line; what is left is the path, which may hold spaces.
    fn parse(mut rest: &str) -> Result<(&str, Self), String> {
        let mut attributes = Self::default();
        while let Some((before, last)) = rest.rsplit_once([' ', '\t']) {
            let Some((key, value)) = last.split_once('=').filter(|(key, _)| !key.contains('/')) else {
                break;
            };
            match key {
                "owner" => attributes.owner = Some(value.to_owned()),
                "same" => attributes.same = Some(value.to_owned()),
                "category" => {
                    let category =
                        Category::from_id(value).ok_or_else(|| format!("unknown category `{value}`"))?;
                    attributes.category = Some(category);
                }
                "mode" => {
                    let mode = u16::from_str_radix(value, 8)
                        .map_err(|_| format!("the mode `{value}` is not octal"))?;
                    attributes.mode = Some(mode);
                }
                _ => {
                    let known = "`owner`, `category`, `same`, `mode`";
                    return Err(format!("unknown attribute `{key}`, expected one of {known}"));
                }
            }
            rest = before.trim_end();
        }
        Ok((rest, attributes))
    }
}
