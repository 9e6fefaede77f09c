//! `plimsoll analyze IMAGE`

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};

use super::exit::Outcome;
use super::output::{self, Output, Targets};
use super::{Global, bases, load, rules_dir};
use crate::analysis::{self, Options};
use crate::error::{Error, Result};
use crate::image::Selector;
use crate::report::Subject;
use crate::report::detail::Details;
use crate::view::{Report, detail};

/// Weigh an image: sizes, layers, owners, waste, and what could go
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll analyze app.tar
  plimsoll analyze app:1.2
  plimsoll analyze registry:quay.io/team/app:1.2 --all-platforms
  docker save app | plimsoll analyze -
  plimsoll analyze app.tar:app:1.2 --platform arm64 --top 30
  plimsoll analyze oci-dir:out -o table -o json=size.json
  plimsoll analyze app.tar --owner python:scipy
  plimsoll analyze app.tar --path /usr/lib/libz.so.1")]
pub(super) struct Analyze {
    /// An archive, an OCI layout, a name of a daemon or registry, or - for an archive on standard input
    #[arg(value_name = "IMAGE")]
    image: String,
    /// A platform to read, os/arch[/variant] or a part of it such as arm64; repeatable
    #[arg(long, value_name = "PLATFORM", value_parser = selector, conflicts_with = "all_platforms")]
    platform: Vec<Selector>,
    /// Read every platform; of a registry's image only the host's is read otherwise
    #[arg(long)]
    all_platforms: bool,
    /// How to find transfer sizes where the source keeps layers uncompressed
    #[arg(long, value_name = "HOW", default_value = "estimate")]
    transfer: Transfer,
    /// The Dockerfile that the image was built from: layers and findings then say their lines
    #[arg(short = 'f', long, value_name = "FILE")]
    dockerfile: Option<String>,
    /// How many owners to name on the screen; 0 for all
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    /// Open an owner instead: its directories, files and categories; repeatable
    #[arg(long, value_name = "ID")]
    owner: Vec<String>,
    /// Say whose a path is instead: owner, layer, fate, sizes, and what needs it; repeatable
    #[arg(long, value_name = "PATH")]
    path: Vec<String>,
    /// Look at every ELF file: missing and unneeded libraries, and files for another machine
    #[arg(long)]
    libraries: bool,
    /// Put every file into the JSON, so that a saved report serves as well as the image
    #[arg(long)]
    files: bool,
    /// A catalogue of bases of your own, as `plimsoll bases update --write` writes it; repeatable
    #[arg(long, value_name = "FILE")]
    bases: Vec<String>,
    /// A directory of rules that add to the built-in ones or override them; repeatable
    #[arg(long, value_name = "DIR")]
    rules: Vec<String>,
    /// What to write and where: table or json, to standard output or to FILE; repeatable
    #[arg(short, long, value_name = "FORMAT[=FILE]", value_parser = output::parse)]
    output: Vec<Output>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Transfer {
    /// Compress every layer, in memory
    Exact,
    /// Compress a sample
    Estimate,
    /// Leave transfer out
    Off,
}

impl Transfer {
    /// What the analysis is told.
    pub(super) fn how(self) -> analysis::Transfer {
        match self {
            Self::Exact => analysis::Transfer::Exact,
            Self::Estimate => analysis::Transfer::Estimate,
            Self::Off => analysis::Transfer::Off,
        }
    }
}

pub(super) fn selector(text: &str) -> Result<Selector, String> {
    Selector::parse(text).map_err(|Error { message, hint, .. }| match hint {
        Some(hint) => format!("{message}; {hint}"),
        None => message,
    })
}

impl Analyze {
    /// Weighs the image and writes what was found.
    pub(super) fn run(self, global: &Global) -> Result<Outcome> {
        let targets = Targets::open(&self.output)?;
        let options = Options {
            access: global.sources.access(&self.platform),
            platforms: self.platform,
            all_platforms: self.all_platforms,
            transfer: self.transfer.how(),
            bases: bases::load(&self.bases)?,
            rules: rules_dir::load(&self.rules)?,
            dockerfile: load::dockerfile(self.dockerfile.as_deref())?,
            audit: false,
            links: self.libraries || !self.path.is_empty(),
            variants: false,
            base: None,
        };
        let asks = !self.owner.is_empty() || !self.path.is_empty();
        let files = asks || self.files || targets.want_files();
        let report = load::report(&self.image, &options, files, global)?;
        if asks {
            let details = details(&report, &self.owner, &self.path)?;
            targets.write_details(&details, global, self.top)?;
            return Ok(Outcome::Fine);
        }
        targets.write(&report, Subject::Analysis, global, self.top)?;
        Ok(Outcome::Fine)
    }
}

/// Opens owners and paths on every platform that has them; each must be somewhere.
fn details(report: &Report, owners: &[String], paths: &[String]) -> Result<Details> {
    if report.platforms.iter().any(|platform| platform.files.is_none()) {
        return Err(Error::usage("the report was saved without its files")
            .hint("save it with --files, or name the image"));
    }
    let platforms = &report.platforms;
    let unknown = |what: &str, wanted: &str| {
        let meant: BTreeSet<_> =
            platforms.iter().flat_map(|platform| detail::meant(platform, wanted, 3)).collect();
        let error = Error::usage(format!("it has no {what} {}", wanted.escape_debug()));
        match meant.into_iter().take(3).collect::<Vec<_>>().as_slice() {
            [] => error,
            meant => error.hint(format!("there is {}", meant.join(", "))),
        }
    };
    let mut details = Details::default();
    for owner in owners {
        let found: Vec<_> = platforms.iter().filter_map(|platform| detail::owner(platform, owner)).collect();
        if found.is_empty() {
            return Err(unknown("owner", owner));
        }
        details.owners.extend(found);
    }
    for path in paths {
        let found: Vec<_> = platforms.iter().filter_map(|platform| detail::path(platform, path)).collect();
        if found.is_empty() {
            return Err(unknown("path", path));
        }
        details.paths.extend(found);
    }
    Ok(details)
}
