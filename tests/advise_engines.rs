//! `plimsoll advise --measure` with a real Docker: what it builds is weighed, and what it starts decides. buildah is `proof.rs`'s.

#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test starts real servers, writes their files, and fails where it cannot go on"
)]

mod engines;

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use engines::daemon::Docker;
use engines::run::{Home, ran};
use engines::{has, must, program, skip};
use serde_json::Value;

const PROGRAMS: [&str; 4] = ["sh", "rm", "mkdir", "cp"];
const DOCKERFILE: &str = "FROM plimsoll-test/base
COPY app /app
RUN mkdir -p /root/.npm/_cacache && cp /app /root/.npm/_cacache/first-of-many
ENV GREETING=hello
CMD [\"/bin/sh\", \"-c\", \"test -f /app && test $GREETING = hello\"]
";

/// A base of a few programs of this machine and the libraries that they are linked to.
fn base(docker: &Docker) {
    let root = docker.path("root");
    let mut files = BTreeSet::new();
    for name in PROGRAMS {
        let from = program(name).unwrap();
        for word in
            must(Command::new("ldd").arg(&from)).split_whitespace().filter(|word| word.starts_with('/'))
        {
            files.insert(word.to_owned());
        }
        fs::create_dir_all(root.join("bin")).unwrap();
        fs::copy(from, root.join("bin").join(name)).unwrap();
    }
    for file in files {
        let to = root.join(file.trim_start_matches('/'));
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(file, to).unwrap();
    }
    let archive = docker.path("root.tar");
    must(Command::new("tar").arg("-C").arg(root).arg("-cf").arg(&archive).arg("."));
    docker.docker(&["import", archive.to_str().unwrap(), "plimsoll-test/base"]);
}

/// Builds the image, has its variants measured by an engine, and holds what comes out against what was projected.
fn measured(name: &str, docker: &Docker, engine: &str) {
    let home = Home::new();
    let context = home.path("context").display().to_string();
    fs::create_dir(&context).unwrap();
    fs::write(format!("{context}/Dockerfile"), DOCKERFILE).unwrap();
    fs::write(format!("{context}/app"), "what the service is made of\n".repeat(20_000)).unwrap();
    let build = ["build", "--network=none", "-t", "plimsoll-test/app", &context];
    let with = |command: &mut Command| {
        // Where plugins of docker are told of.
        if let Some(config) = std::env::var_os("DOCKER_CONFIG") {
            command.env("DOCKER_CONFIG", config);
        }
        command
            .env("DOCKER_HOST", &docker.host)
            .env("DOCKER_BUILDKIT", if engine == "buildx" { "1" } else { "0" });
    };
    let mut command = Command::new("docker");
    with(&mut command);
    let output = command.args(build).output().unwrap();
    if !output.status.success() {
        // A daemon that answers may not be let to start a container.
        return skip(name, &format!("with {engine}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let dockerfile = format!("{context}/Dockerfile");
    let smoke = "docker run --rm --network=none $PLIMSOLL_IMAGE && test $PLIMSOLL_VARIANT != minimal";
    let arguments =
        ["advise", "docker:plimsoll-test/app", "-f", &dockerfile, "--measure", "--engine", engine];
    // docker save compresses nothing, so both sides are what gzip makes of them; a sample of 2 MB would say less.
    let more = [
        "--transfer=exact",
        "--build-flag=--network=none",
        "--smoke",
        smoke,
        "--write",
        "variants",
        "-o",
        "json",
    ];
    let mut command = home.command(&[&arguments[..], &more].concat());
    with(&mut command);
    let ran = ran(&mut command);
    assert_eq!(ran.code, Some(0), "{engine}: {}", ran.stderr);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let variants = report["platforms"][0]["variants"].as_array().unwrap();
    let names: Vec<_> = variants.iter().map(|variant| variant["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"clean") && names.contains(&"minimal"), "{engine}: {names:?}");
    for variant in variants {
        let (name, measurement) = (&variant["name"], &variant["measurement"]);
        let figure = |of: &Value, what: &str| of[what].as_f64().unwrap();
        for what in ["content", "transfer"] {
            let (projected, measured) = (figure(variant, what), figure(measurement, what));
            let off = 100.0 * (projected - measured).abs() / measured;
            assert!(off <= figure(&variant["within"], what), "{engine}: {what} of {name} is off by {off} %");
        }
        assert_eq!(measurement["engine"], engine);
        assert_eq!(measurement["smoke"], name != "minimal", "{engine}: {name}");
        let caveats = variant["caveats"].to_string();
        assert!(!caveats.contains("not been built"), "{engine}: {name} was: {caveats}");
        let file = home.path(&format!("variants/{}.Dockerfile", name.as_str().unwrap()));
        assert_eq!(file.exists(), name != "minimal", "what does not run is not written");
    }
}

#[test]
fn docker_builds_and_starts_what_was_advised() {
    let name = "docker_builds_and_starts_what_was_advised";
    if !has(name, &["dockerd", "docker", "ldd", "tar"]) {
        return;
    }
    let Some(docker) = Docker::start("") else { return skip(name, "dockerd does not start here") };
    base(&docker);
    measured(name, &docker, "docker");
    let mut buildx = Command::new("docker");
    let buildx = buildx.args(["buildx", "inspect"]).env("DOCKER_HOST", &docker.host);
    if buildx.output().is_ok_and(|output| output.status.success()) {
        measured(name, &docker, "buildx");
    } else {
        skip(name, "with buildx: docker has no such plugin here");
    }
}
