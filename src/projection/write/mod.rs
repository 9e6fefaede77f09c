//! Writes what makes a variant: a Dockerfile that begins with the user's own, byte for byte but for what has to change, with
//! every change commented with the finding that asks for it and the bytes that it frees.

mod carry;
mod edit;
mod execution;
mod words;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::Variant;
use super::variant::{Added, Recipe};
use crate::advice::Finding;
use crate::audit::{Audit, fix};
use crate::dockerfile::Mapping;
use crate::image::Image;
use crate::ledger::Ledger;
use crate::size::si;

/// What a variant is written from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The image.
    pub image: &'a Image,
    /// By which name it can be built from, where there is no Dockerfile.
    pub reference: &'a str,
    /// Its Dockerfile.
    pub mapping: Option<&'a Mapping>,
    /// Its entries.
    pub ledger: &'a Ledger,
    /// What the rules found.
    pub findings: &'a [&'a Finding],
    /// What its application reaches, where that was asked for.
    pub audit: Option<&'a Audit>,
}

/// One file of those that make a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name: `minimal.Dockerfile`.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// The files that make a variant, the Dockerfile first; none where nobody knows how to make it.
pub fn files(variant: &Variant, source: &Source<'_>) -> Vec<File> {
    let text = match &variant.recipe {
        None => return Vec::new(),
        Some(Recipe::Edit(edits)) => edit::dockerfile(variant, edits, source),
        Some(Recipe::Carry(carry)) => carry::dockerfile(variant, carry, source),
    };
    let Some(text) = text else { return Vec::new() };
    let name = format!("{}.Dockerfile", variant.name);
    let mut files = vec![File { name: name.clone(), text }];
    if let Some(mapping) = source.mapping {
        let (before, after) = (&mapping.file.text, &files[0].text);
        let difference = fix::difference(&mapping.name, before, after);
        files.push(File { name: format!("{name}.diff"), text: difference });
    }
    files.extend(ignored(variant, source).map(|text| File { name: format!("{name}.dockerignore"), text }));
    files.extend(requirements(variant, source));
    files
}

/// What stands above a variant's own lines: what it is, what it weighs, what it costs.
fn head(variant: &Variant, source: &Source<'_>) -> String {
    let (now, then) = (source.ledger.size(), variant.size(source.ledger));
    let name = &variant.name;
    let (content, transfer) = variant.within();
    let figure = |bytes, within| match within {
        0 => si(bytes),
        within => format!("{} ± {within} %", si(bytes)),
    };
    // Nothing fails on a String.
    let mut text = String::new();
    let _ = writeln!(
        text,
        "# plimsoll: the {name} variant, projected at {} on disk and {} to pull,",
        figure(then.content, content),
        figure(then.transfer, transfer)
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
    for Added { what, size } in &variant.adds {
        let _ = writeln!(text, "# + {}: {what}.", si(size.content));
    }
    text
}

/// What of the build context came into the image and should not: the `.dockerignore` of this Dockerfile, which BuildKit
/// reads in place of the general one.
fn ignored(variant: &Variant, source: &Source<'_>) -> Option<String> {
    let followed = variant.findings.iter().filter_map(|at| source.findings.get(*at));
    let finding = followed.into_iter().find(|finding| finding.rule == "vcs-and-build-context")?;
    let names: BTreeSet<String> = finding
        .changes
        .iter()
        .filter_map(|change| {
            let crate::ledger::Change::Drop(id) = change else { return None };
            let path = source.ledger.tree.path(source.ledger.entry(*id).path).to_string();
            let known =
                [".git", ".hg", ".svn", ".venv", ".tox", ".idea", ".vscode", "__pycache__", "node_modules"];
            path.split('/').find(|word| known.contains(word)).map(|word| format!("**/{word}"))
        })
        .collect();
    let mut text = format!("# plimsoll: {}. Append this to your own .dockerignore.\n", finding.rule);
    for name in &names {
        let _ = writeln!(text, "{name}");
    }
    (!names.is_empty()).then_some(text)
}

/// The user's requirements without what the variant leaves out.
fn requirements(variant: &Variant, source: &Source<'_>) -> Vec<File> {
    let Some(Recipe::Carry(carry)) = &variant.recipe else { return Vec::new() };
    let (Some(audit), true) = (source.audit, carry.steps.iter().any(|step| step.rule == "audit")) else {
        return Vec::new();
    };
    let names: BTreeSet<&str> = audit
        .could_go
        .iter()
        .filter_map(|at| audit.packages.get(*at))
        .filter(|package| {
            package.declared.is_some() && package.confidence > crate::audit::Confidence::Possible
        })
        .map(|package| package.name.as_str())
        .collect();
    let changed = audit.manifests.iter().filter_map(|manifest| {
        let text = fix::without(manifest, &names);
        let name = manifest.path.rsplit('/').next()?;
        (text != manifest.text).then(|| File { name: format!("{}.{name}", variant.name), text })
    });
    changed.collect()
}
