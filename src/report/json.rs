//! Everything, for programs.

use crate::view::Report;

/// The whole report as one JSON document.
pub(super) fn render(report: &Report) -> String {
    report.to_json()
}
