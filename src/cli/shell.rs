//! `plimsoll completions SHELL`, and the manual pages: both made from the definitions of the arguments.

#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "manual pages go where the user says"
)]

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::exit::Outcome;
use super::{Cli, output};
use crate::error::{Error, ErrorKind, Result};

/// Print what completes the command line in a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll completions bash > ~/.local/share/bash-completion/completions/plimsoll
  plimsoll completions zsh > \"${fpath[1]}/_plimsoll\"
  plimsoll completions fish > ~/.config/fish/completions/plimsoll.fish")]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// Prints the script.
    pub(super) fn run(self) -> Result<Outcome> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "plimsoll", &mut script);
        output::print(&String::from_utf8_lossy(&script))?;
        Ok(Outcome::Fine)
    }
}

/// Write the manual pages, for whoever packages the program
#[derive(Debug, Args)]
pub(super) struct Man {
    /// Where to; it is made if need be
    #[arg(value_name = "DIR")]
    directory: String,
}

impl Man {
    /// Writes a page for each command.
    pub(super) fn run(self) -> Result<Outcome> {
        let directory = std::path::Path::new(&self.directory);
        std::fs::create_dir_all(directory)
            .and_then(|()| clap_mangen::generate_to(Cli::command(), directory))
            .map_err(|error| {
                let place = self.directory.escape_debug();
                Error::new(
                    ErrorKind::Output,
                    format!("the manual pages cannot be written to {place}: {error}"),
                )
            })?;
        Ok(Outcome::Fine)
    }
}
