//! What came of a check, and what differs between images, as tables.

use super::text;
use crate::budget::Status;
use crate::compare::{Delta, Group};
use crate::report::check::amount;
use crate::report::comparison::versions;
use crate::report::scene::Scene;
use crate::report::style::{Style, growth};

/// Every budget in force.
pub(super) fn checks(scene: Scene<'_>, style: &Style) -> String {
    let Some(verdict) = scene.verdict else { return String::new() };
    let mut html = "<h2>Budgets</h2>\n<div class=\"scroll\"><table class=\"sorts\"><thead><tr><th>state</th><th>platform</th><th>budget</th>\
                    <th class=\"n\">value</th><th class=\"n\">limit</th><th class=\"n\">headroom</th><th>set at</th></tr></thead><tbody>\n"
        .to_owned();
    for check in &verdict.checks {
        let class = match check.status {
            Status::Pass => "good",
            Status::Skipped => "faint",
            Status::Warn => "warn",
            Status::Unknown | Status::Fail => "bad",
        };
        let cell = |figure: Option<f64>| match figure {
            Some(figure) => format!(
                "<td class=\"n\" data-v=\"{figure}\">{}</td>",
                text(&amount(figure, check.unit, style))
            ),
            None => "<td class=\"n\" data-v=\"0\">–</td>".to_owned(),
        };
        let note = check
            .note
            .as_ref()
            .map_or(String::new(), |note| format!("<br><span class=\"faint\">{}</span>", text(note)));
        html += &format!(
            "<tr><td class=\"{class}\">{}</td><td>{}</td><td class=\"name\">{}{note}</td>{}{}{}<td><code>{}</code></td></tr>\n",
            check.status.id(),
            text(&check.platform),
            text(&check.name),
            cell(check.value),
            cell(check.limit()),
            cell(check.headroom),
            text(&check.set_at)
        );
    }
    html + "</tbody></table></div>\n"
}

/// What differs, platform by platform.
pub(super) fn comparison(scene: Scene<'_>, style: &Style) -> String {
    let groups = scene.comparison.map(|comparison| comparison.platforms.as_slice()).unwrap_or_default();
    groups.iter().map(|group| of_group(group, style)).collect()
}

fn of_group(group: &Group, style: &Style) -> String {
    let on = group.platform.as_ref().map_or(String::new(), |platform| format!(" on {}", text(platform)));
    let mut html = format!(
        "<h2>What differs{on}</h2>\n<div class=\"scroll\"><table><thead><tr><th>image</th><th class=\"n\">content</th><th class=\"n\">change</th>\
         <th class=\"n\">transfer</th><th class=\"n\">change</th><th class=\"n\">wasted</th></tr></thead><tbody>\n"
    );
    let first = group.sides.first();
    for side in &group.sides {
        let [content, transfer] = first.map_or(["–".to_owned(), "–".to_owned()], |first| {
            [growth(side.change.content, first.content), growth(side.change.transfer, first.transfer.bytes)]
        });
        html += &format!(
            "<tr><td class=\"name\">{}</td><td class=\"n\">{}</td><td class=\"n\">{content}</td><td class=\"n\">{}</td><td class=\"n\">{transfer}</td><td class=\"n\">{}</td></tr>\n",
            text(&side.name),
            text(&style.figure(side.content)),
            text(&style.estimate(side.transfer.bytes, side.transfer.exact)),
            text(&style.figure(side.wasted))
        );
    }
    html += "</tbody></table></div>\n";
    let shared = group.layers.shared;
    html += &format!(
        "<p>{} layers are shared by all: {} content, {} transfer.",
        shared.layers,
        text(&style.bytes(shared.content)),
        text(&style.bytes(shared.transfer))
    );
    for (side, sum) in group.sides.iter().zip(&group.layers.unique) {
        html += &format!(
            " {} only in {}: {} content, {} transfer.",
            sum.layers,
            text(&side.name),
            text(&style.bytes(sum.content)),
            text(&style.bytes(sum.transfer))
        );
    }
    html += "</p>\n";
    html + &packages(group, style) + &findings(group, style)
}

fn change(delta: Delta, exact: bool, style: &Style) -> String {
    let class = |bytes: i64| match bytes {
        0 => "faint",
        1.. => "bad",
        _ => "good",
    };
    format!(
        "<td class=\"n {}\" data-v=\"{}\">{}</td><td class=\"n {}\" data-v=\"{}\">{}</td>",
        class(delta.content),
        delta.content,
        text(&style.change(delta.content, true)),
        class(delta.transfer),
        delta.transfer,
        text(&style.change(delta.transfer, exact))
    )
}

fn packages(group: &Group, style: &Style) -> String {
    let exact = group.is_exact();
    let mut html = "<h3>Packages</h3>\n<div class=\"scroll\"><table class=\"sorts\"><thead><tr><th>what</th><th>package</th><th class=\"n\">content</th>\
                    <th class=\"n\">transfer</th><th class=\"n\">now</th></tr></thead><tbody>\n"
        .to_owned();
    for owner in &group.owners {
        let now = owner.sizes.last().copied().flatten().map_or(0, |size| size.content);
        html += &format!(
            "<tr><td>{}</td><td class=\"name\">{}</td>{}<td class=\"n\" data-v=\"{now}\">{}</td></tr>\n",
            owner.kind.id(),
            text(&versions(&owner.id, &owner.versions)),
            change(owner.change, exact, style),
            text(&style.figure(now))
        );
    }
    html += "</tbody><tfoot>\n";
    let mut row = |name: &str, delta: Delta, now: u64| {
        html += &format!(
            "<tr><td></td><td>{name}</td>{}<td class=\"n\">{}</td></tr>\n",
            change(delta, exact, style),
            text(&style.figure(now))
        );
    };
    if !group.unchanged.change.is_zero() {
        row("owners of the same content", group.unchanged.change, group.unchanged.content);
    }
    for other in group.others.iter().filter(|row| !row.change.is_zero()) {
        let name = match other.id.as_str() {
            "overwritten" => "wasted: overwritten by a later layer",
            "deleted" => "wasted: deleted by a later layer",
            _ => "ends of tars, compression",
        };
        row(name, other.change, other.sizes.last().map_or(0, |size| size.content));
    }
    row("total", group.change(), group.sides.last().map_or(0, |side| side.content));
    html + "</tfoot></table></div>\n"
}

fn findings(group: &Group, style: &Style) -> String {
    if group.findings.is_empty() {
        return String::new();
    }
    let mut html = "<h3>Findings</h3>\n<div class=\"scroll\"><table class=\"sorts\"><thead><tr><th>what</th><th>rule</th><th class=\"n\">content</th><th class=\"n\">transfer</th></tr></thead><tbody>\n".to_owned();
    for finding in &group.findings {
        html += &format!(
            "<tr><td>{}</td><td class=\"name\">{}: {}</td>{}</tr>\n",
            finding.kind.id(),
            text(&finding.rule),
            text(&finding.title),
            change(finding.change, group.is_exact(), style)
        );
    }
    html + "</tbody></table></div>\n"
}
