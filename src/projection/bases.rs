//! What keeps an image from standing on each base of the catalogue. Every gate names what is in the way; nothing that was not
//! looked at is said to fit.

use std::collections::{BTreeMap, BTreeSet};

use super::Variant;
use super::base::Base;
use super::ground::Ground;
use super::reasons;
use super::variant::Added;
use crate::advice::Safety;
use crate::audit::native::Linked;
use crate::ledger::{Change, PathId};
use crate::size::Size;

/// Whether an image could stand on a base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fit {
    /// The base.
    pub base: Base,
    /// What is in the way, as sentences without a final full stop; empty where nothing was found to be.
    pub blockers: Vec<String>,
}

/// What keeps the image from each base of the catalogue, in its order. A base that brings a language which the image has
/// nothing of is no base for it.
pub fn fits(ground: &Ground<'_>) -> Vec<Fit> {
    let needs = Needs::new(ground);
    let is_one = |base: &&Base| {
        (base.python.is_empty() || needs.has_python) && (base.node.is_empty() || ground.node.is_some())
    };
    let fit = |base: &Base| Fit { base: base.clone(), blockers: needs.blockers(ground, base) };
    ground.bases.iter().filter(is_one).map(fit).collect()
}

/// What the application asks of whatever is below it.
struct Needs {
    /// Owners of files that are linked to glibc, and to musl, with how many files each.
    glibc: BTreeMap<String, usize>,
    musl: BTreeMap<String, usize>,
    /// The newest symbol of glibc that is needed, and by whom.
    floor: Option<((u32, u32), String)>,
    /// Sonames that nothing but the system provides, each with an owner that needs it.
    sonames: BTreeMap<String, String>,
    /// The version of Python, and packages that are built for it alone.
    python: Option<String>,
    has_python: bool,
    bound: BTreeSet<String>,
    /// Packages of Node with native code.
    addons: BTreeSet<String>,
}

/// What every glibc brings.
const OF_LIBC: [&str; 10] = [
    "libc.so.",
    "libm.so.",
    "libdl.so.",
    "libpthread.so.",
    "librt.so.",
    "libutil.so.",
    "ld-linux",
    "ld64",
    "libresolv.so.",
    "libanl.so.",
];

impl Needs {
    fn new(ground: &Ground<'_>) -> Self {
        let tree = &ground.ledger.tree;
        let mut needs = Self {
            glibc: BTreeMap::new(),
            musl: BTreeMap::new(),
            floor: None,
            sonames: BTreeMap::new(),
            python: reasons::python(ground),
            has_python: ground.ledger.owners.iter().any(|owner| {
                ["python:", "runtime:cpython", "dpkg:python3"].iter().any(|start| owner.starts_with(start))
            }),
            bound: BTreeSet::new(),
            addons: BTreeSet::new(),
        };
        let natives: Vec<(PathId, &Linked, &str)> = ground
            .live
            .iter()
            .filter(|(_, id)| !ground.is_system(*id))
            .filter_map(|(path, id)| {
                let owner = ground.ledger.owner_name(ground.ledger.entry(*id).owner);
                // The interpreter of the base is not what is carried over.
                let is_carried = ground.is_own(*id) || owner.starts_with("python:");
                let name = owner.split_once(':').map_or(owner, |(_, name)| name);
                is_carried.then(|| ground.linked(*path)).flatten().map(|linked| (*path, linked, name))
            })
            .collect();
        let brought: BTreeSet<&[u8]> = natives.iter().map(|(path, ..)| tree.name(*path)).collect();
        for (path, linked, owner) in &natives {
            if tree.name(*path).ends_with(b".node") {
                needs.addons.insert((*owner).to_owned());
            }
            let starts = |prefix: &str| {
                let interpreter = linked.interpreter.iter().filter_map(|path| path.rsplit('/').next());
                linked
                    .needed
                    .iter()
                    .map(String::as_str)
                    .chain(interpreter)
                    .any(|name| name.starts_with(prefix))
            };
            if starts("libc.musl-") || starts("ld-musl-") {
                *needs.musl.entry((*owner).to_owned()).or_default() += 1;
            } else if linked.glibc.is_some() || starts("libc.so.6") {
                *needs.glibc.entry((*owner).to_owned()).or_default() += 1;
            }
            if let Some(version) =
                linked.glibc.filter(|version| needs.floor.as_ref().is_none_or(|(most, _)| most < version))
            {
                needs.floor = Some((version, (*owner).to_owned()));
            }
            for name in &linked.needed {
                let is_libc = OF_LIBC.iter().any(|prefix| name.starts_with(prefix));
                if !is_libc && !name.starts_with("libpython") && !brought.contains(name.as_bytes()) {
                    needs.sonames.entry(name.clone()).or_insert_with(|| (*owner).to_owned());
                }
            }
        }
        for (path, id, content) in ground.view.captured() {
            if tree.name(path) == b"WHEEL" && is_bound(&String::from_utf8_lossy(content)) {
                let owner = ground.ledger.owner_name(ground.ledger.entry(id).owner);
                needs.bound.extend(owner.strip_prefix("python:").map(ToOwned::to_owned));
            }
        }
        needs
    }

    fn blockers(&self, ground: &Ground<'_>, base: &Base) -> Vec<String> {
        let mut blockers = Vec::new();
        if !base.shell {
            blockers
                .extend(reasons::shell(ground).into_iter().map(|why| format!("It has no shell, and {why}")));
        }
        if base.libc.is_empty() {
            let native: BTreeMap<_, _> = self.glibc.iter().chain(&self.musl).collect();
            if !native.is_empty() {
                blockers.push(format!("It has no libc: {} need one", names(native.into_keys())));
            }
        } else if base.libc.starts_with("musl") && !self.glibc.is_empty() {
            let files: usize = self.glibc.values().sum();
            blockers.push(format!(
                "It has musl, and {files} files are built for glibc: {}. Whether these versions are there for musl, too, \
                 was not asked",
                some(self.glibc.keys(), 20)
            ));
        } else if base.libc.starts_with("glibc") && !self.musl.is_empty() {
            blockers.push(format!("It has glibc, and these are built for musl: {}", names(self.musl.keys())));
        }
        if let (Some((need, owner)), Some(has)) = (&self.floor, base.glibc())
            && *need > has
        {
            blockers.push(format!("It has {}, and {owner} needs {}.{}", base.libc, need.0, need.1));
        }
        if let Some(python) = &self.python
            && !base.python.is_empty()
            && base.python != *python
        {
            let what = if self.bound.is_empty() {
                "every package has to be installed anew".to_owned()
            } else {
                format!("built for {python} alone: {}", names(&self.bound))
            };
            blockers.push(format!("It has Python {} instead of {python}; {what}", base.python));
        }
        if let Some(node) = &ground.node
            && !base.node.is_empty()
            && base.node != *node
        {
            let addons = if self.addons.is_empty() {
                "no module of it has native code".to_owned()
            } else {
                format!("modules with native code may have to be built anew: {}", names(&self.addons))
            };
            blockers.push(format!("It has Node {} instead of {node}; {addons}", base.node));
        }
        if !base.libc.is_empty() && base.manager.is_empty() {
            let misses: Vec<&String> =
                self.sonames.keys().filter(|name| !base.provides.contains(name)).collect();
            if !misses.is_empty() && base.provides.is_empty() {
                blockers.push(format!("Whether it has {} is not known", names(misses)));
            } else if let Some(first) = misses.first() {
                let by = &self.sonames[*first];
                blockers.push(format!("It lacks {}, which {by} is linked to", names(misses)));
            }
        }
        blockers
    }
}

/// Whether a wheel is for one version of Python alone: `cp311-cp311-…`, and neither `abi3` nor `py3`.
fn is_bound(wheel: &str) -> bool {
    let mut tags = wheel.lines().filter_map(|line| line.strip_prefix("Tag:")).map(str::trim).peekable();
    tags.peek().is_some()
        && tags.all(|tag| {
            let mut parts = tag.split('-');
            let (python, abi) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            python.starts_with("cp") && abi.starts_with("cp")
        })
}

/// At most four names, and how many more there are.
fn names<'n>(names: impl IntoIterator<Item = &'n String>) -> String {
    some(names, 4)
}

/// At most so many names, and how many more there are.
fn some<'n>(names: impl IntoIterator<Item = &'n String>, most: usize) -> String {
    let all: Vec<&str> = names.into_iter().map(String::as_str).collect();
    let (shown, rest) = all.split_at(all.len().min(most));
    if rest.is_empty() { shown.join(", ") } else { format!("{} and {} more", shown.join(", "), rest.len()) }
}

/// The image on Alpine, where the catalogue has one with the same Python and nothing is built for glibc; a projection from
/// the catalogue's figures. `None` where anything is in the way, or where nobody knows what the base weighs.
pub fn alpine(ground: &Ground<'_>) -> Option<Variant> {
    let python = reasons::python(ground)?;
    let platform = ground.image.platform.to_string();
    let needs = Needs::new(ground);
    let is_it = |base: &&Base| base.family == "alpine" && base.python == python;
    let base = ground.bases.iter().find(is_it).filter(|base| needs.blockers(ground, base).is_empty())?;
    let figure = base.on(&platform).filter(|figure| figure.content > 0 && figure.transfer > 0)?;
    if ground.base_layers() == 0 {
        return None;
    }
    let changes = ground.ledger.ids().filter(|id| !ground.is_own(*id)).map(Change::Drop).collect();
    let what = format!("{}, {} {} ({})", base.name, figure.how, figure.date, figure.source);
    Some(Variant {
        name: "alpine".to_owned(),
        safety: Safety::Risky,
        changes,
        adds: vec![Added { what, size: Size::new(figure.content, figure.transfer) }],
        findings: Vec::new(),
        caveats: vec![
            format!("Projected from the catalogue's figures of {}: build it with that base", base.name),
            "musl is another C library: names are resolved, threads sized and memory managed differently"
                .to_owned(),
        ],
        recipe: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wheel_is_bound_by_its_abi() {
        assert!(is_bound("Wheel-Version: 1.0\nTag: cp311-cp311-manylinux_2_17_x86_64\n"));
        assert!(!is_bound("Tag: cp38-abi3-manylinux_2_17_x86_64\n"));
        assert!(!is_bound("Tag: py3-none-any\n"));
        assert!(!is_bound("Wheel-Version: 1.0\n"));
    }
}
