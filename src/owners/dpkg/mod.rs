//! Debian's dpkg: `status` with `info/*.list`, and `status.d` with `*.md5sums`, which is how distroless images are made.
//!
//! Nothing is verified by content: dpkg keeps no sizes per file, and its MD5 sums would need every file to be read. That a
//! file was replaced shows in its layer instead (see [`super::ranking`]).

mod control;

use std::collections::BTreeMap;

use control::Stanzas;

use super::{Claim, Ecosystem, List, Lists, Package, Rank, Strength};
use crate::error::Warning;
use crate::layer::Capture;
use crate::ledger::{ChainView, Locator, PathId, Tree};

/// dpkg's database, wherever distributions keep it.
pub struct Dpkg;

const DATABASE: &[u8] = b"var/lib/dpkg/";
/// A full desktop's `status` has 6 MB, its longest list 4 MB.
const LONGEST: u64 = 64 << 20;

impl Ecosystem for Dpkg {
    fn name(&self) -> &'static str {
        "dpkg"
    }

    fn wants(&self, path: &[u8], _size: u64) -> Capture {
        let Some(rest) = path.strip_prefix(DATABASE) else { return Capture::Nothing };
        let wanted = match rest.strip_prefix(b"info/") {
            Some(name) => name.ends_with(b".list") || name.ends_with(b".md5sums"),
            None => matches!(rest, b"status" | b"diversions") || rest.starts_with(b"status.d/"),
        };
        if wanted { Capture::Whole(LONGEST) } else { Capture::Nothing }
    }

    fn packages(&self, view: &ChainView<'_>) -> (Vec<Package>, Vec<Warning>) {
        self.packages_again(view, &mut Lists::default())
    }

    fn packages_again(&self, view: &ChainView<'_>, lists: &mut Lists) -> (Vec<Package>, Vec<Warning>) {
        let locator = Locator::new(view, Tree::ROOT);
        let mut reader = Reader { view, locator, diversions: BTreeMap::new(), lists, warnings: Vec::new() };
        reader.diversions = reader.diversions();
        // What is diverted is not where the list says.
        let under = reader.find(b"diversions").and_then(|path| view.at(path));
        if reader.lists.under != under {
            *reader.lists = Lists { under, ..Lists::default() };
        }
        let mut packages = Vec::new();
        if let Some(status) = reader.find(b"status") {
            reader.stanzas(status, &mut packages, true);
        }
        let controls = reader.control_files();
        for control in &controls {
            let first = packages.len();
            reader.stanzas(*control, &mut packages, false);
            if let Some((package, _)) = packages.get_mut(first) {
                reader.claim_layer(*control, &controls, package);
            }
        }
        name_architectures(&mut packages);
        (packages.into_iter().map(|(package, _)| package).collect(), reader.warnings)
    }
}

/// A package and its architecture.
type Installed = (Package, String);

struct Reader<'v, 'a> {
    view: &'v ChainView<'a>,
    locator: Locator<'v, 'a>,
    /// Where a path really lies, and for which package it does not: `dpkg-divert`.
    diversions: BTreeMap<Vec<u8>, (Vec<u8>, Vec<u8>)>,
    lists: &'v mut Lists,
    warnings: Vec<Warning>,
}

impl Reader<'_, '_> {
    fn find(&self, name: &[u8]) -> Option<PathId> {
        let path = self.view.locate(&[DATABASE, name].concat())?;
        self.view.content(path).map(|_| path)
    }

    /// The control files of `status.d`, one package each, in the order of their names.
    fn control_files(&self) -> Vec<PathId> {
        let tree = &self.view.ledger.tree;
        let Some(directory) = self.view.locate(b"var/lib/dpkg/status.d") else { return Vec::new() };
        let is_control = |name: &[u8]| !name.ends_with(b".md5sums") && !name.ends_with(b".list");
        let mut files: Vec<_> = tree
            .children(directory)
            .filter(|file| is_control(tree.name(*file)) && self.view.content(*file).is_some())
            .collect();
        files.sort_by_key(|file| tree.name(*file).to_vec());
        files
    }

    /// `diversions`: three lines each, the path, where it is diverted to, and the package that it is not diverted for.
    fn diversions(&mut self) -> BTreeMap<Vec<u8>, (Vec<u8>, Vec<u8>)> {
        let Some(path) = self.find(b"diversions") else { return BTreeMap::new() };
        let lines: Vec<_> = lines(self.view.content(path).unwrap_or_default()).collect();
        if !lines.len().is_multiple_of(3) {
            self.warn(path, "does not hold three lines for each diversion");
        }
        lines
            .chunks_exact(3)
            .filter_map(|triple| match triple {
                [from, to, by] => Some((from.to_vec(), (to.to_vec(), by.to_vec()))),
                _ => None,
            })
            .collect()
    }

    /// Reads the stanzas of a file. In `status`, only what its `Status` says is installed counts; control files in
    /// `status.d` have none.
    fn stanzas(&mut self, file: PathId, packages: &mut Vec<Installed>, with_status: bool) {
        let content = self.view.content(file).unwrap_or_default();
        let mut malformed = 0_usize;
        let stanzas = Stanzas { lines: content.split(|byte| *byte == b'\n') };
        for stanza in stanzas {
            let name = stanza.get("package").and_then(|name| std::str::from_utf8(name).ok());
            let Some(name) = name.filter(|name| is_name(name)) else {
                malformed += 1;
                continue;
            };
            match stanza.get("status") {
                Some(status) if !has_files(status) => continue,
                None if with_status => {
                    malformed += 1;
                    continue;
                }
                _ => {}
            }
            malformed += usize::from(stanza.malformed);
            let text = |field| String::from_utf8_lossy(stanza.get(field).unwrap_or_default()).into_owned();
            let mut package = Package::new("dpkg", name, &text("version"), Rank::System);
            let architecture = text("architecture");
            self.claim(file, &mut package, &architecture);
            for conffile in &stanza.conffiles {
                self.claim_path(&mut package, conffile);
            }
            packages.push((package, architecture));
        }
        if malformed > 0 {
            self.warn(file, &format!("holds {malformed} stanzas that cannot be read"));
        }
    }

    /// Claims what the package's list names, and where there is none, what its MD5 sums name.
    fn claim(&mut self, control: PathId, package: &mut Package, architecture: &str) {
        let tree = &self.view.ledger.tree;
        let beside = tree.name(control);
        let mut candidates = Vec::new();
        for kind in ["list", "md5sums"] {
            // Only a package that may be installed for several architectures at once has its own in the name.
            candidates.push((kind, format!("info/{}:{architecture}.{kind}", package.name).into_bytes()));
            candidates.push((kind, format!("info/{}.{kind}", package.name).into_bytes()));
            candidates.push((kind, [b"status.d/", beside, b".", kind.as_bytes()].concat()));
        }
        let found = candidates.iter().find_map(|(kind, name)| self.find(name).map(|path| (*kind, path)));
        let Some((kind, evidence)) = found else {
            package.evidence = Some(control);
            return;
        };
        package.evidence = Some(evidence);
        let id = self.view.at(evidence);
        if let Some(list) = id.and_then(|id| self.lists.read.get(&id)) {
            package.claims.extend_from_slice(&list.claims);
            return;
        }
        // Those on the way to what was located before are another list's.
        self.locator.passed();
        for line in lines(self.view.content(evidence).unwrap_or_default()) {
            match kind {
                "list" => self.claim_path(package, line),
                // Thirty-two digits, two spaces, a path without a leading slash.
                _ => match line.get(34..) {
                    Some(path) if line.get(32..34) == Some(b"  ") => self.claim_path(package, path),
                    _ => {
                        self.warn(evidence, "holds lines that are no MD5 sum with a path");
                        break;
                    }
                },
            }
        }
        let through = self.locator.passed();
        self.lists.read.extend(id.map(|id| (id, List { claims: package.claims.clone(), through })));
    }

    /// Distroless images put each package into a layer of its own. The MD5 sums leave out configuration files, so what
    /// else is in a layer with just one control file is that package's.
    fn claim_layer(&self, control: PathId, controls: &[PathId], package: &mut Package) {
        let layer_of = |control: PathId| self.view.entry(control).map(|entry| entry.layer);
        let Some(layer) = layer_of(control) else { return };
        if controls.iter().filter(|control| layer_of(**control) == Some(layer)).count() != 1 {
            return;
        }
        let ledger = self.view.ledger;
        let directory = ledger.tree.parent(control);
        let files = ledger.ids_of(layer).map(|id| ledger.entry(id)).filter(|entry| !entry.is_directory());
        let others = files.filter(|entry| ledger.tree.parent(entry.path) != directory);
        let weak = |path| Claim { path, tree: false, strength: Strength::Contained, size: None };
        package.claims.extend(others.map(|entry| weak(entry.path)));
    }

    /// Claims a path, where it really lies. What links of its directories lead to is resolved inside the image: dpkg says
    /// `/bin/ls` where a merged `/usr` holds `usr/bin/ls`.
    fn claim_path(&mut self, package: &mut Package, path: &[u8]) {
        let diversion = match path.starts_with(b"/") {
            true => self.diversions.get(path),
            false if self.diversions.is_empty() => None,
            false => self.diversions.get(&[b"/", path].concat()),
        };
        let diverted = diversion.filter(|(_, by)| by.as_slice() != package.name.as_bytes());
        let path = diverted.map_or(path, |(to, _)| to);
        if let Some(path) = self.locator.locate(path) {
            package.claims.push(Claim::listed(path));
        }
    }

    fn warn(&mut self, file: PathId, what: &str) {
        let file = self.view.ledger.tree.path(file);
        self.warnings.push(Warning::new("dpkg", format!("{file} {what}")));
    }
}

/// Whether `Status: WANT FLAG STATE` is of a package whose files are there, all or some: a half-installed package has
/// files; of a removed one only its configuration is left.
fn has_files(status: &[u8]) -> bool {
    let state = status.split(|byte| *byte == b' ').rfind(|word| !word.is_empty());
    !matches!(state, Some(b"not-installed" | b"config-files") | None)
}

/// Whether this can be a package's name: it becomes part of a file name and of an owner's id.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte))
}

/// Gives a package that is installed for several architectures the foreign ones in its id, as dpkg prints it.
fn name_architectures(packages: &mut [Installed]) {
    let native =
        packages.iter().find(|(package, _)| package.name == "dpkg").map(|(_, native)| native.clone());
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for (package, _) in packages.iter() {
        *count.entry(package.name.clone()).or_default() += 1;
    }
    for (package, architecture) in packages {
        let several = count.get(&package.name).is_some_and(|count| *count > 1);
        if several && native.as_ref() != Some(architecture) {
            package.id = format!("dpkg:{}:{architecture}", package.name);
        }
    }
}

fn lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    content.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests;
