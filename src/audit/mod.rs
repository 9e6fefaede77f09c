//! Which installed packages the application never reaches, what removing each would free, and how sure that is.
//!
//! Two reachabilities are kept apart: what pip would install, by the metadata of distributions, and what code can load, by
//! the imports of every source in the image. A verdict needs both. Nothing here prints, and nothing is run.

mod capture;
pub mod catalog;
pub mod command;
mod declared;
pub mod fix;
mod judge;
pub mod libraries;
pub mod linked;
pub mod manifest;
pub mod native;
mod nesting;
pub mod node;
pub mod python;
mod question;
pub mod reach;
pub mod requires;
pub mod retained;
mod roots;
mod run;
pub mod system;
mod tier;
pub mod trace;
pub mod verdict;

pub use capture::Wanted;
pub use question::{Chain, Without};
pub use tier::Tier;
pub use verdict::{Confidence, Dynamic, Package, Verdict};

use crate::error::Warning;
use crate::image::Image;
use crate::ledger::Ledger;
use crate::owners::Ownership;
use crate::size::Size;

/// What an audit is told beside the image.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Sources of the application that are not in the image: path and content.
    pub sources: Vec<(String, Vec<u8>)>,
    /// Files that declare requirements: path and text. Where there is none, those of the image count.
    pub manifests: Vec<(String, String)>,
    /// Modules to start from; where there is none, the container's command and all sources of the application.
    pub entries: Vec<String>,
    /// Packages whose keepers are asked for.
    pub why: Vec<String>,
    /// Packages that are taken out, together.
    pub without: Vec<String>,
    /// Paths that a real run opened, one list a trace.
    pub opened: Vec<Vec<String>>,
}

/// What was found out.
#[derive(Debug, Clone, Default)]
pub struct Audit {
    /// What the search started from, as sentences.
    pub roots: Vec<String>,
    /// Where requirements are declared; empty where nothing declares any.
    pub manifests: Vec<manifest::Manifest>,
    /// Every installed package, the largest retained size first.
    pub packages: Vec<Package>,
    /// Positions in `packages` of what could go.
    pub could_go: Vec<usize>,
    /// What goes when all of `could_go` goes, jointly.
    pub joint: Size,
    /// Names of everything that goes then.
    pub joint_packages: Vec<String>,
    /// Groups of packages of which one must stay.
    pub alternatives: Vec<Vec<String>>,
    /// Groups that keep each other.
    pub circles: Vec<Vec<String>>,
    /// Dynamic imports in code that is reached, the application's first.
    pub dynamic: Vec<Dynamic>,
    /// What keeps the packages that were asked for.
    pub why: Vec<Chain>,
    /// What goes with the packages that were to be taken out.
    pub without: Option<Without>,
    /// What `apt-get autoremove` would remove.
    pub autoremove: (Vec<String>, Size),
    /// What `apt-get install --no-install-recommends` would have left out.
    pub recommended: (Vec<String>, Size),
    /// Packages of Node that are there in several versions, each with its bytes.
    pub duplicates: Vec<(String, Vec<(String, Size)>)>,
    /// Directories of packages of Node that go when those go that could.
    pub node_going: node::Going,
    /// What could not be read.
    pub warnings: Vec<Warning>,
    /// Whether transfer sizes are known.
    pub transfer_known: bool,
}

/// Audits one image.
pub fn audit(image: &Image, ledger: &Ledger, ownership: &Ownership, options: &Options) -> Audit {
    run::run(image, ledger, ownership, options)
}
