//! How sources are reached, where a reference alone does not say it.

use crate::error::{Error, ErrorKind};
use crate::image::Platform;
use crate::limits::Limits;
use crate::source::cache::Cache;

/// How sources are reached, where a reference alone does not say it.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Where a bare name may be looked for; anywhere where there is none.
    pub from: Vec<Place>,
    /// Where the Docker daemon listens, whatever the environment says.
    pub host: Option<String>,
    /// The docker context to ask, instead of the current one.
    pub context: Option<String>,
    /// Speak to registries without TLS, wherever they are.
    pub plain_http: bool,
    /// A file of PEM certificates that registries may be certified by, besides the system's.
    pub ca_file: Option<String>,
    /// A registry to ask before Docker Hub.
    pub mirror: Option<String>,
    /// The one platform that is wanted of a daemon that can tell them apart.
    pub platform: Option<Platform>,
    /// Where what is learned is kept from run to run; nowhere where there is none.
    pub cache: Option<Cache>,
    /// What an image may ask of the machine.
    pub limits: Limits,
}

/// Where a bare name can be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A file or directory.
    File,
    /// The Docker daemon.
    Docker,
    /// The Podman service.
    Podman,
    /// A registry.
    Registry,
}

impl Access {
    /// Whether a bare name may be looked for there.
    pub fn may(&self, place: Place) -> bool {
        self.from.is_empty() || self.from.contains(&place)
    }
}

/// A daemon or registry did not answer as it should.
pub(super) fn network(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Network, message)
}
