//! `plimsoll init`

use std::fs::OpenOptions;
use std::io::Write;

use clap::Args;

use super::exit::Outcome;
use super::{Global, config, output};
use crate::budget::TEMPLATE;
use crate::error::{Error, ErrorKind, Result};

/// Write a commented plimsoll.toml, in which nothing is in force yet
#[derive(Debug, Args)]
pub(super) struct Init {
    /// Print it instead
    #[arg(long)]
    stdout: bool,
}

impl Init {
    /// Writes the template, and never over a file that is there.
    pub(super) fn run(self, global: &Global) -> Result<Outcome> {
        let template = TEMPLATE.replace("\n#= ", "\n# ");
        if self.stdout {
            output::print(&template)?;
            return Ok(Outcome::Fine);
        }
        let name = config::NAME;
        let file = OpenOptions::new().write(true).create_new(true).open(name);
        let written = file.and_then(|mut file| file.write_all(template.as_bytes()));
        written.map_err(|error| {
            Error::new(ErrorKind::Output, format!("cannot write {name}: {error}"))
                .hint("plimsoll init --stdout prints it")
        })?;
        if !global.quiet {
            output::print(&format!("wrote {name}: take the # away from what should be in force\n"))?;
        }
        Ok(Outcome::Fine)
    }
}
