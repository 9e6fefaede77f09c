//! The audit of Python distributions, from what was captured to packages with verdicts.

use std::collections::{BTreeMap, BTreeSet};

use super::catalog::CATALOG;
use super::command::{self, Started};
use super::declared::manifests;
use super::judge::Case;
use super::manifest::{Declared, Manifest};
use super::python::evidence::{self, Evidence};
use super::python::modules::{Gather, Home};
use super::python::{Distribution, Environment, Facts, Modules, distribution};
use super::reach::{Ground, Reach};
use super::requires::Requires;
use super::roots::{roots, search, starts};
use super::verdict::{Dynamic, Package, Verdict};
use super::{Audit, Options, linked, node, question, system};
use crate::error::Warning;
use crate::image::Image;
use crate::ledger::{ChainView, Ledger, OwnerId};
use crate::owners::{Ownership, Rank};
use crate::size::Size;

/// All that questions are answered from.
pub(super) struct World<'w, 'a> {
    pub ledger: &'w Ledger,
    pub distributions: &'w [Distribution],
    pub modules: &'w Modules<'a>,
    pub reach: &'w Reach,
    pub evidence: &'w [Evidence],
    pub requires: &'w Requires,
    pub declared: &'w [&'w Declared],
    pub sizes: &'w [Size],
    pub environment: &'w Environment,
}

pub(super) fn run(image: &Image, ledger: &Ledger, ownership: &Ownership, options: &Options) -> Audit {
    let view = ChainView::last(ledger);
    let distributions = distribution::installed(&view, ownership);
    let started = command::follow(&view, &image.config.config);
    let search = search(&view, image);
    let sources: Vec<(String, Facts)> = options
        .sources
        .iter()
        .filter(|(path, _)| path.strip_suffix(".py").is_some())
        .map(|(path, content)| (path.clone(), super::python::read(content)))
        .collect();
    let mut modules = Modules::gather(&Gather { view: &view, distributions: &distributions, search });
    modules.add_sources(&sources);
    let version = modules.versions.iter().max_by_key(|(_, count)| **count).map(|(version, _)| *version);
    let environment = Environment::new(version, &image.platform);
    let manifests = manifests(&view, image, options);
    let declared: Vec<&Declared> = manifests.iter().flat_map(|manifest| &manifest.declared).collect();
    let live = ledger.live_by_owner();
    let sizes: Vec<Size> = sizes(&distributions, &live.iter().map(|share| share.size).collect::<Vec<_>>());
    let mut requires = Requires::new(&distributions, &sizes, &environment, &declared);
    let ground = Ground::new(&modules, &distributions, &environment, &requires.by_distribution);
    let (roots, words) = roots(&view, &modules, &started, options);
    let reach = ground.reach(&roots);
    let evidence = evidence::fold(&modules, &reach, distributions.len());
    let starts = starts(&modules, &roots, &started);
    drop(ground);
    // What the application reaches stays, declared or not.
    let none = BTreeSet::new();
    let installed_for = requires.graph.reachable(&none, &none);
    let reached_roots: Vec<usize> = (0..distributions.len())
        .filter(|position| !installed_for.contains(position))
        .filter(|position| {
            evidence[*position].tier.is_some_and(super::Tier::runs_at_start) || starts.contains(position)
        })
        .collect();
    requires.graph.roots.extend(reached_roots);
    let installed_for = requires.graph.reachable(&none, &none);

    let world = World {
        ledger,
        distributions: &distributions,
        modules: &modules,
        reach: &reach,
        evidence: &evidence,
        requires: &requires,
        declared: &declared,
        sizes: &sizes,
        environment: &environment,
    };
    let mut audit = Audit { roots: words, transfer_known: ledger.transfer_exact, ..Audit::default() };
    audit.dynamic = dynamic(&modules, &reach);
    audit.alternatives = world.alternatives();
    audit.circles = world.circles();
    judge(&world, &environment, &installed_for, &starts, &manifests, options, &mut audit);
    audit.why = options.why.iter().map(|name| question::why(&world, name, &manifests)).collect();
    if !options.without.is_empty() {
        audit.without = Some(question::without(&world, &options.without));
    }
    audit.warnings = warnings(&modules, &manifests, &requires, &started);
    audit.manifests.clone_from(&manifests);
    others(&view, ownership, &world, &started, &mut audit);
    audit
}

/// The packages of the system and of Node, beside those of Python.
fn others(
    view: &ChainView<'_>,
    ownership: &Ownership,
    world: &World<'_, '_>,
    started: &Started,
    audit: &mut Audit,
) {
    // What runs: the command's programs, extension modules of what is reached, the interpreter's own, and whatever the
    // application brings along.
    let reached =
        world.distributions.iter().zip(world.evidence).filter(|(_, evidence)| evidence.tier.is_some());
    let mut owners: BTreeSet<OwnerId> = reached.map(|(one, _)| one.owner).collect();
    owners.extend(
        ownership
            .packages
            .iter()
            .filter(|package| package.rank == Rank::Runtime)
            .map(|package| package.owner),
    );
    owners.extend(
        (0..)
            .map(OwnerId)
            .zip(&world.ledger.owners)
            .filter(|(_, id)| matches!(id.as_str(), "unowned" | "application"))
            .map(|(id, _)| id),
    );
    let mut starts = linked::extensions(view, &owners);
    starts.extend(&started.programs);
    let links = linked::follow(view, &starts);
    let system = system::audit(view, ownership, &links);
    let node = node::audit(view, &started.words);
    for (packages, joint, names) in [
        (system.packages, system.joint, system.joint_packages),
        (node.packages, node.joint, node.joint_packages),
    ] {
        audit.packages.extend(packages);
        audit.joint += joint;
        audit.joint_packages.extend(names);
    }
    audit.dynamic.extend(node.dynamic);
    audit.node_going = node.going;
    (audit.autoremove, audit.recommended, audit.duplicates) =
        (system.autoremove, system.recommended, node.duplicates);
    let order = |one: &Package, other: &Package| {
        (other.retained.content, &one.name, &one.id).cmp(&(one.retained.content, &other.name, &other.id))
    };
    audit.packages.sort_by(order);
    audit.could_go =
        (0..audit.packages.len()).filter(|position| audit.packages[*position].could_go).collect();
}

/// A distribution weighs what its owner has; installed twice, the first one has all of it.
fn sizes(distributions: &[Distribution], live: &[Size]) -> Vec<Size> {
    let mut seen = BTreeSet::new();
    distributions
        .iter()
        .map(|one| {
            if seen.insert(one.owner) {
                live.get(one.owner.0 as usize).copied().unwrap_or_default()
            } else {
                Size::ZERO
            }
        })
        .collect()
}

/// Dynamic imports in code that is reached, except those that are explained.
fn dynamic(modules: &Modules<'_>, reach: &Reach) -> Vec<Dynamic> {
    let mut found = Vec::new();
    for id in reach.reached.keys() {
        let module = modules.get(*id);
        let ours = module.place == Home::Application;
        if !ours && CATALOG.explains(&module.name).is_some() {
            continue;
        }
        for named in module.facts.iter().flat_map(|facts| &facts.dynamic) {
            // What an installed package executes is its own business far more often than a way to import.
            if ours || &*named.text != "exec" {
                found.push(Dynamic {
                    ours,
                    at: format!("{}:{}", module.path, named.line),
                    call: named.text.to_string(),
                });
            }
        }
    }
    found.sort_by(|one, other| (!one.ours, &one.at).cmp(&(!other.ours, &other.at)));
    found.dedup();
    found
}

fn judge(
    world: &World<'_, '_>,
    environment: &Environment,
    installed_for: &BTreeSet<usize>,
    starts: &BTreeSet<usize>,
    manifests: &[Manifest],
    options: &Options,
    audit: &mut Audit,
) {
    let count = world.distributions.len();
    let declared: BTreeSet<usize> = if world.declared.is_empty() {
        (0..count).filter(|position| world.distributions[*position].requested).collect()
    } else {
        world.declared.iter().filter_map(|one| world.requires.named(&one.name)).collect()
    };
    let base_required = world.distributions.iter().map(|one| {
        let base = one.requires.iter().filter(|requirement| environment.applies(requirement, &[]));
        base.filter_map(|requirement| world.requires.named(&requirement.name)).collect()
    });
    let ours = audit.dynamic.iter().filter(|one| one.ours).count();
    let case = Case {
        distributions: world.distributions,
        modules: world.modules,
        evidence: world.evidence,
        reach: world.reach,
        installed_for,
        declared: &declared,
        started: starts,
        base_required: base_required.collect(),
        dynamic: (ours, audit.dynamic.len() - ours),
        has_manifest: !declared.is_empty(),
        opened: opened(world, options),
    };
    let retained = world.requires.graph.retained();
    let names = |nodes: &mut Vec<usize>| -> Vec<String> {
        nodes.retain(|node| *node < count);
        nodes.sort_by_key(|node| (std::cmp::Reverse(world.sizes[*node].content), *node));
        nodes.iter().map(|node| world.distributions[*node].name.clone()).collect()
    };
    let (mut gone_nodes, mut gone_roots) = (BTreeSet::new(), BTreeSet::new());
    let mut found = Vec::new();
    for (position, one) in world.distributions.iter().enumerate() {
        let judgement = case.judge(position);
        let line = world.line(position, manifests);
        if judgement.could_go {
            let roots = world.roots_of(position);
            if roots.is_empty() || judgement.verdict == Verdict::Leftover {
                gone_nodes.insert(position);
            }
            gone_roots.extend(roots);
        }
        let required_by =
            (0..count).filter(|other| world.requires.by_distribution[*other].contains(&position));
        let alternatives = audit.alternatives.iter().filter(|group| group.contains(&one.name)).flatten();
        let mut alternatives: Vec<String> = alternatives.filter(|name| **name != one.name).cloned().collect();
        alternatives.sort();
        alternatives.dedup();
        found.push(Package {
            id: world.ledger.owner_name(one.owner).to_owned(),
            name: one.name.clone(),
            version: one.version.clone(),
            verdict: judgement.verdict,
            confidence: judgement.confidence,
            could_go: judgement.could_go,
            reached: world.evidence[position].tier,
            own: world.sizes[position],
            retained: retained.of(position),
            keeps: names(&mut retained.kept_by(position).to_vec()),
            required_by: required_by.map(|other| world.distributions[other].name.clone()).collect(),
            declared: line.as_ref().map(|(file, number, _)| (file.clone(), *number)),
            line: line.map(|(_, _, freed)| freed),
            alternatives,
            because: judgement.because,
        });
    }
    let freed = world.requires.graph.freed(&gone_nodes, &gone_roots);
    audit.joint = world.requires.graph.size_of(&freed);
    audit.joint_packages = names(&mut freed.into_iter().collect());
    audit.packages = found;
}

/// Distributions of which a trace opened anything but metadata.
fn opened(world: &World<'_, '_>, options: &Options) -> Option<BTreeSet<usize>> {
    if options.opened.is_empty() {
        return None;
    }
    let view = ChainView::last(world.ledger);
    let owners: BTreeMap<_, _> =
        world.distributions.iter().enumerate().map(|(position, one)| (one.owner, position)).collect();
    let paths = options.opened.iter().flatten();
    let opened = paths
        .filter(|path| !path.contains(".dist-info/") && !path.contains(".egg-info/"))
        .filter_map(|path| {
            if let Some(module) = path.strip_prefix("module:") {
                return match world.modules.get(*world.modules.chain(module, None).last()?).place {
                    Home::Distribution(position) => Some(position),
                    _ => None,
                };
            }
            let found = view.follow(path.as_bytes())?;
            let entry = view.entry(found).filter(|entry| !entry.is_directory())?;
            owners.get(&entry.owner).copied()
        });
    Some(opened.collect())
}

fn warnings(
    modules: &Modules<'_>,
    manifests: &[Manifest],
    requires: &Requires,
    started: &Started,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let unread: Vec<_> =
        modules.all.iter().filter(|module| module.facts.is_some_and(|facts| facts.unread)).collect();
    let ours = unread.iter().filter(|module| module.place == Home::Application);
    warnings.extend(
        ours.map(|module| Warning::new("audit", format!("{} is no Python that could be read", module.path))),
    );
    let absent: BTreeSet<&str> = manifests
        .iter()
        .flat_map(|manifest| &manifest.declared)
        .filter(|declared| declared.group.is_none() && requires.named(&declared.name).is_none())
        .map(|declared| declared.name.as_str())
        .collect();
    if !absent.is_empty() {
        let names: Vec<_> = absent.into_iter().collect();
        warnings.push(Warning::new("audit", format!("declared and not installed: {}", names.join(", "))));
    }
    warnings.extend(
        started.unknown.iter().map(|line| Warning::new("audit", format!("`{line}` could not be followed"))),
    );
    warnings
}
