//! What was read, and what it weighs.

use crate::report::grid::Column::{Figure, Name};
use crate::report::grid::{Cell, Grid};
use crate::report::style::{Ink, Style, counted, percent, shorten, width, wrap};
use crate::view::{Base, Node, NodeKind, Platform, Report};

/// The first lines: the reference and, where there are several platforms, one line for each.
pub(super) fn image(report: &Report, style: &Style) -> String {
    let [only] = report.platforms.as_slice() else { return platforms(report, style) };
    title(&report.image.reference, &only.platform, only.digest.as_deref(), style)
        + &facts(&image_facts(report), style)
}

/// What holds for the image as a whole: its names, and the platforms that are not in this report.
fn image_facts(report: &Report) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if !report.image.tags.is_empty() {
        facts.push(("tags", report.image.tags.join(", ")));
    }
    let (mut unread, mut absent) = (Vec::new(), Vec::new());
    others(report, &report.index, &mut unread, &mut absent);
    if !unread.is_empty() {
        let all = if has_unread(&report.index) { ", --all-platforms reads all" } else { "" };
        facts.push(("also", format!("{} (--platform chooses{all})", unread.join(", "))));
    }
    if !absent.is_empty() {
        facts.push(("not in here", absent.join(", ")));
    }
    facts
}

/// The platforms that the index names and nobody asked for, and those that the source does not hold.
fn others<'a>(report: &Report, node: &'a Node, unread: &mut Vec<&'a str>, absent: &mut Vec<&'a str>) {
    let platform = node.platform.as_deref().unwrap_or("unknown");
    match node.kind {
        NodeKind::Missing => absent.push(platform),
        NodeKind::Unread => unread.push(platform),
        NodeKind::Image if !report.platforms.iter().any(|read| read.platform == platform) => {
            unread.push(platform);
        }
        _ => {}
    }
    for child in &node.children {
        others(report, child, unread, absent);
    }
}

/// Whether something was left where it is because nobody asked for it.
fn has_unread(node: &Node) -> bool {
    node.kind == NodeKind::Unread || node.children.iter().any(has_unread)
}

/// Facts under a title, each with its name before it.
fn facts(facts: &[(&str, String)], style: &Style) -> String {
    let mut text = String::new();
    for (name, fact) in facts {
        let margin = width(name).max(4) + 4;
        for (position, line) in wrap(fact, style.width.saturating_sub(margin)).iter().enumerate() {
            let name = if position == 0 { name } else { "" };
            text += &format!("  {name:<room$}  {line}\n", room = margin - 4);
        }
    }
    text
}

/// `app.tar  linux/amd64  sha256:9c1e8a0b1234`, as far as there is room.
fn title(reference: &str, platform: &str, digest: Option<&str>, style: &Style) -> String {
    let digest = digest.map_or(String::new(), |digest| format!("  {}", short(digest)));
    let room = style.width.saturating_sub(width(platform) + width(&digest) + 2);
    let reference = style.paint(Ink::Strong, &shorten(reference, room.max(20)));
    format!("{reference}  {platform}{}\n", style.paint(Ink::Faint, &digest))
}

/// A digest as Docker shortens it, with its algorithm.
pub(in crate::report) fn short(digest: &str) -> String {
    match digest.split_once(':') {
        Some((algorithm, hex)) => format!("{algorithm}:{}", hex.get(..12).unwrap_or(hex)),
        None => digest.to_owned(),
    }
}

fn platforms(report: &Report, style: &Style) -> String {
    let mut heading =
        format!("{}\n", style.paint(Ink::Strong, &shorten(&report.image.reference, style.width)));
    heading += &facts(&image_facts(report), style);
    heading.push('\n');
    let mut grid = Grid::new(
        &[Name, Figure, Figure, Figure, Figure],
        &["Platforms", "layers", "content", "wasted", "transfer"],
    );
    for platform in &report.platforms {
        grid.row(vec![
            format!("  {}", platform.platform).into(),
            platform.layers.len().to_string().into(),
            style.figure(platform.content).into(),
            style.figure(platform.wasted()).into(),
            style.estimate(platform.transfer.bytes, platform.transfer.exact).into(),
        ]);
    }
    heading + &grid.render(style)
}

/// The lines under the title, or under the platform's own title where there are several: the verdict, tags, base.
pub(super) fn platform(report: &Report, platform: &Platform, style: &Style) -> String {
    let mut text = String::new();
    if report.platforms.len() > 1 {
        let digest = platform.digest.as_deref().map_or_else(String::new, short);
        text += &format!(
            "{}  {}\n",
            style.paint(Ink::Strong, &platform.platform),
            style.paint(Ink::Faint, &digest)
        );
    }
    text += &format!("{}\n", style.paint(Ink::Strong, &weight(platform, style)));
    if let Some(can_go) = can_go(platform, style) {
        text += &format!("{}\n", style.paint(Ink::Good, &can_go));
    }
    if let Some(base) = &platform.base {
        text += &facts(&[("base", base_line(base, platform))], style);
    }
    text
}

/// The answer first: what it weighs, and what of it is wasted.
fn weight(platform: &Platform, style: &Style) -> String {
    let mut parts = vec![format!("{} content", style.bytes(platform.content))];
    if platform.transfer.is_known() && platform.transfer.bytes > 0 {
        let transfer = style.estimate(platform.transfer.bytes, platform.transfer.exact);
        parts.push(format!("{transfer} transfer"));
    }
    if platform.wasted() > 0 {
        let share = percent(platform.wasted(), platform.content);
        parts.push(format!("{} wasted ({share})", style.bytes(platform.wasted())));
    }
    parts.join(", ")
}

/// What can go: safely, and after a look.
fn can_go(platform: &Platform, style: &Style) -> Option<String> {
    let clean = platform.variants.iter().find(|variant| variant.name == "clean");
    let safe = clean.map_or(0, |clean| platform.content.saturating_sub(clean.content));
    let more = platform.own_saving.content.saturating_sub(safe);
    match (safe, more) {
        (0, 0) => None,
        (0, more) => Some(format!("{} can go after a look at the findings", style.bytes(more))),
        (safe, 0) => Some(format!("{} can safely go", style.bytes(safe))),
        (safe, more) => Some(format!(
            "{} can safely go, {} more after a look at the findings",
            style.bytes(safe),
            style.bytes(more)
        )),
    }
}

fn base_line(base: &Base, platform: &Platform) -> String {
    let layers = match base.layers {
        1 => format!("layer 1 of {}", platform.layers.len()),
        many => format!("layers 1 to {many} of {}", platform.layers.len()),
    };
    let name = base.name.as_deref().map_or(String::new(), |name| format!("{name}, "));
    format!("{name}{layers} ({})", base.evidence)
}

/// Content and transfer by fate: the rows add up to what ships.
pub(super) fn sizes(platform: &Platform, style: &Style) -> String {
    let exact = platform.transfer.exact;
    let mut grid = Grid::new(&[Name, Figure, Figure, Figure], &["Sizes", "content", "share", "transfer"]);
    let rows = [
        ("live: what a container sees", platform.live, platform.live_transfer, Ink::Plain),
        (
            "wasted: overwritten by a later layer",
            platform.overwritten,
            platform.overwritten_transfer,
            Ink::Warn,
        ),
        ("wasted: deleted by a later layer", platform.deleted, platform.deleted_transfer, Ink::Warn),
        ("ends of tars, compression", 0, platform.overhead_transfer, Ink::Faint),
    ];
    for (name, content, transfer, ink) in rows {
        if content > 0 || transfer > 0 {
            grid.row(vec![
                Cell::new(ink, format!("  {name}")),
                style.figure(content).into(),
                Cell::new(Ink::Faint, percent(content, platform.content)),
                style.estimate(transfer, exact).into(),
            ]);
        }
    }
    grid.row_in(
        Ink::Strong,
        [
            format!("  total of {}", counted(platform.layers.len() as u64, "layer", "layers")),
            style.figure(platform.content),
            percent(platform.content, platform.content),
            style.estimate(platform.transfer.bytes, exact),
        ],
    );
    let mut text = grid.render(style);
    if !platform.transfer.is_known() {
        text += "  transfer was not looked at; --transfer estimate does\n";
    } else if !exact {
        text += "  ~ estimated: layers are uncompressed here; --transfer exact compresses them\n";
    }
    text
}
