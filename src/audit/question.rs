//! Answers to single questions: what keeps a package, and what goes without one.

use std::collections::{BTreeSet, VecDeque};

use super::manifest::Manifest;
use super::python::distribution::Requirement;
use super::python::modules::Home;
use super::run::World;
use crate::size::Size;

/// What keeps one package.
#[derive(Debug, Clone, Default)]
pub struct Chain {
    /// The name that was asked for.
    pub name: String,
    /// Whether it is installed at all.
    pub installed: bool,
    /// The most certain path of imports to it, step by step; empty where there is none.
    pub imports: Vec<String>,
    /// The shortest path of requirements to it; empty where there is none.
    pub metadata: Vec<String>,
}

/// What goes with a set of packages.
#[derive(Debug, Clone, Default)]
pub struct Without {
    /// The names that were asked for.
    pub names: Vec<String>,
    /// Those of them that are not installed.
    pub unknown: Vec<String>,
    /// Their own bytes.
    pub own: Size,
    /// Everything that goes.
    pub total: Size,
    /// Each package that goes, with its bytes, largest first.
    pub goes: Vec<(String, String, Size)>,
    /// Packages that stay because something else requires them, though the set does too.
    pub shared: Vec<(String, Vec<String>)>,
    /// Packages that stay and whose versions the set held back: a new resolution may choose others.
    pub held_back: Vec<HeldBack>,
    /// Packages that stay although they were named, because others require them: what must go too.
    pub kept: Vec<(String, Vec<String>)>,
    /// Packages whose code is reached by what stays: what would break.
    pub breaks: Vec<String>,
    /// Deleted or overwritten bytes of the same packages that ship in lower layers: their wheels.
    pub hidden: Size,
}

/// A package whose version was held back by one that goes.
#[derive(Debug, Clone)]
pub struct HeldBack {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// By which requirement, of which package.
    pub by: String,
    /// Its bytes, with those of what only it keeps: what may change.
    pub size: Size,
}

impl World<'_, '_> {
    /// Groups of which one must stay, by name.
    pub fn alternatives(&self) -> Vec<Vec<String>> {
        let groups = super::python::evidence::alternatives(self.modules, self.reach, self.evidence);
        groups.into_iter().map(|group| self.names(group)).collect()
    }

    /// Groups that keep each other, by name.
    pub fn circles(&self) -> Vec<Vec<String>> {
        let circles = self.requires.graph.circles().into_iter();
        let named = circles.map(|circle| {
            let distributions: Vec<usize> =
                circle.into_iter().filter(|node| *node < self.distributions.len()).collect();
            self.names(distributions)
        });
        named.filter(|names| names.len() > 1).collect()
    }

    fn names(&self, nodes: impl IntoIterator<Item = usize>) -> Vec<String> {
        nodes.into_iter().map(|node| self.distributions[node].name.clone()).collect()
    }

    /// The roots that a distribution's declaration makes: itself and its extras.
    pub fn roots_of(&self, position: usize) -> BTreeSet<usize> {
        let extras =
            self.requires.extras.iter().filter(|((owner, _), _)| *owner == position).map(|(_, node)| *node);
        extras.chain([position]).filter(|node| self.requires.graph.roots.contains(node)).collect()
    }

    /// Where a distribution is declared, and what dropping that line frees.
    pub fn line(&self, position: usize, manifests: &[Manifest]) -> Option<(String, usize, Size)> {
        let name = &self.distributions[position].name;
        let found = manifests.iter().find_map(|manifest| {
            let declared = manifest.declared.iter().find(|declared| declared.name == *name)?;
            Some((manifest.path.clone(), *declared.lines.start()))
        })?;
        let freed = self.requires.graph.freed(&BTreeSet::new(), &self.roots_of(position));
        Some((found.0, found.1, self.requires.graph.size_of(&freed)))
    }
}

/// What keeps a package.
pub(super) fn why(world: &World<'_, '_>, name: &str, manifests: &[Manifest]) -> Chain {
    let name = super::python::distribution::normalise(name);
    let Some(position) = world.requires.named(&name) else { return Chain { name, ..Chain::default() } };
    let mut chain = Chain { name, installed: true, ..Chain::default() };
    if let Some(module) = world.evidence[position].module {
        let path = world.reach.path(module);
        for (id, reached) in &path {
            let module = world.modules.get(*id);
            let whose = match module.place {
                Home::Application => "the application".to_owned(),
                Home::Distribution(position) => world.distributions[position].name.clone(),
                Home::Nobody => "nobody".to_owned(),
            };
            chain.imports.push(match reached.from {
                None => format!("{} ({whose}) is a root", module.name),
                Some(from) => {
                    let from = world.modules.get(from);
                    let at = if reached.line > 0 {
                        format!("{}:{}", from.path, reached.line)
                    } else {
                        from.path.clone()
                    };
                    format!("{} {} ({whose}), {at}", reached.step.verb(), module.name)
                }
            });
        }
    }
    chain.metadata = required(world, position, manifests);
    chain
}

/// The shortest path of requirements from a root.
fn required(world: &World<'_, '_>, to: usize, manifests: &[Manifest]) -> Vec<String> {
    let graph = &world.requires.graph;
    let mut before: Vec<Option<usize>> = vec![None; graph.sizes.len()];
    let mut seen: BTreeSet<usize> = graph.roots.clone();
    let mut queue: VecDeque<usize> = graph.roots.iter().copied().collect();
    while let Some(node) = queue.pop_front() {
        if node == to {
            break;
        }
        for next in &graph.requires[node] {
            if seen.insert(*next) {
                before[*next] = Some(node);
                queue.push_back(*next);
            }
        }
    }
    if !seen.contains(&to) {
        return Vec::new();
    }
    let mut path = vec![to];
    while let Some(node) = path.last().and_then(|node| before[*node]) {
        path.push(node);
    }
    path.reverse();
    let named = |node: usize| match world.requires.extras.iter().find(|(_, extra)| **extra == node) {
        Some(((position, extra), _)) => format!("{}[{extra}]", world.distributions[*position].name),
        None => world.distributions[node].name.clone(),
    };
    let mut lines = Vec::new();
    for (index, node) in path.iter().enumerate() {
        let name = named(*node);
        if index > 0 {
            lines.push(format!("requires {name}"));
            continue;
        }
        let bare = name.split('[').next().unwrap_or(&name).to_owned();
        let at = manifests.iter().find_map(|manifest| {
            let declared = manifest.declared.iter().find(|declared| declared.name == bare)?;
            Some(format!("{}:{}", manifest.path, declared.lines.start()))
        });
        lines.push(match at {
            Some(at) => format!("{name} is declared in {at}"),
            None => format!("{name} is a root: asked for by name, or reached by the application"),
        });
    }
    lines
}

/// What goes with a set: declared ones by dropping their lines and themselves, jointly.
#[expect(
    clippy::too_many_lines,
    reason = "one question from beginning to end; its steps share most of its state"
)]
pub(super) fn without(world: &World<'_, '_>, asked: &[String]) -> Without {
    let graph = &world.requires.graph;
    let count = world.distributions.len();
    let mut without = Without::default();
    let (mut named, mut nodes, mut roots) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for name in asked {
        // `uvicorn[standard]` takes the extra away and leaves the package.
        let (name, extra) = match name.split_once('[') {
            Some((name, extra)) => (name, Some(extra.trim_end_matches(']'))),
            None => (name.as_str(), None),
        };
        let name = super::python::distribution::normalise(name);
        let position = world.requires.named(&name);
        let found = match (position, extra) {
            (Some(position), Some(extra)) => {
                let node =
                    world.requires.extras.get(&(position, super::python::distribution::normalise(extra)));
                node.map(|node| roots.insert(*node))
            }
            (Some(position), None) => {
                named.insert(position);
                roots.extend(world.roots_of(position));
                Some(nodes.insert(position))
            }
            (None, _) => None,
        };
        match found {
            Some(_) => without.names.push(name),
            None => without.unknown.push(name),
        }
    }
    let freed = graph.freed(&nodes, &roots);
    let left = graph.reachable(&nodes, &roots);
    without.own = graph.size_of(&named);
    without.total = graph.size_of(&freed);
    let mut goes: Vec<usize> = freed.iter().copied().filter(|node| *node < count).collect();
    goes.sort_by_key(|node| (std::cmp::Reverse(world.sizes[*node].content), *node));
    for node in &goes {
        let one = &world.distributions[*node];
        without.goes.push((one.name.clone(), one.version.clone(), world.sizes[*node]));
    }
    let goes: BTreeSet<usize> = goes.into_iter().collect();
    for node in &named {
        let keepers =
            world.names((0..count).filter(|other| {
                !goes.contains(other) && world.requires.by_distribution[*other].contains(node)
            }));
        if !keepers.is_empty() {
            without.kept.push((world.distributions[*node].name.clone(), keepers));
        }
        let code = world.evidence[*node].steps.iter().filter(|(from, step)| {
            let stays = match world.modules.get(*from).place {
                Home::Distribution(other) => !goes.contains(&other),
                _ => true,
            };
            let at_start = world.reach.reached.get(from).is_some_and(|reached| reached.tier.runs_at_start());
            stays && at_start && step.tier == super::Tier::Hard
        });
        without.breaks.extend(code.take(1).map(|(from, step)| {
            format!(
                "{}:{} imports {}",
                world.modules.get(*from).path,
                step.line,
                world.modules.get(step.to).name
            )
        }));
    }
    let shared: BTreeSet<usize> = goes
        .iter()
        .flat_map(|node| &world.requires.by_distribution[*node])
        .filter(|node| left.contains(node))
        .copied()
        .collect();
    let retained = graph.retained();
    for node in shared {
        let keepers =
            world.names((0..count).filter(|other| {
                left.contains(other) && world.requires.by_distribution[*other].contains(&node)
            }));
        let one = &world.distributions[node];
        without.shared.push((one.name.clone(), keepers));
        let applies = |requirement: &&Requirement| {
            requirement.name == one.name
                && requirement.holds_back()
                && world.environment.applies(requirement, &[])
        };
        let holds = |position: &usize| world.distributions[*position].requires.iter().find(applies);
        // What something that stays holds back too, or the project pins, stays as it is.
        let is_pinned = left.iter().filter(|node| **node < count).any(|node| holds(node).is_some())
            || world
                .declared
                .iter()
                .filter(|declared| declared.name == one.name)
                .any(|declared| declared.requirement.as_ref().is_some_and(Requirement::holds_back));
        let held = goes.iter().find_map(|gone| Some((gone, holds(gone)?)));
        if let Some((gone, requirement)) = held.filter(|_| !is_pinned) {
            let by = format!("{} requires {}", world.distributions[*gone].name, requirement.text);
            without.held_back.push(HeldBack {
                name: one.name.clone(),
                version: one.version.clone(),
                by,
                size: retained.of(node),
            });
        }
    }
    without.hidden = hidden(world, &goes);
    without
}

/// Wheels of what goes that a later layer deleted, and that ship all the same.
fn hidden(world: &World<'_, '_>, goes: &BTreeSet<usize>) -> Size {
    let wheels: BTreeSet<(String, String)> = goes
        .iter()
        .map(|node| (world.distributions[*node].name.clone(), world.distributions[*node].version.clone()))
        .collect();
    let ledger = world.ledger;
    let is_wheel = |path| {
        let name = String::from_utf8_lossy(ledger.tree.name(path));
        let Some(stem) = name.strip_suffix(".whl") else { return false };
        let mut words = stem.split('-');
        let (Some(name), Some(version)) = (words.next(), words.next()) else { return false };
        wheels.contains(&(super::python::distribution::normalise(name), version.to_owned()))
    };
    ledger
        .entries
        .iter()
        .filter(|entry| entry.is_file() && !entry.fate.is_live() && is_wheel(entry.path))
        .map(crate::ledger::Entry::size)
        .sum()
}
