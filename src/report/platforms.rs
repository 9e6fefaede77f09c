//! The index as a tree: what there is for which platform, what is shared, what is attached, and what it all costs.

use super::grid::{Cell, Column::*, Grid};
use super::style::{Ink, Style, counted, shorten};
use super::table::short;
use crate::view::{Node, NodeKind, Report};

/// The tree of what a reference names.
pub(super) fn render(report: &Report, style: &Style) -> String {
    let mut text =
        format!("{}\n\n", style.paint(Ink::Strong, &shorten(&report.image.reference, style.width)));
    let mut grid =
        Grid::new(&[Name, Text, Figure, Figure, Figure], &["Index", "digest", "layers", "stored", "shared"]);
    tree(&mut grid, &report.index, &Position::top(), style);
    text += &grid.render(style);
    text += &registry(report, style);
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

fn tree(grid: &mut Grid, node: &Node, position: &Position, style: &Style) {
    let stored: u64 = node.blobs.iter().map(|blob| blob.size).sum();
    let shared: u64 = node.blobs.iter().filter(|blob| !blob.also_in.is_empty()).map(|blob| blob.size).sum();
    let layers = if node.kind == NodeKind::Image { node.blobs.len().to_string() } else { String::new() };
    let ink = match node.kind {
        NodeKind::Image | NodeKind::Index => Ink::Plain,
        NodeKind::Missing => Ink::Warn,
        NodeKind::Attestation | NodeKind::Artifact => Ink::Faint,
    };
    let is_index = node.kind == NodeKind::Index;
    grid.row(vec![
        Cell::new(ink, format!("{}{}", position.own, name(node))),
        Cell::new(Ink::Faint, node.digest.as_deref().map_or_else(String::new, short)),
        Cell::new(ink, layers),
        Cell::new(ink, if is_index { String::new() } else { style.figure(stored + node.size) }),
        Cell::new(ink, if node.kind == NodeKind::Image { style.figure(shared) } else { String::new() }),
    ]);
    for (index, child) in node.children.iter().enumerate() {
        tree(grid, child, &position.child(index + 1 == node.children.len()), style);
    }
}

fn name(node: &Node) -> String {
    let tags = if node.tags.is_empty() { String::new() } else { format!(" {}", node.tags.join(", ")) };
    let platform = node.platform.as_deref().unwrap_or("unknown platform");
    match node.kind {
        NodeKind::Index => {
            format!("index of {}{tags}", counted(node.children.len() as u64, "manifest", "manifests"))
        }
        NodeKind::Image => format!("{platform}{tags}"),
        NodeKind::Missing => format!("{platform}, not in this source{tags}"),
        NodeKind::Artifact => format!("artifact {}{tags}", node.artifact_type.as_deref().unwrap_or_default()),
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

fn registry(report: &Report, style: &Style) -> String {
    let registry = &report.registry;
    let saved = registry.unshared.saturating_sub(registry.bytes);
    let mut text = format!(
        "\n{} {} for {}",
        style.paint(Ink::Strong, "In a registry"),
        style.estimate(registry.bytes, registry.exact),
        counted(registry.blobs, "blob", "blobs"),
    );
    if saved > 0 {
        text += &format!(", each counted once; sharing saves {}", style.bytes(saved));
    }
    text.push('\n');
    if !registry.exact {
        text += "  ~ not the whole of it: layers are uncompressed here, or missing\n";
    }
    text
}
