//! Variants that carry what is left over into another image: nothing hidden comes along, so every byte that they add to
//! what they start from is one that a container sees.

use std::collections::BTreeSet;

use super::catalog::VARIANTS;
use super::collapse::collapse;
use super::cut::Cuts;
use super::ground::Ground;
use super::variant::{Added, Carry, Into, Recipe};
use super::{Variant, reasons};
use crate::advice::Safety;
use crate::audit::native::Linked;
use crate::ledger::{Change, EntryId, Kind, LayerId, PathId};
use crate::size::Size;

/// What `status.d` takes of the blob for each byte on disk: text like that compresses to a third.
const TEXT: u64 = 3;

/// Bytes of unused packages that are worth a variant of their own.
const WORTH: u64 = 1_000_000;

/// The base as it is, and on top of it what this build made and needs. `None` where the base is not known or nothing
/// would be left out.
pub fn multi_stage(ground: &Ground<'_>) -> Option<Variant> {
    let base = ground.base_layers();
    if base == 0 || ground.mapping.is_none_or(|mapping| mapping.file.stages.is_empty()) {
        return None;
    }
    let mut cuts = Cuts::follow(ground, &VARIANTS.multi_stage.rules, true);
    cuts.without_development(false);
    let own = |path: &PathId| ground.view.at(*path).is_some_and(|id| ground.is_own(id));
    // What dpkg keeps for itself is the base's again, unless a package of this build stays.
    let is_package = |path: &&PathId| ground.view.at(**path).is_some_and(|id| ground.debian(id).is_some());
    let left = cuts.left();
    let keeps_packages = left.iter().filter(|path| own(path)).any(|path| is_package(&path));
    let is_database = |path: &PathId| {
        let Some(id) = ground.view.at(*path) else { return false };
        let is_switch = ground.ledger.tree.bytes(*path).starts_with(b"var/lib/dpkg/alternatives/");
        is_switch
            || is_alternative(ground, id)
            || ground.is_system(id) && (!keeps_packages || !is_dpkg(ground, *path))
    };
    let carried: BTreeSet<PathId> =
        left.iter().filter(|path| own(path) && (is_package(path) || !is_database(path))).copied().collect();
    let paths = collapse(&ground.ledger.tree, &carried, &left, &BTreeSet::new(), |_| true);
    let mut paths: Vec<String> = paths.into_iter().filter_map(|path| ground.shown(path)).collect();
    paths.extend(empty_directories(ground, &left, own));
    paths.sort();
    paths.dedup();
    // The layers of the base stay whole; of this build's, what is carried.
    let kept = cuts.kept(&carried);
    let base_id = |id: &EntryId| !ground.is_own(*id);
    cuts.shrunk.retain(|id, _| kept.contains(id));
    let changes: Vec<Change> =
        cuts.changes(&carried).into_iter().filter(|change| !base_id(&changed(*change))).collect();
    let any = changes.iter().any(|change| ground.ledger.entry(changed(*change)).content > 0);
    any.then(|| Variant {
        name: "multi-stage".to_owned(),
        safety: Safety::Review,
        changes,
        adds: Vec::new(),
        findings: cuts.chosen,
        caveats: reasons::multi_stage(ground),
        recipe: Some(Recipe::Carry(Carry {
            steps: cuts.steps,
            strip: Size::ZERO,
            entrypoint: None,
            module: None,
            into: Into::Base { paths, deleted: deleted(ground) },
        })),
    })
}

/// Everything that a container sees but for what runs without, in one layer.
pub fn minimal(ground: &Ground<'_>) -> Variant {
    let cuts = deep(ground, &VARIANTS.unused.confidence);
    let names = ground.names();
    Variant {
        name: "minimal".to_owned(),
        safety: Safety::Review,
        changes: cuts.changes(&names),
        adds: Vec::new(),
        caveats: reasons::minimal(ground, &cuts),
        findings: cuts.chosen,
        recipe: Some(Recipe::Carry(Carry {
            steps: cuts.steps,
            strip: cuts.stripped,
            entrypoint: None,
            module: ground.module(),
            into: Into::Whole,
        })),
    }
}

/// The application, its interpreter and what they are linked to, and no system: `static` where nothing is linked to
/// anything, `distroless` otherwise. `None` where the command needs a shell, or a system that is not Debian's.
pub fn empty(ground: &Ground<'_>) -> Option<Variant> {
    carried(ground, &VARIANTS.unused.confidence, None)
}

/// The same without packages that only their users can tell whether they are needed; `None` where there are none.
pub fn lean(ground: &Ground<'_>) -> Option<Variant> {
    let variant = carried(ground, &VARIANTS.lean.confidence, Some("lean"))?;
    let Some(Recipe::Carry(carry)) = &variant.recipe else { return None };
    let unused = carry.steps.iter().filter(|step| step.rule == "audit");
    let freed: u64 = unused.map(|step| step.frees.content).sum();
    (freed >= WORTH).then_some(variant)
}

fn carried(ground: &Ground<'_>, confidence: &str, name: Option<&str>) -> Option<Variant> {
    if !reasons::shell(ground).is_empty() || ground.alone.programs.is_empty() {
        return None;
    }
    let is_static = is_static(ground);
    if !is_static && ground.installed.length("libc6") == 0 {
        return None;
    }
    let mut cuts = deep(ground, confidence);
    let links = ground.links(&cuts.gone, &ground.alone);
    let mut packages = ground.linked_packages(&links);
    // A program of the system brings along what its package depends on: the library of Debian's own Python is not
    // linked to anything.
    let starts = ground.alone.programs.iter().filter_map(|path| ground.debian(ground.view.at(*path)?));
    packages.extend(ground.installed.with_dependencies(&starts.map(ToOwned::to_owned).collect()));
    let by_name = VARIANTS.carried.packages.iter().filter(|name| ground.installed.length(name) > 0);
    packages.extend(
        by_name.filter(|name| !is_static || name.as_str() != "libgcc-s1" && *name != "libc6").cloned(),
    );

    let left = cuts.left();
    let of_package = |path: &PathId| {
        let name = ground.view.at(*path).and_then(|id| ground.debian(id));
        name.is_some_and(|name| packages.contains(name))
    };
    // What the system made when it was set up is in no package's list, whoever owns it.
    let told: BTreeSet<PathId> =
        left.iter().filter(|path| of_package(path) && !is_set_up(ground, **path)).copied().collect();
    let carried: BTreeSet<PathId> =
        left.iter().filter(|path| told.contains(path) || is_carried(ground, **path)).copied().collect();
    let paths = collapse(&ground.ledger.tree, &carried, &left, &told, |_| true);
    let mut paths: Vec<String> = paths.into_iter().filter_map(|path| ground.shown(path)).collect();
    paths.extend(
        VARIANTS
            .carried
            .directories
            .iter()
            .filter(|path| {
                let found = ground.view.locate(path.as_bytes());
                found.is_some_and(|found| ground.view.at(found).is_some())
            })
            .cloned(),
    );
    paths.extend(empty_directories(ground, &left, |path| {
        ground.view.at(*path).is_some_and(|id| ground.is_own(id))
    }));
    paths.sort();
    paths.dedup();

    let changes = cuts.changes(&carried);
    let kept = cuts.kept(&carried);
    cuts.shrunk.retain(|id, _| kept.contains(id));
    let strip = changes.iter().filter(|change| matches!(change, Change::Shrink(..))).copied();
    let strip = crate::ledger::freed(ground.ledger, strip);
    let mut adds = Vec::new();
    let records: u64 = packages.iter().map(|name| ground.installed.length(name)).sum();
    if records > 0 {
        let sums = ground.live.iter().filter(|(path, _)| {
            let name = ground.ledger.tree.name(*path).strip_suffix(b".md5sums".as_slice());
            let name =
                name.and_then(|name| std::str::from_utf8(name).ok()).and_then(|name| name.split(':').next());
            name.is_some_and(|name| packages.contains(name))
        });
        let sums: Size = sums.map(|(_, id)| ground.ledger.entry(*id).size()).sum();
        let what = format!("what dpkg knows of {} packages, in /var/lib/dpkg/status.d", packages.len());
        adds.push(Added { what, size: sums + Size::new(records, records / TEXT) });
    }
    Some(Variant {
        name: name.unwrap_or(if is_static { "static" } else { "distroless" }).to_owned(),
        // What only a person can tell is not to be taken on trust.
        safety: if name.is_some() { Safety::Risky } else { Safety::Review },
        changes,
        adds,
        caveats: reasons::empty(ground, &cuts, &links, is_static),
        findings: cuts.chosen,
        recipe: Some(Recipe::Carry(Carry {
            steps: cuts.steps,
            strip,
            entrypoint: ground.direct.clone(),
            module: ground.module(),
            into: Into::Empty { packages: packages.into_iter().collect(), paths },
        })),
    })
}

/// Everything that runs without is taken out.
fn deep<'g, 'a>(ground: &'g Ground<'a>, confidence: &str) -> Cuts<'g, 'a> {
    let mut cuts = Cuts::follow(ground, &VARIANTS.minimal.rules, false);
    cuts.without_unused(confidence);
    cuts.without_development(confidence == VARIANTS.lean.confidence);
    cuts.strip();
    cuts
}

/// Whether what the command starts needs nothing but the kernel, and nothing of the application does.
fn is_static(ground: &Ground<'_>) -> bool {
    ground.alone.programs.iter().all(|path| ground.linked(*path).is_some_and(Linked::is_static))
}

/// What comes along without being a package of the system.
fn is_carried(ground: &Ground<'_>, path: PathId) -> bool {
    let tree = &ground.ledger.tree;
    let Some(id) = ground.view.at(path) else { return false };
    let bytes = tree.bytes(path);
    if is_set_up(ground, path) {
        return true;
    }
    // Links such as /lib -> usr/lib.
    if !bytes.contains(&b'/') {
        return ground.ledger.entry(id).kind == Kind::Member(crate::layer::MemberKind::Symlink);
    }
    if ground.is_system(id) || is_alternative(ground, id) {
        return false;
    }
    // What nobody owns of a base is what its packages' scripts made.
    let is_unowned = ground.ledger.entry(id).owner == crate::ledger::Ledger::UNOWNED && !ground.is_own(id);
    if is_unowned
        && (bytes.starts_with(b"usr/") && !bytes.starts_with(b"usr/local/") || bytes.starts_with(b"var/"))
    {
        return false;
    }
    let is_of_system =
        [&b"etc/"[..], b"var/cache/", b"var/log/", b"var/lib/dpkg/", b"dev/", b"proc/", b"sys/"]
            .iter()
            .any(|directory| bytes.starts_with(directory));
    !is_of_system || ground.is_own(id) && bytes.starts_with(b"etc/") && is_application(ground, id)
}

/// Whether a path is of those that the system makes when it is set up.
fn is_set_up(ground: &Ground<'_>, path: PathId) -> bool {
    let bytes = ground.ledger.tree.bytes(path);
    VARIANTS.carried.paths.iter().any(|listed| {
        let listed = listed.trim_start_matches('/').as_bytes();
        bytes.strip_prefix(listed).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    })
}

/// Whether an entry is a link that `update-alternatives` made, which goes with its package.
fn is_alternative(ground: &Ground<'_>, id: EntryId) -> bool {
    ground.ledger.tree.text(ground.ledger.entry(id).link).starts_with(b"/etc/alternatives/")
}

fn is_application(ground: &Ground<'_>, id: EntryId) -> bool {
    ground.ledger.owner_name(ground.ledger.entry(id).owner) == "application"
}

fn is_dpkg(ground: &Ground<'_>, path: PathId) -> bool {
    ground.ledger.tree.bytes(path).starts_with(b"var/lib/dpkg/")
}

/// Directories with nothing in them that somebody made on purpose, and that do not go with what was around them.
fn empty_directories<'g>(
    ground: &'g Ground<'_>,
    left: &BTreeSet<PathId>,
    wanted: impl Fn(&PathId) -> bool + 'g,
) -> Vec<String> {
    let tree = &ground.ledger.tree;
    let above = |paths: &mut dyn Iterator<Item = PathId>| -> BTreeSet<PathId> {
        paths.flat_map(|path| tree.ancestors(path)).collect()
    };
    let filled = above(&mut ground.live.iter().map(|(path, _)| *path));
    let (had, has) = (above(&mut ground.names().into_iter()), above(&mut left.iter().copied()));
    let is_empty = |(path, id): &&(PathId, EntryId)| {
        let is_gone = || tree.ancestors(*path).any(|above| had.contains(&above) && !has.contains(&above));
        ground.ledger.entry(*id).is_directory() && !filled.contains(path) && wanted(path) && !is_gone()
    };
    let places = ["/dev", "/proc", "/sys", "/usr", "/var/lib", "/var/cache", "/var/log"];
    let is_place = |path: &str| !places.iter().any(|place| path.starts_with(place));
    let empty = ground.live.iter().filter(is_empty).filter(|(_, id)| !ground.is_system(*id));
    empty.filter_map(|(path, _)| ground.shown(*path)).filter(|path| is_place(path)).collect()
}

/// What this build had deleted of its base: whiteouts of its layers that hide something of a lower one.
fn deleted(ground: &Ground<'_>) -> Vec<String> {
    let ledger = ground.ledger;
    let hidden = ledger.ids().filter(|id| {
        let entry = ledger.entry(*id);
        let by_own = matches!(entry.fate, crate::ledger::Fate::Deleted(LayerId(by)) if usize::from(by) >= ground.base_layers());
        !ground.is_own(*id) && by_own && !entry.is_directory()
    });
    let paths: BTreeSet<PathId> = hidden.map(|id| ledger.entry(id).path).collect();
    let gone: BTreeSet<PathId> = paths.into_iter().filter(|path| ground.view.at(*path).is_none()).collect();
    let present: BTreeSet<PathId> = ground.names().union(&gone).copied().collect();
    let list = collapse(&ledger.tree, &gone, &present, &BTreeSet::new(), |path| path.contains(&b'/'));
    list.into_iter().filter_map(|path| ground.shown(path)).collect()
}

fn changed(change: Change) -> EntryId {
    match change {
        Change::Drop(id) | Change::Shrink(id, _) => id,
    }
}
