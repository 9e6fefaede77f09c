//! What is inside of live files.

use super::super::{BuiltIn, Inside, InsidePart, Setting};
use super::{number, text};
use crate::layer::{InsideKind, PartKind};
use crate::ledger::Ledger;

/// The live files that were looked into, largest first.
pub(super) fn insides(ledger: &Ledger) -> Vec<Inside> {
    let live = ledger.insides.iter().map(|(id, inside)| (ledger.entry(*id), inside));
    let live = live.filter(|(entry, _)| entry.fate.is_live());
    let mut insides: Vec<_> = live
        .map(|(entry, inside)| Inside {
            path: format!("/{}", ledger.tree.path(entry.path).to_string().trim_start_matches('/')),
            owner: text(ledger.owner_name(entry.owner)),
            layer: number(entry.layer),
            kind: kind(inside.kind).to_owned(),
            name: text(&inside.name),
            version: text(&inside.version),
            toolchain: text(&inside.toolchain),
            packer: inside.packer.clone(),
            content: entry.content,
            parts: inside.parts.iter().map(part).collect(),
            built_in: inside
                .built_in
                .iter()
                .map(|(name, version)| BuiltIn { name: text(name), version: text(version) })
                .collect(),
            settings: inside
                .settings
                .iter()
                .map(|(key, value)| Setting { key: text(key), value: text(value) })
                .collect(),
        })
        .collect();
    insides.sort_by(|a, b| b.content.cmp(&a.content).then_with(|| a.path.cmp(&b.path)));
    insides
}

fn part(part: &crate::layer::Part) -> InsidePart {
    let kind = match part.kind {
        PartKind::Module => "module",
        PartKind::Section => "section",
        PartKind::Strippable => "strippable",
        PartKind::Format => "format",
    };
    InsidePart {
        kind: kind.to_owned(),
        name: text(&part.name),
        version: text(&part.version),
        bytes: part.bytes,
    }
}

fn kind(kind: InsideKind) -> &'static str {
    match kind {
        InsideKind::Elf => "elf",
        InsideKind::Go => "go",
        InsideKind::Rust => "rust",
        InsideKind::Jar => "jar",
        InsideKind::Egg => "egg",
        InsideKind::Zipapp => "zipapp",
    }
}
