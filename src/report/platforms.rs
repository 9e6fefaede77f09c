//! The index as a tree: what there is for which platform, what is shared, what is attached, and what it all costs.

use super::grid::Column::{Figure, Name, Text};
use super::grid::{Cell, Grid};
use super::style::{Ink, Style, counted, shorten};
use super::table::{quoted, short};
use crate::view::{Node, NodeKind, Report};

/// The tree of what a reference names.
pub(super) fn render(report: &Report, style: &Style) -> String {
    let mut text = format!("{}\n", style.paint(Ink::Strong, &shorten(&report.image.reference, style.width)));
    for tag in &report.image.tags {
        text += &format!("  tag  {}\n", shorten(tag, style.width.saturating_sub(7)));
    }
    let mut grid = Grid::new(&[Name, Text, Figure, Figure], &["Index", "digest", "stored", "shared"]);
    // A docker save unpacks layers: what it stores is not what a registry keeps.
    let exact = report.registry.exact || report.image.kind != "docker-archive";
    tree(&mut grid, &report.index, &Position::top(), exact, style);
    text += &format!("\n{}\n{}", grid.render(style), registry(report, style));
    if !report.index.children.is_empty() {
        let command = format!("plimsoll analyze {} --platform PLATFORM", quoted(&report.image.reference));
        text += &format!("\n{}\n  {command}\n", style.paint(Ink::Strong, "Next"));
    }
    text
}

/// Where a node hangs: what is drawn before its name, and before the names of what hangs below it.
struct Position {
    own: String,
    below: String,
}

impl Position {
    fn top() -> Self {
        Self { own: "  ".to_owned(), below: "  ".to_owned() }
    }

    fn child(&self, last: bool) -> Self {
        let (branch, trunk) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        Self { own: format!("{}{branch}", self.below), below: format!("{}{trunk}", self.below) }
    }
}

fn tree(grid: &mut Grid, node: &Node, position: &Position, exact: bool, style: &Style) {
    let stored: u64 = node.blobs.iter().map(|blob| blob.size).sum::<u64>() + node.config_size + node.size;
    let shared: u64 = node.blobs.iter().filter(|blob| !blob.also_in.is_empty()).map(|blob| blob.size).sum();
    let ink = match node.kind {
        NodeKind::Image | NodeKind::Index => Ink::Plain,
        NodeKind::Missing => Ink::Warn,
        NodeKind::Attestation | NodeKind::Artifact | NodeKind::Unread => Ink::Faint,
    };
    let has_blobs = matches!(node.kind, NodeKind::Image | NodeKind::Attestation | NodeKind::Artifact);
    grid.row(vec![
        Cell::new(ink, format!("{}{}", position.own, name(node))),
        Cell::new(Ink::Faint, node.digest.as_deref().map_or_else(String::new, short)),
        Cell::new(ink, if has_blobs { style.estimate(stored, exact) } else { String::new() }),
        Cell::new(ink, if shared > 0 { style.estimate(shared, exact) } else { String::new() }),
    ]);
    for (index, child) in node.children.iter().enumerate() {
        tree(grid, child, &position.child(index + 1 == node.children.len()), exact, style);
    }
}

fn name(node: &Node) -> String {
    let platform = node.platform.as_deref().unwrap_or("unknown platform");
    match node.kind {
        NodeKind::Index => {
            format!("index of {}", counted(node.children.len() as u64, "manifest", "manifests"))
        }
        NodeKind::Image => format!("{platform}, {}", counted(node.blobs.len() as u64, "layer", "layers")),
        NodeKind::Unread => format!("{platform}, not read"),
        NodeKind::Missing => format!("{platform}, not in here"),
        NodeKind::Artifact => format!("artifact {}", node.artifact_type.as_deref().unwrap_or_default()),
        NodeKind::Attestation => {
            let about =
                node.about_platform.as_deref().or(node.about.as_deref()).unwrap_or("nothing it names");
            let predicates: Vec<_> = node.predicates.iter().map(|predicate| known(predicate)).collect();
            let what = if predicates.is_empty() { "attestation".to_owned() } else { predicates.join(", ") };
            format!("{what} of {about}")
        }
    }
}

/// What people call a predicate type.
fn known(predicate: &str) -> &str {
    match predicate {
        _ if predicate.starts_with("https://slsa.dev/provenance/") => "provenance",
        _ if predicate.starts_with("https://spdx.dev/") => "SBOM (SPDX)",
        _ if predicate.starts_with("https://cyclonedx.org/") => "SBOM (CycloneDX)",
        other => other,
    }
}

/// What a registry keeps, by kind of blob, and what sharing saves.
fn registry(report: &Report, style: &Style) -> String {
    let registry = &report.registry;
    let mut grid =
        Grid::new(&[Name, Figure, Figure], &["What a registry keeps, each blob once", "blobs", "stored"]);
    let exact = registry.exact;
    for part in &registry.parts {
        let name = match part.kind.as_str() {
            "manifests" => "manifests and indexes",
            "attached" => "attestations and artifacts",
            other => other,
        };
        let inexact = !exact && part.kind == "layers";
        grid.row_in(
            Ink::Plain,
            [format!("  {name}"), part.blobs.to_string(), style.estimate(part.bytes, !inexact)],
        );
    }
    grid.row_in(
        Ink::Strong,
        ["  total".to_owned(), registry.blobs.to_string(), style.estimate(registry.bytes, exact)],
    );
    let saved = registry.unshared.saturating_sub(registry.bytes);
    if saved > 0 {
        let name = "  saved by sharing".to_owned();
        grid.row_in(Ink::Good, [name, String::new(), style.estimate(saved, exact)]);
    }
    for shared in &registry.shared {
        let name =
            format!("    {} in {}", counted(shared.layers, "layer", "layers"), shared.platforms.join(", "));
        grid.row_in(Ink::Faint, [name, String::new(), style.estimate(shared.bytes, exact)]);
    }
    let mut text = grid.render(style);
    if !exact {
        text += "  ~ not what a registry keeps: layers are uncompressed here, or not here at all\n";
    }
    text
}
