//! SARIF 2.1.0: findings and failed budgets at the lines of the Dockerfile, for code scanning.

use serde_json::{Value, json};

use super::check;
use super::scene::{Scene, lines, told};
use super::style::Style;
use crate::budget::Status;
use crate::view::{Finding, Place, Platform};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// Where a result stands that no line is known for: code scanning refuses results without a place.
const NOWHERE: &str = "Dockerfile";

/// The log, with one run.
pub(super) fn render(scene: Scene<'_>, style: &Style) -> String {
    let mut rules: Vec<Value> = Vec::new();
    let mut ids: Vec<String> = Vec::new();
    let mut results = Vec::new();
    for platform in &scene.report.platforms {
        for finding in told(platform) {
            let index = ids.iter().position(|id| *id == finding.rule).unwrap_or_else(|| {
                ids.push(finding.rule.clone());
                rules.push(rule(finding));
                ids.len() - 1
            });
            results.push(result(platform, finding, index, &scene.report.image.reference));
        }
    }
    for check in scene.verdict.iter().flat_map(|verdict| &verdict.checks) {
        let level = match check.status {
            Status::Fail | Status::Unknown => "error",
            Status::Warn => "warning",
            Status::Pass | Status::Skipped => continue,
        };
        let id = format!("budget/{}", check.name);
        let index = ids.iter().position(|known| *known == id).unwrap_or_else(|| {
            rules.push(
                json!({ "id": id, "shortDescription": { "text": format!("The budget on {}", check.name) } }),
            );
            ids.push(id.clone());
            ids.len() - 1
        });
        results.push(json!({
            "ruleId": id,
            "ruleIndex": index,
            "level": level,
            "message": { "text": check::row(check, style) },
            "locations": [location(None, &check.platform)],
            "partialFingerprints": { "plimsoll/v1": fingerprint(&[&id, &check.platform]) },
        }));
    }
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": scene.report.tool.name,
                "semanticVersion": scene.report.tool.version,
                "rules": rules,
            } },
            // One category per image, so that a second upload does not close what the first one opened.
            "automationDetails": { "id": format!("plimsoll/{}/", plain(&scene.report.image.reference)) },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    let mut text = serde_json::to_string_pretty(&log).unwrap_or_default();
    text.push('\n');
    text
}

fn rule(finding: &Finding) -> Value {
    let mut rule = json!({
        "id": finding.rule,
        "shortDescription": { "text": finding.title },
        "defaultConfiguration": { "level": level(finding) },
        "properties": { "tags": ["size", finding.safety] },
    });
    if let Some(fix) = &finding.fix {
        let help = format!(
            "{}\n{}\n\nInstead of\n\n```dockerfile\n{}\n```\n\nwrite\n\n```dockerfile\n{}\n```\n",
            fix.why.trim(),
            fix.how.trim(),
            fix.before.trim(),
            fix.after.trim()
        );
        rule["fullDescription"] = json!({ "text": fix.why.trim() });
        rule["help"] = json!({ "text": format!("{} {}", fix.why.trim(), fix.how.trim()), "markdown": help });
        if let Some(reference) = fix.references.first() {
            rule["helpUri"] = json!(reference);
        }
    }
    rule
}

fn level(finding: &Finding) -> &'static str {
    if finding.safety == "safe" { "warning" } else { "note" }
}

fn result(platform: &Platform, finding: &Finding, index: usize, image: &str) -> Value {
    let layer = platform.layers.iter().find(|layer| Some(layer.number) == finding.layer);
    let made = layer.and_then(|layer| layer.instruction.as_deref()).unwrap_or_default();
    let owner = finding.owner.as_deref().unwrap_or_default();
    json!({
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": level(finding),
        "message": { "text": format!("{} on {}: {}", image, platform.platform, finding.message) },
        "locations": [location(lines(platform, finding), &platform.platform)],
        // Without the line, so that a result stays the same one when lines move.
        "partialFingerprints": { "plimsoll/v1": fingerprint(&[&finding.rule, &platform.platform, owner, made]) },
        "properties": { "content": finding.content, "transfer": finding.transfer, "files": finding.files },
    })
}

fn location(lines: Option<&Place>, platform: &str) -> Value {
    let (file, first, last) =
        lines.map_or((NOWHERE, 1, 1), |lines| (lines.file.as_str(), lines.first, lines.last));
    json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(file) },
            "region": { "startLine": first.max(1), "endLine": last.max(first).max(1) },
        },
        "logicalLocations": [{ "fullyQualifiedName": platform, "kind": "module" }],
    })
}

/// A path as a relative reference: no scheme, no byte that an address cannot have.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.trim_start_matches("./").bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' | b'~' => {
                uri.push(char::from(byte));
            }
            other => uri += &format!("%{other:02X}"),
        }
    }
    uri
}

/// A name as a part of a category.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' }).collect()
}

fn fingerprint(parts: &[&str]) -> String {
    format!("{:016x}", xxhash_rust::xxh3::xxh3_64(parts.join("\0").as_bytes()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_address_has_no_scheme() {
        assert_eq!(super::uri("./docker file:x"), "docker%20file%3Ax");
        assert_eq!(super::uri("svc/Dockerfile"), "svc/Dockerfile");
    }
}
