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
mod csv;
pub mod detail;
mod github;
pub mod grid;
mod guide;
mod html;
mod json;
mod junit;
mod markdown;
mod openmetrics;
mod platforms;
pub mod rules;
mod sarif;
mod scene;
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
    /// For a comment on a pull request.
    Markdown,
    /// For GitHub Actions: annotations.
    Github,
    /// For code scanning.
    Sarif,
    /// For whatever shows tests.
    Junit,
    /// For spreadsheets.
    Csv,
    /// For GitLab's metrics reports and Prometheus.
    Openmetrics,
    /// For a browser: one page with a map, which needs nothing else.
    Html,
    /// For whoever has to make the image smaller: Markdown with strategies, what they cost, and commands.
    Guide,
}

impl Format {
    /// All of them, by the names that users write.
    pub const ALL: [(&'static str, Self); 10] = [
        ("table", Self::Table),
        ("json", Self::Json),
        ("markdown", Self::Markdown),
        ("github", Self::Github),
        ("sarif", Self::Sarif),
        ("junit", Self::Junit),
        ("csv", Self::Csv),
        ("openmetrics", Self::Openmetrics),
        ("html", Self::Html),
        ("guide", Self::Guide),
    ];

    /// Whether it shows single files, so that the report needs them.
    pub fn wants_files(self) -> bool {
        self == Self::Html
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
    /// What could be built instead, with the bandwidths of pulls in bits per second.
    Advice(&'a [u64]),
    /// What the reference names: the index as a tree.
    Platforms,
    /// What differs between the report, which is on the last of several images, and the others.
    Comparison(&'a Comparison, &'a [Report]),
    /// What came of a check, and what differs from the baseline where there is one.
    Check(&'a Verdict, Option<&'a Comparison>),
}

/// The report in the form of `format`.
pub fn render(report: &Report, subject: Subject<'_>, format: Format, style: &Style) -> String {
    let scene = scene::Scene::new(report, subject);
    match (format, subject) {
        (Format::Table, Subject::Advice(bandwidths)) => table::advice::render(report, bandwidths, style),
        (Format::Guide, Subject::Advice(bandwidths)) => guide::render(report, bandwidths, style),
        (Format::Guide, _) => guide::render(report, &[], style),
        (Format::Table, Subject::Analysis) => table::render(report, style),
        (Format::Table, Subject::Platforms) => platforms::render(report, style),
        (Format::Table, Subject::Comparison(comparison, _)) => comparison::render(comparison, style),
        (Format::Table, Subject::Check(verdict, _)) => check::render(report, verdict, style),
        (Format::Json, Subject::Check(verdict, comparison)) => json::check(report, verdict, comparison),
        (Format::Json, Subject::Comparison(comparison, _)) => json::comparison(comparison),
        (Format::Json, _) => json::render(report),
        (Format::Markdown, _) => markdown::render(scene, style),
        (Format::Github, _) => github::render(scene, style),
        (Format::Sarif, _) => sarif::render(scene, style),
        (Format::Junit, _) => junit::render(scene, style),
        (Format::Csv, _) => csv::render(scene),
        (Format::Openmetrics, _) => openmetrics::render(scene),
        (Format::Html, _) => html::render(scene, style),
    }
}
