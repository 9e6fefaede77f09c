//! `plimsoll advise IMAGE`

#![expect(clippy::disallowed_methods, reason = "the variants' Dockerfiles go where the user says")]

use clap::Args;

use super::analyze::{Transfer, selector};
use super::exit::Outcome;
use super::output::{self, Output, Targets};
use super::{Global, load, progress, rules_dir};
use crate::analysis::{self, Analysis, Options};
use crate::error::{Error, ErrorKind, Result};
use crate::image::Selector;
use crate::projection::write;
use crate::reference::Reference;
use crate::report::Subject;
use crate::view::Report;

/// Say which smaller images could be built instead, and write their Dockerfiles
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll advise app.tar
  plimsoll advise app.tar -f Dockerfile --write variants
  docker build -f variants/minimal.Dockerfile .")]
pub(super) struct Advise {
    /// A reference in any form that analyze reads
    #[arg(value_name = "IMAGE")]
    image: String,
    /// The Dockerfile that the image was built from; it stays as it is in what is written
    #[arg(short = 'f', long, value_name = "FILE")]
    dockerfile: Option<String>,
    /// Write a Dockerfile per variant into DIR
    #[arg(long, value_name = "DIR")]
    write: Option<String>,
    /// The platform to read, os/arch[/variant] or a part of it such as arm64
    #[arg(long, value_name = "PLATFORM", value_parser = selector)]
    platform: Vec<Selector>,
    /// How to find transfer sizes where the source keeps layers uncompressed
    #[arg(long, value_name = "HOW", default_value = "estimate")]
    transfer: Transfer,
    /// A directory of rules that add to the built-in ones or override them; repeatable
    #[arg(long, value_name = "DIR")]
    rules: Vec<String>,
    /// What to write and where: table or json, to standard output or to FILE; repeatable
    #[arg(short, long, value_name = "FORMAT[=FILE]", value_parser = output::parse)]
    output: Vec<Output>,
}

impl Advise {
    /// Weighs the image, projects what could be built instead, and writes it where asked to.
    pub(super) fn run(self, global: &Global) -> Result<Outcome> {
        let targets = Targets::open(&self.output)?;
        let options = Options {
            access: global.sources.access(&self.platform),
            platforms: self.platform,
            all_platforms: false,
            transfer: self.transfer.how(),
            rules: rules_dir::load(&self.rules)?,
            dockerfile: load::dockerfile(self.dockerfile.as_deref())?,
            variants: true,
            audit: false,
        };
        let reference = Reference::parse(&self.image)?;
        let watched = progress::watch(global);
        let analysis = analysis::analyze(&reference, &options, &*watched)?;
        drop(watched);
        if let Some(directory) = &self.write {
            write_variants(&analysis, directory)?;
        }
        targets.write(&Report::new(&analysis, &options.rules), Subject::Analysis, global, 10)?;
        Ok(Outcome::Fine)
    }
}

/// A Dockerfile per variant of the only platform that was read.
fn write_variants(analysis: &Analysis, directory: &str) -> Result<()> {
    let [platform] = analysis.platforms.as_slice() else {
        return Err(Error::usage("variants are written for one platform at a time")
            .hint("choose one: --platform amd64"));
    };
    let failed = |name: &str, error: &std::io::Error| {
        Error::new(ErrorKind::Output, format!("{} cannot be written: {error}", name.escape_debug()))
    };
    std::fs::create_dir_all(directory).map_err(|error| failed(directory, &error))?;
    let tagged = platform.image.tags.first().map_or_else(|| analysis.reference.to_string(), Clone::clone);
    let source = write::Source {
        image: &platform.image,
        reference: &tagged,
        mapping: platform.mapping.as_ref(),
        ledger: &platform.ledger,
        findings: &platform.findings,
        audit: platform.audit.as_ref(),
    };
    for file in platform.variants.iter().flat_map(|variant| write::files(variant, &source)) {
        let path = format!("{}/{}", directory.trim_end_matches('/'), file.name);
        std::fs::write(&path, file.text).map_err(|error| failed(&path, &error))?;
    }
    Ok(())
}
