//! What a container of the image is started with, as instructions.

use std::fmt::Write as _;

use crate::dockerfile::{Keyword, Mapping};
use crate::image::Image;

/// The configuration of an image, as the instructions that make it. What only the Dockerfile says is taken from there.
pub fn instructions(image: &Image, mapping: Option<&Mapping>) -> String {
    let execution = &image.config.config;
    let mut text = String::new();
    for line in mapping.map(said).unwrap_or_default() {
        let _ = writeln!(text, "{line}");
    }
    for variable in &execution.env {
        let (key, value) = variable.split_once('=').unwrap_or((variable, ""));
        let _ = writeln!(text, "ENV {key}={}", double_quoted(value));
    }
    // What a builder says of itself, the next builder says again.
    for (key, value) in execution.labels.iter().filter(|(key, _)| *key != "io.buildah.version") {
        let _ = writeln!(text, "LABEL {}={}", double_quoted(key), double_quoted(value));
    }
    for port in execution.exposed_ports.keys() {
        let _ = writeln!(text, "EXPOSE {port}");
    }
    if !execution.working_dir.is_empty() {
        let _ = writeln!(text, "WORKDIR {}", execution.working_dir);
    }
    if !execution.user.is_empty() {
        let _ = writeln!(text, "USER {}", execution.user);
    }
    let json = |words: &[String]| serde_json::to_string(words).unwrap_or_default();
    if !execution.entrypoint.is_empty() {
        let _ = writeln!(text, "ENTRYPOINT {}", json(&execution.entrypoint));
    }
    if !execution.cmd.is_empty() {
        let _ = writeln!(text, "CMD {}", json(&execution.cmd));
    }
    text
}

/// Instructions whose effect the image does not tell, as written.
fn said(mapping: &Mapping) -> Vec<String> {
    let file = &mapping.file;
    let wanted = |keyword| matches!(keyword, Keyword::Healthcheck | Keyword::Volume | Keyword::Stopsignal);
    let chain = file.chain(mapping.stage).into_iter().filter_map(|stage| file.stages.get(stage));
    let bodies = chain.flat_map(|stage| file.body(stage));
    bodies.filter(|one| wanted(one.keyword)).map(|one| one.span.of(&file.text).to_owned()).collect()
}

fn double_quoted(value: &str) -> String {
    format!(
        "\"{}\"",
        value.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$").replace('\n', "\\\n")
    )
}
