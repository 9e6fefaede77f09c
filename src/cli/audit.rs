//! `plimsoll audit IMAGE`

use clap::{Args, ValueEnum};

use super::exit::Outcome;
use super::{Global, audit_files, progress, screen};
use crate::analysis;
use crate::audit::{self, Confidence, Verdict};
use crate::error::{Error, Result};
use crate::image::Selector;
use crate::reference::Reference;
use crate::report;
use crate::view::audit::{AUDIT_SCHEMA, Audit as View, PlatformAudit};

/// Find installed packages that the application never reaches, by what they really keep in the image
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll audit app.tar
  plimsoll audit app.tar --why numpy
  plimsoll audit app.tar --without pandas boto3
  plimsoll audit app.tar --source . --requirements requirements.txt --fix
  plimsoll audit app.tar --trace strace.txt --deny unused -o json

Exit codes: 0 fine; 1 something of a denied verdict was found; 2 no answer.")]
pub(super) struct Audit {
    /// An archive, an OCI layout, or - for an archive on standard input
    #[arg(value_name = "IMAGE")]
    image: String,
    /// A platform to read; repeatable
    #[arg(long, value_name = "PLATFORM", value_parser = super::analyze::selector)]
    platform: Vec<Selector>,
    /// A directory with the application's sources, where the image does not hold them
    #[arg(long, value_name = "DIR")]
    source: Option<String>,
    /// A file that declares requirements, in place of those in the image; repeatable
    #[arg(long, value_name = "FILE")]
    requirements: Vec<String>,
    /// A module to start from, in place of the container's command and all of the application; repeatable
    #[arg(long, value_name = "MODULE")]
    entry: Vec<String>,
    /// Say what keeps a package; repeatable
    #[arg(long, value_name = "NAME")]
    why: Vec<String>,
    /// Say what would go without these packages, together; NAME[EXTRA] takes only an extra
    #[arg(long, value_name = "NAME", num_args = 1..)]
    without: Vec<String>,
    /// Paths that a real run opened: lines of paths, strace, python -v, -X importtime, or slim's creport.json; repeatable
    #[arg(long, value_name = "FILE")]
    trace: Vec<String>,
    /// Take what is unused out of the files given by --requirements, and show the difference
    #[arg(long)]
    fix: bool,
    /// Fail when something of this verdict is found; repeatable
    #[arg(long, value_name = "VERDICT")]
    deny: Vec<Deny>,
    /// How many packages to name in each section; 0 for all
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    /// What to write to standard output
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a person at a terminal
    Table,
    /// For programs
    Json,
    /// For a pull request
    Markdown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Deny {
    /// Declared, and nothing reaches it
    Unused,
    /// Installed, and required by nothing
    Leftover,
    /// Imported, and declared by nobody
    Undeclared,
    /// Reached only by what does without it
    Optional,
}

impl Deny {
    fn is(self, verdict: Verdict) -> bool {
        match self {
            Self::Unused => verdict == Verdict::Unused,
            Self::Leftover => verdict == Verdict::Leftover,
            Self::Undeclared => verdict == Verdict::Undeclared,
            Self::Optional => verdict == Verdict::Optional,
        }
    }
}

impl Audit {
    /// Audits the image, writes what was found, and mends the requirements if it is asked to.
    pub(super) fn run(self, global: &Global) -> Result<Outcome> {
        let reference = Reference::parse(&self.image)?;
        let options = self.options()?;
        if self.fix && options.manifests.is_empty() {
            return Err(Error::usage("--fix has no file to mend")
                .hint("name it: --requirements requirements.txt, or --source DIR that has one"));
        }
        let watched = progress::watch(global);
        let asked = analysis::Options {
            access: global.sources.access(&self.platform),
            platforms: self.platform.clone(),
            audit: true,
            ..analysis::Options::default()
        };
        let analysis = analysis::analyze(&reference, &asked, &*watched)?;
        drop(watched);
        let audits: Vec<_> = analysis
            .platforms
            .iter()
            .map(|one| {
                (
                    one.image.platform.to_string(),
                    audit::audit(&one.image, &one.ledger, &one.ownership, &options),
                )
            })
            .collect();
        let view = View {
            schema: AUDIT_SCHEMA.to_owned(),
            image: self.image.clone(),
            platforms: audits
                .iter()
                .map(|(platform, audit)| PlatformAudit::new(platform.clone(), audit))
                .collect(),
        };
        let style = screen::style(global, self.top);
        super::output::print(&match self.output {
            Format::Table => report::audit::table(&view, &style),
            Format::Json => view.to_json(),
            Format::Markdown => report::audit::markdown(&view, &style),
        })?;
        if let Some((_, audit)) = audits.first().filter(|_| self.fix) {
            audit_files::fix(audit, self.output != Format::Json)?;
        }
        let packages = audits.iter().flat_map(|(_, audit)| &audit.packages);
        // A mere possibility fails nobody's build.
        let mut denied = packages.filter(|package| {
            package.confidence > Confidence::Possible && self.deny.iter().any(|deny| deny.is(package.verdict))
        });
        Ok(if denied.next().is_some() { Outcome::Failed } else { Outcome::Fine })
    }

    fn options(&self) -> Result<audit::Options> {
        let mut options = audit::Options {
            entries: self.entry.clone(),
            why: self.why.clone(),
            without: self.without.clone(),
            ..audit::Options::default()
        };
        for file in &self.requirements {
            audit_files::manifest(file, &mut options.manifests)?;
        }
        if let Some(directory) = &self.source {
            audit_files::sources(directory, &mut options, self.requirements.is_empty())?;
        }
        for file in &self.trace {
            options.opened.push(audit_files::trace(file)?);
        }
        Ok(options)
    }
}
