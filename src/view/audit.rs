//! The contract of an audit: plain sorted data, in bytes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Warning;
use crate::audit;
use crate::path::Printable;
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

impl Audit {
    /// The JSON schema of audits, as it stands in `docs/audit.schema.json`.
    pub fn json_schema() -> String {
        let mut json = serde_json::to_string_pretty(&schemars::schema_for!(Audit)).unwrap_or_default();
        json.push('\n');
        json
    }
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
            roots: texts(&audit.roots),
            manifests: audit.manifests.iter().map(|manifest| text(&manifest.path)).collect(),
            counts: verdicts.iter().map(|verdict| ((*verdict).to_owned(), count(verdict))).collect(),
            packages: audit.packages.iter().map(package).collect(),
            joint: Joint { frees: audit.joint.into(), packages: texts(&audit.joint_packages) },
            alternatives: audit.alternatives.iter().map(|group| texts(group)).collect(),
            circles: audit.circles.iter().map(|group| texts(group)).collect(),
            dynamic: audit
                .dynamic
                .iter()
                .map(|one| Dynamic { application: one.ours, at: text(&one.at), call: text(&one.call) })
                .collect(),
            why: audit
                .why
                .iter()
                .map(|one| Why {
                    name: text(&one.name),
                    installed: one.installed,
                    imports: texts(&one.imports),
                    metadata: texts(&one.metadata),
                })
                .collect(),
            without: audit.without.as_ref().map(without),
            autoremove: joint(&audit.autoremove),
            recommended: joint(&audit.recommended),
            duplicates: audit
                .duplicates
                .iter()
                .map(|(name, versions)| Duplicate {
                    name: text(name),
                    versions: versions
                        .iter()
                        .map(|(version, size)| (text(version), (*size).into()))
                        .collect(),
                })
                .collect(),
            warnings: audit
                .warnings
                .iter()
                .map(|one| Warning { from: one.from.clone(), message: text(&one.message) })
                .collect(),
            transfer_exact: audit.transfer_known,
        }
    }
}

fn joint((packages, frees): &(Vec<String>, Size)) -> Joint {
    Joint { frees: (*frees).into(), packages: texts(packages) }
}

fn package(package: &audit::Package) -> Package {
    Package {
        id: text(&package.id),
        name: text(&package.name),
        version: text(&package.version),
        verdict: package.verdict.id().to_owned(),
        confidence: package.confidence.id().to_owned(),
        could_go: package.could_go,
        reached: package.reached.map(|tier| tier.id().to_owned()),
        own: package.own.into(),
        retained: package.retained.into(),
        keeps: texts(&package.keeps),
        required_by: texts(&package.required_by),
        declared: package.declared.as_ref().map(|(file, line)| text(&format!("{file}:{line}"))),
        line_frees: package.line.map(Bytes::from),
        alternatives: texts(&package.alternatives),
        because: texts(&package.because),
    }
}

fn without(without: &audit::Without) -> Without {
    let kept = |list: &[(String, Vec<String>)]| {
        list.iter().map(|(name, by)| Kept { name: text(name), by: texts(by) }).collect()
    };
    let held_back = without.held_back.iter().map(|one| HeldBack {
        name: text(&one.name),
        version: text(&one.version),
        by: text(&one.by),
        bytes: one.size.into(),
    });
    Without {
        names: texts(&without.names),
        unknown: texts(&without.unknown),
        own: without.own.into(),
        total: without.total.into(),
        goes: without
            .goes
            .iter()
            .map(|(name, version, size)| Gone {
                name: text(name),
                version: text(version),
                bytes: (*size).into(),
            })
            .collect(),
        shared: kept(&without.shared),
        kept: kept(&without.kept),
        breaks: texts(&without.breaks),
        held_back: held_back.collect(),
        hidden: without.hidden.into(),
    }
}

/// Text of an image, made harmless.
fn text(untrusted: &str) -> String {
    Printable(untrusted.as_bytes()).to_string()
}

fn texts(untrusted: &[String]) -> Vec<String> {
    untrusted.iter().map(|one| text(one)).collect()
}
