//! The image configuration: what a container is started with, and how the image came to be.
//! <https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md>

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Platform;
use super::descriptor::null_as_default;
use crate::digest::Digest;

/// The image configuration, as far as anything here asks for it.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Config {
    /// `linux`, …
    #[serde(default)]
    pub os: String,
    /// `amd64`, …
    #[serde(default)]
    pub architecture: String,
    /// `v7`, …
    #[serde(default)]
    pub variant: String,
    /// The version of Windows.
    #[serde(default, rename = "os.version")]
    pub os_version: String,
    /// When the image was made, RFC 3339.
    #[serde(default)]
    pub created: Option<String>,
    /// What a container is started with.
    #[serde(default, deserialize_with = "null_as_default")]
    pub config: Execution,
    /// The layers' diff ids.
    #[serde(default, deserialize_with = "null_as_default")]
    pub rootfs: RootFs,
    /// What made each layer, oldest first.
    #[serde(default, deserialize_with = "null_as_default")]
    pub history: Vec<History>,
}

impl Config {
    /// The platform, normalised. Missing parts mean `linux` and `amd64`, as Docker's oldest images have it.
    pub fn platform(&self) -> Platform {
        let or =
            |text: &str, default: &str| if text.is_empty() { default.to_owned() } else { text.to_owned() };
        let mut platform =
            Platform::new(&or(&self.os, "linux"), &or(&self.architecture, "amd64"), &self.variant);
        platform.os_version.clone_from(&self.os_version);
        platform
    }
}

/// What a container of the image is started with, when nobody says otherwise.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Execution {
    /// The program, in exec form.
    #[serde(default, deserialize_with = "null_as_default")]
    pub entrypoint: Vec<String>,
    /// Its default arguments, or the program where there is no entrypoint.
    #[serde(default, deserialize_with = "null_as_default")]
    pub cmd: Vec<String>,
    /// `NAME=value` pairs.
    #[serde(default, deserialize_with = "null_as_default")]
    pub env: Vec<String>,
    /// Where it starts.
    #[serde(default)]
    pub working_dir: String,
    /// Who runs it.
    #[serde(default)]
    pub user: String,
    /// Labels.
    #[serde(default, deserialize_with = "null_as_default")]
    pub labels: BTreeMap<String, String>,
    /// How the container is asked whether it is well. Docker's own; OCI has none.
    #[serde(default, deserialize_with = "null_as_default")]
    pub healthcheck: Healthcheck,
    /// `8000/tcp` and the like.
    #[serde(default, deserialize_with = "null_as_default")]
    pub exposed_ports: BTreeMap<String, serde_json::Value>,
}

/// How a container is asked whether it is well.
/// <https://github.com/moby/docker-image-spec/blob/v1.3.1/specs-go/v1/image.go>
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Healthcheck {
    /// `CMD` and its words, `CMD-SHELL` and a line for the shell, or `NONE`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub test: Vec<String>,
}

/// The layers as uncompressed tars.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct RootFs {
    /// The digest of each layer's tar, lowest first.
    #[serde(default, deserialize_with = "null_as_default")]
    pub diff_ids: Vec<Digest>,
}

/// One entry of the history.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct History {
    /// When.
    #[serde(default)]
    pub created: Option<String>,
    /// By which command, in whatever form the builder writes it.
    #[serde(default)]
    pub created_by: String,
    /// What the builder adds: `buildkit.dockerfile.v0`.
    #[serde(default)]
    pub comment: String,
    /// Whether it made no layer.
    #[serde(default)]
    pub empty_layer: bool,
}
