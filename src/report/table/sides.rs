//! Several platforms side by side: which owners make one larger than another.

use crate::report::grid::Column::{Figure, Name};
use crate::report::grid::{Cell, Grid};
use crate::report::style::{Ink, Style};
use crate::view::Report;

/// How many platforms have room beside each other.
const MOST: usize = 4;

/// The owners that differ most, one column a platform.
pub(super) fn sides(report: &Report, style: &Style) -> String {
    let Some(sides) = report.sides.as_ref().filter(|sides| !sides.owners.is_empty()) else {
        return String::new();
    };
    let columns = sides.platforms.len().min(MOST);
    let short = |platform: &str| platform.split_once('/').map_or(platform, |(_, rest)| rest).to_owned();
    let mut heads = vec!["What differs between platforms".to_owned()];
    heads.extend(sides.platforms.iter().take(columns).map(|platform| short(platform)));
    heads.push("differ by".to_owned());
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let mut grid = Grid::new(&[&[Name], [Figure].repeat(columns + 1).as_slice()].concat(), &heads);
    let row = |name: String, ink, figures: Vec<Option<u64>>, difference: u64| {
        let figures = figures.into_iter().take(columns);
        let cells = figures
            .map(|bytes| Cell::new(ink, bytes.map_or_else(|| "-".to_owned(), |bytes| style.figure(bytes))));
        let mut cells: Vec<_> = std::iter::once(Cell::new(ink, name)).chain(cells).collect();
        cells.push(Cell::new(ink, style.figure(difference)));
        cells
    };
    let most = if style.top == 0 { usize::MAX } else { style.top };
    for side in sides.owners.iter().take(most) {
        grid.row(row(format!("  {}", side.id), Ink::Plain, side.content.clone(), side.difference()));
    }
    if sides.owners.len() > most {
        grid.note(Ink::Faint, format!("  and {} more; --top 0 names all", sides.owners.len() - most));
    }
    let (largest, smallest) = (sides.live.iter().max(), sides.live.iter().min());
    let difference = largest.unwrap_or(&0) - smallest.unwrap_or(&0);
    grid.row(row(
        "  live".to_owned(),
        Ink::Strong,
        sides.live.iter().copied().map(Some).collect(),
        difference,
    ));
    grid.render(style)
}
