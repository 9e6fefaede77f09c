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
const NODE: [&str; 2] =
    ["localhost/plimsoll/node:22-bookworm-slim", "docker.io/library/node:22-bookworm-slim"];
/// What the base is made of where no registry answers, as npm has it.
const NODE_VERSION: &str = "22.23.3";
const NPM: &str = "npm@10.9.9";
const DEBIAN: [&str; 2] =
    ["localhost/plimsoll/debian:bookworm-slim", "docker.io/library/debian:bookworm-slim"];

fn family() -> String {
    std::env::var("PLIMSOLL_FAMILY").expect("PLIMSOLL_FAMILY names what fixtures/build made")
}

fn said(program: &str, words: &[&str]) -> Option<String> {
    let output = Command::new(program).args(words).stderr(Stdio::inherit()).output().unwrap();
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn words(words: &[String]) -> impl Iterator<Item = &str> {
    words.iter().map(String::as_str)
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
/// what the image has there, certificates above all; npm is told of a place where nothing is.
fn flags(name: &str) -> Vec<String> {
    let family = family();
    let mut flags = ["--isolation", "chroot", "--network", "host"].map(str::to_owned).to_vec();
    let mut mount = |from: &str, to: &str| {
        if fs::exists(from).unwrap() {
            flags.extend(["-v".to_owned(), format!("{from}:{to}:ro")]);
        }
    };
    let certificates =
        std::env::var("SSL_CERT_FILE").unwrap_or_else(|_| "/etc/ssl/certs/ca-certificates.crt".to_owned());
    match name {
        "qiskit" => {
            mount("/etc/ssl/certs", "/etc/ssl/certs");
            mount("/usr/share/ca-certificates", "/usr/share/ca-certificates");
            mount(&format!("{family}/pip.conf"), "/etc/pip.conf");
        }
        "node-service" if fs::exists(&certificates).unwrap() => {
            let settings = format!("{family}/npmrc");
            fs::write(&settings, "cafile=/run/certificates.pem\nupdate-notifier=false\n").unwrap();
            mount(&settings, "/usr/local/etc/npmrc");
            mount(&certificates, "/run/certificates.pem");
        }
        _ => {}
    }
    flags
}

/// Debian's base image: that of the registry where it is there, or one of Debian's packages.
fn debian() -> &'static str {
    DEBIAN.into_iter().find(|base| is_there(base)).unwrap_or_else(|| {
        let kept = format!("{}/context-debian", family());
        let file = format!("{ROOT}/fixtures/base/Dockerfile.debian");
        done("buildah", &["bud", "-q", "--isolation", "chroot", "-t", DEBIAN[0], "-f", &file, &kept]);
        DEBIAN[0]
    })
}

/// Node's base image, of the packages that npm has of Node and of itself.
fn node() -> &'static str {
    NODE.into_iter().find(|base| is_there(base)).unwrap_or_else(|| {
        let context = format!("{}/context-node", family());
        let _ = fs::remove_dir_all(&context);
        let npm = format!("{context}/node/lib/node_modules/npm");
        fs::create_dir_all(&npm).unwrap();
        fs::create_dir_all(format!("{context}/node/bin")).unwrap();
        let machine = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
        let package = format!("node-linux-{machine}@{NODE_VERSION}");
        done("npm", &["pack", "--silent", "--pack-destination", &context, &package, NPM]);
        for (package, to) in [(&*package, format!("{context}/node")), (NPM, npm)] {
            let archive = format!("{context}/{}.tgz", package.replace('@', "-"));
            done("tar", &["-xzf", &archive, "-C", &to, "--strip-components=1"]);
            fs::remove_file(archive).unwrap();
        }
        fs::remove_file(format!("{context}/node/package.json")).unwrap();
        for program in ["npm", "npx"] {
            let to = format!("../lib/node_modules/npm/bin/{program}-cli.js");
            std::os::unix::fs::symlink(to, format!("{context}/node/bin/{program}")).unwrap();
        }
        let file = format!("{ROOT}/fixtures/base/Dockerfile.node");
        fs::copy(
            format!("{ROOT}/fixtures/base/docker-entrypoint.sh"),
            format!("{context}/docker-entrypoint.sh"),
        )
        .unwrap();
        let (debian, version) = (format!("DEBIAN={}", debian()), format!("NODE_VERSION={NODE_VERSION}"));
        let arguments = ["--build-arg", &debian, "--build-arg", &version, "-t", NODE[0], "-f", &file];
        done(
            "buildah",
            &[&["bud", "-q", "--isolation", "chroot"], arguments.as_slice(), &[&context]].concat(),
        );
        fs::remove_dir_all(context).unwrap();
        NODE[0]
    })
}

/// Builds a fixture and hands it out as a layout.
fn built(name: &str, argument: &str, context: &str) -> String {
    let tag = format!("localhost/plimsoll/{name}");
    let dockerfile = format!("{context}/Dockerfile");
    let flags = flags(name);
    let mut line = vec!["bud", "-q", "--layers", "--build-arg", argument, "-t", &tag];
    line.extend(words(&flags));
    line.extend(["-f", &dockerfile, context]);
    done("buildah", &line);
    let image = format!("{}/img/{name}-oci", family());
    let _ = fs::remove_dir_all(&image);
    done("buildah", &["push", "-q", &tag, &format!("oci:{image}:latest")]);
    image
}

/// Bytes of logs and of caches of compiled code, which are others in every build.
const LOGS: f64 = 2000.0;

/// Writes, builds, asks and weighs variants, and holds what was projected against what was measured.
fn prove(name: &str, image: &str, variants: &[&str], smoke: &str, flags: &[String], more: &[&str]) -> Value {
    let directory = format!("{}/proof-{name}", family());
    let _ = fs::remove_dir_all(&directory);
    let (json, guide) = (format!("json={directory}.json"), format!("guide={directory}.md"));
    let mut words = vec!["advise", image, "--write", &directory, "--measure", "--engine", "buildah"];
    words.extend(["--smoke", smoke, "--bandwidth", "1Gbps", "-o", "table", "-o", &json, "-o", &guide]);
    let flags: Vec<String> = flags.iter().map(|flag| format!("--build-flag={flag}")).collect();
    words.extend(self::words(&flags));
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
            // What the report says of itself has to hold, but for what a builder writes otherwise every time.
            let within = figure(&found["within"]);
            assert!(
                off <= within || (projected - measured).abs() < LOGS,
                "{name}: {what} of {variant} is off by {off:.2} %, more than {within} %"
            );
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
            prove(
                "qiskit",
                &image,
                &["lean", "distroless", "minimal", "multi-stage"],
                &smoke,
                &flags("qiskit"),
                &more,
            )
        }
        // The base went with the engine's storage: start from the finished image.
        None => prove("qiskit", &image, &["lean", "distroless", "minimal"], &smoke, &flags("qiskit"), &[]),
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
    let argument = format!("BASE={}", debian());
    let dockerfile = format!("{context}/Dockerfile");
    let image = built("static", &argument, &context);

    let smoke = format!("python3 {ROOT}/tests/proof/smoke.py static");
    // Layers of an earlier build may hold what was mounted then.
    let more = ["-f", &dockerfile, "--build-arg", &argument, "--build-flag=--no-cache"];
    let platform = prove(
        "static",
        &image,
        &["static", "minimal", "multi-stage", "clean"],
        &smoke,
        &flags("static"),
        &more,
    );
    let content = platform["content"].as_f64().unwrap();
    assert!(best(&platform, "content", content) < 0.1, "a static program needs no system");
}

#[test]
#[ignore = "needs the built family"]
fn variants_of_the_service_in_node_weigh_what_was_projected_and_answer() {
    let context = format!("{ROOT}/fixtures/node-service");
    let argument = format!("BASE={}", node());
    let image = built("node-service", &argument, &context);

    let smoke = format!("python3 {ROOT}/tests/proof/smoke.py node");
    let dockerfile = format!("{context}/Dockerfile");
    let more = ["-f", &dockerfile, "--build-arg", &argument];
    // Only `clean` runs npm again. What is mounted for it would be carried into the others.
    let plain = flags("");
    let platform =
        prove("node-service", &image, &["distroless", "minimal", "multi-stage"], &smoke, &plain, &more);
    prove("node-service-clean", &image, &["clean"], &smoke, &flags("node-service"), &more);
    let content = platform["content"].as_f64().unwrap();
    let transfer = platform["transfer"]["bytes"].as_f64().unwrap();
    let best = [best(&platform, "content", content), best(&platform, "transfer", transfer)];
    assert!(best.iter().all(|share| *share < 0.5), "the best variant has {best:?} of the original");
}
