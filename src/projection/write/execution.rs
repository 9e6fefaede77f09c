//! What a container of the image is started with, as instructions.

use std::fmt::Write as _;

use crate::dockerfile::{Keyword, Mapping};
use crate::image::Image;
use crate::path::{Printable, is_harmful};

/// The configuration of an image, as the instructions that make it; with another entrypoint where one is given. What only
/// the Dockerfile says is taken from there.
pub fn instructions(image: &Image, mapping: Option<&Mapping>, entrypoint: Option<&[String]>) -> String {
    let execution = &image.config.config;
    let mut text = String::new();
    for line in mapping.map(said).unwrap_or_default() {
        let _ = writeln!(text, "{line}");
    }
    for variable in &execution.env {
        let (key, value) = variable.split_once('=').unwrap_or((variable, ""));
        // A key is no more quoted than a name of the shell is.
        if key.chars().any(char::is_whitespace) {
            let _ = writeln!(text, "{}", left_out("ENV", key));
        } else {
            instruction(&mut text, "ENV", variable, || format!("{key}={}", double_quoted(value)));
        }
    }
    // What a builder says of itself, the next builder says again.
    for (key, value) in execution.labels.iter().filter(|(key, _)| *key != "io.buildah.version") {
        let pair = || format!("{}={}", double_quoted(key), double_quoted(value));
        instruction(&mut text, "LABEL", &[key.as_str(), value].concat(), pair);
    }
    for port in execution.exposed_ports.keys() {
        instruction(&mut text, "EXPOSE", port, || port.clone());
    }
    if !execution.working_dir.is_empty() {
        instruction(&mut text, "WORKDIR", &execution.working_dir, || execution.working_dir.clone());
    }
    if !execution.user.is_empty() {
        instruction(&mut text, "USER", &execution.user, || execution.user.clone());
    }
    let entrypoint = entrypoint.unwrap_or(&execution.entrypoint);
    if !entrypoint.is_empty() {
        let _ = writeln!(text, "ENTRYPOINT {}", json(entrypoint));
    }
    if !execution.cmd.is_empty() {
        let _ = writeln!(text, "CMD {}", json(&execution.cmd));
    }
    text
}

/// An instruction, unless what the image says of it would end its line and start another, or be obeyed by whoever shows it.
fn instruction(text: &mut String, keyword: &str, said: &str, arguments: impl FnOnce() -> String) {
    let line = if said.chars().any(is_harmful) {
        left_out(keyword, said)
    } else {
        format!("{keyword} {}", arguments())
    };
    let _ = writeln!(text, "{line}");
}

fn left_out(keyword: &str, said: &str) -> String {
    let shown: String = said.chars().take(80).collect();
    format!(
        "# plimsoll: {keyword} is left out, for no Dockerfile can hold what the image says: {}",
        Printable(shown.as_bytes())
    )
}

/// Words as JSON, with what a terminal would obey as escapes.
fn json(words: &[String]) -> String {
    let json = serde_json::to_string(words).unwrap_or_default();
    json.chars().fold(String::new(), |mut text, character| {
        if is_harmful(character) {
            text.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            text.push(character);
        }
        text
    })
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
