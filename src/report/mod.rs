//! A report in the form that was asked for: one file per format, one arm each. None of them computes anything but the
//! sums of the rows that it folds together.

#![expect(
    clippy::format_push_string,
    clippy::format_collect,
    reason = "a screen is a few kilobytes, and a line of it reads best as a line"
)]

pub mod grid;
mod json;
mod platforms;
pub mod rules;
pub mod style;
mod table;

pub use style::{Style, Units};

use crate::view::Report;

/// The forms of a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// For a person at a terminal.
    #[default]
    Table,
    /// For programs: everything, as `docs/report.schema.json` says.
    Json,
}

impl Format {
    /// All of them, by the names that users write.
    pub const ALL: [(&'static str, Self); 2] = [("table", Self::Table), ("json", Self::Json)];

    /// The format of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, format)| format)
    }
}

/// What the screen is about; programs get everything anyway.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Subject {
    /// The platforms that were read.
    #[default]
    Analysis,
    /// What the reference names: the index as a tree.
    Platforms,
}

/// The report in the form of `format`.
pub fn render(report: &Report, subject: Subject, format: Format, style: &Style) -> String {
    match (format, subject) {
        (Format::Table, Subject::Analysis) => table::render(report, style),
        (Format::Table, Subject::Platforms) => platforms::render(report, style),
        (Format::Json, _) => json::render(report),
    }
}
