//! The main path: from a reference to everything that can be said about it.

use crate::advice::{self, Finding, Rule};
use crate::error::{Result, Warning};
use crate::image::{Image, Node, Selector};
use crate::ledger::Ledger;
use crate::owners::Ownership;
use crate::projection::Variant;
use crate::reference::Reference;
use crate::waste::Waste;

/// What an analysis is asked to do.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Which platforms; all that the source holds where there is none.
    pub platforms: Vec<Selector>,
    /// How transfer is found where the source keeps layers uncompressed.
    pub transfer: Transfer,
    /// The rules to look for.
    pub rules: Vec<Rule>,
}

/// How transfer is found where the source keeps layers uncompressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Transfer {
    /// Compress everything, in memory.
    Exact,
    /// Compress a sample.
    #[default]
    Estimate,
    /// Say nothing about it.
    Off,
}

/// Everything that was found out about a reference.
#[derive(Debug, Clone)]
pub struct Analysis {
    /// What was asked for.
    pub reference: Reference,
    /// What it names.
    pub tree: Node,
    /// The platforms that were read, in the order of the index.
    pub platforms: Vec<PlatformAnalysis>,
    /// What was noticed about the source as a whole.
    pub warnings: Vec<Warning>,
}

/// Everything that was found out about one platform.
#[derive(Debug, Clone)]
pub struct PlatformAnalysis {
    /// The image.
    pub image: Image,
    /// Its entries.
    pub ledger: Ledger,
    /// Their owners.
    pub ownership: Ownership,
    /// What ships and cannot be seen.
    pub waste: Waste,
    /// What the rules found, largest saving first.
    pub findings: Vec<Finding>,
    /// What could be built instead, largest saving first.
    pub variants: Vec<Variant>,
}

/// Weighs every platform asked for. Reads each layer once.
pub fn analyze(_reference: &Reference, _options: &Options) -> Result<Analysis> {
    let _ = advice::find;
    Err(crate::error::Error::input("not wired up yet"))
}
