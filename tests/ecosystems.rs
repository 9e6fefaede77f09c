//! Every ecosystem on a real installation by its own tool: our packages are the ones that the tool lists, and next to nothing
//! is anonymous. `fixtures/ecosystems/build` makes them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests read and write their own files"
)]

mod common;
#[path = "ecosystems/inside.rs"]
mod inside;

use std::path::Path;

use common::analyze;
use plimsoll::ledger::Ledger;
use plimsoll::owners::Rank;

fn check(name: &str) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ecosystems").join(name);
    let listing = std::fs::read_to_string(directory.join("listing")).unwrap();
    let analysis = analyze(directory.to_str().unwrap()).unwrap();
    let platform = &analysis.platforms[0];

    let packages = platform.ownership.packages.iter();
    let packages =
        packages.filter(|package| matches!(package.rank, Rank::System | Rank::Language | Rank::Binary));
    let mut found: Vec<_> = packages.map(|package| format!("{} {}", package.id, package.version)).collect();
    found.sort();
    found.dedup();
    let mut listed: Vec<_> = listing.lines().collect();
    listed.sort_unstable();
    assert_eq!(found, listed, "{name}");
    assert_eq!(platform.ownership.warnings, [], "{name}");

    let live = platform.ledger.totals().live.content;
    let shares = platform.ledger.live_by_owner();
    assert_eq!(shares.iter().map(|share| share.size.content).sum::<u64>(), live, "{name}");
    let unowned = shares[Ledger::UNOWNED.0 as usize].size.content;
    assert!(unowned * 50 < live, "{name}: {unowned} of {live} bytes are unowned");
}

/// The report on a fixture, by the built program.
fn report(name: &str) -> serde_json::Value {
    report_of(&format!("fixtures/ecosystems/{name}"))
}

fn report_of(reference: &str) -> serde_json::Value {
    let output = common::plimsoll(&["analyze", reference, "-o", "json"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text(value: &serde_json::Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn what_tools_put_where_nobody_looks_has_its_owner() {
    for (fixture, path, owner) in [
        // A text that became longer with the prefix, a link, and a program that the installer made.
        ("conda", "opt/conda/bin/hull-config", "conda:hull"),
        ("conda", "opt/conda/lib/libkeel.so", "conda:libkeel"),
        ("conda", "opt/conda/bin/plate", "conda:plate"),
        // One file under two names, of which the cache's comes last.
        ("conda", "opt/conda/pkgs/hull-1.4.0-0/share/hull/table.txt", "conda:hull"),
        ("conda", "opt/conda/pkgs/hull-1.4.0-0/bin/hull-config", "conda (cache)"),
        ("bun", "isolated/node_modules/.bun/ms@2.0.0/node_modules/ms/index.js", "npm:ms"),
        ("bun", "isolated/node_modules/.bun/node_modules/ms", "npm (node_modules)"),
        ("bun", "root/.bun/install/cache/ms@2.1.3@@@1/index.js", "npm:ms"),
        ("bun", "root/.bun/install/cache/ms/2.1.3@@@1", "bun (cache)"),
        ("dotnet", "app/de/Hull.Plate.resources.dll", "nuget:Hull.Plate"),
        ("dotnet", "app/runtimes/linux-x64/native/libhull.so", "nuget:Hull.Plate"),
        ("dotnet", "app/App.dll", "application"),
        ("nix", "nix/var/nix/db/db.sqlite", "nix (database)"),
        ("nix", "nix/store/mccbykchwn2rbiblaydkp24q7kahkbdq-keel-2.0.1-dev.drv", "nix (store)"),
    ] {
        let shown = screen(fixture, &["--path", path]);
        assert!(shown.contains(&format!("  owner     {owner}\n")), "{fixture}, {path}: {shown}");
    }
}

/// What the program prints about a fixture.
fn screen(name: &str, arguments: &[&str]) -> String {
    let fixture = format!("fixtures/ecosystems/{name}");
    let arguments = [&["analyze", &fixture], arguments].concat();
    let output = common::plimsoll(&arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    String::from_utf8(if output.status.success() { output.stdout } else { output.stderr }).unwrap()
}

#[test]
fn the_image_s_own_loader_chooses_libraries() {
    let shown = screen("linked", &["--libraries", "-o", "json"]);
    let report: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let libraries = &report["platforms"][0]["libraries"];
    let hull = &libraries["files"].as_array().unwrap()[1];
    assert_eq!((text(&hull["path"]), text(&hull["machine"])), ("/usr/bin/hull", "amd64"));
    assert_eq!(hull["runpath"][0], "$ORIGIN/../lib/hull");
    let needs = hull["needs"].as_array().unwrap().iter();
    let needs: Vec<_> = needs.map(|need| format!("{} {}", text(&need["name"]), need["found"])).collect();
    let expected = [
        "/lib64/ld-linux-x86-64.so.2 null",
        "libkeel.so.1 \"/usr/lib/hull/libkeel.so.1\"",
        // Through /etc/ld.so.conf and what it includes.
        "libplate.so.1 \"/opt/plate/libplate.so.1\"",
        "liblost.so.1 null",
    ];
    assert_eq!(needs, expected);
    let paths = |list: &str| {
        let list = libraries[list].as_array().unwrap().iter();
        list.map(|one| text(&one["path"]).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(paths("unneeded"), ["/usr/lib/x86_64-linux-gnu/libanchor.so.1"]);
    assert_eq!(paths("foreign"), ["/usr/bin/hull-arm64"]);
    let missing = libraries["missing"].as_array().unwrap();
    let lost = missing.iter().find(|one| text(&one["name"]) == "liblost.so.1").unwrap();
    assert_eq!(lost["needed_by"].as_array().unwrap().len(), 2);
    let shown = screen("linked", &["--path", "usr/lib/hull/libkeel.so.1"]);
    assert!(shown.contains("needed by\n  /usr/bin/hull\n"), "{shown}");
    assert!(shown.contains("layer     1, COPY . /") && shown.contains("owner     application"), "{shown}");
}

#[test]
fn an_owner_opens_into_directories_that_add_up() {
    let shown = screen("node", &["--owner", "npm:lodash"]);
    assert!(shown.contains("it has no owner npm:lodash"), "{shown}");
    let shown = screen("node", &["--owner", "application", "--owner", "npm:debug", "-o", "json"]);
    let details: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let owners = details["owners"].as_array().unwrap();
    assert_eq!(owners.len(), 2);
    for owner in owners {
        for rows in ["directories", "largest", "categories"] {
            let rows = owner[rows].as_array().unwrap();
            let sum = |field: &str| rows.iter().map(|row| row[field].as_u64().unwrap()).sum::<u64>();
            assert_eq!(sum("content"), owner["content"].as_u64().unwrap(), "{owner}");
            assert_eq!(sum("files"), owner["files"].as_u64().unwrap(), "{owner}");
        }
    }
    let shown = screen("node", &["--path", "/app/nothing"]);
    assert!(shown.contains("it has no path /app/nothing"), "{shown}");
}

#[test]
fn a_bundle_is_the_application_s() {
    let report = report("bundle");
    let platform = &report["platforms"][0];
    let live = |list: &str, id: &str| {
        let mut all = platform[list].as_array().unwrap().iter();
        all.find(|one| text(&one["id"]) == id).unwrap()["content"].clone()
    };
    assert_eq!(live("owners", "application"), platform["live"]);
    assert_eq!(live("categories", "application"), platform["live"]);
}

/// Damages every database of every fixture, in several ways, and looks again: never a panic, and the rest stands.
#[test]
fn damaged_databases_cost_what_they_say_and_no_more() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ecosystems");
    for entry in fixtures.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if !path.join("listing").is_file() {
            continue;
        }
        let analysis = analyze(path.to_str().unwrap()).unwrap();
        let whole = &analysis.platforms[0].ledger;
        let live = whole.totals().live.content;
        for way in 0..6_usize {
            let mut ledger = whole.clone();
            for content in ledger.evidence.values_mut() {
                let length = content.len();
                match way {
                    0 => content.clear(),
                    1 => content.truncate(length / 2),
                    2 => content.truncate(length.saturating_sub(1)),
                    3 => content.iter_mut().step_by(97).for_each(|byte| *byte = !*byte),
                    4 => content.iter_mut().for_each(|byte| *byte = 0xff),
                    _ => content.reverse(),
                }
            }
            let ownership = plimsoll::owners::claim(&mut ledger, &[]);
            let shares = ledger.live_by_owner();
            assert_eq!(shares.iter().map(|share| share.size.content).sum::<u64>(), live, "{path:?}, {way}");
            for warning in &ownership.warnings {
                assert!(warning.message.contains('/'), "no file is named: {warning:?}");
            }
        }
    }
}

#[test]
fn a_truncated_database_is_warned_of_by_name() {
    let (fixture, database) = ("fixtures/ecosystems/rpm-sqlite", "rpmdb.sqlite");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(fixture);
    let mut ledger = analyze(path.to_str().unwrap()).unwrap().platforms.remove(0).ledger;
    for content in ledger.evidence.values_mut() {
        content.truncate(content.len() / 2);
    }
    let warnings = plimsoll::owners::claim(&mut ledger, &[]).warnings;
    assert!(warnings.iter().any(|warning| warning.message.contains(database)), "{warnings:?}");
}

#[test]
fn platforms_stand_side_by_side() {
    let demo = ["analyze", "fixtures/images/demo.tar", "-o", "json"];
    let output = common::plimsoll(&demo).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let sides = &report["sides"];
    let owners = sides["owners"].as_array().unwrap();
    assert!(owners.len() > 3, "{sides}");
    for (column, platform) in report["platforms"].as_array().unwrap().iter().enumerate() {
        assert_eq!(sides["platforms"][column], platform["platform"]);
        assert_eq!(sides["live"][column], platform["live"]);
        for side in owners {
            let mut all = platform["owners"].as_array().unwrap().iter();
            let there = all.find(|owner| owner["id"] == side["id"] && owner["files"] != 0);
            assert_eq!(
                side["content"][column],
                there.map_or(serde_json::Value::Null, |owner| owner["content"].clone())
            );
        }
    }
}

#[test]
fn every_fixture_is_as_its_own_tool_says() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ecosystems");
    let mut names: Vec<_> = fixtures.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| path.join("listing").is_file());
    names.sort();
    assert!(names.len() >= 5);
    for path in names {
        check(path.file_name().unwrap().to_str().unwrap());
    }
}
