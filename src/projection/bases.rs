//! `rules/catalog/bases.toml`: what an image could stand on, and what keeps this one from standing there. Every gate names
//! what is in the way; nothing that was not looked at is said to fit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

use super::Variant;
use super::ground::Ground;
use super::reasons;
use super::variant::Added;
use crate::advice::Safety;
use crate::audit::native::Linked;
use crate::ledger::{Change, PathId};
use crate::size::Size;

const TABLE: &str = include_str!("../../rules/catalog/bases.toml");

/// The embedded catalogue; a test reads it, so that it is never the empty one.
pub static BASES: LazyLock<Vec<Base>> =
    LazyLock::new(|| toml::from_str::<Catalogue>(TABLE).map(|one| one.base).unwrap_or_default());

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    base: Vec<Base>,
}

/// A base. The file explains its keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Base {
    /// The reference, or a name in words.
    pub name: String,
    /// `debian`, `alpine`, `distroless`, …
    pub family: String,
    /// `glibc 2.36`, `musl 1.2.5`; empty where it has none.
    pub libc: String,
    /// Whether it has a shell.
    pub shell: bool,
    /// `apt`, `apk`; empty where it has none.
    pub manager: String,
    /// The minor version of Python: `3.11`; empty where it brings none.
    pub python: String,
    /// An account without root's rights.
    pub user: String,
    /// Sonames that it provides beyond those of its libc.
    pub provides: Vec<String>,
    /// Packages that it consists of.
    pub packages: Vec<String>,
    /// Digests of its layers.
    pub layers: Vec<String>,
    /// When its release is no longer maintained: `2026-09`.
    pub eol: String,
    /// What else there is to say.
    pub note: String,
    /// What it weighs, per platform.
    pub figure: Vec<Figure>,
}

/// What a base weighs on one platform.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Figure {
    /// `linux/amd64`.
    pub platform: String,
    /// Bytes on disk; 0 where unknown.
    pub content: u64,
    /// Bytes to pull; 0 where unknown.
    pub transfer: u64,
    /// `measured` or `published`.
    pub how: String,
    /// The day that it is of.
    pub date: String,
    /// Where it is from.
    pub source: String,
}

impl Base {
    /// Its figures on a platform.
    pub fn on(&self, platform: &str) -> Option<&Figure> {
        self.figure.iter().find(|figure| figure.platform == platform)
    }

    /// The version of its glibc.
    fn glibc(&self) -> Option<(u32, u32)> {
        let mut numbers = self.libc.strip_prefix("glibc ")?.split('.').map(|number| number.parse().ok());
        Some((numbers.next()??, numbers.next()??))
    }
}

/// Whether an image could stand on a base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fit {
    /// The base.
    pub base: Base,
    /// What is in the way, as sentences without a final full stop; empty where nothing was found to be.
    pub blockers: Vec<String>,
}

/// What keeps the image from each base of the catalogue, in its order.
pub fn fits(ground: &Ground<'_>) -> Vec<Fit> {
    let needs = Needs::new(ground);
    BASES.iter().map(|base| Fit { base: base.clone(), blockers: needs.blockers(ground, base) }).collect()
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
    bound: BTreeSet<String>,
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
            bound: BTreeSet::new(),
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
        for (_, linked, owner) in &natives {
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
                "It has musl, and {files} files are built for glibc: {}. Whether these versions have wheels for musllinux was \
                 not asked",
                names(self.glibc.keys())
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
    let all: Vec<&str> = names.into_iter().map(String::as_str).collect();
    let (shown, rest) = all.split_at(all.len().min(4));
    if rest.is_empty() { shown.join(", ") } else { format!("{} and {} more", shown.join(", "), rest.len()) }
}

/// The image on Alpine, where the catalogue has one with the same Python and nothing is built for glibc; a projection from
/// the catalogue's figures. `None` where anything is in the way, or where nobody knows what the base weighs.
pub fn alpine(ground: &Ground<'_>) -> Option<Variant> {
    let python = reasons::python(ground)?;
    let platform = ground.image.platform.to_string();
    let needs = Needs::new(ground);
    let is_it = |base: &&Base| base.family == "alpine" && base.python == python;
    let base = BASES.iter().find(is_it).filter(|base| needs.blockers(ground, base).is_empty())?;
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
    fn every_figure_says_where_it_is_from() {
        let catalogue: Catalogue = toml::from_str(TABLE).unwrap();
        assert!(catalogue.base.len() > 10);
        for base in &catalogue.base {
            for figure in &base.figure {
                assert!(matches!(figure.how.as_str(), "measured" | "published"), "{}", base.name);
                assert!(figure.date.len() == 10 && !figure.source.is_empty(), "{}", base.name);
            }
        }
    }

    #[test]
    fn a_wheel_is_bound_by_its_abi() {
        assert!(is_bound("Wheel-Version: 1.0\nTag: cp311-cp311-manylinux_2_17_x86_64\n"));
        assert!(!is_bound("Tag: cp38-abi3-manylinux_2_17_x86_64\n"));
        assert!(!is_bound("Tag: py3-none-any\n"));
        assert!(!is_bound("Wheel-Version: 1.0\n"));
    }
}
