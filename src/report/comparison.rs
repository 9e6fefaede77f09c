//! A comparison as a screen: the table that people write by hand first, then what the difference consists of. Rows add
//! up to the difference.

use super::grid::{
    Cell,
    Column::{Figure, Name, Text},
    Grid,
};
use super::style::{Ink, Style, counted, growth, shorten, wrap};
use crate::compare::{Bytes, Comparison, Delta, Group, Kind, LayerSum};

/// All platforms, one after the other.
pub(super) fn render(comparison: &Comparison, style: &Style) -> String {
    let mut sections = Vec::new();
    for group in &comparison.platforms {
        sections.push(sides(group, style));
        sections.push(layers(group, style));
        sections.push(packages(group, style));
        sections.push(categories(group, style));
        sections.push(findings(group, style));
        sections.push(files(group, style));
    }
    sections.retain(|section| !section.is_empty());
    sections.join("\n")
}

/// Version, content, transfer, reduction against the first.
fn sides(group: &Group, style: &Style) -> String {
    let on = group.platform.as_ref().map_or(String::new(), |platform| format!(" on {platform}"));
    let title = format!("{} images{on}", group.sides.len());
    let title = if group.platform.is_some() { title } else { "Images".to_owned() };
    let mut grid = Grid::new(
        &[Name, Figure, Figure, Figure, Figure, Figure],
        &[&title, "content", "change", "transfer", "change", "wasted"],
    );
    let Some(first) = group.sides.first() else { return String::new() };
    for (at, side) in group.sides.iter().enumerate() {
        let [content, transfer] = match at {
            0 => [String::new(), String::new()],
            _ => [
                growth(side.change.content, first.content),
                growth(side.change.transfer, first.transfer.bytes),
            ],
        };
        grid.row(vec![
            format!("  {}", side.name).into(),
            style.figure(side.content).into(),
            Cell::new(change_ink(side.change.content), content),
            style.estimate(side.transfer.bytes, side.transfer.exact).into(),
            Cell::new(change_ink(side.change.transfer), transfer),
            Cell::new(Ink::Faint, style.figure(side.wasted)),
        ]);
    }
    let change = group.change();
    let exact = group.is_exact();
    let title = if group.sides.len() > 2 { "  the last against the first" } else { "  difference" };
    grid.row(vec![
        Cell::new(Ink::Strong, title),
        Cell::new(Ink::Strong, style.change(change.content, true)),
        "".into(),
        Cell::new(Ink::Strong, style.change(change.transfer, exact)),
    ]);
    let mut text = grid.render(style);
    if !exact {
        text += "  ~ estimated: a source keeps layers uncompressed; --transfer exact compresses them\n";
    }
    let verdict = verdict(change);
    if !verdict.is_empty() {
        for line in wrap(verdict, style.width.saturating_sub(2)) {
            text += &format!("  {}\n", style.paint(Ink::Warn, &line));
        }
    }
    text
}

/// The difference that surprises people.
fn verdict(change: Delta) -> &'static str {
    match (change.content, change.transfer) {
        (content, transfer) if content < 0 && transfer > 0 => "smaller on disk, and more to pull",
        (content, transfer) if content > 0 && transfer < 0 => "larger on disk, and less to pull",
        _ => "",
    }
}

fn change_ink(change: i64) -> Ink {
    match change {
        0 => Ink::Plain,
        1.. => Ink::Bad,
        _ => Ink::Good,
    }
}

/// What the images share, and what each brings alone.
fn layers(group: &Group, style: &Style) -> String {
    let exact = group.is_exact();
    let mut grid = Grid::new(&[Name, Figure, Figure, Figure], &["Layers", "layers", "content", "transfer"]);
    let mut add = |name: String, sum: LayerSum| {
        grid.row_in(
            Ink::Plain,
            [
                name,
                if sum.layers == 0 { "-".to_owned() } else { sum.layers.to_string() },
                style.figure(sum.content),
                style.estimate(sum.transfer, exact),
            ],
        );
    };
    let all = if group.sides.len() == 2 { "both" } else { "all" };
    add(format!("  shared by {all}"), group.layers.shared);
    for (side, sum) in group.sides.iter().zip(&group.layers.unique) {
        add(format!("  only in {}", side.name), *sum);
    }
    if group.sides.len() > 2 {
        for (side, sum) in group.sides.iter().zip(&group.layers.to_pull).skip(1) {
            add(format!("  to pull for {}, with the first there", side.name), *sum);
        }
    }
    grid.render(style)
}

/// What was added, removed, upgraded, grown and shrunk: the rows add up to the difference.
fn packages(group: &Group, style: &Style) -> String {
    let exact = group.is_exact();
    let mut grid = Grid::new(
        &[Text, Name, Figure, Figure, Figure],
        &["Change", "of what", "now", "content", "transfer"],
    );
    let mut add = |ink: Ink, kind: &str, name: String, now: String, change: Delta| {
        grid.row(vec![
            Cell::new(kind_ink(kind), format!("  {kind}")),
            Cell::new(ink, name),
            Cell::new(Ink::Faint, now),
            Cell::new(ink, style.change(change.content, true)),
            Cell::new(ink, style.change(change.transfer, exact)),
        ]);
    };
    let shown = if style.top == 0 { group.owners.len() } else { style.top.min(group.owners.len()) };
    let mut rows: Vec<(&str, String, String, Delta)> = Vec::new();
    for owner in &group.owners[..shown] {
        let now =
            owner.sizes.last().copied().flatten().map_or("-".to_owned(), |size| style.figure(size.content));
        rows.push((owner.kind.id(), versions(&owner.id, &owner.versions), now, owner.change));
    }
    for row in group.others.iter().filter(|row| !row.change.is_zero()) {
        let name = match row.id.as_str() {
            "overwritten" => "wasted: overwritten by a later layer",
            "deleted" => "wasted: deleted by a later layer",
            _ => "ends of tars, compression",
        };
        let now = row.sizes.last().map_or(String::new(), |size| style.figure(size.content));
        let kind = match row.change.content {
            0 => "",
            1.. => "grown",
            _ => "shrunk",
        };
        rows.push((kind, name.to_owned(), now, row.change));
    }
    // What ships and cannot be seen stands among the packages, by its weight.
    rows.sort_by_key(|(.., change)| u64::MAX - change.content.unsigned_abs());
    for (kind, name, now, change) in rows {
        add(Ink::Plain, kind, name, now, change);
    }
    let rest = &group.owners[shown..];
    if !rest.is_empty() {
        let change = sum(rest.iter().map(|owner| owner.change));
        add(Ink::Faint, "", format!("{} others (--top 0 shows all)", rest.len()), String::new(), change);
    }
    if !group.unchanged.change.is_zero() {
        let owners = counted(group.unchanged.owners, "owner", "owners");
        add(Ink::Faint, "", format!("{owners} of the same content"), String::new(), group.unchanged.change);
    }
    let now = group.sides.last().map_or(String::new(), |side| style.figure(side.content));
    add(Ink::Strong, "", "total".to_owned(), now, group.change());
    grid.render(style)
}

fn kind_ink(kind: &str) -> Ink {
    match kind {
        "added" | "grown" => Ink::Bad,
        "removed" | "shrunk" => Ink::Good,
        _ => Ink::Warn,
    }
}

fn sum(changes: impl Iterator<Item = Delta>) -> Delta {
    changes.fold(Delta::default(), |sum, change| Delta {
        content: sum.content + change.content,
        transfer: sum.transfer + change.transfer,
    })
}

/// `python:botocore 1.35 → 1.34`, or the one version there is.
pub(super) fn versions(id: &str, versions: &[Option<String>]) -> String {
    let first = versions.first().and_then(Option::as_deref);
    let last = versions.last().and_then(Option::as_deref);
    match (first, last) {
        (Some(first), Some(last)) if first != last => {
            format!("{id} {} → {}", shorten(first, 20), shorten(last, 20))
        }
        (Some(only), _) | (None, Some(only)) => format!("{id} {}", shorten(only, 20)),
        (None, None) => id.to_owned(),
    }
}

/// What the live bytes are, where that differs.
fn categories(group: &Group, style: &Style) -> String {
    let changed: Vec<_> = group.categories.iter().filter(|row| row.change.content != 0).collect();
    if changed.is_empty() {
        return String::new();
    }
    let mut grid = Grid::new(
        &[Name, Figure, Figure, Figure, Figure],
        &["What the live bytes are", "before", "now", "content", "transfer"],
    );
    let end = |size: Option<&Bytes>| size.map_or(String::new(), |size| style.figure(size.content));
    for row in changed {
        grid.row_in(
            Ink::Plain,
            [
                format!("  {}", row.id),
                end(row.sizes.first()),
                end(row.sizes.last()),
                style.change(row.change.content, true),
                style.change(row.change.transfer, group.is_exact()),
            ],
        );
    }
    grid.render(style)
}

/// Findings that appeared, went, or changed.
fn findings(group: &Group, style: &Style) -> String {
    let mut grid = Grid::new(
        &[Text, Name, Text, Figure, Figure],
        &["Findings", "rule", "safety", "content", "transfer"],
    );
    let changed: Vec<_> = group.findings.iter().filter(|finding| finding.kind != Kind::Unchanged).collect();
    let same = group.findings.len() - changed.len();
    if group.findings.is_empty() {
        return String::new();
    }
    for finding in changed {
        let kind = match finding.kind {
            Kind::Added => "appeared",
            Kind::Removed => "went",
            other => other.id(),
        };
        let ink = change_ink(finding.change.content);
        grid.row(vec![
            Cell::new(ink, format!("  {kind}")),
            finding.rule.clone().into(),
            finding.safety.clone().into(),
            style.change(finding.change.content, true).into(),
            style.change(finding.change.transfer, group.is_exact()).into(),
        ]);
    }
    if same > 0 {
        grid.note(Ink::Faint, format!("  {} as before", counted(same as u64, "rule finds", "rules find")));
    }
    grid.render(style)
}

/// The files behind an owner's growth.
fn files(group: &Group, style: &Style) -> String {
    let Some(files) = &group.files else { return String::new() };
    let title = format!("Files of {}", files.owner);
    let mut grid =
        Grid::new(&[Text, Name, Figure, Figure, Figure], &["", &title, "now", "content", "transfer"]);
    let shown = if style.top == 0 { files.changed.len() } else { (2 * style.top).min(files.changed.len()) };
    for file in &files.changed[..shown] {
        let now =
            file.sizes.last().copied().flatten().map_or("-".to_owned(), |size| style.figure(size.content));
        grid.row(vec![
            Cell::new(kind_ink(file.kind.id()), format!("  {}", file.kind.id())),
            file.path.clone().into(),
            Cell::new(Ink::Faint, now),
            style.change(file.change.content, true).into(),
            style.change(file.change.transfer, group.is_exact()).into(),
        ]);
    }
    let rest = &files.changed[shown..];
    if !rest.is_empty() {
        let change = sum(rest.iter().map(|file| file.change));
        grid.row(vec![
            "".into(),
            Cell::new(Ink::Faint, format!("{} other files (--top 0 shows all)", rest.len())),
            "".into(),
            style.change(change.content, true).into(),
            style.change(change.transfer, group.is_exact()).into(),
        ]);
    }
    let same = counted(files.unchanged, "file is", "files are");
    grid.note(Ink::Faint, format!("  {same} of the same size on every side"));
    grid.render(style)
}
