//! No image, however made, can make the program crash, hang, look outside of the image, or say to a terminal, a spreadsheet,
//! a browser or a workflow what the image wants said. Tars that lie are in `reading.rs`, bombs in `limits.rs`, formats one by
//! one in `formats.rs`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests write the images that they read"
)]

mod common;

use common::image::{Files, Pack, Scratch, config, docker, layout, tars};
use common::layer::{Header, Tar};
use common::{analyze, plimsoll};
use plimsoll::error::ErrorKind;
use serde_json::{Value, json};

/// Sets a terminal's title, clears it, turns the direction of text, and starts a line of its own: a command of GitHub's and an
/// instruction of a Dockerfile.
const NASTY: &str =
    "n\u{1b}]0;evil\u{7}\u{1b}[2J\u{202e}\u{9b}31m\u{7f}\r\n::error::evil\nRUN evil\n<script>evil()</script>";

/// What a terminal, a log or an editor would obey.
fn is_harmful(character: char) -> bool {
    character.is_control() && character != '\n'
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn is_harmless(what: &str, output: &[u8]) {
    let text = std::str::from_utf8(output).unwrap();
    let found = text.char_indices().find(|(_, character)| is_harmful(*character));
    let around = found.map(|(at, _)| {
        text[..at].chars().rev().take(60).collect::<Vec<_>>().into_iter().rev().collect::<String>()
    });
    assert!(found.is_none(), "{what}: {:?} after {around:?}", found.unwrap().1);
    for line in text.lines() {
        assert!(
            !line.starts_with("RUN evil") && !line.trim_start().starts_with("::error::evil"),
            "{what}: {line}"
        );
    }
}

fn file(tar: &mut Tar, path: &str, content: &[u8]) {
    if path.len() > 99 || !path.is_ascii() {
        tar.pax(b'x', &[("path", path.as_bytes())]);
    }
    tar.member(&Header { size: content.len() as u64, ..Header::new(path.as_bytes(), b'0') }, content);
}

/// An image that says it wherever an image can say anything.
fn nasty() -> Files {
    let (mut lower, mut upper) = (Tar::default(), Tar::default());
    let status = format!(
        "Package: hull\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1{}\nDescription: {}\n\n\
         Package: {}\nStatus: install ok installed\nVersion: 1\n",
        NASTY.replace('\n', " "),
        NASTY.replace('\n', " "),
        NASTY.replace('\n', " ")
    );
    file(&mut lower, "var/lib/dpkg/status", status.as_bytes());
    file(&mut lower, "var/lib/dpkg/info/hull.list", format!("/usr/bin/hull\n/{NASTY}\n").as_bytes());
    file(&mut lower, "usr/bin/hull", &vec![7; 30_000]);
    let site = "usr/lib/python3/site-packages";
    let metadata = format!(
        "Metadata-Version: 2.1\nName: sail\nVersion: 1{0}\nRequires-Dist: mast{0}\n",
        NASTY.replace('\n', " ")
    );
    file(&mut lower, &format!("{site}/sail-1.dist-info/METADATA"), metadata.as_bytes());
    file(
        &mut lower,
        &format!("{site}/sail-1.dist-info/RECORD"),
        format!("sail.py,,\n\"{NASTY}\",,\n").as_bytes(),
    );
    file(
        &mut lower,
        &format!("{site}/{}-2.dist-info/METADATA", NASTY.replace('/', "")),
        b"Name: x\nVersion: 2\n",
    );
    file(
        &mut lower,
        &format!("{site}/sail.py"),
        format!("import mast\n__import__(\"{NASTY}\")\n").as_bytes(),
    );
    let package =
        json!({ "name": NASTY, "version": NASTY, "license": NASTY, "dependencies": { NASTY: NASTY } });
    file(&mut lower, "app/node_modules/x/package.json", package.to_string().as_bytes());
    file(&mut lower, "app/package.json", package.to_string().as_bytes());
    file(&mut lower, "app/main.js", format!("require({})\n", json!(NASTY)).as_bytes());
    file(&mut lower, "app/requirements.txt", format!("sail=={NASTY}\n").as_bytes());
    for name in ["root/.cache/pip", "var/cache/apt/archives", "var/lib/apt/lists", "opt", "app/__pycache__"] {
        file(&mut lower, &format!("{name}/{}", NASTY.replace('/', "")), &vec![3; 70_000]);
    }
    lower.pax(b'x', &[("path", format!("opt/{NASTY}.link").as_bytes()), ("linkpath", NASTY.as_bytes())]);
    lower.member(&Header::new(b"link", b'2'), b"");
    file(&mut upper, &format!("opt/.wh.{}", NASTY.replace('/', "")), b"");
    file(&mut upper, "usr/bin/hull", &vec![7; 30_000]);
    let config = json!({
        "os": "linux", "architecture": "amd64", "author": NASTY, "created": NASTY,
        "config": {
            "Env": [format!("PATH=/usr/bin"), format!("A={NASTY}"), NASTY], "Cmd": ["/usr/bin/hull", NASTY], "Entrypoint": ["python3", NASTY],
            "Labels": { NASTY: NASTY }, "WorkingDir": NASTY, "User": NASTY, "ExposedPorts": { NASTY: {} }, "Volumes": { NASTY: {} },
            "StopSignal": NASTY, "Shell": [NASTY], "OnBuild": [NASTY],
        },
        "history": [
            { "created_by": format!("RUN {NASTY}"), "comment": NASTY, "author": NASTY },
            { "created_by": format!("ENV {NASTY}"), "empty_layer": true },
            { "created_by": NASTY },
        ],
    });
    let mut files = Files::default();
    let layers: Vec<_> =
        [lower.end(), upper.end()].into_iter().map(|tar| (tar.clone(), Pack::Gzip.pack(&tar))).collect();
    let mut manifest = files.image(&layers, "application/vnd.oci.image.layer.v1.tar+gzip", &config);
    manifest["annotations"] = json!({ "org.opencontainers.image.ref.name": NASTY, NASTY: NASTY });
    manifest["platform"] =
        json!({ "os": "linux", "architecture": "amd64", "variant": NASTY, "os.version": NASTY });
    files.index(&[manifest])
}

/// Runs the program and holds what it prints against what a terminal obeys; it must end by itself.
fn prints(arguments: &[&str]) -> (Option<i32>, String) {
    let output = plimsoll(arguments).output().unwrap();
    let what = format!("plimsoll {}", arguments.join(" ")).replace(NASTY, "NASTY");
    is_harmless(&what, &output.stdout);
    is_harmless(&format!("{what}, standard error"), &output.stderr);
    assert!(output.status.code().is_some_and(|code| code <= 2), "{what}: {:?}", output.status);
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn no_format_of_any_command_says_what_the_image_wants_said() {
    let scratch = Scratch::new();
    let image = scratch.layout("image", &nasty());
    let other = scratch.layout("other", &layout(&tars(&["a 5"]), Pack::Gzip));
    let mut printed = 0;
    for format in
        ["table", "json", "markdown", "html", "csv", "sarif", "github", "junit", "openmetrics", "guide"]
    {
        for arguments in [
            vec!["analyze", &image, "--wide"],
            vec!["analyze", &image],
            vec!["advise", &image],
            vec!["audit", &image],
            vec!["platforms", &image],
            vec!["compare", &other, &image],
            vec!["check", &image, "--budget", "content=1B"],
        ] {
            let (code, text) = prints(&[&arguments[..], &["-o", format]].concat());
            printed += usize::from(code != Some(2) && text.len() > 100);
        }
    }
    assert!(printed > 30, "{printed} reports were written");
}

#[test]
fn no_question_is_answered_with_what_the_image_wants_said() {
    let scratch = Scratch::new();
    let image = scratch.layout("image", &nasty());
    for arguments in [
        &["analyze", &image, "--owner", "dpkg:hull"][..],
        &["analyze", &image, "--owner", "nobody"],
        &["analyze", &image, "--path", "/usr/bin/hull"],
        &["analyze", &image, "--path", NASTY],
        &["analyze", &image, "--libraries"],
        &["analyze", &format!("{image}:{NASTY}")],
        &["analyze", NASTY],
        &["audit", &image, "--why", "sail"],
        &["audit", &image, "--without", NASTY],
        &["compare", &image, &image, "--owner", NASTY],
        &["rules", NASTY],
    ] {
        prints(arguments);
    }
}

#[test]
fn dockerfiles_that_are_written_hold_no_instruction_of_the_image() {
    let scratch = Scratch::new();
    let image = scratch.layout("image", &nasty());
    let out = format!("{}/out", scratch.path());
    let (code, _) = prints(&["advise", &image, "--write", &out]);
    assert_eq!(code, Some(0));
    let mut files = 0;
    let mut directories = vec![out];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path().to_str().unwrap().to_owned();
            if std::fs::metadata(&path).unwrap().is_dir() {
                directories.push(path);
                continue;
            }
            is_harmless(&path, &std::fs::read(&path).unwrap());
            files += 1;
        }
    }
    assert!(files > 0, "nothing was written");
}

#[test]
fn a_saved_report_is_as_little_trusted_as_an_image() {
    let scratch = Scratch::new();
    let image = scratch.layout("image", &nasty());
    let (_, report) = prints(&["analyze", &image, "-o", "json"]);
    // What the program made visible, somebody made harmful again.
    let mut report: Value = serde_json::from_str(&report).unwrap();
    let mut stack = vec![&mut report];
    while let Some(value) = stack.pop() {
        match value {
            Value::String(text) if text.contains("evil") || text.starts_with("dpkg") => {
                *text = NASTY.to_owned();
            }
            Value::Array(values) => stack.extend(values),
            Value::Object(values) => stack.extend(values.values_mut()),
            _ => {}
        }
    }
    let saved = scratch.file("report.json", report.to_string().as_bytes());
    for format in ["table", "markdown", "html", "csv", "sarif", "github", "json", "openmetrics"] {
        let (code, _) = prints(&["analyze", &saved, "-o", format]);
        assert_eq!(code, Some(0), "{format}");
        prints(&["compare", &saved, &image, "-o", format]);
        prints(&["check", &saved, "--budget", "content=1B", "-o", format]);
    }
}

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

#[test]
fn an_elf_file_whose_names_overlap_is_read_in_time() {
    // Sixty thousand sections, and as many symbols, that all have one name of sixteen megabytes.
    let (count, names) = (60_000_u32, 16 << 20);
    let mut elf = vec![0_u8; 64];
    elf.extend(std::iter::repeat_n(b'x', names));
    let symbols = elf.len();
    for _ in 0..count {
        elf.extend_from_slice(&[0, 0, 0, 0, 2, 0, 1, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0]);
    }
    let table = elf.len();
    let section = |kind: u32, offset: usize, size: usize, link: u32| {
        let mut header = [0_u8; 64];
        header[4..8].copy_from_slice(&kind.to_le_bytes());
        header[24..32].copy_from_slice(&(offset as u64).to_le_bytes());
        header[32..40].copy_from_slice(&(size as u64).to_le_bytes());
        header[40..44].copy_from_slice(&link.to_le_bytes());
        header
    };
    elf.extend_from_slice(&[0; 64]);
    elf.extend_from_slice(&section(3, 64, names, 0));
    elf.extend_from_slice(&section(2, symbols, count as usize * 24, 1));
    for _ in 0..count {
        elf.extend_from_slice(&section(1, 0, 0, 0));
    }
    elf[..20].copy_from_slice(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0");
    elf[40..48].copy_from_slice(&(table as u64).to_le_bytes());
    elf[54] = 56;
    elf[58] = 64;
    elf[60..62].copy_from_slice(&u16::try_from(count + 3).unwrap().to_le_bytes());
    elf[62] = 1;
    let mut tar = Tar::default();
    tar.member(&Header { size: elf.len() as u64, mode: 0o755, ..Header::new(b"usr/bin/x", b'0') }, &elf);
    tar.member(
        &Header { size: elf.len() as u64, mode: 0o755, ..Header::new(b"usr/lib/libx.so.1", b'0') },
        &elf,
    );
    let scratch = Scratch::new();
    for pack in [Pack::Plain, Pack::Gzip] {
        let image = scratch.layout(&format!("{pack:?}"), &layout(&[tar.clone().end()], pack));
        assert_eq!(prints(&["analyze", &image]).0, Some(0));
        assert_eq!(prints(&["audit", &image]).0, Some(0));
    }
}

#[test]
fn sources_that_nest_without_end_do_not_overflow_the_stack() {
    let length = 1_000_000;
    let nested = |open: &str, end: &str| format!("{}{end}", open.repeat(length / open.len()));
    let mut tar = Tar::default();
    file(&mut tar, "usr/lib/python3/site-packages/x-1.dist-info/METADATA", b"Name: x\nVersion: 1\n");
    for (number, open) in [
        "(",
        "[",
        "{",
        "-",
        "not ",
        "lambda:",
        "a+",
        "a.",
        "x if y else ",
        "f(",
        "a[",
        "await ",
        "*",
        "f'{",
        "a and ",
    ]
    .iter()
    .enumerate()
    {
        file(&mut tar, &format!("app/p{number}.py"), nested(open, "1\n").as_bytes());
    }
    for (number, open) in [
        "(",
        "[",
        "{",
        "!",
        "-",
        "a=>",
        "a+",
        "a.",
        "x?y:",
        "f(",
        "`${",
        "new ",
        "if(a)",
        "if(a);else ",
        "<a>",
        "a+\n",
        "function a(){",
        "a??",
        "({a:",
    ]
    .iter()
    .enumerate()
    {
        file(&mut tar, &format!("app/j{number}.js"), nested(open, "1\n").as_bytes());
        file(&mut tar, &format!("app/t{number}.ts"), nested(open, "1\n").as_bytes());
    }
    file(&mut tar, "app/package.json", b"{\"name\":\"app\",\"dependencies\":{\"x\":\"1\"}}");
    file(&mut tar, "app/requirements.txt", format!("x ; {}os_name=='a'\n", "(".repeat(100_000)).as_bytes());
    file(&mut tar, "app/pyproject.toml", format!("a = {}\n", "[".repeat(100_000)).as_bytes());
    file(&mut tar, "app/deep.toml", format!("{} = 1\n", "a.".repeat(50_000) + "a").as_bytes());
    let scratch = Scratch::new();
    let image = scratch.layout("image", &layout(&[tar.end()], Pack::Gzip));
    for command in ["audit", "advise"] {
        // All of it is more than so small an image may ask for.
        assert_eq!(prints(&[command, &image]).0, Some(2), "{command}");
        assert_eq!(prints(&[command, &image, "--limit", "memory=4G"]).0, Some(0), "{command}");
    }
}

#[test]
fn a_dockerfile_of_a_megabyte_is_read() {
    let scratch = Scratch::new();
    let image = scratch.layout("image", &layout(&tars(&["a 5", "b 6"]), Pack::Gzip));
    let line = "RUN apt-get update && apt-get install -y a b c && rm -rf /x # as long as a line is\n";
    let texts = [
        format!("FROM a\n{}", line.repeat((1 << 20) / line.len())),
        format!("FROM a\nRUN {}\n", "a && ".repeat(200_000)),
        format!("FROM a\nENV A={}\n", "${A:-".repeat(200_000)),
        format!("FROM a\nRUN <<E\n{}E\n", "x\n".repeat(500_000)),
        format!("FROM a\nRUN {}\n", "\\\n".repeat(500_000)),
        (0..40_000).fold(String::new(), |text, stage| text + &format!("FROM a AS s{stage}\n")),
        format!("FROM a\nCOPY {} /x\n", "a ".repeat(500_000)),
        format!("FROM a\nCMD {}\n", "[".repeat(1 << 20)),
        format!("FROM a\nARG A=x\nENV {}\n", "A=$A$A ".repeat(100_000)),
    ];
    for (number, text) in texts.iter().enumerate() {
        let file = scratch.file(&format!("Dockerfile{number}"), text.as_bytes());
        prints(&["advise", &image, "-f", &file]);
    }
}

#[test]
fn rules_with_patterns_that_would_explode_are_refused_or_matched() {
    let scratch = Scratch::new();
    let deep = format!("{} 5", "a/".repeat(40) + &"a".repeat(90));
    let mut tar = Tar::default();
    let path = deep.split(' ').next().unwrap();
    for number in 0..200 {
        file(&mut tar, &format!("{path}{number}"), b"x");
    }
    let image = scratch.layout("image", &layout(&[tar.end()], Pack::Gzip));
    let rule =
        std::fs::read_to_string(format!("{}/rules/apt-lists.toml", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let paths = rule.lines().find(|line| line.starts_with("paths")).unwrap().to_owned();
    for (number, pattern) in [
        "**/".repeat(5000) + "x",
        "*a".repeat(5000),
        "{a,".repeat(1000) + &"}".repeat(1000),
        "[".repeat(10_000),
        "?".repeat(10_000),
        "a*".repeat(30) + "b",
        "/**/a/**/a/**/a/**/b".to_owned(),
        format!("/{}", "{a,b}".repeat(40)),
        format!("/{}", "{a/b,c}".repeat(40)),
        format!("/**/{}**", "*/".repeat(2000)),
        "../**".to_owned(),
    ]
    .iter()
    .enumerate()
    {
        let directory = format!("{}/rules{number}", scratch.path());
        std::fs::create_dir_all(&directory).unwrap();
        let text = rule.replace(&paths, &format!("paths = [\"{pattern}\"]"));
        std::fs::write(format!("{directory}/apt-lists.toml"), text).unwrap();
        prints(&["analyze", &image, "--rules", &directory]);
    }
}
