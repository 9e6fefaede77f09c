//! Everything, for programs.

use serde::Serialize;

use crate::budget::Verdict;
use crate::compare::Comparison;
use crate::view::Report;

/// The whole report as one JSON document.
pub(super) fn render(report: &Report) -> String {
    report.to_json()
}

/// The whole comparison as one JSON document.
pub(super) fn comparison(comparison: &Comparison) -> String {
    document(comparison)
}

/// The report as it is without a check, which can be a baseline, with what came of the check beside it.
#[derive(Serialize)]
struct Checked<'a> {
    #[serde(flatten)]
    report: &'a Report,
    check: &'a Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<&'a Comparison>,
}

/// The report and the verdict as one JSON document.
pub(super) fn check(report: &Report, check: &Verdict, comparison: Option<&Comparison>) -> String {
    document(&Checked { report, check, comparison })
}

/// Serialising plain data with string keys cannot fail; an empty document would be noticed at once.
fn document(data: &impl Serialize) -> String {
    let mut json = serde_json::to_string_pretty(data).unwrap_or_default();
    json.push('\n');
    json
}
