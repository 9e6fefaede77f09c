//! Which files of an image declare what the application asks for.

use std::collections::{BTreeMap, BTreeSet};

use super::Options;
use super::manifest::{self, Manifest};
use crate::image::Image;
use crate::ledger::{ChainView, Tree};

/// The files that declare requirements: those that were given, or the image's own, those for development left out.
pub(super) fn manifests(view: &ChainView<'_>, image: &Image, options: &Options) -> Vec<Manifest> {
    if !options.manifests.is_empty() {
        let read = options.manifests.iter().map(|(path, text)| manifest::read(path, text));
        return read.filter(|one| !one.path.contains("constraints")).collect();
    }
    let tree = &view.ledger.tree;
    let directory = view.follow(image.config.config.working_dir.as_bytes()).unwrap_or(Tree::ROOT);
    let mut found: BTreeMap<String, Manifest> = BTreeMap::new();
    for (path, _, content) in view.captured() {
        let bytes = tree.bytes(path);
        let is_near = directory != Tree::ROOT && tree.ancestors(path).any(|above| above == directory);
        let in_application = matches!(
            view.ledger
                .owner_name(view.ledger.entry(view.at(path).unwrap_or(crate::ledger::EntryId::new(0))).owner),
            "unowned" | "application"
        );
        if !manifest::is_manifest(&bytes) || !in_application || !is_near && !near_root(&bytes) {
            continue;
        }
        let shown = tree.path(path).to_string();
        found.insert(shown.clone(), manifest::read(&shown, &String::from_utf8_lossy(content)));
    }
    let mut chosen: Vec<Manifest> = Vec::new();
    let constraints: BTreeSet<String> =
        found.values().flat_map(|one| one.constraints.iter().map(|name| beside(&one.path, name))).collect();
    for (path, manifest) in &found {
        let name = path.rsplit('/').next().unwrap_or(path);
        let for_development =
            ["dev", "test", "doc", "lint", "constraint"].iter().any(|word| name.contains(word));
        if !for_development && !constraints.contains(path) && !manifest.declared.is_empty() {
            chosen.push(manifest.clone());
        }
    }
    // What a chosen file includes counts whatever its name is.
    let included: Vec<String> =
        chosen.iter().flat_map(|one| one.includes.iter().map(|name| beside(&one.path, name))).collect();
    for path in included {
        if let Some(manifest) = found.get(&path).filter(|_| chosen.iter().all(|one| one.path != path)) {
            chosen.push(manifest.clone());
        }
    }
    chosen
}

/// `/app/requirements.txt`, `/requirements.txt`, `/srv/web/pyproject.toml`.
fn near_root(path: &[u8]) -> bool {
    let depth = path.iter().filter(|byte| **byte == b'/').count();
    let is_system = [b"usr/".as_slice(), b"var/", b"opt/", b"root/", b"tmp/"]
        .iter()
        .any(|system| path.starts_with(system));
    depth <= 3 && !is_system
}

/// A path as seen from the directory of another one.
fn beside(path: &str, name: &str) -> String {
    crate::path::ImagePath::new(path).parent().join(name).to_string()
}
