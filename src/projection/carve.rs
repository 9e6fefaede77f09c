//! Variants that carry what is needed into an empty image: each file is kept or dropped, and what is kept is copied over.
//! Nothing hidden comes along, so every byte of the result is one that a container sees.

use std::collections::{BTreeMap, BTreeSet};

use super::Variant;
use super::variant::Recipe;
use crate::advice::{ChangeKind, Finding, Safety};
use crate::image::Image;
use crate::ledger::{ChainView, Change, EntryId, Kind, Ledger, PathId, Tree};
use crate::size::si;

/// Rules whose bytes a smaller image does without; others need a person or another way of building.
const CUTS: &[&str] = &[
    "apk-cache",
    "apt-archives",
    "apt-lists",
    "build-tools",
    "bundled-tests",
    "cargo-registry",
    "composer-cache",
    "conda-packages",
    "docs-man-locale",
    "gem-cache",
    "go-caches",
    "headers-and-static-libraries",
    "installer-leftovers",
    "maven-and-gradle-caches",
    "npm-cache",
    "pip-cache",
    "pip-in-runtime",
    "pnpm-store",
    "poetry-and-pipenv-caches",
    "python-bytecode",
    "rpm-package-caches",
    "uv-cache",
    "yarn-cache",
];

/// The Debian packages that the distroless images for Python consist of, of Debian 12 and 13: what CPython links, and what
/// programs expect of a system without a shell. From the `MODULE.bazel` and `python3/` of GoogleContainerTools/distroless
/// as of 2026-08-21, for builds of CPython that link readline and gdbm too.
const CARRIED: &[&str] = &[
    "base-files",
    "ca-certificates",
    "libbz2-1.0",
    "libc6",
    "libcom-err2",
    "libcrypt1",
    "libdb5.3",
    "libdb5.3t64",
    "libexpat1",
    "libffi8",
    "libgcc-s1",
    "libgdbm6",
    "libgdbm6t64",
    "libgomp1",
    "libgssapi-krb5-2",
    "libk5crypto3",
    "libkeyutils1",
    "libkrb5-3",
    "libkrb5support0",
    "liblzma5",
    "libncursesw6",
    "libnsl2",
    "libreadline8",
    "libreadline8t64",
    "libsqlite3-0",
    "libssl3",
    "libssl3t64",
    "libstdc++6",
    "libtinfo6",
    "libtirpc-common",
    "libtirpc3",
    "libtirpc3t64",
    "libuuid1",
    "libzstd1",
    "media-types",
    "netbase",
    "tzdata",
    "zlib1g",
];

/// How much is left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// Caches, compilers, tests, bytecode, symbols: the system stays.
    Minimal,
    /// The system too, but for what the interpreter and its libraries need.
    Distroless,
}

/// The variants that carry what is needed; `strippable` holds what stripping frees of files that survive it.
pub fn carved(
    image: &Image,
    ledger: &Ledger,
    findings: &[Finding],
    strippable: &BTreeMap<EntryId, u64>,
) -> Vec<Variant> {
    let mut variants = vec![carve(Depth::Minimal, ledger, findings, strippable)];
    if starts_without_shell(image, ledger) {
        variants.push(carve(Depth::Distroless, ledger, findings, strippable));
    }
    variants
}

/// Whether the container starts a program of a Python that no system package owns, by name and not by a shell.
fn starts_without_shell(image: &Image, ledger: &Ledger) -> bool {
    let execution = &image.config.config;
    let Some(program) = execution.entrypoint.iter().chain(&execution.cmd).next() else { return false };
    let view = ChainView::last(ledger);
    let path =
        execution.env.iter().find_map(|pair| pair.strip_prefix("PATH=")).unwrap_or("/usr/local/bin:/usr/bin");
    let candidates: Vec<String> = if program.starts_with('/') {
        vec![program.clone()]
    } else {
        path.split(':').map(|directory| format!("{directory}/{program}")).collect()
    };
    let found = candidates.iter().find_map(|path| view.follow(path.trim_start_matches('/').as_bytes()));
    let owner = found.and_then(|path| view.entry(path)).map(|entry| ledger.owner_name(entry.owner));
    owner.is_some_and(|owner| owner.starts_with("python:") || owner.starts_with("runtime:"))
        && ledger.owners.iter().any(|owner| owner == "runtime:cpython")
}

fn carve(
    depth: Depth,
    ledger: &Ledger,
    findings: &[Finding],
    strippable: &BTreeMap<EntryId, u64>,
) -> Variant {
    let view = ChainView::last(ledger);
    let wanted = |finding: &Finding| {
        CUTS.contains(&&*finding.rule)
            && finding.safety <= Safety::Review
            && finding.change == ChangeKind::Drop
    };
    let chosen: Vec<_> = (0..findings.len()).filter(|at| wanted(&findings[*at])).collect();
    let mut dropped: BTreeSet<EntryId> = BTreeSet::new();
    for change in chosen.iter().flat_map(|at| &findings[*at].changes) {
        if let Change::Drop(entry) = change {
            dropped.insert(*entry);
        }
    }
    let live: Vec<(PathId, EntryId)> =
        all_paths(&ledger.tree).into_iter().filter_map(|path| Some((path, view.at(path)?))).collect();
    if depth == Depth::Distroless {
        dropped.extend(live.iter().map(|(_, id)| *id).filter(|id| is_system(ledger, *id)));
    }
    // A file that another name keeps alive stays.
    for (_, id) in &live {
        if let Some(file) = ledger.entry(*id).inode.filter(|_| !dropped.contains(id)) {
            dropped.remove(&file);
        }
    }
    let mut changes: BTreeSet<Change> = ledger
        .ids()
        .filter(|id| !ledger.entry(*id).fate.is_live() && ledger.entry(*id).content > 0)
        .chain(dropped.iter().copied())
        .map(Change::Drop)
        .collect();
    let mut stripped = 0;
    for (id, bytes) in strippable.iter().filter(|(id, _)| !dropped.contains(id)) {
        changes.insert(Change::Shrink(*id, *bytes));
        stripped += bytes;
    }
    let mut recipe = Recipe { strip: stripped, ..Recipe::default() };
    let kept: BTreeSet<PathId> =
        live.iter().filter(|(_, id)| !dropped.contains(id)).map(|(path, _)| *path).collect();
    let counts = Counts::new(ledger, &live, &kept);
    walk(&ledger.tree, Tree::ROOT, &kept, &counts, &mut recipe);
    recipe.bytecode = chosen.iter().any(|at| findings[*at].rule == "python-bytecode");
    Variant {
        name: match depth {
            Depth::Minimal => "minimal",
            Depth::Distroless => "distroless",
        }
        .to_owned(),
        changes: changes.into_iter().collect(),
        findings: chosen,
        caveats: caveats(depth, stripped, recipe.bytecode),
        recipe: Some(recipe),
    }
}

fn caveats(depth: Depth, stripped: u64, bytecode: bool) -> Vec<String> {
    let mut caveats = vec![
        "Projected; it has not been built. Ask the service for an answer and import every extension module first".to_owned(),
        "It is one layer of its own and shares none with its base".to_owned(),
    ];
    match depth {
        Depth::Minimal => {
            caveats.push("The package manager still lists the packages whose files are gone".to_owned());
        }
        Depth::Distroless => caveats.push(
            "No shell, no package manager: the image's own interpreter is carried along with the libraries of \
             distroless python3, which itself is of another version"
                .to_owned(),
        ),
    }
    if stripped > 0 {
        let bytes = si(stripped);
        caveats.push(format!("{bytes} of symbols are stripped, with a check per file; debuggers see less"));
    } else {
        caveats.push("What stripping would free is known only where layers are not compressed".to_owned());
    }
    if bytecode {
        caveats.push("Without bytecode the service starts more slowly, up to twice as long".to_owned());
    }
    caveats
}

/// Whether a live entry belongs to the system and is in no list of what is carried.
fn is_system(ledger: &Ledger, id: EntryId) -> bool {
    let entry = ledger.entry(id);
    let path = ledger.tree.bytes(entry.path);
    // Accounts, certificates, time zones, the linker's configuration; and links such as /lib.
    let is_top = !path.contains(&b'/');
    if entry.is_directory() || is_top || path.starts_with(b"etc/") {
        return false;
    }
    let owner = ledger.owner_name(entry.owner);
    if let Some(package) = owner.strip_prefix("dpkg:") {
        let name = package.split(':').next().unwrap_or(package);
        return !CARRIED.contains(&name);
    }
    ["dpkg", "apt", "debconf", "apk", "rpm"].iter().any(|manager| owner.starts_with(&format!("{manager} (")))
        || path.starts_with(b"var/cache/")
        || path.starts_with(b"var/lib/dpkg/")
}

/// Every path, parents first.
fn all_paths(tree: &Tree) -> Vec<PathId> {
    tree.descendants(Tree::ROOT).collect()
}

/// Per path: how many files and links at or below it are kept, and how many there are.
struct Counts(BTreeMap<PathId, (u32, u32)>);

impl Counts {
    fn new(ledger: &Ledger, live: &[(PathId, EntryId)], kept: &BTreeSet<PathId>) -> Self {
        let mut counts: BTreeMap<PathId, (u32, u32)> = BTreeMap::new();
        for (path, id) in live {
            if matches!(ledger.entry(*id).kind, Kind::Member(_)) && !ledger.entry(*id).is_directory() {
                let is_kept = u32::from(kept.contains(path));
                for at in ledger.tree.ancestors(*path).chain([*path]) {
                    let count = counts.entry(at).or_default();
                    *count = (count.0 + is_kept, count.1 + 1);
                }
            }
        }
        Self(counts)
    }

    fn of(&self, path: PathId) -> (u32, u32) {
        self.0.get(&path).copied().unwrap_or_default()
    }
}

/// Decides what to copy whole and what to take out of it again, so that both lists stay short.
fn walk(tree: &Tree, path: PathId, kept: &BTreeSet<PathId>, counts: &Counts, recipe: &mut Recipe) {
    let mut children: Vec<_> = tree.children(path).collect();
    children.sort_by(|a, b| tree.name(*a).cmp(tree.name(*b)));
    for child in children {
        let (keep, all) = counts.of(child);
        let text = tree.path(child).to_string();
        if all == 0 {
            // An empty directory, or nothing at all: a few of them are part of any system.
            if kept.contains(&child) && !matches!(text.as_str(), "/dev" | "/proc" | "/sys") {
                recipe.copies.push(text);
            }
        } else if keep == all {
            recipe.copies.push(text);
        } else if keep > 0 && keep * 2 >= all && path != Tree::ROOT && text.matches('/').count() > 2 {
            recipe.copies.push(text);
            cut(tree, child, counts, recipe);
        } else if keep > 0 {
            walk(tree, child, kept, counts, recipe);
        }
    }
}

/// What is to be taken out below a directory that is copied whole; bytecode goes by its name.
fn cut(tree: &Tree, path: PathId, counts: &Counts, recipe: &mut Recipe) {
    let mut children: Vec<_> = tree.children(path).collect();
    children.sort_by(|a, b| tree.name(*a).cmp(tree.name(*b)));
    for child in children {
        match counts.of(child) {
            (_, 0) => {}
            (keep, all) if keep == all => {}
            (0, _) if tree.name(child) == b"__pycache__" => {}
            (0, _) => recipe.removals.push(tree.path(child).to_string()),
            _ => cut(tree, child, counts, recipe),
        }
    }
}
