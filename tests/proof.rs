//! The proof: variants are written, built for real, started and asked, and weighed; a projection holds or this fails.
//!
//! `PLIMSOLL_FAMILY` names the directory that `fixtures/build` made; `.ci/run` builds it and runs these.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test makes files, and shows what it measured"
)]
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::process::{Command, Stdio};

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PYTHON: [&str; 2] = ["localhost/plimsoll/python:3.11-slim", "docker.io/library/python:3.11-slim"];
const DEBIAN: [&str; 2] =
    ["localhost/plimsoll/debian:bookworm-slim", "docker.io/library/debian:bookworm-slim"];

fn family() -> String {
    std::env::var("PLIMSOLL_FAMILY").expect("PLIMSOLL_FAMILY names what fixtures/build made")
}

fn said(program: &str, words: &[&str]) -> Option<String> {
    let output = Command::new(program).args(words).stderr(Stdio::inherit()).output().unwrap();
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn done(program: &str, words: &[&str]) {
    assert!(said(program, words).is_some(), "{program} {words:?}");
}

fn is_there(image: &str) -> bool {
    let words = ["inspect", "--type", "image", image];
    let output = Command::new("buildah").args(words).output().expect("buildah is installed");
    output.status.success()
}

/// What the engine is told as `fixtures/build` tells it, so that its layers are found again. What is mounted for pip hides
/// what the image has there, certificates above all; without pip nothing is.
fn flags(pip: bool) -> Vec<String> {
    let family = family();
    let mut flags = ["--isolation", "chroot", "--network", "host"].map(str::to_owned).to_vec();
    let mut mount = |from: &str, to: &str| {
        if pip && fs::exists(from).unwrap() {
            flags.extend(["-v".to_owned(), format!("{from}:{to}:ro")]);
        }
    };
    mount("/etc/ssl/certs", "/etc/ssl/certs");
    mount("/usr/share/ca-certificates", "/usr/share/ca-certificates");
    mount(&format!("{family}/pip.conf"), "/etc/pip.conf");
    flags
}

/// Writes, builds, asks and weighs variants, and holds what was projected against what was measured.
fn prove(name: &str, image: &str, variants: &[&str], smoke: &str, more: &[&str]) -> Value {
    let directory = format!("{}/proof-{name}", family());
    let _ = fs::remove_dir_all(&directory);
    let (json, guide) = (format!("json={directory}.json"), format!("guide={directory}.md"));
    let mut words = vec!["advise", image, "--write", &directory, "--measure", "--engine", "buildah"];
    words.extend(["--smoke", smoke, "--bandwidth", "1Gbps", "-o", "table", "-o", &json, "-o", &guide]);
    let flags: Vec<String> =
        flags(name == "qiskit").iter().map(|flag| format!("--build-flag={flag}")).collect();
    words.extend(flags.iter().map(String::as_str));
    words.extend(variants.iter().flat_map(|variant| ["--variant", variant]));
    words.extend(more);
    let table = said(env!("CARGO_BIN_EXE_plimsoll"), &words).expect("the variants build");
    println!("{table}");
    let report: Value =
        serde_json::from_str(&fs::read_to_string(format!("{directory}.json")).unwrap()).unwrap();
    let platform = report["platforms"][0].clone();
    for variant in variants {
        let found = platform["variants"].as_array().unwrap().iter().find(|one| one["name"] == *variant);
        let found = found.unwrap_or_else(|| panic!("{name}: there is no variant {variant}"));
        for what in ["content", "transfer"] {
            let figure = |of: &Value| of[what].as_f64().unwrap();
            let (projected, measured) = (figure(found), figure(&found["measurement"]));
            let off = 100.0 * (projected - measured).abs() / projected;
            // What the report says of itself has to hold.
            let within = figure(&found["within"]);
            assert!(off <= within, "{name}: {what} of {variant} is off by {off:.2} %, more than {within} %");
        }
        assert_eq!(found["measurement"]["smoke"], true, "{name}: {variant} does not run");
        done("buildah", &["rmi", "-f", &format!("localhost/plimsoll-advise:{variant}")]);
    }
    platform
}

/// The smallest share of the image that a variant was measured at.
fn best(platform: &Value, what: &str, whole: f64) -> f64 {
    let variants = platform["variants"].as_array().unwrap().iter();
    let measured = variants.filter_map(|one| one["measurement"][what].as_f64());
    measured.fold(f64::INFINITY, f64::min) / whole
}

#[test]
#[ignore = "needs the built family"]
fn variants_of_the_scientific_service_weigh_what_was_projected_and_answer() {
    let image = format!("{}/img/original.tar", family());
    let original = "localhost/qiskit-validation:original";
    if !is_there(original) {
        let id = said("buildah", &["pull", "-q", &format!("docker-archive:{image}")]).unwrap();
        done("buildah", &["tag", id.lines().last().unwrap(), original]);
    }
    // What the original cannot import either.
    let failed = format!("{}/original-fails.txt", family());
    let script = format!("{ROOT}/tests/proof/smoke.py");
    let output =
        Command::new("python3").args([&script, "qiskit"]).env("PLIMSOLL_IMAGE", original).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::write(&failed, output.stdout).unwrap();
    let smoke = format!("python3 {script} qiskit {failed}");

    let base = PYTHON.into_iter().find(|base| is_there(base));
    let dockerfile = format!("{ROOT}/fixtures/qiskit/Dockerfile");
    let argument = format!("BASE={}", base.unwrap_or_default());
    let platform = match base {
        Some(_) => {
            let more = ["-f", &dockerfile, "--build-arg", &argument];
            prove("qiskit", &image, &["lean", "distroless", "minimal", "multi-stage"], &smoke, &more)
        }
        // The base went with the engine's storage: start from the finished image.
        None => prove("qiskit", &image, &["lean", "distroless", "minimal"], &smoke, &[]),
    };
    let content = platform["content"].as_f64().unwrap();
    let transfer = platform["transfer"]["bytes"].as_f64().unwrap();
    let best = [best(&platform, "content", content), best(&platform, "transfer", transfer)];
    assert!(best.iter().all(|share| *share < 0.33), "the best variant has {best:?} of the original");
}

#[test]
#[ignore = "needs the built family"]
fn variants_of_the_static_service_weigh_what_was_projected_and_answer() {
    let context = format!("{}/static", family());
    let _ = fs::remove_dir_all(&context);
    fs::create_dir_all(&context).unwrap();
    let source = format!("{ROOT}/fixtures/static");
    fs::copy(format!("{source}/Dockerfile"), format!("{context}/Dockerfile")).unwrap();
    let server = format!("{context}/server");
    let build = Command::new("go")
        .args(["build", "-o", &server, "main.go"])
        .current_dir(&source)
        .env("CGO_ENABLED", "0")
        .status()
        .expect("go is installed");
    assert!(build.success());
    let base = DEBIAN.into_iter().find(|base| is_there(base)).unwrap_or_else(|| {
        let kept = format!("{}/context-debian", family());
        let file = format!("{ROOT}/fixtures/base/Dockerfile.debian");
        done("buildah", &["bud", "-q", "--isolation", "chroot", "-t", DEBIAN[0], "-f", &file, &kept]);
        DEBIAN[0]
    });
    let argument = format!("BASE={base}");
    let dockerfile = format!("{context}/Dockerfile");
    let flags = flags(false);
    let mut words =
        vec!["bud", "-q", "--layers", "--build-arg", &argument, "-t", "localhost/plimsoll/static"];
    words.extend(flags.iter().map(String::as_str));
    words.extend(["-f", &dockerfile, &context]);
    done("buildah", &words);
    let image = format!("{}/img/static-oci", family());
    let _ = fs::remove_dir_all(&image);
    done("buildah", &["push", "-q", "localhost/plimsoll/static", &format!("oci:{image}:latest")]);

    let smoke = format!("python3 {ROOT}/tests/proof/smoke.py static");
    // Layers of an earlier build may hold what was mounted then.
    let more = ["-f", &dockerfile, "--build-arg", &argument, "--build-flag=--no-cache"];
    let platform = prove("static", &image, &["static", "minimal", "multi-stage", "clean"], &smoke, &more);
    let content = platform["content"].as_f64().unwrap();
    assert!(best(&platform, "content", content) < 0.1, "a static program needs no system");
}
