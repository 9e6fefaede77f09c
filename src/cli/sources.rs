//! What the command line says about reaching images that are not files.

use clap::{Args, ValueEnum};

use crate::image::Selector;
use crate::limits::{self, Limits};
use crate::source::cache::Cache;
use crate::source::{Access, Place};

/// How images elsewhere are reached.
#[derive(Debug, Args)]
#[command(next_help_heading = "Sources")]
pub(super) struct Sources {
    /// Look for a bare name only there; repeatable
    #[arg(long, global = true, value_name = "PLACE")]
    from: Vec<From>,
    /// Where the Docker daemon listens, instead of DOCKER_HOST
    #[arg(short = 'H', long, global = true, value_name = "ADDRESS", conflicts_with = "context")]
    host: Option<String>,
    /// The docker context to ask, instead of the current one
    #[arg(long, global = true, value_name = "NAME")]
    context: Option<String>,
    /// Speak to registries without TLS; a registry of this machine may always do so
    #[arg(long, global = true)]
    plain_http: bool,
    /// PEM certificates that registries may be certified by, besides the system's
    #[arg(long, global = true, value_name = "FILE")]
    ca_file: Option<String>,
    /// A registry to ask for images of Docker Hub first
    #[arg(long, global = true, value_name = "HOST", env = "PLIMSOLL_REGISTRY_MIRROR")]
    mirror: Option<String>,
    /// Neither use what earlier runs learned of layers, nor keep what this one learns
    #[arg(long, global = true)]
    no_cache: bool,
    #[arg(
        long = "limit", global = true, value_name = "NAME=VALUE", env = "PLIMSOLL_LIMITS", value_delimiter = ',',
        value_parser = limit, help = "Raise a bound that keeps hostile images harmless; repeatable",
        long_help = limits::help()
    )]
    limits: Vec<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum From {
    /// Files and directories
    File,
    /// The Docker daemon
    Docker,
    /// The Podman service
    Podman,
    /// A registry
    Registry,
}

impl Sources {
    /// Where what is learned of layers is kept.
    pub(super) fn cache(&self) -> Option<Cache> {
        if self.no_cache { None } else { Cache::of_user() }
    }

    /// What an image may ask of the machine.
    fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        for written in &self.limits {
            // They were held against what limits there are when they were read.
            let _ = limits.set(written);
        }
        limits
    }

    /// How to reach sources when these platforms are asked for.
    pub(super) fn access(&self, platforms: &[Selector]) -> Access {
        let place = |from: &From| match from {
            From::File => Place::File,
            From::Docker => Place::Docker,
            From::Podman => Place::Podman,
            From::Registry => Place::Registry,
        };
        Access {
            from: self.from.iter().map(place).collect(),
            host: self.host.clone(),
            context: self.context.clone(),
            plain_http: self.plain_http,
            ca_file: self.ca_file.clone(),
            mirror: self.mirror.clone(),
            cache: self.cache(),
            limits: self.limits(),
            // A daemon can be asked for one platform; what several selectors mean is decided here.
            platform: if let [only] = platforms { only.exact() } else { None },
        }
    }
}

/// A limit as written, if it is one.
fn limit(written: &str) -> Result<String, String> {
    let refused = |error: crate::error::Error| match error.hint {
        Some(hint) => format!("{}: {hint}", error.message),
        None => error.message,
    };
    Limits::default().set(written).map(|()| written.to_owned()).map_err(refused)
}
