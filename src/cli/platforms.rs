//! `plimsoll platforms IMAGE`

use clap::Args;

use super::Global;
use super::exit::Outcome;
use super::output::{self, Output, Targets};
use crate::analysis;
use crate::error::Result;
use crate::reference::Reference;
use crate::report::Subject;
use crate::view::Report;

/// Show what a reference names: platforms, shared layers, attestations, and what a registry keeps
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll platforms multi.tar
  plimsoll platforms registry:python:3.12
  plimsoll platforms oci-dir:out -o json")]
pub(super) struct Platforms {
    /// An archive, an OCI layout, a name of a daemon or registry, or - for an archive on standard input
    #[arg(value_name = "IMAGE")]
    image: String,
    /// What to write and where: table or json, to standard output or to FILE; repeatable
    #[arg(short, long, value_name = "FORMAT[=FILE]", value_parser = output::parse)]
    output: Vec<Output>,
}

impl Platforms {
    /// Reads what the reference names, and no layer.
    pub(super) fn run(self, global: &Global) -> Result<Outcome> {
        let reference = Reference::parse(&self.image)?;
        let targets = Targets::open(&self.output)?;
        let (tree, kind) = analysis::inspect(&reference, &global.sources.access(&[]))?;
        let report = Report::of_tree(&reference, kind, &tree);
        targets.write(&report, Subject::Platforms, global, 0)?;
        Ok(Outcome::Fine)
    }
}
