//! The audit of real services, held against what building without the findings really freed. The images are large, so
//! they are built beforehand: the family by `fixtures/build`, which `PLIMSOLL_FAMILY` names, and a service with dead
//! requirements as `fixtures/audit/README.md` says, which `PLIMSOLL_AUDIT_IMAGES` names.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::BTreeSet;

use common::plimsoll;
use serde_json::Value;

/// The directory that a variable names.
fn named(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} names no directory of images"))
}

fn audit(image: &str, arguments: &[&str]) -> Value {
    let output = plimsoll(&[&["audit", image, "-o", "json"], arguments].concat()).output().unwrap();
    assert!(output.status.success(), "{image}: {}", String::from_utf8_lossy(&output.stderr));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    json["platforms"][0].clone()
}

/// The live bytes of the distributions of an image.
fn installed(platform: &Value) -> u64 {
    let packages = platform["packages"].as_array().unwrap().iter();
    packages
        .filter(|one| one["id"].as_str().unwrap().starts_with("python:"))
        .map(|one| one["own"]["content"].as_u64().unwrap())
        .sum()
}

fn within_one_percent(predicted: u64, measured: u64) {
    let difference = predicted.abs_diff(measured) as f64 / measured as f64;
    assert!(difference < 0.01, "{predicted} predicted, {measured} measured: {:.2} %", difference * 100.0);
}

const DEAD: [&str; 4] = ["boto3", "google-cloud-pubsub", "matplotlib", "pandas"];

#[test]
#[ignore = "needs the images of fixtures/audit"]
fn every_dead_requirement_is_found_and_no_live_one_is_named() {
    let directory = named("PLIMSOLL_AUDIT_IMAGES");
    let full = audit(&format!("{directory}/full.tar"), &[]);
    let named: BTreeSet<&str> = full["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["could_go"] == true && !one["declared"].is_null())
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(named.into_iter().collect::<Vec<_>>(), DEAD);
    // Built without them, the image lost what was predicted.
    let live = audit(&format!("{directory}/live.tar"), &[]);
    let without = audit(&format!("{directory}/full.tar"), &[&["--without"], &DEAD[..]].concat());
    let predicted = without["without"]["total"]["content"].as_u64().unwrap();
    within_one_percent(predicted, installed(&full) - installed(&live));
}

#[test]
#[ignore = "needs the family"]
fn the_runtime_of_the_family_frees_what_building_without_it_freed() {
    let directory = named("PLIMSOLL_FAMILY");
    let image = |name: &str| format!("oci-dir:{directory}/img/{name}-oci");
    let without = audit(&image("optimized"), &["--without", "qiskit-ibm-runtime"]);
    let without = &without["without"];
    let total = without["total"]["content"].as_u64().unwrap();
    assert!((48_000_000..48_100_000).contains(&total), "{total}");
    let own = without["own"]["content"].as_u64().unwrap();
    assert!((17_060_000..17_080_000).contains(&own), "{own}");
    let measured = installed(&audit(&image("optimized"), &[])) - installed(&audit(&image("minimal"), &[]));
    within_one_percent(total, measured);
    // Which bytes make the difference: what the runtime held back, and a new resolution chose anew.
    let held_back = without["held_back"].as_array().unwrap();
    assert!(held_back.iter().any(|one| one["name"] == "python-dateutil"), "{held_back:?}");
}
