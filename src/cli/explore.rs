//! `plimsoll explore IMAGE`

use std::io::IsTerminal;

use clap::Args;

use super::exit::Outcome;
use super::{Global, analyze, load, rules_dir};
use crate::analysis::Options;
use crate::error::{Error, ErrorKind, Result};
use crate::explore;
use crate::image::Selector;

/// Walk through an image in the terminal: layers, owners and findings beside the tree
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll explore app.tar
  plimsoll explore size.json        (saved with --files -o json)

Keys: ? shows them. They are those of dive and ncdu.")]
pub(super) struct Explore {
    /// An image, or a report saved with --files -o json
    #[arg(value_name = "IMAGE")]
    image: String,
    /// A platform to read, os/arch[/variant] or a part of it such as arm64; repeatable
    #[arg(long, value_name = "PLATFORM", value_parser = analyze::selector)]
    platform: Vec<Selector>,
    /// A directory of rules that add to the built-in ones or override them; repeatable
    #[arg(long, value_name = "DIR")]
    rules: Vec<String>,
}

impl Explore {
    /// Reads the image and shows it until the user has seen enough.
    pub(super) fn run(self, global: &Global) -> Result<Outcome> {
        if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
            return Err(Error::usage("explore needs a terminal, to show on and to read keys from")
                .hint("plimsoll analyze IMAGE writes a report to a file or a pipe"));
        }
        let options =
            Options { platforms: self.platform, rules: rules_dir::load(&self.rules)?, ..Options::default() };
        let report = load::report(&self.image, &options, true, global)?;
        if report.platforms.iter().any(|platform| platform.files.is_none()) || report.platforms.is_empty() {
            return Err(Error::usage(format!(
                "{} is a saved report without its files",
                report.image.reference
            ))
            .hint("save it with plimsoll analyze IMAGE --files -o json=FILE, or explore the image itself"));
        }
        explore::run(&report).map_err(|error| {
            Error::new(ErrorKind::Output, format!("the terminal cannot be used: {error}"))
        })?;
        Ok(Outcome::Fine)
    }
}
