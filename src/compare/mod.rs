//! What differs between images: reports on any number of them in, plain data out. A saved report is as good as an image.
//!
//! Every list is about all sides at once; changes are those from the first side to the last. Rows add up: the changes of
//! all owners, of what is wasted and of what belongs to no file are the change of the image, in both measures.

mod build;
mod files;
mod version;

use serde::Serialize;

pub use build::{Options, compare};

use crate::view::{Tool, Transfer};

/// The version of this contract.
pub const SCHEMA: &str = "plimsoll/comparison/1";

/// What differs between images.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The version of this contract: `plimsoll/comparison/1`.
    pub schema: String,
    /// What wrote it.
    pub tool: Tool,
    /// One comparison for each platform, in the order of the first image; one in all where platforms are compared.
    pub platforms: Vec<Group>,
}

/// Images that are compared with each other.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// The platform of all of them; `null` where they are of several.
    pub platform: Option<String>,
    /// The images, in the order of the command line.
    pub sides: Vec<Side>,
    /// Their layers.
    pub layers: Layers,
    /// The owners whose live bytes or versions differ, largest change of content first.
    pub owners: Vec<OwnerChange>,
    /// The owners that are the same everywhere.
    pub unchanged: Unchanged,
    /// What the live bytes are, largest change of content first; all categories of all sides.
    pub categories: Vec<Row>,
    /// What is not live: what is wasted, and what belongs to no file.
    pub others: Vec<Row>,
    /// What the rules found, rule by rule.
    pub findings: Vec<FindingChange>,
    /// The files of one owner, where they were asked for.
    pub files: Option<OwnerFiles>,
}

impl Group {
    /// From the first side to the last: content and transfer.
    pub fn change(&self) -> Delta {
        self.sides.last().map_or(Delta::default(), |last| last.change)
    }

    /// Whether every figure of transfer is exact.
    pub fn is_exact(&self) -> bool {
        self.sides.iter().all(|side| side.transfer.exact)
    }
}

/// One image of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    /// What tells it from the others: the reference, with the platform where that is needed.
    pub name: String,
    /// Its platform.
    pub platform: String,
    /// The digest of its manifest.
    pub digest: Option<String>,
    /// When it was made, RFC 3339.
    pub created: Option<String>,
    /// Bytes of the regular files of all layers.
    pub content: u64,
    /// What a pull moves.
    pub transfer: Transfer,
    /// Bytes that ship and cannot be seen.
    pub wasted: u64,
    /// Content above the base.
    pub own: u64,
    /// How many layers.
    pub layers: u64,
    /// Against the first side.
    pub change: Delta,
}

/// A difference in both measures, in bytes; negative where something shrank.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Delta {
    /// Of content.
    pub content: i64,
    /// Of transfer.
    pub transfer: i64,
}

impl Delta {
    /// From one pair of (content, transfer) to another.
    pub fn between(from: (u64, u64), to: (u64, u64)) -> Self {
        let signed = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        Self { content: signed(to.0) - signed(from.0), transfer: signed(to.1) - signed(from.1) }
    }

    /// Whether nothing differs.
    pub fn is_zero(self) -> bool {
        self == Self::default()
    }
}

/// Both measures, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Bytes {
    /// Content.
    pub content: u64,
    /// Transfer.
    pub transfer: u64,
}

/// The layers of all sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Layers {
    /// Those that every side has.
    pub shared: LayerSum,
    /// For each side, those that no other side has.
    pub unique: Vec<LayerSum>,
    /// For each side, those that the first side does not have: what whoever has the first side must pull.
    pub to_pull: Vec<LayerSum>,
    /// Every layer once, those of the first side first.
    pub rows: Vec<LayerRow>,
}

/// A set of layers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LayerSum {
    /// How many.
    pub layers: u64,
    /// Their content, in bytes.
    pub content: u64,
    /// Their transfer, in bytes.
    pub transfer: u64,
}

/// One layer, and who has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LayerRow {
    /// The digest of its tar where that is known, else of its blob.
    pub id: String,
    /// What made it.
    pub instruction: Option<String>,
    /// Its content, in bytes.
    pub content: u64,
    /// Its transfer, in bytes.
    pub transfer: u64,
    /// For each side, whether it has the layer.
    pub sides: Vec<bool>,
}

/// How the live bytes of an owner changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OwnerChange {
    /// `ecosystem:name`, or `unowned`.
    pub id: String,
    /// `dpkg`, `python`, …; empty for `unowned`.
    pub ecosystem: String,
    /// The name as its ecosystem has it.
    pub name: String,
    /// What happened from the first side to the last.
    pub kind: Kind,
    /// For each side, the version; `null` where there is none.
    pub versions: Vec<Option<String>>,
    /// For each side, its live bytes; `null` where the side does not have it.
    pub sizes: Vec<Option<Bytes>>,
    /// From the first side to the last.
    pub change: Delta,
}

/// What happened to something from the first side to the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The last side has it and the first has not.
    Added,
    /// The first side has it and the last has not.
    Removed,
    /// The last side has a later version.
    Upgraded,
    /// The last side has an earlier version.
    Downgraded,
    /// The same version weighs more.
    Grown,
    /// The same version weighs less.
    Shrunk,
    /// The first and the last are alike.
    Unchanged,
}

impl Kind {
    /// As it is written.
    pub fn id(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Upgraded => "upgraded",
            Self::Downgraded => "downgraded",
            Self::Grown => "grown",
            Self::Shrunk => "shrunk",
            Self::Unchanged => "unchanged",
        }
    }
}

/// What weighs the same everywhere, in the same version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Unchanged {
    /// How many owners.
    pub owners: u64,
    /// Their content, in bytes.
    pub content: u64,
    /// Of transfer only: a share of a blob depends on its neighbours.
    pub change: Delta,
}

/// A sum of bytes on every side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// What it is a sum of.
    pub id: String,
    /// For each side.
    pub sizes: Vec<Bytes>,
    /// From the first side to the last.
    pub change: Delta,
}

/// What a rule found on every side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FindingChange {
    /// The rule's id.
    pub rule: String,
    /// What the rule is about.
    pub title: String,
    /// `safe`, `review` or `risky`.
    pub safety: String,
    /// Added, removed, grown, shrunk or unchanged.
    pub kind: Kind,
    /// For each side, how many findings.
    pub counts: Vec<u64>,
    /// For each side, what their fixes free.
    pub sizes: Vec<Bytes>,
    /// From the first side to the last.
    pub change: Delta,
}

/// The files of one owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OwnerFiles {
    /// The owner's id.
    pub owner: String,
    /// Its live files that differ, largest change first.
    pub changed: Vec<FileChange>,
    /// How many are the same everywhere.
    pub unchanged: u64,
}

/// A file that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileChange {
    /// Its path in the image.
    pub path: String,
    /// Added, removed, grown or shrunk.
    pub kind: Kind,
    /// For each side, its size; `null` where the side does not have it.
    pub sizes: Vec<Option<Bytes>>,
    /// From the first side to the last.
    pub change: Delta,
}
