//! What the terminal can do.

use anstream::{AutoStream, ColorChoice};

use super::{Global, Units, When};
use crate::report::{self, Style};

/// Decides once for the whole program.
pub(super) fn choose_colour(when: When) {
    match when {
        When::Auto => ColorChoice::Auto,
        When::Always => ColorChoice::Always,
        When::Never => ColorChoice::Never,
    }
    .write_global();
}

/// How a report is written on standard output: in the terminal's width, and in 80 columns elsewhere.
pub(super) fn style(global: &Global, top: usize) -> Style {
    let terminal =
        terminal_size::terminal_size_of(std::io::stdout()).map(|(columns, _)| usize::from(columns.0));
    let asked = || std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    Style {
        colour: AutoStream::choice(&std::io::stdout()) != ColorChoice::Never,
        width: terminal.or_else(asked).unwrap_or(80).clamp(60, 200),
        ..file_style(global, top)
    }
}

/// How a report is written to a file: in 80 columns and without colour.
pub(super) fn file_style(global: &Global, top: usize) -> Style {
    let units = match global.units {
        Units::Si => report::Units::Si,
        Units::Iec => report::Units::Iec,
        Units::Bytes => report::Units::Bytes,
    };
    Style { units, top, ..Style::default() }
}
