//! Images that others made and keep as test data, and the fixtures, against the independent reading: every one opens
//! with the same figures, or ends in one sentence and exit code 2.
//!
//! The corpus is a directory with an INDEX.tsv, named by `PLIMSOLL_CORPUS`; where there is none, its test says so.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stdout, reason = "says what was skipped")]
#![allow(clippy::case_sensitive_file_extension_comparisons, reason = "the files of the corpus are listed")]

mod common;

use std::collections::BTreeMap;

use common::fixtures::{WHOLE, split};
use common::image::{Pack, Scratch, layout};
use common::independent::{self, Reading};
use common::validate::validate;
use common::{analyze, plimsoll};
use plimsoll::reference::Reference;
use plimsoll::source::{self, Access, Passerby};
use rayon::prelude::*;

/// Shows interest in nothing that goes by.
struct Indifferent;

impl Passerby for Indifferent {
    fn pass(&mut self, _key: u64, _size: u64, _blob: &mut dyn std::io::Read) {}
}

/// Our readings of the images of a place, all names in it, by the digest of their configuration.
fn ours(place: &str) -> Result<BTreeMap<String, Reading>, String> {
    let source = source::open(&Reference::parse(place).unwrap(), &Access::default(), &mut Indifferent)
        .map_err(|error| error.to_string())?;
    let mut names: Vec<_> = source
        .roots()
        .iter()
        .map(|root| {
            format!(
                ":{}",
                root.tags.first().map_or_else(|| root.descriptors[0].digest.to_string(), String::clone)
            )
        })
        .collect();
    if names.len() == 1 {
        names = vec![String::new()];
    }
    let (mut readings, mut errors) = (BTreeMap::new(), Vec::new());
    for name in names {
        let reference = format!("{place}{name}");
        match analyze(&reference) {
            Ok(analysis) => {
                validate(&analysis, &reference);
                let found = analysis.platforms.iter().map(independent::of_ledger);
                readings.extend(found.map(|reading| (reading.id.clone(), reading)));
            }
            Err(error) => errors.push(error.to_string()),
        }
    }
    if readings.is_empty() && !errors.is_empty() { Err(errors.join("; ")) } else { Ok(readings) }
}

/// What differs between two readings of one image; transfer is compared only where the source keeps blobs as they are.
fn difference(ours: &Reading, theirs: &Reading, is_layout: bool) -> Option<String> {
    let same = ours.figures == theirs.figures
        && ours.entries == theirs.entries
        && ours.layers == theirs.layers
        && (!is_layout || ours.transfer == theirs.transfer);
    (!same).then(|| format!("\n  ours   {ours:?}\n  theirs {theirs:?}"))
}

fn compare(place: &str) -> Option<String> {
    let is_layout = std::fs::metadata(place).is_ok_and(|metadata| metadata.is_dir());
    match (ours(place), independent::weigh(place)) {
        (Ok(ours), Ok(theirs)) => {
            let mut found = Vec::new();
            for theirs in theirs {
                match ours.get(&theirs.id) {
                    Some(ours) => found.extend(difference(ours, &theirs, is_layout)),
                    None => found.push(format!("we do not read {} with {:?}", theirs.id, theirs.figures)),
                }
            }
            (!found.is_empty()).then(|| found.join("\n"))
        }
        (Ok(ours), Err(theirs)) => {
            (!ours.is_empty()).then(|| format!("we read {}, they say {theirs}", ours.len()))
        }
        (Err(ours), Ok(theirs)) => {
            (!theirs.is_empty()).then(|| format!("we say {ours}, they read {}", theirs.len()))
        }
        (Err(_), Err(_)) => None,
    }
}

#[test]
fn the_fixtures_weigh_what_the_independent_reading_says() {
    if !independent::is_available() {
        println!("skipped: no python3 or zstd here");
        return;
    }
    let mut places: Vec<_> = WHOLE.iter().map(|name| split(name).0).collect();
    places.dedup();
    // Known to differ, each for a reason: a foreign layer has no blob to read, tarfile cannot open .zst.
    places.retain(|place| !place.ends_with("foreign-layer") && !place.ends_with("docker.tar.zst"));
    let found: Vec<_> =
        places.par_iter().filter_map(|place| Some(format!("{place}: {}", compare(place)?))).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_corpus_weighs_what_the_independent_reading_says() {
    let Some((corpus, files)) = corpus() else { return };
    let found: Vec<_> = files
        .par_iter()
        .filter(|file| !KNOWN.iter().any(|(known, _)| file.contains(known)))
        .filter_map(|file| Some(format!("{file}: {}", compare(&format!("{corpus}/{file}"))?)))
        .collect();
    assert!(found.is_empty(), "{} of {} files:\n{}", found.len(), files.len(), found.join("\n"));
}

#[test]
fn every_file_of_the_corpus_opens_or_ends_in_one_sentence() {
    let Some((corpus, files)) = corpus() else { return };
    let mut opened = 0;
    for file in &files {
        let output = plimsoll(&["analyze", &format!("{corpus}/{file}")]).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        match output.status.code() {
            Some(0) => opened += 1,
            Some(2) => {
                let lines: Vec<_> = stderr.lines().collect();
                let is_told = lines[0].starts_with("error: ") && lines.len() <= 2 && output.stdout.is_empty();
                assert!(is_told, "{file}: {stderr}");
            }
            code => panic!("{file}: exit code {code:?}: {stderr}"),
        }
    }
    println!("{opened} of {} files are images", files.len());
}

#[test]
fn bare_layers_of_the_corpus_weigh_the_same_inside_an_image() {
    let Some((corpus, files)) = corpus() else { return };
    let layers =
        files.iter().filter(|file| file.ends_with(".tar") && analyze(&format!("{corpus}/{file}")).is_err());
    let found: Vec<_> = layers
        .filter_map(|file| {
            let scratch = Scratch::new();
            let tar = std::fs::read(format!("{corpus}/{file}")).unwrap();
            let place = scratch.layout("image", &layout(&[tar], Pack::Gzip));
            Some(format!("{file}: {}", compare(&place)?))
        })
        .filter(|found| !KNOWN.iter().any(|(known, _)| found.contains(known)))
        .collect();
    assert!(found.is_empty(), "{} layers:\n{}", found.len(), found.join("\n"));
}

/// Where the two readings are right to differ, and why.
const KNOWN: [(&str, &str); 1] = [(
    "sparse_foreign.tar",
    "a layer that only its URL holds: we count it, the independent reading gives up",
)];

/// The corpus and the files in it; `None`, and said, where there is none.
fn corpus() -> Option<(String, Vec<String>)> {
    let Ok(corpus) = std::env::var("PLIMSOLL_CORPUS") else {
        println!("skipped: PLIMSOLL_CORPUS names no directory");
        return None;
    };
    if !independent::is_available() {
        println!("skipped: no python3 or zstd here");
        return None;
    }
    let index = std::fs::read_to_string(format!("{corpus}/INDEX.tsv")).unwrap();
    let mut files: Vec<_> =
        index.lines().skip(1).filter_map(|line| line.split('\t').next()).map(str::to_owned).collect();
    files.sort();
    files.dedup();
    assert!(files.len() > 50, "{corpus} lists {} files", files.len());
    Some((corpus, files))
}
