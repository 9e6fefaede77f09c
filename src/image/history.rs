//! Aligns the history with the layers, and reads a history entry as the instruction that a person wrote.

use super::config::{Config, History};
use crate::error::Warning;

/// What made a layer, in a form that a person recognises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// `RUN apt-get update && …`, on one line, without the builder's noise and without the values of build arguments.
    pub text: String,
    /// The history entry as written; it may hold secrets and control characters, so it is never printed.
    pub raw: String,
    /// The position of the entry in the history.
    pub position: usize,
    /// When, RFC 3339.
    pub created: Option<String>,
}

impl Instruction {
    /// The Dockerfile keyword: `RUN`, `COPY`, …
    pub fn keyword(&self) -> &str {
        self.text.split(' ').next().unwrap_or_default()
    }
}

/// The instruction of each of `layers` layers; `None` for every layer where the history cannot be matched, for a wrong
/// name is worse than none.
pub fn align(config: &Config, layers: usize) -> (Vec<Option<Instruction>>, Option<Warning>) {
    let made: Vec<_> = config.history.iter().enumerate().filter(|(_, entry)| !entry.empty_layer).collect();
    if made.len() == layers {
        return (
            made.into_iter().map(|(position, entry)| Some(instruction(position, entry))).collect(),
            None,
        );
    }
    let warning = (!config.history.is_empty()).then(|| {
        Warning::new(
            "history",
            format!(
                "the history names {} layers and the image has {layers}, so no layer is matched to an instruction",
                made.len()
            ),
        )
    });
    (vec![None; layers], warning)
}

fn instruction(position: usize, entry: &History) -> Instruction {
    let text = match readable(&entry.created_by) {
        text if text.is_empty() => readable(&entry.comment),
        text => text,
    };
    Instruction { text, raw: entry.created_by.clone(), position, created: entry.created.clone() }
}

/// A history entry as the Dockerfile line that made it.
///
/// The legacy builder and buildah write `/bin/sh -c #(nop) COPY …` and `/bin/sh -c apt-get …`, with `|2 A=1 B=2` before
/// it where build arguments are set; BuildKit writes `RUN |1 A=1 /bin/sh -c apt-get … # buildkit`.
pub fn readable(created_by: &str) -> String {
    let text = one_line(created_by);
    let text = text.trim().trim_end_matches("# buildkit").trim();
    let (run, rest) = match text.strip_prefix("RUN ") {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text),
    };
    let rest = without_arguments(rest);
    for shell in ["/bin/sh -c", "/bin/bash -c", "/bin/ash -c", "/bin/bash -o pipefail -c", "cmd /S /C"] {
        let Some(command) = rest.strip_prefix(shell) else { continue };
        let command = command.trim_start();
        return match command.strip_prefix("#(nop)") {
            Some(nop) => nop.trim_start().to_owned(),
            None if command.is_empty() => rest.to_owned(),
            None => format!("RUN {command}"),
        };
    }
    if run { format!("RUN {rest}") } else { rest.to_owned() }
}

/// Drops `|2 HTTP_PROXY=… TOKEN=…`: the values are noise at best and secrets at worst. A value may hold spaces, and
/// nothing marks its end but the command, so everything up to the shell goes.
fn without_arguments(text: &str) -> &str {
    let Some(after) = text.strip_prefix('|') else { return text };
    let count = after.split(' ').next().and_then(|count| count.parse::<usize>().ok());
    let Some(count) = count else { return text };
    if let Some(shell) =
        ["/bin/sh -c", "/bin/bash -", "/bin/ash -c"].iter().filter_map(|s| after.find(s)).min()
    {
        return &after[shell..];
    }
    after.splitn(count + 2, ' ').nth(count + 1).unwrap_or_default()
}

/// One line, runs of white space folded, everything that a terminal could obey made visible.
fn one_line(text: &str) -> String {
    let folded = text.replace("\\\n", " ").split_whitespace().map(short_source).collect::<Vec<_>>().join(" ");
    crate::path::Printable(folded.as_bytes()).to_string()
}

/// The classic builder and buildah write the digest of what was copied, not its name: `file:` and 64 digits, of which
/// twelve tell as much.
fn short_source(word: &str) -> String {
    match word.split_once(':') {
        Some((kind @ ("file" | "dir" | "multi"), hex))
            if hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()) =>
        {
            format!("{kind}:{}…", &hex[..12])
        }
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_builder_reads_like_a_dockerfile() {
        let cases = [
            ("/bin/sh -c #(nop) ADD file:4b1e in / ", "ADD file:4b1e in /"),
            ("/bin/sh -c #(nop)  CMD [\"python3\"]", "CMD [\"python3\"]"),
            (
                "/bin/sh -c #(nop) COPY dir:aa6bf3d83e5fa1f823f08d4a8e26a4413815229899b4c67fec42243e14fdef41 in /wheels ",
                "COPY dir:aa6bf3d83e5f… in /wheels",
            ),
            ("/bin/sh -c apt-get update", "RUN apt-get update"),
            ("RUN /bin/sh -c apt-get update # buildkit", "RUN apt-get update"),
            ("RUN |2 TOKEN=s3cret NAME=two words /bin/sh -c pip install x # buildkit", "RUN pip install x"),
            ("|1 REQUIREMENTS_FILE=requirements.txt /bin/sh -c pip install", "RUN pip install"),
            ("COPY /wheels /wheels # buildkit", "COPY /wheels /wheels"),
            ("bazel build //image", "bazel build //image"),
            ("/bin/sh -c set -e;\\\n   apt-get update", "RUN set -e; apt-get update"),
            ("", ""),
        ];
        for (written, read) in cases {
            assert_eq!(readable(written), read, "{written:?}");
        }
    }

    #[test]
    fn a_history_of_another_length_names_no_layer() {
        let entry = |created_by: &str, empty_layer| History {
            created_by: created_by.into(),
            empty_layer,
            ..History::default()
        };
        let config =
            Config { history: vec![entry("ADD x /", false), entry("CMD x", true)], ..Config::default() };
        let (one, none) = align(&config, 1);
        assert_eq!((one[0].as_ref().unwrap().text.as_str(), none), ("ADD x /", None));
        let (two, warning) = align(&config, 2);
        assert_eq!(two, [None, None]);
        assert!(warning.unwrap().message.contains("names 1 layers and the image has 2"));
        assert_eq!(align(&Config::default(), 3).1, None, "no history at all is nothing to warn about");
    }
}
