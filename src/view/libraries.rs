//! What is linked to what.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the programs and libraries of the final file system are linked to, by the rules of the image's own loader. A program
/// that loads by name is not seen, so a library that nothing needs may still be loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Libraries {
    /// What no loader would find, by name.
    pub missing: Vec<Missing>,
    /// Libraries where loaders look that nothing in the image is linked to, largest first.
    pub unneeded: Vec<Unneeded>,
    /// Programs and libraries for another machine than the platform's, by path.
    pub foreign: Vec<Foreign>,
    /// Every program and library, by path.
    pub files: Vec<Links>,
}

/// A library or interpreter that no loader would find.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Missing {
    /// The name that is needed.
    pub name: String,
    /// Who needs it, by path.
    pub needed_by: Vec<String>,
    /// A file of that name where no loader looks by itself.
    pub elsewhere: Option<String>,
}

/// A library that nothing is linked to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unneeded {
    /// The file.
    pub path: String,
    /// The id of its owner.
    pub owner: String,
    /// Its content, in bytes.
    pub content: u64,
}

/// A program or library for another machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Foreign {
    /// The file.
    pub path: String,
    /// The id of its owner.
    pub owner: String,
    /// The machine that it runs on.
    pub machine: String,
    /// Its content, in bytes.
    pub content: u64,
}

/// What one file is linked to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Links {
    /// The file.
    pub path: String,
    /// The machine that it runs on, as platforms name it.
    pub machine: String,
    /// The name under which others need it, where it has one.
    pub soname: Option<String>,
    /// Where it says that its libraries are: `RPATH`.
    pub rpath: Vec<String>,
    /// Where it says that its libraries are: `RUNPATH`, which replaces `rpath`.
    pub runpath: Vec<String>,
    /// What it needs: its interpreter, then its libraries, in its own order.
    pub needs: Vec<Need>,
}

/// Something that a file needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Need {
    /// The name that it is needed by.
    pub name: String,
    /// The file that the loader would choose, with all links followed.
    pub found: Option<String>,
}
