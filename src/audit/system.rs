//! Debian packages: which of them nothing that runs needs, with apt's own notion of what may go.

use std::collections::{BTreeMap, BTreeSet};

use super::linked::Links;
use super::retained::Graph;
use super::verdict::{Confidence, Package, Verdict};
use crate::ledger::{ChainView, OwnerId};
use crate::owners::Ownership;
use crate::size::Size;

/// What was found out about the packages of the system.
#[derive(Debug, Default)]
pub struct System {
    /// Every package.
    pub packages: Vec<Package>,
    /// Names of what `apt-get autoremove` would remove, and its bytes.
    pub autoremove: (Vec<String>, Size),
    /// Names of what `--no-install-recommends` would have left out, and its bytes.
    pub recommended: (Vec<String>, Size),
    /// What goes when everything goes that could, jointly.
    pub joint: Size,
    /// The names of that.
    pub joint_packages: Vec<String>,
}

/// One stanza of `status`.
#[derive(Debug, Default)]
struct Stanza {
    name: String,
    version: String,
    owner: Option<OwnerId>,
    depends: Vec<Vec<String>>,
    recommends: Vec<Vec<String>>,
    suggests: Vec<Vec<String>>,
    provides: Vec<String>,
    is_base: bool,
    is_manual: bool,
    length: u64,
}

/// Audits the packages of dpkg. `links` knows what programs and libraries that run are linked to.
pub fn audit(view: &ChainView<'_>, ownership: &Ownership, links: &Links) -> System {
    let stanzas = installed(view, ownership);
    if stanzas.is_empty() {
        return System::default();
    }
    let live = view.ledger.live_by_owner();
    let size = |stanza: &Stanza| {
        stanza.owner.and_then(|owner| live.get(owner.0 as usize)).map_or(Size::ZERO, |share| share.size)
    };
    let names = Names::new(&stanzas);
    let edges = |list: fn(&Stanza) -> &[Vec<String>]| -> Vec<BTreeSet<usize>> {
        stanzas.iter().map(|stanza| names.resolve(list(stanza))).collect()
    };
    let (depends, recommends, suggests) =
        (edges(|one| &one.depends), edges(|one| &one.recommends), edges(|one| &one.suggests));
    let mut graph = Graph::default();
    for (position, stanza) in stanzas.iter().enumerate() {
        graph.add(size(stanza));
        graph.requires[position].clone_from(&depends[position]);
    }
    let owners: BTreeMap<OwnerId, usize> =
        stanzas.iter().enumerate().filter_map(|(position, one)| Some((one.owner?, position))).collect();
    let needed: BTreeMap<usize, &String> =
        links.owners.iter().filter_map(|(owner, why)| Some((*owners.get(owner)?, why))).collect();
    let none = BTreeSet::new();
    // What runs and what every Debian has: the roots of need.
    let base = (0..stanzas.len()).filter(|position| stanzas[*position].is_base);
    graph.roots = base.chain(needed.keys().copied()).collect();
    let kept = graph.reachable(&none, &none);
    // apt follows Recommends and Suggests when it decides what may go.
    let mut apt = graph.clone();
    for position in 0..stanzas.len() {
        apt.requires[position].extend(recommends[position].iter().chain(&suggests[position]));
    }
    apt.roots = (0..stanzas.len())
        .filter(|position| stanzas[*position].is_manual || stanzas[*position].is_base)
        .collect();
    let apt_keeps = apt.reachable(&none, &none);
    // Without Recommends, only what Depends leads to would have been installed.
    let mut lean = graph.clone();
    lean.roots.clone_from(&apt.roots);
    let lean_keeps = lean.reachable(&none, &none);
    let mut recommended_graph = lean.clone();
    for (requires, recommended) in recommended_graph.requires.iter_mut().zip(&recommends) {
        requires.extend(recommended);
    }
    let only_recommended: BTreeSet<usize> =
        recommended_graph.reachable(&none, &none).difference(&lean_keeps).copied().collect();

    let retained = graph.retained();
    let name = |position: &usize| stanzas[*position].name.clone();
    let named = |positions: &BTreeSet<usize>| {
        let mut positions: Vec<usize> = positions.iter().copied().collect();
        positions.sort_by_key(|position| (std::cmp::Reverse(graph.sizes[*position].content), *position));
        positions.iter().map(name).collect::<Vec<String>>()
    };
    let mut system = System::default();
    let autoremove: BTreeSet<usize> =
        (0..stanzas.len()).filter(|position| !apt_keeps.contains(position)).collect();
    system.autoremove = (named(&autoremove), graph.size_of(&autoremove));
    system.recommended = (named(&only_recommended), graph.size_of(&only_recommended));
    let standing = Standing {
        stanzas: &stanzas,
        recommends: &recommends,
        needed: &needed,
        kept: &kept,
        apt_keeps: &apt_keeps,
        only_recommended: &only_recommended,
    };
    let mut going = BTreeSet::new();
    for (position, stanza) in stanzas.iter().enumerate() {
        let dependants: Vec<usize> =
            (0..stanzas.len()).filter(|other| depends[*other].contains(&position)).collect();
        let (verdict, confidence, why) = standing.judge(position, &dependants);
        let could_go = matches!(verdict, Verdict::Unused | Verdict::Leftover);
        if could_go {
            going.insert(position);
        }
        system.packages.push(Package {
            id: format!("dpkg:{}", stanza.name),
            name: stanza.name.clone(),
            version: stanza.version.clone(),
            verdict,
            confidence,
            could_go,
            reached: needed.contains_key(&position).then_some(super::Tier::Native),
            own: graph.sizes[position],
            retained: retained.of(position),
            keeps: named(&retained.kept_by(position).iter().copied().collect()),
            required_by: dependants.iter().map(name).collect(),
            declared: None,
            line: None,
            alternatives: Vec::new(),
            because: vec![why],
        });
    }
    let freed = graph.freed(&going, &none);
    system.joint = graph.size_of(&freed);
    system.joint_packages = named(&freed);
    system
}

/// What is kept, and by whom.
struct Standing<'s> {
    stanzas: &'s [Stanza],
    recommends: &'s [BTreeSet<usize>],
    needed: &'s BTreeMap<usize, &'s String>,
    kept: &'s BTreeSet<usize>,
    apt_keeps: &'s BTreeSet<usize>,
    only_recommended: &'s BTreeSet<usize>,
}

impl Standing<'_> {
    /// Judges one package, given those that depend on it.
    fn judge(&self, position: usize, dependants: &[usize]) -> (Verdict, Confidence, String) {
        use Confidence::{Certain, Likely, Possible};
        let stanza = &self.stanzas[position];
        let name = |position: usize| &self.stanzas[position].name;
        let keeper = dependants.iter().find(|other| self.kept.contains(other));
        let mut recommenders = self.kept.iter().filter(|other| self.recommends[**other].contains(&position));
        if let Some(why) = self.needed.get(&position) {
            (Verdict::Used, Certain, (*why).clone())
        } else if stanza.is_base {
            (Verdict::Used, Certain, "it is essential or required in every Debian".to_owned())
        } else if let Some(keeper) = keeper {
            (Verdict::Transitive, Certain, format!("{} depends on it", name(*keeper)))
        } else if is_data(&stanza.name) {
            (Verdict::Optional, Possible, "programs read its data without being linked to it".to_owned())
        } else if !self.apt_keeps.contains(&position) {
            let why = "installed automatically, and nothing that was asked for needs it: apt-get autoremove removes it";
            (Verdict::Leftover, Likely, why.to_owned())
        } else if let Some(recommender) = recommenders.next() {
            (Verdict::Optional, Possible, format!("{} only recommends it", name(*recommender)))
        } else if stanza.is_manual {
            let why =
                "installed by name; nothing that was found to run needs it, though a script may call it";
            (Verdict::Unused, Possible, why.to_owned())
        } else if let Some(dependant) = dependants.first() {
            let why = format!("{} depends on it, which nothing that runs needs", name(*dependant));
            (Verdict::Transitive, Likely, why)
        } else if self.only_recommended.contains(&position) {
            (Verdict::Optional, Likely, "only recommended: --no-install-recommends leaves it out".to_owned())
        } else {
            (Verdict::Leftover, Possible, "nothing that runs needs it".to_owned())
        }
    }
}

/// The installed packages of dpkg, for questions about what goes together.
#[derive(Debug, Default)]
pub struct Installed {
    stanzas: Vec<Stanza>,
    depends: Vec<BTreeSet<usize>>,
    suggests: Vec<BTreeSet<usize>>,
}

impl Installed {
    /// Reads the database; empty where there is none.
    pub fn read(view: &ChainView<'_>, ownership: &Ownership) -> Self {
        let stanzas = installed(view, ownership);
        let names = Names::new(&stanzas);
        let depends = stanzas.iter().map(|one| names.resolve(&one.depends)).collect();
        let suggests = stanzas.iter().map(|one| {
            let both = [names.resolve(&one.recommends), names.resolve(&one.suggests)];
            both.into_iter().flatten().collect()
        });
        let suggests = suggests.collect();
        Self { stanzas, depends, suggests }
    }

    /// Names of what goes with the packages `gone`: they themselves, and what `apt-get autoremove` would take away after
    /// them. Nothing that `needed` names goes, nor what that depends on.
    pub fn gone_with(&self, gone: &BTreeSet<String>, needed: &BTreeSet<String>) -> BTreeSet<String> {
        let named = |names: &BTreeSet<String>| -> BTreeSet<usize> {
            let is_named = |at: &usize| names.contains(&self.stanzas[*at].name);
            (0..self.stanzas.len()).filter(is_named).collect()
        };
        let stays = self.reached(named(needed), &BTreeSet::new(), false);
        let gone: BTreeSet<usize> = named(gone).difference(&stays).copied().collect();
        let roots = |gone: &BTreeSet<usize>| {
            let is_root = |at: &usize| {
                let one = &self.stanzas[*at];
                (one.is_manual || one.is_base) && !gone.contains(at)
            };
            (0..self.stanzas.len()).filter(is_root).collect()
        };
        // What was superfluous before is not taken away by this.
        let before = self.reached(roots(&BTreeSet::new()), &BTreeSet::new(), true);
        let after = self.reached(roots(&gone), &gone, true);
        let superfluous = before.difference(&after).filter(|at| !stays.contains(at)).copied();
        superfluous.chain(gone).map(|at| self.stanzas[at].name.clone()).collect()
    }

    /// These packages and all that they depend on, by name.
    pub fn with_dependencies(&self, names: &BTreeSet<String>) -> BTreeSet<String> {
        let roots = (0..self.stanzas.len()).filter(|at| names.contains(&self.stanzas[*at].name)).collect();
        let reached = self.reached(roots, &BTreeSet::new(), false);
        reached.into_iter().map(|at| self.stanzas[at].name.clone()).collect()
    }

    /// How many bytes the database says about a package.
    pub fn length(&self, name: &str) -> u64 {
        self.stanzas.iter().find(|one| one.name == name).map_or(0, |one| one.length)
    }

    fn reached(&self, roots: BTreeSet<usize>, without: &BTreeSet<usize>, suggested: bool) -> BTreeSet<usize> {
        let mut left: Vec<usize> = roots.into_iter().collect();
        let mut reached = BTreeSet::new();
        while let Some(at) = left.pop() {
            if without.contains(&at) || !reached.insert(at) {
                continue;
            }
            left.extend(&self.depends[at]);
            if suggested {
                left.extend(&self.suggests[at]);
            }
        }
        reached
    }
}

/// Data that is read by name: certificates, time zones, names of services.
fn is_data(name: &str) -> bool {
    matches!(
        name,
        "ca-certificates"
            | "tzdata"
            | "netbase"
            | "media-types"
            | "shared-mime-info"
            | "locales"
            | "tini"
            | "dumb-init"
    ) || name.starts_with("fonts-")
}

/// The stanzas of installed packages, sorted by name.
fn installed(view: &ChainView<'_>, ownership: &Ownership) -> Vec<Stanza> {
    let text = |path: &[u8]| {
        let content = view.content(view.follow(path)?)?;
        Some(String::from_utf8_lossy(content).into_owned())
    };
    let states = text(b"var/lib/apt/extended_states").unwrap_or_default();
    let automatic: BTreeSet<&str> = states
        .split("\n\n")
        .filter(|stanza| stanza.lines().any(|line| line.trim() == "Auto-Installed: 1"))
        .filter_map(|stanza| stanza.lines().find_map(|line| line.strip_prefix("Package: ")))
        .collect();
    let owners: BTreeMap<&str, OwnerId> = ownership
        .packages
        .iter()
        .filter(|package| package.ecosystem == "dpkg")
        .map(|package| (package.name.split(':').next().unwrap_or(&package.name), package.owner))
        .collect();
    let mut texts: Vec<String> = text(b"var/lib/dpkg/status").into_iter().collect();
    // Distroless images have one file for each package.
    texts.extend(view.captured().filter_map(|(path, _, content)| {
        let name = view.ledger.tree.bytes(path);
        let is_one = name.starts_with(b"var/lib/dpkg/status.d/") && !name.ends_with(b".md5sums");
        is_one.then(|| String::from_utf8_lossy(content).into_owned())
    }));
    let mut stanzas: Vec<Stanza> = texts
        .iter()
        .flat_map(|text| text.split("\n\n"))
        .filter_map(|text| stanza(text, &automatic, &owners))
        .collect();
    stanzas.sort_by(|one, other| one.name.cmp(&other.name));
    stanzas.dedup_by(|one, other| one.name == other.name);
    stanzas
}

fn stanza(text: &str, automatic: &BTreeSet<&str>, owners: &BTreeMap<&str, OwnerId>) -> Option<Stanza> {
    let field = |wanted: &str| {
        text.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            (name == wanted).then(|| value.trim())
        })
    };
    let name = field("Package")?;
    if field("Status").is_some_and(|status| !status.ends_with(" installed")) {
        return None;
    }
    let alternatives = |wanted| {
        let entries = field(wanted).unwrap_or_default().split(',').filter(|entry| !entry.trim().is_empty());
        entries.map(|entry| entry.split('|').map(bare).collect()).collect::<Vec<Vec<String>>>()
    };
    let mut depends = alternatives("Depends");
    depends.extend(alternatives("Pre-Depends"));
    Some(Stanza {
        name: name.to_owned(),
        version: field("Version").unwrap_or_default().to_owned(),
        owner: owners.get(name).copied(),
        depends,
        recommends: alternatives("Recommends"),
        suggests: alternatives("Suggests"),
        provides: field("Provides")
            .unwrap_or_default()
            .split(',')
            .map(bare)
            .filter(|name| !name.is_empty())
            .collect(),
        is_base: field("Essential") == Some("yes")
            || matches!(field("Priority"), Some("required" | "important")),
        is_manual: !automatic.contains(name),
        // And the empty line behind it.
        length: text.trim_end_matches('\n').len() as u64 + 2,
    })
}

/// `libc6:any (>= 2.36)` without architecture and version.
fn bare(entry: &str) -> String {
    entry.trim().split([' ', '(', ':', '[']).next().unwrap_or_default().to_owned()
}

/// Names of packages, and the virtual ones that they provide.
struct Names(BTreeMap<String, Vec<usize>>);

impl Names {
    fn new(stanzas: &[Stanza]) -> Self {
        let mut names: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (position, stanza) in stanzas.iter().enumerate() {
            for name in std::iter::once(&stanza.name).chain(&stanza.provides) {
                names.entry(name.clone()).or_default().push(position);
            }
        }
        Self(names)
    }

    /// Every installed alternative stays, as apt has it.
    fn resolve(&self, entries: &[Vec<String>]) -> BTreeSet<usize> {
        entries.iter().flatten().filter_map(|name| self.0.get(name)).flatten().copied().collect()
    }
}
