//! What is inside of files that hold more than one thing: binaries and archives.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is inside of a live file. A second level: it divides the file's content and is never added to anything else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Inside {
    /// The file, with a leading `/`.
    pub path: String,
    /// The id of its owner.
    pub owner: String,
    /// The number of its layer.
    pub layer: u64,
    /// `go`, `rust`, `elf`, `jar`, `egg` or `zipapp`.
    pub kind: String,
    /// What it is made of, as it says itself: the main module, the root crate, the artifact; empty where it does not say.
    pub name: String,
    /// Its version as written; empty where there is none.
    pub version: String,
    /// What built it: `go1.26.8`; empty where it does not say.
    pub toolchain: String,
    /// The program that compressed it as a whole: `UPX`; empty for every other file.
    pub packer: String,
    /// Bytes of the file: the sum of `parts`.
    pub content: u64,
    /// How they divide, largest first.
    pub parts: Vec<InsidePart>,
    /// What it says is built into it, sorted by name.
    pub built_in: Vec<BuiltIn>,
    /// How it was built, in the order of the file.
    pub settings: Vec<Setting>,
}

/// A share of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InsidePart {
    /// `module` for a module, crate or artifact; `section`; `strippable` for a section that nothing reads at run time; `format`
    /// for headers and padding.
    pub kind: String,
    /// The module, the crate, the section.
    pub name: String,
    /// Its version; empty where it has none.
    pub version: String,
    /// Bytes of the file.
    pub bytes: u64,
}

/// Something that a file says is built into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BuiltIn {
    /// The module or crate.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// One setting of a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Setting {
    /// `-ldflags`
    pub key: String,
    /// `-s -w`
    pub value: String,
}
