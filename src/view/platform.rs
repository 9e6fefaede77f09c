//! What was found out about the image of one platform.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Dive, Files, Inside, Libraries, Warning};

/// The image of one platform, weighed.
///
/// `live` + `overwritten` + `deleted` = `content` = the sum over `layers`; the sum over `owners` = the sum over
/// `categories` = `live`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Platform {
    /// `os/arch[/variant]`, normalised.
    pub platform: String,
    /// The digest of its manifest; `null` where the source has none.
    pub digest: Option<String>,
    /// The digest of its configuration, which is Docker's image ID.
    pub id: String,
    /// The names under which the source knows it.
    pub tags: Vec<String>,
    /// When it was made, RFC 3339, where the configuration says so.
    pub created: Option<String>,
    /// Bytes of the regular files of all layers, which is what Docker prints as the image's size.
    pub content: u64,
    /// Bytes of the files that a container sees.
    pub live: u64,
    /// Bytes that a later entry at the same path hides.
    pub overwritten: u64,
    /// Bytes that a later layer deletes.
    pub deleted: u64,
    /// What a pull moves.
    pub transfer: Transfer,
    /// The share of `live` in `transfer`.
    pub live_transfer: u64,
    /// The share of `overwritten` in `transfer`.
    pub overwritten_transfer: u64,
    /// The share of `deleted` in `transfer`.
    pub deleted_transfer: u64,
    /// What of `transfer` belongs to no file: the ends of the tars, the compression's own bytes.
    pub overhead_transfer: u64,
    /// Which layers come from a base image, where that can be told.
    pub base: Option<Base>,
    /// The Dockerfile, where one was given or the build's provenance holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dockerfile: Option<Dockerfile>,
    /// The layers, lowest first.
    pub layers: Vec<Layer>,
    /// Live bytes by owner, largest content first; each byte has one owner.
    pub owners: Vec<Owner>,
    /// Live bytes by what the files are, largest content first.
    pub categories: Vec<Category>,
    /// What is inside of live files that hold more than one thing, such as Go binaries; largest content first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub insides: Vec<Inside>,
    /// What is linked to what, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub libraries: Option<Libraries>,
    /// How many rules were looked for.
    pub rules: u64,
    /// What the rules found, largest saving of transfer first.
    pub findings: Vec<Finding>,
    /// What all findings would free together. Findings overlap; here every byte is counted once.
    pub saving: Saving,
    /// The same without the findings in the base: what this build can free by itself.
    #[serde(default)]
    pub own_saving: Saving,
    /// Files of one content at several live paths.
    pub duplicates: Duplicates,
    /// Files written again with the same bytes, because only owner, mode or time changed.
    pub copy_ups: CopyUps,
    /// What could be built instead, smallest first.
    pub variants: Vec<Variant>,
    /// What the image could stand on, and what is in the way, where that was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bases: Vec<BaseFit>,
    /// What could not be read. Every figure is true all the same.
    pub warnings: Vec<Warning>,
    /// What dive's own rules ask for; `null` in a report of a version that did not count it.
    #[serde(default)]
    pub dive: Option<Dive>,
    /// Every entry, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<Files>,
}

impl Platform {
    /// Bytes that ship and cannot be seen.
    pub fn wasted(&self) -> u64 {
        self.overwritten + self.deleted
    }
}

/// What a pull moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Transfer {
    /// The layers' blobs together, in bytes; 0 where it was not to be found out.
    pub bytes: u64,
    /// Whether every figure of transfer in this platform is exact, or estimated from a sample.
    pub exact: bool,
}

impl Transfer {
    /// Whether there is any figure at all.
    pub fn is_known(self) -> bool {
        self.exact || self.bytes > 0
    }
}

/// Which layers come from a base image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Base {
    /// How many of the lowest layers.
    pub layers: u64,
    /// The base's name, where the image says it.
    pub name: Option<String>,
    /// The digest of the base's manifest, where the image says it.
    pub digest: Option<String>,
    /// How the boundary is known, as half a sentence.
    pub evidence: String,
    /// Content of these layers, in bytes.
    pub content: u64,
    /// Transfer of these layers, in bytes.
    pub transfer: u64,
}

/// One layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Layer {
    /// Its number, the lowest layer being 1. Findings and hints use the same numbers.
    pub number: u64,
    /// The digest of the blob as stored.
    pub digest: String,
    /// The digest of the uncompressed tar, where the configuration lists it.
    pub diff_id: Option<String>,
    /// The media type as written.
    pub media_type: String,
    /// How the blob really is compressed: `none`, `gzip`, `zstd`.
    pub compression: String,
    /// What made it, as the Dockerfile has it; `null` where the history does not say, or says it ambiguously.
    pub instruction: Option<String>,
    /// Where that stands in the Dockerfile, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Whether it comes from the base image.
    pub base: bool,
    /// Bytes of its regular files.
    pub content: u64,
    /// Bytes of its blob, compressed.
    pub transfer: u64,
    /// How many members its tar has.
    pub entries: u64,
    /// Bytes of its files that ship and cannot be seen.
    pub wasted: u64,
    /// Which layers hide these bytes, in their order.
    pub hidden: Vec<Hidden>,
    /// Whether its entries were read; a layer that is not distributed with the image is counted and never read.
    pub read: bool,
    /// Whether every byte was held against the digest; content of an uncompressed file is skipped where nobody needs it.
    pub verified: bool,
}

/// Lines of a Dockerfile.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// The file, as the user or the build wrote its name.
    pub file: String,
    /// The first line, counted from 1.
    pub first: u64,
    /// The last line.
    pub last: u64,
}

impl Place {
    /// `7`, or `7-12`.
    pub fn lines(&self) -> String {
        if self.last > self.first { format!("{}-{}", self.first, self.last) } else { self.first.to_string() }
    }
}

/// `Dockerfile:7`, or `Dockerfile:7-12`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.lines())
    }
}

/// What can be said of a Dockerfile alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lint {
    /// The rule's id.
    pub rule: String,
    /// One sentence.
    pub message: String,
    /// Where.
    pub place: Place,
}

/// The Dockerfile of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dockerfile {
    /// Its name, as the user or the build wrote it.
    pub file: String,
    /// How the lines of layers are known, as half a sentence.
    pub evidence: String,
    /// How many layers of this build have lines.
    pub layers: u64,
    /// What can be said of it alone, in the order of the lines. No saving is claimed here.
    pub lint: Vec<Lint>,
}

/// What one layer hides of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hidden {
    /// The number of the layer that hides them.
    pub by: u64,
    /// Their content, in bytes.
    pub content: u64,
    /// Their transfer, in bytes.
    pub transfer: u64,
    /// How many files.
    pub files: u64,
}

/// The live bytes of one owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Owner {
    /// `ecosystem:name` for a package, `ecosystem (what)` for what the package manager keeps for itself, `application`, or
    /// `unowned`.
    pub id: String,
    /// `dpkg`, `python`, …; empty for `application` and `unowned`.
    pub ecosystem: String,
    /// The name as its ecosystem has it; of what the package manager keeps for itself, what it is: `database`.
    pub name: String,
    /// The version, where there is one.
    pub version: Option<String>,
    /// Bytes of its live files.
    pub content: u64,
    /// Their share of the blobs, in bytes.
    pub transfer: u64,
    /// How many live files.
    pub files: u64,
    /// How many bytes of `content` come with the base image.
    pub base: u64,
}

impl Owner {
    /// Whether it is a package, and not what a package manager keeps for itself.
    pub fn is_package(&self) -> bool {
        self.id.contains(':')
    }
}

/// The live bytes of one category of files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Category {
    /// `shared-library`, `bytecode`, …
    pub id: String,
    /// Bytes of its live files.
    pub content: u64,
    /// Their share of the blobs, in bytes.
    pub transfer: u64,
    /// How many live files.
    pub files: u64,
}

/// A rule that matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The rule's id.
    pub rule: String,
    /// What the rule is about, in one line.
    pub title: String,
    /// Whether the fix is `safe`, needs a `review`, or is `risky`.
    pub safety: String,
    /// What the fix does to the entries: `drop`, `drop-copies`, or `manual` where only a person can see to it.
    pub change: String,
    /// What happened, with figures.
    pub message: String,
    /// What the fix frees, in bytes of content. Findings overlap: never add them up, see the platform's `saving`.
    pub content: u64,
    /// What the fix frees, in bytes of transfer.
    pub transfer: u64,
    /// How many files it concerns.
    pub files: u64,
    /// The number of the layer that ships the bytes, where it is one layer.
    pub layer: Option<u64>,
    /// Where the instruction that ships the bytes stands in the Dockerfile, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The number of the layer that hides them, where one does.
    pub hidden_by: Option<u64>,
    /// The owner that it is about, where it is about one.
    pub owner: Option<String>,
    /// Whether the bytes come with the base image, so that only another base gets rid of them.
    pub in_base: bool,
    /// The rule that says the same more precisely, where there is one.
    pub covered_by: Option<String>,
    /// Every entry that the fix changes, largest saving first.
    pub entries: Vec<FindingEntry>,
    /// How to mend it; `null` in a report of a version that did not say.
    #[serde(default)]
    pub fix: Option<Fix>,
}

/// How to mend what a rule found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fix {
    /// Why the bytes are not needed, as Markdown.
    pub why: String,
    /// What to do, as Markdown.
    pub how: String,
    /// What a Dockerfile often says.
    pub before: String,
    /// What it should say.
    pub after: String,
    /// Pages that say more.
    pub references: Vec<String>,
}

/// An entry that a fix changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct FindingEntry {
    /// Its path in the image; control characters and bytes that are no UTF-8 are written as `\x1b`.
    pub path: String,
    /// The number of its layer.
    pub layer: u64,
    /// What is freed of it, in bytes of content.
    pub content: u64,
    /// What is freed of it, in bytes of transfer.
    pub transfer: u64,
}

/// What a set of findings frees together, every byte counted once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Saving {
    /// Bytes of content.
    pub content: u64,
    /// Bytes of transfer.
    pub transfer: u64,
}

/// Files of one content at several live paths, from 4 KiB up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Duplicates {
    /// How many contents.
    pub contents: u64,
    /// How many files could be another one's link.
    pub files: u64,
    /// Their content, in bytes.
    pub content: u64,
    /// Their transfer, in bytes.
    pub transfer: u64,
}

/// Files written again with the same bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CopyUps {
    /// How many files.
    pub files: u64,
    /// Their content, in bytes.
    pub content: u64,
    /// Their transfer, in bytes.
    pub transfer: u64,
}

/// An image that could be built instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Variant {
    /// `clean`: every safe finding fixed; …
    pub name: String,
    /// What it would weigh, in bytes of content.
    pub content: u64,
    /// What it would weigh, in bytes of transfer.
    pub transfer: u64,
    /// Whether it was built and weighed; otherwise it is projected.
    pub measured: bool,
    /// How far what is built may be off `content` and `transfer`, where they are projected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Within>,
    /// What makes the difference, rule by rule. A byte that several rules free is counted with the first, so these add up.
    pub changes: Vec<Change>,
    /// What it costs the operator, and what was not checked.
    pub caveats: Vec<String>,
    /// `safe`, `review` or `risky`: whether anybody needs to look before building it.
    #[serde(default)]
    pub safety: String,
    /// What it has that the image has not; it is in `content` and `transfer`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adds: Vec<Added>,
    /// What came of building it, where it was built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measurement: Option<Measurement>,
}

/// How far what is built may be off what was projected, in per cent: what holds for the images that were built to try it, `docs/proof.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Within {
    /// Of content; 0 where it is exact.
    pub content: u8,
    /// Of transfer; 0 where it is exact.
    pub transfer: u8,
}

impl Variant {
    /// Whether `content` is what the image will have, to the byte.
    pub fn is_exact(&self) -> bool {
        self.measured || self.within.is_some_and(|within| within.content == 0)
    }

    /// How its figures came about, and how good they are.
    pub fn how(&self) -> String {
        match self.within {
            _ if self.measured => "built and weighed".to_owned(),
            None => "projected".to_owned(),
            Some(Within { content: 0, transfer }) => {
                format!("projected: exact on disk, within {transfer} % to pull")
            }
            Some(Within { content, transfer }) => {
                format!("projected: within {content} % on disk, {transfer} % to pull")
            }
        }
    }
}

/// Something that a variant has and the image has not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Added {
    /// What it is.
    pub what: String,
    /// Bytes of content.
    pub content: u64,
    /// Bytes of transfer.
    pub transfer: u64,
}

/// What came of building a variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Measurement {
    /// What built it: `docker`, `buildah`.
    pub engine: String,
    /// Bytes of content that it really has.
    pub content: u64,
    /// Bytes of transfer that it really takes.
    pub transfer: u64,
    /// Whether the smoke command succeeded; `null` where there was none.
    pub smoke: Option<bool>,
}

/// Something that an image could stand on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BaseFit {
    /// The reference, or a name in words.
    pub name: String,
    /// `glibc 2.36`, `musl 1.2.5`; empty where it has none.
    pub libc: String,
    /// What it weighs on this platform in bytes of content; `null` where nobody knows.
    pub content: Option<u64>,
    /// What it weighs in bytes of transfer; `null` where nobody knows.
    pub transfer: Option<u64>,
    /// Whether that was `measured` or is only `published`; empty where nobody knows.
    pub how: String,
    /// The day that it is of.
    pub date: String,
    /// Where it is from.
    pub source: String,
    /// What is in the way; empty where nothing was found to be.
    pub blockers: Vec<String>,
}

/// What one rule contributes to a variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// The rule's id; empty for a change that no finding names.
    pub rule: String,
    /// How many entries it changes.
    pub entries: u64,
    /// Bytes of content freed.
    pub content: u64,
    /// Bytes of transfer freed.
    pub transfer: u64,
}
