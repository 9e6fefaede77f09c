//! Which entries satisfy the keys of which rules: AND across the keys of a rule, OR within a key.
//!
//! The globs of all rules are one set, and a path is held against it only once, however many layers have it.

use std::collections::HashMap;

use globset::{Glob, GlobBuilder, GlobSet};

use super::paths::PathGlobs;
use super::rule::{FateName, Match, Rule};
use crate::image::Image;
use crate::layer::MemberKind;
use crate::ledger::{EntryId, Kind, Ledger, PathId};
use crate::waste::fate_of_bytes;

/// Compiles a glob of paths, which starts at the root of the image.
pub fn path_glob(glob: &str) -> Result<Glob, String> {
    let Some(relative) = glob.strip_prefix('/') else {
        return Err(format!("the glob `{glob}` starts nowhere, expected a `/` first: `/**/{glob}`"));
    };
    GlobBuilder::new(relative)
        .literal_separator(true)
        .backslash_escape(true)
        .build()
        .map_err(|error| error.to_string())
}

/// Compiles a glob of owners' ids.
pub fn owner_glob(glob: &str) -> Result<Glob, String> {
    if !glob.contains(':') && glob != "*" && !matches!(glob, "unowned" | "application") {
        return Err(format!(
            "the owner `{glob}` names no ecosystem, expected `ECOSYSTEM:NAME`: `dpkg:{glob}`"
        ));
    }
    GlobBuilder::new(glob).backslash_escape(true).build().map_err(|error| error.to_string())
}

/// The entries that satisfy each rule, in the order of the rules and, within a rule, of the ledger. What a rule's
/// detector says is not asked here. `places` are those of the same rules and the same ledger.
pub fn matching(rules: &[Rule], image: &Image, ledger: &Ledger, places: &Places) -> Vec<Vec<EntryId>> {
    let rest: Vec<_> = rules.iter().map(|rule| Rest::new(&rule.matches, image, ledger)).collect();
    let mut found = vec![Vec::new(); rules.len()];
    for id in ledger.ids().filter(|id| may_match(ledger, *id)) {
        for rule in places.rules_at(ledger.entry(id).path) {
            if rest[*rule].satisfied_by(ledger, id) {
                found[*rule].push(id);
            }
        }
    }
    found
}

/// Only regular files and their hard links match: a directory or a symbolic link weighs next to nothing, and
/// `/var/log/access.log` as a link to the standard output is there for a reason.
fn may_match(ledger: &Ledger, id: EntryId) -> bool {
    matches!(ledger.entry(id).kind, Kind::Member(MemberKind::File | MemberKind::HardLink))
}

/// Which rules are content with which paths: the keys `paths` and `except`, which ask for nothing but the path.
#[derive(Debug, Clone)]
pub struct Places {
    /// The set of rules at each path, as a position in `sets`; beyond them where no file is.
    at: Vec<u32>,
    /// The different sets of rules; an image has few.
    sets: Vec<Vec<usize>>,
}

/// No set of rules is at this position.
const NOWHERE: u32 = u32::MAX;

impl Places {
    /// Holds the path of every file of a ledger, whose owners need not be known, against the globs of the rules.
    pub fn new(rules: &[Rule], ledger: &Ledger) -> Self {
        let globs = globs(rules);
        let mut search = globs.over(&ledger.tree);
        // Rules without `paths`, which are content with any path that they do not except.
        let anywhere: Vec<_> =
            (0..rules.len()).filter(|rule| rules[*rule].matches.paths.is_empty()).collect();
        let mut places = Self { at: vec![NOWHERE; ledger.tree.len()], sets: Vec::new() };
        let mut positions: HashMap<Vec<Meaning>, u32> = HashMap::new();
        let mut hits = Vec::new();
        for id in ledger.ids().filter(|id| may_match(ledger, *id)) {
            let place = &mut places.at[ledger.entry(id).path.0 as usize];
            if *place != NOWHERE {
                continue;
            }
            hits.clear();
            search.find(ledger.entry(id).path, &mut hits);
            *place = positions.get(&hits).copied().unwrap_or_else(|| {
                let next = u32::try_from(positions.len()).unwrap_or(NOWHERE);
                positions.insert(hits.clone(), next);
                places.sets.push(content(&anywhere, &hits));
                next
            });
        }
        places
    }

    /// The rules that are content with a path.
    fn rules_at(&self, path: PathId) -> &[usize] {
        let set = self.at.get(path.0 as usize).and_then(|set| self.sets.get(*set as usize));
        set.map_or(&[], Vec::as_slice)
    }
}

/// What a glob stands for: its rule, and whether it is an exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Meaning {
    rule: usize,
    except: bool,
}

fn globs(rules: &[Rule]) -> PathGlobs<Meaning> {
    PathGlobs::new(rules.iter().enumerate().flat_map(|(rule, of)| {
        let of = &of.matches;
        let paths = of.paths.iter().map(move |glob| (glob.as_str(), Meaning { rule, except: false }));
        paths.chain(of.except.iter().map(move |glob| (glob.as_str(), Meaning { rule, except: true })))
    }))
}

/// The rules that are content with a path that these globs match.
fn content(anywhere: &[usize], hits: &[Meaning]) -> Vec<usize> {
    let mut set = anywhere.to_vec();
    set.extend(hits.iter().filter(|hit| !hit.except).map(|hit| hit.rule));
    set.sort_unstable();
    set.dedup();
    set.retain(|rule| !hits.contains(&Meaning { rule: *rule, except: true }));
    set
}

/// The other keys of one rule, with what depends only on the owner or the layer answered beforehand.
struct Rest<'a> {
    matches: &'a Match,
    owners: Vec<bool>,
    layers: Vec<bool>,
}

impl<'a> Rest<'a> {
    fn new(matches: &'a Match, image: &Image, ledger: &Ledger) -> Self {
        let globs =
            GlobSet::new(matches.owner.iter().filter_map(|glob| owner_glob(glob).ok())).unwrap_or_default();
        let owner = |name: &String| matches.owner.is_empty() || globs.is_match(name);
        let layer = |position: usize| {
            let instruction = image.layers.get(position).and_then(|layer| layer.instruction.as_ref());
            matches.instruction.is_empty()
                || instruction
                    .is_some_and(|made| matches.instruction.iter().any(|word| word.id() == made.keyword()))
        };
        Self {
            matches,
            owners: ledger.owners.iter().map(owner).collect(),
            layers: (0..ledger.layers.len()).map(layer).collect(),
        }
    }

    fn satisfied_by(&self, ledger: &Ledger, id: EntryId) -> bool {
        let entry = ledger.entry(id);
        let is = |answers: &[bool], position: usize| answers.get(position).copied().unwrap_or(false);
        (self.matches.fate.is_empty()
            || self.matches.fate.contains(&FateName::from(fate_of_bytes(ledger, id))))
            && (self.matches.category.is_empty() || self.matches.category.contains(&entry.category))
            && is(&self.owners, entry.owner.0 as usize)
            && is(&self.layers, usize::from(entry.layer.0))
    }
}
