//! Node: what package.json declares against what the application's sources import, dev dependencies that were installed
//! for production, and packages that are there in several versions.

mod source;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

pub use source::{Script, package_of, read};

use super::retained::{Graph, Retained};
use super::verdict::{Confidence, Dynamic, Package, Verdict};
use crate::ledger::{ChainView, Entry, PathId, Tree};
use crate::size::Size;

/// Whether a path is a source of an application, by its name: what is installed is judged by its package.json.
pub fn is_source(path: &[u8]) -> bool {
    let end = path.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    let is_script = matches!(end, b"js" | b"mjs" | b"cjs" | b"ts" | b"mts" | b"cts" | b"jsx" | b"tsx");
    let is_installed = path
        .split(|byte| *byte == b'/')
        .any(|word| matches!(word, b"node_modules" | b"site-packages" | b"dist-packages"));
    is_script
        && !is_installed
        && !path.starts_with(b"usr/share/")
        && !path.starts_with(b"usr/lib/")
        && !path.starts_with(b"usr/local/")
}

/// What was found out about the packages of Node.
#[derive(Debug, Default)]
pub struct Node {
    /// Every package.
    pub packages: Vec<Package>,
    /// Packages of several versions: the name, and each version with its bytes.
    pub duplicates: Vec<(String, Vec<(String, Size)>)>,
    /// Imports of names that only running the code would tell.
    pub dynamic: Vec<Dynamic>,
    /// What goes when everything goes that could, jointly.
    pub joint: Size,
    /// The names of that.
    pub joint_packages: Vec<String>,
    /// The directories of that.
    pub going: Going,
}

/// Directories of packages that go, with what only they keep.
#[derive(Debug, Clone, Default)]
pub struct Going {
    /// When what is declared for development goes, and nothing that runs names it: as `npm ci --omit=dev` leaves them out.
    pub development: BTreeSet<PathId>,
    /// When everything goes that could.
    pub all: BTreeSet<PathId>,
}

/// A `package.json`.
struct Manifest {
    directory: PathId,
    name: String,
    version: String,
    content: Map<String, Value>,
}

impl Manifest {
    fn names(&self, key: &str) -> impl Iterator<Item = &String> {
        self.content.get(key).and_then(Value::as_object).into_iter().flat_map(Map::keys)
    }
}

/// Audits the packages of Node, where these are the words of the commands that run.
pub fn audit(view: &ChainView<'_>, words: &BTreeSet<String>) -> Node {
    let tree = &view.ledger.tree;
    let (mut projects, mut installed) = (Vec::new(), Vec::new());
    for (path, _, content) in view.captured().filter(|(path, _, _)| tree.name(*path) == b"package.json") {
        let Ok(Value::Object(content)) = serde_json::from_slice(content) else { continue };
        let text = |key: &str| content.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let manifest =
            Manifest { directory: tree.parent(path), name: text("name"), version: text("version"), content };
        match place(tree, manifest.directory) {
            Place::Project => projects.push(manifest),
            Place::Installed if !manifest.name.is_empty() => installed.push(manifest),
            Place::Installed | Place::Elsewhere => {}
        }
    }
    // What npm itself brings belongs to the runtime.
    let is_runtime = |one: &Manifest| {
        tree.bytes(one.directory).windows(26).any(|window| window == b"lib/node_modules/npm/node_")
    };
    installed.retain(|one| !is_runtime(one));
    projects.retain(|one| {
        one.content.contains_key("dependencies") || one.content.contains_key("devDependencies")
    });
    if projects.is_empty() {
        return Node::default();
    }
    let sizes = sizes(view, &installed);
    let graph = graph(tree, &installed, &sizes, &projects);
    let mut node = Node { duplicates: duplicates(&installed, &sizes), ..Node::default() };
    let retained = graph.retained();
    let (mut going, mut development) = (BTreeSet::new(), BTreeSet::new());
    for project in &projects {
        let said = said(view, project, words, &mut node.dynamic);
        let kept_by_use: BTreeSet<usize> = project
            .names("dependencies")
            .chain(project.names("optionalDependencies"))
            .filter_map(|name| resolve(tree, &installed, project.directory, name))
            .collect();
        for (key, name) in ["dependencies", "devDependencies"]
            .iter()
            .flat_map(|key| project.names(key).map(move |name| (*key, name)))
        {
            let Some(position) = resolve(tree, &installed, project.directory, name) else { continue };
            let is_dev = key == "devDependencies" && !kept_by_use.contains(&position);
            let one = &installed[position];
            let names = Names { package: name, programs: programs(one) };
            let (verdict, confidence, because) = judge(&names, is_dev, &said, !node.dynamic.is_empty());
            let could_go = verdict == Verdict::Unused;
            if could_go {
                going.insert(position);
                development.extend(is_dev.then_some(position));
            }
            node.packages.push(Package {
                id: format!("node:{}", one.name),
                name: one.name.clone(),
                version: one.version.clone(),
                verdict,
                confidence,
                could_go,
                reached: said.imports.contains_key(name).then_some(super::Tier::Hard),
                own: sizes[position],
                retained: retained.of(position),
                keeps: retained.kept_by(position).iter().map(|kept| installed[*kept].name.clone()).collect(),
                required_by: Vec::new(),
                declared: Some((format!("{}/package.json", tree.path(project.directory)), 0)),
                line: Some(graph.size_of(&graph.freed(&BTreeSet::new(), &BTreeSet::from([position])))),
                alternatives: Vec::new(),
                because,
            });
        }
    }
    undeclared(&mut node, &installed, &graph, &sizes, &retained);
    let freed = graph.freed(&BTreeSet::new(), &going);
    node.joint = graph.size_of(&freed);
    node.joint_packages = freed.iter().map(|position| installed[*position].name.clone()).collect();
    let directories = |freed: BTreeSet<usize>| freed.iter().map(|one| installed[*one].directory).collect();
    node.going = Going {
        development: directories(graph.freed(&BTreeSet::new(), &development)),
        all: directories(freed),
    };
    node
}

/// Packages that no project declares: what others depend on, and what is left over.
fn undeclared(node: &mut Node, installed: &[Manifest], graph: &Graph, sizes: &[Size], retained: &Retained) {
    let listed: BTreeSet<String> = node.packages.iter().map(|package| package.name.clone()).collect();
    for (position, one) in installed.iter().enumerate().filter(|(_, one)| !listed.contains(&one.name)) {
        let by: Vec<String> = (0..installed.len())
            .filter(|other| graph.requires[*other].contains(&position))
            .map(|other| installed[other].name.clone())
            .collect();
        let is_left = by.is_empty();
        node.packages.push(Package {
            id: format!("node:{}", one.name),
            name: one.name.clone(),
            version: one.version.clone(),
            verdict: if is_left { Verdict::Leftover } else { Verdict::Transitive },
            confidence: Confidence::Likely,
            could_go: false,
            reached: None,
            own: sizes[position],
            retained: retained.of(position),
            keeps: Vec::new(),
            because: if is_left {
                vec!["no package.json asks for it".to_owned()]
            } else {
                vec![format!("{} depends on it", by[0])]
            },
            required_by: by,
            declared: None,
            line: None,
            alternatives: Vec::new(),
        });
    }
}

/// What a project's sources and scripts say.
#[derive(Default)]
struct Said {
    imports: BTreeMap<String, String>,
    strings: BTreeSet<String>,
    started: BTreeSet<String>,
    production: String,
    other: String,
}

fn said(
    view: &ChainView<'_>,
    project: &Manifest,
    words: &BTreeSet<String>,
    dynamic: &mut Vec<Dynamic>,
) -> Said {
    let tree = &view.ledger.tree;
    let mut said = Said { started: words.clone(), ..Said::default() };
    for (id, reduced) in &view.ledger.reduced {
        let path = view.ledger.entry(*id).path;
        let Some(script) = reduced.downcast_ref::<Script>() else { continue };
        if view.at(path) != Some(*id) || !tree.ancestors(path).any(|above| above == project.directory) {
            continue;
        }
        let shown = tree.path(path).to_string();
        for (name, line) in &script.imports {
            said.imports.entry(name.clone()).or_insert_with(|| format!("{shown}:{line}"));
        }
        said.strings.extend(script.strings.iter().cloned());
        dynamic.extend(script.dynamic.iter().map(|line| Dynamic {
            ours: true,
            at: format!("{shown}:{line}"),
            call: "import".to_owned(),
        }));
    }
    for (name, command) in project.content.get("scripts").and_then(Value::as_object).into_iter().flatten() {
        let command = command.as_str().unwrap_or_default();
        let text =
            if name == "start" || name.ends_with("start") { &mut said.production } else { &mut said.other };
        text.extend([" ", command, " "]);
    }
    said
}

/// By what a package may be called: its name, and the programs that it brings.
struct Names<'n> {
    package: &'n str,
    programs: Vec<&'n str>,
}

/// The programs that a package brings, by its `bin`.
fn programs(manifest: &Manifest) -> Vec<&str> {
    match manifest.content.get("bin") {
        Some(Value::Object(programs)) => programs.keys().map(String::as_str).collect(),
        Some(Value::String(_)) => vec![manifest.name.rsplit('/').next().unwrap_or(&manifest.name)],
        _ => Vec::new(),
    }
}

fn judge(
    names: &Names<'_>,
    is_dev: bool,
    said: &Said,
    is_dynamic: bool,
) -> (Verdict, Confidence, Vec<String>) {
    let name = names.package;
    let runs = |text: &str| {
        // `--import=tsx/esm`, `-r @swc-node/register`, `node_modules/.bin/next`.
        let mut words = text.split([' ', '=', ',', ';', '"', '\'']);
        words.any(|word| {
            word.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                || word.split('/').any(|part| part == name || names.programs.contains(&part))
                || word.contains(&format!("/{name}/"))
        })
    };
    if let Some(at) = said.imports.get(name) {
        let note = if is_dev { ", though it is declared for development only" } else { "" };
        return (Verdict::Used, Confidence::Certain, vec![format!("imported in {at}{note}")]);
    }
    if let Some(word) = said.started.iter().find(|word| runs(word)) {
        return (Verdict::Used, Confidence::Likely, vec![format!("the command names it: `{word}`")]);
    }
    if runs(&said.production) {
        return (Verdict::Used, Confidence::Likely, vec!["the start script names it".to_owned()]);
    }
    if said.strings.contains(name) {
        return (
            Verdict::Optional,
            Confidence::Possible,
            vec!["a literal of the sources names it, which something may load".to_owned()],
        );
    }
    if is_dev {
        return (
            Verdict::Unused,
            Confidence::Likely,
            vec!["declared for development, and installed for production: npm ci --omit=dev".to_owned()],
        );
    }
    let mut because = vec!["declared, and no source of the application imports or names it".to_owned()];
    let mut confidence = Confidence::Likely;
    if runs(&said.other) {
        confidence = Confidence::Possible;
        because.push("a script of package.json names it".to_owned());
    }
    if is_dynamic {
        confidence = Confidence::Possible;
        because.push("the application imports by names that only running it would tell".to_owned());
    }
    (Verdict::Unused, confidence, because)
}

enum Place {
    Project,
    Installed,
    Elsewhere,
}

/// A package's own directory is `node_modules/NAME` or `node_modules/@SCOPE/NAME`.
fn place(tree: &Tree, directory: PathId) -> Place {
    let above = tree.parent(directory);
    let is_package = tree.name(above) == b"node_modules"
        || tree.name(above).starts_with(b"@") && tree.name(tree.parent(above)) == b"node_modules";
    if is_package {
        return Place::Installed;
    }
    let mut all = std::iter::once(directory).chain(tree.ancestors(directory));
    let is_inside =
        all.any(|path| matches!(tree.name(path), b"node_modules" | b"site-packages" | b"dist-packages"));
    if is_inside { Place::Elsewhere } else { Place::Project }
}

/// What each package's directory weighs, without the packages nested in it.
fn sizes(view: &ChainView<'_>, installed: &[Manifest]) -> Vec<Size> {
    let tree = &view.ledger.tree;
    let directories: BTreeMap<PathId, usize> =
        installed.iter().enumerate().map(|(position, one)| (one.directory, position)).collect();
    let mut sizes = vec![Size::ZERO; installed.len()];
    for entry in view.ledger.entries.iter().filter(|entry| entry.fate.is_live()) {
        let nearest = std::iter::once(entry.path)
            .chain(tree.ancestors(entry.path))
            .find_map(|above| directories.get(&above));
        if let Some(position) = nearest {
            sizes[*position] += Entry::size(entry);
        }
    }
    sizes
}

/// As Node resolves a name: the nearest `node_modules` that has it, going up.
fn resolve(tree: &Tree, installed: &[Manifest], from: PathId, name: &str) -> Option<usize> {
    let mut directories = std::iter::once(from).chain(tree.ancestors(from));
    directories.find_map(|directory| {
        let found = tree.find_below(directory, format!("node_modules/{name}").as_bytes())?;
        installed.iter().position(|one| one.directory == found)
    })
}

fn graph(tree: &Tree, installed: &[Manifest], sizes: &[Size], projects: &[Manifest]) -> Graph {
    let mut graph = Graph::default();
    for size in sizes {
        graph.add(*size);
    }
    for (position, one) in installed.iter().enumerate() {
        // What only the meta data of peers names is loaded where it is there: the drivers of a database.
        let names = ["dependencies", "optionalDependencies", "peerDependencies", "peerDependenciesMeta"]
            .into_iter()
            .flat_map(|key| one.names(key));
        graph.requires[position] = names
            .filter_map(|name| resolve(tree, installed, one.directory, name))
            .filter(|to| *to != position)
            .collect();
    }
    for project in projects {
        let names = ["dependencies", "optionalDependencies", "devDependencies"]
            .into_iter()
            .flat_map(|key| project.names(key));
        graph.roots.extend(names.filter_map(|name| resolve(tree, installed, project.directory, name)));
    }
    graph
}

fn duplicates(installed: &[Manifest], sizes: &[Size]) -> Vec<(String, Vec<(String, Size)>)> {
    let mut versions: BTreeMap<&str, BTreeMap<&str, Size>> = BTreeMap::new();
    for (one, size) in installed.iter().zip(sizes) {
        *versions.entry(&one.name).or_default().entry(&one.version).or_default() += *size;
    }
    versions
        .into_iter()
        .filter(|(_, versions)| versions.len() > 1)
        .map(|(name, versions)| {
            (
                name.to_owned(),
                versions.into_iter().map(|(version, size)| (version.to_owned(), size)).collect(),
            )
        })
        .collect()
}
