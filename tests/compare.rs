//! `plimsoll compare` as a user meets it: figures of real images, and what bad input gets.

#![allow(
    clippy::op_ref,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails, and one that is skipped says so"
)]

use assert_cmd::Command;
use serde_json::Value;

fn plimsoll(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("plimsoll").unwrap();
    command
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/images"))
        .env_remove("NO_COLOR")
        .args(arguments);
    command
}

fn json(arguments: &[&str]) -> Value {
    let output = plimsoll(arguments).args(["-o", "json"]).assert().success().get_output().stdout.clone();
    serde_json::from_slice(&output).unwrap()
}

/// Standard error of what ends with 2.
fn refused(arguments: &[&str]) -> String {
    let output = plimsoll(arguments).assert().code(2).get_output().stderr.clone();
    String::from_utf8(output).unwrap()
}

fn sum(rows: &Value, measure: &str) -> i64 {
    rows.as_array().unwrap().iter().map(|row| row["change"][measure].as_i64().unwrap()).sum()
}

#[test]
fn rows_add_up_to_the_difference_in_both_measures() {
    for images in [
        ["legacy-docker-save.tar:legacy:1.0", "legacy-docker-save.tar:legacy:2.0"],
        ["tiny-gzip", "tiny-zstd"],
        ["demo.tar", "demo.tar"],
    ] {
        let comparison = json(&["compare", images[0], images[1]]);
        assert_eq!(comparison["schema"], "plimsoll/comparison/1");
        for group in comparison["platforms"].as_array().unwrap() {
            let total = &group["sides"][1]["change"];
            for measure in ["content", "transfer"] {
                let unchanged = group["unchanged"]["change"][measure].as_i64().unwrap();
                let rows = sum(&group["owners"], measure) + sum(&group["others"], measure) + unchanged;
                assert_eq!(rows, total[measure].as_i64().unwrap(), "{images:?} {measure}");
            }
            let layers = &group["layers"];
            for (at, side) in group["sides"].as_array().unwrap().iter().enumerate() {
                let both = &layers["shared"]["content"].as_u64().unwrap()
                    + layers["unique"][at]["content"].as_u64().unwrap();
                assert_eq!(both, side["content"].as_u64().unwrap(), "what is shared and what is not is all");
            }
        }
    }
}

#[test]
fn a_saved_report_is_as_good_as_the_image() {
    let directory = tempfile::tempdir().unwrap();
    let saved = directory.path().join("base.json");
    let saved = saved.to_str().unwrap();
    plimsoll(&["analyze", "legacy-docker-save.tar:legacy:1.0", "-o", &format!("json={saved}")])
        .assert()
        .success();
    let other = "legacy-docker-save.tar:legacy:2.0";
    let mut from_saved = json(&["compare", saved, other]);
    let from_image = json(&["compare", "legacy-docker-save.tar:legacy:1.0", other]);
    assert_eq!(from_saved["platforms"][0]["owners"], from_image["platforms"][0]["owners"]);
    assert_eq!(from_saved["platforms"][0]["sides"].take(), from_image["platforms"][0]["sides"]);
    let says = refused(&["compare", saved, other, "--owner", "unowned"]);
    assert!(says.contains("without its files") && says.contains("--files"), "{says}");
}

#[test]
fn the_platforms_of_one_image_are_compared_with_each_other() {
    let comparison = json(&["compare", "demo.tar"]);
    let group = &comparison["platforms"][0];
    assert_eq!(group["platform"], Value::Null);
    assert_eq!(group["sides"][0]["name"], "linux/amd64");
    assert!(group["sides"].as_array().unwrap().len() > 1);
}

#[test]
fn the_files_behind_a_change_are_named() {
    let images = ["legacy-docker-save.tar:legacy:1.0", "legacy-docker-save.tar:legacy:2.0"];
    let comparison = json(&["compare", images[0], images[1], "--owner", "unowned"]);
    let group = &comparison["platforms"][0];
    let owner = group["owners"].as_array().unwrap().iter().find(|owner| owner["id"] == "unowned");
    let change = owner.map_or(0, |owner| owner["change"]["content"].as_i64().unwrap());
    assert_eq!(sum(&group["files"]["changed"], "content"), change);
    assert!(
        refused(&["compare", images[0], images[1], "--owner", "python:nothing"])
            .contains("no image has the owner")
    );
}

#[test]
fn bad_input_gets_a_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        #[expect(clippy::disallowed_methods, reason = "a test writes its own input")]
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let other = file("other.json", "{\"a\": 1}");
    let newer = file("newer.json", "{\"schema\": \"plimsoll/report/7\"}");
    for (arguments, says) in [
        (vec!["compare", &other, "tiny-gzip"], "it has no \"schema\""),
        (vec!["compare", &newer, "tiny-gzip"], "written by a newer plimsoll"),
        (vec!["compare", "tiny-gzip", "gone.tar"], "there is no file or directory gone.tar"),
        (vec!["compare", "tiny-gzip"], "nothing to compare it with"),
        (vec!["compare", "-", "-"], "standard input can be one image only"),
        (vec!["compare", "demo.tar", "demo.tar", "--platform", "riscv64"], "it has no platform riscv64"),
    ] {
        let said = refused(&arguments);
        assert!(said.contains(says), "{arguments:?}: {said}");
        assert!(said.contains("hint: "), "{arguments:?}: {said}");
    }
}

#[test]
fn a_platform_that_one_side_lacks_is_no_silent_gap() {
    let directory = tempfile::tempdir().unwrap();
    let saved = directory.path().join("amd64.json");
    let saved = saved.to_str().unwrap();
    plimsoll(&["analyze", "demo.tar", "--platform", "amd64", "-o", &format!("json={saved}")])
        .assert()
        .success();
    let said = refused(&["compare", saved, "demo.tar"]);
    assert!(said.contains("has no linux/arm64, which demo.tar has"), "{said}");
    assert!(said.contains("--platform linux/amd64"), "{said}");
}
