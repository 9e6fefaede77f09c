//! `plimsoll bases`

use clap::{Args, Subcommand};

use super::analyze::selector;
use super::exit::Outcome;
use super::{Global, output, progress};
use crate::analysis::{self, Options, PlatformAnalysis, Transfer};
use crate::error::{Error, ErrorKind, Result};
use crate::image::Selector;
use crate::ledger::ChainView;
use crate::projection::base::{self, BASES, Base, Figure};
use crate::reference::Reference;
use crate::size::si;

/// The bases that advise knows, and where their figures are from
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll bases
  plimsoll bases update python:3.13-slim-trixie
  plimsoll bases update --write bases.toml registry.example/team/base:1
  plimsoll bases update --write bases.toml alpine=oci-dir:mirror/alpine
  plimsoll advise app.tar --bases bases.toml")]
pub(super) struct Bases {
    /// A catalogue of your own to list beside the built-in one, as update writes it; repeatable
    #[arg(long, value_name = "FILE")]
    bases: Vec<String>,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Weigh bases where they are, and print or write their figures as the catalogue has them
    Update(Update),
}

#[derive(Debug, Args)]
struct Update {
    /// Bases of the catalogue, or any reference; NAME=REF reads NAME from somewhere else; all of the catalogue where none is named
    #[arg(value_name = "NAME[=REF]")]
    names: Vec<String>,
    /// The platforms to weigh, of those that a base has; repeatable
    #[arg(long, value_name = "PLATFORM", value_parser = selector, default_values = ["linux/amd64", "linux/arm64"])]
    platform: Vec<Selector>,
    /// Write what was measured into the catalogue FILE, beside what it holds already; comments in it are lost
    #[arg(long, value_name = "FILE")]
    write: Option<String>,
}

impl Bases {
    /// Lists the catalogue, or measures it anew.
    pub(super) fn run(self, global: &Global) -> Result<Outcome> {
        let own = load(&self.bases)?;
        match self.action {
            None => output::print(&list(&base::with(&own)))?,
            Some(Action::Update(update)) => return update.run(&own, global),
        }
        Ok(Outcome::Fine)
    }
}

/// The bases of catalogues of the user's own, in their order.
pub(super) fn load(files: &[String]) -> Result<Vec<Base>> {
    let mut bases = Vec::new();
    for file in files {
        let shown = file.escape_debug();
        let text = std::fs::read_to_string(file)
            .map_err(|error| Error::config(format!("the bases in {shown} cannot be read: {error}")))?;
        bases.extend(parse(file, &text)?);
    }
    Ok(bases)
}

fn parse(file: &str, text: &str) -> Result<Vec<Base>> {
    base::read(text).map_err(|wrong| {
        let wrong = wrong.trim_end().replace('\n', "; ");
        Error::config(format!("{}: {}", file.escape_debug(), wrong.escape_debug()))
            .hint("plimsoll bases update --write FILE writes one that can be read")
    })
}

fn list(bases: &[Base]) -> String {
    let mut text = String::new();
    for base in bases {
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
    fn run(self, own: &[Base], global: &Global) -> Result<Outcome> {
        let known = base::with(own);
        // A file that cannot be read or written is told before anything is pulled.
        let mut written = self.write.as_deref().map(existing).transpose()?;
        if let Some(file) = &self.write {
            output::can_be_written(file).map_err(|error| unwritable(file, &error))?;
        }
        let is_image = |base: &&Base| base.name != "scratch" && !base.name.contains(' ');
        let all = || BASES.iter().filter(is_image).map(|base| base.name.clone()).collect();
        let names: Vec<String> = if self.names.is_empty() { all() } else { self.names.clone() };
        let mut failed: Vec<Error> = Vec::new();
        for name in &names {
            let (name, reference) = name.split_once('=').unwrap_or((name, name));
            match self.measure(name, reference, &known, global) {
                Ok(measured) => match (&mut written, &self.write) {
                    (Some(bases), Some(file)) => {
                        put(bases, measured);
                        write(file, bases)?;
                    }
                    _ => output::print(&base::written(&[measured]))?,
                },
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

    /// What the catalogue says of a base, with the figures of the platforms that were weighed, and what the image says of
    /// itself where the catalogue says nothing.
    fn measure(&self, name: &str, reference: &str, known: &[Base], global: &Global) -> Result<Base> {
        let parsed = Reference::parse(reference)?;
        let access = global.sources.access(&self.platform);
        let (tree, _) = analysis::inspect(&parsed, &access)?;
        let has: Vec<_> = tree.images().iter().map(|image| image.platform.clone()).collect();
        let platforms: Vec<Selector> =
            self.platform.iter().filter(|one| !one.choose(&has).is_empty()).cloned().collect();
        if platforms.is_empty() {
            let list = has.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            return Err(Error::usage("it has none of the platforms that are asked for")
                .hint(format!("it has {list}: choose with --platform")));
        }
        let options = Options { access, platforms, transfer: Transfer::Exact, ..Options::default() };
        let watched = progress::watch(global);
        let analysis = analysis::analyze(&parsed, &options, &*watched)?;
        let mut base = known.iter().find(|base| base.name == name).cloned();
        if let (None, Some(first)) = (&base, analysis.platforms.first()) {
            base = Some(told(name, first));
        }
        let mut base = base.unwrap_or_default();
        for platform in &analysis.platforms {
            let figure = figure(&analysis.reference, platform);
            base.figure.retain(|one| one.platform != figure.platform);
            base.figure.push(figure);
        }
        base.figure.sort_by(|one, other| one.platform.cmp(&other.platform));
        Ok(base)
    }
}

/// What a base weighs on a platform, and what it is recognised by.
fn figure(reference: &Reference, platform: &PlatformAnalysis) -> Figure {
    let digest = platform.image.manifest.as_ref().map(|manifest| manifest.digest.to_string());
    let text = |digest: &crate::digest::Digest| digest.to_string();
    Figure {
        platform: platform.image.platform.to_string(),
        content: platform.ledger.size().content,
        transfer: platform.ledger.layers.iter().map(|layer| layer.transfer).sum(),
        how: "measured".to_owned(),
        date: today(),
        source: format!("{reference} {}", digest.unwrap_or_default()).trim().to_owned(),
        layers: platform.image.layers.iter().map(|layer| text(&layer.descriptor.digest)).collect(),
        diff_ids: platform.image.config.rootfs.diff_ids.iter().map(text).collect(),
    }
}

/// What an image says of itself: its C library, what installs packages and what it runs.
fn told(name: &str, platform: &PlatformAnalysis) -> Base {
    let version = |id: &str| {
        let found = platform.ownership.packages.iter().find(|package| {
            package.id == id || package.id.strip_prefix(id).is_some_and(|rest| rest.starts_with(':'))
        });
        found.map(|package| package.version.split('-').next().unwrap_or_default().to_owned())
    };
    let numbers = |version: &str, count: usize| version.split('.').take(count).collect::<Vec<_>>().join(".");
    let libc = version("dpkg:libc6").or_else(|| version("rpm:glibc")).map(|it| format!("glibc {it}"));
    let libc = libc.or_else(|| version("apk:musl").map(|it| format!("musl {it}")));
    let managers =
        [("dpkg:apt", "apt"), ("apk:apk-tools", "apk"), ("rpm:dnf", "dnf"), ("rpm:microdnf", "microdnf")];
    let manager = managers.into_iter().find(|(id, _)| version(id).is_some());
    let view = ChainView::last(&platform.ledger);
    Base {
        name: name.to_owned(),
        libc: libc.unwrap_or_default(),
        shell: view.follow(b"/bin/sh").is_some(),
        manager: manager.map_or("", |(_, manager)| manager).to_owned(),
        python: version("runtime:cpython").map_or_else(String::new, |it| numbers(&it, 2)),
        node: version("runtime:node").map_or_else(String::new, |it| numbers(&it, 1)),
        user: platform.image.config.config.user.clone(),
        ..Base::default()
    }
}

/// What a catalogue holds already; nothing where it is not there yet.
fn existing(file: &str) -> Result<Vec<Base>> {
    match std::fs::read_to_string(file) {
        Ok(text) => parse(file, &text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Error::config(format!("{} cannot be read: {error}", file.escape_debug()))),
    }
}

/// Puts a base in place of the one of its name. Figures of platforms that were not weighed stay.
fn put(bases: &mut Vec<Base>, mut measured: Base) {
    match bases.iter_mut().find(|base| base.name == measured.name) {
        Some(old) => {
            let is_new = |figure: &&Figure| measured.figure.iter().all(|one| one.platform != figure.platform);
            let kept: Vec<Figure> = old.figure.iter().filter(is_new).cloned().collect();
            measured.figure.extend(kept);
            measured.figure.sort_by(|one, other| one.platform.cmp(&other.platform));
            *old = measured;
        }
        None => bases.push(measured),
    }
}

fn write(file: &str, bases: &[Base]) -> Result<()> {
    let text =
        format!("# Written by plimsoll bases update; --bases has it read.\n\n{}", base::written(bases));
    output::save(file, &text).map_err(|error| unwritable(file, &error))
}

fn unwritable(file: &str, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Output, format!("{} cannot be written: {error}", file.escape_debug()))
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
