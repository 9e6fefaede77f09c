//! `plimsoll config [FILE…]`

use clap::Args;

use super::exit::Outcome;
use super::{Global, config, output};
use crate::error::Result;

/// Read configurations, and say how much is in force; a wrong key or limit is an error
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll config
  plimsoll config plimsoll.toml services/worker/plimsoll.toml")]
pub(super) struct Effective {
    /// plimsoll.toml or .dive-ci; what plimsoll check would find where there is none
    #[arg(value_name = "FILE")]
    files: Vec<String>,
}

impl Effective {
    /// Reads each file, and no image.
    pub(super) fn run(self, global: &Global) -> Result<Outcome> {
        let mut text = String::new();
        if self.files.is_empty() {
            text += &line("in force here", &config::load(None, &[])?);
        }
        for file in &self.files {
            text += &line(file, &config::load(Some(file), &[])?);
        }
        if !global.quiet {
            output::print(&text)?;
        }
        Ok(Outcome::Fine)
    }
}

fn line(name: &str, config: &crate::budget::Config) -> String {
    let policy = config.policy(&["*"]);
    let mut text = format!(
        "{name}: {} budgets, {} denied, {} ignored\n",
        policy.budgets.len(),
        policy.denies.len(),
        policy.ignores.len()
    );
    for budget in &policy.budgets {
        text += &format!("  {} ({})\n", budget.key, budget.at);
    }
    text
}
