//! Who owns each entry. Ecosystems read package databases and only emit claims; one engine ranks them by the question
//! *whose uninstall removes these bytes?* and gives every entry exactly one owner.

use crate::error::Warning;
use crate::layer::Capture;
use crate::ledger::{ChainView, Ledger, OwnerId, PathId};

/// Something that installs packages and remembers what it installed: dpkg, apk, pip, …
pub trait Ecosystem: Sync {
    /// The ecosystem's id, which is the first part of its owners' ids: `dpkg`, `python`.
    fn name(&self) -> &'static str;

    /// Whether the content of a file is needed to know the packages. Called for every file; must be cheap.
    fn wants(&self, path: &[u8], size: u64) -> Capture;

    /// The packages that are installed in a view of the file system, and what could not be read.
    fn packages(&self, view: &ChainView<'_>) -> (Vec<Package>, Vec<Warning>);
}

/// An installed package.
#[derive(Debug, Clone)]
pub struct Package {
    /// The first part of the owner's id: `python`.
    pub ecosystem: &'static str,
    /// The name as its ecosystem normalises it: `qiskit-ibm-runtime`.
    pub name: String,
    /// The version as written; empty where there is none.
    pub version: String,
    /// What it says it owns.
    pub claims: Vec<Claim>,
    /// The file that says so.
    pub evidence: Option<PathId>,
    /// Its owner in the ledger; set by the engine.
    pub owner: OwnerId,
}

/// What a package says it owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// A file, or a directory with everything below it.
    pub path: PathId,
    /// Whether everything below `path` is meant.
    pub tree: bool,
    /// How good the claim is.
    pub strength: Strength,
}

/// How good a claim is, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// The file's digest or size agrees with the one that the database holds.
    Verified,
    /// The database lists the path.
    Listed,
    /// The path lies in a directory that the package has for itself.
    Contained,
    /// Made from a file that the package owns: a `.pyc` beside its `.py`.
    Derived,
    /// It looks like it.
    Pattern,
}

/// The outcome: the packages, and how well each ecosystem could be read.
#[derive(Debug, Clone, Default)]
pub struct Ownership {
    /// The packages of the final file system, each with its owner's id.
    pub packages: Vec<Package>,
    /// What could not be read.
    pub warnings: Vec<Warning>,
}

/// What any ecosystem wants of a file.
pub fn wants(_path: &[u8], _size: u64) -> Capture {
    Capture::Nothing
}

/// Gives every entry of the ledger its owner.
pub fn claim(_ledger: &mut Ledger) -> Ownership {
    Ownership::default()
}
