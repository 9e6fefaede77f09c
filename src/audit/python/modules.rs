//! Which module a name means: every source and extension module of the image, and of a source directory beside it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Distribution, Facts};
use crate::layer::MemberKind;
use crate::ledger::{ChainView, Kind, OwnerId, PathId, Tree};

/// Position of a module in [`Modules::all`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleId(pub u32);

/// One module: a source or an extension.
#[derive(Debug, Clone)]
pub struct Module<'a> {
    /// Its name: `qiskit.circuit`. An application's module has the name that its own package gives it.
    pub name: String,
    /// Where it is: a path of the image, or one relative to the source directory.
    pub path: String,
    /// Whose it is.
    pub place: Home,
    /// What it says; `None` for an extension module.
    pub facts: Option<&'a Facts>,
    /// Whether `name` is a package, so that its relative imports start at itself.
    pub is_package: bool,
}

/// Whose a module is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Home {
    /// The application's own.
    Application,
    /// Of a distribution, by its position.
    Distribution(usize),
    /// In a directory of installed modules, and nobody's.
    Nobody,
}

/// Every module, and the names that lead to it.
#[derive(Debug, Default)]
pub struct Modules<'a> {
    /// All of them.
    pub all: Vec<Module<'a>>,
    by_name: HashMap<String, Vec<ModuleId>>,
    /// Versions of Python that sources are installed for, and for how many.
    pub versions: BTreeMap<(u16, u16), u64>,
}

/// What gathers modules.
pub struct Gather<'v, 'a> {
    /// The image.
    pub view: &'v ChainView<'a>,
    /// The distributions.
    pub distributions: &'v [Distribution],
    /// Directories that are searched for the application's modules: the working directory, `PYTHONPATH`.
    pub search: Vec<PathId>,
}

impl<'a> Modules<'a> {
    /// All modules of an image.
    pub fn gather(gather: &Gather<'_, 'a>) -> Self {
        let mut modules = Self::default();
        let owners: HashMap<OwnerId, usize> =
            gather.distributions.iter().enumerate().map(|(position, one)| (one.owner, position)).collect();
        let tree = &gather.view.ledger.tree;
        // One look at each directory says whether it is below one of installed modules.
        let mut sites: HashMap<PathId, Option<PathId>> = HashMap::new();
        for position in 0..tree.len() {
            let path = PathId(u32::try_from(position).unwrap_or(0));
            let name = tree.name(path);
            let is_source = name.ends_with(b".py");
            if !is_source && !name.ends_with(b".so") {
                continue;
            }
            let Some(entry) = gather.view.entry(path) else { continue };
            if !matches!(
                entry.kind,
                Kind::Member(MemberKind::File | MemberKind::HardLink | MemberKind::Symlink)
            ) {
                continue;
            }
            let site = site_of(tree, tree.parent(path), &mut sites);
            let facts = if is_source { facts(gather.view, path) } else { None };
            if is_source && facts.is_none() {
                continue;
            }
            let owner = gather.view.ledger.owner_name(entry.owner);
            match site {
                Some(site) => {
                    let place = owners.get(&entry.owner).map_or(Home::Nobody, |one| Home::Distribution(*one));
                    let Some(name) = dotted(tree, site, path) else { continue };
                    if is_source && let Some(version) = version_of(tree, site) {
                        *modules.versions.entry(version).or_default() += 1;
                    }
                    modules.add(
                        &[name],
                        Module::new(tree.path(path).to_string(), place, facts, tree.name(path)),
                    );
                }
                None if is_source && is_application(owner) => {
                    let names = gather.names(path);
                    modules.add(
                        &names,
                        Module::new(tree.path(path).to_string(), Home::Application, facts, tree.name(path)),
                    );
                }
                None => {}
            }
        }
        modules
    }

    /// Adds the sources of a directory of the host, each with its path relative to it.
    pub fn add_sources(&mut self, sources: &'a [(String, Facts)]) {
        let packages: BTreeSet<&str> = sources
            .iter()
            .filter_map(|(path, _)| {
                path.strip_suffix("__init__.py").map(|directory| directory.trim_end_matches('/'))
            })
            .collect();
        for (path, facts) in sources {
            let mut names = Vec::new();
            let stem = path.strip_suffix(".py").unwrap_or(path);
            let words: Vec<&str> = stem.split('/').collect();
            for start in 0..words.len() {
                // Any directory that is not itself inside a package may be one that is searched.
                let directory = words[..start].join("/");
                if start == 0 || !packages.contains(directory.as_str()) {
                    names.push(module_name(words[start..].iter().copied()));
                }
            }
            names.retain(|name| !name.is_empty());
            let file = path.rsplit('/').next().unwrap_or(path);
            self.add(&names, Module::new(path.clone(), Home::Application, Some(facts), file.as_bytes()));
        }
    }

    fn add(&mut self, names: &[String], mut module: Module<'a>) {
        let id = ModuleId(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
        // The shortest name that is not a bare file name tells most.
        let Some(first) = names.first() else { return };
        module.name.clone_from(first);
        for name in names {
            self.by_name.entry(name.clone()).or_default().push(id);
        }
        self.all.push(module);
    }

    /// The module of an id.
    pub fn get(&self, id: ModuleId) -> &Module<'a> {
        &self.all[id.0 as usize]
    }

    /// All ids.
    pub fn ids(&self) -> impl Iterator<Item = ModuleId> + use<> {
        (0..u32::try_from(self.all.len()).unwrap_or(u32::MAX)).map(ModuleId)
    }

    /// The module of exactly this name, as seen from `from`: the application's own first, then those of the same
    /// distribution, then whatever there is.
    pub fn named(&self, name: &str, from: Option<Home>) -> Option<ModuleId> {
        let candidates = self.by_name.get(name)?;
        let place = |id: &&ModuleId| self.get(**id).place;
        let own = candidates.iter().find(|id| Some(place(id)) == from);
        let application = || candidates.iter().find(|id| place(id) == Home::Application);
        let installed = || candidates.iter().find(|id| place(id) != Home::Application);
        let found = match from {
            // An installed module never means a script of the application that happens to have the same name.
            Some(Home::Distribution(_)) => own.or_else(installed),
            _ => own.or_else(application).or_else(installed),
        };
        found.copied()
    }

    /// Every module that importing `name` runs: the packages above it and itself. Empty where nothing has that name.
    pub fn chain(&self, name: &str, from: Option<Home>) -> Vec<ModuleId> {
        let ends = name.match_indices('.').map(|(end, _)| end).chain([name.len()]);
        ends.filter_map(|end| self.named(&name[..end], from)).collect()
    }

    /// Whether any module is named this or lies below it, installed or not: a namespace package has no file.
    pub fn knows(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }
}

impl<'a> Module<'a> {
    fn new(path: String, place: Home, facts: Option<&'a Facts>, file: &[u8]) -> Self {
        let is_package = file == b"__init__.py";
        Self { name: String::new(), path, place, facts, is_package }
    }
}

impl Gather<'_, '_> {
    /// The names by which the application may know one of its sources: from each directory that is searched, and from
    /// the directory above its outermost package.
    fn names(&self, path: PathId) -> Vec<String> {
        let tree = &self.view.ledger.tree;
        let has_init = |directory| {
            tree.child(directory, b"__init__.py").is_some_and(|init| self.view.at(init).is_some())
        };
        let mut root = tree.parent(path);
        while root != Tree::ROOT && has_init(root) {
            root = tree.parent(root);
        }
        let mut roots: Vec<PathId> = self.search.clone();
        roots.push(root);
        roots.push(tree.parent(path));
        let mut names: Vec<String> = Vec::new();
        for root in roots {
            if let Some(name) =
                dotted(tree, root, path).filter(|name| !name.is_empty() && !names.contains(name))
            {
                names.push(name);
            }
        }
        names
    }
}

fn facts<'a>(view: &ChainView<'a>, path: PathId) -> Option<&'a Facts> {
    view.reduced(path)?.downcast_ref::<Facts>()
}

/// Entries that no package and no runtime owns.
fn is_application(owner: &str) -> bool {
    matches!(owner, "unowned" | "application")
}

/// The directory of installed modules that a directory lies in.
fn site_of(tree: &Tree, directory: PathId, known: &mut HashMap<PathId, Option<PathId>>) -> Option<PathId> {
    let mut passed = Vec::new();
    let mut at = directory;
    let found = loop {
        if let Some(found) = known.get(&at) {
            break *found;
        }
        passed.push(at);
        if matches!(tree.name(at), b"site-packages" | b"dist-packages") {
            break Some(at);
        }
        if at == Tree::ROOT {
            break None;
        }
        at = tree.parent(at);
    };
    for directory in passed {
        known.insert(directory, found);
    }
    found
}

/// `3.11` of `lib/python3.11/site-packages`.
fn version_of(tree: &Tree, site: PathId) -> Option<(u16, u16)> {
    let name = std::str::from_utf8(tree.name(tree.parent(site))).ok()?;
    let (major, minor) = name.strip_prefix("python")?.split_once('.')?;
    Some((major.parse().ok()?, minor.trim_end_matches('t').parse().ok()?))
}

/// The name of a file's module below a directory; `None` where it does not lie there or has no such name.
fn dotted(tree: &Tree, root: PathId, path: PathId) -> Option<String> {
    let mut words = vec![tree.name(path)];
    let mut at = tree.parent(path);
    while at != root {
        if at == Tree::ROOT {
            return None;
        }
        words.push(tree.name(at));
        at = tree.parent(at);
    }
    words.reverse();
    let last = words.pop()?;
    // An extension module's name ends at its first dot: `_rust.abi3.so`.
    let stem = match last.strip_suffix(b".py") {
        Some(stem) => stem,
        None => last.split(|byte| *byte == b'.').next()?,
    };
    words.push(stem);
    let words: Option<Vec<&str>> = words.into_iter().map(|word| std::str::from_utf8(word).ok()).collect();
    Some(module_name(words?.into_iter())).filter(|name| !name.is_empty())
}

fn module_name<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let mut words: Vec<&str> = words.collect();
    if words.last() == Some(&"__init__") {
        words.pop();
    }
    words.join(".")
}
