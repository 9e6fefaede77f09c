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
}

impl Reference {
    /// Parses what the user wrote. `docker-archive:`, `oci-archive:` and `oci-dir:` (also `oci:`) force a kind; `-` is
    /// standard input; anything else is found out by looking.
    pub fn parse(written: &str) -> Result<Self> {
        let (scheme, place) = match written.split_once(':') {
            _ if written == "-" => (Scheme::Stdin, ""),
            Some(("docker-archive", place)) => (Scheme::DockerArchive, place),
            Some(("oci-archive", place)) => (Scheme::OciArchive, place),
            Some(("oci-dir" | "oci", place)) => (Scheme::OciDir, place),
            _ => (Scheme::Any, written),
        };
        if place.is_empty() && scheme != Scheme::Stdin {
            return Err(Error::usage(format!("`{}` names no image", written.escape_debug()))
                .hint("write a file, a directory, or - for standard input"));
        }
        Ok(Self { written: written.to_owned(), scheme, place: place.to_owned() })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::path::Printable(self.written.as_bytes()).to_string())
    }
}
