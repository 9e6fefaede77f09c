//! What could go, and what the image would weigh without it.

use crate::report::grid::Column::{Figure, Name, Text};
use crate::report::grid::{Cell, Grid};
use crate::report::style::{Ink, Style, counted, percent, wrap};
use crate::view::{Finding, Platform, Variant};

/// What the rules found, by saving, those of the base last.
pub(super) fn findings(platform: &Platform, style: &Style) -> String {
    if platform.findings.is_empty() {
        let rules = counted(platform.rules, "rule", "rules");
        return format!("{}: {rules} ran\n", style.paint(Ink::Strong, "No findings"));
    }
    let exact = platform.transfer.exact;
    let mut grid = Grid::new(
        &[Name, Text, Text, Figure, Figure],
        &["Findings", "safety", "layer", "content", "transfer"],
    );
    // What a more precise finding says already is in the JSON only.
    let told = platform.findings.iter().filter(|finding| finding.covered_by.is_none());
    let (base, own): (Vec<_>, Vec<_>) = told.partition(|finding| finding.in_base);
    list(&mut grid, &own, exact, style);
    if own.len() > 1 {
        let name = "  together, overlaps counted once".to_owned();
        let saving = platform.own_saving;
        let [content, transfer] = [style.figure(saving.content), style.estimate(saving.transfer, exact)];
        grid.row_in(Ink::Strong, [name, String::new(), String::new(), content, transfer]);
    }
    if !base.is_empty() {
        grid.note(Ink::Faint, "  In the base, so that only another base gets rid of it:");
        list(&mut grid, &base, exact, style);
    }
    grid.render(style)
}

fn list(grid: &mut Grid, findings: &[&Finding], exact: bool, style: &Style) {
    let shown = match style.top {
        0 => findings.len(),
        // Whoever asks for fewer owners still wants to see what can go.
        top => top.max(20).min(findings.len()),
    };
    for finding in &findings[..shown] {
        let ink = if finding.in_base { Ink::Faint } else { Ink::Plain };
        grid.row(vec![
            Cell::new(ink, format!("  {}", finding.rule)),
            Cell::new(safety_ink(&finding.safety), finding.safety.clone()),
            Cell::new(ink, layer(finding)),
            Cell::new(ink, style.figure(finding.content)),
            Cell::new(ink, style.estimate(finding.transfer, exact)),
        ]);
        // What only another base can change is named, and explained in the JSON.
        let message = if finding.in_base { &String::new() } else { &finding.message };

        let message = match &finding.place {
            Some(place) if !message.is_empty() => format!("{place}: {message}"),
            _ => message.clone(),
        };
        for line in wrap(&message, style.width.min(100).saturating_sub(4)) {
            grid.note(Ink::Faint, format!("    {line}"));
        }
    }
    let rest = &findings[shown..];
    if !rest.is_empty() {
        let content = rest.iter().map(|finding| finding.content).sum();
        let transfer = rest.iter().map(|finding| finding.transfer).sum();
        grid.row_in(
            Ink::Faint,
            [
                format!("  {} smaller ones (--top 0), at most", rest.len()),
                String::new(),
                String::new(),
                style.figure(content),
                style.estimate(transfer, exact),
            ],
        );
    }
}

fn layer(finding: &Finding) -> String {
    match (finding.layer, finding.hidden_by) {
        (None, None) if finding.owner.is_some() => String::new(),
        (Some(layer), Some(by)) if by != layer => format!("{layer} (by {by})"),
        (Some(layer), _) => layer.to_string(),
        (None, Some(by)) => format!("by {by}"),
        (None, None) => "several".to_owned(),
    }
}

fn safety_ink(safety: &str) -> Ink {
    match safety {
        "safe" => Ink::Good,
        "review" => Ink::Warn,
        _ => Ink::Bad,
    }
}

/// A variant: from what the image weighs to what it would weigh, change by change.
pub(super) fn variant(platform: &Platform, variant: &Variant, style: &Style) -> String {
    if variant.changes.is_empty() {
        return String::new();
    }
    let exact = platform.transfer.exact;
    let how = if variant.measured { "built and weighed" } else { "projected" };
    let heading = format!("The {} variant, {how}", variant.name);
    let mut grid = Grid::new(&[Name, Figure, Figure], &[&heading, "content", "transfer"]);
    let now = [style.figure(platform.content), style.estimate(platform.transfer.bytes, exact)];
    grid.row_in(Ink::Plain, ["  the image as it is".to_owned(), now[0].clone(), now[1].clone()]);
    for change in &variant.changes {
        let name = if change.rule.is_empty() { "other changes" } else { &change.rule };
        let files = counted(change.entries, "entry", "entries");
        grid.row_in(
            Ink::Faint,
            [
                format!("    without {name}, {files}"),
                style.less(change.content, true),
                style.less(change.transfer, exact),
            ],
        );
    }
    // Without its neighbours a file compresses differently: a projection of transfer is an estimate even where what it
    // starts from is exact.
    let transfer = style.estimate(variant.transfer, exact && variant.measured);
    let content = |bytes| style.estimate(bytes, variant.is_exact());
    grid.row_in(Ink::Strong, [format!("  {}", variant.name), content(variant.content), transfer]);
    let saved = [
        platform.content.saturating_sub(variant.content),
        platform.transfer.bytes.saturating_sub(variant.transfer),
    ];
    let share = match [percent(saved[0], platform.content), percent(saved[1], platform.transfer.bytes)] {
        [content, transfer] if content == transfer || transfer == "-" => content,
        [content, transfer] => format!("{content} of content, {transfer} of transfer"),
    };
    let transfer = style.estimate(saved[1], exact && variant.measured);
    grid.row_in(Ink::Good, [format!("  saved: {share}"), content(saved[0]), transfer]);
    if variant.within.is_some() {
        grid.note(Ink::Faint, format!("  {}", variant.how()));
    }
    let mut text = grid.render(style);
    for caveat in &variant.caveats {
        for (position, line) in wrap(caveat, style.width.min(100).saturating_sub(4)).iter().enumerate() {
            text += &format!("  {} {line}\n", if position == 0 { "-" } else { " " });
        }
    }
    text
}
