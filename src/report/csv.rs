//! CSV: one row per figure, of every kind in one table, so that a spreadsheet can pivot it.

use super::scene::Scene;
use crate::compare::Bytes;
use crate::view::Platform;

const HEADS: [&str; 10] =
    ["image", "platform", "kind", "id", "version", "layer", "content", "transfer", "files", "detail"];

/// The table. Bytes are whole numbers; transfer of `~` sources is estimated, as the row of the image says.
pub(super) fn render(scene: Scene<'_>) -> String {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    // Writing to memory does not fail, and a row that is not there would be noticed by its sum.
    let _ = writer.write_record(HEADS);
    let image = scene.report.image.reference.as_str();
    let mut row = |platform: &str, kind: &str, fields: [&str; 7]| {
        let mut record = vec![safe(image), safe(platform), kind.to_owned()];
        record.extend(fields.iter().map(|field| safe(field)));
        let _ = writer.write_record(record);
    };
    for platform in &scene.report.platforms {
        of_platform(platform, &mut |kind, fields| row(&platform.platform, kind, fields));
    }
    for check in scene.verdict.iter().flat_map(|verdict| &verdict.checks) {
        let value = check.value.map_or(String::new(), |value| value.to_string());
        let limit = check.limit().map_or(String::new(), |limit| limit.to_string());
        let detail = format!("{}: {value} of {limit}, set at {}", check.status.id(), check.set_at);
        row(&check.platform, "check", [&check.name, "", "", "", "", "", &detail]);
    }
    for group in scene.comparison.iter().flat_map(|comparison| &comparison.platforms) {
        let name = group.platform.as_deref().unwrap_or("several");
        for owner in &group.owners {
            let now = owner.sizes.last().copied().flatten().unwrap_or(Bytes::default());
            let version = owner.versions.last().cloned().flatten().unwrap_or_default();
            let was = owner.sizes.first().copied().flatten().unwrap_or(Bytes::default());
            let detail = format!("{}, was {} and {} to pull", owner.kind.id(), was.content, was.transfer);
            let [content, transfer] = [now.content.to_string(), now.transfer.to_string()];
            row(name, "change", [&owner.id, &version, "", &content, &transfer, "", &detail]);
        }
    }
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

fn of_platform(platform: &Platform, row: &mut dyn FnMut(&str, [&str; 7])) {
    let text = |figure: u64| figure.to_string();
    let exact = if platform.transfer.exact { "transfer is exact" } else { "transfer is estimated" };
    let transfer = text(platform.transfer.bytes);
    row(
        "image",
        [
            &platform.id,
            "",
            &text(platform.layers.len() as u64),
            &text(platform.content),
            &transfer,
            "",
            exact,
        ],
    );
    for (fate, content, transfer) in [
        ("live", platform.live, platform.live_transfer),
        ("overwritten", platform.overwritten, platform.overwritten_transfer),
        ("deleted", platform.deleted, platform.deleted_transfer),
        ("overhead", 0, platform.overhead_transfer),
    ] {
        row("fate", [fate, "", "", &text(content), &text(transfer), "", ""]);
    }
    for layer in &platform.layers {
        let made = layer.instruction.as_deref().unwrap_or_default();
        let [number, content, transfer] = [layer.number, layer.content, layer.transfer].map(text);
        row("layer", [&layer.digest, "", &number, &content, &transfer, &text(layer.entries), made]);
    }
    for owner in &platform.owners {
        let version = owner.version.as_deref().unwrap_or_default();
        let [content, transfer, files] = [owner.content, owner.transfer, owner.files].map(text);
        row("owner", [&owner.id, version, "", &content, &transfer, &files, &owner.ecosystem]);
    }
    for category in &platform.categories {
        let [content, transfer, files] = [category.content, category.transfer, category.files].map(text);
        row("category", [&category.id, "", "", &content, &transfer, &files, ""]);
    }
    for finding in &platform.findings {
        let layer = finding.layer.map_or(String::new(), text);
        let [content, transfer, files] = [finding.content, finding.transfer, finding.files].map(text);
        row("finding", [&finding.rule, "", &layer, &content, &transfer, &files, &finding.message]);
    }
    for variant in &platform.variants {
        let how = if variant.measured { "measured" } else { "projected" };
        row("variant", [&variant.name, "", "", &text(variant.content), &text(variant.transfer), "", how]);
    }
}

/// A cell that a spreadsheet does not take for a formula.
fn safe(field: &str) -> String {
    let first = field.trim_start_matches(' ').chars().next();
    if matches!(first, Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '|' | '%')) {
        format!("'{field}")
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_is_a_formula() {
        for field in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =cmd|' /c calc'!A1"] {
            assert!(super::safe(field).starts_with('\''), "{field}");
        }
        assert_eq!(super::safe("python:scipy"), "python:scipy");
    }
}
