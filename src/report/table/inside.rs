//! What is inside of the largest binaries and archives.

use crate::report::grid::Column::{Figure, Name};
use crate::report::grid::{Cell, Grid};
use crate::report::style::{Ink, Style, counted, percent};
use crate::view::{Inside, InsidePart, Platform};

/// How many files are opened on the screen, and how many parts of each are named.
const FILES: usize = 3;
const PARTS: usize = 6;

/// The largest files that hold more than one thing, each with its largest parts.
pub(super) fn insides(platform: &Platform, style: &Style) -> String {
    // A file that only has sections is worth a row to whoever asks for it, and to nobody else.
    let insides: Vec<_> =
        platform.insides.iter().filter(|inside| inside.kind != "elf" || !inside.packer.is_empty()).collect();
    let Some(largest) = insides.first() else { return String::new() };
    let (files, parts) = if style.top == 0 { (usize::MAX, usize::MAX) } else { (FILES, PARTS) };
    let kind = if matches!(&*largest.kind, "jar" | "egg" | "zipapp") {
        "Inside of files"
    } else {
        "Inside of binaries"
    };
    let mut grid = Grid::new(&[Name, Figure, Figure], &[kind, "content", "share"]);
    for inside in insides.iter().take(files) {
        file(&mut grid, inside, parts, style);
    }
    let left = insides.len().saturating_sub(files);
    if left > 0 {
        let more = format!("  and {} more; --top 0 names all", counted(left as u64, "file", "files"));
        grid.note(Ink::Faint, more);
    }
    grid.render(style)
}

/// One file with at most `most` of its parts.
pub(in crate::report) fn file(grid: &mut Grid, inside: &Inside, most: usize, style: &Style) {
    let share = |bytes| percent(bytes, inside.content);
    let mut name = format!("  {}", inside.path);
    for said in [&inside.toolchain, &inside.packer].into_iter().filter(|said| !said.is_empty()) {
        name.push_str(&format!(", {said}"));
    }
    grid.row_in(Ink::Plain, [name, style.figure(inside.content), share(inside.content)]);
    // A single other is better named than counted.
    let most = if inside.parts.len() == most.saturating_add(1) { most + 1 } else { most };
    for part in inside.parts.iter().take(most) {
        let ink = if part.kind == "module" { Ink::Plain } else { Ink::Faint };
        grid.row(vec![
            Cell::new(ink, format!("    {}", called(part))),
            Cell::new(ink, style.figure(part.bytes)),
            Cell::new(Ink::Faint, share(part.bytes)),
        ]);
    }
    let rest: Vec<_> = inside.parts.iter().skip(most).collect();
    if !rest.is_empty() {
        let bytes = rest.iter().map(|part| part.bytes).sum();
        grid.row_in(Ink::Faint, [format!("    {} others", rest.len()), style.figure(bytes), share(bytes)]);
    }
}

fn called(part: &InsidePart) -> String {
    let name = format!("{} {}", part.name, part.version);
    if part.kind == "strippable" {
        format!("{} (strip)", name.trim_end())
    } else {
        name.trim_end().to_owned()
    }
}
