//! What a variant costs whoever operates it, and why one cannot be had: in words.

use std::collections::{BTreeMap, BTreeSet};

use super::catalog::VARIANTS;
use super::cut::Cuts;
use super::ground::Ground;
use crate::audit::linked::Links;
use crate::path::Printable;
use crate::size::si;

/// What keeps the command from starting without a shell, as half sentences; empty where nothing does.
pub fn shell(ground: &Ground<'_>) -> Vec<String> {
    let tree = &ground.ledger.tree;
    let names: BTreeSet<String> = ground
        .alone
        .programs
        .iter()
        .map(|path| String::from_utf8_lossy(tree.name(*path)).into_owned())
        .filter(|name| VARIANTS.shells.programs.contains(name))
        .collect();
    names.into_iter().map(|name| format!("its command starts `{name}`")).collect()
}

/// What the multi-stage variant costs.
pub fn multi_stage(ground: &Ground<'_>) -> Vec<String> {
    let mut caveats = vec![unproven()];
    if !ground.started.unknown.is_empty() {
        caveats.push(
            "Part of the command could not be followed, so programs that it calls may be missing".to_owned(),
        );
    }
    caveats.push("What calls a compiler while it runs no longer finds one".to_owned());
    caveats
}

/// What the minimal variant costs.
pub fn minimal(ground: &Ground<'_>, cuts: &Cuts<'_, '_>) -> Vec<String> {
    let mut caveats = vec![unproven(), one_layer()];
    caveats.extend(deep(ground, cuts));
    caveats
}

/// What an image without a system costs.
pub fn empty(ground: &Ground<'_>, cuts: &Cuts<'_, '_>, links: &Links, is_static: bool) -> Vec<String> {
    let mut caveats = vec![unproven(), one_layer()];
    caveats.push(
        "No shell and no package manager: nobody can log in, and whatever starts programs by name fails"
            .to_owned(),
    );
    if let Some(entrypoint) = &ground.direct {
        let shown = ground.image.config.config.entrypoint.first().map_or("", String::as_str);
        let words: Vec<&str> =
            entrypoint.iter().chain(&ground.image.config.config.cmd).map(String::as_str).collect();
        caveats.push(text(&format!(
            "{shown} needs a shell and only hands its words on, so `{}` is started without it",
            words.join(" ")
        )));
    }
    if is_static {
        caveats.push(
            "The program is linked statically; certificates, time zones and accounts come along".to_owned(),
        );
    } else if let Some(version) = python(ground) {
        caveats.push(format!(
            "It carries the image's own Python {version}: another base of this kind has another one, see the bases"
        ));
    }
    if let Some((name, by)) = links.unresolved.first_key_value() {
        let more = links.unresolved.len() - 1;
        let more = if more > 0 { format!(", and {more} more libraries are missing") } else { String::new() };
        caveats.push(format!(
            "Nothing in the image provides {name}, which {by} is linked to{more}: not now either"
        ));
    }
    caveats.extend(deep(ground, cuts));
    caveats
}

/// The minor version of the Python that runs, `3.11`, where the image has one that no package of the system owns.
pub fn python(ground: &Ground<'_>) -> Option<String> {
    ground.ledger.owners.iter().find(|owner| *owner == "runtime:cpython")?;
    let tree = &ground.ledger.tree;
    let mut versions: BTreeMap<String, u32> = BTreeMap::new();
    for (path, id) in &ground.live {
        if ground.ledger.owner_name(ground.ledger.entry(*id).owner) == "runtime:cpython" {
            let bytes = tree.bytes(*path);
            let version = bytes.split(|byte| *byte == b'/').find_map(|word| word.strip_prefix(b"python"));
            if let Some(version) = version.filter(|version| version.starts_with(b"3.")) {
                *versions.entry(String::from_utf8_lossy(version).into_owned()).or_default() += 1;
            }
        }
    }
    versions.into_iter().max_by_key(|(_, count)| *count).map(|(version, _)| version)
}

fn deep(ground: &Ground<'_>, cuts: &Cuts<'_, '_>) -> Vec<String> {
    let mut caveats = Vec::new();
    if cuts.stripped.content > 0 {
        let bytes = si(cuts.stripped.content);
        caveats.push(format!(
            "{bytes} of symbols are stripped, with a check per file; debuggers and profilers see less"
        ));
    }
    if cuts.steps.iter().any(|step| step.rule == "python-bytecode") {
        caveats.push(
            "Without bytecode the service starts more slowly, two to three times as long; what it imports can be compiled by itself"
                .to_owned(),
        );
    }
    if cuts.steps.iter().any(|step| step.rule == "pip-in-runtime") {
        caveats.push("pip is gone: nothing can be installed in a running container".to_owned());
    }
    let optional = ground.audit.could_go.iter().filter_map(|at| ground.audit.packages.get(*at));
    let optional = optional
        .filter(|package| package.id.starts_with("python:") && package.retained.content >= 1_000_000)
        .filter(|package| package.alternatives.is_empty() && !is_cut(cuts, &package.name))
        .filter(|package| cuts.keeps(&package.id))
        .map(|package| format!("{} {}", package.name, si(package.retained.content)));
    let optional: Vec<String> = optional.take(3).collect();
    if !optional.is_empty() {
        caveats.push(format!(
            "Kept, though the application may do without: {} (plimsoll audit says why)",
            optional.join(", ")
        ));
    }
    caveats
}

/// Whether a package goes with its installer.
fn is_cut(cuts: &Cuts<'_, '_>, name: &str) -> bool {
    matches!(name, "pip" | "setuptools" | "wheel")
        && cuts.steps.iter().any(|step| step.rule == "pip-in-runtime")
}

/// Words of an image in a sentence of ours.
fn text(sentence: &str) -> String {
    Printable(sentence.as_bytes()).to_string()
}

/// Whether a caveat says no more than that nobody has built the variant.
pub fn is_unproven(caveat: &str) -> bool {
    caveat == unproven() || caveat == UNBUILT
}

/// Of a variant that changes nothing that runs.
pub const UNBUILT: &str = "Projected from the image as it is; it has not been built";

fn unproven() -> String {
    "Projected; it has not been built. Ask the service for an answer and import every extension module first"
        .to_owned()
}

fn one_layer() -> String {
    "It is one layer of its own and shares none with its base, so a host that has the base pulls all of it"
        .to_owned()
}
