//! Many globs over many paths, walked together: what the globs make of a directory holds for all that lies in it.
//!
//! A glob is a row of components, and how far each glob has come after the components of a path is a set of states.
//! A tree has few different sets, so each is kept once, with what it makes of any name; the next component then costs a
//! look-up of its name and a comparison with the few patterns that the set is waiting for. No path is looked at from its
//! start twice.

mod component;
mod states;

use std::collections::HashMap;

use globset::{Candidate, GlobSet};

use component::{Component, without_braces};
use states::{States, Stop};

use super::matcher::path_glob;
use crate::ledger::{PathId, Tree};

/// How many different sets of states are kept. Images have some hundred; one that was made to have more is forgotten
/// and begun again, so that it costs time and no memory.
const KEPT: usize = 1 << 14;
/// What the globs make of a path is not known yet.
const UNKNOWN: u32 = u32::MAX;

/// Globs of whole paths, each with what it stands for.
pub struct PathGlobs<T> {
    states: States<T>,
    /// Globs that are no row of components: with a separator in a class, or escapes.
    whole: Vec<(GlobSet, T)>,
}

impl<T: Copy + Ord> PathGlobs<T> {
    /// Prepares globs. One that does not compile matches nothing; a rule that was loaded has none.
    pub fn new<'a>(globs: impl IntoIterator<Item = (&'a str, T)>) -> Self {
        let mut all = Self { states: States::default(), whole: Vec::new() };
        for (glob, meaning) in globs {
            for text in without_braces(glob) {
                let Ok(compiled) = path_glob(&text) else { continue };
                match Component::row(&text) {
                    Some(row) => all.states.add(row, meaning),
                    None => all.whole.extend(GlobSet::new([compiled]).ok().map(|glob| (glob, meaning))),
                }
            }
        }
        all
    }

    /// Looks at the paths of one tree.
    pub fn over<'a>(&'a self, tree: &'a Tree) -> Search<'a, T> {
        let mut search = Search {
            globs: self,
            tree,
            at: Vec::new(),
            stops: Vec::new(),
            positions: HashMap::new(),
            unknown: Vec::new(),
        };
        search.forget();
        search
    }
}

/// The globs over one tree, with what was learned of its directories.
pub struct Search<'a, T> {
    globs: &'a PathGlobs<T>,
    tree: &'a Tree,
    /// Where the globs stand at each path, as a position in `stops`.
    at: Vec<u32>,
    stops: Vec<Stop<T>>,
    positions: HashMap<Box<[u64]>, u32>,
    /// Kept to spare allocations.
    unknown: Vec<PathId>,
}

impl<T: Copy + Ord> Search<'_, T> {
    /// What the globs that match a path stand for, sorted, each once.
    pub fn find(&mut self, path: PathId, found: &mut Vec<T>) {
        let stop = self.stop(path);
        found.extend_from_slice(&self.stops[stop as usize].matched);
        if self.globs.whole.is_empty() {
            return;
        }
        let bytes = self.tree.bytes(path);
        let candidate = Candidate::from_bytes(&bytes);
        let whole = self.globs.whole.iter().filter(|(glob, _)| glob.is_match_candidate(&candidate));
        found.extend(whole.map(|(_, meaning)| *meaning));
        found.sort_unstable();
        found.dedup();
    }

    /// Where the globs stand at a path.
    fn stop(&mut self, path: PathId) -> u32 {
        if self.stops.len() >= KEPT {
            self.forget();
        }
        let mut at = path;
        let mut stop = loop {
            match self.at[at.0 as usize] {
                UNKNOWN => self.unknown.push(at),
                known => break known,
            }
            at = self.tree.parent(at);
        };
        while let Some(below) = self.unknown.pop() {
            stop = self.step(stop, self.tree.name(below));
            self.at[below.0 as usize] = stop;
        }
        stop
    }

    fn step(&mut self, from: u32, name: &[u8]) -> u32 {
        let before = &self.stops[from as usize];
        if let Some(set) = self.globs.states.next(before, name) {
            return self.position(set);
        }
        // The most of names mean nothing to any glob.
        if let Some(stop) = before.otherwise {
            return stop;
        }
        let set = before.kept.clone();
        let stop = self.position(set);
        self.stops[from as usize].otherwise = Some(stop);
        stop
    }

    fn position(&mut self, set: Box<[u64]>) -> u32 {
        if let Some(position) = self.positions.get(&set) {
            return *position;
        }
        let position = u32::try_from(self.stops.len()).unwrap_or(0);
        self.stops.push(self.globs.states.stop(&set));
        self.positions.insert(set, position);
        position
    }

    /// Begins again, at the root.
    fn forget(&mut self) {
        self.at = vec![UNKNOWN; self.tree.len()];
        self.stops.clear();
        self.positions.clear();
        self.at[Tree::ROOT.0 as usize] = self.position(self.globs.states.start());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn more_sets_than_are_kept_still_match() {
        let names: Vec<_> = (0..20).map(|at| format!("n{at}")).collect();
        let globs: Vec<_> = names.iter().map(|name| format!("/**/{name}/**")).collect();
        let all = PathGlobs::new(globs.iter().enumerate().map(|(at, glob)| (glob.as_str(), at)));
        // Every set of names, one below the other.
        let mut tree = Tree::default();
        let path = |bits: usize| {
            let chosen = names.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
            let chosen = chosen.map(|(_, name)| name.as_str()).chain(["file"]);
            chosen.collect::<Vec<_>>().join("/")
        };
        let chosen: Vec<_> = (0..3 * KEPT).map(|at| at * 7 % (1 << 20)).collect();
        let paths: Vec<_> = chosen.iter().map(|bits| tree.intern(path(*bits).as_bytes())).collect();
        let mut search = all.over(&tree);
        for (bits, path) in chosen.into_iter().zip(paths) {
            let mut found = Vec::new();
            search.find(path, &mut found);
            assert_eq!(found.iter().fold(0, |bits, at| bits | 1 << at), bits);
            assert!(search.stops.len() <= KEPT + 32, "{} sets are kept", search.stops.len());
        }
    }

    proptest! {
        /// What is walked together matches what each glob matches by itself.
        #[test]
        fn together_globs_match_what_each_matches_alone(
            globs in prop::collection::vec(
                "(/\\*\\*)?(/(a|b|\\*\\*|\\*|a\\*|\\*b|a\\*c|a\\*\\*|\\?c|\\{a,bc\\}|[ab]c|\\[ab\\]c|\\[a/b\\])){1,4}(/\\*\\*)?",
                1..6,
            ),
            paths in prop::collection::vec("(a|b|ab|bc|ac|c){1}(/(a|b|ab|bc|ac|abc|c)){0,4}", 1..12),
        ) {
            let mut tree = Tree::default();
            let ids: Vec<_> = paths.iter().map(|path| tree.intern(path.as_bytes())).collect();
            let all = PathGlobs::new(globs.iter().enumerate().map(|(at, glob)| (glob.as_str(), at)));
            let mut search = all.over(&tree);
            for (path, id) in paths.iter().zip(ids) {
                let mut found = Vec::new();
                search.find(id, &mut found);
                let plain: Vec<_> = globs
                    .iter()
                    .map(|glob| path_glob(glob).ok().map(|glob| glob.compile_matcher()))
                    .enumerate()
                    .filter(|(_, glob)| {
                        glob.as_ref().is_some_and(|glob| glob.is_match_candidate(&Candidate::from_bytes(path)))
                    })
                    .map(|(at, _)| at)
                    .collect();
                prop_assert_eq!(found, plain, "{} in {:?}", path, globs);
            }
        }
    }
}
