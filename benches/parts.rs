//! How long the parts of an analysis take, each alone, on images made up for it:
//!
//!     cargo bench --bench parts
//!
//! For looking closer at what `benches/growth` and `benches/peers/run` show from outside. Nothing is asserted: times of a
//! machine that others use prove nothing, and `benches/instructions/run` counts.

#![allow(clippy::unwrap_used, reason = "a bench makes its own input")]

use std::sync::Arc;

use divan::{Bencher, black_box};
use plimsoll::layer::{Reader, WalkedLayer};
use plimsoll::ledger::{Ledger, Tree};
use plimsoll::limits::Limits;
use plimsoll::owners;
use plimsoll::source::Region;

const FILES: usize = 10_000;

fn main() {
    divan::main();
}

/// A layer as tar: what a closure puts into it.
fn tar(fill: impl FnOnce(&mut tar::Builder<Vec<u8>>)) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    fill(&mut builder);
    builder.into_inner().unwrap()
}

fn add(layer: &mut tar::Builder<Vec<u8>>, path: &str, content: &[u8], owner: u64) {
    let mut header = tar::Header::new_ustar();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_uid(owner);
    layer.append_data(&mut header, path, content).unwrap();
}

/// Paths as deep and as long as those of installed packages, 20 in a directory.
fn path(number: usize) -> String {
    format!("usr/lib/python3/dist-packages/package{:04}/core/module{:02}.py", number / 20, number % 20)
}

fn files(owner: u64) -> Vec<u8> {
    tar(|layer| (0..FILES).for_each(|number| add(layer, &path(number), b"x", owner)))
}

fn walked(tar: Vec<u8>) -> WalkedLayer {
    let length = tar.len() as u64;
    let limits = Limits::default();
    Reader { wants: &owners::Wanted, limits: &limits }.hop(&Region::new(Arc::new(tar), 0, length)).unwrap()
}

/// The walk from header to header, with what the ecosystems say to each path.
#[divan::bench]
fn walk_by_hopping(bencher: Bencher<'_, '_>) {
    let tar = files(0);
    let region = Region::new(Arc::new(tar.clone()), 0, tar.len() as u64);
    let limits = Limits::default();
    // What is asked for adds up over an image, and each round is another.
    bencher
        .counter(FILES)
        .with_inputs(|| limits.fresh())
        .bench_refs(|limits| Reader { wants: &owners::Wanted, limits }.hop(&region).unwrap());
}

/// The walk over a stream, where every byte goes by and is hashed.
#[divan::bench]
fn walk_over_stream(bencher: Bencher<'_, '_>) {
    let tar = files(0);
    let limits = Limits::default();
    bencher
        .counter(FILES)
        .with_inputs(|| limits.fresh())
        .bench_refs(|limits| Reader { wants: &owners::Wanted, limits }.stream(tar.as_slice(), None).unwrap());
}

/// Paths that are new, and then paths that are known.
#[divan::bench]
fn intern_paths(bencher: Bencher<'_, '_>) {
    let paths: Vec<_> = (0..FILES).map(path).collect();
    bencher.counter(2 * FILES).bench(|| {
        let mut tree = Tree::default();
        for path in paths.iter().chain(&paths) {
            black_box(tree.intern(path.as_bytes()));
        }
        tree
    });
}

/// What becomes of entries: every one rewritten by the layer above, as `chown -R` does it.
#[divan::bench(args = [2, 8, 32])]
fn fates_of_rewrites(bencher: Bencher<'_, '_>, layers: u64) {
    let layers: Vec<_> = (0..layers).map(|owner| walked(files(owner))).collect();
    bencher.counter(FILES * layers.len()).with_inputs(|| layers.clone()).bench_values(Ledger::build);
}

/// What becomes of entries: every one deleted by a whiteout of its own.
#[divan::bench]
fn fates_of_whiteouts(bencher: Bencher<'_, '_>) {
    let deleting = tar(|layer| {
        for number in 0..FILES {
            let path = path(number);
            let (directory, name) = path.rsplit_once('/').unwrap();
            add(layer, &format!("{directory}/.wh.{name}"), b"", 0);
        }
    });
    let layers = [walked(files(0)), walked(deleting)];
    bencher.counter(2 * FILES).with_inputs(|| layers.clone()).bench_values(Ledger::build);
}

/// Who owns what, where a system's packages list every file.
#[divan::bench]
fn owners_of_listed_files(bencher: Bencher<'_, '_>) {
    let layer = tar(|layer| {
        let mut status = String::new();
        for package in 0..FILES / 20 {
            let name = format!("package{package:04}");
            let numbers = package * 20..package * 20 + 20;
            let listed: Vec<_> = numbers.clone().map(|number| format!("/{}", path(number))).collect();
            numbers.for_each(|number| add(layer, &path(number), b"x", 0));
            add(layer, &format!("var/lib/dpkg/info/{name}.list"), listed.join("\n").as_bytes(), 0);
            status += &format!("Package: {name}\nStatus: install ok installed\nVersion: 1.0\n\n");
        }
        add(layer, "var/lib/dpkg/status", status.as_bytes(), 0);
    });
    let ledger = Ledger::build([walked(layer)]);
    bencher
        .counter(FILES)
        .with_inputs(|| ledger.clone())
        .bench_values(|mut ledger| owners::claim(&mut ledger, &[None]));
}
