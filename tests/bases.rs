//! `plimsoll bases`: a base is weighed where it is, written into a catalogue, and known again by its layers alone.

#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test starts a real registry, writes its files, and fails where it cannot go on"
)]

mod common;
mod engines;

use std::fs;

use common::image::{self, Files, Pack, Scratch};
use engines::has;
use engines::registry::Registry;
use engines::run::Home;
use serde_json::json;

const BASE: &str = "usr/bin/node 5000; usr/lib/libz.so.1 3000";
const OTHER: &str = "usr/lib/arm.so 4000";
const OWN: &str = "app/main.js 700";

/// A base for two platforms, an index as registries have it.
fn base() -> Files {
    let mut files = Files::default();
    let manifests: Vec<_> = [("amd64", BASE), ("arm64", OTHER)]
        .into_iter()
        .map(|(architecture, text)| {
            let tar = image::tars(&[text]).remove(0);
            let packed = Pack::Gzip.pack(&tar);
            let config = json!({ "os": "linux", "architecture": architecture });
            let media_type = "application/vnd.oci.image.layer.v1.tar+gzip";
            let mut manifest = files.image(&[(tar, packed)], media_type, &config);
            manifest["platform"] = config;
            manifest
        })
        .collect();
    let index = json!({ "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": manifests });
    let index = files.blob("application/vnd.oci.image.index.v1+json", index.to_string().into_bytes());
    files.index(&[index])
}

/// What the report says of an image's base, with the catalogue.
fn found(home: &Home, image: &str, catalogue: &str) -> serde_json::Value {
    let report = home.report(&[image, "--bases", catalogue, "--no-cache"]);
    report["platforms"][0]["base"].clone()
}

#[test]
fn a_base_of_a_registry_is_measured_and_known_again_by_its_layers() {
    if !has("a_base_of_a_registry_is_measured_and_known_again_by_its_layers", &["docker-registry", "skopeo"])
    {
        return;
    }
    let (registry, home, directory) = (Registry::open(), Home::new(), Scratch::new());
    let layout = directory.layout("base", &base());
    registry.push(&format!("oci:{layout}"), "team/base:1");
    let name = format!("{}/team/base:1", registry.host());
    let catalogue = home.path("bases.toml").display().to_string();
    let ran = home.run(&["bases", "update", "--write", &catalogue, &name]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);

    // What is written is what weighing says, per platform.
    let bases = plimsoll::projection::base::read(&fs::read_to_string(&catalogue).unwrap()).unwrap();
    assert_eq!(bases.len(), 1);
    assert_eq!(bases[0].name, name);
    let report = home.report(&[&name, "--all-platforms", "--no-cache"]);
    assert_eq!(bases[0].figure.len(), 2);
    for (figure, platform) in bases[0].figure.iter().zip(report["platforms"].as_array().unwrap()) {
        assert_eq!(platform["platform"], figure.platform);
        assert_eq!(platform["content"], figure.content);
        assert_eq!(platform["transfer"]["bytes"], figure.transfer);
        assert_eq!(platform["layers"][0]["digest"], figure.layers[0]);
        assert_eq!(platform["layers"][0]["diff_id"], figure.diff_ids[0]);
        assert_eq!((figure.how.as_str(), figure.date.len()), ("measured", 10));
        assert!(figure.source.contains(&name) && figure.source.contains(" sha256:"), "{}", figure.source);
    }
    assert_eq!([bases[0].figure[0].content, bases[0].figure[1].content], [8000, 4000]);

    // An image of these layers, whichever way they are compressed, and one of others.
    let tars = image::tars(&[BASE, OWN]);
    for pack in [Pack::Gzip, Pack::Plain, Pack::Zstd] {
        let image = directory.layout(&format!("{pack:?}"), &image::layout(&tars, pack));
        let found = found(&home, &image, &catalogue);
        assert_eq!((&found["layers"], &found["name"]), (&json!(1), &json!(name)), "{pack:?}");
    }
    let saved = directory.file("saved.tar", &image::docker(&tars).archive());
    assert_eq!(found(&home, &saved, &catalogue)["name"], json!(name));
    let other = directory.layout("other", &image::layout(&image::tars(&[OTHER, OWN]), Pack::Gzip));
    assert!(found(&home, &other, &catalogue).is_null(), "of another platform");

    // Again, under another name and for one platform: the rest of the catalogue stays.
    let second = format!("mine=registry:{name}");
    let ran = home.run(&["bases", "update", "--platform", "arm64", "--write", &catalogue, &second]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let bases = plimsoll::projection::base::read(&fs::read_to_string(&catalogue).unwrap()).unwrap();
    let names: Vec<_> = bases.iter().map(|base| (base.name.as_str(), base.figure.len())).collect();
    assert_eq!(names, [(name.as_str(), 2), ("mine", 1)]);
    let ran = home.run(&["bases", "--bases", &catalogue]);
    assert!(ran.stdout.contains("mine: no libc") && ran.stdout.contains("measured"), "{}", ran.stdout);
}

#[test]
fn what_cannot_be_weighed_is_told_and_what_was_weighed_is_written() {
    let (home, directory) = (Home::new(), Scratch::new());
    let layout = directory.layout("base", &base());
    let catalogue = home.path("bases.toml").display().to_string();
    let (good, bad) = (format!("good=oci-dir:{layout}"), format!("bad=oci-dir:{layout}-gone"));
    let ran = home.run(&["bases", "update", "--write", &catalogue, &bad, &good]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("cannot weigh bad"), "{}", ran.stderr);
    assert!(fs::read_to_string(&catalogue).unwrap().contains("name = \"good\""));

    let none = home.run(&["bases", "update", "--platform", "s390x", &good]);
    assert_eq!(none.code, Some(2));
    assert!(none.stderr.contains("it has linux/amd64, linux/arm64"), "{}", none.stderr);

    fs::write(&catalogue, "[[base]]\nsize = 3\n").unwrap();
    for arguments in [
        &["bases", "update", "--write", &catalogue, &good][..],
        &["bases", "--bases", &catalogue],
        &["analyze", &layout, "--bases", &catalogue],
    ] {
        let ran = home.run(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}");
        assert!(ran.stderr.contains("bases.toml"), "{}", ran.stderr);
    }
    assert_eq!(fs::read_to_string(&catalogue).unwrap(), "[[base]]\nsize = 3\n", "and left as it is");
}
