//! Builds the variants that were written, with whatever builds images here, weighs them, and asks whether they run.

use std::fs;
use std::process::{Command, Output, Stdio};

use super::Global;
use super::progress;
use crate::analysis::{self, Options, Transfer};
use crate::error::{Error, ErrorKind, Result};
use crate::reference::Reference;
use crate::view::Measurement;

/// What builds images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Engine {
    /// docker build, and docker save
    Docker,
    /// docker buildx build, into an OCI archive, or by docker save where the builder writes none
    Buildx,
    /// buildah build, and buildah push into an OCI layout
    Buildah,
}

impl Engine {
    const ALL: [Self; 3] = [Self::Docker, Self::Buildx, Self::Buildah];

    fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Buildx => "buildx",
            Self::Buildah => "buildah",
        }
    }

    /// Whether it is there and answers.
    fn is_there(self) -> bool {
        let words: &[&str] = match self {
            Self::Docker => &["docker", "version"],
            Self::Buildx => &["docker", "buildx", "inspect"],
            Self::Buildah => &["buildah", "--version"],
        };
        run(words).is_ok_and(|output| output.status.success())
    }

    /// The first that is there.
    pub(super) fn find() -> Result<Self> {
        Self::ALL.into_iter().find(|engine| engine.is_there()).ok_or_else(|| {
            Error::usage(
                "--measure needs something that builds images, and neither Docker nor buildah answers",
            )
            .hint("install buildah, or start Docker; without --measure the variants are projected")
        })
    }
}

/// How variants are built.
pub(super) struct Build<'a> {
    /// What builds them.
    pub engine: Engine,
    /// The directory that the Dockerfile copies from.
    pub context: &'a str,
    /// `NAME=VALUE`, each as `--build-arg`.
    pub arguments: &'a [String],
    /// Words handed on to the engine as they are.
    pub flags: &'a [String],
    /// What is run after each build.
    pub smoke: Option<&'a str>,
    /// Where to keep the image while it is weighed.
    pub directory: &'a str,
}

impl Build<'_> {
    /// Builds one variant of the Dockerfile `file`, weighs it, and runs the smoke command. The image stays with the engine
    /// under the name that the smoke command sees.
    pub(super) fn measure(&self, variant: &str, file: &str, global: &Global) -> Result<Measurement> {
        let tag = format!("plimsoll-advise:{variant}");
        let place = format!("{}/{variant}.image", self.directory);
        let whole = self.build(variant, &tag, file, &place).and_then(|reference| {
            let smoke = self.smoke.map(|command| self.runs(command, variant, &tag)).transpose()?;
            let mut weighed = weigh(&reference, global)?;
            if weighed.is_plain && self.engine == Engine::Buildx && reference.starts_with("oci-archive:") {
                // A base that was loaded, and not pulled, is exported as it lies there: as no registry has it.
                let output = format!("type=oci,dest={place},compression=gzip,force-compression=true");
                let export = self.words(&["docker", "buildx", "build", "--output", &output], file);
                succeed(&export, "buildx could not compress what it built")?;
                weighed = weigh(&reference, global)?;
            }
            let Weighed { content, transfer, .. } = weighed;
            Ok(Measurement { engine: self.engine.name().to_owned(), content, transfer, smoke })
        });
        // Nothing can be done where removing fails.
        let _ = fs::remove_dir_all(&place).or_else(|_| fs::remove_file(&place));
        whole.map_err(|error| error.within(format_args!("cannot measure the {variant} variant")))
    }

    /// Builds it and says where it can be read.
    fn build(&self, variant: &str, tag: &str, file: &str, place: &str) -> Result<String> {
        let cannot = format!("{} could not build {variant}", self.engine.name());
        match self.engine {
            Engine::Docker => {
                succeed(&self.words(&["docker", "build", "-t", tag], file), &cannot)?;
                self.saved(variant, tag, place)
            }
            Engine::Buildx => {
                let output = format!("type=oci,dest={place}");
                let load = self.words(&["docker", "buildx", "build", "--load", "-t", tag], file);
                let export = self.words(&["docker", "buildx", "build", "--output", &output], file);
                // Where the builder is dockerd with storage of its own, only the daemon can have the image.
                if succeed(&export, &cannot).is_err() {
                    succeed(&load, &cannot)?;
                    return self.saved(variant, tag, place);
                }
                if self.smoke.is_some() {
                    succeed(&load, &cannot)?;
                }
                Ok(format!("oci-archive:{place}"))
            }
            Engine::Buildah => {
                succeed(&self.words(&["buildah", "bud", "--layers", "-t", tag], file), &cannot)?;
                let cannot = self.cannot_hand_out(variant);
                succeed(&["buildah", "push", "-q", tag, &format!("oci:{place}:latest")], &cannot)?;
                Ok(format!("oci-dir:{place}"))
            }
        }
    }

    /// The words of a build that begins so.
    fn words<'w>(&'w self, begin: &[&'w str], file: &'w str) -> Vec<&'w str> {
        let arguments = self.arguments.iter().flat_map(|argument| ["--build-arg", argument]);
        let arguments = arguments.chain(self.flags.iter().map(String::as_str));
        begin.iter().copied().chain(arguments).chain(["-f", file, self.context]).collect()
    }

    /// Has the daemon write an image of its own, and says where it can be read.
    fn saved(&self, variant: &str, tag: &str, place: &str) -> Result<String> {
        succeed(&["docker", "save", "-o", place, tag], &self.cannot_hand_out(variant))?;
        Ok(format!("docker-archive:{place}"))
    }

    fn cannot_hand_out(&self, variant: &str) -> String {
        format!("{} could not hand out {variant}", self.engine.name())
    }

    /// Whether the smoke command succeeds. It is told the image in its environment, for an image without a shell cannot be
    /// asked by one of its own.
    fn runs(&self, command: &str, variant: &str, tag: &str) -> Result<bool> {
        let status = Command::new("sh")
            .args(["-c", command])
            .env("PLIMSOLL_IMAGE", tag)
            .env("PLIMSOLL_VARIANT", variant)
            .env("PLIMSOLL_ENGINE", self.engine.name())
            .stdin(Stdio::null())
            .stdout(Stdio::from(std::io::stderr()))
            .status();
        let status =
            status.map_err(|error| Error::usage(format!("the smoke command cannot be run: {error}")))?;
        Ok(status.success())
    }
}

/// What a built image weighs.
#[derive(Default)]
struct Weighed {
    content: u64,
    transfer: u64,
    /// Whether layers of an OCI image are stored uncompressed, so that their transfer is what nobody pulls.
    is_plain: bool,
}

/// Weighs a built image; transfer to the byte, or by compressing all of it.
fn weigh(reference: &str, global: &Global) -> Result<Weighed> {
    let options =
        Options { transfer: Transfer::Exact, access: global.sources.access(&[]), ..Options::default() };
    let watched = progress::watch(global);
    let analysis = analysis::analyze(&Reference::parse(reference)?, &options, &*watched)?;
    let Some(platform) = analysis.platforms.first() else { return Ok(Weighed::default()) };
    let layers = &platform.ledger.layers;
    Ok(Weighed {
        content: platform.ledger.size().content,
        transfer: layers.iter().map(|layer| layer.transfer).sum(),
        is_plain: platform.image.layers.iter().any(|layer| layer.descriptor.media_type.ends_with(".tar")),
    })
}

fn run(words: &[&str]) -> std::io::Result<Output> {
    let (program, rest) = words.split_first().ok_or(std::io::ErrorKind::InvalidInput)?;
    Command::new(program).args(rest).stdin(Stdio::null()).output()
}

/// Runs a program; what it said last is the hint where it fails.
fn succeed(words: &[&str], cannot: &str) -> Result<()> {
    let output = run(words).map_err(|error| Error::new(ErrorKind::Input, format!("{cannot}: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let mut last: Vec<&str> = said.lines().rev().filter(|line| !line.trim().is_empty()).take(3).collect();
    last.reverse();
    let said: String = last.join(" / ").chars().filter(|c| !c.is_control()).take(600).collect();
    Err(Error::new(ErrorKind::Input, cannot.to_owned()).hint(format!("it said: {said}")))
}
