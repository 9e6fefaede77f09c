//! What pip would install: distributions, their extras, and what they require of each other on this platform.

use std::collections::{BTreeMap, BTreeSet};

use super::manifest::Declared;
use super::python::{Distribution, Environment};
use super::retained::Graph;
use crate::size::Size;

/// The graph of what distributions require, with a node for each distribution and one for each extra that is asked for.
#[derive(Debug, Default)]
pub struct Requires {
    /// The graph; the first nodes are the distributions, in their order.
    pub graph: Graph,
    /// What each distribution requires here, extras that are asked for included, by position.
    pub by_distribution: Vec<BTreeSet<usize>>,
    /// Extras that are asked for: distribution, extra → node.
    pub extras: BTreeMap<(usize, String), usize>,
    /// The roots that each declaration makes: the distribution and its extras.
    pub lines: Vec<Vec<usize>>,
    by_name: BTreeMap<String, usize>,
}

impl Requires {
    /// Builds the graph. `declared` are the project's own requirements; where there is none, what pip was asked for.
    pub fn new(
        distributions: &[Distribution],
        sizes: &[Size],
        environment: &Environment,
        declared: &[&Declared],
    ) -> Self {
        let mut requires = Self::default();
        for (position, distribution) in distributions.iter().enumerate() {
            requires.graph.add(sizes[position]);
            // Of two installations of one name, the first in the order of their directories.
            requires.by_name.entry(distribution.name.clone()).or_insert(position);
        }
        for (position, distribution) in distributions.iter().enumerate() {
            requires.edges(distributions, environment, position, position, distribution, None);
        }
        for line in declared {
            let holds = line.requirement.as_ref().is_none_or(|one| environment.applies(one, &[]));
            let roots = if holds {
                requires.nodes(distributions, environment, &line.name, &line.extras)
            } else {
                Vec::new()
            };
            requires.graph.roots.extend(&roots);
            requires.lines.push(roots);
        }
        if declared.is_empty() {
            requires.infer(distributions, environment);
        }
        requires.by_distribution = (0..distributions.len())
            .map(|position| requires.required_by(position, distributions.len()))
            .collect();
        requires
    }

    /// The distribution of a normalised name.
    pub fn named(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// The nodes that a requirement with extras leads to, made if they are new.
    fn nodes(
        &mut self,
        distributions: &[Distribution],
        environment: &Environment,
        name: &str,
        extras: &[String],
    ) -> Vec<usize> {
        let Some(position) = self.named(name) else { return Vec::new() };
        let mut nodes = vec![position];
        for extra in extras {
            let key = (position, extra.clone());
            if let Some(node) = self.extras.get(&key) {
                nodes.push(*node);
                continue;
            }
            let node = self.graph.add(Size::ZERO);
            self.extras.insert(key, node);
            self.graph.requires[node].insert(position);
            self.edges(distributions, environment, node, position, &distributions[position], Some(extra));
            nodes.push(node);
        }
        nodes
    }

    /// Adds what a distribution requires, or what one of its extras adds.
    fn edges(
        &mut self,
        distributions: &[Distribution],
        environment: &Environment,
        node: usize,
        position: usize,
        distribution: &Distribution,
        extra: Option<&String>,
    ) {
        let asked: Vec<String> = extra.cloned().into_iter().collect();
        for requirement in &distribution.requires {
            let applies = environment.applies(requirement, &asked)
                && (extra.is_none() || !environment.applies(requirement, &[]));
            if applies {
                let to = self.nodes(distributions, environment, &requirement.name, &requirement.extras);
                // `all` of an extra that names its own distribution.
                self.graph.requires[node]
                    .extend(to.into_iter().filter(|to| *to != position || extra.is_some()));
            }
        }
    }

    /// Without a file that declares anything: what pip was asked for by name, and the extras of it that were, as far as
    /// what is installed tells. An extra was asked for if all that it adds is there and something of it for no other reason.
    fn infer(&mut self, distributions: &[Distribution], environment: &Environment) {
        let requested: Vec<usize> =
            (0..distributions.len()).filter(|position| distributions[*position].requested).collect();
        self.graph.roots.extend(&requested);
        for position in requested {
            for extra in &distributions[position].extras {
                let asked = [extra.clone()];
                let mut adds = distributions[position]
                    .requires
                    .iter()
                    .filter(|requirement| {
                        environment.applies(requirement, &asked) && !environment.applies(requirement, &[])
                    })
                    .peekable();
                let reached = self.graph.reachable(&BTreeSet::new(), &BTreeSet::new());
                let is_new = |name: &str| self.named(name).is_some_and(|found| !reached.contains(&found));
                let adds: Vec<&str> = adds.by_ref().map(|requirement| requirement.name.as_str()).collect();
                let is_there = adds.iter().all(|name| self.named(name).is_some());
                if is_there && adds.iter().any(|name| is_new(name)) {
                    let name = distributions[position].name.clone();
                    let nodes = self.nodes(distributions, environment, &name, &asked);
                    self.graph.roots.extend(nodes);
                }
            }
        }
    }

    /// The distributions that one requires, through the nodes of extras.
    fn required_by(&self, position: usize, count: usize) -> BTreeSet<usize> {
        let own_extras =
            self.extras.iter().filter(|((owner, _), _)| *owner == position).map(|(_, node)| *node);
        let mut left: Vec<usize> =
            own_extras.chain([position]).flat_map(|node| self.graph.requires[node].iter().copied()).collect();
        let mut found = BTreeSet::new();
        while let Some(node) = left.pop() {
            if node < count {
                found.insert(node);
            } else {
                left.extend(self.graph.requires[node].iter().copied().filter(|to| *to < count));
            }
        }
        found.remove(&position);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::manifest;
    use crate::audit::python::distribution::Requirement;
    use crate::image::Platform;
    use crate::ledger::{OwnerId, PathId};

    fn distribution(name: &str, requires: &[&str], extras: &[&str]) -> Distribution {
        Distribution {
            name: name.to_owned(),
            version: "1".to_owned(),
            info: PathId(0),
            site: PathId(0),
            owner: OwnerId(0),
            requires: requires.iter().filter_map(|text| Requirement::parse(text)).collect(),
            extras: extras.iter().map(|extra| (*extra).to_owned()).collect(),
            entry_points: Vec::new(),
            requested: name.starts_with('r'),
        }
    }

    fn world() -> Vec<Distribution> {
        vec![
            distribution(
                "a",
                &["b", "c; extra == 'x'", "d; sys_platform == 'win32'", "a[x]; extra == 'all'"],
                &["x", "all"],
            ),
            distribution("b", &[], &[]),
            distribution("c", &["b"], &[]),
            distribution("d", &[], &[]),
            distribution("root", &["a"], &[]),
        ]
    }

    fn requires(declared: &str) -> (Requires, Vec<Distribution>) {
        let world = world();
        let manifest = manifest::read("requirements.txt", declared);
        let lines: Vec<_> = manifest.declared.iter().collect();
        let sizes: Vec<_> = (0..world.len()).map(|node| Size::new(1 << node, 0)).collect();
        let environment = Environment::new(Some((3, 11)), &Platform::new("linux", "amd64", ""));
        (Requires::new(&world, &sizes, &environment, &lines), world)
    }

    fn kept(requires: &Requires) -> u64 {
        let graph = &requires.graph;
        graph.size_of(&graph.reachable(&BTreeSet::new(), &BTreeSet::new())).content
    }

    #[test]
    fn an_extra_is_there_only_where_it_is_asked_for() {
        assert_eq!(kept(&requires("a").0), 0b11);
        assert_eq!(kept(&requires("a[x]").0), 0b111);
        assert_eq!(
            kept(&requires("a[all]").0),
            0b111,
            "an extra may ask for another one of its own distribution"
        );
        assert_eq!(
            kept(&requires("a; python_version < '3'\nb").0),
            0b10,
            "what does not apply here asks for nothing"
        );
    }

    #[test]
    fn dropping_a_line_with_an_extra_leaves_what_others_require() {
        let (requires, _) = requires("a[x]\nroot\n");
        let freed = requires.graph.freed(&BTreeSet::new(), &requires.lines[0].iter().copied().collect());
        assert_eq!(requires.graph.size_of(&freed).content, 0b100, "only what the extra adds");
    }

    #[test]
    fn without_a_file_what_pip_was_asked_for_counts_and_extras_show_by_what_is_there() {
        let mut world = world();
        world[0].requested = true;
        let sizes = vec![Size::ZERO; world.len()];
        let environment = Environment::new(Some((3, 11)), &Platform::new("linux", "amd64", ""));
        let requires = Requires::new(&world, &sizes, &environment, &[]);
        let kept = requires.graph.reachable(&BTreeSet::new(), &BTreeSet::new());
        assert!([0, 1, 2, 4].iter().all(|node| kept.contains(node)), "{kept:?}");
        assert!(!kept.contains(&3));
    }
}
