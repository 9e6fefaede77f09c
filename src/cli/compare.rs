//! `plimsoll compare IMAGE IMAGE…`

use clap::Args;

use super::exit::Outcome;
use super::output::{self, Output, Targets};
use super::{Global, analyze, load, rules_dir};
use crate::analysis::Options;
use crate::compare;
use crate::error::{Error, Result};
use crate::image::Selector;
use crate::report::Subject;

/// Compare images: sizes, shared layers, what each package gained or lost, findings that came or went
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll compare old.tar new.tar
  plimsoll compare base.json app.tar -o table -o markdown=comment.md
  plimsoll compare old.tar new.tar --owner python:scipy
  plimsoll compare v1.tar v2.tar v3.tar --platform amd64
  plimsoll compare multi.tar                  (its platforms with each other)")]
pub(super) struct Compare {
    /// Images, or reports saved with -o json; each is compared with the first
    #[arg(value_name = "IMAGE", required = true)]
    images: Vec<String>,
    /// A platform to read, os/arch[/variant] or a part of it such as arm64; repeatable
    #[arg(long, value_name = "PLATFORM", value_parser = analyze::selector, conflicts_with = "all_platforms")]
    platform: Vec<Selector>,
    /// Read every platform; of a registry's image only the host's is read otherwise
    #[arg(long)]
    all_platforms: bool,
    /// Compare every platform of every image with the first, instead of platform by platform
    #[arg(long)]
    across: bool,
    /// Name the files behind the change of one owner, such as python:scipy
    #[arg(long, value_name = "OWNER")]
    owner: Option<String>,
    /// How to find transfer sizes where a source keeps layers uncompressed
    #[arg(long, value_name = "HOW", default_value = "estimate")]
    transfer: analyze::Transfer,
    /// How many rows of a kind to show on the screen; 0 for all
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    /// A directory of rules that add to the built-in ones or override them; repeatable
    #[arg(long, value_name = "DIR")]
    rules: Vec<String>,
    /// What to write and where: FORMAT or FORMAT=FILE; repeatable
    #[arg(short, long, value_name = "FORMAT[=FILE]", value_parser = output::parse)]
    output: Vec<Output>,
}

impl Compare {
    /// Reads all images and writes what differs.
    pub(super) fn run(self, global: &Global) -> Result<Outcome> {
        let from_stdin = self.images.iter().filter(|image| *image == "-").count();
        if from_stdin > 1 {
            return Err(
                Error::usage("standard input can be one image only").hint("write the others to files")
            );
        }
        let targets = Targets::open(&self.output)?;
        let options = Options {
            access: global.sources.access(&self.platform),
            platforms: self.platform,
            all_platforms: self.all_platforms || self.images.len() == 1,
            transfer: self.transfer.how(),
            rules: rules_dir::load(&self.rules)?,
            dockerfile: None,
            audit: false,
            links: false,
            variants: false,
            base: None,
            bases: Vec::new(),
        };
        let files = self.owner.is_some() || targets.want_files();
        let images = self.images.iter().map(|image| load::report(image, &options, files, global));
        let reports = images.collect::<Result<Vec<_>>>()?;
        // The platforms of one image have only each other to be compared with.
        let across = self.across || reports.len() == 1;
        let asked = compare::Options { across, owner: self.owner };
        let comparison = compare::compare(&reports.iter().collect::<Vec<_>>(), &asked)?;
        if let Some(last) = reports.last() {
            targets.write(last, Subject::Comparison(&comparison, &reports), global, self.top)?;
        }
        Ok(Outcome::Fine)
    }
}
