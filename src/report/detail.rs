//! One owner or one path, opened, as a screen or for programs.

use serde::Serialize;

use super::grid::Column::{Figure, Name};
use super::grid::{Cell, Grid};
use super::style::{Ink, Style, percent};
use super::table::inside;
use crate::view::detail::{OwnerDetail, PathDetail, PathEntry, Share};

/// Owners and paths that were asked for.
#[derive(Debug, Default, Serialize)]
pub struct Details {
    /// In the order of the platforms, and of the question.
    pub owners: Vec<OwnerDetail>,
    /// In the order of the platforms, and of the question.
    pub paths: Vec<PathDetail>,
}

/// For programs.
pub fn json(details: &Details) -> String {
    // Serialising plain data with string keys cannot fail; an empty document would be noticed at once.
    let mut json = serde_json::to_string_pretty(details).unwrap_or_default();
    json.push('\n');
    json
}

/// For a person.
pub fn table(details: &Details, style: &Style) -> String {
    let owners = details.owners.iter().map(|owner| owner_table(owner, style));
    owners.chain(details.paths.iter().map(|path| path_table(path, style))).collect::<Vec<_>>().join("\n")
}

fn owner_table(owner: &OwnerDetail, style: &Style) -> String {
    let version = owner.version.as_deref().unwrap_or_default();
    let mut text = format!("{}\n\n", style.paint(Ink::Strong, format!("{} {version}", owner.id).trim_end()));
    let mut grid =
        Grid::new(&[Name, Figure, Figure, Figure], &[&owner.platform, "content", "share", "files"]);
    let row = |grid: &mut Grid, ink, share: &Share| {
        let part = percent(share.content, owner.content);
        grid.row_in(
            ink,
            [format!("  {}", share.path), style.figure(share.content), part, share.files.to_string()],
        );
    };
    let most = if style.top == 0 { usize::MAX } else { style.top };
    let total = Share {
        path: "all of it".to_owned(),
        content: owner.content,
        transfer: owner.transfer,
        files: owner.files,
    };
    row(&mut grid, Ink::Strong, &total);
    if owner.hidden > 0 {
        grid.note(Ink::Faint, format!("  and {} that later layers hide", style.bytes(owner.hidden)));
    }
    text += &grid.render(style);
    let categories: Vec<_> = owner
        .categories
        .iter()
        .map(|category| Share {
            path: category.id.clone(),
            content: category.content,
            transfer: category.transfer,
            files: category.files,
        })
        .collect();
    for (heading, shares) in [
        ("Directories", &owner.directories),
        ("Largest files", &owner.largest),
        ("What they are", &categories),
    ] {
        let mut grid = Grid::new(&[Name, Figure, Figure, Figure], &[heading, "content", "share", "files"]);
        shares.iter().take(most).for_each(|share| row(&mut grid, Ink::Plain, share));
        if shares.len() > most {
            let rest =
                shares[most..].iter().fold((0, 0), |sum, share| (sum.0 + share.content, sum.1 + share.files));
            let part = percent(rest.0, owner.content);
            let others = format!("  {} others", shares.len() - most);
            grid.row_in(Ink::Faint, [others, style.figure(rest.0), part, rest.1.to_string()]);
        }
        text += &format!("\n{}", grid.render(style));
    }
    if !owner.insides.is_empty() {
        let mut grid = Grid::new(&[Name, Figure, Figure], &["Inside of its files", "content", "share"]);
        owner.insides.iter().take(most).for_each(|one| inside::file(&mut grid, one, most, style));
        text += &format!("\n{}", grid.render(style));
    }
    text
}

fn path_table(path: &PathDetail, style: &Style) -> String {
    let mut text = format!("{}  {}\n", style.paint(Ink::Strong, &path.path), path.platform);
    for entry in &path.entries {
        text += &format!("\n{}", entry_lines(entry, style));
    }
    if !path.below.is_empty() {
        let mut grid = Grid::new(&[Name, Figure, Figure], &["Owners of what is below", "content", "files"]);
        let most = if style.top == 0 { usize::MAX } else { style.top };
        for share in path.below.iter().take(most) {
            grid.row_in(
                Ink::Plain,
                [format!("  {}", share.path), style.figure(share.content), share.files.to_string()],
            );
        }
        if path.below.len() > most {
            grid.note(Ink::Faint, format!("  and {} more; --top 0 names all", path.below.len() - most));
        }
        text += &format!("\n{}", grid.render(style));
    }
    if let Some(links) = path.links.as_ref().filter(|links| !links.needs.is_empty()) {
        text += &format!("\nneeds, for {}\n", links.machine);
        for need in &links.needs {
            let found = need.found.as_deref().unwrap_or("which no loader would find");
            text += &format!("  {} → {found}\n", need.name);
        }
    }
    if !path.needed_by.is_empty() {
        text += "\nneeded by\n";
        for by in &path.needed_by {
            text += &format!("  {by}\n");
        }
    }
    if let Some(one) = &path.inside {
        let mut grid = Grid::new(&[Name, Figure, Figure], &["Inside", "content", "share"]);
        inside::file(&mut grid, one, if style.top == 0 { usize::MAX } else { style.top }, style);
        text += &format!("\n{}", grid.render(style));
    }
    text
}

fn entry_lines(entry: &PathEntry, style: &Style) -> String {
    let mut grid = Grid::new(&[super::grid::Column::Text, Name], &[&entry.kind, ""]);
    let made = |number: u64, instruction: &Option<String>| match instruction {
        Some(instruction) => format!("{number}, {}", instruction.lines().next().unwrap_or_default()),
        None => number.to_string(),
    };
    let fate = match entry.hidden_by {
        None => "live".to_owned(),
        Some(by) => format!("hidden by layer {}", made(by, &entry.hidden_by_instruction)),
    };
    let rows = [
        ("owner", entry.owner.clone()),
        ("layer", made(entry.layer, &entry.instruction)),
        ("fate", fate),
        ("category", entry.category.clone()),
        ("content", style.bytes(entry.content)),
        ("transfer", style.bytes(entry.transfer)),
    ];
    for (name, value) in rows {
        grid.row(vec![Cell::new(Ink::Faint, format!("  {name}")), Cell::new(Ink::Plain, value)]);
    }
    grid.render(style)
}
