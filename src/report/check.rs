//! What came of a check, as a screen: the answer first, then every budget in force.

use super::grid::{
    Cell,
    Column::{Figure, Name, Text},
    Grid,
};
use super::style::{Ink, Style, counted, wrap};
use crate::budget::{Check, Ignored, IgnoredState, Status, Unit, Verdict};
use crate::view::Report;

/// The verdict, all checks, and what could bring the image back under.
pub(super) fn render(report: &Report, verdict: &Verdict, style: &Style) -> String {
    let mut sections = Vec::new();
    let mut answer = String::new();
    for line in wrap(&sentence(report, verdict, style), style.width) {
        answer += &format!("{}\n", style.paint(status_ink(verdict.status), &line));
    }
    sections.push(answer);
    let mut platforms: Vec<&str> = verdict.checks.iter().map(|check| check.platform.as_str()).collect();
    platforms.dedup();
    for platform in platforms {
        let checks = verdict.checks.iter().filter(|check| check.platform == platform);
        sections.push(table(platform, checks, style));
    }
    sections.push(ignores(&verdict.ignores, style));
    if verdict.status >= Status::Unknown {
        sections.push(get_back(report, style));
    }
    sections.retain(|section| !section.is_empty());
    sections.join("\n")
}

/// `FAIL: app.tar is over budget: transfer by 61.2 MB on linux/amd64`.
pub(super) fn sentence(report: &Report, verdict: &Verdict, style: &Style) -> String {
    let image = &report.image.reference;
    let all = counted(verdict.checks.len() as u64, "check", "checks");
    let worst: Vec<_> = verdict.with(verdict.status).collect();
    let more = match worst.len() {
        0 | 1 => String::new(),
        many => format!(", and {} more of {all}", many - 1),
    };
    let Some(first) = worst.first() else { return format!("PASS: {image}, nothing was left to check") };
    let by = beyond(first, style);
    match verdict.status {
        Status::Fail => format!("FAIL: {image} is over budget: {by}{more}"),
        Status::Unknown => {
            let why = first.note.as_deref().unwrap_or("it could not be evaluated");
            format!("UNKNOWN: {image}: {} could not be checked, {why}{more}", first.name)
        }
        Status::Warn => format!("WARN: {image} is near its budget: {by}{more}"),
        Status::Pass | Status::Skipped => format!("PASS: {image} is within budget, {all}"),
    }
}

/// The answer without the image's name: what is beyond its limit, or how much was checked.
pub(super) fn gist(verdict: &Verdict, style: &Style) -> String {
    let worst: Vec<_> = verdict.with(verdict.status).collect();
    let more = if worst.len() > 1 { format!(", and {} more", worst.len() - 1) } else { String::new() };
    match (verdict.status, worst.first()) {
        (Status::Fail | Status::Warn, Some(first)) => beyond(first, style) + &more,
        (Status::Unknown, Some(first)) => first.name.clone() + &more,
        _ => counted(verdict.checks.len() as u64, "budget", "budgets"),
    }
}

/// A check as a sentence: `transfer is 391 MB, its limit 400 MB, on linux/amd64 (plimsoll.toml:4)`.
pub(super) fn row(check: &Check, style: &Style) -> String {
    let figure = |figure: f64| amount(figure, check.unit, style);
    let mark = if check.exact { "" } else { "~" };
    let value = check.value.map_or("not known".to_owned(), |value| format!("{mark}{}", figure(value)));
    let limit = check.limit().map_or(String::new(), |limit| format!(", its limit {}", figure(limit)));
    let note = check.note.as_ref().map_or(String::new(), |note| format!(": {note}"));
    format!("{} is {value}{limit}, on {} ({}){note}", check.name, check.platform, check.set_at)
}

/// `transfer by 61.2 MB on linux/amd64`.
fn beyond(check: &Check, style: &Style) -> String {
    let Check { name, platform, .. } = check;
    match (check.headroom, check.unit) {
        (Some(_), _) if name.starts_with("deny.") || name.starts_with("warn.") => {
            let found = check.note.as_deref().unwrap_or_default();
            format!("{name} on {platform} ({found})")
        }
        (Some(room), _) => format!("{name} by {} on {platform}", amount(-room, check.unit, style)),
        (None, _) => format!("{name} on {platform}"),
    }
}

fn status_ink(status: Status) -> Ink {
    match status {
        Status::Pass => Ink::Good,
        Status::Skipped => Ink::Faint,
        Status::Warn => Ink::Warn,
        Status::Unknown | Status::Fail => Ink::Bad,
    }
}

fn table<'a>(platform: &str, checks: impl Iterator<Item = &'a Check>, style: &Style) -> String {
    let mut grid = Grid::new(
        &[Text, Name, Figure, Figure, Figure, Text],
        &["", platform, "value", "limit", "headroom", "set at"],
    );
    for check in checks {
        let ink = status_ink(check.status);
        let mark = if check.exact { "" } else { "~" };
        let figure =
            |figure: Option<f64>| figure.map_or("-".to_owned(), |figure| amount(figure, check.unit, style));
        let value =
            check.value.map_or("?".to_owned(), |value| format!("{mark}{}", amount(value, check.unit, style)));
        let limit = match (check.limit(), check.percent) {
            (None, Some(percent)) => format!("{percent} %"),
            (limit, _) => figure(limit),
        };
        grid.row(vec![
            Cell::new(ink, word(check.status)),
            check.name.clone().into(),
            value.into(),
            limit.into(),
            Cell::new(ink, figure(check.headroom)),
            Cell::new(Ink::Faint, check.set_at.clone()),
        ]);
        let mut notes: Vec<String> = Vec::new();
        if let (Some(warn), Some(_)) = (check.warn, check.fail) {
            notes.push(format!("warns beyond {}", amount(warn, check.unit, style)));
        }
        if let (Some(percent), Some(_)) = (check.percent, check.limit()) {
            notes.push(format!("the limit is {percent} %"));
        }
        notes.extend(check.note.clone());
        for line in wrap(&notes.join("; "), style.width.saturating_sub(9)) {
            grid.note(Ink::Faint, format!("         {line}"));
        }
    }
    grid.render(style)
}

/// The words stand for the colours; those that end a build are in capitals.
fn word(status: Status) -> &'static str {
    match status {
        Status::Fail => "FAIL",
        Status::Unknown => "UNKNOWN",
        other => other.id(),
    }
}

/// A figure of a check in its unit, with its sign where it is negative.
pub(super) fn amount(figure: f64, unit: Unit, style: &Style) -> String {
    let sign = if figure < 0.0 { "-" } else { "" };
    match unit {
        Unit::Bytes => format!("{sign}{}", style.bytes(whole(figure))),
        Unit::Count => format!("{figure:.0}"),
        Unit::Ratio => format!("{figure:.4}"),
    }
}

/// Figures of checks are bytes that were whole numbers before they were compared.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "absolute values of what was a u64"
)]
pub(super) fn whole(figure: f64) -> u64 {
    figure.abs() as u64
}

fn ignores(ignores: &[Ignored], style: &Style) -> String {
    if ignores.is_empty() {
        return String::new();
    }
    let mut text = format!("{}\n", style.paint(Ink::Strong, "Ignored"));
    for ignored in ignores {
        let until = ignored.until.as_ref().map_or(String::new(), |until| format!(" until {until}"));
        let (ink, state) = match ignored.state {
            IgnoredState::Used => (Ink::Faint, ""),
            IgnoredState::Unused => (Ink::Warn, " MATCHED NOTHING, it can go"),
            IgnoredState::Expired => (Ink::Bad, " EXPIRED, it counts again"),
        };
        let line = format!("{}{until}: {} ({}){state}", ignored.id, ignored.reason, ignored.set_at);
        for (at, line) in wrap(&line, style.width.saturating_sub(4)).iter().enumerate() {
            text += &format!("  {}{}\n", if at == 0 { "" } else { "  " }, style.paint(ink, line));
        }
    }
    text
}

/// The largest findings of this build: the way back.
fn get_back(report: &Report, style: &Style) -> String {
    const SHOWN: usize = 3;
    let mut findings: Vec<_> = report
        .platforms
        .iter()
        .flat_map(|platform| platform.findings.iter().map(move |finding| (platform, finding)))
        .filter(|(_, finding)| !finding.in_base && finding.covered_by.is_none() && finding.content > 0)
        .collect();
    findings.sort_by_key(|(_, finding)| u64::MAX - finding.content);
    findings.dedup_by_key(|(_, finding)| finding.rule.clone());
    if findings.is_empty() {
        return String::new();
    }
    let mut grid = Grid::new(
        &[Name, Text, Figure, Figure],
        &["Get back under: what could go", "safety", "content", "transfer"],
    );
    for (platform, finding) in findings.iter().take(SHOWN) {
        grid.row(vec![
            format!("  {}", finding.rule).into(),
            finding.safety.clone().into(),
            style.figure(finding.content).into(),
            style.estimate(finding.transfer, platform.transfer.exact).into(),
        ]);
        for line in wrap(&finding.message, style.width.saturating_sub(4)) {
            grid.note(Ink::Faint, format!("    {line}"));
        }
    }
    let next = findings.first().map_or(String::new(), |(_, finding)| {
        format!("  plimsoll rules {}   why, and the fix in the Dockerfile\n", finding.rule)
    });
    grid.render(style) + &next
}
