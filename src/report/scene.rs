//! What every format looks at: a report, and what is known beside it.

use super::Subject;
use crate::budget::Verdict;
use crate::compare::{Comparison, Group};
use crate::view::{Finding, Place, Platform, Report};

/// A report with what came of a check and what differs from another image, where there is any of it.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub report: &'a Report,
    pub verdict: Option<&'a Verdict>,
    pub comparison: Option<&'a Comparison>,
    /// All reports of a comparison; the report alone elsewhere.
    pub reports: &'a [Report],
}

impl<'a> Scene<'a> {
    pub(super) fn new(report: &'a Report, subject: Subject<'a>) -> Self {
        let alone = Self { report, verdict: None, comparison: None, reports: std::slice::from_ref(report) };
        match subject {
            Subject::Analysis | Subject::Advice(_) | Subject::Platforms => alone,
            Subject::Comparison(comparison, reports) => {
                Self { comparison: Some(comparison), reports, ..alone }
            }
            Subject::Check(verdict, comparison) => Self { verdict: Some(verdict), comparison, ..alone },
        }
    }

    /// What differs on a platform.
    pub(super) fn group(&self, platform: &str) -> Option<&'a Group> {
        let groups = self.comparison.map(|comparison| comparison.platforms.as_slice()).unwrap_or_default();
        groups.iter().find(|group| group.platform.as_deref() == Some(platform))
    }
}

/// The findings that a person is told: those that this build can mend, and that no other one says better.
pub(super) fn told(platform: &Platform) -> impl Iterator<Item = &Finding> {
    platform.findings.iter().filter(|finding| !finding.in_base && finding.covered_by.is_none())
}

/// The lines of the Dockerfile that a finding is about: of what ships the bytes, else of what hides them.
pub(super) fn lines<'a>(platform: &'a Platform, finding: &'a Finding) -> Option<&'a Place> {
    let hides = || platform.layers.iter().find(|layer| Some(layer.number) == finding.hidden_by);
    finding.place.as_ref().or_else(|| hides()?.place.as_ref())
}
