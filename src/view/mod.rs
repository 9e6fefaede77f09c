//! The contract: what leaves the program, as plain sorted data. The only types of ours that serialize.
//!
//! Fields may be added, never renamed and never given another meaning; a field that is added has a default, so that an
//! older report still reads. Sizes are bytes. `docs/report.schema.json` is made from these types.

pub mod audit;
pub mod build;
pub mod detail;
mod dive;
mod files;
mod inside;
mod libraries;
mod platform;
mod saved;
mod sides;
mod tree;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use dive::Dive;
pub use files::Files;
pub use inside::{BuiltIn, Inside, InsidePart, Setting};
pub use libraries::{Foreign, Libraries, Links, Missing, Need, Unneeded};
pub use platform::{
    Added, Base, BaseFit, Category, Change, CopyUps, Dockerfile, Duplicates, Finding, FindingEntry, Fix,
    Hidden, Layer, Lint, Measurement, Owner, Place, Platform, Saving, Transfer, Variant, Within,
};
pub use sides::{Side, Sides};
pub use tree::{Blob, Node, NodeKind, Part, Registry, Shared};

/// The version of the contract, which every report names.
pub const SCHEMA: &str = "plimsoll/report/1";

/// What was found out about an image, on every platform that was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Plimsoll report")]
pub struct Report {
    /// The version of this contract: `plimsoll/report/1`.
    pub schema: String,
    /// What wrote the report.
    pub tool: Tool,
    /// What was asked for.
    pub image: Image,
    /// What the reference names: an image, or an index of images with what is attached to them.
    pub index: Node,
    /// What all of it costs a registry.
    pub registry: Registry,
    /// The platforms that were read, in the order of the index. Platforms that were not asked for are in `index` only.
    pub platforms: Vec<Platform>,
    /// The platforms side by side, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sides: Option<Sides>,
    /// What could not be read of the source as a whole. Every figure of the report is true all the same.
    pub warnings: Vec<Warning>,
}

impl Report {
    /// The report as it is written to a file or a pipe: indented, with a final line feed.
    pub fn to_json(&self) -> String {
        // Serialising plain data with string keys cannot fail; an empty document would be noticed at once.
        let mut json = serde_json::to_string_pretty(self).unwrap_or_default();
        json.push('\n');
        json
    }

    /// The JSON schema of reports, as it stands in `docs/report.schema.json`.
    pub fn json_schema() -> String {
        let mut json = serde_json::to_string_pretty(&schemars::schema_for!(Report)).unwrap_or_default();
        json.push('\n');
        json
    }
}

/// What wrote the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// `plimsoll`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Image {
    /// The reference as the user wrote it.
    pub reference: String,
    /// What kind of source it was found in: `docker-archive`, `oci-archive`, `oci-dir`, `docker`, `podman`,
    /// `registry`, `rootfs`.
    pub kind: String,
    /// The digest of the index, or of the manifest where there is one image; `null` where the source has none.
    pub digest: Option<String>,
    /// The names under which the source knows the image.
    pub tags: Vec<String>,
}

/// Something that could not be read, while every figure of the report stays true.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Warning {
    /// Who says so: an ecosystem's name, `source`, `history`, …
    pub from: String,
    /// One sentence that names the file or the member.
    pub message: String,
}
