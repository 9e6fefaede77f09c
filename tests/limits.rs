//! No image, however made, can exhaust the machine: each bound has an image that goes over it, an error that names it, and the
//! flag that lifts it; and what is merely large, or compresses well, is weighed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::io::Write;

use common::image::{Files, Pack, Scratch, config, docker, layout, tars};
use common::layer::{Header, Tar};
use common::plimsoll;
use serde_json::json;

/// Runs the program with a limit, and returns its exit code and what it said.
fn run(reference: &str, limit: &[&str]) -> (Option<i32>, String) {
    let output = plimsoll(&["analyze", reference, "-o", "json"]).args(limit).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// Holds one limit: below it the image is refused in one sentence that names both limit and flag, above it is weighed.
fn holds(reference: &str, name: &str, below: &str, above: &str) {
    let (code, said) = run(reference, &["--limit", &format!("{name}={below}")]);
    assert_eq!(code, Some(2), "{name}={below}: {said}");
    assert!(said.contains(&format!("for {name}\n")), "{name}: the limit is named: {said}");
    assert!(said.contains(&format!("--limit {name}=")), "{name}: the flag is named: {said}");
    assert_eq!(said.lines().count(), 2, "{name}: one sentence and one hint: {said}");
    let (code, said) = run(reference, &["--limit", &format!("{name}={above}")]);
    assert_eq!(code, Some(0), "{name}={above}: {said}");
}

/// A gzip of `bytes` repeated, made of one compressed piece that is repeated.
fn repeated(bytes: &[u8], times: usize) -> Vec<u8> {
    Pack::Gzip.pack(bytes).repeat(times)
}

/// A layout of one gzip layer whose tar nobody makes as a whole.
fn packed(blob: Vec<u8>) -> Files {
    let mut files = Files::default();
    let media_type = "application/vnd.oci.image.layer.v1.tar+gzip";
    let manifest = files.image(&[(b"unknown".to_vec(), blob)], media_type, &config());
    files.index(&[manifest])
}

/// A layer with one file of zeros, which compresses a thousand times.
fn zeros(megabytes: usize) -> Vec<u8> {
    let mut tar = Tar::default();
    tar.member(&Header { size: (megabytes << 20) as u64, ..Header::new(b"zeros", b'0') }, b"");
    [Pack::Gzip.pack(&tar.0), repeated(&vec![0; 8 << 20], megabytes / 8), Pack::Gzip.pack(&[0; 1024])]
        .concat()
}

#[test]
fn entries_are_bounded_over_all_layers() {
    let layers = tars(&["a 1; b 1; c 1", "d 1; e 1"]);
    for pack in Pack::ALL {
        let scratch = Scratch::new();
        holds(&scratch.layout("image", &layout(&layers, pack)), "entries", "4", "5");
    }
}

#[test]
fn paths_are_bounded_in_length_and_depth() {
    let scratch = Scratch::new();
    let mut tar = Tar::default();
    tar.pax(b'x', &[("path", "d/".repeat(700).as_bytes())]);
    tar.member(&Header::new(b"cut", b'5'), b"");
    let reference = scratch.layout("deep", &layout(&[tar.end()], Pack::Gzip));
    holds(&reference, "depth", "600", "701");
    holds(&reference, "path", "1000", "1400");
}

#[test]
fn a_path_of_ten_thousand_directories_is_walked_without_recursion() {
    let scratch = Scratch::new();
    let (mut lower, mut upper) = (Tar::default(), Tar::default());
    let deep = "d/".repeat(10_000);
    lower.pax(b'x', &[("path", format!("{deep}f").as_bytes())]);
    lower.file(b"cut", 5);
    upper.pax(b'x', &[("path", format!("{deep}.wh.f").as_bytes())]);
    upper.file(b"cut", 0);
    let reference = scratch.layout("deep", &layout(&[lower.end(), upper.end()], Pack::Gzip));
    let lifted = ["--limit", "depth=20000,path=1M"];
    for command in ["analyze", "advise", "audit"] {
        for format in ["json", "table", "html", "csv"] {
            let output = plimsoll(&[command, &reference, "-o", format]).args(lifted).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            let is_clean =
                matches!(output.status.code(), Some(0)) || said.contains("--format") || said.contains("-o");
            assert!(is_clean, "{command} -o {format}: {:?} {said}", output.status);
        }
    }
}

#[test]
fn extension_headers_are_bounded() {
    let scratch = Scratch::new();
    let mut tar = Tar::default();
    tar.pax(b'x', &[("comment", &[b'x'; 5000])]);
    tar.file(b"a", 1);
    holds(&scratch.layout("image", &layout(&[tar.end()], Pack::Gzip)), "header", "4k", "6k");
}

#[test]
fn package_databases_are_bounded_over_all_layers() {
    let scratch = Scratch::new();
    let layers = tars(&["var/lib/dpkg/status 60000 a", "var/lib/dpkg/status 60000 b"]);
    holds(&scratch.layout("image", &layout(&layers, Pack::Gzip)), "evidence", "100000", "120000");
}

#[test]
fn what_sparse_files_claim_is_bounded() {
    let scratch = Scratch::new();
    let mut tar = Tar::default();
    tar.pax(b'x', &[("GNU.sparse.size", b"1000000000000"), ("GNU.sparse.name", b"s")]);
    tar.file(b"s", 512);
    holds(&scratch.layout("image", &layout(&[tar.end()], Pack::Gzip)), "size", "999G", "1000G");
}

#[test]
fn windows_of_zstd_are_bounded() {
    let scratch = Scratch::new();
    let tar = Tar::text("a 100").end();
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(26).unwrap();
    encoder.include_contentsize(false).unwrap();
    encoder.write_all(&tar).unwrap();
    let mut files = Files::default();
    let media_type = "application/vnd.oci.image.layer.v1.tar+zstd";
    let manifest = files.image(&[(tar, encoder.finish().unwrap())], media_type, &config());
    holds(&scratch.layout("image", &files.index(&[manifest])), "window", "32Mi", "64Mi");
}

#[test]
fn documents_are_bounded_each_and_together() {
    let scratch = Scratch::new();
    let mut padded = config();
    padded["comment"] = json!("x".repeat(100_000));
    let mut files = Files::default();
    let tar = Tar::text("a 1").end();
    let manifest = files.image(&[(tar.clone(), tar)], "application/vnd.oci.image.layer.v1.tar", &padded);
    let files = files.index(&[manifest]);
    for reference in [scratch.layout("image", &files), scratch.file("image.tar", &files.archive())] {
        holds(&reference, "document", "100000", "101000");
        holds(&reference, "documents", "100000", "110000");
    }
    let piped = scratch.file("image.tar.gz", &Pack::Gzip.pack(&files.archive()));
    let (code, said) = run(&piped, &["--limit", "document=100000"]);
    assert_eq!(code, Some(2), "{said}");
}

#[test]
fn indexes_are_bounded_in_nesting_and_number() {
    let scratch = Scratch::new();
    let mut files = Files::default();
    let tar = Tar::text("a 1").end();
    let mut inner = files.image(&[(tar.clone(), tar)], "application/vnd.oci.image.layer.v1.tar", &config());
    for _ in 0..3 {
        let index = json!({ "schemaVersion": 2, "manifests": [inner] });
        inner = files.blob("application/vnd.oci.image.index.v1+json", index.to_string().into_bytes());
    }
    let reference = scratch.layout("image", &files.index(&[inner]));
    holds(&reference, "nesting", "2", "3");
    holds(&reference, "manifests", "3", "4");
}

#[test]
fn one_manifest_named_a_thousand_times_is_bounded() {
    let scratch = Scratch::new();
    let mut files = Files::default();
    let tar = Tar::text("a 1").end();
    let manifest = files.image(&[(tar.clone(), tar)], "application/vnd.oci.image.layer.v1.tar", &config());
    let index = json!({ "schemaVersion": 2, "manifests": vec![manifest; 5000] });
    let index = files.blob("application/vnd.oci.image.index.v1+json", index.to_string().into_bytes());
    let (code, said) = run(&scratch.layout("image", &files.index(&[index])), &[]);
    assert!(code == Some(2) && said.contains("for manifests"), "{said}");
}

#[test]
fn layers_and_members_of_archives_are_bounded() {
    let scratch = Scratch::new();
    let layers = tars(&["a 1", "b 1", "c 1"]);
    holds(&scratch.layout("image", &layout(&layers, Pack::Gzip)), "layers", "2", "3");
    holds(&scratch.file("save.tar", &docker(&layers).archive()), "members", "4", "5");
    holds(&scratch.file("save.tar.gz", &Pack::Gzip.pack(&docker(&layers).archive())), "members", "4", "5");
}

#[test]
fn what_compresses_a_thousand_times_is_weighed() {
    let scratch = Scratch::new();
    let blob = zeros(512);
    assert!(blob.len() < 1 << 20);
    let reference = scratch.layout("zeros", &packed(blob));
    let (code, said) = run(&reference, &[]);
    assert_eq!(code, Some(0), "an honest file of zeros: {said}");
}

#[test]
fn a_bomb_ends_in_the_middle_of_its_one_file() {
    let scratch = Scratch::new();
    let (code, said) = run(&scratch.layout("bomb", &packed(zeros(1024))), &["--limit", "unpacked=64M"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("for unpacked\n") && said.contains("--limit unpacked="), "{said}");
}

#[test]
fn a_bomb_within_a_bomb_counts_by_what_is_outside() {
    let scratch = Scratch::new();
    // A kilobyte that becomes a megabyte that becomes a gigabyte.
    let inner = zeros(1024);
    let mut files = docker(&tars(&["a 1"]));
    files.0[0].1 = inner;
    for pack in [Pack::Gzip, Pack::Zstd] {
        let outer = pack.pack(&files.archive());
        assert!(outer.len() < 100_000, "{}", outer.len());
        // Within the inner blob's own hundredfold, and far beyond the outer one's.
        let (code, said) = run(&scratch.file("bomb", &outer), &["--limit", "unpacked=500M"]);
        assert_eq!(code, Some(2), "{pack:?}: {said}");
        assert!(said.contains("for unpacked\n"), "{pack:?}: {said}");
    }
}

/// The peak of a child's resident memory in MiB, as far as looking often tells, and its exit code.
fn peak(arguments: &[&str]) -> (u64, Option<i32>, String) {
    let mut child = plimsoll(arguments)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        peak = peak.max(kilobytes.unwrap_or(0) / 1024);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let output = child.wait_with_output().unwrap();
    (peak, output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// What a bomb does to a budget of 32 MiB: the program ends, and its memory is the budget and what it needs anyway. With the
/// default of 256 MiB that is below 512.
fn ends_in_bounds(what: &str, blob: Vec<u8>) {
    let scratch = Scratch::new();
    let reference = scratch.layout(what, &packed(blob));
    let (peak, code, said) = peak(&["analyze", &reference, "-o", "json", "--limit", "memory=32Mi"]);
    assert_eq!(code, Some(2), "{what}: {said}");
    assert!(said.contains("for memory\n") && said.contains("--limit memory="), "{what}: {said}");
    assert!(peak < 128, "{what}: {peak} MiB");
}

#[test]
fn headers_that_compress_to_nothing_end_in_bounded_memory() {
    let mut tar = Tar::default();
    tar.file(b"a", 0);
    ends_in_bounds("headers", repeated(&tar.0.repeat(20_000), 16));
}

#[test]
fn names_that_compress_to_nothing_end_in_bounded_memory() {
    let mut tar = Tar::default();
    tar.pax(b'x', &[("path", &[b'x'; 16_000])]);
    tar.file(b"cut", 0);
    ends_in_bounds("names", repeated(&tar.0.repeat(50), 100));
}

#[test]
fn directories_that_compress_to_nothing_end_in_bounded_memory() {
    let mut tar = Tar::default();
    for number in 0..1000 {
        tar.pax(b'x', &[("path", format!("{number}/{}", "d/".repeat(1000)).as_bytes())]);
        tar.member(&Header::new(b"cut", b'5'), b"");
    }
    ends_in_bounds("directories", Pack::Gzip.pack(&tar.end()));
}

#[test]
fn databases_that_compress_to_nothing_end_in_bounded_memory() {
    let mut tar = Tar::default();
    let lines = vec![b'\n'; 8 << 20];
    tar.member(
        &Header { size: lines.len() as u64, ..Header::new(b"var/lib/dpkg/info/a.list", b'0') },
        &lines,
    );
    ends_in_bounds("databases", repeated(&tar.0, 12));
}

#[test]
fn a_limit_that_is_none_says_which_there_are() {
    for (written, says) in
        [("bytes=1", "limits are entries"), ("entries=x", "is no number"), ("entries", "has no value")]
    {
        let (code, said) = run("never-read.tar", &["--limit", written]);
        assert_eq!(code, Some(2), "{written}");
        assert!(said.contains(says), "{written}: {said}");
    }
}
