//! Whose the live bytes are, and what they are.

use std::collections::{BTreeMap, BTreeSet};

use crate::report::grid::Column::{Figure, Name, Text};
use crate::report::grid::{Cell, Grid};
use crate::report::style::{Ink, Style, counted, percent};
use crate::view::{Owner, Platform};

/// Live bytes by owner: the largest ones under their ecosystem, and the rest of each.
pub(super) fn owners(platform: &Platform, style: &Style) -> String {
    if platform.owners.is_empty() {
        return String::new();
    }
    let mut table = Table::new("Owners of live bytes", platform, style, platform.base.is_some());
    let named: BTreeSet<&str> = match style.top {
        0 => platform.owners.iter().map(|owner| owner.id.as_str()).collect(),
        top => platform.owners.iter().take(top).map(|owner| owner.id.as_str()).collect(),
    };
    for (ecosystem, owners) in by_ecosystem(&platform.owners) {
        if owners.iter().any(|owner| owner.ecosystem.is_empty()) {
            table.row(&format!("  {ecosystem}"), Ink::Plain, Row::of(owners));
            continue;
        }
        if let [only] = owners.as_slice()
            && only.is_package()
        {
            table.row(&format!("  {ecosystem}: {}", package(only)), Ink::Plain, Row::of([*only]));
            continue;
        }
        table.row(&format!("  {}", heading(ecosystem, &owners)), Ink::Plain, Row::of(owners.iter().copied()));
        let (shown, rest): (Vec<_>, Vec<_>) =
            owners.iter().copied().partition(|owner| named.contains(owner.id.as_str()));
        // Where none is large enough to be named, or there is only what the heading says, the heading says it all.
        if shown.is_empty() || !owners.iter().any(|owner| owner.is_package()) {
            continue;
        }
        for owner in &shown {
            table.row(&format!("    {}", package(owner)), Ink::Faint, Row::of([*owner]));
        }
        match rest.as_slice() {
            [] => {}
            // A single other is better named than counted.
            [one] => table.row(&format!("    {}", package(one)), Ink::Faint, Row::of([*one])),
            many => {
                table.row(&format!("    {} others", many.len()), Ink::Faint, Row::of(many.iter().copied()));
            }
        }
    }
    table.total()
}

/// `dpkg: 28 packages, own files`, or `apt: cache, lists` where a package manager has nothing but those.
fn heading(ecosystem: &str, owners: &[&Owner]) -> String {
    let (packages, own): (Vec<&Owner>, Vec<&Owner>) = owners.iter().partition(|owner| owner.is_package());
    if packages.is_empty() {
        let names: Vec<_> = own.iter().map(|owner| owner.name.as_str()).collect();
        return format!("{ecosystem}: {}", names.join(", "));
    }
    let packages = counted(packages.len() as u64, "package", "packages");
    let own = if own.is_empty() { "" } else { ", own files" };
    format!("{ecosystem}: {packages}{own}")
}

/// The ecosystems, largest first, each with its owners, largest first.
fn by_ecosystem(owners: &[Owner]) -> Vec<(&str, Vec<&Owner>)> {
    let mut groups: BTreeMap<&str, Vec<&Owner>> = BTreeMap::new();
    for owner in owners {
        // What belongs to no ecosystem is a group of its own.
        let group = if owner.ecosystem.is_empty() { &owner.id } else { &owner.ecosystem };
        groups.entry(group).or_default().push(owner);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, owners)| u64::MAX - owners.iter().map(|owner| owner.content).sum::<u64>());
    groups
}

fn package(owner: &Owner) -> String {
    match &owner.version {
        _ if !owner.is_package() => format!("({})", owner.name),
        Some(version) => format!("{} {version}", owner.name),
        None => owner.name.clone(),
    }
}

/// Live bytes by category.
pub(super) fn categories(platform: &Platform, style: &Style) -> String {
    if platform.categories.is_empty() {
        return String::new();
    }
    let mut table = Table::new("What the live bytes are", platform, style, false);
    for category in &platform.categories {
        let row =
            Row { files: category.files, content: category.content, transfer: category.transfer, base: 0 };
        table.row(&format!("  {}", category.id), Ink::Plain, row);
    }
    table.total()
}

#[derive(Default, Clone, Copy)]
struct Row {
    files: u64,
    content: u64,
    transfer: u64,
    base: u64,
}

impl Row {
    fn of<'a>(owners: impl IntoIterator<Item = &'a Owner>) -> Self {
        owners.into_iter().fold(Self::default(), |sum, owner| Self {
            files: sum.files + owner.files,
            content: sum.content + owner.content,
            transfer: sum.transfer + owner.transfer,
            base: sum.base + owner.base,
        })
    }
}

/// The columns that both tables share, and the total under them.
struct Table<'a> {
    grid: Grid,
    platform: &'a Platform,
    style: &'a Style,
    with_base: bool,
}

impl<'a> Table<'a> {
    fn new(heading: &str, platform: &'a Platform, style: &'a Style, with_base: bool) -> Self {
        let mut columns = vec![Name, Figure, Figure, Figure, Figure];
        let mut heads = vec![heading, "files", "content", "share", "transfer"];
        if with_base {
            columns.push(Text);
            heads.push("from");
        }
        Self { grid: Grid::new(&columns, &heads), platform, style, with_base }
    }

    fn row(&mut self, name: &str, ink: Ink, row: Row) {
        let style = self.style;
        let mut cells = vec![
            Cell::new(ink, name),
            Cell::new(Ink::Faint, row.files.to_string()),
            Cell::new(ink, style.figure(row.content)),
            Cell::new(Ink::Faint, percent(row.content, self.platform.live)),
            Cell::new(ink, style.estimate(row.transfer, self.platform.transfer.exact)),
        ];
        if self.with_base {
            let from = match row.base {
                0 => "own",
                base if base == row.content => "base",
                _ => "both",
            };
            cells.push(Cell::new(Ink::Faint, from));
        }
        self.grid.row(cells);
    }

    fn total(mut self) -> String {
        let Self { platform, style, .. } = self;
        let files: u64 = platform.categories.iter().map(|category| category.files).sum();
        self.grid.row_in(
            Ink::Strong,
            [
                "  total".to_owned(),
                files.to_string(),
                style.figure(platform.live),
                percent(platform.live, platform.live),
                style.estimate(platform.live_transfer, platform.transfer.exact),
            ],
        );
        self.grid.render(style)
    }
}
