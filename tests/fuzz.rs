//! No bytes of an image can crash the program: every parser of untrusted bytes is tried with the inputs that ever found a
//! fault, `fuzz/corpus/TARGET/`, and with real ones that are damaged, the same way every time.
//!
//! `PLIMSOLL_FUZZ_SECONDS=60 cargo test --test fuzz NAME` goes on for so long, with other damage each time; an input that
//! fails is kept below `target/tmp`. The same targets under cargo-fuzz: `fuzz/cargo-fuzz/`, see `docs/safety.md`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test that cannot go on fails"
)]
#![allow(clippy::print_stdout, reason = "who fuzzes for an hour wants to know what was tried")]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests write the images that they read"
)]

#[path = "fuzz/mutate.rs"]
mod mutate;
#[path = "fuzz/targets.rs"]
mod targets;
#[path = "fuzz/world.rs"]
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use mutate::{Random, mutate};
use targets::{TARGETS, Target};

fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(name)
}

/// The inputs that once found a fault, by file name.
fn kept(name: &str) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = std::fs::read_dir(corpus(name)) else { return Vec::new() };
    let mut kept: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(path).unwrap()))
        .collect();
    kept.sort();
    kept
}

/// Runs a target on one input; what it fails on is written down, and so that even an abort leaves it there, where time is
/// spent on it, before it is tried.
fn attempt(target: &Target, input: &[u8], what: &str, is_long: bool) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{}", target.name));
    if is_long {
        std::fs::write(&file, input).unwrap();
    }
    let started = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    if outcome.is_err() {
        std::fs::write(&file, input).unwrap();
        panic!("{} fails on {what}, which is kept as {}", target.name, file.display());
    }
    if is_long && started.elapsed() > Duration::from_secs(5) {
        let slow = file.with_extension(format!("slow-{}", input.len()));
        std::fs::write(&slow, input).unwrap();
        println!("{}: {what} took {:?}, see {}", target.name, started.elapsed(), slow.display());
    }
}

fn fuzz(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let kept = kept(name);
    for (file, input) in &kept {
        attempt(target, input, file, false);
    }
    let mut seeds = (target.seeds)();
    for seed in &seeds {
        attempt(target, seed, "a seed", false);
    }
    seeds.extend(kept.into_iter().map(|(_, input)| input).filter(|input| input.len() < 1 << 20));
    let seconds = std::env::var("PLIMSOLL_FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let Some(seconds) = seconds else {
        for round in 0..u64::from(target.rounds) {
            let input = mutate(&seeds, &mut Random::new(name, round));
            attempt(target, &input, &format!("round {round}"), false);
        }
        return;
    };
    let start = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos();
    let (started, mut round) = (Instant::now(), u64::try_from(start & 0xffff_ffff_ffff).unwrap());
    let first = round;
    while started.elapsed() < Duration::from_secs(seconds) {
        let input = mutate(&seeds, &mut Random::new(name, round));
        attempt(target, &input, &format!("round {round}"), true);
        round += 1;
    }
    println!("{name}: {} inputs", round - first);
}

/// One test for each target, so that each has a name and its own thread.
macro_rules! tests {
    ($($test:ident = $name:literal),* $(,)?) => {
        $(#[test] fn $test() { fuzz($name); })*

        #[test]
        fn every_target_has_a_test_and_every_corpus_a_target() {
            let tested = [$($name),*];
            let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(names, tested);
            for entry in std::fs::read_dir(corpus("")).into_iter().flatten() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                assert!(names.contains(&name.as_str()), "tests/fuzz/corpus/{name} belongs to no target");
            }
        }
    };
}

tests! {
    archive = "archive",
    layer = "layer",
    index = "index",
    manifest = "manifest",
    config = "config",
    docker_manifest = "docker-manifest",
    dpkg_status = "dpkg-status",
    dpkg_list = "dpkg-list",
    dpkg_md5sums = "dpkg-md5sums",
    apk = "apk",
    rpm_bdb = "rpm-bdb",
    rpm_ndb = "rpm-ndb",
    rpm_sqlite = "rpm-sqlite",
    rpm_wal = "rpm-wal",
    pacman = "pacman",
    python_record = "python-record",
    python_metadata = "python-metadata",
    npm_package = "npm-package",
    npm_lock = "npm-lock",
    yarn_lock = "yarn-lock",
    gem = "gem",
    composer = "composer",
    r = "r",
    perl = "perl",
    lua = "lua",
    erlang = "erlang",
    conda = "conda",
    nuget = "nuget",
    elf_go = "elf-go",
    elf_go_old = "elf-go-old",
    elf_rust = "elf-rust",
    elf_linked = "elf-linked",
    symbol = "symbol",
    jar = "jar",
    python_zip = "python-zip",
    python_source = "python-source",
    javascript_source = "javascript-source",
    requirements = "requirements",
    dockerfile = "dockerfile",
    provenance = "provenance",
    plimsoll_toml = "plimsoll-toml",
    dive_ci = "dive-ci",
    rule = "rule",
    reference = "reference",
    saved_report = "saved-report",
    trace = "trace",
}
