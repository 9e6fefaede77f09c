//! Images of real daemons: Docker's with its classic store and with containerd's, and Podman's service.

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

use common::fixtures::fixture;
use engines::daemon::{Docker, Podman};
use engines::run::{Home, assert_same, ledger, ran, write};
use engines::{has, must, skip};
use plimsoll::digest::Digest;
use serde_json::{Value, json};

/// The JSON report on an image of a daemon.
fn report(home: &Home, variable: &str, host: &str, arguments: &[&str]) -> Value {
    let all = [&["analyze", "-o", "json"], arguments].concat();
    let ran = ran(home.command(&all).env(variable, host));
    assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn docker_and_an_archive_give_the_same_ledger() {
    let name = "docker_and_an_archive_give_the_same_ledger";
    if !has(name, &["dockerd", "docker"]) {
        return;
    }
    let Some(docker) = Docker::start("") else { return skip(name, "dockerd does not start here") };
    let home = Home::new();
    docker.docker(&["load", "-i", &fixture("legacy-docker-save.tar")]);
    docker.docker(&["load", "-i", &fixture("buildkit-docker.tar")]);
    for (image, archive) in [
        ("legacy:1.0", "legacy-docker-save.tar:legacy:1.0"),
        ("legacy:2.0", "legacy-docker-save.tar:legacy:2.0"),
        ("buildkit", "buildkit-docker.tar"),
    ] {
        let exported =
            report(&home, "DOCKER_HOST", &docker.host, &[&format!("docker:{image}"), "--no-cache"]);
        let saved = home.report(&[&fixture(archive), "--no-cache"]);
        assert_same(&ledger(&exported), &ledger(&saved), image);
        assert_eq!(exported["image"]["kind"], "docker");
        // A bare name, the id, and what is remembered are the same image.
        let id = docker.docker(&["image", "inspect", "-f", "{{.Id}}", image]);
        for reference in [image, id.trim(), &id.trim()[7..19]] {
            for _ in 0..2 {
                let again = report(&home, "DOCKER_HOST", &docker.host, &[reference, "--from", "docker"]);
                assert_same(&ledger(&again), &ledger(&exported), reference);
            }
        }
    }
    let run = |arguments: &[&str]| ran(home.command(arguments).env("DOCKER_HOST", &docker.host));
    run(&["analyze", "docker:none:1"]).fails_with(&["the Docker daemon at unix://", "has no image none:1"]);
    run(&["analyze", "docker:../info"]).fails_with(&["is no image name"]);
    run(&["analyze", "none:1", "--from", "file", "--from", "docker"])
        .fails_with(&["there is no file or directory none:1", "the Docker daemon at unix://"]);
    contexts(&home, &docker);
}

/// A context is chosen by the configuration, by the environment, and by the command line, which wins.
fn contexts(home: &Home, docker: &Docker) {
    for (name, host) in [("right", docker.host.as_str()), ("wrong", "unix:///nowhere/docker.sock")] {
        let meta = json!({ "Name": name, "Endpoints": { "docker": { "Host": host } } });
        let key = Digest::of(name.as_bytes());
        write(
            &home.path(&format!(".docker/contexts/meta/{}/meta.json", key.hex())),
            meta.to_string().as_bytes(),
        );
    }
    write(&home.path(".docker/config.json"), br#"{"currentContext":"right"}"#);
    let arguments = ["analyze", "docker:legacy:1.0"];
    assert_eq!(home.run(&arguments).code, Some(0));
    ran(home.command(&arguments).env("DOCKER_CONTEXT", "wrong"))
        .fails_with(&["is not at unix:///nowhere/docker.sock"]);
    home.run(&[&arguments[..], &["--context", "none"]].concat()).fails_with(&["no docker context none"]);
    let chosen = ran(home
        .command(&[&arguments[..], &["--context", "right"]].concat())
        .env("DOCKER_HOST", "unix:///nowhere/docker.sock"));
    assert_eq!(chosen.code, Some(0), "{}", chosen.stderr);
}

#[test]
fn the_containerd_store_keeps_compression() {
    let name = "the_containerd_store_keeps_compression";
    if !has(name, &["dockerd", "docker"]) {
        return;
    }
    let Some(docker) = Docker::start(r#""features":{"containerd-snapshotter":true}"#) else {
        return skip(name, "dockerd does not start here with containerd's store");
    };
    if !docker.docker(&["info", "-f", "{{json .DriverStatus}}"]).contains("containerd") {
        return skip(name, "this dockerd has no containerd store");
    }
    let home = Home::new();
    docker.docker(&["load", "-i", &fixture("buildkit-docker.tar")]);
    let exported = report(&home, "DOCKER_HOST", &docker.host, &["docker:buildkit"]);
    let saved = home.report(&[&fixture("buildkit-docker.tar")]);
    assert_same(&ledger(&exported), &ledger(&saved), "the image");
    assert_eq!(exported["platforms"][0]["transfer"]["exact"], true);
}

#[test]
fn podman_and_an_archive_give_the_same_ledger() {
    let name = "podman_and_an_archive_give_the_same_ledger";
    if !has(name, &["podman", "skopeo"]) {
        return;
    }
    let Some(podman) = Podman::start() else { return skip(name, "podman's service does not start here") };
    let home = Home::new();
    podman.podman(&["load", "-q", "-i", &fixture("legacy-docker-save.tar")]);
    for (image, archive) in [
        ("localhost/legacy:1.0", "legacy-docker-save.tar:legacy:1.0"),
        ("localhost/legacy:2.0", "legacy-docker-save.tar:legacy:2.0"),
    ] {
        let exported = report(&home, "CONTAINER_HOST", &podman.host, &[&format!("podman:{image}")]);
        let saved = home.report(&[&fixture(archive)]);
        assert_same(&ledger(&exported), &ledger(&saved), image);
        assert_eq!(exported["image"]["kind"], "podman");
    }
    let run = |arguments: &[&str]| ran(home.command(arguments).env("CONTAINER_HOST", &podman.host));
    run(&["analyze", "podman:none:1"]).fails_with(&["the Podman service at unix://", "has no image none:1"]);
}

#[test]
fn a_daemon_over_tcp_and_tls_is_read() {
    let name = "a_daemon_over_tcp_and_tls_is_read";
    if !has(name, &["dockerd", "docker", "openssl"]) {
        return;
    }
    let certificates = engines::registry::certificates();
    let (at, port) = (certificates.path(), engines::free_port());
    for (from, to) in [("ca.crt", "ca.pem"), ("server.crt", "cert.pem"), ("server.key", "key.pem")] {
        must(std::process::Command::new("cp").arg(at.join(from)).arg(at.join(to)));
    }
    let Some(docker) = Docker::start_secured(port, at) else {
        return skip(name, "dockerd does not start here");
    };
    let home = Home::new();
    docker.docker(&["load", "-i", &fixture("buildkit-docker.tar")]);
    let arguments = ["analyze", "docker:buildkit", "-H", &format!("tcp://127.0.0.1:{port}")];
    let secured = ran(home.command(&arguments).env("DOCKER_TLS_VERIFY", "1").env("DOCKER_CERT_PATH", at));
    assert_eq!(secured.code, Some(0), "{}", secured.stderr);
    home.run(&arguments).fails_with(&["127.0.0.1", "the Docker daemon"]);
    // Certificates that somebody else made are no help.
    let strange = engines::registry::certificates();
    for (from, to) in [("ca.crt", "ca.pem"), ("server.crt", "cert.pem"), ("server.key", "key.pem")] {
        must(std::process::Command::new("cp").arg(strange.path().join(from)).arg(strange.path().join(to)));
    }
    ran(home.command(&arguments).env("DOCKER_TLS_VERIFY", "1").env("DOCKER_CERT_PATH", strange.path()))
        .fails_with(&["the Docker daemon", "certificate"]);
}
