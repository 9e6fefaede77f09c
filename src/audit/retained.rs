//! What would go if something went: the graph of what requires what, its dominators, and the bytes that they keep.

use std::collections::BTreeSet;

use petgraph::algo::dominators::{Dominators, simple_fast};
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::size::Size;

/// A graph of packages. A package with an extra is a node of its own, which weighs nothing and requires the package and
/// what the extra adds.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    /// What each node weighs.
    pub sizes: Vec<Size>,
    /// What each node requires.
    pub requires: Vec<BTreeSet<usize>>,
    /// What somebody asked for.
    pub roots: BTreeSet<usize>,
}

/// The dominators of a graph. Made once, asked often.
#[derive(Debug)]
pub struct Retained {
    retained: Vec<Size>,
    dominated: Vec<Vec<usize>>,
}

impl Graph {
    /// Adds a node and returns its position.
    pub fn add(&mut self, size: Size) -> usize {
        self.sizes.push(size);
        self.requires.push(BTreeSet::new());
        self.sizes.len() - 1
    }

    /// What is left when nodes and roots go: everything that the roots still lead to.
    pub fn reachable(
        &self,
        without_nodes: &BTreeSet<usize>,
        without_roots: &BTreeSet<usize>,
    ) -> BTreeSet<usize> {
        let mut found: BTreeSet<usize> = BTreeSet::new();
        let mut left: Vec<usize> = self.roots.difference(without_roots).copied().collect();
        while let Some(node) = left.pop() {
            if !without_nodes.contains(&node) && found.insert(node) {
                left.extend(&self.requires[node]);
            }
        }
        found
    }

    /// What goes with a set: with the nodes taken out and the roots no longer asked for. Never the sum of what goes with
    /// each.
    pub fn freed(&self, nodes: &BTreeSet<usize>, roots: &BTreeSet<usize>) -> BTreeSet<usize> {
        let none = BTreeSet::new();
        let before = self.reachable(&none, &none);
        let after = self.reachable(nodes, roots);
        let mut freed: BTreeSet<usize> = before.difference(&after).copied().collect();
        // What nobody asked for goes too when it is named, with what only it keeps.
        for node in nodes.iter().filter(|node| !before.contains(node)) {
            let mut left = vec![*node];
            while let Some(node) = left.pop() {
                let kept = after.contains(&node) || before.contains(&node);
                if !kept && freed.insert(node) {
                    left.extend(&self.requires[node]);
                }
            }
        }
        freed
    }

    /// The bytes of a set of nodes.
    pub fn size_of<'n>(&self, nodes: impl IntoIterator<Item = &'n usize>) -> Size {
        nodes.into_iter().map(|node| self.sizes[*node]).sum()
    }

    /// The dominators, from a root above all roots. What no root leads to hangs below that root by itself.
    pub fn retained(&self) -> Retained {
        let count = self.sizes.len();
        let mut graph = DiGraph::<(), ()>::with_capacity(count + 1, count * 4);
        for _ in 0..=count {
            graph.add_node(());
        }
        let root = NodeIndex::new(count);
        for (from, requires) in self.requires.iter().enumerate() {
            for to in requires {
                graph.add_edge(NodeIndex::new(from), NodeIndex::new(*to), ());
            }
        }
        let mut reached = self.reachable(&BTreeSet::new(), &BTreeSet::new());
        let mut tops = self.roots.clone();
        let required: BTreeSet<usize> = (0..count)
            .filter(|node| !reached.contains(node))
            .flat_map(|node| self.requires[node].iter().copied().filter(move |to| *to != node))
            .collect();
        // First those that nothing requires, then whatever only keeps each other.
        let (free, circular): (Vec<_>, Vec<_>) = (0..count).partition(|node| !required.contains(node));
        for node in free.into_iter().chain(circular) {
            if reached.contains(&node) {
                continue;
            }
            tops.insert(node);
            let mut left = vec![node];
            while let Some(node) = left.pop() {
                if reached.insert(node) {
                    left.extend(&self.requires[node]);
                }
            }
        }
        for top in tops {
            graph.add_edge(root, NodeIndex::new(top), ());
        }
        let dominators = simple_fast(&graph, root);
        self.sum(&dominators, root)
    }

    fn sum(&self, dominators: &Dominators<NodeIndex>, root: NodeIndex) -> Retained {
        let mut retained = vec![Size::ZERO; self.sizes.len()];
        let mut dominated = vec![Vec::new(); self.sizes.len()];
        for (node, size) in self.sizes.iter().enumerate() {
            let above = dominators.dominators(NodeIndex::new(node)).into_iter().flatten();
            for dominator in above.filter(|dominator| *dominator != root) {
                retained[dominator.index()] += *size;
                if dominator.index() != node {
                    dominated[dominator.index()].push(node);
                }
            }
        }
        Retained { retained, dominated }
    }

    /// Groups of nodes that keep each other, each of at least two.
    pub fn circles(&self) -> Vec<Vec<usize>> {
        let mut graph = DiGraph::<(), ()>::new();
        for _ in &self.sizes {
            graph.add_node(());
        }
        for (from, requires) in self.requires.iter().enumerate() {
            for to in requires {
                graph.add_edge(NodeIndex::new(from), NodeIndex::new(*to), ());
            }
        }
        let mut circles: Vec<Vec<usize>> = tarjan_scc(&graph)
            .into_iter()
            .filter(|circle| circle.len() > 1)
            .map(|circle| {
                let mut nodes: Vec<_> = circle.into_iter().map(NodeIndex::index).collect();
                nodes.sort_unstable();
                nodes
            })
            .collect();
        circles.sort();
        circles
    }
}

impl Retained {
    /// The bytes that go with a node: its own and those of all that only it keeps.
    pub fn of(&self, node: usize) -> Size {
        self.retained[node]
    }

    /// All that only it keeps, without itself.
    pub fn kept_by(&self, node: usize) -> &[usize] {
        &self.dominated[node]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nodes weigh 1, 2, 4, …, so that a sum says which are in it.
    fn graph(requires: &[&[usize]], roots: &[usize]) -> Graph {
        Graph {
            sizes: (0..requires.len()).map(|node| Size::new(1 << node, 1 << node)).collect(),
            requires: requires.iter().map(|to| to.iter().copied().collect()).collect(),
            roots: roots.iter().copied().collect(),
        }
    }

    fn set(nodes: &[usize]) -> BTreeSet<usize> {
        nodes.iter().copied().collect()
    }

    #[test]
    fn what_two_keep_neither_retains() {
        // 0 and 1 both require 2; 2 requires 3; 1 alone requires 4.
        let graph = graph(&[&[2], &[2, 4], &[3], &[], &[]], &[0, 1]);
        let retained = graph.retained();
        assert_eq!(retained.of(0).content, 0b1);
        assert_eq!(retained.of(1).content, 0b10010);
        assert_eq!(retained.of(2).content, 0b1100);
        assert_eq!(retained.kept_by(1), [4]);
        assert_eq!(graph.freed(&set(&[]), &set(&[0, 1])), set(&[0, 1, 2, 3, 4]), "jointly, all of it");
    }

    #[test]
    fn a_line_and_a_node_differ_where_another_requires_it() {
        // Both are declared, and 0 requires 1.
        let graph = graph(&[&[1], &[2], &[]], &[0, 1]);
        assert!(graph.freed(&set(&[]), &set(&[1])).is_empty());
        assert_eq!(graph.freed(&set(&[1]), &set(&[1])), set(&[1, 2]));
    }

    #[test]
    fn what_no_root_leads_to_is_weighed_by_itself() {
        let graph = graph(&[&[], &[2], &[1], &[2]], &[0]);
        assert_eq!(graph.retained().of(3).content, 0b1110);
        assert_eq!(graph.circles(), [vec![1, 2]]);
        assert_eq!(graph.freed(&set(&[3]), &set(&[])), set(&[1, 2, 3]));
    }
}
