//! The image family of `fixtures/qiskit`, really built, against readings that have nothing to do with ours: Python's
//! tarfile for fates, umoci with `dpkg-query` and `importlib.metadata` of the image's own interpreter for owners.
//!
//! `PLIMSOLL_FAMILY` names the directory that `fixtures/build` made; `.ci/run` builds it and runs these.

#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::independent;
use common::validate::validate;
use common::{Figures, analyze};
use plimsoll::analysis::Analysis;

const FAMILY: [&str; 4] = ["original", "optimized", "minimal", "venv"];

/// The path of a member as docker-archive and as OCI layout.
fn forms(name: &str) -> [String; 2] {
    let family = std::env::var("PLIMSOLL_FAMILY").expect("PLIMSOLL_FAMILY names what fixtures/build made");
    [format!("{family}/img/{name}.tar"), format!("{family}/img/{name}-oci")]
}

fn weighed(place: &str) -> Analysis {
    let analysis = analyze(place).unwrap_or_else(|error| panic!("{error}"));
    validate(&analysis, place);
    analysis
}

#[test]
#[ignore = "needs the built family"]
fn content_live_and_waste_are_those_of_the_independent_reading() {
    for name in FAMILY {
        for place in forms(name) {
            let analysis = weighed(&place);
            let ours = independent::of_ledger(&analysis.platforms[0]);
            let theirs = independent::weigh(&place).unwrap().remove(0);
            assert_eq!(
                (ours.figures, &ours.layers, ours.entries),
                (theirs.figures, &theirs.layers, theirs.entries),
                "{place}"
            );
            if analysis.platforms[0].ledger.transfer_exact {
                assert_eq!(ours.transfer, theirs.transfer, "{place}");
            }
        }
    }
}

#[test]
#[ignore = "needs the built family"]
fn an_archive_and_a_layout_of_one_image_weigh_the_same_and_the_estimate_holds() {
    for name in FAMILY {
        let [archive, layout] = forms(name).map(|place| weighed(&place));
        let (archive, layout) = (&archive.platforms[0].ledger, &layout.platforms[0].ledger);
        assert_eq!(Figures::in_ledger(archive), Figures::in_ledger(layout), "{name}");
        assert_eq!(archive.live_by_owner().len(), layout.live_by_owner().len(), "{name}");
        let (estimate, exact) = (archive.size().transfer, layout.size().transfer);
        assert!(!archive.transfer_exact && layout.transfer_exact, "{name}: what is estimated says so");
        let off = estimate.abs_diff(exact) * 1000 / exact;
        println!("{name}: estimated {estimate}, exact {exact}, off by {off} ‰");
        assert!(off <= 30, "{name}: estimated {estimate}, exact {exact}");
    }
}

#[test]
#[ignore = "needs the built family, root, umoci and dpkg-query"]
fn owners_are_those_of_the_package_managers() {
    let mut wrong = Vec::new();
    // The two that have nothing of each other; those between hold the same packages.
    for name in ["original", "venv"] {
        let [_, layout] = forms(name);
        let read = independent::run("owners.py", &[&layout]).unwrap();
        let theirs: BTreeMap<String, u64> = serde_json::from_value(read["owners"].clone()).unwrap();
        let free: BTreeSet<String> = serde_json::from_value(read["unowned"].clone()).unwrap();
        let analysis = weighed(&layout);
        let ledger = &analysis.platforms[0].ledger;
        // What we give to an owner of what its package manager does not list: maintainer scripts write such files.
        let (mut ours, mut beyond) = (BTreeMap::<&str, u64>::new(), BTreeMap::<&str, u64>::new());
        for id in ledger.ids().filter(|id| ledger.entry(*id).fate.is_live()) {
            let entry = ledger.entry(id);
            *ours.entry(ledger.owner_name(entry.owner)).or_default() += entry.content;
            if free.contains(&*String::from_utf8_lossy(&ledger.tree.bytes(entry.path))) {
                *beyond.entry(ledger.owner_name(entry.owner)).or_default() += entry.content;
            }
        }
        assert_eq!(theirs.values().sum::<u64>(), ours.values().sum::<u64>(), "{name}: live bytes");
        for (owner, size) in theirs.iter().filter(|(owner, size)| **size > 0 && *owner != "unowned") {
            let own = ours.get(&**owner).copied().unwrap_or(0) - beyond.get(&**owner).copied().unwrap_or(0);
            if own != *size {
                wrong.push(format!("{name}: {owner}: ours {own}, theirs {size}"));
            }
        }
        // Owners that only we know may take from what nobody else owns, and from nothing else.
        let extra = ours
            .iter()
            .filter(|(owner, size)| **size > 0 && is_package(owner) && !theirs.contains_key(**owner));
        wrong.extend(extra.map(|(owner, size)| format!("{name}: {owner}: ours {size}, theirs none")));
        let (unowned, live) = (ours["unowned"], ledger.totals().live.content);
        println!("{name}: {unowned} of {live} bytes unowned, {} owners", theirs.len());
        if unowned * 100 > live {
            wrong.push(format!("{name}: {unowned} of {live} bytes are unowned, more than 1 %"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn is_package(owner: &str) -> bool {
    owner.starts_with("dpkg:") || owner.starts_with("python:")
}
