//! The sections of the comment, each of which can be left out whole.

use super::{code, prose};
use crate::budget::{Check, Status};
use crate::compare::{Delta, Group};
use crate::report::check::amount;
use crate::report::comparison::versions;
use crate::report::scene::{Scene, lines, told};
use crate::report::style::{Style, counted, growth};
use crate::view::Platform;

/// A true minus, which aligns with the plus.
fn signed(text: &str) -> String {
    text.replace('-', "−")
}

/// `+12.6 MB (+8.3 %)`, or a dash.
fn delta(bytes: i64, from: u64, exact: bool, style: &Style) -> String {
    match bytes {
        0 => "±0".to_owned(),
        _ => signed(&format!("{} ({})", style.change(bytes, exact), growth(bytes, from))),
    }
}

/// The line under the headline: which image, and what it weighs.
pub(super) fn summary(scene: Scene<'_>, style: &Style) -> String {
    let mut parts = vec![code(&scene.report.image.reference)];
    let Some(platform) = scene.report.platforms.first() else { return parts.concat() };
    let exact = platform.transfer.exact;
    let group = scene.group(&platform.platform).or_else(|| scene.comparison?.platforms.first());
    if let Some((group, first)) = group.and_then(|group| Some((group, group.sides.first()?))) {
        let change = group.change();
        let bytes =
            |from: u64, to: String, change: String| format!("{} → **{to}** ({change})", style.bytes(from));
        let transfer = style.estimate(platform.transfer.bytes, exact);
        let change =
            [signed(&style.change(change.content, true)), signed(&style.change(change.transfer, exact))];
        parts.push(format!(
            "content {}",
            bytes(first.content, style.bytes(platform.content), change[0].clone())
        ));
        parts.push(format!("transfer {}", bytes(first.transfer.bytes, transfer, change[1].clone())));
        parts.push(format!("base {}", code(&first.name)));
    } else {
        parts.push(format!("content **{}**", style.bytes(platform.content)));
        parts.push(format!("transfer **{}**", style.estimate(platform.transfer.bytes, exact)));
    }
    parts.join(" · ")
}

/// One row per platform.
pub(super) fn platforms(scene: Scene<'_>, style: &Style) -> String {
    let compared = scene.comparison.is_some();
    let mut text = "| Platform | Content | Transfer |".to_owned();
    let mut rule = "|:--|--:|--:|".to_owned();
    if compared {
        text += " Change of content | Change of transfer |";
        rule += "--:|--:|";
    }
    if scene.verdict.is_some() {
        text += " Budget | |";
        rule += "--:|:--|";
    }
    text += &format!("\n{rule}\n");
    for platform in &scene.report.platforms {
        let exact = platform.transfer.exact;
        text += &format!(
            "| {} | {} | {} |",
            code(&platform.platform),
            style.bytes(platform.content),
            style.estimate(platform.transfer.bytes, exact)
        );
        if compared {
            match scene
                .group(&platform.platform)
                .and_then(|group| Some((group.change(), group.sides.first()?)))
            {
                Some((change, first)) => {
                    text += &format!(
                        " {} | {} |",
                        delta(change.content, first.content, true, style),
                        delta(change.transfer, first.transfer.bytes, exact, style)
                    );
                }
                None => text += " new | new |",
            }
        }
        if let Some(verdict) = scene.verdict {
            let checks = verdict.checks.iter().filter(|check| check.platform == platform.platform);
            let (budget, state) = match checks.max_by_key(|check| check.status) {
                Some(check) => {
                    (share(check, style), format!("{} {}", icon(check.status), word(check.status)))
                }
                None => (String::new(), String::new()),
            };
            text += &format!(" {budget} | {state} |");
        }
        text.push('\n');
    }
    text
}

/// `103 % of 160 MB`.
fn share(check: &Check, style: &Style) -> String {
    match (check.value, check.limit()) {
        (Some(value), Some(limit)) if limit > 0.0 => {
            format!(
                "{} {:.0} % of {}",
                code(&check.name),
                value * 100.0 / limit,
                amount(limit, check.unit, style)
            )
        }
        _ => code(&check.name),
    }
}

fn icon(status: Status) -> &'static str {
    match status {
        Status::Pass => "✅",
        Status::Skipped => "➖",
        Status::Warn => "⚠️",
        Status::Unknown => "❔",
        Status::Fail => "❌",
    }
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Pass => "within",
        Status::Skipped => "skipped",
        Status::Warn => "near",
        Status::Unknown => "unknown",
        Status::Fail => "over",
    }
}

/// The packages that changed most, on the first platform.
pub(super) fn changes(scene: Scene<'_>, style: &Style) -> String {
    let Some(group) = scene.comparison.and_then(|comparison| comparison.platforms.first()) else {
        return String::new();
    };
    table_of_changes(group, 10, style)
}

fn table_of_changes(group: &Group, most: usize, style: &Style) -> String {
    let others = group.others.iter().filter(|row| !row.change.is_zero());
    if group.owners.is_empty() && group.change().is_zero() {
        return String::new();
    }
    let on = group.platform.as_ref().map_or(String::new(), |platform| format!(" ({platform})"));
    let mut text =
        format!("**What changed**{on}\n\n| | Package | Content | Transfer | Now |\n|:--|:--|--:|--:|--:|\n");
    let exact = group.is_exact();
    let row = |kind: &str, name: &str, change: Delta, now: &str| {
        format!(
            "| {kind} | {name} | {} | {} | {now} |\n",
            signed(&style.change(change.content, true)),
            signed(&style.change(change.transfer, exact))
        )
    };
    for owner in group.owners.iter().take(most) {
        let now =
            owner.sizes.last().copied().flatten().map_or("–".to_owned(), |size| style.bytes(size.content));
        text += &row(owner.kind.id(), &code(&versions(&owner.id, &owner.versions)), owner.change, &now);
    }
    let rest = group.owners.get(most..).unwrap_or_default();
    if !rest.is_empty() {
        let mut sum = rest.iter().fold(Delta::default(), |sum, owner| Delta {
            content: sum.content + owner.change.content,
            transfer: sum.transfer + owner.change.transfer,
        });
        sum.transfer += group.unchanged.change.transfer;
        text += &row("", &format!("{} others", rest.len()), sum, "");
    } else if !group.unchanged.change.is_zero() {
        text += &row(
            "",
            &format!("{} others, of the same content", group.unchanged.owners),
            group.unchanged.change,
            "",
        );
    }
    for other in others {
        let name = match other.id.as_str() {
            "overwritten" => "wasted: overwritten by a later layer",
            "deleted" => "wasted: deleted by a later layer",
            _ => "ends of tars, compression",
        };
        text += &row(
            "",
            name,
            other.change,
            &other.sizes.last().map_or(String::new(), |now| style.figure(now.content)),
        );
    }
    text + &row(
        "",
        "**total**",
        group.change(),
        &group.sides.last().map_or(String::new(), |side| style.bytes(side.content)),
    )
}

/// The three findings that free most.
pub(super) fn advice(scene: Scene<'_>, style: &Style) -> String {
    let Some(platform) = scene.report.platforms.first() else { return String::new() };
    let over = scene.verdict.is_some_and(|verdict| verdict.status == Status::Fail);
    let mut text = String::new();
    for (at, finding) in told(platform).take(3).enumerate() {
        let place = lines(platform, finding)
            .map_or(String::new(), |lines| format!(" {}", code(&format!("{}:{}", lines.file, lines.first))));
        text += &format!(
            "{}. {}{place} {}: **{}** on disk, {} to pull · {}\n",
            at + 1,
            code(&finding.rule),
            prose(&finding.title),
            signed(&style.less(finding.content, true)),
            signed(&style.less(finding.transfer, platform.transfer.exact)),
            prose(&finding.safety),
        );
    }
    if text.is_empty() {
        return text;
    }
    let heading = if over { "Get back under" } else { "What could go" };
    format!("**{heading}** (found in the layers, no build was run)\n{text}")
}

/// Every budget in force.
pub(super) fn checks(scene: Scene<'_>, style: &Style) -> String {
    let Some(verdict) = scene.verdict else { return String::new() };
    let mut text =
        "| | Platform | Budget | Value | Limit | Headroom | Set at |\n|:--|:--|:--|--:|--:|--:|:--|\n"
            .to_owned();
    for check in &verdict.checks {
        let figure = |figure: Option<f64>| {
            figure.map_or("–".to_owned(), |figure| signed(&amount(figure, check.unit, style)))
        };
        let note = check.note.as_ref().map_or(String::new(), |note| format!(": {}", prose(note)));
        text += &format!(
            "| {} {} | {} | {}{note} | {} | {} | {} | {} |\n",
            icon(check.status),
            word(check.status),
            code(&check.platform),
            code(&check.name),
            figure(check.value),
            figure(check.limit()),
            figure(check.headroom),
            code(&check.set_at)
        );
    }
    for ignored in &verdict.ignores {
        let state = match ignored.state {
            crate::budget::IgnoredState::Used => "ignored",
            crate::budget::IgnoredState::Unused => "ignored, and matched nothing",
            crate::budget::IgnoredState::Expired => "no longer ignored: its time is over",
        };
        text += &format!(
            "\n{} {state}: {} ({})\n",
            code(&ignored.id),
            prose(&ignored.reason),
            code(&ignored.set_at)
        );
    }
    folded(&counted(verdict.checks.len() as u64, "budget in force", "budgets in force"), &text)
}

/// What changed on the other platforms.
pub(super) fn others(scene: Scene<'_>, style: &Style) -> String {
    let groups = scene.comparison.map(|comparison| comparison.platforms.as_slice()).unwrap_or_default();
    let tables: Vec<_> = groups.iter().skip(1).map(|group| table_of_changes(group, 10, style)).collect();
    if tables.iter().all(String::is_empty) {
        String::new()
    } else {
        folded("Other platforms", &tables.join("\n"))
    }
}

/// The layers of the first platform.
pub(super) fn layers(scene: Scene<'_>, style: &Style) -> String {
    let Some(platform) = scene.report.platforms.first() else { return String::new() };
    let mut text = "| | Instruction | Content | Transfer | Wasted |\n|--:|:--|--:|--:|--:|\n".to_owned();
    for layer in &platform.layers {
        let made = layer.instruction.as_deref().unwrap_or(&layer.digest);
        text += &format!(
            "| {} | {} | {} | {} | {} |\n",
            layer.number,
            code(made),
            style.figure(layer.content),
            style.estimate(layer.transfer, platform.transfer.exact),
            style.figure(layer.wasted)
        );
    }
    folded(&counted(platform.layers.len() as u64, "layer", "layers"), &text)
}

/// All findings of the first platform.
pub(super) fn findings(scene: Scene<'_>, style: &Style) -> String {
    let Some(platform) = scene.report.platforms.first() else { return String::new() };
    let mut text =
        "| Rule | Safety | Content | Transfer | What happened |\n|:--|:--|--:|--:|:--|\n".to_owned();
    let mut count = 0;
    for finding in told(platform) {
        count += 1;
        text += &format!(
            "| {} | {} | {} | {} | {} |\n",
            code(&finding.rule),
            prose(&finding.safety),
            style.figure(finding.content),
            style.estimate(finding.transfer, platform.transfer.exact),
            prose(&finding.message)
        );
    }
    if count == 0 { String::new() } else { folded(&counted(count, "finding", "findings"), &text) }
}

fn folded(summary: &str, text: &str) -> String {
    format!("<details><summary>{summary}</summary>\n\n{text}\n</details>\n")
}

/// What wrote it, and what the figures are.
pub(super) fn footer(scene: Scene<'_>) -> String {
    let estimated = scene.report.platforms.iter().any(|platform: &Platform| !platform.transfer.exact);
    let estimated = if estimated { " ~ is estimated." } else { "" };
    format!(
        "\n<sub>{} {} · content: bytes of the files in all layers, as Docker counts them; transfer: compressed layers, what a pull moves.{estimated}</sub>\n",
        prose(&scene.report.tool.name),
        prose(&scene.report.tool.version)
    )
}
