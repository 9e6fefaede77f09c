//! What is linked to what, as far as somebody should look at it.

use crate::report::grid::Column::{Figure, Name};
use crate::report::grid::Grid;
use crate::report::style::{Ink, Style, counted};
use crate::view::{Libraries, Platform};

/// How many rows of each kind are named.
const ROWS: usize = 8;

/// Missing libraries, files for another machine, and libraries that nothing is linked to.
pub(super) fn libraries(platform: &Platform, style: &Style) -> String {
    let Some(libraries) = &platform.libraries else { return String::new() };
    let most = if style.top == 0 { usize::MAX } else { ROWS };
    let heading = format!("Linked files: {}", libraries.files.len());
    let mut grid = Grid::new(&[Name, Figure], &[&heading, "content"]);
    missing(&mut grid, libraries, most);
    let foreign =
        libraries.foreign.iter().map(|file| (format!("{}, for {}", file.path, file.machine), file.content));
    let name = format!("for another machine than {}", platform.platform);
    group(&mut grid, style, &name, most, foreign.collect());
    let unneeded =
        libraries.unneeded.iter().map(|file| (format!("{}, {}", file.path, file.owner), file.content));
    group(&mut grid, style, "where loaders look, and nothing is linked to them", most, unneeded.collect());
    grid.render(style)
}

fn missing(grid: &mut Grid, libraries: &Libraries, most: usize) {
    if libraries.missing.is_empty() {
        return;
    }
    let count = libraries.missing.len() as u64;
    grid.row_in(
        Ink::Plain,
        [format!("  {} no loader would find", counted(count, "name that", "names that")), String::new()],
    );
    for missing in libraries.missing.iter().take(most) {
        let by = missing.needed_by.first().map_or("", String::as_str);
        let more = match missing.needed_by.len() {
            0 | 1 => String::new(),
            many => format!(" and {} more", many - 1),
        };
        let lies = missing.elsewhere.as_ref().map(|path| format!("; one lies at {path}")).unwrap_or_default();
        grid.note(Ink::Faint, format!("    {} for {by}{more}{lies}", missing.name));
    }
    others(grid, libraries.missing.len(), most);
}

fn group(grid: &mut Grid, style: &Style, name: &str, most: usize, rows: Vec<(String, u64)>) {
    if rows.is_empty() {
        return;
    }
    let count = counted(rows.len() as u64, "file", "files");
    let total: u64 = rows.iter().map(|(_, content)| content).sum();
    grid.row_in(Ink::Plain, [format!("  {count} {name}"), style.figure(total)]);
    let length = rows.len();
    for (row, content) in rows.into_iter().take(most) {
        grid.row_in(Ink::Faint, [format!("    {row}"), style.figure(content)]);
    }
    others(grid, length, most);
}

fn others(grid: &mut Grid, length: usize, most: usize) {
    if length > most {
        grid.note(Ink::Faint, format!("    and {} more; --top 0 names all", length - most));
    }
}
