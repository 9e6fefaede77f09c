//! `plimsoll advise` through the program, on small fixtures: figures that add up, files that are what they say, an engine that
//! is only pretended. That variants build, run and weigh what was projected is `proof.rs`'s.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests make files and look at them")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use assert_cmd::Command;
use plimsoll::dockerfile::{lint, parse};
use serde_json::Value;

const IMAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/images");

fn advise(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("plimsoll").unwrap();
    command.current_dir(IMAGES).env_remove("COLUMNS").env("NO_COLOR", "1").arg("advise").args(arguments);
    command
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The files of a directory by name, with what is in them.
fn files(directory: &str) -> Vec<(String, String)> {
    let mut files: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn written(arguments: &[&str]) -> Vec<(String, String)> {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().to_str().unwrap();
    advise(arguments).args(["--write", place]).assert().success();
    files(place)
}

fn sum(rows: &Value, what: &str) -> u64 {
    rows.as_array().into_iter().flatten().map(|row| row[what].as_u64().unwrap()).sum()
}

#[test]
fn every_variant_is_the_image_less_its_changes_and_what_it_adds() {
    for image in ["demo.tar", "distroless", "apk-handwritten", "tiny-gzip"] {
        let report = json(&advise(&[image, "-o", "json"]).output().unwrap());
        let platform = &report["platforms"][0];
        let mut before = 0;
        for variant in platform["variants"].as_array().unwrap() {
            for (what, whole) in
                [("content", &platform["content"]), ("transfer", &platform["transfer"]["bytes"])]
            {
                let left =
                    whole.as_u64().unwrap() - sum(&variant["changes"], what) + sum(&variant["adds"], what);
                assert_eq!(variant[what], left, "{image}: {what} of {}", variant["name"]);
            }
            let content = variant["content"].as_u64().unwrap();
            assert!(content >= before && content < platform["content"].as_u64().unwrap(), "{image}: by size");
            assert!(["safe", "review", "risky"].contains(&variant["safety"].as_str().unwrap()));
            assert_eq!(variant["measured"], false);
            before = content;
        }
        assert!(!platform["bases"].as_array().unwrap().is_empty(), "{image}");
    }
}

#[test]
fn no_projection_is_shown_as_exact_unless_it_is() {
    let report = json(&advise(&["distroless", "-o", "json"]).output().unwrap());
    for variant in report["platforms"][0]["variants"].as_array().unwrap() {
        let name = variant["name"].as_str().unwrap();
        let within = |what: &str| variant["within"][what].as_u64().unwrap();
        assert_eq!(within("content") == 0, name == "clean", "{name}");
        assert!(within("transfer") > 0, "{name}");
    }
    let table = advise(&["demo.tar", "--platform", "linux/amd64"]).output().unwrap();
    let table = String::from_utf8(table.stdout).unwrap();
    let figure = |name: &str| {
        let row = table.lines().find(|line| line.trim_start().starts_with(name)).unwrap();
        row.split_whitespace().nth(2).unwrap().to_owned()
    };
    assert!(figure("minimal").starts_with('~') && !figure("clean").starts_with('~'), "{table}");
    assert!(table.contains("projected: within 1 % on disk, 3 % to pull"));
}

#[test]
fn what_is_written_is_the_same_every_time_and_passes_our_own_lints() {
    let arguments = ["demo.tar", "--platform", "amd64", "-f", "demo/Dockerfile"];
    let first = written(&arguments);
    assert_eq!(first, written(&arguments));
    let rules = lint::rules().unwrap();
    let original = fs::read_to_string(format!("{IMAGES}/demo/Dockerfile")).unwrap();
    let known = lint::lint(&parse(&original).unwrap(), &rules).len();
    let dockerfiles: Vec<_> = first.iter().filter(|(name, _)| name.ends_with(".Dockerfile")).collect();
    assert!(!dockerfiles.is_empty());
    for (name, text) in dockerfiles {
        let file = parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let found = lint::lint(&file, &rules);
        assert!(found.len() <= known, "{name}: {:?}", found.last());
        assert!(text.contains("# plimsoll: the "), "{name} says what it is");
        // The user's own lines are all there.
        for line in original.lines().filter(|line| !line.starts_with("FROM")) {
            assert!(text.contains(line), "{name} has lost {line}");
        }
        let difference = first.iter().find(|(other, _)| *other == format!("{name}.diff"));
        assert!(difference.unwrap().1.starts_with("--- demo/Dockerfile\n"), "{name}");
    }
}

#[test]
fn a_stage_is_named_in_the_case_that_its_line_is_written_in() {
    let original = fs::read_to_string(format!("{IMAGES}/demo/Dockerfile")).unwrap();
    let (before, last) = original.rsplit_once("\nFROM ").unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("Dockerfile");
    fs::write(&file, format!("{before}\nfrom {last}")).unwrap();
    let files = written(&["demo.tar", "--platform", "amd64", "-f", file.to_str().unwrap()]);
    let (_, text) = files.iter().find(|(name, _)| name == "minimal.Dockerfile").unwrap();
    assert!(
        text.lines().any(|line| line.starts_with("from ") && line.ends_with(" as plimsoll-built")),
        "{text}"
    );
}

#[test]
fn without_a_dockerfile_one_is_reconstructed_and_says_so() {
    let files = written(&["legacy-docker-save.tar:legacy:2.0"]);
    let (_, text) = files.iter().find(|(name, _)| name == "minimal.Dockerfile").unwrap();
    assert!(text.starts_with("# Reconstructed by plimsoll: no Dockerfile was given."));
    assert!(text.contains("\nFROM ") && text.contains(" AS plimsoll-built\n"));
    assert!(files.iter().all(|(name, _)| !name.ends_with(".diff")));
}

#[test]
fn the_guide_says_what_a_variant_costs_and_how_to_build_it() {
    let output = advise(&["demo.tar", "-o", "guide", "--bandwidth", "50Mbps"]).output().unwrap();
    let guide = String::from_utf8(output.stdout).unwrap();
    for part in [
        "# How to make `demo.tar` smaller",
        "### Versions",
        "| minimal | review |",
        "50 Mbps",
        "### How to build",
    ] {
        assert!(guide.contains(part), "{part} is not in\n{guide}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_read() {
    for (arguments, says) in [
        (&["demo.tar", "--bandwidth", "fast"][..], "is no rate"),
        (&["demo.tar", "--smoke", "true"], "--measure"),
        (&["demo.tar", "--measure", "--engine", "magic"], "docker, buildx, buildah"),
        (&["demo.tar", "--base", "tiny-gzip"], "its layers are not the lowest ones"),
    ] {
        let output = advise(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(says), "{arguments:?}: {said}");
    }
    let unknown = advise(&["demo.tar", "--platform", "amd64", "--write", "unused", "--variant", "tiny"])
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("there is no variant tiny"));
    assert!(!fs::exists(format!("{IMAGES}/unused")).unwrap());
}

/// An engine that builds nothing and hands out a fixture, so that the way from a build to a figure can be tested anywhere.
fn pretended(directory: &std::path::Path) -> String {
    let script = format!(
        "#!/bin/sh\ncase $1 in --version) exit 0 ;; bud) exit 0 ;;\n\
         push) place=${{4#oci:}}; cp -r '{IMAGES}/tiny-gzip' \"${{place%:latest}}\" ;; *) exit 9 ;; esac\n"
    );
    let program = directory.join("buildah");
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:{}", directory.display(), std::env::var("PATH").unwrap())
}

#[test]
fn what_was_built_is_weighed_and_what_fails_is_not_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = pretended(directory.path());
    let out = directory.path().join("out");
    let arguments = [
        "demo.tar",
        "--platform",
        "amd64",
        "--measure",
        "--engine",
        "buildah",
        "-o",
        "json",
        "--write",
        out.to_str().unwrap(),
    ];
    let tiny: Value = json(
        &Command::cargo_bin("plimsoll")
            .unwrap()
            .current_dir(IMAGES)
            .args(["analyze", "tiny-gzip", "-o", "json"])
            .output()
            .unwrap(),
    );
    let tiny = &tiny["platforms"][0];
    let smoke = "test \"$PLIMSOLL_IMAGE\" = plimsoll-advise:minimal";
    let report = json(&advise(&arguments).args(["--smoke", smoke]).env("PATH", &path).output().unwrap());
    let variants = report["platforms"][0]["variants"].as_array().unwrap();
    let built: Vec<_> = variants.iter().filter(|variant| variant["measured"] == true).collect();
    assert!(!built.is_empty());
    for variant in built {
        assert_eq!(variant["measurement"]["content"], tiny["content"]);
        assert_eq!(variant["measurement"]["transfer"], tiny["transfer"]["bytes"]);
        assert_eq!(variant["measurement"]["smoke"], variant["name"] == "minimal");
    }
    let names: Vec<String> = files(out.to_str().unwrap()).into_iter().map(|(name, _)| name).collect();
    assert!(names.contains(&"minimal.Dockerfile".to_owned()));
    assert!(names.iter().all(|name| name.starts_with("minimal.")), "only what runs is left: {names:?}");
}
