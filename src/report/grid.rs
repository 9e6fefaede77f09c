//! Rows of figures under one heading: names to the left, figures to the right, no borders, so that `grep` and copying
//! work. One column gives way where the line is too narrow; figures never do.

use super::style::{Ink, Style, shorten, width};

/// What a column does with its room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// Text that is shortened in the middle where the line is too narrow. At most one per grid.
    Name,
    /// Text as it is.
    Text,
    /// A figure, flush right.
    Figure,
}

/// One cell.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    text: String,
    ink: Ink,
}

impl Cell {
    /// `text` in the colour of `ink`.
    pub fn new(ink: Ink, text: impl Into<String>) -> Self {
        Self { text: text.into(), ink }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(Ink::Plain, text)
    }
}

/// A table without borders.
pub struct Grid {
    columns: Vec<Column>,
    rows: Vec<Row>,
}

enum Row {
    Cells(Vec<Cell>),
    /// Free text below a row.
    Note(String, Ink),
}

/// The columns between two cells.
const GAP: usize = 2;
/// What a figure takes, so that the figures of several sections stand below each other.
const LEAST_FIGURE: usize = 8;
/// What a grid aims at, so that the sections of a report end in the same column.
const USUAL: usize = 80;

impl Grid {
    /// A grid whose first row is `heads`.
    pub fn new(columns: &[Column], heads: &[&str]) -> Self {
        let head = |(position, text): (usize, &&str)| {
            Cell::new(if position == 0 { Ink::Strong } else { Ink::Faint }, *text)
        };
        let rows = vec![Row::Cells(heads.iter().enumerate().map(head).collect())];
        Self { columns: columns.to_vec(), rows }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(Row::Cells(cells));
    }

    /// Adds a row all of whose cells have one colour.
    pub fn row_in<const N: usize>(&mut self, ink: Ink, cells: [String; N]) {
        self.row(cells.into_iter().map(|text| Cell::new(ink, text)).collect());
    }

    /// Adds a line of free text, which is not shortened.
    pub fn note(&mut self, ink: Ink, text: impl Into<String>) {
        self.rows.push(Row::Note(text.into(), ink));
    }

    /// The lines, each ended by a line feed.
    pub fn render(&self, style: &Style) -> String {
        let widths = self.widths(style.width);
        let mut text = String::new();
        for row in &self.rows {
            match row {
                Row::Note(note, ink) => text.push_str(&style.paint(*ink, note)),
                Row::Cells(cells) => {
                    let line = self.line(cells, &widths, style);
                    text.push_str(line.trim_end());
                }
            }
            text.push('\n');
        }
        text
    }

    fn widths(&self, room: usize) -> Vec<usize> {
        let least = |column: &Column| if *column == Column::Figure { LEAST_FIGURE } else { 0 };
        let mut widths: Vec<usize> = self.columns.iter().map(least).collect();
        for row in &self.rows {
            let Row::Cells(cells) = row else { continue };
            for (cell, widest) in cells.iter().zip(&mut widths) {
                *widest = width(&cell.text).max(*widest);
            }
        }
        let gaps = GAP * self.columns.len().saturating_sub(1);
        if let Some(name) = self.columns.iter().position(|column| *column == Column::Name) {
            let others: usize = widths.iter().sum::<usize>() - widths[name] + gaps;
            let usual = USUAL.min(room).saturating_sub(others);
            // As wide as the names need and the line allows, and at least as wide as all sections are.
            widths[name] = widths[name].min(room.saturating_sub(others)).max(usual);
        }
        widths
    }

    fn line(&self, cells: &[Cell], widths: &[usize], style: &Style) -> String {
        let mut line = String::new();
        for (position, (cell, room)) in cells.iter().zip(widths).enumerate() {
            if position > 0 {
                line.push_str(&" ".repeat(GAP));
            }
            let text = match self.columns[position] {
                Column::Name => shorten(&cell.text, *room),
                _ => cell.text.clone(),
            };
            let padding = " ".repeat(room.saturating_sub(width(&text)));
            let painted = style.paint(cell.ink, &text);
            if self.columns[position] == Column::Figure {
                line.push_str(&padding);
                line.push_str(&painted);
            } else {
                line.push_str(&painted);
                line.push_str(&padding);
            }
        }
        line
    }
}
