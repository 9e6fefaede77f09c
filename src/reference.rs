//! What a user writes to name an image: a scheme and a place, a path, a name, or `-`.

use std::fmt;

use crate::error::{Error, Result};

/// A parsed reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// As the user wrote it, for messages.
    pub written: String,
    /// Where to look.
    pub scheme: Scheme,
    /// What to look for there: a host path, a name. Empty for `-`.
    pub place: String,
}

/// Where to look for an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// No scheme was written: a path that exists, else a name.
    Any,
    /// Standard input.
    Stdin,
    /// A `docker save`, of any vintage.
    DockerArchive,
    /// An OCI layout in a tar.
    OciArchive,
    /// An OCI layout in a directory.
    OciDir,
    /// An image of the Docker daemon.
    Docker,
    /// An image of the Podman service.
    Podman,
    /// An image of a registry.
    Registry,
    /// An unpacked root file system, or any directory, as one layer.
    RootFs,
}

impl Reference {
    /// Parses what the user wrote. `docker-archive:`, `oci-archive:` and `oci-dir:` (also `oci:`) force a kind,
    /// `docker:`, `podman:`, `registry:` and `rootfs:` a place; `-` is standard input; anything else is found out by
    /// looking. An image that is itself called `docker` or `registry` is `docker:docker`, `registry:registry`.
    pub fn parse(written: &str) -> Result<Self> {
        let (scheme, place) = match written.split_once(':') {
            _ if written == "-" => (Scheme::Stdin, ""),
            Some(("docker-archive", place)) => (Scheme::DockerArchive, place),
            Some(("oci-archive", place)) => (Scheme::OciArchive, place),
            Some(("oci-dir" | "oci", place)) => (Scheme::OciDir, place),
            // skopeo's way to write a registry's image.
            Some(("docker", place)) if place.starts_with("//") => {
                (Scheme::Registry, place.trim_start_matches("//"))
            }
            Some(("docker" | "docker-daemon", place)) => (Scheme::Docker, place),
            Some(("podman", place)) => (Scheme::Podman, place),
            Some(("registry", place)) => (Scheme::Registry, place.trim_start_matches("//")),
            Some(("rootfs", place)) => (Scheme::RootFs, place),
            _ => (Scheme::Any, written),
        };
        if place.is_empty() && scheme != Scheme::Stdin {
            return Err(Error::usage(format!("`{}` names no image", written.escape_debug()))
                .hint("write a file, a directory, an image name, or - for standard input"));
        }
        Ok(Self { written: written.to_owned(), scheme, place: place.to_owned() })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::path::Printable(self.written.as_bytes()).to_string())
    }
}
