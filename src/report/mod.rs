//! A report in the form that was asked for: one file per format, one arm each. None of them computes anything but the
//! sums of the rows that it folds together.

#![expect(
    clippy::format_push_string,
    clippy::format_collect,
    reason = "a screen is a few kilobytes, and a line of it reads best as a line"
)]
pub mod audit;
mod check;
mod comparison;
pub mod grid;
mod json;
mod platforms;
pub mod rules;
pub mod style;
mod table;

pub use style::{Style, Units};

use crate::budget::Verdict;
use crate::compare::Comparison;
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

    /// Whether it shows single files, so that the report needs them.
    pub fn wants_files(self) -> bool {
        false
    }

    /// The format of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, format)| format)
    }
}

/// What the screen is about; programs get everything anyway.
#[derive(Debug, Clone, Copy, Default)]
pub enum Subject<'a> {
    /// The platforms that were read.
    #[default]
    Analysis,
    /// What the reference names: the index as a tree.
    Platforms,
    /// What differs between the report, which is on the last of several images, and the others.
    Comparison(&'a Comparison, &'a [Report]),
    /// What came of a check, and what differs from the baseline where there is one.
    Check(&'a Verdict, Option<&'a Comparison>),
}

/// The report in the form of `format`.
pub fn render(report: &Report, subject: Subject<'_>, format: Format, style: &Style) -> String {
    match (format, subject) {
        (Format::Table, Subject::Analysis) => table::render(report, style),
        (Format::Table, Subject::Platforms) => platforms::render(report, style),
        (Format::Table, Subject::Comparison(comparison, _)) => comparison::render(comparison, style),
        (Format::Table, Subject::Check(verdict, _)) => check::render(report, verdict, style),
        (Format::Json, Subject::Check(verdict, comparison)) => json::check(report, verdict, comparison),
        (Format::Json, Subject::Comparison(comparison, _)) => json::comparison(comparison),
        (Format::Json, _) => json::render(report),
    }
}
