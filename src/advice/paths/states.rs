//! How far each of many globs has come.
//!
//! A state is a component that a glob waits for, or the end of a glob that waits for nothing. States are numbered glob by
//! glob, so that the one behind a state is the next number, and a set of them is a row of bits.

use std::collections::HashMap;

use super::component::Component;

/// The states of all globs.
#[derive(Debug)]
pub(super) struct States<T> {
    /// What each state waits for; none at the end of a glob.
    awaited: Vec<Option<Component>>,
    /// By state, the position of its glob in `globs`.
    glob_of: Vec<u32>,
    /// The first state of each glob, and what it stands for.
    globs: Vec<(usize, T)>,
    /// The states that wait for a name, by that name.
    by_name: HashMap<Vec<u8>, Vec<usize>>,
    /// The set of all states at which a glob matches all that lies below.
    settled: Vec<u64>,
}

/// A set of states, and what follows of it.
#[derive(Debug)]
pub(super) struct Stop<T> {
    set: Box<[u64]>,
    /// The states after a component that nothing in the set waits for by name or pattern.
    pub kept: Box<[u64]>,
    /// Where that leads, once known.
    pub otherwise: Option<u32>,
    /// The states of the set that wait for a pattern.
    patterns: Box<[usize]>,
    /// What the globs stand for that match here, sorted, each once.
    pub matched: Box<[T]>,
}

impl<T> Default for States<T> {
    fn default() -> Self {
        Self {
            awaited: Vec::new(),
            glob_of: Vec::new(),
            globs: Vec::new(),
            by_name: HashMap::new(),
            settled: Vec::new(),
        }
    }
}

impl<T: Copy + Ord> States<T> {
    /// Adds a glob.
    pub fn add(&mut self, row: Vec<Component>, meaning: T) {
        let glob = u32::try_from(self.globs.len()).unwrap_or(u32::MAX);
        self.globs.push((self.awaited.len(), meaning));
        for component in row {
            if let Component::Name(name) = &component {
                self.by_name.entry(name.clone()).or_default().push(self.awaited.len());
            }
            self.settled.resize(self.awaited.len() / 64 + 1, 0);
            if matches!(component, Component::Rest) {
                self.settled[self.awaited.len() / 64] |= 1 << (self.awaited.len() % 64);
            }
            self.awaited.push(Some(component));
        }
        self.awaited.push(None);
        self.glob_of.resize(self.awaited.len(), glob);
    }

    /// The set at the root of a tree.
    pub fn start(&self) -> Box<[u64]> {
        let mut set = vec![0; self.awaited.len().div_ceil(64)].into_boxed_slice();
        self.globs.iter().for_each(|(first, _)| self.enter(&mut set, *first));
        set
    }

    /// What follows of a set.
    pub fn stop(&self, set: &[u64]) -> Stop<T> {
        let mut kept = vec![0; set.len()].into_boxed_slice();
        let (mut patterns, mut matched) = (Vec::new(), Vec::new());
        for state in states(set) {
            match &self.awaited[state] {
                Some(Component::Deep) => self.enter(&mut kept, state),
                Some(Component::Rest) => {
                    matched.push(self.meaning(state));
                    self.enter(&mut kept, state);
                }
                Some(Component::Any) => self.enter(&mut kept, state + 1),
                Some(component) if component.is_pattern() => patterns.push(state),
                Some(_) => {}
                None => matched.push(self.meaning(state)),
            }
        }
        self.settle(&mut kept);
        matched.sort_unstable();
        matched.dedup();
        Stop { set: set.into(), kept, otherwise: None, patterns: patterns.into(), matched: matched.into() }
    }

    /// The set behind a name, where anything in the set waits for it by name or pattern.
    pub fn next(&self, stop: &Stop<T>, name: &[u8]) -> Option<Box<[u64]>> {
        let mut next = None;
        let named = self.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        let named = named.iter().filter(|state| stop.set[**state / 64] >> (**state % 64) & 1 == 1);
        let matches = |state: &&usize| self.awaited[**state].as_ref().is_some_and(|one| one.matches(name));
        for state in named.chain(stop.patterns.iter().filter(matches)) {
            self.enter(next.get_or_insert_with(|| stop.kept.clone()), *state + 1);
        }
        if let Some(next) = &mut next {
            self.settle(next);
        }
        next
    }

    /// Adds a state, and the one behind it where it need not wait.
    fn enter(&self, set: &mut [u64], state: usize) {
        set[state / 64] |= 1 << (state % 64);
        if matches!(self.awaited[state], Some(Component::Deep)) {
            self.enter(set, state + 1);
        }
    }

    /// Leaves out what makes no difference any more: of a glob that matches all that lies below, its other states.
    fn settle(&self, set: &mut [u64]) {
        for word in 0..set.len().min(self.settled.len()) {
            for rest in states_of(word, set[word] & self.settled[word]) {
                let first = self.globs[self.glob_of[rest] as usize].0;
                (first..rest).for_each(|state| set[state / 64] &= !(1 << (state % 64)));
            }
        }
    }

    fn meaning(&self, state: usize) -> T {
        self.globs[self.glob_of[state] as usize].1
    }
}

/// The states of a set.
fn states(set: &[u64]) -> impl Iterator<Item = usize> + '_ {
    set.iter().enumerate().flat_map(|(word, bits)| states_of(word, *bits))
}

/// The states of one word of a set.
fn states_of(word: usize, bits: u64) -> impl Iterator<Item = usize> {
    let left = std::iter::successors(Some(bits), |bits| Some(bits & bits.wrapping_sub(1)));
    left.take_while(|bits| *bits != 0).map(move |bits| word * 64 + bits.trailing_zeros() as usize)
}
