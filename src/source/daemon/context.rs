//! Docker contexts: named endpoints that `docker context create` keeps beside Docker's configuration.
//! <https://docs.docker.com/engine/manage-resources/contexts/>

#![expect(clippy::disallowed_types, reason = "Docker's configuration on the host")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::endpoint::{self, Endpoint, Tls};
use crate::digest::Digest;
use crate::error::{Error, Result};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Meta {
    #[serde(default)]
    endpoints: BTreeMap<String, Listed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    #[serde(default)]
    host: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Configuration {
    #[serde(default)]
    current_context: String,
}

/// Where Docker keeps its configuration.
pub fn directory() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    match set("DOCKER_CONFIG") {
        Some(directory) => Some(PathBuf::from(directory)),
        None => set("HOME").map(|home| PathBuf::from(home).join(".docker")),
    }
}

/// The context that the configuration chooses, if it chooses one.
pub fn current() -> Option<String> {
    let text = std::fs::read(directory()?.join("config.json")).ok()?;
    let configuration: Configuration = serde_json::from_slice(&text).ok()?;
    Some(configuration.current_context).filter(|name| !name.is_empty())
}

/// The endpoint of a context.
pub fn endpoint(name: &str) -> Result<Endpoint> {
    if name == "default" {
        return Ok(endpoint::default());
    }
    let unknown = || {
        Error::usage(format!("there is no docker context {}", crate::path::Printable(name.as_bytes())))
            .hint("docker context ls lists what there is")
    };
    let contexts = directory().ok_or_else(unknown)?.join("contexts");
    // The digest of the name is the name of the directory, so nothing in it can lead elsewhere.
    let key = Digest::of(name.as_bytes());
    let text =
        std::fs::read(contexts.join("meta").join(key.hex()).join("meta.json")).map_err(|_| unknown())?;
    let meta: Meta = serde_json::from_slice(&text)
        .map_err(|error| Error::config(format!("the docker context {name} cannot be read: {error}")))?;
    let listed = meta.endpoints.get("docker").filter(|listed| !listed.host.is_empty()).ok_or_else(|| {
        Error::usage(format!("the docker context {name} names no daemon"))
            .hint("choose another one with --context")
    })?;
    let files = contexts.join("tls").join(key.hex()).join("docker");
    let tls = files.join("ca.pem").exists().then(|| Tls::in_directory(&files));
    Ok(Endpoint { host: listed.host.clone(), tls })
}
