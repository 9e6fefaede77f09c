//! `*.egg-info`, a directory or a file, and `*.egg` directories: what setuptools and distutils made before wheels, and what
//! distributions of Linux still ship; and zipped eggs. Some list their files; where none does, the top-level modules have to do.

use std::collections::BTreeMap;

use super::{Distribution, Reader, metadata};
use crate::layer::InsideKind;
use crate::ledger::{ChainView, PathId};
use crate::owners::{Claim, Package, Rank, Strength};

/// Adds the distributions that have no `*.dist-info`.
pub(super) fn read(reader: &mut Reader<'_, '_>, distributions: &mut Vec<Distribution>) {
    let tree = &reader.view.ledger.tree;
    let captured: Vec<_> = reader.view.captured().map(|(path, _, content)| (path, content)).collect();
    for (path, content) in captured {
        let directory = tree.parent(path);
        let info = match tree.name(path) {
            b"PKG-INFO" => directory,
            name if name.ends_with(b".egg-info") => path,
            _ => continue,
        };
        let is_egg = tree.name(info) == b"EGG-INFO";
        let site = if is_egg { tree.parent(tree.parent(info)) } else { tree.parent(info) };
        // In a source tree, `X.egg-info` only says that somebody built there.
        let listed = tree.child(info, b"installed-files.txt").and_then(|path| reader.view.content(path));
        let is_site = matches!(tree.name(site), b"site-packages" | b"dist-packages");
        if !is_site && listed.is_none() {
            continue;
        }
        let named = metadata::name_and_version(content).or_else(|| metadata::from_directory(tree.name(info)));
        let Some((name, version)) = named else {
            reader.warn(path, "has no name that could be read");
            continue;
        };
        let mut package = Package::new("python", &metadata::normalise(&name), &version, Rank::Language);
        package.root = site;
        package.evidence = Some(path);
        let whole = if is_egg { tree.parent(info) } else { info };
        package.claims.push(Claim::contained(whole));
        let mut top_levels = Vec::new();
        if let Some(listed) = listed {
            package.claims.extend(files(reader.view, info, listed).map(Claim::listed));
        } else if info == directory && !is_egg {
            let content = |name: &[u8]| reader.view.content(tree.child(info, name)?);
            top_levels = metadata::top_levels(content(b"top_level.txt"));
            // Sources of the distribution, some of which are installed under the same names.
            let sources = files(reader.view, site, content(b"SOURCES.txt").unwrap_or_default());
            let weak = |path| Claim { path, tree: false, strength: Strength::Contained, size: None };
            package.claims.extend(sources.map(weak));
        }
        distributions.push(Distribution { package, info, top_levels });
    }
}

/// Zipped eggs, each a distribution in one file.
pub(super) fn zipped(view: &ChainView<'_>) -> Vec<Package> {
    let tree = &view.ledger.tree;
    let eggs = view.insides().filter(|(_, _, inside)| inside.kind == InsideKind::Egg);
    eggs.map(|(path, _, inside)| {
        let name = metadata::normalise(&inside.name);
        let mut package = Package::new("python", &name, &inside.version, Rank::Language);
        package.root = tree.parent(path);
        package.evidence = Some(path);
        package.claims.push(Claim::listed(path));
        package
    })
    .collect()
}

/// The paths of a list, one a line, relative to `directory`.
fn files<'v>(
    view: &'v ChainView<'_>,
    directory: PathId,
    content: &'v [u8],
) -> impl Iterator<Item = PathId> + 'v {
    let lines = content.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    lines.filter_map(move |line| view.locate_below(directory, line))
}

/// Claims the top-level modules of distributions without a list of files. A name that two of them have is a namespace,
/// which belongs to neither as a whole.
pub(super) fn claim_top_levels(view: &ChainView<'_>, distributions: &mut [Distribution]) {
    let mut count: BTreeMap<(PathId, Vec<u8>), usize> = BTreeMap::new();
    for distribution in distributions.iter() {
        for name in &distribution.top_levels {
            *count.entry((distribution.package.root, name.clone())).or_default() += 1;
        }
    }
    let tree = &view.ledger.tree;
    for distribution in distributions {
        let site = distribution.package.root;
        let mut names = std::mem::take(&mut distribution.top_levels);
        names.retain(|name| count.get(&(site, name.clone())) == Some(&1));
        if names.is_empty() {
            continue;
        }
        let stem = tree.name(distribution.info).split(|byte| *byte == b'-').next().unwrap_or_default();
        names.push([stem, b".libs"].concat());
        let is_module = |child: &PathId| {
            let child = tree.name(*child);
            names.iter().any(|name| {
                let rest = child.strip_prefix(name.as_slice());
                rest.is_some_and(|rest| {
                    rest.is_empty() || rest == b".py" || rest.starts_with(b".") && rest.ends_with(b".so")
                })
            })
        };
        let claims = tree.children(site).filter(is_module).map(Claim::contained);
        distribution.package.claims.extend(claims);
    }
}
