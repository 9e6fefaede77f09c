//! Every ecosystem on a real installation by its own tool: our packages are the ones that the tool lists, and next to nothing
//! is anonymous. `fixtures/ecosystems/build` makes them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::disallowed_types, reason = "tests read their own files")]

mod common;

use std::path::Path;

use common::analyze;
use plimsoll::ledger::Ledger;
use plimsoll::owners::Rank;

fn check(name: &str) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ecosystems").join(name);
    let listing = std::fs::read_to_string(directory.join("listing")).unwrap();
    let analysis = analyze(directory.to_str().unwrap()).unwrap();
    let platform = &analysis.platforms[0];

    let packages = platform.ownership.packages.iter();
    let packages = packages.filter(|package| matches!(package.rank, Rank::System | Rank::Language));
    let mut found: Vec<_> = packages.map(|package| format!("{} {}", package.id, package.version)).collect();
    found.sort();
    found.dedup();
    let mut listed: Vec<_> = listing.lines().collect();
    listed.sort_unstable();
    assert_eq!(found, listed, "{name}");
    assert_eq!(platform.ownership.warnings, [], "{name}");

    let live = platform.ledger.totals().live.content;
    let shares = platform.ledger.live_by_owner();
    assert_eq!(shares.iter().map(|share| share.size.content).sum::<u64>(), live, "{name}");
    let unowned = shares[Ledger::UNOWNED.0 as usize].size.content;
    assert!(unowned * 50 < live, "{name}: {unowned} of {live} bytes are unowned");
}

#[test]
fn every_fixture_is_as_its_own_tool_says() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ecosystems");
    let mut names: Vec<_> = fixtures.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| path.join("listing").is_file());
    names.sort();
    assert!(names.len() >= 5);
    for path in names {
        check(path.file_name().unwrap().to_str().unwrap());
    }
}
