//! Images in registries: real ones, and one behind a proxy that misbehaves.

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
use engines::proxy::{Fault, Proxy, Tokens};
use engines::registry::{PASSWORD, Registry, USER};
use engines::run::{Home, assert_same, ledger};
use engines::{free_port, has};
use serde_json::{Value, json};

const NEEDED: [&str; 2] = ["docker-registry", "skopeo"];

/// The demo image, an archive of two platforms with attestations.
fn demo() -> String {
    format!("oci-archive:{}", fixture("demo.tar"))
}

/// The digest of the largest layer of an image's only platform.
fn largest_layer(report: &Value) -> String {
    let layers = report["platforms"][0]["layers"].as_array().unwrap();
    let largest = layers.iter().max_by_key(|layer| layer["transfer"].as_u64()).unwrap();
    largest["digest"].as_str().unwrap().to_owned()
}

#[test]
fn a_registry_and_an_archive_give_the_same_ledger() {
    if !has("a_registry_and_an_archive_give_the_same_ledger", &NEEDED) {
        return;
    }
    let (registry, home) = (Registry::open(), Home::new());
    for (name, from) in [
        ("demo", demo()),
        ("gzip", format!("oci:{}", fixture("tiny-gzip"))),
        ("zstd", format!("oci:{}", fixture("tiny-zstd"))),
        ("estargz", format!("oci:{}", fixture("estargz"))),
        ("sparse", format!("oci:{}", fixture("gnu-sparse"))),
    ] {
        registry.push(&from, &format!("team/{name}:1"));
        let place = from.split_once(':').unwrap().1;
        let pulled = home.report(&[&format!("{}/team/{name}:1", registry.host()), "--all-platforms"]);
        let local = home.report(&[place, "--no-cache"]);
        assert_same(&ledger(&pulled), &ledger(&local), name);
        // Nothing was unpacked on the way, so even what is stored is the same, to the byte.
        assert_eq!(pulled["platforms"][0]["transfer"], local["platforms"][0]["transfer"], "{name}");
        assert_eq!(pulled["image"]["kind"], "registry");
    }
}

#[test]
fn platforms_and_attestations_are_read_back_without_a_layer() {
    if !has("platforms_and_attestations_are_read_back_without_a_layer", &NEEDED) {
        return;
    }
    let (registry, home) = (Registry::open(), Home::new());
    registry.push(&demo(), "demo:1");
    let proxy = Proxy::start(registry.port, |_, _| None);
    let pushed = format!("registry:{}/demo:1", proxy.host());
    let tree = |reference: &str| -> Value {
        let ran = home.run(&["platforms", reference, "-o", "json", "--no-cache"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap()
    };
    let (pulled, local) = (tree(&pushed), tree(&fixture("demo.tar")));
    let strip = |mut node: Value| {
        node["tags"] = Value::Null;
        node["media_type"] = Value::Null;
        node
    };
    assert_eq!(strip(pulled["index"].clone()), strip(local["index"].clone()));
    assert_eq!(pulled["registry"], local["registry"]);
    let log = proxy.log();
    assert!(log.len() <= 1 + 2 * 2, "{} requests", log.len());
    assert!(log.iter().all(|asked| asked.path.contains("/manifests/")), "{log:?}");
}

#[test]
fn twenty_platforms_cost_forty_one_requests_at_most() {
    if !has("twenty_platforms_cost_forty_one_requests_at_most", &NEEDED) {
        return;
    }
    let (registry, home) = (Registry::open(), Home::new());
    let mut files = common::image::Files::default();
    let manifests: Vec<_> = (0..20)
        .map(|number| {
            let platform = json!({ "os": "linux", "architecture": format!("arch{number}") });
            let mut config = common::image::config();
            config["architecture"] = platform["architecture"].clone();
            let tar = common::layer::Tar::default().end();
            let mut manifest =
                files.image(&[(tar.clone(), tar)], "application/vnd.oci.image.layer.v1.tar", &config);
            manifest["platform"] = platform;
            manifest
        })
        .collect();
    let layout = home.path("layout");
    files.index(&manifests).write(layout.to_str().unwrap());
    // skopeo wants one index, so the twenty are put below one by copying the layout's own.
    let index = std::fs::read(layout.join("index.json")).unwrap();
    let mut whole = common::image::Files::default();
    let index = whole.blob("application/vnd.oci.image.index.v1+json", index);
    whole.index(&[index]).write(layout.to_str().unwrap());
    registry.push(&format!("oci:{}", layout.display()), "many:1");
    let proxy = Proxy::start(registry.port, |_, _| None);
    let ran = home.run(&["platforms", &format!("registry:{}/many:1", proxy.host())]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("linux/arch0") && ran.stdout.contains("linux/arch19"), "{}", ran.stdout);
    assert!(proxy.log().len() <= 41, "{} requests", proxy.log().len());
}

#[test]
fn only_the_hosts_platform_is_fetched_unless_others_are_asked_for() {
    if !has("only_the_hosts_platform_is_fetched_unless_others_are_asked_for", &NEEDED) {
        return;
    }
    let (registry, home) = (Registry::open(), Home::new());
    registry.push(&demo(), "demo:1");
    let reference = format!("registry:{}/demo:1", registry.host());
    let (own, other) = match std::env::consts::ARCH {
        "aarch64" => ("linux/arm64", "linux/amd64"),
        _ => ("linux/amd64", "linux/arm64"),
    };
    let ran = home.run(&["analyze", &reference]);
    assert!(ran.stdout.contains(own), "{}", ran.stdout);
    assert!(ran.stdout.contains(&format!("also  {other}")), "{}", ran.stdout);
    assert!(ran.stdout.contains("--all-platforms"), "{}", ran.stdout);
    let platforms = |report: Value| report["platforms"].as_array().unwrap().len();
    assert_eq!(platforms(home.report(&[&reference])), 1);
    assert_eq!(platforms(home.report(&[&reference, "--all-platforms"])), 2);
    assert_eq!(home.report(&[&reference, "--platform", other])["platforms"][0]["platform"], other);
    home.run(&["analyze", &reference, "--platform", "riscv64"]).fails_with(&[
        "has no platform riscv64",
        "linux/amd64",
        "linux/arm64",
    ]);
}

#[test]
fn a_second_run_downloads_nothing_but_manifests() {
    if !has("a_second_run_downloads_nothing_but_manifests", &NEEDED) {
        return;
    }
    let (registry, home) = (Registry::open(), Home::new());
    registry.push(&demo(), "demo:1");
    let proxy = Proxy::start(registry.port, |_, _| None);
    let arguments = [&*format!("registry:{}/demo:1", proxy.host()), "--all-platforms"];
    let first = home.report(&arguments);
    proxy.forget();
    let second = home.report(&arguments);
    assert_eq!(first, second);
    let log = proxy.log();
    assert!(log.iter().all(|asked| asked.path.contains("/manifests/")), "{log:?}");
    proxy.forget();
    home.report(&[&arguments[..], &["--no-cache"]].concat());
    assert!(proxy.log().iter().any(|asked| asked.path.contains("/blobs/")));
    assert_eq!(home.run(&["cache", "prune"]).code, Some(0));
    assert!(home.files().is_empty(), "{:?}", home.files());
}

#[test]
fn a_closed_registry_is_read_by_who_may() {
    let name = "a_closed_registry_is_read_by_who_may";
    if !has(name, &[&NEEDED[..], &["openssl"]].concat()) {
        return;
    }
    let (registry, home) = (Registry::closed(), Home::new());
    let host = registry.host();
    registry.push(&format!("oci:{}", fixture("tiny-gzip")), "tiny:1");
    let (reference, ca) = (format!("registry:{host}/tiny:1"), registry.ca.to_str().unwrap());
    let arguments = ["analyze", &reference, "--ca-file", ca, "-o", "json"];
    let clean = |ran: &engines::run::Ran| {
        for secret in
            [PASSWORD, "wrong-horse", &engines::run::base64(format!("{USER}:{PASSWORD}").as_bytes())]
        {
            assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "{}", ran.stderr);
        }
    };

    home.run(&["analyze", &reference]).fails_with(&[&host, "certificate", "--ca-file"]);
    home.run(&arguments).fails_with(&[&host, "not logged in", "docker login"]);
    let with = |auth: &str| {
        engines::run::ran(home.command(&arguments).env("PLIMSOLL_REGISTRY_AUTH", format!("{USER}:{auth}")))
    };
    let wrong = with("wrong-horse");
    wrong.fails_with(&[&host, "refuses the user or password", "PLIMSOLL_REGISTRY_AUTH"]);
    clean(&wrong);
    let right = with(PASSWORD);
    assert_eq!(right.code, Some(0), "{}", right.stderr);
    clean(&right);
    assert!(!home.holds(PASSWORD));

    home.log_in(&host, USER, "wrong-horse");
    let wrong = home.run(&arguments);
    wrong.fails_with(&[&host, "refuses the user or password", "Docker's configuration"]);
    clean(&wrong);
    home.log_in(&host, USER, PASSWORD);
    let logged_in = home.run(&arguments);
    assert_eq!(logged_in.code, Some(0), "{}", logged_in.stderr);
    assert_eq!(logged_in.stdout, right.stdout);
}

#[test]
fn a_credential_helper_is_asked() {
    let name = "a_credential_helper_is_asked";
    if !has(name, &[&NEEDED[..], &["openssl", "sh"]].concat()) {
        return;
    }
    let (registry, home) = (Registry::closed(), Home::new());
    registry.push(&format!("oci:{}", fixture("tiny-gzip")), "tiny:1");
    let helper = home.path("docker-credential-test");
    let answer = json!({ "ServerURL": registry.host(), "Username": USER, "Secret": PASSWORD });
    engines::run::write(&helper, format!("#!/bin/sh\ncat >/dev/null\necho '{answer}'\n").as_bytes());
    engines::must(std::process::Command::new("chmod").arg("+x").arg(&helper));
    let config = json!({ "credHelpers": { registry.host(): "test" } });
    engines::run::write(&home.path(".docker/config.json"), config.to_string().as_bytes());
    let reference = format!("{}/tiny:1", registry.host());
    let ran = home.run(&["analyze", &reference, "--ca-file", registry.ca.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}

#[test]
fn what_is_not_there_is_said_in_one_sentence() {
    if !has("what_is_not_there_is_said_in_one_sentence", &NEEDED) {
        return;
    }
    let (registry, home) = (Registry::open(), Home::new());
    registry.push(&format!("oci:{}", fixture("tiny-gzip")), "tiny:1");
    let host = registry.host();
    home.run(&["analyze", &format!("registry:{host}/tiny:9")]).fails_with(&[&host, "has no image tiny:9"]);
    home.run(&["analyze", &format!("registry:{host}/none:1")]).fails_with(&[&host, "has no image none:1"]);
    let nobody = format!("127.0.0.1:{}", free_port());
    home.run(&["analyze", &format!("registry:{nobody}/a:1")]).fails_with(&[&nobody, "cannot be reached"]);
    home.run(&["analyze", "registry:no-such-host.invalid/a:1"])
        .fails_with(&["no-such-host.invalid", "cannot be reached"]);
    home.run(&["analyze", "registry:UPPER/Case"]).fails_with(&["no image name"]);
    assert!(home.files().is_empty(), "{:?}", home.files());
}

#[test]
fn trouble_on_the_way_is_got_over() {
    if !has("trouble_on_the_way_is_got_over", &NEEDED) {
        return;
    }
    let (registry, home) = (Registry::open(), Home::new());
    registry.push(&demo(), "demo:1");
    let expected = ledger(&home.report(&[&format!("{}/demo:1", registry.host()), "--no-cache"]));
    for fault in [Fault::Cut(2000), Fault::Status(429), Fault::Status(503)] {
        // The first two answers for each blob are spoilt.
        let proxy = Proxy::start(registry.port, move |asked, before| {
            (asked.path.contains("/blobs/") && before < 2).then_some(fault)
        });
        let read = home.report(&[&format!("{}/demo:1", proxy.host()), "--no-cache"]);
        assert_same(&ledger(&read), &expected, &format!("{fault:?}"));
        let resumed = proxy.log().iter().any(|asked| asked.range.as_deref() == Some("bytes=2000-"));
        assert_eq!(resumed, matches!(fault, Fault::Cut(_)), "{fault:?}");
    }
    let proxy = Proxy::start(registry.port, |asked, before| match before {
        _ if !asked.path.contains("/blobs/") => None,
        0 => Some(Fault::Cut(1000)),
        _ => Some(Fault::NoRange),
    });
    let read = home.report(&[&format!("{}/demo:1", proxy.host()), "--no-cache"]);
    assert_same(&ledger(&read), &expected, "a registry without ranges");
}

#[test]
fn what_arrives_broken_is_refused_and_not_kept() {
    if !has("what_arrives_broken_is_refused_and_not_kept", &NEEDED) {
        return;
    }
    let (registry, home) = (Registry::open(), Home::new());
    registry.push(&format!("oci:{}", fixture("tiny-gzip")), "tiny:1");
    let report = home.report(&[&format!("{}/tiny:1", registry.host()), "--no-cache"]);
    let layer = largest_layer(&report);
    let run = |proxy: &Proxy| home.run(&["analyze", &format!("registry:{}/tiny:1", proxy.host())]);
    let about_layer = |fault: Fault| {
        let layer = layer.clone();
        Proxy::start(registry.port, move |asked, _| asked.path.ends_with(&layer).then_some(fault))
    };

    for at in [10, 60, 400] {
        run(&about_layer(Fault::Corrupt(at))).fails_with(&[&layer]);
    }
    // The first connection breaks, and those that take it up bring nothing.
    let breaks = layer.clone();
    let cut = Proxy::start(registry.port, move |asked, before| {
        asked.path.ends_with(&breaks).then_some(Fault::Cut(if before == 0 { 40 } else { 0 }))
    });
    run(&cut).fails_with(&[&layer, "after 40 of", "bytes"]);
    run(&about_layer(Fault::Status(500))).fails_with(&[&layer, "500"]);
    run(&Proxy::start(registry.port, |_, _| Some(Fault::Status(429)))).fails_with(&["429", "limits"]);
    let manifests = |asked: &engines::proxy::Asked| asked.path.contains("/manifests/");
    let corrupt = Proxy::start(registry.port, move |asked, _| manifests(asked).then_some(Fault::Corrupt(30)));
    run(&corrupt).fails_with(&["digest"]);
    registry.lose(&layer);
    home.run(&["analyze", &format!("registry:{}/tiny:1", registry.host())])
        .fails_with(&[&layer, "not there, though the manifest names it"]);
    // What was read before the trouble may be known now; the layer that was spoilt is not.
    for file in home.files() {
        assert!(file.starts_with(home.path("cache")), "{file:?}");
    }
}

#[test]
fn tokens_are_fetched_and_fetched_again() {
    if !has("tokens_are_fetched_and_fetched_again", &NEEDED) {
        return;
    }
    let (registry, home) = (Registry::open(), Home::new());
    registry.push(&demo(), "demo:1");
    let expected = ledger(&home.report(&[&format!("{}/demo:1", registry.host()), "--no-cache"]));
    let tokens = |uses| Some(Tokens { user: USER, password: PASSWORD, uses });

    // A token that expires after five requests is renewed.
    let proxy = Proxy::with_tokens(registry.port, tokens(5), |_, _| None);
    let arguments = ["analyze", &format!("registry:{}/demo:1", proxy.host()), "-o", "json"];
    let auth = format!("{USER}:{PASSWORD}");
    let ran = engines::run::ran(home.command(&arguments).env("PLIMSOLL_REGISTRY_AUTH", &auth));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_same(&ledger(&serde_json::from_str(&ran.stdout).unwrap()), &expected, "the image");
    let fetched = proxy.log().iter().filter(|asked| asked.path.starts_with("/token")).count();
    assert!(fetched > 1, "{fetched} tokens");
    assert!(!home.holds("secret-token") && !home.holds(PASSWORD));

    home.run(&arguments).fails_with(&[&proxy.host(), "not logged in"]);
    let wrong =
        engines::run::ran(home.command(&arguments).env("PLIMSOLL_REGISTRY_AUTH", "alice:wrong-horse"));
    wrong.fails_with(&[&proxy.host(), "refuses the user or password"]);
    assert!(!wrong.stderr.contains("wrong-horse"), "{}", wrong.stderr);

    // A token that is expired from the start cannot be renewed where only it was given.
    let expired =
        engines::run::ran(home.command(&arguments).env("PLIMSOLL_REGISTRY_TOKEN", "expired-secret"));
    expired.fails_with(&[&proxy.host(), "token"]);
    assert!(!expired.stderr.contains("expired-secret"), "{}", expired.stderr);
    let useless = Proxy::with_tokens(registry.port, tokens(0), |_, _| None);
    let arguments = ["analyze", &format!("registry:{}/demo:1", useless.host())];
    let ran = engines::run::ran(home.command(&arguments).env("PLIMSOLL_REGISTRY_AUTH", &auth));
    ran.fails_with(&[&useless.host(), "token expired"]);
    assert!(!ran.stderr.contains("secret-token") && !ran.stderr.contains(PASSWORD), "{}", ran.stderr);
}

#[test]
fn a_mirror_is_asked_before_docker_hub() {
    if !has("a_mirror_is_asked_before_docker_hub", &NEEDED) {
        return;
    }
    let (registry, home) = (Registry::open(), Home::new());
    registry.push(&format!("oci:{}", fixture("tiny-gzip")), "library/tiny:1");
    let report = home.report(&["registry:tiny:1", "--mirror", &registry.host()]);
    assert_eq!(report["image"]["tags"][0], "docker.io/library/tiny:1");
}

#[test]
fn a_proxy_of_the_environment_is_asked() {
    if !has("a_proxy_of_the_environment_is_asked", &NEEDED) {
        return;
    }
    let (registry, home) = (Registry::open(), Home::new());
    registry.push(&format!("oci:{}", fixture("tiny-gzip")), "tiny:1");
    let proxy = Proxy::start(registry.port, |_, _| None);
    let address = format!("http://{}", proxy.host());
    // A name that only the proxy knows; and what is on this machine needs no proxy.
    let through = |host: &str| {
        let arguments = ["analyze", &format!("registry:{host}/tiny:1"), "--no-cache", "--plain-http"];
        let ran = engines::run::ran(home.command(&arguments).env("HTTP_PROXY", &address));
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        proxy.log().len()
    };
    let asked = through("registry.example:5000");
    // A proxy is given whole addresses.
    let whole =
        proxy.log().iter().filter(|asked| asked.path.starts_with("http://registry.example:5000/v2/")).count();
    assert!(asked > 2 && whole == asked, "{whole} of {asked} requests");
    assert_eq!(through(&registry.host()), asked, "this machine is asked directly");
}
