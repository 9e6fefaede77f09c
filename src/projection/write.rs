//! Writes the Dockerfile of a variant: the user's own file byte for byte, a stage that carries what is needed, and an
//! image of nothing but that.

use std::fmt::Write as _;

use super::Variant;
use super::variant::Recipe;
use crate::advice::Finding;
use crate::dockerfile::{Keyword, Mapping};
use crate::image::Image;
use crate::ledger::{Ledger, freed};
use crate::size::si;

/// The stage that is the image as it was.
const BUILT: &str = "plimsoll-built";

/// The Dockerfile of a variant that carries what is needed; `None` for one that has no recipe. Without a Dockerfile it
/// starts from the image itself, `reference`.
pub fn dockerfile(
    variant: &Variant,
    mapping: Option<&Mapping>,
    reference: &str,
    image: &Image,
    ledger: &Ledger,
    findings: &[Finding],
) -> Option<String> {
    let recipe = variant.recipe.as_ref()?;
    let (mut text, built, kept) = before(mapping, reference);
    let (now, then) = (ledger.size(), variant.size(ledger));
    let name = &variant.name;
    // Nothing fails on a String.
    let _ = writeln!(
        text,
        "\n# Written by plimsoll: the {name} variant, projected at {} on disk and about {} to pull,",
        si(then.content),
        si(then.transfer)
    );
    let _ = writeln!(
        text,
        "# where the image has {} and {}. A byte that several findings name counts once.",
        si(now.content),
        si(now.transfer)
    );
    for caveat in &variant.caveats {
        let _ = writeln!(text, "# - {caveat}.");
    }
    let _ = writeln!(text, "FROM {built} AS plimsoll-{name}\nUSER 0");
    stage(&mut text, recipe, variant, ledger, findings);
    let _ = writeln!(text, "\nFROM scratch\nCOPY --from=plimsoll-{name} /plimsoll/ /");
    for line in kept {
        let _ = writeln!(text, "{line}");
    }
    configuration(&mut text, image);
    Some(text)
}

/// The user's file with its last stage named, that name, and instructions whose effect the configuration alone lacks.
fn before(mapping: Option<&Mapping>, reference: &str) -> (String, String, Vec<String>) {
    let Some(mapping) = mapping else {
        let text = "# There was no Dockerfile to start from: this one begins with the image as it is.\n";
        return (text.to_owned(), reference.to_owned(), Vec::new());
    };
    let file = &mapping.file;
    let stage = &file.stages[mapping.stage.min(file.stages.len() - 1)];
    let mut text = file.text.clone();
    let name = stage.name.clone().unwrap_or_else(|| {
        let end = file.instructions[stage.from].span.end;
        text.insert_str(end, &format!(" AS {BUILT}"));
        BUILT.to_owned()
    });
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let wanted = |keyword| matches!(keyword, Keyword::Healthcheck | Keyword::Volume | Keyword::Stopsignal);
    let of_chain = file.chain(mapping.stage).into_iter().flat_map(|stage| file.body(&file.stages[stage]));
    let kept = of_chain.filter(|one| wanted(one.keyword)).map(|one| one.span.of(&file.text).to_owned());
    (text, name, kept.collect())
}

/// Copies, takes out, strips.
fn stage(text: &mut String, recipe: &Recipe, variant: &Variant, ledger: &Ledger, findings: &[Finding]) {
    for at in &variant.findings {
        let Some(finding) = findings.get(*at) else { continue };
        let size = freed(ledger, finding.changes.iter().copied());
        let _ =
            writeln!(text, "# {}: {} on disk, {} to pull", finding.rule, si(size.content), si(size.transfer));
    }
    let _ = write!(text, "RUN mkdir /plimsoll && cd / && cp -a --parents");
    list(text, &recipe.copies);
    let _ = writeln!(text, " \\\n      /plimsoll/");
    if !recipe.removals.is_empty() {
        let _ = write!(text, "RUN cd /plimsoll && rm -rf");
        list(text, &recipe.removals);
        text.push('\n');
    }
    if recipe.bytecode {
        text.push_str(
            "# python-bytecode\nRUN find /plimsoll -type d -name __pycache__ -prune -exec rm -rf {} +\n",
        );
    }
    if recipe.strip > 0 {
        let _ = writeln!(
            text,
            "# Symbols: {}. A file that would no longer load, or not shrink, stays as it is.",
            si(recipe.strip)
        );
        text.push_str(STRIP);
    }
}

/// POSIX sh and any awk: the last three digits of offset and address must agree, or the linker refuses the file.
const STRIP: &str = r#"RUN command -v strip >/dev/null || { apt-get update && apt-get install -y --no-install-recommends binutils; }
RUN find /plimsoll -type f \( -name '*.so' -o -name '*.so.*' \) | while read -r f; do \
      cp -p "$f" "$f.t" && strip --strip-unneeded "$f.t" 2>/dev/null \
      && readelf -lW "$f.t" | awk '$1=="LOAD"{if(substr($2,length($2)-2)!=substr($3,length($3)-2))e=1} END{exit e}' \
      && [ "$(stat -c %s "$f.t")" -lt "$(stat -c %s "$f")" ] && mv "$f.t" "$f" || rm -f "$f.t"; \
    done
"#;

fn list(text: &mut String, paths: &[String]) {
    for path in paths {
        let _ = write!(text, " \\\n      {}", quoted(path.trim_start_matches('/')));
    }
}

/// A path as a word of the shell and of the Dockerfile.
fn quoted(path: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@:,=".contains(c);
    if path.chars().all(is_plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

/// What a container of the image is started with.
fn configuration(text: &mut String, image: &Image) {
    let execution = &image.config.config;
    let json = |words: &[String]| serde_json::to_string(words).unwrap_or_default();
    let pair = |key: &str, value: &str| {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$");
        format!("{key}=\"{value}\"")
    };
    for variable in &execution.env {
        let (key, value) = variable.split_once('=').unwrap_or((variable, ""));
        let _ = writeln!(text, "ENV {}", pair(key, value));
    }
    for (key, value) in execution.labels.iter().filter(|(key, _)| *key != "io.buildah.version") {
        let _ = writeln!(text, "LABEL {}", pair(&format!("\"{key}\""), value));
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
    if !execution.entrypoint.is_empty() {
        let _ = writeln!(text, "ENTRYPOINT {}", json(&execution.entrypoint));
    }
    if !execution.cmd.is_empty() {
        let _ = writeln!(text, "CMD {}", json(&execution.cmd));
    }
}
