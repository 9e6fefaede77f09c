//! Who owns each entry. Ecosystems read package databases and only emit claims; one engine ranks them by the question
//! *whose uninstall removes these bytes?* and gives every entry exactly one owner.
//!
//! An ecosystem is one file here, one line in [`ECOSYSTEMS`] and one folder of test data; `docs/ecosystems.md` is the
//! checklist. The owners that are no packages (caches, what triggers generate) are data, in `rules/catalog/derived.toml`.

pub mod apk;
pub mod binary;
pub mod chisel;
pub mod claim;
pub mod composer;
pub mod conda;
pub mod cpython;
pub mod derived;
pub mod dotnet;
pub mod dpkg;
pub mod erlang;
pub mod gem;
pub mod inside;
pub mod lua;
pub mod nix;
pub mod npm;
pub mod opkg;
pub mod pacman;
pub mod perl;
pub mod python;
pub mod r;
mod ranking;
mod reading;
pub mod rpm;
pub mod runtimes;
#[cfg(test)]
pub(crate) mod testing;
pub mod yarn;

pub use claim::{Judged, claim, judge};

use std::collections::HashMap;

use crate::error::Warning;
use crate::layer::{Capture, Content, FileFormat, Inside, InsideKind, Wants};
use crate::ledger::{ChainView, EntryId, OwnerId, PathId};

/// Every ecosystem, in the order in which they are asked. What wins is decided by [`Rank`], not by this order.
pub const ECOSYSTEMS: &[&dyn Ecosystem] = &[
    &dpkg::Dpkg,
    &apk::Apk,
    &rpm::Rpm,
    &pacman::Pacman,
    &opkg::Opkg,
    &nix::Nix,
    &chisel::Chisel,
    &conda::Conda,
    &python::Python,
    &npm::Npm,
    &yarn::Yarn,
    &gem::Gem,
    &composer::Composer,
    &dotnet::DotNet,
    &r::R,
    &perl::Perl,
    &lua::Lua,
    &erlang::Erlang,
    &cpython::CPython,
    &runtimes::Runtimes,
    &binary::GO,
    &binary::CARGO,
    &binary::JAVA,
    &binary::ZIPAPP,
    &binary::PROGRAM,
];

/// Something that installs packages and remembers what it installed: dpkg, apk, pip, …
pub trait Ecosystem: Sync {
    /// The ecosystem's id, which is the first part of its owners' ids: `dpkg`, `python`.
    fn name(&self) -> &'static str;

    /// Whether the content of a file is needed to know the packages. Called for every file; must be cheap.
    ///
    /// What [`Ecosystem::packages`] finds may depend on nothing but these files and on symbolic links: the engine asks
    /// again only where one of them differs.
    fn wants(&self, path: &[u8], size: u64) -> Capture;

    /// Whether what is inside of files of a kind tells anything. [`Ecosystem::packages`] may look at it then.
    fn looks_at(&self, _kind: InsideKind) -> bool {
        false
    }

    /// The packages that are installed in a view of the file system, and what could not be read. A claim of a path that
    /// does not exist is no mistake: minimal images leave out most of what their databases list.
    fn packages(&self, view: &ChainView<'_>) -> (Vec<Package>, Vec<Warning>);

    /// [`Ecosystem::packages`] of a view that differs little from the one before, whose `lists` are at hand. An ecosystem
    /// whose lists of files are long takes from there what a file said already, and leaves there what it reads.
    fn packages_again(&self, view: &ChainView<'_>, _lists: &mut Lists) -> (Vec<Package>, Vec<Warning>) {
        self.packages(view)
    }
}

/// What files that list other files were found to claim.
#[derive(Debug, Clone, Default)]
pub struct Lists {
    /// By the file that lists.
    pub read: HashMap<EntryId, List>,
    /// A file that says how all of them are to be read, where there is one.
    pub under: Option<EntryId>,
}

/// What a file that lists other files was found to claim.
#[derive(Debug, Clone)]
pub struct List {
    /// The claims.
    pub claims: Vec<Claim>,
    /// The symbolic links on the way to what it lists: it holds as long as these are there and no others come.
    pub through: Vec<EntryId>,
}

/// What kind of installer a package comes from. The better one wins a file that two claim.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// The operating system's packages: dpkg, apk, rpm; and conda's, which bring as much.
    #[default]
    System,
    /// A language's packages: pip, npm, gem. Of two, the one with the deeper root wins.
    Language,
    /// A runtime that no package manager installed: `CPython` built from source.
    Runtime,
    /// A program that says what it was built of, and that nothing else installed.
    Binary,
    /// What an installer puts around packages: a virtual environment's own files.
    Scaffolding,
}

/// An installed package.
#[derive(Debug, Clone, Default)]
pub struct Package {
    /// The ecosystem that found it: `python`.
    pub ecosystem: &'static str,
    /// The name as its ecosystem normalises it: `qiskit-ibm-runtime`.
    pub name: String,
    /// The version as written; empty where there is none.
    pub version: String,
    /// The id of its owner: `python:qiskit-ibm-runtime`. The same package installed twice has one id.
    pub id: String,
    /// What kind of installer it comes from.
    pub rank: Rank,
    /// The directory that it is installed in; the root of the image for a system's packages, but
    /// conda's environment for conda's.
    pub root: PathId,
    /// What it says it owns.
    pub claims: Vec<Claim>,
    /// The file that says so.
    pub evidence: Option<PathId>,
    /// Its owner in the ledger; set by the engine.
    pub owner: OwnerId,
    /// The ids of packages that claimed some of what this one owns and lost: the Python distribution inside a Debian
    /// package. Sorted; set by the engine.
    pub aliases: Vec<String>,
}

impl Package {
    /// A package of `ecosystem` whose owner's id is `ecosystem:name`.
    pub fn new(ecosystem: &'static str, name: &str, version: &str, rank: Rank) -> Self {
        Self {
            ecosystem,
            name: name.to_owned(),
            version: version.to_owned(),
            id: format!("{ecosystem}:{name}"),
            rank,
            ..Self::default()
        }
    }
}

/// What a package says it owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// A file, or a directory.
    pub path: PathId,
    /// Whether everything below `path` is meant.
    pub tree: bool,
    /// How good the claim is.
    pub strength: Strength,
    /// The file's size in bytes, where the database holds it. The engine verifies a listed claim by it.
    pub size: Option<u64>,
}

impl Claim {
    /// The database lists exactly this path.
    pub fn listed(path: PathId) -> Self {
        Self { path, tree: false, strength: Strength::Listed, size: None }
    }

    /// The package has this directory for itself.
    pub fn contained(path: PathId) -> Self {
        Self { path, tree: true, strength: Strength::Contained, size: None }
    }
}

/// How good a claim is, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// The file's size agrees with the one that the database holds.
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
    /// The packages of the final file system, sorted by id, each with its owner.
    pub packages: Vec<Package>,
    /// Packages that only hidden entries still belong to, sorted by id: the compiler that a later layer removed.
    pub removed: Vec<Package>,
    /// What could not be read, sorted.
    pub warnings: Vec<Warning>,
}

/// What ecosystems want of the layers.
pub struct Wanted;

impl Wants for Wanted {
    fn wants(&self, path: &[u8], size: u64) -> Capture {
        wants(path, size)
    }

    fn opens(&self, path: &[u8], format: FileFormat, mode: u32) -> bool {
        inside::opens(path, format, mode)
    }

    fn open(&self, path: &[u8], content: &dyn Content) -> Option<Inside> {
        inside::open(path, content)
    }
}

/// What any ecosystem wants of a file.
pub fn wants(path: &[u8], size: u64) -> Capture {
    ECOSYSTEMS.iter().map(|ecosystem| ecosystem.wants(path, size)).max().unwrap_or(Capture::Nothing)
}
