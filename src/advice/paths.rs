//! Many globs over many paths. Hardly any glob can match a given path, and nearly all can be told apart by the names
//! that they spell out: `/**/.cache/pip/**` needs a `.cache` and a `pip`. So every path is first looked at as a set of
//! such names, which a path shares with its directory, and only what is left is held against the glob itself.

use std::collections::HashMap;

use globset::{Candidate, GlobSet};

use super::matcher::path_glob;
use super::shape::Shape;
use crate::ledger::{PathId, Tree};

/// A set of the names that globs spell out, one bit each; the 129th shares a bit with the first, and so on. Names that
/// share a bit are told apart by the glob itself, so that sharing costs time and no match.
type NameSet = u128;
/// No set of names is at this position.
const UNKNOWN: u32 = u32::MAX;

/// Globs of whole paths, each with what it stands for.
pub struct PathGlobs<T> {
    globs: Vec<Prepared<T>>,
    /// Each spelled-out name as a [`NameSet`].
    names: HashMap<Vec<u8>, NameSet>,
}

struct Prepared<T> {
    /// Without braces.
    text: String,
    /// What it asks for, where that is simple.
    shape: Shape,
    /// The glob itself, compiled when a path first gets as far as it. A set of one, for a set compiles to a comparison
    /// what needs no more, where a lone matcher is always a regular expression.
    matcher: Option<GlobSet>,
    /// The components that it spells out.
    needs: NameSet,
    /// How every path ends that it matches; empty where that is open.
    suffix: Vec<u8>,
    meaning: T,
}

impl<T: Copy + PartialEq> PathGlobs<T> {
    /// Prepares globs. One that does not compile matches nothing; a rule that was loaded has none.
    pub fn new<'a>(globs: impl IntoIterator<Item = (&'a str, T)>) -> Self {
        let mut all = Self { globs: Vec::new(), names: HashMap::new() };
        for (glob, meaning) in globs {
            for text in without_braces(glob) {
                let needs = all.needs(&text);
                let suffix = suffix(&text).as_bytes().to_vec();
                let shape = Shape::of(&text);
                all.globs.push(Prepared { text, shape, matcher: None, needs, suffix, meaning });
            }
        }
        all
    }

    fn needs(&mut self, glob: &str) -> NameSet {
        if glob.contains('\\') {
            return 0;
        }
        let spelled_out = glob.split('/').filter(|name| !name.is_empty() && !name.contains(['*', '?', '[']));
        spelled_out.fold(0, |needs, name| {
            let next = 1 << (self.names.len() % 128);
            needs | *self.names.entry(name.as_bytes().to_vec()).or_insert(next)
        })
    }

    /// Looks at the paths of one tree.
    pub fn over<'a>(&'a mut self, tree: &'a Tree) -> Search<'a, T> {
        Search {
            globs: self,
            tree,
            names: vec![UNKNOWN; tree.len()],
            sets: vec![0],
            positions: HashMap::from([(0, 0)]),
            candidates: (UNKNOWN, Vec::new()),
            path: Vec::new(),
        }
    }
}

/// The globs over one tree, with what was learned of its directories.
pub struct Search<'a, T> {
    globs: &'a mut PathGlobs<T>,
    tree: &'a Tree,
    /// The names on the way to each path, once known, as a position in `sets`: paths are many and sets are few.
    names: Vec<u32>,
    sets: Vec<NameSet>,
    positions: HashMap<NameSet, u32>,
    /// The globs that are content with a set of names; neighbours mostly have the same.
    candidates: (u32, Vec<usize>),
    path: Vec<u8>,
}

impl<T: Copy + PartialEq> Search<'_, T> {
    /// Appends what the globs that match a path stand for, in the order of the globs.
    pub fn find(&mut self, path: PathId, found: &mut Vec<T>) {
        let names = self.names_of(path);
        let Self { globs: PathGlobs { globs, .. }, tree, sets, candidates, path: bytes, .. } = self;
        let (of, candidates) = candidates;
        if *of != names {
            *of = names;
            let names = sets[names as usize];
            candidates.clear();
            candidates.extend((0..globs.len()).filter(|at| globs[*at].needs & !names == 0));
        }
        let name = tree.name(path);
        bytes.clear();
        for at in candidates.iter() {
            let glob = &mut globs[*at];
            if !name.ends_with(&glob.suffix) {
                continue;
            }
            if bytes.is_empty() {
                *bytes = tree.bytes(path);
            }
            if let Some(matches) = glob.shape.matches(bytes) {
                found.extend(matches.then_some(glob.meaning));
                continue;
            }
            if glob.matcher.is_none() {
                glob.matcher = path_glob(&glob.text).ok().and_then(|glob| GlobSet::new([glob]).ok());
            }
            if glob
                .matcher
                .as_ref()
                .is_some_and(|glob| glob.is_match_candidate(&Candidate::from_bytes(bytes)))
            {
                found.push(glob.meaning);
            }
        }
    }

    fn names_of(&mut self, path: PathId) -> u32 {
        let mut unknown = Vec::new();
        let mut at = path;
        let mut names = loop {
            match self.names[at.0 as usize] {
                UNKNOWN if at == Tree::ROOT => break 0,
                UNKNOWN => {}
                names => break names,
            }
            unknown.push(at);
            at = self.tree.parent(at);
        };
        for below in unknown.into_iter().rev() {
            if let Some(name) = self.globs.names.get(self.tree.name(below)) {
                let set = self.sets[names as usize] | name;
                names = *self.positions.entry(set).or_insert_with(|| {
                    self.sets.push(set);
                    u32::try_from(self.sets.len() - 1).unwrap_or(0)
                });
            }
            self.names[below.0 as usize] = names;
        }
        names
    }
}

/// How every path ends that the glob matches, as far as its last component spells it out.
fn suffix(glob: &str) -> &str {
    let last = glob.rsplit('/').next().unwrap_or_default();
    if glob.contains('\\') {
        return "";
    }
    last.rfind(['*', '?', ']']).map_or(last, |special| &last[special + 1..])
}

/// The globs that a glob with braces stands for: `{a,b}/*.{c,d}` is four.
fn without_braces(glob: &str) -> Vec<String> {
    if glob.contains('\\') {
        return vec![glob.to_owned()];
    }
    let Some(open) = glob.find('{') else { return vec![glob.to_owned()] };
    let mut depth = 0_usize;
    let mut starts = vec![open + 1];
    for (at, byte) in glob.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b',' if depth == 1 => starts.push(at + 1),
            b'}' if depth == 1 => {
                let ends = starts[1..].iter().map(|start| start - 1).chain([at]);
                let parts = starts.iter().zip(ends).map(|(start, end)| &glob[*start..end]);
                let whole = parts.map(|part| format!("{}{part}{}", &glob[..open], &glob[at + 1..]));
                return whole.flat_map(|glob| without_braces(&glob)).collect();
            }
            b'}' => depth -= 1,
            _ => {}
        }
    }
    vec![glob.to_owned()]
}

#[cfg(test)]
mod tests {
    use globset::Candidate;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn braces_are_written_out() {
        assert_eq!(without_braces("/{a,b}/*.{c,d}"), ["/a/*.c", "/a/*.d", "/b/*.c", "/b/*.d"]);
        assert_eq!(without_braces("/a{b{c,d},e}"), ["/abc", "/abd", "/ae"]);
        assert_eq!(without_braces("/plain/**"), ["/plain/**"]);
    }

    #[test]
    fn more_names_than_bits_still_match() {
        let globs: Vec<_> = (0..400).map(|at| format!("/name{at}/**")).collect();
        let mut all = PathGlobs::new(globs.iter().enumerate().map(|(at, glob)| (glob.as_str(), at)));
        let mut tree = Tree::default();
        let path = tree.intern(b"name399/file");
        let mut found = Vec::new();
        all.over(&tree).find(path, &mut found);
        assert_eq!(found, [399]);
    }

    #[test]
    fn the_end_of_a_path_is_what_follows_the_last_wildcard() {
        assert_eq!(
            (suffix("/**/*.whl"), suffix("/a/**"), suffix("/a/b"), suffix("/a/x[12]")),
            (".whl", "", "b", "")
        );
    }

    proptest! {
        /// What is left out by names and ends would not have matched.
        #[test]
        fn the_short_way_finds_what_the_globs_find(
            globs in prop::collection::vec("(/\\*\\*)?(/(a|b|\\*\\*|\\*|a\\*|\\*b|\\{a,bc\\}|[ab]c)){1,4}(/\\*\\*)?", 1..6),
            paths in prop::collection::vec("(a|b|ab|bc|ac|c){1}(/(a|b|ab|bc|ac|c)){0,4}", 1..12),
        ) {
            let mut tree = Tree::default();
            let ids: Vec<_> = paths.iter().map(|path| tree.intern(path.as_bytes())).collect();
            let mut all = PathGlobs::new(globs.iter().enumerate().map(|(at, glob)| (glob.as_str(), at)));
            let mut search = all.over(&tree);
            for (path, id) in paths.iter().zip(ids) {
                let mut found = Vec::new();
                search.find(id, &mut found);
                found.dedup();
                let plain: Vec<_> = globs
                    .iter()
                    .map(|glob| path_glob(glob).unwrap().compile_matcher())
                    .enumerate()
                    .filter(|(_, glob)| glob.is_match_candidate(&Candidate::from_bytes(path)))
                    .map(|(at, _)| at)
                    .collect();
                prop_assert_eq!(found, plain, "{}", path);
            }
        }
    }
}
