//! Which library the image's own loader would choose for each that a program or library needs, which are missing, which
//! nothing needs, and what is built for another machine.
//!
//! The rules are those of ld.so(8) and of musl's `ldso/dynlink.c`, as far as the image alone decides: a program that sets its
//! search path itself, or loads by name, is not seen.

use std::collections::{BTreeMap, BTreeSet};

use crate::image::Image;
use crate::layer::{Capture, Content, FileFormat, Inside, Linked, Wants};
use crate::ledger::{ChainView, Ledger, PathId, Tree};
use crate::owners::{self, inside};

/// What is wanted of the layers to know what is linked to what.
pub struct Linking;

impl Wants for Linking {
    fn wants(&self, path: &[u8], size: u64) -> Capture {
        match owners::wants(path, size) {
            Capture::Nothing if configures_loader(path) => Capture::Whole(1 << 20),
            theirs => theirs,
        }
    }

    fn opens(&self, path: &[u8], format: FileFormat, mode: u32) -> bool {
        matches!(format, FileFormat::ElfExecutable | FileFormat::ElfShared)
            || inside::opens(path, format, mode)
    }

    fn open(&self, path: &[u8], content: &dyn Content) -> Option<Inside> {
        inside::open_linked(path, content).or_else(|| inside::open(path, content))
    }
}

fn configures_loader(path: &[u8]) -> bool {
    let below = path.strip_prefix(b"etc/").unwrap_or_default();
    below == b"ld.so.conf"
        || below.starts_with(b"ld.so.conf.d/")
        || below.starts_with(b"ld-musl-") && below.ends_with(b".path")
}

/// What is linked to what.
#[derive(Debug, Clone, Default)]
pub struct Libraries {
    /// By program or library: each name that it needs, and what the loader would choose for it.
    pub files: BTreeMap<PathId, Vec<(String, Option<PathId>)>>,
    /// Names that a loader would not find: who needs them, and where else a file of the name lies.
    pub missing: BTreeMap<String, (Vec<PathId>, Option<PathId>)>,
    /// Libraries where loaders look, which nothing in the image is linked to.
    pub unneeded: Vec<PathId>,
    /// Programs and libraries for another machine than the platform's.
    pub foreign: Vec<PathId>,
}

/// Finds out what is linked to what in the final file system.
pub fn libraries(image: &Image, ledger: &Ledger) -> Libraries {
    let view = ChainView::last(ledger);
    let search = Search::new(&view, image);
    let mut found = Libraries::default();
    let architecture = image.platform.architecture.as_str();
    for (path, _, inside) in view.insides() {
        let Some(linked) = &inside.linked else { continue };
        if linked.machine != architecture && !architecture.is_empty() {
            found.foreign.push(path);
        }
        let names = linked.interpreter.iter().map(|name| (name, view.follow(name.as_bytes())));
        let names = names.chain(linked.needed.iter().map(|name| (name, search.choose(path, linked, name))));
        let real = |real: Option<PathId>| real.filter(|real| view.at(*real).is_some());
        found.files.insert(path, names.map(|(name, found)| (name.clone(), real(found))).collect());
    }
    search.inherit(&mut found.files);
    let mut needed = BTreeSet::new();
    for (path, names) in &found.files {
        for (name, real) in names {
            needed.extend(*real);
            if real.is_none() {
                let missing = found.missing.entry(name.clone()).or_default();
                missing.0.push(*path);
                missing.1 = search.elsewhere(name);
            }
        }
    }
    found.unneeded = search.unneeded(&needed);
    found
}

/// Where loaders look.
struct Search<'v, 'a> {
    view: &'v ChainView<'a>,
    /// `LD_LIBRARY_PATH` of the image's configuration.
    environment: Vec<String>,
    /// What `/etc/ld.so.conf` names, in its order; or musl's own file.
    configured: Vec<String>,
    is_musl: bool,
    /// By name: all files and links of that name that look like libraries.
    by_name: BTreeMap<&'a [u8], Vec<PathId>>,
}

impl<'v, 'a> Search<'v, 'a> {
    fn new(view: &'v ChainView<'a>, image: &Image) -> Self {
        let tree = &view.ledger.tree;
        let mut by_name: BTreeMap<&[u8], Vec<PathId>> = BTreeMap::new();
        for path in (0..u32::try_from(tree.len()).unwrap_or(u32::MAX)).map(PathId) {
            let name = tree.name(path);
            if name.windows(3).any(|window| window == b".so") && view.at(path).is_some() {
                by_name.entry(name).or_default().push(path);
            }
        }
        let loader = |start: &[u8]| by_name.keys().any(|name| name.starts_with(start));
        let is_musl = loader(b"ld-musl-") && !loader(b"ld-linux");
        let environment =
            image.config.config.env.iter().find_map(|pair| pair.strip_prefix("LD_LIBRARY_PATH="));
        let environment = environment.unwrap_or_default().split([':', ';']).filter(|path| !path.is_empty());
        let environment = environment.map(ToOwned::to_owned).collect();
        let configured = configured(view, is_musl);
        Self { view, environment, configured, is_musl, by_name }
    }

    /// What the loader would take for `name`, with all links followed.
    fn choose(&self, from: PathId, linked: &Linked, name: &str) -> Option<PathId> {
        if name.contains('/') {
            return self.view.follow(name.as_bytes());
        }
        let before: &[String] = if linked.runpath.is_empty() { &linked.rpath } else { &[] };
        let own = before.iter().chain(&self.environment).chain(&linked.runpath).chain(&self.configured);
        let mut directories: Vec<&str> = own.map(String::as_str).collect();
        directories.extend(self.defaults(&linked.machine));
        directories.into_iter().find_map(|directory| {
            let found = self.inside_of(from, directory, name)?;
            let other = self.view.at(found).and_then(|id| self.view.ledger.insides.get(&id))?;
            // One for another machine is passed over.
            let machine = other.linked.as_ref().map(|other| other.machine.as_str());
            (machine == Some(linked.machine.as_str())).then_some(found)
        })
    }

    /// What a file does not find by itself is looked for where those say that load it: `RPATH` holds for all that is loaded
    /// below, unlike `RUNPATH`; with musl both do.
    fn inherit(&self, files: &mut BTreeMap<PathId, Vec<(String, Option<PathId>)>>) {
        // What is found makes chains longer, but every round finds something.
        loop {
            let mut loaded_by: BTreeMap<PathId, Vec<PathId>> = BTreeMap::new();
            for (path, names) in files.iter() {
                for real in names.iter().filter_map(|(_, real)| *real) {
                    loaded_by.entry(real).or_default().push(*path);
                }
            }
            let open = files.iter().flat_map(|(path, names)| {
                let names = names
                    .iter()
                    .enumerate()
                    .filter(|(_, (name, real))| real.is_none() && !name.contains('/'));
                names.map(|(position, (name, _))| (*path, position, name.as_str()))
            });
            let found: Vec<_> = open
                .filter_map(|(path, position, name)| {
                    Some((path, position, self.above(&loaded_by, path, name)?))
                })
                .collect();
            if found.is_empty() {
                return;
            }
            for (path, position, real) in found {
                if let Some((_, slot)) = files.get_mut(&path).and_then(|names| names.get_mut(position)) {
                    *slot = Some(real);
                }
            }
        }
    }

    /// A library by the search path of whatever loads `path`, directly or through others.
    fn above(&self, loaded_by: &BTreeMap<PathId, Vec<PathId>>, path: PathId, name: &str) -> Option<PathId> {
        let linked = |path: PathId| self.view.ledger.insides.get(&self.view.at(path)?)?.linked.as_ref();
        let machine = &linked(path)?.machine;
        let (mut seen, mut left) = (BTreeSet::from([path]), vec![path]);
        while let Some(at) = left.pop() {
            for above in loaded_by.get(&at).into_iter().flatten().filter(|above| seen.insert(**above)) {
                left.push(*above);
                let Some(loader) = linked(*above) else { continue };
                let (rpath, runpath) = (&loader.rpath, &loader.runpath);
                let holds = if runpath.is_empty() { rpath.as_slice() } else { &[] };
                let musl = if self.is_musl { runpath.as_slice() } else { &[] };
                let mut places =
                    holds.iter().chain(musl).filter_map(|place| self.inside_of(*above, place, name));
                let found =
                    places.find(|found| linked(*found).is_some_and(|other| other.machine == *machine));
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    /// The file of a name in a directory as search paths write it.
    fn inside_of(&self, from: PathId, directory: &str, name: &str) -> Option<PathId> {
        let tree = &self.view.ledger.tree;
        let origin = tree.path(tree.parent(from)).to_string();
        let directory = directory.replace("${ORIGIN}", &origin).replace("$ORIGIN", &origin);
        self.view.follow(format!("/{directory}/{name}").as_bytes())
    }

    fn defaults(&self, machine: &str) -> &'static [&'static str] {
        match machine {
            _ if self.is_musl => &["/lib", "/usr/local/lib", "/usr/lib"],
            "amd64" => &[
                "/lib/x86_64-linux-gnu",
                "/usr/lib/x86_64-linux-gnu",
                "/lib64",
                "/usr/lib64",
                "/lib",
                "/usr/lib",
            ],
            "arm64" => &[
                "/lib/aarch64-linux-gnu",
                "/usr/lib/aarch64-linux-gnu",
                "/lib64",
                "/usr/lib64",
                "/lib",
                "/usr/lib",
            ],
            "386" => &[
                "/lib/i386-linux-gnu",
                "/usr/lib/i386-linux-gnu",
                "/lib",
                "/usr/lib",
                "/lib32",
                "/usr/lib32",
            ],
            "arm" => &["/lib/arm-linux-gnueabihf", "/usr/lib/arm-linux-gnueabihf", "/lib", "/usr/lib"],
            "riscv64" => &[
                "/lib/riscv64-linux-gnu",
                "/usr/lib/riscv64-linux-gnu",
                "/lib64",
                "/usr/lib64",
                "/lib",
                "/usr/lib",
            ],
            "s390x" => &[
                "/lib/s390x-linux-gnu",
                "/usr/lib/s390x-linux-gnu",
                "/lib64",
                "/usr/lib64",
                "/lib",
                "/usr/lib",
            ],
            "ppc64le" => &[
                "/lib/powerpc64le-linux-gnu",
                "/usr/lib/powerpc64le-linux-gnu",
                "/lib64",
                "/usr/lib64",
                "/lib",
                "/usr/lib",
            ],
            _ => &["/lib64", "/usr/lib64", "/lib", "/usr/lib"],
        }
    }

    /// A file of a name that no loader finds by the rules: something may yet load it by its path.
    fn elsewhere(&self, name: &str) -> Option<PathId> {
        self.by_name.get(name.as_bytes())?.first().copied()
    }

    /// Libraries in the directories of the system that nothing is linked to. Left out are those of the C library's name service,
    /// which it loads by name.
    fn unneeded(&self, needed: &BTreeSet<PathId>) -> Vec<PathId> {
        let tree = &self.view.ledger.tree;
        let machines: BTreeSet<&str> = self
            .view
            .insides()
            .filter_map(|(.., inside)| Some(inside.linked.as_ref()?.machine.as_str()))
            .collect();
        let defaults = machines.iter().flat_map(|machine| self.defaults(machine));
        let mut places: Vec<&str> = self.configured.iter().map(String::as_str).collect();
        places.extend(defaults);
        let places: BTreeSet<_> =
            places.into_iter().filter_map(|place| self.view.follow(place.as_bytes())).collect();
        let libraries = self.view.insides().filter(|(path, _, inside)| {
            let is_library = inside.linked.as_ref().is_some_and(|linked| linked.interpreter.is_none());
            let name = tree.name(*path);
            is_library
                && places.contains(&tree.parent(*path))
                && name.windows(3).any(|window| window == b".so")
                && !name.starts_with(b"libnss_")
                && !name.starts_with(b"ld-")
        });
        let unneeded = libraries.map(|(path, ..)| path).filter(|path| !needed.contains(path));
        unneeded.collect()
    }
}

/// The directories that the loader's configuration names; `include` takes a pattern whose last component may have a `*`.
fn configured(view: &ChainView<'_>, is_musl: bool) -> Vec<String> {
    let tree = &view.ledger.tree;
    let mut directories = Vec::new();
    if is_musl {
        for (_, _, content) in view.captured().filter(|(path, ..)| tree.name(*path).starts_with(b"ld-musl-"))
        {
            let text = String::from_utf8_lossy(content).into_owned();
            directories
                .extend(text.split([':', '\n']).filter(|path| !path.is_empty()).map(ToOwned::to_owned));
        }
        return directories;
    }
    let mut left = vec!["/etc/ld.so.conf".to_owned()];
    let mut seen = BTreeSet::new();
    while let Some(file) = left.pop() {
        let Some(path) = view.follow(file.as_bytes()).filter(|path| seen.insert(*path)) else { continue };
        let Some(content) = view.content(path) else { continue };
        for line in String::from_utf8_lossy(content).lines() {
            let line = line.split('#').next().unwrap_or_default().trim();
            match line.strip_prefix("include") {
                Some(pattern) => left.extend(included(tree, view, pattern.trim())),
                None if line.starts_with('/') => directories.push(line.to_owned()),
                None => {}
            }
        }
    }
    directories
}

/// The files that an `include` means, last first, for the first is read first.
fn included(tree: &Tree, view: &ChainView<'_>, pattern: &str) -> Vec<String> {
    let pattern = if pattern.starts_with('/') { pattern.to_owned() } else { format!("/etc/{pattern}") };
    let Some((directory, name)) = pattern.rsplit_once('/') else { return Vec::new() };
    let Some((start, end)) = name.split_once('*') else { return vec![pattern] };
    let Some(path) = view.follow(directory.as_bytes()) else { return Vec::new() };
    let names = tree.children(path).map(|child| String::from_utf8_lossy(tree.name(child)).into_owned());
    let mut names: Vec<_> = names.filter(|name| name.starts_with(start) && name.ends_with(end)).collect();
    names.sort_unstable_by(|a, b| b.cmp(a));
    names.into_iter().map(|name| format!("{directory}/{name}")).collect()
}
