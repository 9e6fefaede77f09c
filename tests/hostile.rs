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
#[path = "hostile/exploding.rs"]
mod exploding;
#[path = "hostile/pointing.rs"]
mod pointing;

use common::image::{Files, Pack, Scratch, layout, tars};
use common::layer::{Header, Tar};
use common::plimsoll;
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
