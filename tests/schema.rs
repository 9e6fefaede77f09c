//! `docs/*.schema.json` are what the types say, and real reports hold to it. `BLESS=1 cargo test` writes it anew.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod scenes;

use plimsoll::view::Report;
use plimsoll::view::audit::Audit;

#[test]
fn the_schemas_in_docs_are_those_of_the_types() {
    for (name, schema) in [("report", Report::json_schema()), ("audit", Audit::json_schema())] {
        let file = format!("{}/docs/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("BLESS").is_some() {
            bless(&file, &schema);
        }
        let kept = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(kept == schema, "{file} is out of date: BLESS=1 cargo test --test schema");
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the schema is written where it is kept, by whoever asks for it"
)]
fn bless(file: &str, schema: &str) {
    std::fs::write(file, schema).unwrap();
}

#[test]
fn a_report_holds_to_the_schema_and_reads_back() {
    let schema = serde_json::from_str(&Report::json_schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for report in [scenes::busy(), scenes::empty()] {
        let json = report.to_json();
        let value = serde_json::from_str(&json).unwrap();
        let errors: Vec<_> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        let back: Report = serde_json::from_str(&json).unwrap();
        assert_eq!(back, report, "a saved report is as good as the image");
    }
}

#[test]
fn an_audit_holds_to_its_schema() {
    let image = format!("{}/fixtures/images/demo.tar", env!("CARGO_MANIFEST_DIR"));
    let output =
        assert_cmd::Command::cargo_bin("plimsoll").unwrap().args(["audit", &image, "-o", "json"]).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let schema = serde_json::from_str(&Audit::json_schema()).unwrap();
    let value = serde_json::from_slice(&output.stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn the_skeleton_is_the_contract() {
    let json: serde_json::Value = serde_json::from_str(&scenes::busy().to_json()).unwrap();
    assert_eq!(json["schema"], "plimsoll/report/1");
    let platform = &json["platforms"][0];
    for field in ["platform", "content", "live", "overwritten", "deleted", "layers", "owners", "categories"] {
        assert!(!platform[field].is_null(), "{field}");
    }
    for (list, fields) in [
        ("layers", &["digest", "instruction", "content", "transfer", "entries", "wasted"][..]),
        ("owners", &["id", "ecosystem", "name", "content", "transfer", "files"]),
        ("categories", &["id", "content", "transfer"]),
        ("findings", &["rule", "safety", "content", "transfer", "entries"]),
        ("variants", &["name", "content", "transfer", "changes", "caveats"]),
    ] {
        for field in fields {
            assert!(!platform[list][0][field].is_null(), "{list}[0].{field}: {:#}", platform[list][0]);
        }
    }
    assert!(platform["transfer"]["bytes"].is_u64() && platform["transfer"]["exact"].is_boolean());
}
