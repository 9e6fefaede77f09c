//! `docker plimsoll …`: the same program under the name `docker-plimsoll`, in Docker's directory of plugins.
//! <https://github.com/docker/cli/blob/v28.0.0/cli-plugins/metadata/metadata.go>

use std::ffi::{OsStr, OsString};

use super::output;
use crate::error::Result;

/// What Docker asks a plugin first.
const QUESTION: &str = "docker-cli-plugin-metadata";

/// Whether the program was started by Docker, judged by its name; a directory before it does not count.
fn is_plugin(program: &OsStr) -> bool {
    let name = program.as_encoded_bytes().rsplit(|byte| matches!(byte, b'/' | b'\\')).next();
    name.is_some_and(|name| name.strip_suffix(b".exe").unwrap_or(name) == b"docker-plimsoll")
}

/// The arguments without what Docker adds to them: it repeats the plugin's name, after its own options.
pub(super) fn arguments(given: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<_> = given.into_iter().collect();
    if arguments.first().is_some_and(|program| is_plugin(program))
        && let Some(position) = arguments.iter().skip(1).position(|argument| argument == "plimsoll")
    {
        arguments.remove(position + 1);
    }
    arguments
}

/// Answers Docker's question, if that is what was asked.
pub(super) fn answer(arguments: &[OsString]) -> Option<Result<()>> {
    let is_asked = arguments.get(1).is_some_and(|argument| argument == QUESTION);
    is_asked.then(|| {
        let answer = serde_json::json!({
            "SchemaVersion": "0.1.0",
            "Vendor": "Plimsoll",
            "Version": env!("CARGO_PKG_VERSION"),
            "ShortDescription": "Weigh images: whose every byte is, and what could go",
        });
        output::print(&format!("{answer}\n"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(given: &[&str]) -> Vec<String> {
        arguments(given.iter().map(OsString::from)).iter().map(|a| a.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn docker_repeats_the_name() {
        let started = "/usr/libexec/docker/cli-plugins/docker-plimsoll";
        assert_eq!(kept(&[started, "plimsoll", "analyze", "plimsoll"])[1..], ["analyze", "plimsoll"]);
        let with_context = kept(&[started, "--context", "x", "plimsoll", "analyze", "app"]);
        assert_eq!(with_context[1..], ["--context", "x", "analyze", "app"]);
        assert_eq!(kept(&["plimsoll", "analyze", "plimsoll"])[1..], ["analyze", "plimsoll"]);
    }
}
