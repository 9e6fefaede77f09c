//! The contract of an audit: plain sorted data, in bytes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Warning;
use crate::audit;
use crate::size::Size;

/// The version of the contract of audits, which every one names.
pub const AUDIT_SCHEMA: &str = "plimsoll/audit/1";

/// What an audit found out about an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Plimsoll audit")]
pub struct Audit {
    /// The version of this contract: `plimsoll/audit/1`.
    pub schema: String,
    /// The reference as the user wrote it.
    pub image: String,
    /// One audit for each platform.
    pub platforms: Vec<PlatformAudit>,
}

/// What was found out about one platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlatformAudit {
    /// `linux/amd64`.
    pub platform: String,
    /// What the search started from.
    pub roots: Vec<String>,
    /// The files that declare requirements.
    pub manifests: Vec<String>,
    /// How many packages there are of each verdict, in the order of verdicts.
    pub counts: Vec<(String, u64)>,
    /// Every package, the largest retained size first.
    pub packages: Vec<Package>,
    /// What goes when everything goes that could, jointly.
    pub joint: Joint,
    /// Groups of packages of which one must stay.
    pub alternatives: Vec<Vec<String>>,
    /// Groups that keep each other.
    pub circles: Vec<Vec<String>>,
    /// Imports of names that only running the code would tell.
    pub dynamic: Vec<Dynamic>,
    /// What keeps the packages that were asked for.
    pub why: Vec<Why>,
    /// What goes with the packages that were to be taken out; `null` where none was.
    pub without: Option<Without>,
    /// What `apt-get autoremove` would remove.
    pub autoremove: Joint,
    /// What `apt-get install --no-install-recommends` would have left out.
    pub recommended: Joint,
    /// Packages of Node in several versions.
    pub duplicates: Vec<Duplicate>,
    /// What could not be read.
    pub warnings: Vec<Warning>,
    /// Whether transfer figures are exact; where not, the source keeps layers uncompressed.
    pub transfer_exact: bool,
}

/// Bytes in both measures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bytes {
    /// Bytes on disk.
    pub content: u64,
    /// Bytes of the compressed layers.
    pub transfer: u64,
}

/// One package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Package {
    /// `python:pandas`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// `unused`, `leftover`, `optional`, `undeclared`, `transitive` or `used`.
    pub verdict: String,
    /// `certain`, `likely` or `possible`.
    pub confidence: String,
    /// Whether it is proposed to go.
    pub could_go: bool,
    /// The best tier by which code reaches it; `null` where none does.
    pub reached: Option<String>,
    /// Its own bytes.
    pub own: Bytes,
    /// What goes when it goes.
    pub retained: Bytes,
    /// What only it keeps, largest first.
    pub keeps: Vec<String>,
    /// What requires it.
    pub required_by: Vec<String>,
    /// Where it is declared: file and line.
    pub declared: Option<String>,
    /// What dropping that line frees; `null` where nothing declares it.
    pub line_frees: Option<Bytes>,
    /// Packages of which one must stay, this one aside.
    pub alternatives: Vec<String>,
    /// Why, sentence by sentence.
    pub because: Vec<String>,
}

/// What goes together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Joint {
    /// All of it.
    pub frees: Bytes,
    /// The names of everything that goes, largest first.
    pub packages: Vec<String>,
}

/// A package of Node that is there in several versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Duplicate {
    /// Its name.
    pub name: String,
    /// Each version, with the bytes of all its copies.
    pub versions: Vec<(String, Bytes)>,
}

/// An import of a name that only running the code would tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dynamic {
    /// Whether it is the application's own.
    pub application: bool,
    /// File and line.
    pub at: String,
    /// What is called.
    pub call: String,
}

/// What keeps a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Why {
    /// The name that was asked for.
    pub name: String,
    /// Whether it is installed.
    pub installed: bool,
    /// The most certain path of imports.
    pub imports: Vec<String>,
    /// The shortest path of requirements.
    pub metadata: Vec<String>,
}

/// What goes without some packages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Without {
    /// What was asked for.
    pub names: Vec<String>,
    /// What of it is not installed.
    pub unknown: Vec<String>,
    /// Its own bytes.
    pub own: Bytes,
    /// Everything that goes.
    pub total: Bytes,
    /// Each package that goes.
    pub goes: Vec<Gone>,
    /// What stays because others require it too.
    pub shared: Vec<Kept>,
    /// What was named and stays required.
    pub kept: Vec<Kept>,
    /// Imports that would fail.
    pub breaks: Vec<String>,
    /// What a new resolution may choose otherwise.
    pub held_back: Vec<HeldBack>,
    /// Their wheels, deleted in a later layer and shipped all the same.
    pub hidden: Bytes,
}

/// A package that goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gone {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its bytes.
    pub bytes: Bytes,
}

/// A package that stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Kept {
    /// Its name.
    pub name: String,
    /// What requires it.
    pub by: Vec<String>,
}

/// A package whose version something held back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeldBack {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The requirement that held it back.
    pub by: String,
    /// What may change: its bytes with those that only it keeps.
    pub bytes: Bytes,
}

impl From<Size> for Bytes {
    fn from(size: Size) -> Self {
        Self { content: size.content, transfer: size.transfer }
    }
}

impl Audit {
    /// The audit as JSON, indented, with a final line feed.
    pub fn to_json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self).unwrap_or_default();
        json.push('\n');
        json
    }
}

impl PlatformAudit {
    /// From what was found out to what leaves the program.
    pub fn new(platform: String, audit: &audit::Audit) -> Self {
        let verdicts = ["unused", "leftover", "optional", "undeclared", "transitive", "used"];
        let count = |verdict: &str| {
            audit.packages.iter().filter(|package| package.verdict.id() == verdict).count() as u64
        };
        Self {
            platform,
            roots: audit.roots.clone(),
            manifests: audit.manifests.iter().map(|manifest| manifest.path.clone()).collect(),
            counts: verdicts.iter().map(|verdict| ((*verdict).to_owned(), count(verdict))).collect(),
            packages: audit.packages.iter().map(package).collect(),
            joint: Joint { frees: audit.joint.into(), packages: audit.joint_packages.clone() },
            alternatives: audit.alternatives.clone(),
            circles: audit.circles.clone(),
            dynamic: audit
                .dynamic
                .iter()
                .map(|one| Dynamic { application: one.ours, at: one.at.clone(), call: one.call.clone() })
                .collect(),
            why: audit
                .why
                .iter()
                .map(|one| Why {
                    name: one.name.clone(),
                    installed: one.installed,
                    imports: one.imports.clone(),
                    metadata: one.metadata.clone(),
                })
                .collect(),
            without: audit.without.as_ref().map(without),
            autoremove: joint(&audit.autoremove),
            recommended: joint(&audit.recommended),
            duplicates: audit
                .duplicates
                .iter()
                .map(|(name, versions)| Duplicate {
                    name: name.clone(),
                    versions: versions
                        .iter()
                        .map(|(version, size)| (version.clone(), (*size).into()))
                        .collect(),
                })
                .collect(),
            warnings: audit
                .warnings
                .iter()
                .map(|one| Warning { from: one.from.clone(), message: one.message.clone() })
                .collect(),
            transfer_exact: audit.transfer_known,
        }
    }
}

fn joint((packages, frees): &(Vec<String>, Size)) -> Joint {
    Joint { frees: (*frees).into(), packages: packages.clone() }
}

fn package(package: &audit::Package) -> Package {
    Package {
        id: package.id.clone(),
        name: package.name.clone(),
        version: package.version.clone(),
        verdict: package.verdict.id().to_owned(),
        confidence: package.confidence.id().to_owned(),
        could_go: package.could_go,
        reached: package.reached.map(|tier| tier.id().to_owned()),
        own: package.own.into(),
        retained: package.retained.into(),
        keeps: package.keeps.clone(),
        required_by: package.required_by.clone(),
        declared: package.declared.as_ref().map(|(file, line)| format!("{file}:{line}")),
        line_frees: package.line.map(Bytes::from),
        alternatives: package.alternatives.clone(),
        because: package.because.clone(),
    }
}

fn without(without: &audit::Without) -> Without {
    let kept = |list: &[(String, Vec<String>)]| {
        list.iter().map(|(name, by)| Kept { name: name.clone(), by: by.clone() }).collect()
    };
    let held_back = without.held_back.iter().map(|one| HeldBack {
        name: one.name.clone(),
        version: one.version.clone(),
        by: one.by.clone(),
        bytes: one.size.into(),
    });
    Without {
        names: without.names.clone(),
        unknown: without.unknown.clone(),
        own: without.own.into(),
        total: without.total.into(),
        goes: without
            .goes
            .iter()
            .map(|(name, version, size)| Gone {
                name: name.clone(),
                version: version.clone(),
                bytes: (*size).into(),
            })
            .collect(),
        shared: kept(&without.shared),
        kept: kept(&without.kept),
        breaks: without.breaks.clone(),
        held_back: held_back.collect(),
        hidden: without.hidden.into(),
    }
}
