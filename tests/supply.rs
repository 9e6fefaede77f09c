//! What comes in with dependencies: licences, sources and duplicates, by the lists of `deny.toml`.
//!
//! cargo-deny does the same and knows advisories besides; this is for where it is not installed, and takes a second.

#![allow(
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "a test, and it reads the project, not an image"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde::Deserialize;

#[derive(Deserialize)]
struct Deny {
    licenses: Licenses,
    bans: Bans,
    sources: Sources,
}

#[derive(Deserialize)]
struct Licenses {
    allow: BTreeSet<String>,
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Bans {
    skip: Vec<Skip>,
}

#[derive(Deserialize)]
struct Skip {
    #[serde(rename = "crate")]
    spec: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    allow_registry: Vec<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

fn deny() -> Deny {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/deny.toml")).unwrap();
    toml::from_str(&text).unwrap()
}

fn packages() -> Vec<Package> {
    let arguments = ["metadata", "--locked", "--offline", "--format-version", "1"];
    let mut cargo = Command::new(env!("CARGO"));
    let output = cargo.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice::<Metadata>(&output.stdout).unwrap().packages
}

/// Whether an SPDX expression can be met with the licences that are allowed: the terms of an OR need one, those of an AND all.
/// Before SPDX, a slash meant OR.
fn is_met(expression: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<_> = spaced.split_whitespace().collect();
    if words.is_empty() {
        return false;
    }
    let mut at = 0;
    let met = any(&words, &mut at, allowed);
    assert_eq!(at, words.len(), "{expression} is no SPDX expression");
    met
}

fn any(words: &[&str], at: &mut usize, allowed: &dyn Fn(&str) -> bool) -> bool {
    let mut met = all(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        met |= all(words, at, allowed);
    }
    met
}

fn all(words: &[&str], at: &mut usize, allowed: &dyn Fn(&str) -> bool) -> bool {
    let mut met = term(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        met &= term(words, at, allowed);
    }
    met
}

fn term(words: &[&str], at: &mut usize, allowed: &dyn Fn(&str) -> bool) -> bool {
    let word = words.get(*at).copied().unwrap_or_default();
    *at += 1;
    if word == "(" {
        let met = any(words, at, allowed);
        *at += 1;
        return met;
    }
    if words.get(*at) == Some(&"WITH") {
        let exception = words.get(*at + 1).copied().unwrap_or_default();
        *at += 2;
        return allowed(&format!("{word} WITH {exception}"));
    }
    allowed(word)
}

#[test]
fn every_licence_is_allowed() {
    let deny = deny();
    let mut wrong = Vec::new();
    for package in packages() {
        let exceptions = deny.licenses.exceptions.iter().filter(|exception| exception.name == package.name);
        let exceptions: BTreeSet<_> = exceptions.flat_map(|exception| &exception.allow).collect();
        let allowed =
            |licence: &str| deny.licenses.allow.contains(licence) || exceptions.contains(&licence.to_owned());
        let licence = package.license.unwrap_or_default();
        if !is_met(&licence, &allowed) {
            wrong.push(format!("{} {}: {licence:?}", package.name, package.version));
        }
    }
    assert!(wrong.is_empty(), "deny.toml does not allow:\n{}", wrong.join("\n"));
}

#[test]
fn every_source_is_allowed() {
    let allowed = deny().sources.allow_registry;
    for package in packages() {
        // What has no source is the project itself.
        let Some(source) = package.source else {
            assert_eq!(package.name, "plimsoll");
            continue;
        };
        let is_allowed =
            source.strip_prefix("registry+").is_some_and(|url| allowed.iter().any(|one| one == url));
        assert!(is_allowed, "{} comes from {source}", package.name);
    }
}

#[test]
fn every_duplicate_is_known_and_still_there() {
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages() {
        versions.entry(package.name).or_default().push(package.version);
    }
    let skipped: BTreeSet<_> = deny().bans.skip.into_iter().map(|skip| skip.spec).collect();
    let mut there = BTreeSet::new();
    for (name, versions) in versions {
        let specs: Vec<_> = versions.iter().map(|version| format!("{name}@{version}")).collect();
        let unknown: Vec<_> = specs.iter().filter(|spec| !skipped.contains(*spec)).collect();
        assert!(unknown.len() <= 1, "several versions of a crate: {unknown:?}; see bans.skip of deny.toml");
        there.extend(specs);
    }
    let gone: Vec<_> = skipped.difference(&there).collect();
    assert!(gone.is_empty(), "bans.skip of deny.toml names what is gone: {gone:?}");
}

#[test]
fn an_expression_needs_one_of_an_or_and_all_of_an_and() {
    let allowed = |licence: &str| ["MIT", "Apache-2.0 WITH LLVM-exception"].contains(&licence);
    for (expression, met) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("MIT/GPL-3.0", true),
        ("MIT AND GPL-3.0", false),
        ("(MIT OR GPL-3.0) AND GPL-3.0", false),
        ("(GPL-3.0 OR MIT) AND Apache-2.0 WITH LLVM-exception", true),
        ("Apache-2.0", false),
        ("", false),
    ] {
        assert_eq!(is_met(expression, &allowed), met, "{expression}");
    }
}
