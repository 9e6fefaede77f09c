//! What came of a check.

use serde::Serialize;

use super::{Limit, Unit};

/// What came of checking a report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// The worst of all checks.
    pub status: Status,
    /// Every budget in force on every platform, in the order of the platforms.
    pub checks: Vec<Check>,
    /// What was let pass, used or not.
    pub ignores: Vec<Ignored>,
}

impl Verdict {
    /// How many checks have a status.
    pub fn count(&self, status: Status) -> usize {
        self.checks.iter().filter(|check| check.status == status).count()
    }

    /// The checks of a status.
    pub fn with(&self, status: Status) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(move |check| check.status == status)
    }
}

/// How a check ended, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The user said that it need not be evaluated.
    Skipped,
    /// Within its limits.
    Pass,
    /// Beyond its soft limit.
    Warn,
    /// It could not be evaluated. That is never a pass.
    Unknown,
    /// Beyond its hard limit.
    Fail,
}

impl Status {
    /// As it is written.
    pub fn id(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Unknown => "unknown",
            Self::Fail => "fail",
        }
    }
}

/// One budget on one platform.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// What is limited: `content`, `own.transfer`, `growth.content`, `owner.python:scipy`, `deny.rule.apt-lists`.
    pub name: String,
    /// On which platform.
    pub platform: String,
    /// How it ended.
    pub status: Status,
    /// What the figures count.
    pub unit: Unit,
    /// What was found; `null` where it could not be evaluated.
    pub value: Option<f64>,
    /// Whether the value is exact, or estimated.
    pub exact: bool,
    /// Beyond this it warns.
    pub warn: Option<f64>,
    /// Beyond this it fails.
    pub fail: Option<f64>,
    /// How far the value is from the hard limit, or from the soft one where there is no other; negative beyond it.
    pub headroom: Option<f64>,
    /// The limit as it was written, where that is in percent.
    pub percent: Option<f64>,
    /// Where it was set: `plimsoll.toml:5`.
    pub set_at: String,
    /// Why it could not be evaluated, what it is about, or what was found.
    pub note: Option<String>,
}

impl Check {
    /// The limit that counts: the hard one, else the soft one.
    pub fn limit(&self) -> Option<f64> {
        self.fail.or(self.warn)
    }
}

/// What was denied and let pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ignored {
    /// The rule or package.
    pub id: String,
    /// Why.
    pub reason: String,
    /// The last day.
    pub until: Option<String>,
    /// Whether it had anything to do.
    pub state: IgnoredState,
    /// Where it was set.
    pub set_at: String,
}

/// Whether an ignore had anything to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum IgnoredState {
    /// It let something pass.
    Used,
    /// It matched nothing and can go.
    Unused,
    /// Its last day is over: what it matched counts again.
    Expired,
}

/// A limit as a figure: percentages become what they are a percentage of.
pub(super) fn figure(limit: Limit, whole: u64) -> f64 {
    match limit {
        Limit::Bytes(figure) | Limit::Count(figure) => figure as f64,
        Limit::Percent(hundredths) => super::amount::percent_of(whole, hundredths) as f64,
        Limit::Ratio(ratio) => ratio,
    }
}
