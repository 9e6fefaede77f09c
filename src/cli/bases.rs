//! `plimsoll bases`

use clap::{Args, Subcommand};

use super::analyze::selector;
use super::exit::Outcome;
use super::{Global, output, progress};
use crate::analysis::{self, Options, Transfer};
use crate::error::{Error, Result};
use crate::image::Selector;
use crate::projection::bases::{BASES, Base};
use crate::reference::Reference;
use crate::size::si;

/// The bases that advise knows, and where their figures are from
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll bases
  plimsoll bases update python:3.13-slim-trixie
  plimsoll bases update alpine=oci-dir:mirror/alpine")]
pub(super) struct Bases {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Weigh bases where they are, and print their figures as the catalogue has them
    Update(Update),
}

#[derive(Debug, Args)]
struct Update {
    /// Bases of the catalogue, or any reference; NAME=REF reads NAME from somewhere else; all of the catalogue where none is named
    #[arg(value_name = "NAME[=REF]")]
    names: Vec<String>,
    /// The platforms to weigh; repeatable
    #[arg(long, value_name = "PLATFORM", value_parser = selector, default_values = ["linux/amd64", "linux/arm64"])]
    platform: Vec<Selector>,
}

impl Bases {
    /// Lists the catalogue, or measures it anew.
    pub(super) fn run(self, global: &Global) -> Result<Outcome> {
        match self.action {
            None => output::print(&list())?,
            Some(Action::Update(update)) => return update.run(global),
        }
        Ok(Outcome::Fine)
    }
}

fn list() -> String {
    let mut text = String::new();
    for base in &*BASES {
        let libc = if base.libc.is_empty() { "no libc" } else { &base.libc };
        let python = if base.python.is_empty() { String::new() } else { format!(", Python {}", base.python) };
        let shell =
            if base.shell { format!(", a shell and {}", base.manager) } else { ", no shell".to_owned() };
        let eol =
            if base.eol.is_empty() { String::new() } else { format!(", maintained until {}", base.eol) };
        text += &format!("{}: {libc}{python}{shell}{eol}\n", base.name);
        if !base.note.is_empty() {
            text += &format!("  {}\n", base.note);
        }
        for figure in &base.figure {
            let known =
                |bytes: u64| if bytes == 0 && base.name != "scratch" { "?".to_owned() } else { si(bytes) };
            text += &format!(
                "  {}  {} on disk, {} to pull; {} {}: {}\n",
                figure.platform,
                known(figure.content),
                known(figure.transfer),
                figure.how,
                figure.date,
                figure.source
            );
        }
    }
    text
}

impl Update {
    /// Weighs each base on each platform. One that cannot be read is told and does not keep the others from being weighed.
    fn run(self, global: &Global) -> Result<Outcome> {
        let is_image = |base: &&Base| base.name != "scratch" && !base.name.contains(' ');
        let all = || BASES.iter().filter(is_image).map(|base| base.name.clone()).collect();
        let names: Vec<String> = if self.names.is_empty() { all() } else { self.names.clone() };
        let mut failed: Vec<Error> = Vec::new();
        for name in &names {
            let (name, reference) = name.split_once('=').unwrap_or((name, name));
            match self.measure(reference, global) {
                Ok(figures) => output::print(&format!("# {}\n{figures}", name.escape_debug()))?,
                Err(error) => failed.push(error.within(format_args!("cannot weigh {}", name.escape_debug()))),
            }
        }
        let count = failed.len();
        match failed.into_iter().next() {
            None => Ok(Outcome::Fine),
            Some(first) if count == 1 => Err(first),
            Some(first) => Err(first
                .within(format_args!("{count} of {} bases could not be weighed; the first", names.len()))),
        }
    }

    fn measure(&self, reference: &str, global: &Global) -> Result<String> {
        let parsed = Reference::parse(reference)?;
        let options = Options {
            access: global.sources.access(&self.platform),
            platforms: self.platform.clone(),
            transfer: Transfer::Exact,
            ..Options::default()
        };
        let watched = progress::watch(global);
        // A base that is not there for every platform is measured on those that it is there for.
        let analysis = match analysis::analyze(&parsed, &options, &*watched) {
            Err(_) => analysis::analyze(&parsed, &Options { platforms: Vec::new(), ..options }, &*watched)?,
            found => found?,
        };
        let mut text = String::new();
        for platform in &analysis.platforms {
            let ledger = &platform.ledger;
            let transfer: u64 = ledger.layers.iter().map(|layer| layer.transfer).sum();
            let digest = platform.image.manifest.as_ref().map(|manifest| manifest.digest.to_string());
            text += &format!(
                "[[base.figure]]\nplatform = \"{}\"\ncontent = {}\ntransfer = {transfer}\nhow = \"measured\"\n\
                 date = \"{}\"\nsource = {}\n",
                platform.image.platform,
                ledger.size().content,
                today(),
                toml::Value::String(
                    format!("{} {}", analysis.reference, digest.unwrap_or_default()).trim().to_owned()
                )
            );
            text += "# layers = [\n";
            for layer in &platform.image.layers {
                text += &format!("#     \"{}\",\n", layer.descriptor.digest);
            }
            text += "# ]\n";
        }
        Ok(text)
    }
}

/// The day, in UTC: `2026-11-21`.
fn today() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    day(since.as_secs() / 86_400)
}

/// The date of a day since 1970, by the proleptic Gregorian calendar.
fn day(days: u64) -> String {
    // Years that begin in March, so that the leap day is their last. https://howardhinnant.github.io/date_algorithms.html
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let (date, month) =
        (of_year - (153 * shifted + 2) / 5 + 1, if shifted < 10 { shifted + 3 } else { shifted - 9 });
    format!("{:04}-{month:02}-{date:02}", year + era * 400 + u64::from(month <= 2))
}

#[cfg(test)]
mod tests {
    use super::day;

    #[test]
    fn days_have_dates() {
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(day(11_016), "2000-02-29");
        assert_eq!(day(20_778), "2026-11-21");
    }
}
