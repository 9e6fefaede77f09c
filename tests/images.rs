//! The traps of reading what is around layers: indexes, archives, histories, streams, and what is no image at all.

#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]
#![allow(clippy::case_sensitive_file_extension_comparisons, reason = "we know how our files are called")]

mod common;

use common::fixtures::{BROKEN, WHOLE, fixture, split};
use common::image::{Files, Pack, Scratch, config, docker, layout, tars};
use common::layer::Tar;
use common::validate::validate;
use common::{Figures, analyze, piped, plimsoll};
use plimsoll::image::NodeKind;
use serde_json::{Value, json};

const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// A gzip layer as (tar, blob).
fn gzip(text: &str) -> (Vec<u8>, Vec<u8>) {
    let tar = Tar::text(text).end();
    let blob = Pack::Gzip.pack(&tar);
    (tar, blob)
}

fn json_of(reference: &str, input: Option<&[u8]>) -> Value {
    let arguments = ["analyze", reference, "-o", "json"];
    let output = match input {
        Some(input) => piped(&arguments, input),
        None => plimsoll(&arguments).output().unwrap(),
    };
    assert!(output.status.success(), "{reference}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A report without what says how the image was come by.
fn without_way(mut report: Value) -> Value {
    report["image"]["reference"].take();
    report["image"]["kind"].take();
    report["warnings"].take();
    for platform in report["platforms"].as_array_mut().unwrap() {
        for layer in platform["layers"].as_array_mut().unwrap() {
            layer["verified"].take();
        }
    }
    report
}

// --- Every fixture. ---

#[test]
fn every_fixture_is_listed() {
    let names = |directory: &str| -> Vec<String> {
        let entries = std::fs::read_dir(fixture(directory)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let known: Vec<_> = WHOLE.iter().map(|name| name.split(':').next().unwrap().to_owned()).collect();
    for name in names("") {
        let is_recipe =
            matches!(name.as_str(), ".gitattributes" | "README.md" | "build" | "recipe" | "demo" | "broken");
        assert!(is_recipe || known.contains(&name), "fixtures/images/{name} is in no test");
    }
    for name in names("broken") {
        let whole = known.contains(&format!("broken/{name}"));
        assert!(whole || BROKEN.contains(&name.as_str()), "fixtures/images/broken/{name} is in no test");
    }
}

#[test]
fn the_invariants_hold_for_every_fixture_of_every_source() {
    for name in WHOLE {
        let analysis = analyze(&fixture(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!analysis.platforms.is_empty(), "{name}");
        validate(&analysis, name);
    }
}

#[test]
fn what_is_broken_ends_in_one_sentence() {
    for name in BROKEN {
        let reference = fixture(&format!("broken/{name}"));
        let output = plimsoll(&["analyze", &reference]).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}: {stderr}");
        assert!(output.stdout.is_empty(), "{name}: no partial report");
        let lines: Vec<_> = stderr.lines().collect();
        assert!((1..=2).contains(&lines.len()), "{name}: {stderr}");
        assert!(lines[0].starts_with("error: ") && lines[0].contains(name), "{name}: {stderr}");
        assert!(lines.get(1).is_none_or(|hint| hint.starts_with("  hint: ")), "{name}: {stderr}");
    }
}

#[test]
fn the_same_image_weighs_the_same_in_every_form() {
    let figures = |name: &str| Figures::in_ledger(&analyze(&fixture(name)).unwrap().platforms[0].ledger);
    let gzip = figures("tiny-gzip");
    for other in ["tiny-zstd", "tiny-docker.tar.gz", "tiny-docker.tar.zst", "docker25-save.tar.gz"] {
        assert_eq!(figures(other), gzip, "{other}");
    }
}

/// Every fixture as a stream: an archive as it is, a directory as an archive of it.
fn stream(name: &str) -> Vec<u8> {
    let (path, _) = split(name);
    if std::fs::metadata(&path).unwrap().is_file() {
        return std::fs::read(path).unwrap();
    }
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_dir_all("", path).unwrap();
    builder.into_inner().unwrap()
}

#[test]
fn a_stream_weighs_what_the_file_weighs() {
    for name in WHOLE.into_iter().filter(|name| split(name).1.is_none()) {
        let expected = without_way(json_of(&fixture(name), None));
        let bytes = stream(name);
        let is_compressed = name.ends_with(".gz") || name.ends_with(".zst");
        let packs = if is_compressed { &[Pack::Plain][..] } else { &Pack::ALL };
        for pack in packs {
            let streamed = without_way(json_of("-", Some(&pack.pack(&bytes))));
            assert!(streamed == expected, "{name}, {pack:?}: the stream's report differs");
        }
    }
}

#[test]
fn the_same_input_gives_the_same_bytes_whatever_the_threads() {
    for name in WHOLE {
        let run = |threads: &str| {
            let reference = fixture(name);
            plimsoll(&["analyze", &reference, "-o", "json"])
                .env("RAYON_NUM_THREADS", threads)
                .output()
                .unwrap()
                .stdout
        };
        let one = run("1");
        assert!(!one.is_empty(), "{name}");
        for threads in ["1", "2", "7"] {
            assert!(run(threads) == one, "{name}: another report with {threads} threads");
        }
    }
}

#[test]
fn no_row_weighs_nothing() {
    for name in WHOLE {
        let report = json_of(&fixture(name), None);
        for platform in report["platforms"].as_array().unwrap() {
            for list in ["owners", "categories"] {
                for row in platform[list].as_array().unwrap() {
                    assert!(row["content"] != 0 || row["transfer"] != 0, "{name}: {row}");
                }
            }
        }
    }
}

#[test]
fn nothing_of_an_image_is_written_anywhere() {
    for name in ["demo.tar", "tiny-docker.tar.zst", "tiny-gzip", "nested:nested"] {
        let (scratch, before) = (Scratch::new(), format!("{:?}", split(name)));
        let output = plimsoll(&["analyze", &fixture(name)])
            .current_dir(scratch.path())
            .env("TMPDIR", scratch.path())
            .env("HOME", scratch.path())
            .env("XDG_CACHE_HOME", scratch.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{before}");
        assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0, "{name}: something was written");
    }
}

// --- Layouts. ---

#[test]
fn a_layout_without_manifest_json_keeps_the_order_of_its_manifest() {
    let scratch = Scratch::new();
    let texts: Vec<_> = (0..12).map(|number| format!("f{number} {}; top {number}", number + 1)).collect();
    let texts: Vec<_> = texts.iter().map(String::as_str).collect();
    let reference = scratch.layout("image", &layout(&tars(&texts), Pack::Gzip));
    for _ in 0..3 {
        let platform = analyze(&reference).unwrap().platforms.remove(0);
        let contents: Vec<_> = platform.ledger.layers.iter().map(|layer| layer.content).collect();
        assert_eq!(contents, (0..12).map(|number| 2 * number + 1).collect::<Vec<u64>>());
    }
}

#[test]
fn an_attestation_is_listed_and_never_weighed() {
    let mut files = Files::default();
    let image = files.image(&[gzip("a 10")], GZIP, &config());
    let mut note =
        files.image(&[(b"{}".to_vec(), b"{}".to_vec())], "application/vnd.in-toto+json", &config());
    note["platform"] = json!({ "os": "unknown", "architecture": "unknown" });
    note["annotations"] = json!({
        "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": image["digest"] });
    let mut image = image;
    image["platform"] = json!({ "os": "linux", "architecture": "amd64" });
    let scratch = Scratch::new();
    let analysis = analyze(&scratch.layout("image", &files.index(&[note, image]))).unwrap();
    assert_eq!(analysis.platforms.len(), 1);
    assert_eq!(analysis.platforms[0].ledger.size().content, 10);
    let NodeKind::Index(children) = &analysis.tree.kind else { panic!("{:?}", analysis.tree.kind) };
    assert!(matches!(children[0].kind, NodeKind::Attestation { .. }), "{:?}", children[0].kind);
}

#[test]
fn a_platform_that_was_not_saved_does_not_keep_the_others_from_being_weighed() {
    let reference = fixture("broken/missing-platforms");
    let analysis = analyze(&reference).unwrap();
    assert_eq!(analysis.platforms.len(), 1);
    assert_eq!(analysis.tree.missing().len(), 2);
    let output = plimsoll(&["analyze", &reference, "--platform", "arm64"]).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(
        stderr.contains("linux/arm64") && stderr.contains("linux/amd64"),
        "what lacks, and what is there: {stderr}"
    );
}

#[test]
fn a_layer_that_comes_twice_counts_twice() {
    let scratch = Scratch::new();
    let twice = ["a 1000", "b 5", "a 1000"];
    for files in [layout(&tars(&twice), Pack::Gzip), docker(&tars(&twice))] {
        let analysis = analyze(&scratch.file("image.tar", &files.archive())).unwrap();
        validate(&analysis, "twice");
        assert_eq!(Figures::in_ledger(&analysis.platforms[0].ledger), Figures::of(1005, 1000, 0));
    }
}

#[test]
fn a_foreign_layer_is_counted_and_not_read() {
    let analysis = analyze(&fixture("broken/foreign-layer")).unwrap();
    let platform = &analysis.platforms[0];
    let unread: Vec<_> = platform.ledger.layers.iter().filter(|layer| !layer.read).collect();
    assert_eq!(unread.len(), 1);
    assert!(unread[0].transfer > 0 && unread[0].content == 0);
}

#[test]
fn a_symlinked_layer_of_an_old_save_is_the_layer_it_points_to() {
    let mut files = docker(&tars(&["a 1000", "b 5"]));
    let position = files.0.iter().position(|(name, _)| name == "manifest.json").unwrap();
    let mut manifest: Value = serde_json::from_slice(&files.0[position].1).unwrap();
    let first = manifest[0]["Layers"][0].as_str().unwrap().to_owned();
    let last = format!("{}/layer.tar", "f".repeat(64));
    manifest[0]["Layers"].as_array_mut().unwrap().push(json!(last));
    files.0[position].1 = manifest.to_string().into_bytes();
    let name = manifest[0]["Config"].as_str().unwrap();
    let position = files.0.iter().position(|(known, _)| known == name).unwrap();
    let mut config: Value = serde_json::from_slice(&files.0[position].1).unwrap();
    let diff_id = config["rootfs"]["diff_ids"][0].clone();
    config["rootfs"]["diff_ids"].as_array_mut().unwrap().push(diff_id);
    files.0[position].1 = config.to_string().into_bytes();

    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    builder.append_link(&mut header, &last, format!("../{first}")).unwrap();
    let link = builder.into_inner().unwrap();
    let archive = [&link[..512], &files.archive()].concat();
    let scratch = Scratch::new();
    let path = scratch.file("save.tar", &archive);
    let analysis = analyze(&path).unwrap();
    assert_eq!(Figures::in_ledger(&analysis.platforms[0].ledger), Figures::of(1005, 1000, 0));
    let streamed = json_of("-", Some(&archive));
    assert_eq!(streamed["platforms"][0]["content"], 2005, "the link comes before the layer");
}

// --- Compression. ---

#[test]
fn how_a_layer_is_compressed_is_seen_and_not_believed() {
    let scratch = Scratch::new();
    let tar = Tar::text("a 5000; b 3").end();
    for pack in Pack::ALL {
        let (plain, zstd) = (
            "application/vnd.docker.image.rootfs.diff.tar",
            "application/vnd.docker.image.rootfs.diff.tar.zstd",
        );
        for media_type in [GZIP, "application/vnd.docker.image.rootfs.diff.tar.gzip", plain, zstd] {
            let mut files = Files::default();
            let manifest = files.image(&[(tar.clone(), pack.pack(&tar))], media_type, &config());
            let name = format!("{pack:?}{}", media_type.len());
            let analysis = analyze(&scratch.layout(&name, &files.index(&[manifest]))).unwrap();
            validate(&analysis, media_type);
            assert_eq!(analysis.platforms[0].ledger.size().content, 5003, "{pack:?} called {media_type}");
        }
    }
}

#[test]
fn every_member_of_a_gzip_and_every_frame_of_a_zstd_is_read() {
    let scratch = Scratch::new();
    let tar = Tar::text("a 5000; b 3; c 70000").end();
    for pack in [Pack::Gzip, Pack::Zstd] {
        let mut blob: Vec<u8> = tar.chunks(1500).flat_map(|chunk| pack.pack(chunk)).collect();
        if pack == Pack::Zstd {
            // A skippable frame, as zstd:chunked and pzstd write them.
            blob = [&b"\x50\x2a\x4d\x18\x04\0\0\0skip"[..], &blob, b"\x5f\x2a\x4d\x18\x02\0\0\0ip"].concat();
        }
        let mut files = Files::default();
        let manifest = files.image(&[(tar.clone(), blob)], GZIP, &config());
        let analysis = analyze(&scratch.layout(&format!("{pack:?}"), &files.index(&[manifest]))).unwrap();
        validate(&analysis, "many members");
        assert_eq!(analysis.platforms[0].ledger.size().content, 75003, "{pack:?}");
        assert_eq!(analysis.platforms[0].ledger.entries.len(), 3);
    }
}

#[test]
fn the_transfer_of_an_entry_follows_how_well_it_compresses() {
    let scratch = Scratch::new();
    let mut tar = Tar::default();
    let zeros = vec![0; 1 << 20];
    tar.member(
        &common::layer::Header { size: 1 << 20, ..common::layer::Header::new(b"zeros", b'0') },
        &zeros,
    );
    tar.file(b"text", 1 << 20);
    let analysis = analyze(&scratch.layout("image", &layout(&[tar.end()], Pack::Gzip))).unwrap();
    let entries = &analysis.platforms[0].ledger.entries;
    assert!(
        entries[1].transfer > 20 * entries[0].transfer,
        "{} and {}",
        entries[0].transfer,
        entries[1].transfer
    );
}

// --- Histories. ---

fn instructions(history: &Value) -> (Vec<Option<String>>, usize) {
    let scratch = Scratch::new();
    let (mut files, mut config) = (Files::default(), config());
    config["history"] = history.clone();
    let manifest = files.image(&[gzip("a 1"), gzip("b 2")], GZIP, &config);
    let platform = analyze(&scratch.layout("image", &files.index(&[manifest]))).unwrap().platforms.remove(0);
    let texts =
        platform.image.layers.iter().map(|layer| layer.instruction.as_ref().map(|one| one.text.clone()));
    (texts.collect(), platform.image.warnings.len())
}

#[test]
fn a_history_that_does_not_fit_names_no_layer() {
    let made = |by: &str| json!({ "created_by": by });
    let (fits, warnings) = instructions(&json!([
        made("/bin/sh -c #(nop) ADD file:1 in / "), { "created_by": "ENV A=1", "empty_layer": true }, made("RUN |1 A=1 /bin/sh -c make # buildkit")]));
    assert_eq!((fits, warnings), (vec![Some("ADD file:1 in /".into()), Some("RUN make".into())], 0));
    for (history, expected) in [
        (Value::Null, 0),
        (json!([]), 0),
        (json!([made("one")]), 1),
        (json!([made("one"), made("two"), made("three")]), 1),
    ] {
        assert_eq!(instructions(&history), (vec![None, None], expected), "{history}");
    }
}

// --- Archives. ---

#[test]
fn the_order_of_an_archives_members_does_not_matter() {
    let scratch = Scratch::new();
    let layers = tars(&["a 5000; b 3", ".wh.b; c 7"]);
    for files in [layout(&layers, Pack::Gzip), docker(&layers)] {
        let forwards = without_way(json_of(&scratch.file("one.tar", &files.archive()), None));
        let mut backwards = files.clone();
        backwards.0.reverse();
        let archive = backwards.archive();
        assert!(without_way(json_of(&scratch.file("two.tar", &archive), None)) == forwards);
        assert!(without_way(json_of("-", Some(&archive))) == forwards, "as a stream");
        assert!(without_way(json_of("-", Some(&files.archive()))) == forwards, "as a stream");
    }
}

#[test]
fn several_images_in_one_archive_have_to_be_told_apart() {
    let path = fixture("legacy-docker-save.tar");
    let output = plimsoll(&["analyze", &path]).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("legacy:1.0") && stderr.contains("legacy:2.0"), "{stderr}");
    let content =
        |tag: &str| json_of(&format!("{path}:{tag}"), None)["platforms"][0]["content"].as_u64().unwrap();
    assert!(content("legacy:1.0") < content("legacy:2.0"));
}

#[test]
fn an_archive_cut_off_anywhere_is_never_passed_off_as_whole() {
    let scratch = Scratch::new();
    for files in
        [layout(&tars(&["a 5000; b 3", "c 9000"]), Pack::Gzip), docker(&tars(&["a 5000; b 3", "c 9000"]))]
    {
        let whole = files.archive();
        let end = whole.len() - 1536; // padding and two blocks of zeros, which nobody needs
        for cut in (0..end).step_by(487) {
            let path = scratch.file("cut.tar", &whole[..cut]);
            assert!(analyze(&path).is_err(), "{cut} bytes of {}", whole.len());
            let path = scratch.file("cut.tar.gz", &Pack::Gzip.pack(&whole[..cut]));
            assert!(analyze(&path).is_err(), "{cut} bytes of {}, gzipped", whole.len());
        }
        let gzipped = Pack::Gzip.pack(&whole);
        for cut in (20..gzipped.len() - 1).step_by(211) {
            let path = scratch.file("cut.tar.gz", &gzipped[..cut]);
            if let Ok(analysis) = analyze(&path) {
                panic!("{cut} bytes of {} gzipped ones: {}", gzipped.len(), analysis.platforms.len());
            }
        }
    }
}

#[test]
fn a_blob_that_was_changed_is_told() {
    let scratch = Scratch::new();
    let files = layout(&tars(&["a 5000", "b 20"]), Pack::Gzip);
    for position in 0..files.0.len() - 2 {
        let mut changed = files.clone();
        let bytes = &mut changed.0[position].1;
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x20;
        let error =
            analyze(&scratch.layout(&position.to_string(), &changed)).expect_err("its digest is wrong");
        assert!(error.message.contains("sha256:"), "{error}");
    }
}

#[test]
fn an_index_that_lost_its_entries_leaves_the_manifest() {
    // docker save by digest writes both layouts, and an index that lists nothing.
    let mut files = docker(&tars(&["a 10"]));
    files.0.push(("index.json".into(), br#"{"schemaVersion":2,"manifests":[]}"#.to_vec()));
    let scratch = Scratch::new();
    let analysis = analyze(&scratch.file("save.tar", &files.archive())).unwrap();
    assert_eq!(analysis.platforms[0].ledger.size().content, 10);
}

#[test]
fn what_is_no_tar_is_told_in_one_harmless_line() {
    let scratch = Scratch::new();
    let text = "\u{1b}[31mP:package\nV:1.0\nA:x86_64\n".repeat(60);
    for bytes in [text.as_bytes(), &Pack::Gzip.pack(text.as_bytes())] {
        let error = analyze(&scratch.file("text", bytes)).expect_err("it is no archive");
        assert!(!error.message.contains(['\n', '\u{1b}']) && error.message.len() < 300, "{error}");
    }
}
