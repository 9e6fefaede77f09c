//! `plimsoll check` as a pipeline meets it: exit codes, every budget listed, and nothing that passes unchecked.

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
use tempfile::TempDir;

/// A directory with a configuration, in which the program is started.
fn with(file: &str, text: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    #[expect(clippy::disallowed_methods, reason = "a test writes its own input")]
    std::fs::write(directory.path().join(file), text).unwrap();
    directory
}

fn check(directory: &TempDir, image: &str, arguments: &[&str]) -> (i32, String, String) {
    let image = format!("{}/fixtures/images/{image}", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::cargo_bin("plimsoll").unwrap();
    let output =
        command.current_dir(directory.path()).arg("check").arg(image).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn every_budget_is_listed_with_where_it_was_set() {
    let text = "[budget]\ncontent = \"1 GB\"\nlayers = { warn = 1, fail = 100 }\n[budget.owner]\n\"unowned\" = \"1 B\"\n";
    let directory = with("plimsoll.toml", text);
    let (code, out, err) = check(&directory, "demo.tar", &["--platform", "amd64"]);
    assert_eq!((code, err.as_str()), (1, ""));
    assert!(out.starts_with("FAIL: "), "the answer is the first word: {out}");
    for (row, line) in [("pass  content", 2), ("warn  layers", 3), ("FAIL  owner.unowned", 5)] {
        let found =
            out.lines().find(|found| found.starts_with(row)).unwrap_or_else(|| panic!("{row} in\n{out}"));
        assert!(found.ends_with(&format!("plimsoll.toml:{line}")), "{found}");
    }
}

#[test]
fn the_json_is_written_in_the_same_run_and_serves_as_a_baseline() {
    let directory = with("plimsoll.toml", "[budget]\ncontent = \"1 kB\"\n");
    let (code, out, _) = check(&directory, "tiny-gzip", &["-o", "table", "-o", "json=size.json"]);
    assert_eq!(code, 1);
    assert!(out.starts_with("FAIL"));
    let saved = std::fs::read_to_string(directory.path().join("size.json")).unwrap();
    let json: Value = serde_json::from_str(&saved).unwrap();
    assert_eq!(json["check"]["status"], "fail");
    assert_eq!(json["check"]["checks"][0]["set_at"], "plimsoll.toml:2");
    let growth = ["--budget", "growth.content=0 B", "--budget", "content=1 GB", "--baseline", "size.json"];
    let (code, out, err) = check(&directory, "tiny-gzip", &growth);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
}

#[test]
fn what_cannot_be_evaluated_is_no_pass() {
    let growth = with("plimsoll.toml", "[budget.growth]\ntransfer = \"2 %\"\n");
    let (code, out, err) = check(&growth, "tiny-gzip", &[]);
    assert_eq!(code, 2);
    assert!(out.starts_with("UNKNOWN") && err.contains("--baseline FILE, or --no-baseline"), "{out}{err}");
    let (code, out, _) = check(&growth, "tiny-gzip", &["--no-baseline"]);
    assert_eq!(code, 0);
    assert!(out.contains("skipped") && out.contains("there is no baseline yet"), "{out}");

    let platform = with("plimsoll.toml", "[budget.platform.\"linux/riscv64\"]\ncontent = \"1 GB\"\n");
    let (code, _, err) = check(&platform, "tiny-gzip", &[]);
    assert_eq!(code, 2);
    assert!(err.contains("the image has no platform linux/riscv64"), "{err}");

    let nothing = with("plimsoll.toml", "version = 1\n");
    let (code, _, err) = check(&nothing, "tiny-gzip", &[]);
    assert_eq!(code, 2);
    assert!(err.contains("no budget is in force"), "{err}");

    let off = with("plimsoll.toml", "[budget]\ntransfer = \"1 GB\"\n");
    let (code, _, err) = check(&off, "docker25-save.tar.gz", &["--transfer", "off"]);
    assert_eq!(code, 2, "{err}");
}

#[test]
fn what_is_wrong_in_the_configuration_is_told_with_its_place() {
    for (text, says) in [
        (
            "[budget]\ntranfser = \"1 MB\"\n",
            "plimsoll.toml:2:1: there is no key `budget.tranfser`\n  hint: did you mean transfer?",
        ),
        (
            "[budget]\ncontent = 800\n",
            "plimsoll.toml:2:11: budget.content: a bare number has no unit\n  hint: write \"800 MB\"",
        ),
        ("[budget]\ncontent = \"8 parsecs\"\n", "`parsecs` is no unit of bytes"),
        ("version = 3\n", "this configuration is for version 3"),
        ("[budget\n", "plimsoll.toml:1:"),
    ] {
        let (code, out, err) = check(&with("plimsoll.toml", text), "tiny-gzip", &[]);
        assert_eq!((code, out.as_str()), (2, ""), "{text}");
        assert!(err.contains(says), "{text}: {err}");
    }
    let directory = with("plimsoll.toml", "[budget]\ncontent = \"1 GB\"\n");
    let (code, _, err) = check(&directory, "tiny-gzip", &["--config", "gone.toml"]);
    assert_eq!(code, 2);
    assert!(
        err.contains("cannot read the configuration gone.toml"),
        "a configuration that is named must exist: {err}"
    );
}

#[test]
fn what_is_denied_fails_unless_it_is_ignored_for_a_reason_and_a_time() {
    let deny = "[deny]\nrules = [\"*\"]\n";
    let (code, out, _) = check(&with("plimsoll.toml", deny), "demo.tar", &[]);
    assert_eq!(code, 1, "{out}");
    let ignore =
        |until: &str| format!("{deny}[[ignore]]\nrule = \"*\"\nreason = \"a demo\"\nuntil = {until}\n");
    let (code, out, _) = check(&with("plimsoll.toml", &ignore("2999-01-01")), "demo.tar", &[]);
    assert_eq!(code, 0, "{out}");
    let (code, out, _) = check(&with("plimsoll.toml", &ignore("2020-01-01")), "demo.tar", &[]);
    assert_eq!(code, 1);
    assert!(out.contains("EXPIRED"), "{out}");
    let unused = "[deny]\nrules = [\"x\"]\n[[ignore]]\nrule = \"nothing\"\nreason = \"none\"\n";
    let (code, out, _) = check(&with("plimsoll.toml", unused), "demo.tar", &[]);
    assert_eq!(code, 0);
    assert!(out.contains("MATCHED NOTHING"), "{out}");
}

#[test]
fn a_dive_ci_is_read_and_nothing_of_it_is_assumed() {
    let directory = with(".dive-ci", "rules:\n  lowestEfficiency: 0.0001\n  highestWastedBytes: disabled\n");
    let (code, out, err) = check(&directory, "demo.tar", &["--platform", "amd64"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("dive.lowestEfficiency") && out.contains(".dive-ci:2"), "{out}");
    assert!(!out.contains("highestUserWastedPercent"), "dive's hidden default is not in force: {out}");
}

#[test]
fn the_configuration_is_found_upwards_and_init_writes_one() {
    let directory = with("plimsoll.toml", "[budget]\ncontent = \"1 GB\"\n");
    let below = directory.path().join("a/b");
    #[expect(clippy::disallowed_methods, reason = "a test makes its own directories")]
    std::fs::create_dir_all(&below).unwrap();
    let image = format!("{}/fixtures/images/tiny-gzip", env!("CARGO_MANIFEST_DIR"));
    let run = |directory: &std::ffi::OsStr, arguments: &[&str]| {
        Command::cargo_bin("plimsoll").unwrap().current_dir(directory).args(arguments).output().unwrap()
    };
    let output = run(below.as_os_str(), &["check", &image]);
    assert!(String::from_utf8(output.stdout).unwrap().contains("../../plimsoll.toml:2"));
    let empty = tempfile::tempdir().unwrap();
    assert!(run(empty.path().as_os_str(), &["init"]).status.success());
    assert!(run(empty.path().as_os_str(), &["config"]).status.success());
    let again = run(empty.path().as_os_str(), &["init"]);
    assert_eq!(again.status.code(), Some(2), "a file that is there is never overwritten");
}
