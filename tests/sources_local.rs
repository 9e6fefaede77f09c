//! What needs no server: directories, bare names, what is remembered, Docker's plugin, completions, signals.

#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::large_stack_arrays,
    clippy::format_push_string,
    reason = "a test starts real servers, writes their files, and fails where it cannot go on"
)]

mod common;
mod engines;

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::Duration;

use common::fixtures::fixture;
use engines::run::{Home, ran, write};
use std::process::Command;

use serde_json::Value;

#[test]
fn a_directory_is_one_layer_and_nothing_outside_of_it_is_read() {
    let home = Home::new();
    write(&home.path("root/usr/bin/tool"), &[7; 3000]);
    write(&home.path("outside/secret"), &[7; 500_000]);
    let long = "d".repeat(90);
    write(&home.path(&format!("root/{long}/{long}/file")), &[1; 100]);
    let link = |target: &str, name: &str| std::os::unix::fs::symlink(target, home.path(name)).unwrap();
    link(home.path("outside").to_str().unwrap(), "root/away");
    link("../../outside/secret", "root/usr/secret");
    link("/", "root/everything");
    link(".", "root/usr/self");
    std::fs::hard_link(home.path("root/usr/bin/tool"), home.path("root/usr/bin/same")).unwrap();
    let report = home.report(&["rootfs:root"]);
    let platform = &report["platforms"][0];
    assert_eq!(platform["content"], 3100);
    assert_eq!(platform["layers"].as_array().unwrap().len(), 1);
    assert_eq!(platform["transfer"]["exact"], false);
    // usr, usr/bin, two long directories; tool, same, file; away, secret, everything, self.
    assert_eq!(platform["layers"][0]["entries"], 11);
    assert_eq!(report, home.report(&["rootfs:root"]));
    home.run(&["analyze", "rootfs:none"]).fails_with(&["the directory none cannot be opened"]);
    home.run(&["analyze", "rootfs:root/usr/bin/tool"]).fails_with(&["is no directory"]);
}

#[test]
fn a_directory_weighs_what_a_tar_of_it_does() {
    let home = Home::new();
    for number in 0..200_usize {
        write(&home.path(&format!("root/d{}/f{number}", number % 7)), &vec![number as u8; number * 37]);
    }
    let expected: usize = (0..200).map(|number| number * 37).sum();
    let report = home.report(&["rootfs:root"]);
    assert_eq!(report["platforms"][0]["content"], expected);
    assert_eq!(report["platforms"][0]["live"], expected);
}

#[test]
fn a_bare_name_says_what_everybody_answered() {
    let home = Home::new();
    let run =
        |arguments: &[&str]| ran(home.command(arguments).env("DOCKER_HOST", "unix:///nowhere/docker.sock"));
    run(&["analyze", "no-such-host.invalid/app:1"]).fails_with(&[
        "there is no file or directory no-such-host.invalid/app:1",
        "the Docker daemon is not at unix:///nowhere/docker.sock",
        "the registry no-such-host.invalid cannot be reached",
    ]);
    let only = run(&["analyze", "no-such-host.invalid/app:1", "--from", "docker"]);
    only.fails_with(&["the Docker daemon is not at"]);
    assert!(!only.stderr.contains("registry no-such-host"), "{}", only.stderr);
    // What is written as a path is asked of nobody.
    let path = run(&["analyze", "./app"]);
    path.fails_with(&["there is no file or directory ./app"]);
    assert!(!path.stderr.contains("daemon"), "{}", path.stderr);
}

#[test]
fn a_spoilt_cache_changes_nothing() {
    let home = Home::new();
    let reference = fixture("tiny-gzip");
    let first = home.report(&[&reference]);
    let kept = home.files();
    assert!(!kept.is_empty());
    for damage in [&b""[..], b"x", &[0xff; 4096]] {
        for file in &kept {
            std::fs::write(file, damage).unwrap();
        }
        assert_eq!(home.report(&[&reference]), first);
    }
    home.run(&["cache", "prune"]);
    assert!(home.files().is_empty());
    // Nowhere to keep anything is no trouble either.
    let nowhere =
        ran(home.command(&["analyze", &reference, "-o", "json"]).env("XDG_CACHE_HOME", "/dev/null/cache"));
    assert_eq!(serde_json::from_str::<Value>(&nowhere.stdout).unwrap(), first);
    assert_eq!(home.report(&[&reference, "--no-cache"]), first);
    assert!(home.files().is_empty(), "--no-cache keeps nothing");
}

#[test]
fn a_layer_that_is_known_is_still_held_against_its_digest() {
    let home = Home::new();
    for (from, to) in [("tiny-gzip", "one"), ("tiny-gzip", "other")] {
        let copied = Command::new("cp").args(["-r", &fixture(from)]).arg(home.path(to)).status().unwrap();
        assert!(copied.success());
    }
    let first = home.report(&["one"]);
    // Another copy of what is known is known too.
    assert_eq!(home.report(&["other"])["platforms"], first["platforms"]);
    let layer = first["platforms"][0]["layers"][0]["digest"].as_str().unwrap();
    for layout in ["one", "other"] {
        let blob = home.path(layout).join("blobs/sha256").join(layer.trim_start_matches("sha256:"));
        let mut bytes = std::fs::read(&blob).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&blob, &bytes).unwrap();
        home.run(&["analyze", layout]).fails_with(&[layer, "digest"]);
    }
}

#[test]
fn many_runs_at_once_share_the_cache() {
    let home = Home::new();
    let reference = fixture("demo.tar");
    let first = home.report(&[&reference, "--no-cache"]);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| assert_eq!(home.report(&[&reference]), first));
        }
    });
    assert!(home.files().iter().all(|file| file.extension().is_none()), "{:?}", home.files());
}

#[test]
fn docker_takes_it_for_a_plugin() {
    let home = Home::new();
    let metadata = home.run(&["docker-cli-plugin-metadata"]);
    let metadata: Value = serde_json::from_str(&metadata.stdout).unwrap();
    assert_eq!(metadata["SchemaVersion"], "0.1.0");
    assert_eq!(metadata["Version"], env!("CARGO_PKG_VERSION"));
    let plugin = home.path(".docker/cli-plugins/docker-plimsoll");
    std::fs::create_dir_all(plugin.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_plimsoll"), &plugin).unwrap();
    let image = fixture("tiny-gzip");
    let direct = ran(Command::new(&plugin).args(["plimsoll", "analyze", &image]));
    assert_eq!(direct.code, Some(0), "{}", direct.stderr);
    if engines::has("docker_takes_it_for_a_plugin", &["docker"]) {
        let mut docker = Command::new("docker");
        docker.args(["plimsoll", "analyze", &image]).env("HOME", home.path("")).env_remove("DOCKER_CONFIG");
        let through = ran(&mut docker);
        assert_eq!(through.code, Some(0), "{}", through.stderr);
        assert_eq!(through.stdout, direct.stdout);
    }
}

#[test]
fn shells_and_manuals_are_served() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = home.run(&["completions", shell]);
        assert!(script.code == Some(0) && script.stdout.contains("analyze"), "{shell}");
    }
    assert_eq!(home.run(&["man", "pages"]).code, Some(0));
    let page = std::fs::read_to_string(home.path("pages/plimsoll-analyze.1")).unwrap();
    assert!(page.contains("platform"), "{page}");
}

#[test]
fn progress_is_told_in_lines_where_asked() {
    let home = Home::new();
    let image = fixture("tiny-gzip");
    let plain = home.run(&["analyze", &image, "--progress", "plain"]);
    assert!(plain.stderr.contains("layers read"), "{}", plain.stderr);
    assert_eq!(home.run(&["analyze", &image, "--progress", "plain", "--quiet"]).stderr, "");
    assert_eq!(home.run(&["analyze", &image]).stderr, "");
}

#[test]
fn being_stopped_leaves_nothing_behind() {
    let home = Home::new();
    let mut command = home.command(&["analyze", "-", "-o", "json=report.json"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    // The beginning of an archive, so that it waits for the rest.
    let mut input = child.stdin.take().unwrap();
    input.write_all(&[0x1f, 0x8b]).unwrap();
    for _ in 0..200 {
        if !home.files().is_empty() {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(!home.files().is_empty(), "the report is opened before the image is read");
    engines::must(Command::new("kill").args(["-INT", &child.id().to_string()]));
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(2), "{status}");
    // Had the archive ended before the program was stopped, it would have ended by itself.
    drop(input);
    assert!(home.files().is_empty(), "{:?}", home.files());
}
