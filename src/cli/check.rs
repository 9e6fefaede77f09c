//! `plimsoll check IMAGE`

use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;

use super::exit::Outcome;
use super::output::{self, Output, Targets};
use super::{Global, analyze, config, load, rules_dir};
use crate::analysis::Options;
use crate::budget::{self, Baseline, Status};
use crate::compare::{self, Comparison};
use crate::error::{Error, Result};
use crate::image::Selector;
use crate::report::Subject;
use crate::view::Report;

/// Hold an image against its budgets in plimsoll.toml; exit 1 where one is exceeded
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll check app.tar
  plimsoll check app.tar --baseline main.json -o table -o json=size.json
  plimsoll check app.tar --budget transfer='300 MB' --budget layers=20
  docker save app | plimsoll check - -o github

Without --config, plimsoll.toml is looked for from the working directory upwards to
the root of the repository, and a .dive-ci in the working directory counts too.
plimsoll init writes a commented plimsoll.toml.

Exit codes: 0 within budget; 1 over budget; 2 a budget could not be evaluated.")]
pub(super) struct Check {
    /// An image, or a report saved with -o json
    #[arg(value_name = "IMAGE")]
    image: String,
    /// What growth is measured from: a report saved with -o json, or an image
    #[arg(long, value_name = "IMAGE", conflicts_with = "no_baseline")]
    baseline: Option<String>,
    /// There is no baseline yet: budgets on growth are listed as skipped
    #[arg(long)]
    no_baseline: bool,
    /// The configuration to use instead of looking for one; it must exist
    #[arg(long, value_name = "FILE")]
    config: Option<String>,
    /// A budget beside those of the configuration, such as content='800 MB'; repeatable
    #[arg(long, value_name = "KEY=LIMIT")]
    budget: Vec<String>,
    /// The name by which [image."…"] sections know the image, where its file does not say it
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// A platform to read, os/arch[/variant] or a part of it such as arm64; repeatable
    #[arg(long, value_name = "PLATFORM", value_parser = analyze::selector, conflicts_with = "all_platforms")]
    platform: Vec<Selector>,
    /// Read every platform; of a registry's image only the host's is read otherwise
    #[arg(long)]
    all_platforms: bool,
    /// How to find transfer sizes where the source keeps layers uncompressed
    #[arg(long, value_name = "HOW", default_value = "estimate")]
    transfer: analyze::Transfer,
    /// The Dockerfile that the image was built from: layers and findings then say their lines
    #[arg(short = 'f', long, value_name = "FILE")]
    dockerfile: Option<String>,
    /// A directory of rules that add to the built-in ones or override them; repeatable
    #[arg(long, value_name = "DIR")]
    rules: Vec<String>,
    /// What to write and where: FORMAT or FORMAT=FILE; repeatable
    #[arg(short, long, value_name = "FORMAT[=FILE]", value_parser = output::parse)]
    output: Vec<Output>,
}

impl Check {
    /// Reads the image, writes every budget with its value, and fails where one is exceeded.
    pub(super) fn run(self, global: &Global) -> Result<Outcome> {
        let config = config::load(self.config.as_deref(), &self.budget)?;
        let targets = Targets::open(&self.output)?;
        let options = Options {
            access: global.sources.access(&self.platform),
            platforms: self.platform,
            all_platforms: self.all_platforms,
            transfer: self.transfer.how(),
            rules: rules_dir::load(&self.rules)?,
            dockerfile: load::dockerfile(self.dockerfile.as_deref())?,
            audit: false,
            links: false,
            variants: false,
            base: None,
            bases: Vec::new(),
        };
        let read = |image: &str| load::report(image, &options, targets.want_files(), global);
        let report = read(&self.image)?;
        let policy = config.policy(&names(&report, self.name.as_deref()));
        if policy.is_empty() {
            return Err(Error::config("no budget is in force, so there is nothing to check").hint(format!(
                "plimsoll init writes a commented {}; --budget content='800 MB' sets one here",
                config::NAME
            )));
        }
        let base = self.baseline.as_deref().map(read).transpose()?;
        let baseline = match &base {
            Some(base) => Baseline::Report(base),
            None if self.no_baseline => Baseline::None,
            None => Baseline::Missing,
        };
        let verdict = budget::evaluate(&report, baseline, &policy, &today());
        let sides = base.map(|base| [base, report.clone()]);
        let comparison = sides.as_ref().and_then(|[base, report]| compared(base, report));
        let subject = Subject::Check(&verdict, comparison.as_ref());
        targets.write(&report, subject, global, 10)?;
        match verdict.status {
            Status::Fail => Ok(Outcome::Failed),
            // The output says what and why; here only that it is no pass.
            Status::Unknown => {
                let count = verdict.count(Status::Unknown);
                let what = if count == 1 { "a budget".to_owned() } else { format!("{count} budgets") };
                let why = verdict.with(Status::Unknown).find_map(|check| check.note.clone());
                Err(Error::input(format!("{what} could not be evaluated: {}", why.unwrap_or_default()))
                    .hint("what cannot be evaluated is no pass"))
            }
            Status::Pass | Status::Warn | Status::Skipped => Ok(Outcome::Fine),
        }
    }
}

/// The names by which a section may know an image.
fn names<'a>(report: &'a Report, given: Option<&'a str>) -> Vec<&'a str> {
    let tags = report.platforms.iter().flat_map(|platform| &platform.tags);
    let known = report.image.tags.iter().chain(tags).map(String::as_str);
    given.into_iter().chain([report.image.reference.as_str()]).chain(known).collect()
}

/// What differs on the platforms that both have; growth on the others is told by its budget.
fn compared(base: &Report, report: &Report) -> Option<Comparison> {
    let both = |one: &Report, other: &Report| {
        let mut one = one.clone();
        one.platforms.retain(|platform| other.platforms.iter().any(|o| o.platform == platform.platform));
        one
    };
    let (base, report) = (both(base, report), both(report, base));
    compare::compare(&[&base, &report], &compare::Options::default()).ok()
}

/// The day, in UTC.
fn today() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    civil(seconds / 86_400)
}

/// The day that is `days` after 1970-01-01, by counting years of 365 or 366 days and then months.
fn civil(mut days: u64) -> String {
    let leap = |year: u64| (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let mut month = 1;
    for length in [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year:04}-{month:02}-{:02}", days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_days() {
        for (days, day) in
            [(0, "1970-01-01"), (59, "1970-03-01"), (19_782, "2024-02-29"), (20_778, "2026-11-21")]
        {
            assert_eq!(civil(days), day);
        }
    }
}
