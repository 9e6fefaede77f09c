//! Links, digests, lists and package databases that point elsewhere, and documents that no reader agrees on.

use plimsoll::error::ErrorKind;
use serde_json::{Value, json};

use crate::common::image::{Files, Pack, Scratch, config, docker, layout, tars};
use crate::common::layer::{Header, Tar};
use crate::common::{analyze, plimsoll};
use crate::{file, is_harmless, prints};

/// Weighs a layer in every form; the figures do not matter, that it ends does.
fn ends(tar: &[u8]) -> Vec<Result<(), ErrorKind>> {
    let scratch = Scratch::new();
    let tars = [tar.to_vec()];
    let mut references: Vec<_> =
        Pack::ALL.iter().map(|pack| scratch.layout(&format!("{pack:?}"), &layout(&tars, *pack))).collect();
    references.push(scratch.file("save.tar.gz", &Pack::Gzip.pack(&docker(&tars).archive())));
    let outcome = |reference: &String| analyze(reference).map(drop).map_err(|error| error.kind);
    references.iter().map(outcome).collect()
}

#[test]
fn a_pax_size_of_gigabytes_costs_what_is_there() {
    for size in [&b"4000000000"[..], b"18446744073709551615", b"9223372036854775807"] {
        let mut tar = Tar::default();
        tar.pax(b'x', &[("size", size)]);
        tar.file(b"var/lib/dpkg/status", 5);
        for outcome in ends(&tar.end()) {
            assert!(matches!(outcome, Err(ErrorKind::Input | ErrorKind::Limit)), "{outcome:?}");
        }
    }
}

#[test]
fn hard_links_that_overlap_or_go_round_end() {
    for text in [
        "a => b; b => a",
        "a => a; a => a",
        "a 5; b => a; a => b; b => a; a 3",
        "d/; d => d/x; d/x => d",
        "a 5; a/b => a; a => a/b",
    ] {
        for outcome in ends(&Tar::text(text).end()) {
            assert_eq!(outcome, Ok(()), "{text}");
        }
    }
}

#[test]
fn links_out_of_the_image_lead_nowhere_on_the_host() {
    let scratch = Scratch::new();
    let secret = scratch.file("secret", b"on the host");
    let up = "../".repeat(40);
    let text = format!(
        "a -> {secret}; b -> {up}{secret}; c => {secret}; d => {up}etc/passwd; e -> /; e/x 5; {up}etc/shadow 7; /{up}/etc/group 9"
    );
    let mut tar = Tar::default();
    for line in text.split("; ") {
        let words: Vec<_> = line.split(' ').collect();
        match words.as_slice() {
            [path, "->", link] => {
                tar.pax(b'x', &[("path", path.as_bytes()), ("linkpath", link.as_bytes())]);
                tar.member(&Header::new(b"link", b'2'), b"");
            }
            [path, "=>", link] => {
                tar.pax(b'x', &[("path", path.as_bytes()), ("linkpath", link.as_bytes())]);
                tar.member(&Header::new(b"link", b'1'), b"");
            }
            [path, size] => {
                tar.pax(b'x', &[("path", path.as_bytes())]);
                tar.file(b"cut", size.parse().unwrap());
            }
            _ => {}
        }
    }
    let analysis = analyze(&scratch.layout("image", &layout(&[tar.end()], Pack::Gzip))).unwrap();
    let ledger = &analysis.platforms[0].ledger;
    assert_eq!(ledger.totals().live.content, 21, "only what the image holds has bytes");
    for entry in &ledger.entries {
        let path = ledger.tree.path(entry.path).to_string();
        assert!(!path.contains(".."), "{path}");
    }
}

#[test]
fn what_a_list_of_layers_names_is_looked_for_in_the_archive_only() {
    let scratch = Scratch::new();
    let secret = scratch.file("secret", &Tar::text("a 1").end());
    for name in [secret.as_str(), "../secret", "./0/../../secret"] {
        for key in ["Config", "Layers"] {
            let mut files = docker(&tars(&["a 1"]));
            let manifest = files.0.iter_mut().find(|(name, _)| name == "manifest.json").unwrap();
            let mut list: Value = serde_json::from_slice(&manifest.1).unwrap();
            list[0][key] = if key == "Config" { json!(name) } else { json!([name]) };
            manifest.1 = list.to_string().into_bytes();
            let (code, _) = prints(&["analyze", &scratch.file("save.tar", &files.archive())]);
            assert_eq!(code, Some(2), "{key} {name}");
        }
    }
}

/// A layout whose manifest is this text, and what is said of it.
fn with_manifest(change: impl Fn(String) -> String) -> (Option<i32>, String) {
    let scratch = Scratch::new();
    let mut files = Files::default();
    let tar = Tar::text("a 5").end();
    files.image(&[(tar.clone(), tar)], "application/vnd.oci.image.layer.v1.tar", &config());
    let (_, manifest) = files.0.pop().unwrap();
    let manifest = change(String::from_utf8(manifest).unwrap()).into_bytes();
    let descriptor = files.blob("application/vnd.oci.image.manifest.v1+json", manifest);
    let output =
        plimsoll(&["analyze", &scratch.layout("image", &files.index(&[descriptor]))]).output().unwrap();
    is_harmless("a manifest", &output.stderr);
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn keys_twice_and_numbers_beyond_all_types_are_one_sentence() {
    let size = |number: &'static str| {
        move |text: String| {
            let at = text.rfind("\"size\":").unwrap() + 7;
            let end = at + text[at..].find(|character: char| !character.is_ascii_digit()).unwrap();
            format!("{}{number}{}", &text[..at], &text[end..])
        }
    };
    for number in ["-1", "1e400", "18446744073709551616", "1.5", "\"9\"", "0x10", "null", "[]"] {
        let (code, said) = with_manifest(size(number));
        assert_eq!(code, Some(2), "{number}: {said}");
        assert!(said.starts_with("error: ") && said.lines().count() <= 2, "{number}: {said}");
    }
    let (code, said) = with_manifest(|text| text.replacen('{', "{\"layers\":[],\"config\":null,", 1));
    assert_eq!(code, Some(2), "{said}");
    let deep = "[".repeat(100_000);
    let (code, said) =
        with_manifest(|text| text.replacen('{', &format!("{{\"x\":{deep}{},", "]".repeat(100_000)), 1));
    assert_eq!(code, Some(0), "what nobody reads may nest: {said}");
    let scratch = Scratch::new();
    let output =
        plimsoll(&["analyze", &scratch.file("deep.json", format!("{{\"schema\":{deep}").as_bytes())])
            .output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && said.contains("recursion limit"), "{said}");
}

#[test]
fn sizes_of_layers_that_are_never_read_do_not_overflow() {
    let foreign = |text: String| {
        let mut manifest: Value = serde_json::from_str(&text).unwrap();
        let mut layer = manifest["layers"][0].clone();
        layer["urls"] = json!(["https://example.invalid/"]);
        layer["size"] = json!(u64::MAX);
        layer["mediaType"] = json!("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip");
        layer["digest"] = json!(format!("sha256:{}", "0".repeat(64)));
        manifest["layers"] = json!([layer, layer]);
        manifest.to_string()
    };
    let (code, said) = with_manifest(foreign);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.starts_with("error: ") && !said.contains("panicked"), "{said}");
}

#[test]
fn a_digest_is_no_path() {
    for digest in [
        "sha256:../../../../etc/passwd",
        "sha256:..",
        "../x:00",
        "sha256:AB",
        "md5:d41d8cd98f00b204e9800998ecf8427e",
        "sha256:\u{1b}[2J",
    ] {
        let (code, said) = with_manifest(|text| {
            let mut manifest: Value = serde_json::from_str(&text).unwrap();
            manifest["layers"][0]["digest"] = json!(digest);
            manifest.to_string()
        });
        assert_eq!(code, Some(2), "{digest}: {said}");
        assert!(said.contains("digest"), "{digest}: {said}");
    }
}

#[test]
fn an_index_that_names_itself_ends() {
    let scratch = Scratch::new();
    // No digest can be that of a text that holds it, so whoever tries is found out.
    let digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let media_type = "application/vnd.oci.image.index.v1+json";
    let mut index = String::new();
    for _ in 0..3 {
        let size = index.len();
        index = json!({ "schemaVersion": 2, "manifests": [{ "mediaType": media_type, "digest": digest, "size": size }] }).to_string();
    }
    let mut files = Files::default();
    files.0.push((format!("blobs/sha256/{}", "a".repeat(64)), index.clone().into_bytes()));
    files.0.push(("index.json".into(), index.into_bytes()));
    files.0.push(("oci-layout".into(), b"{}".to_vec()));
    for reference in [scratch.layout("dir", &files), scratch.file("image.tar", &files.archive())] {
        for command in ["analyze", "platforms"] {
            assert_eq!(prints(&[command, &reference]).0, Some(2), "{command}");
        }
    }
}

#[test]
fn nobody_owns_a_file_by_claiming_what_another_installed() {
    let scratch = Scratch::new();
    let site = "usr/lib/python3/site-packages";
    let mut tar = Tar::default();
    file(
        &mut tar,
        "var/lib/dpkg/status",
        b"Package: dash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n",
    );
    file(&mut tar, "var/lib/dpkg/info/dash.list", b"/.\n/bin\n/bin/dash\n/../../outside\n");
    file(&mut tar, "bin/dash", &[1; 1000]);
    file(&mut tar, "etc/shadow", &[2; 100]);
    file(&mut tar, &format!("{site}/thief-1.dist-info/METADATA"), b"Name: thief\nVersion: 1\n");
    let up = "../".repeat(60);
    let record = format!(
        "thief.py,,\n/bin/dash,,1000\n../../../../bin/dash,,\n{up}bin/dash,,\n{up}{up}etc/shadow,,\n/,,\n..,,\n,,\n"
    );
    file(&mut tar, &format!("{site}/thief-1.dist-info/RECORD"), record.as_bytes());
    file(&mut tar, &format!("{site}/thief.py"), b"x = 1\n");
    let image = scratch.layout("image", &layout(&[tar.end()], Pack::Gzip));
    let (_, report) = prints(&["analyze", &image, "-o", "json"]);
    let report: Value = serde_json::from_str(&report).unwrap();
    let owners = report["platforms"][0]["owners"].as_array().unwrap();
    let content = |id: &str| {
        let owner = owners.iter().find(|owner| owner["id"].as_str().unwrap().starts_with(id));
        owner.map_or(0, |owner| owner["content"].as_u64().unwrap())
    };
    assert!(content("dpkg:dash") >= 1000, "what dpkg installed stays dpkg's: {owners:?}");
    assert!(content("python:thief") < 1000, "{owners:?}");
}
