//! Python distributions, wherever they are installed: `*.dist-info` with `RECORD`, and the older `*.egg-info`.
//!
//! - A distribution whose own metadata another one lists is vendored by it (setuptools carries eight): pip removes it
//!   with the other, so it is no package.
//! - An editable installation belongs to the application, whose code it points at.
//! - A zipped egg is one file, named by what is inside of it.
//!
//! <https://packaging.python.org/en/latest/specifications/recording-installed-packages/>

mod environment;
mod legacy;
mod metadata;
mod record;

use std::collections::BTreeSet;

use super::{Claim, Ecosystem, Lists, Package, Rank};
use crate::error::Warning;
use crate::layer::{Capture, InsideKind};
use crate::ledger::{ChainView, PathId};

/// Whatever pip, uv, poetry, setuptools or a system's packager installed for Python.
pub struct Python;

/// The longest `RECORD` seen has 3 MB.
const LONGEST: u64 = 32 << 20;

impl Ecosystem for Python {
    fn name(&self) -> &'static str {
        "python"
    }

    fn wants(&self, path: &[u8], _size: u64) -> Capture {
        let mut components = path.rsplit(|byte| *byte == b'/');
        let name = components.next().unwrap_or_default();
        let directory = components.next().unwrap_or_default();
        let wanted = match name {
            b"pyvenv.cfg" => true,
            b"METADATA" | b"RECORD" | b"direct_url.json" => directory.ends_with(b".dist-info"),
            b"PKG-INFO" => directory.ends_with(b".egg-info") || directory == b"EGG-INFO",
            b"installed-files.txt" | b"SOURCES.txt" => directory.ends_with(b".egg-info"),
            b"top_level.txt" => directory.ends_with(b".egg-info") || directory.ends_with(b".dist-info"),
            _ => name.ends_with(b".egg-info"),
        };
        if wanted { Capture::Whole(LONGEST) } else { Capture::Nothing }
    }

    fn looks_at(&self, kind: InsideKind) -> bool {
        kind == InsideKind::Egg
    }

    fn packages(&self, view: &ChainView<'_>) -> (Vec<Package>, Vec<Warning>) {
        self.packages_again(view, &mut Lists::default())
    }

    fn packages_again(&self, view: &ChainView<'_>, lists: &mut Lists) -> (Vec<Package>, Vec<Warning>) {
        let mut reader = Reader { view, lists, warnings: Vec::new() };
        let mut distributions = reader.dist_infos();
        legacy::read(&mut reader, &mut distributions);
        legacy::claim_top_levels(view, &mut distributions);
        let mut packages = without_vendored(distributions);
        packages.extend(legacy::zipped(view));
        packages.extend(environment::read(view));
        (packages, reader.warnings)
    }
}

/// A distribution, while it is read.
struct Distribution {
    package: Package,
    /// The `*.dist-info` or `*.egg-info`.
    info: PathId,
    /// Top-level modules, of a distribution that has no list of its files.
    top_levels: Vec<Vec<u8>>,
}

struct Reader<'v, 'a> {
    view: &'v ChainView<'a>,
    lists: &'v mut Lists,
    warnings: Vec<Warning>,
}

impl Reader<'_, '_> {
    /// All `*.dist-info` directories of the view of which anything was captured.
    fn dist_infos(&mut self) -> Vec<Distribution> {
        let tree = &self.view.ledger.tree;
        let directories: BTreeSet<_> = self
            .view
            .captured()
            .map(|(path, _, _)| tree.parent(path))
            .filter(|directory| tree.name(*directory).ends_with(b".dist-info"))
            .collect();
        directories.into_iter().filter_map(|info| self.dist_info(info)).collect()
    }

    fn dist_info(&mut self, info: PathId) -> Option<Distribution> {
        let tree = &self.view.ledger.tree;
        let file = |name: &[u8]| {
            let path = tree.child(info, name)?;
            Some((path, self.view.content(path)?))
        };
        let (metadata, record) = (file(b"METADATA"), file(b"RECORD"));
        let evidence = record.or(metadata).map(|(path, _)| path)?;
        let (name, version) = metadata
            .and_then(|(_, content)| metadata::name_and_version(content))
            .or_else(|| metadata::from_directory(tree.name(info)))
            .or_else(|| {
                self.warn(info, "has no name that could be read");
                None
            })?;
        let mut package = Package::new("python", &metadata::normalise(&name), &version, Rank::Language);
        package.root = tree.parent(info);
        package.evidence = Some(evidence);
        package.claims.push(Claim::contained(info));
        if file(b"direct_url.json").is_some_and(|(_, content)| metadata::is_editable(content)) {
            "application".clone_into(&mut package.id);
        }
        let mut top_levels = Vec::new();
        match file(b"RECORD") {
            Some((path, content)) => {
                let known = self.view.at(path).and_then(|id| self.lists.read.get(&id));
                if let Some(list) = known {
                    package.claims.extend_from_slice(&list.claims);
                } else {
                    let listed = record::claims(self.view, package.root, content);
                    if listed.malformed > 0 {
                        self.warn(path, &format!("holds {} lines that name no file", listed.malformed));
                    }
                    package.claims.extend_from_slice(&listed.list.claims);
                    self.lists.read.extend(self.view.at(path).map(|id| (id, listed.list)));
                }
            }
            None => top_levels = metadata::top_levels(file(b"top_level.txt").map(|(_, content)| content)),
        }
        Some(Distribution { package, info, top_levels })
    }

    fn warn(&mut self, path: PathId, what: &str) {
        let path = self.view.ledger.tree.path(path);
        self.warnings.push(Warning::new("python", format!("{path} {what}")));
    }
}

/// The distributions whose own metadata no other one lists.
fn without_vendored(distributions: Vec<Distribution>) -> Vec<Package> {
    let infos: BTreeSet<_> =
        distributions.iter().filter_map(|distribution| distribution.package.evidence).collect();
    let mut vendored = BTreeSet::new();
    for distribution in &distributions {
        let own = distribution.package.evidence;
        let claimed = distribution.package.claims.iter().filter(|claim| !claim.tree).map(|claim| claim.path);
        vendored.extend(claimed.filter(|path| infos.contains(path) && Some(*path) != own));
    }
    distributions
        .into_iter()
        .map(|distribution| distribution.package)
        .filter(|package| !package.evidence.is_some_and(|evidence| vendored.contains(&evidence)))
        .collect()
}

#[cfg(test)]
mod tests;
