//! `plimsoll cache prune`

use clap::{Args, Subcommand};

use super::Global;
use super::exit::Outcome;
use super::output;
use crate::error::{Error, Result};
use crate::source::cache;

/// Look after what earlier runs learned of layers
#[derive(Debug, Args)]
pub(super) struct Cache {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Remove what was learned of layers; the next run reads them again
    Prune {
        /// Keep what was used last, up to this many bytes
        #[arg(long, value_name = "BYTES", default_value_t = 0)]
        keep: u64,
    },
}

impl Cache {
    /// Prunes, and says what went.
    pub(super) fn run(self, global: &Global) -> Result<Outcome> {
        let What::Prune { keep } = self.what;
        let cache = cache::Cache::of_user()
            .ok_or_else(|| Error::config("there is no cache directory").hint("set HOME or XDG_CACHE_HOME"))?;
        let gone = cache.prune(keep)?;
        if !global.quiet {
            output::print(&format!("{} layers forgotten, {} bytes\n", gone.files, gone.bytes))?;
        }
        Ok(Outcome::Fine)
    }
}
