//! The names that registries and daemons know images by: `registry.example/team/app:1.2@sha256:…`.
//! <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests>

use std::fmt;

use crate::digest::Digest;
use crate::error::{Error, Result};

/// The host that a name without one means.
pub const DOCKER_HUB: &str = "docker.io";

/// A name, split and checked: nothing in it can change the meaning of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// `docker.io`, `localhost:5000`.
    pub host: String,
    /// `library/python`.
    pub repository: String,
    /// `3.12`; `None` where none is written.
    pub tag: Option<String>,
    /// What the name is pinned to.
    pub digest: Option<Digest>,
}

impl Name {
    /// Parses a name with Docker's defaults: no host means Docker Hub, and there one component means `library/`.
    pub fn parse(text: &str) -> Result<Self> {
        let refused = |why: &str| {
            let text: String = text.chars().take(200).collect();
            Error::usage(format!("`{}` is no image name: {why}", text.escape_debug()))
                .hint("write host/repository:tag, such as docker.io/library/python:3.12")
        };
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(Digest::parse(digest)?)),
            None => (text, None),
        };
        let (name, tag) = match name.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag.to_owned())),
            _ => (name, None),
        };
        if tag.as_ref().is_some_and(|tag| !is_tag(tag)) {
            return Err(refused("its tag has characters that no tag can have, or more than 128"));
        }
        let (host, repository) = match name.split_once('/') {
            Some((host, rest)) if is_host(host) => (host, rest.to_owned()),
            _ => (DOCKER_HUB, name.to_owned()),
        };
        let host = if host == "index.docker.io" { DOCKER_HUB } else { host };
        let is_official = host == DOCKER_HUB && !repository.contains('/');
        let repository = if is_official { format!("library/{repository}") } else { repository };
        if !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte)) {
            return Err(refused("its host has characters that no host can have"));
        }
        if repository.len() > 255 || !repository.split('/').all(is_component) {
            return Err(refused("repositories are written in lower-case letters, digits and . _ - /"));
        }
        Ok(Self { host: host.to_owned(), repository, tag, digest })
    }

    /// What names the manifest: the digest where there is one, else the tag.
    pub fn target(&self) -> &str {
        match &self.digest {
            Some(digest) => digest.as_str(),
            None => self.tag.as_deref().unwrap_or("latest"),
        }
    }

    /// The name without its host.
    pub fn short(&self) -> String {
        let separator = if self.digest.is_some() { '@' } else { ':' };
        format!("{}{separator}{}", self.repository, self.target())
    }

    /// Whether the host is this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.repository)?;
        match (&self.tag, &self.digest) {
            (None, None) => f.write_str(":latest"),
            (Some(tag), None) => write!(f, ":{tag}"),
            (_, Some(digest)) => write!(f, "@{digest}"),
        }
    }
}

/// Whether `host[:port]` is this machine.
pub fn is_loopback(host: &str) -> bool {
    let bare = match host.rsplit_once(':') {
        Some((bare, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => bare,
        _ => host,
    };
    let bare = bare.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The first component is a host if it could not be the start of a repository on Docker Hub.
fn is_host(text: &str) -> bool {
    text == "localhost" || text.contains(['.', ':']) || text.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn is_tag(tag: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !tag.is_empty()
        && tag.len() <= 128
        && tag.bytes().next().is_some_and(word)
        && tag.bytes().all(|byte| word(byte) || b".-".contains(&byte))
}

fn is_component(part: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    part.bytes().next().is_some_and(word)
        && part.bytes().next_back().is_some_and(word)
        && part.bytes().all(|byte| word(byte) || b"._-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Name::parse(text).map_or_else(|error| error.message, |name| name.to_string())
    }

    #[test]
    fn docker_hub_is_the_default() {
        assert_eq!(shown("python"), "docker.io/library/python:latest");
        assert_eq!(shown("index.docker.io/python:3"), "docker.io/library/python:3");
        assert_eq!(shown("grafana/grafana:11.1"), "docker.io/grafana/grafana:11.1");
    }

    #[test]
    fn a_host_is_what_no_repository_could_start_with() {
        assert_eq!(shown("localhost/app"), "localhost/app:latest");
        assert_eq!(shown("127.0.0.1:5000/app"), "127.0.0.1:5000/app:latest");
        assert_eq!(shown("[::1]:5000/a/b:c"), "[::1]:5000/a/b:c");
        let digest = Digest::of(b"");
        assert_eq!(shown(&format!("quay.io/a/b:c@{digest}")), format!("quay.io/a/b@{digest}"));
    }

    #[test]
    fn nothing_can_leave_its_place_in_a_url() {
        for bad in
            ["", "a//b", "a/../b", "A", "a?b", "a#b", "h.io/a%2f", "a:b c", "a:", "a@sha256:0", "user@h.io/a"]
        {
            assert!(Name::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn loopback_is_this_machine_only() {
        for host in ["localhost", "localhost:5000", "127.0.0.1", "127.1.2.3:80", "[::1]:5000"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.example", "128.0.0.1:80", "registry:5000"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
