//! Where a daemon listens, by the same rules as the engines' own command lines.

#![expect(clippy::disallowed_types, reason = "sockets and certificates of the host")]

use std::path::{Path, PathBuf};

use super::{Engine, context};
use crate::error::{Error, Result};
use crate::source::Access;

/// Where a daemon listens.
#[derive(Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `unix:///var/run/docker.sock`, `tcp://host:2376`, `ssh://user@host`.
    pub host: String,
    /// The certificates, where the connection is to be secured.
    pub tls: Option<Tls>,
}

/// The files of a secured connection.
#[derive(Debug, PartialEq, Eq)]
pub struct Tls {
    /// What the daemon's certificate is held against.
    pub ca: PathBuf,
    /// Our certificate.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Tls {
    /// The three files as Docker names them.
    pub fn in_directory(directory: &Path) -> Self {
        Self {
            ca: directory.join("ca.pem"),
            cert: directory.join("cert.pem"),
            key: directory.join("key.pem"),
        }
    }
}

impl Endpoint {
    /// Whether something is there; anything but a socket of this machine is taken to be.
    pub fn is_there(&self) -> bool {
        self.host.strip_prefix("unix://").is_none_or(|path| Path::new(path).exists())
    }
}

/// Finds the daemon.
pub fn find(engine: Engine, access: &Access) -> Result<Endpoint> {
    match engine {
        Engine::Docker => docker(access),
        Engine::Podman => podman(),
    }
}

/// `--context` or `--host`, then `DOCKER_HOST`, `DOCKER_CONTEXT`, the configuration's current context, and the default socket.
fn docker(access: &Access) -> Result<Endpoint> {
    if let Some(name) = &access.context {
        return context::endpoint(name);
    }
    if let Some(host) = access.host.clone().or_else(|| variable("DOCKER_HOST")) {
        let tls = variable("DOCKER_TLS_VERIFY").or_else(|| variable("DOCKER_TLS")).and_then(|_| {
            let directory = variable("DOCKER_CERT_PATH").map(PathBuf::from).or_else(context::directory);
            directory.as_deref().map(Tls::in_directory)
        });
        return Ok(Endpoint { host, tls });
    }
    match variable("DOCKER_CONTEXT").or_else(context::current) {
        Some(name) => context::endpoint(&name),
        None => Ok(default()),
    }
}

/// Docker's own socket.
pub fn default() -> Endpoint {
    Endpoint { host: "unix:///var/run/docker.sock".to_owned(), tls: None }
}

/// `CONTAINER_HOST`, then the user's own socket, then the system's.
fn podman() -> Result<Endpoint> {
    if let Some(host) = variable("CONTAINER_HOST") {
        if host.starts_with("ssh://") {
            return Err(Error::usage("the Podman service cannot be reached over ssh")
                .hint("forward its socket (ssh -L) and name that in CONTAINER_HOST"));
        }
        return Ok(Endpoint { host, tls: None });
    }
    let rootless = variable("XDG_RUNTIME_DIR").map(|directory| format!("{directory}/podman/podman.sock"));
    let rootless = rootless.or_else(|| Some(format!("/run/user/{}/podman/podman.sock", user()?)));
    let system = "/run/podman/podman.sock".to_owned();
    let there = rootless.into_iter().find(|path| Path::new(path).exists());
    Ok(Endpoint { host: format!("unix://{}", there.unwrap_or(system)), tls: None })
}

/// The number of the user this runs as, where the system shows it.
fn user() -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").ok().map(|metadata| metadata.uid())
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
