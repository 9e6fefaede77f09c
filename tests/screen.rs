//! The screens, kept as files to be read by people. `INSTA_UPDATE=always cargo test --test screen` writes them anew; read
//! every one of them as somebody who has never seen the program.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod scenes;

use assert_cmd::Command;
use insta::assert_snapshot;
use plimsoll::report::{Format, Style, Subject, render};

fn screen(arguments: &[&str], columns: &str) -> String {
    let mut command = Command::cargo_bin("plimsoll").unwrap();
    let output = command
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/images"))
        .env_remove("CLICOLOR_FORCE")
        .env_remove("NO_COLOR")
        .env("COLUMNS", columns)
        .args(arguments)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let code = output.status.code().unwrap();
    String::from_utf8(text).unwrap() + &if code == 0 { String::new() } else { format!("exit {code}\n") }
}

#[test]
fn analyze() {
    assert_snapshot!("demo", screen(&["analyze", "demo.tar"], "80"));
    assert_snapshot!(
        "demo_wide",
        screen(&["analyze", "demo.tar", "--platform", "amd64", "--top", "3"], "140")
    );
    assert_snapshot!(
        "demo_iec",
        screen(&["analyze", "demo.tar", "--platform", "arm64", "--units", "iec"], "80")
    );
    assert_snapshot!("apk", screen(&["analyze", "apk-handwritten"], "80"));
    assert_snapshot!("no_layers", screen(&["analyze", "broken/no-layers"], "80"));
    assert_snapshot!("foreign_layer", screen(&["analyze", "broken/foreign-layer"], "80"));
}

#[test]
fn analyze_as_json() {
    assert_snapshot!("apk_json", screen(&["analyze", "apk-handwritten", "-o", "json"], "80"));
}

#[test]
fn platforms() {
    let images = [("demo.tar", "demo"), ("nested:nested", "nested"), ("broken/missing-platforms", "missing")];
    for (image, name) in images {
        assert_snapshot!(format!("platforms_{name}"), screen(&["platforms", image], "80"));
    }
}

#[test]
fn rules() {
    assert_snapshot!("rules", screen(&["rules"], "80"));
    assert_snapshot!("rule", screen(&["rules", "copied-wheels"], "80"));
}

#[test]
fn errors() {
    let runs: [&[&str]; 6] = [
        &["analyze", "no-such-image.tar"],
        &["analyze", "nested"],
        &["analyze", "demo.tar", "--platform", "s390x"],
        &["analyze", "broken/truncated.tar"],
        &["rules", "aptlists"],
        &["analyze", "demo.tar", "-o", "yaml"],
    ];
    let screens = runs.map(|run| format!("$ plimsoll {}\n{}", run.join(" "), screen(run, "80")));
    assert_snapshot!("errors", screens.join("\n"));
}

#[test]
fn help() {
    assert_snapshot!("help", screen(&["--help"], "80"));
    assert_snapshot!("help_analyze", screen(&["analyze", "--help"], "80"));
}

#[test]
fn scenes_of_a_busy_and_of_an_empty_image() {
    let table =
        |report: plimsoll::view::Report| render(&report, Subject::Analysis, Format::Table, &Style::default());
    assert_snapshot!("busy", table(scenes::busy()));
    assert_snapshot!("empty", table(scenes::empty()));
}
