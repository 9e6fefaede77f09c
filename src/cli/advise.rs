//! `plimsoll advise IMAGE`

#![expect(clippy::disallowed_methods, reason = "the variants' Dockerfiles go where the user says")]

use std::fs;

use clap::Args;

use super::analyze::{Transfer, selector};
use super::exit::Outcome;
use super::measure::{Build, Engine};
use super::output::{self, Output, Targets};
use super::{Global, bases, load, progress, rules_dir};
use crate::analysis::{self, Options, PlatformAnalysis};
use crate::error::{Error, ErrorKind, Result};
use crate::image::Selector;
use crate::projection::{reasons::is_unproven, write};
use crate::reference::Reference;
use crate::report::Subject;
use crate::view::Report;

/// Say which smaller images could be built instead, write their Dockerfiles, build and weigh them
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll advise app.tar
  plimsoll advise app.tar -f Dockerfile --write variants
  docker build -f variants/minimal.Dockerfile .
  plimsoll advise app.tar -f Dockerfile --measure --smoke 'docker run --rm $PLIMSOLL_IMAGE python -c \"import app\"'
  plimsoll advise app.tar -f Dockerfile -o guide=SMALLER.md")]
pub(super) struct Advise {
    /// A reference in any form that analyze reads
    #[arg(value_name = "IMAGE")]
    image: String,
    /// The Dockerfile that the image was built from; it stays as it is in what is written
    #[arg(short = 'f', long, value_name = "FILE")]
    dockerfile: Option<String>,
    /// The image that it is built on, so that the boundary is known by its layers
    #[arg(long, value_name = "REF")]
    base: Option<String>,
    /// Write and build only this variant; repeatable
    #[arg(long, value_name = "NAME")]
    variant: Vec<String>,
    /// Write a Dockerfile per variant into DIR, each with what differs from the one given
    #[arg(long, value_name = "DIR")]
    write: Option<String>,
    /// Build every variant that has a Dockerfile, and print what it really weighs beside what was projected
    #[arg(long, help_heading = "Measuring")]
    measure: bool,
    /// What builds; the first that answers where none is named
    #[arg(long, value_name = "ENGINE", requires = "measure", help_heading = "Measuring")]
    engine: Option<Engine>,
    /// The directory that the Dockerfile copies from [default: that of the Dockerfile]
    #[arg(long, value_name = "DIR", requires = "measure", help_heading = "Measuring")]
    context: Option<String>,
    /// NAME=VALUE for the build; repeatable
    #[arg(long, value_name = "NAME=VALUE", requires = "measure", help_heading = "Measuring")]
    build_arg: Vec<String>,
    /// A word that is handed to the engine's build as it is; repeatable
    #[arg(
        long,
        value_name = "WORD",
        requires = "measure",
        allow_hyphen_values = true,
        help_heading = "Measuring"
    )]
    build_flag: Vec<String>,
    /// Run CMD after each build, with the image's name in PLIMSOLL_IMAGE; what fails is not written
    #[arg(long, value_name = "CMD", requires = "measure", help_heading = "Measuring")]
    smoke: Option<String>,
    /// How fast pulls are, to say how long each takes: 1Gbps, 50Mbps; repeatable
    #[arg(long, value_name = "RATE", value_parser = bandwidth)]
    bandwidth: Vec<u64>,
    /// The platform to read, os/arch[/variant] or a part of it such as arm64
    #[arg(long, value_name = "PLATFORM", value_parser = selector)]
    platform: Vec<Selector>,
    /// How to find transfer sizes where the source keeps layers uncompressed
    #[arg(long, value_name = "HOW", default_value = "estimate")]
    transfer: Transfer,
    /// A catalogue of bases of your own, as `plimsoll bases update --write` writes it; repeatable
    #[arg(long, value_name = "FILE")]
    bases: Vec<String>,
    /// A directory of rules that add to the built-in ones or override them; repeatable
    #[arg(long, value_name = "DIR")]
    rules: Vec<String>,
    /// What to write and where: table, guide, json or another format, to standard output or to FILE; repeatable
    #[arg(short, long, value_name = "FORMAT[=FILE]", value_parser = output::parse)]
    output: Vec<Output>,
}

/// What is left of a caveat once a variant was built and nothing asked it for an answer.
const NOT_STARTED: &str =
    "Built, and not started: ask the service for an answer and import every extension module first";

impl Advise {
    /// Weighs the image, projects what could be built instead, writes it and builds it where asked to.
    pub(super) fn run(self, global: &Global) -> Result<Outcome> {
        let targets = Targets::open(&self.output)?;
        let engine = match (self.measure, self.engine) {
            (false, _) => None,
            (true, Some(engine)) => Some(engine),
            (true, None) => Some(Engine::find()?),
        };
        let options = Options {
            access: global.sources.access(&self.platform),
            platforms: self.platform.clone(),
            all_platforms: false,
            transfer: self.transfer.how(),
            bases: bases::load(&self.bases)?,
            rules: rules_dir::load(&self.rules)?,
            dockerfile: load::dockerfile(self.dockerfile.as_deref())?,
            base: self.base.as_deref().map(Reference::parse).transpose()?,
            variants: true,
            audit: false,
            links: false,
        };
        let reference = Reference::parse(&self.image)?;
        let watched = progress::watch(global);
        let analysis = analysis::analyze(&reference, &options, &*watched)?;
        drop(watched);
        let mut report = Report::new(&analysis, &options.rules);
        if self.write.is_some() || engine.is_some() {
            let [platform] = analysis.platforms.as_slice() else {
                return Err(Error::usage("variants are written for one platform at a time")
                    .hint("choose one: --platform amd64"));
            };
            let tag = platform.image.tags.first();
            let tag = tag.map_or_else(|| analysis.reference.to_string(), Clone::clone);
            self.written(platform, &tag, engine, &mut report, global)?;
        }
        targets.write(&report, Subject::Advice(&self.bandwidth), global, 10)?;
        Ok(Outcome::Fine)
    }

    /// Writes every variant of a platform, and builds it where there is an engine.
    fn written(
        &self,
        platform: &PlatformAnalysis,
        tag: &str,
        engine: Option<Engine>,
        report: &mut Report,
        global: &Global,
    ) -> Result<()> {
        if let Some(unknown) =
            self.variant.iter().find(|name| platform.variants.iter().all(|one| one.name != **name))
        {
            let known: Vec<&str> = platform.variants.iter().map(|one| one.name.as_str()).collect();
            return Err(Error::usage(format!("there is no variant {}", unknown.escape_debug()))
                .hint(format!("of this image there are {}", known.join(", "))));
        }
        let temporary = Temporary::new(self.write.is_none())?;
        let directory = self.write.as_deref().unwrap_or(&temporary.0).trim_end_matches('/');
        fs::create_dir_all(directory).map_err(|error| cannot_write(directory, &error))?;
        let source = write::Source {
            image: &platform.image,
            reference: tag,
            mapping: platform.mapping.as_ref(),
            ledger: &platform.ledger,
            findings: &platform.followed(),
            audit: platform.audit.as_ref(),
        };
        let chosen = |name: &String| self.variant.is_empty() || self.variant.contains(name);
        for variant in platform.variants.iter().filter(|variant| chosen(&variant.name)) {
            let files = write::files(variant, &source);
            let paths: Vec<String> = files.iter().map(|file| format!("{directory}/{}", file.name)).collect();
            for (file, path) in files.iter().zip(&paths) {
                fs::write(path, &file.text).map_err(|error| cannot_write(path, &error))?;
            }
            let (Some(engine), Some(dockerfile)) = (engine, paths.first()) else { continue };
            let build = Build {
                engine,
                context: &self.context(),
                arguments: &self.build_arg,
                flags: &self.build_flag,
                smoke: self.smoke.as_deref(),
                directory,
            };
            let measured = build.measure(&variant.name, dockerfile, global)?;
            if measured.smoke == Some(false) {
                // What does not run is nobody's advice.
                for path in &paths {
                    let _ = fs::remove_file(path);
                }
            }
            let views = report.platforms.iter_mut().flat_map(|platform| &mut platform.variants);
            for view in views.filter(|view| view.name == variant.name) {
                view.measured = true;
                // Built it is; whether it runs is known only where something asked.
                view.caveats.retain(|caveat| !is_unproven(caveat));
                if measured.smoke.is_none() {
                    view.caveats.insert(0, NOT_STARTED.to_owned());
                }
                view.measurement = Some(measured.clone());
            }
        }
        Ok(())
    }

    /// Where the Dockerfile copies from.
    fn context(&self) -> String {
        let beside = self.dockerfile.as_deref().and_then(|name| name.rsplit_once('/'));
        self.context.clone().unwrap_or_else(|| beside.map_or(".", |(directory, _)| directory).to_owned())
    }
}

/// A directory that goes with what is in it.
struct Temporary(String);

impl Temporary {
    fn new(wanted: bool) -> Result<Self> {
        if !wanted {
            return Ok(Self(String::new()));
        }
        let above = std::env::temp_dir().display().to_string();
        let name = format!("{above}/plimsoll-advise.{}", std::process::id());
        fs::create_dir(&name).map_err(|error| cannot_write(&name, &error))?;
        Ok(Self(name))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.0.is_empty() {
            // Nothing can be done where removing fails.
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

fn cannot_write(name: &str, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Output, format!("{} cannot be written: {error}", name.escape_debug()))
}

/// Bits per second of `1Gbps`, `50Mbps`, `512kbps`.
fn bandwidth(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no rate: write it as 1Gbps, 50Mbps or 512kbps");
    let at = text.find(|character: char| character.is_ascii_alphabetic()).ok_or_else(wrong)?;
    let unit = match text[at..].to_ascii_lowercase().as_str() {
        "kbps" | "kbit/s" => 1_000,
        "mbps" | "mbit/s" => 1_000_000,
        "gbps" | "gbit/s" => 1_000_000_000_u64,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..at].trim().parse().map_err(|_| wrong())?;
    number.checked_mul(unit).filter(|bits| *bits > 0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::bandwidth;

    #[test]
    fn a_rate_has_a_number_and_a_unit() {
        assert_eq!(bandwidth("1Gbps"), Ok(1_000_000_000));
        assert_eq!(bandwidth("50 Mbit/s"), Ok(50_000_000));
        for wrong in ["", "5", "0Gbps", "fast", "-1Mbps", "1GB", "99999999999999999999Gbps"] {
            assert!(bandwidth(wrong).is_err(), "{wrong}");
        }
    }
}
