//! The six invariants of the design on images that nobody thought of, and a second opinion on every one of them: a model
//! of layers so naive that it can be read at a glance.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::BTreeMap;

use common::image::{Pack, Scratch, docker, layout};
use common::layer::{Header, Tar, content};
use common::validate::validate;
use common::{Figures, analyze, independent, piped, plimsoll};
use plimsoll::analysis::PlatformAnalysis;
use proptest::prelude::*;

/// What a line of a layer can do, on paths out of [`PATHS`].
#[derive(Debug, Clone)]
enum Step {
    File { path: usize, size: u64, seed: u8 },
    Directory(usize),
    HardLink { path: usize, target: usize },
    Symlink { path: usize, target: usize },
    Whiteout(usize),
    Opaque(usize),
}

/// Few paths, so that they meet; some that rules and ecosystems look at.
const PATHS: [&str; 20] = [
    "a",
    "a/b",
    "a/b/c",
    "a/b/d",
    "a/e",
    "f",
    "f/g",
    "var",
    "var/lib/apt/lists",
    "var/lib/apt/lists/x_Packages",
    "var/cache/apt/archives/x.deb",
    "root/.cache/pip/http/x",
    "wheels/x.whl",
    "usr/lib/libx.so.1",
    "usr/share/doc/x/changelog",
    "usr/lib/python3/dist-packages/x/__pycache__/m.pyc",
    "usr/lib/python3/dist-packages/x/m.py",
    "var/lib/dpkg/info/x.list",
    "var/lib/dpkg/status",
    "usr",
];

/// What the package database says, where a layer happens to hold it.
fn bytes_of(path: usize, size: u64, seed: u8) -> Vec<u8> {
    match PATHS[path] {
        "var/lib/dpkg/status" => {
            b"Package: x\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n".to_vec()
        }
        "var/lib/dpkg/info/x.list" => {
            PATHS.iter().flat_map(|path| format!("/{path}\n").into_bytes()).collect()
        }
        _ => content(size, &seed.to_string()),
    }
}

fn tar_of(steps: &[Step]) -> Vec<u8> {
    let mut tar = Tar::default();
    for step in steps {
        match step {
            Step::File { path, size, seed } => {
                let bytes = bytes_of(*path, *size, *seed);
                let header =
                    Header { size: bytes.len() as u64, ..Header::new(PATHS[*path].as_bytes(), b'0') };
                tar.member(&header, &bytes);
            }
            Step::Directory(path) => tar.member(&Header::new(PATHS[*path].as_bytes(), b'5'), b""),
            Step::HardLink { path, target } => {
                tar.member(
                    &Header { link: PATHS[*target].as_bytes(), ..Header::new(PATHS[*path].as_bytes(), b'1') },
                    b"",
                );
            }
            Step::Symlink { path, target } => {
                let target = format!("/{}", PATHS[*target]);
                tar.member(
                    &Header { link: target.as_bytes(), ..Header::new(PATHS[*path].as_bytes(), b'2') },
                    b"",
                );
            }
            Step::Whiteout(path) => {
                let (directory, name) = PATHS[*path].rsplit_once('/').unwrap_or((".", PATHS[*path]));
                tar.file(format!("{directory}/.wh.{name}").as_bytes(), 0);
            }
            Step::Opaque(path) => tar.file(format!("{}/.wh..wh..opq", PATHS[*path]).as_bytes(), 0),
        }
    }
    tar.end()
}

fn path() -> impl Strategy<Value = usize> {
    0..PATHS.len()
}

/// Mostly small files, some large enough to be duplicates, few sizes so that they collide.
fn size() -> impl Strategy<Value = u64> {
    prop_oneof![0..2000_u64, Just(4096), Just(5000), Just(40_000)]
}

fn step(with_symlinks: bool) -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (path(), size(), 0..3_u8).prop_map(|(path, size, seed)| Step::File { path, size, seed }),
        2 => path().prop_map(Step::Directory),
        2 => (path(), path()).prop_map(|(path, target)| Step::HardLink { path, target }),
        u32::from(with_symlinks) * 2 => (path(), path()).prop_map(|(path, target)| Step::Symlink { path, target }),
        2 => path().prop_map(Step::Whiteout),
        1 => path().prop_map(Step::Opaque),
    ]
}

fn layers(with_symlinks: bool) -> impl Strategy<Value = Vec<Vec<Step>>> {
    prop::collection::vec(prop::collection::vec(step(with_symlinks), 0..10), 1..6)
}

// --- The model: a map from paths to nodes, and what became of the bytes that each layer brought. ---

/// Bytes that one member brought, under all the names that its layer gave them.
struct Bytes {
    layer: usize,
    size: u64,
    /// Each name in the order of the tar, and what became of it: who hid it, and whether by deleting.
    names: Vec<Option<(usize, bool)>>,
}

#[derive(Clone, Copy)]
enum Node {
    Directory,
    /// A name of some bytes: which, and which of its names.
    Name(usize, usize),
    Nothing,
}

#[derive(Default)]
struct Model {
    nodes: BTreeMap<String, Node>,
    bytes: Vec<Bytes>,
}

impl Model {
    fn lose(&mut self, path: &str, by: (usize, bool)) {
        if let Some(Node::Name(bytes, name)) = self.nodes.remove(path) {
            self.bytes[bytes].names[name] = Some(by);
        }
    }

    fn lose_below(&mut self, path: &str, by: (usize, bool)) {
        let below: Vec<_> =
            self.nodes.keys().filter(|known| known.starts_with(&format!("{path}/"))).cloned().collect();
        for path in below {
            self.lose(&path, by);
        }
    }

    fn put(&mut self, path: &str, node: Node, layer: usize) {
        for (slash, _) in path.match_indices('/') {
            if !matches!(self.nodes.get(&path[..slash]), None | Some(Node::Directory)) {
                self.lose(&path[..slash], (layer, false));
            }
        }
        let is_merged =
            matches!(node, Node::Directory) && matches!(self.nodes.get(path), None | Some(Node::Directory));
        if !is_merged {
            self.lose(path, (layer, false));
            self.lose_below(path, (layer, false));
        }
        self.nodes.insert(path.to_owned(), node);
    }

    fn apply(&mut self, layer: usize, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Whiteout(path) => {
                    self.lose(PATHS[*path], (layer, true));
                    self.lose_below(PATHS[*path], (layer, true));
                }
                Step::Opaque(path) => self.lose_below(PATHS[*path], (layer, true)),
                _ => {}
            }
        }
        for step in steps {
            match step {
                Step::File { path, size, seed } => {
                    let size = bytes_of(*path, *size, *seed).len() as u64;
                    self.bytes.push(Bytes { layer, size, names: vec![None] });
                    self.put(PATHS[*path], Node::Name(self.bytes.len() - 1, 0), layer);
                }
                Step::Directory(path) => self.put(PATHS[*path], Node::Directory, layer),
                Step::HardLink { path, target } => {
                    let node = match self.nodes.get(PATHS[*target]) {
                        Some(Node::Name(bytes, _)) if self.bytes[*bytes].layer == layer => {
                            self.bytes[*bytes].names.push(None);
                            Node::Name(*bytes, self.bytes[*bytes].names.len() - 1)
                        }
                        _ => Node::Nothing,
                    };
                    self.put(PATHS[*path], node, layer);
                }
                Step::Symlink { path, .. } => self.put(PATHS[*path], Node::Nothing, layer),
                Step::Whiteout(_) | Step::Opaque(_) => {}
            }
        }
    }

    /// Live, overwritten and deleted bytes: the last name to go takes the bytes with it, of two in one layer the first.
    fn figures(layers: &[Vec<Step>]) -> Figures {
        let mut model = Self::default();
        for (layer, steps) in layers.iter().enumerate() {
            model.apply(layer, steps);
        }
        let mut figures = Figures::default();
        for bytes in &model.bytes {
            figures.content += bytes.size;
            let last = bytes
                .names
                .iter()
                .map(|gone| gone.map(|(layer, _)| layer))
                .max_by_key(|gone| gone.unwrap_or(usize::MAX));
            match bytes.names.iter().flatten().find(|(layer, _)| Some(Some(*layer)) == last) {
                _ if bytes.names.contains(&None) => figures.live += bytes.size,
                Some((_, true)) => figures.deleted += bytes.size,
                _ => figures.overwritten += bytes.size,
            }
        }
        figures
    }
}

/// Weighs the layers in one form and holds every invariant against what comes out.
fn weigh(scratch: &Scratch, name: &str, tars: &[Vec<u8>], pack: Option<Pack>) -> PlatformAnalysis {
    let reference = match pack {
        Some(pack) => scratch.layout(name, &layout(tars, pack)),
        None => scratch.file(name, &docker(tars).archive()),
    };
    let mut analysis = analyze(&reference).unwrap_or_else(|error| panic!("{error}"));
    validate(&analysis, name);
    analysis.platforms.remove(0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::default() })]

    /// Invariants 1 to 4 in every form of image, and the model's opinion on fates.
    #[test]
    fn figures_hold_and_the_naive_model_agrees(layers in layers(false)) {
        let tars: Vec<_> = layers.iter().map(|steps| tar_of(steps)).collect();
        let scratch = Scratch::new();
        let expected = Model::figures(&layers);
        let packs = Pack::ALL.into_iter().map(Some).chain([None]);
        for (name, pack) in ["plain", "gzip", "zstd", "save.tar"].into_iter().zip(packs) {
            let platform = weigh(&scratch, name, &tars, pack);
            prop_assert_eq!(Figures::in_ledger(&platform.ledger), expected, "{}", name);
        }
    }
}

/// Without hard links to symbolic links, whose second name redirects nothing in our reading and does in the other: no
/// builder writes them below a path that something else goes through.
fn without_hard_linked_symlinks(mut layers: Vec<Vec<Step>>) -> Vec<Vec<Step>> {
    let steps = layers.iter().flatten();
    let links: Vec<_> = steps
        .filter_map(|step| if let Step::Symlink { path, .. } = step { Some(*path) } else { None })
        .collect();
    for layer in &mut layers {
        layer.retain(|step| !matches!(step, Step::HardLink { target, .. } if links.contains(target)));
    }
    layers
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::default() })]

    /// With symbolic links on the way of everything, the independent reading is the model.
    #[test]
    fn the_independent_reading_agrees_where_links_redirect(layers in layers(true)) {
        let layers = without_hard_linked_symlinks(layers);
        let tars: Vec<_> = layers.iter().map(|steps| tar_of(steps)).collect();
        let scratch = Scratch::new();
        let platform = weigh(&scratch, "image", &tars, Some(Pack::Gzip));
        if independent::is_available() {
            match independent::weigh(&format!("{}/image", scratch.path())) {
                Ok(expected) => prop_assert_eq!(&independent::of_ledger(&platform), &expected[0]),
                // Links that go round lead nowhere: it gives up where a container would fail to start.
                Err(error) => prop_assert!(error.contains("symlinks go round"), "{}", error),
            }
        }
    }

    /// Invariant 5: the report depends on nothing but the image. Invariant 6: nothing is left behind.
    #[test]
    fn one_image_has_one_report_and_leaves_nothing(layers in layers(true)) {
        let tars: Vec<_> = layers.iter().map(|steps| tar_of(steps)).collect();
        let (scratch, empty) = (Scratch::new(), Scratch::new());
        let reference = scratch.layout("image", &layout(&tars, Pack::Zstd));
        let archive = docker(&tars).archive();
        let report = |threads: &str| {
            let mut command = plimsoll(&["analyze", &reference, "-o", "json"]);
            command.env("RAYON_NUM_THREADS", threads).env("TMPDIR", empty.path()).current_dir(empty.path());
            command.output().unwrap().stdout
        };
        let one = report("1");
        prop_assert!(one.len() > 100);
        prop_assert!(report("4") == one);
        let streamed = piped(&["analyze", "-", "-o", "json"], &archive).stdout;
        prop_assert!(piped(&["analyze", "-", "-o", "json"], &archive).stdout == streamed);
        prop_assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::default() })]

    /// Bytes that are no layer end in a sentence or in figures that hold, never in a panic.
    #[test]
    fn damage_never_panics(layers in layers(true), at in any::<prop::sample::Index>(), byte in any::<u8>(), length in 1..600_usize) {
        let mut tars: Vec<_> = layers.iter().map(|steps| tar_of(steps)).collect();
        let tar = &mut tars[0];
        let start = at.index(tar.len());
        let end = (start + length).min(tar.len());
        tar[start..end].fill(byte);
        let scratch = Scratch::new();
        for (name, files) in [("layout", layout(&tars, Pack::Gzip)), ("save", docker(&tars))] {
            match analyze(&scratch.file(name, &files.archive())) {
                Ok(analysis) => validate(&analysis, name),
                Err(error) => prop_assert!(!error.message.contains('\n'), "{}", error),
            }
        }
    }
}
