//! Holds a report against what is in force.

use super::deny;
use super::verdict::figure;
use super::{Budget, Check, Key, Limit, Measure, Part, Policy, Status, Unit, Verdict, matches};
use crate::nearest::nearest;
use crate::view::{Platform, Report};

/// What growth is measured from.
#[derive(Debug, Clone, Copy)]
pub enum Baseline<'a> {
    /// None was named: growth cannot be evaluated.
    Missing,
    /// The user says that there is none yet: growth is skipped.
    None,
    /// This report.
    Report(&'a Report),
}

/// What comes of holding `report` against `policy` on the day `today`, `YYYY-MM-DD`.
pub fn evaluate(report: &Report, baseline: Baseline<'_>, policy: &Policy, today: &str) -> Verdict {
    let mut checks = Vec::new();
    for platform in &report.platforms {
        for budget in in_force(policy, &platform.platform) {
            checks.push(check(budget, platform, baseline));
        }
    }
    checks.extend(policy.budgets.iter().filter_map(|budget| without_platform(budget, report)));
    let ignores = deny::evaluate(report, policy, today, &mut checks);
    let order =
        |check: &Check| report.platforms.iter().position(|platform| platform.platform == check.platform);
    checks.sort_by_key(|check| order(check).unwrap_or(usize::MAX));
    let status = checks.iter().map(|check| check.status).filter(|status| *status != Status::Skipped).max();
    // Where every check was skipped nothing was found to be wrong, and the user said so.
    Verdict { status: status.unwrap_or(Status::Pass), checks, ignores }
}

/// Of the limits on one thing, those for the platform replace the general ones.
fn in_force<'a>(policy: &'a Policy, platform: &str) -> Vec<&'a Budget> {
    let applies = |key: &Key| key.platform.as_deref().is_none_or(|wanted| names(wanted, platform));
    let special = |key: &Key| {
        policy.budgets.iter().any(|other| {
            other.key.platform.is_some()
                && applies(&other.key)
                && (&other.key.measure, other.key.part, other.key.growth)
                    == (&key.measure, key.part, key.growth)
        })
    };
    policy
        .budgets
        .iter()
        .filter(|budget| applies(&budget.key) && (budget.key.platform.is_some() || !special(&budget.key)))
        .collect()
}

/// Whether `linux/arm64`, `arm64` or `linux` names a platform.
fn names(wanted: &str, platform: &str) -> bool {
    platform == wanted
        || platform.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('/'))
        || platform.split('/').any(|part| part == wanted)
}

/// A limit for a platform that was not read.
fn without_platform(budget: &Budget, report: &Report) -> Option<Check> {
    let wanted = budget.key.platform.as_deref()?;
    if report.platforms.iter().any(|platform| names(wanted, &platform.platform)) {
        return None;
    }
    let mut check = empty(budget, wanted);
    check.note = Some(if offered(&report.index, wanted) {
        check.status = Status::Skipped;
        format!("{wanted} was not asked for")
    } else {
        format!("the image has no platform {wanted}")
    });
    Some(check)
}

fn offered(node: &crate::view::Node, wanted: &str) -> bool {
    node.platform.as_deref().is_some_and(|platform| names(wanted, platform))
        || node.children.iter().any(|child| offered(child, wanted))
}

/// The name of what is limited: `content`, `own.transfer`, `growth.content`, `owner.python:scipy`.
impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let measure = match &self.measure {
            Measure::Content => "content",
            Measure::Transfer => "transfer",
            Measure::Wasted => "wasted",
            Measure::Layers => "layers",
            Measure::Owner(pattern) => return write!(f, "owner.{pattern}"),
            Measure::DiveEfficiency => return f.write_str("dive.lowestEfficiency"),
            Measure::DiveWasted => return f.write_str("dive.highestWastedBytes"),
            Measure::DiveUserWasted => return f.write_str("dive.highestUserWastedPercent"),
        };
        match (self.growth, self.part) {
            (true, _) => write!(f, "growth.{measure}"),
            (false, Part::All) => f.write_str(measure),
            (false, Part::Own) => write!(f, "own.{measure}"),
            (false, Part::Base) => write!(f, "base.{measure}"),
        }
    }
}

/// A check of which nothing is known yet.
fn empty(budget: &Budget, platform: &str) -> Check {
    let unit = match budget.key.measure {
        Measure::Layers => Unit::Count,
        Measure::DiveEfficiency | Measure::DiveUserWasted => Unit::Ratio,
        _ => Unit::Bytes,
    };
    let absolute = |limit: Option<Limit>| match limit {
        Some(Limit::Percent(_)) | None => None,
        Some(limit) => Some(figure(limit, 0)),
    };
    let percent = match budget.fail.or(budget.warn) {
        Some(Limit::Percent(hundredths)) => Some(hundredths as f64 / 100.0),
        _ => None,
    };
    Check {
        name: budget.key.to_string(),
        platform: platform.to_owned(),
        status: Status::Unknown,
        unit,
        value: None,
        exact: true,
        warn: absolute(budget.warn),
        fail: absolute(budget.fail),
        headroom: None,
        percent,
        set_at: budget.at.clone(),
        note: None,
    }
}

/// What a measure is found to be.
struct Found {
    value: f64,
    /// What a percentage is of.
    whole: u64,
    exact: bool,
    note: Option<String>,
}

impl Found {
    fn exactly(value: u64, whole: u64) -> Self {
        Self { value: value as f64, whole, exact: true, note: None }
    }
}

fn check(budget: &Budget, platform: &Platform, baseline: Baseline<'_>) -> Check {
    let mut check = empty(budget, &platform.platform);
    let found = if budget.key.growth {
        match growth(&budget.key.measure, platform, baseline) {
            Ok(Some(found)) => found,
            Ok(None) => {
                check.status = Status::Skipped;
                check.note = Some("there is no baseline yet".to_owned());
                return check;
            }
            Err(why) => {
                check.note = Some(why);
                return check;
            }
        }
    } else {
        match measure(&budget.key, platform) {
            Ok(found) => found,
            Err(why) => {
                check.note = Some(why);
                return check;
            }
        }
    };
    settle(&mut check, budget, found);
    check
}

fn settle(check: &mut Check, budget: &Budget, found: Found) {
    check.warn = budget.warn.map(|limit| figure(limit, found.whole));
    check.fail = budget.fail.map(|limit| figure(limit, found.whole));
    check.value = Some(found.value);
    check.exact = found.exact;
    check.note = found.note;
    // dive's efficiency must not be lower; everything else must not be higher.
    let lower = budget.key.measure == Measure::DiveEfficiency;
    let room = |limit: f64| if lower { found.value - limit } else { limit - found.value };
    check.headroom = check.limit().map(room);
    let beyond = |limit: Option<f64>| limit.is_some_and(|limit| room(limit) < 0.0);
    check.status = match (beyond(check.fail), beyond(check.warn)) {
        (true, _) => Status::Fail,
        (false, true) => Status::Warn,
        (false, false) => Status::Pass,
    };
}

fn measure(key: &Key, platform: &Platform) -> Result<Found, String> {
    match &key.measure {
        Measure::Owner(pattern) => Ok(owner(pattern, platform)),
        Measure::DiveEfficiency | Measure::DiveWasted | Measure::DiveUserWasted => {
            dive(&key.measure, platform)
        }
        _ => part(key, platform),
    }
}

fn part(key: &Key, platform: &Platform) -> Result<Found, String> {
    if key.part != Part::All && platform.base.is_none() {
        return Err("it cannot be told which layers come from a base image".to_owned());
    }
    let layers = platform.layers.iter().filter(|layer| match key.part {
        Part::All => true,
        Part::Own => !layer.base,
        Part::Base => layer.base,
    });
    let content = layers.clone().map(|layer| layer.content).sum();
    match key.measure {
        Measure::Transfer if !platform.transfer.is_known() => Err(unknown_transfer()),
        Measure::Transfer => {
            let transfer = layers.map(|layer| layer.transfer).sum();
            Ok(Found { exact: platform.transfer.exact, ..Found::exactly(transfer, 0) })
        }
        Measure::Wasted => Ok(Found::exactly(layers.map(|layer| layer.wasted).sum(), content)),
        Measure::Layers => Ok(Found::exactly(layers.count() as u64, 0)),
        _ => Ok(Found::exactly(content, 0)),
    }
}

fn unknown_transfer() -> String {
    "transfer was not looked at; --transfer estimate does".to_owned()
}

fn owner(pattern: &str, platform: &Platform) -> Found {
    let owners: Vec<_> = platform.owners.iter().filter(|owner| matches(pattern, &owner.id)).collect();
    let mut found = Found::exactly(owners.iter().map(|owner| owner.content).sum(), 0);
    found.note = match owners.as_slice() {
        [] => Some(match nearest(pattern, platform.owners.iter().map(|owner| owner.id.as_str())) {
            Some(meant) => format!("not in this image; did you mean {meant}?"),
            None => "not in this image".to_owned(),
        }),
        [_] => None,
        many => Some(format!("{} owners together", many.len())),
    };
    found
}

fn dive(measure: &Measure, platform: &Platform) -> Result<Found, String> {
    let Some(dive) = &platform.dive else {
        return Err("the report was saved by a version that did not count as dive does".to_owned());
    };
    let value = match measure {
        Measure::DiveEfficiency => dive.efficiency(),
        Measure::DiveUserWasted => dive.user_wasted(),
        _ => dive.wasted as f64,
    };
    Ok(Found { value, whole: 0, exact: true, note: None })
}

/// The growth since the baseline; `None` where the user says that there is none.
fn growth(measure: &Measure, platform: &Platform, baseline: Baseline<'_>) -> Result<Option<Found>, String> {
    let base = match baseline {
        Baseline::None => return Ok(None),
        Baseline::Missing => {
            return Err("growth needs a baseline: --baseline FILE, or --no-baseline".to_owned());
        }
        Baseline::Report(report) => report.platforms.iter().find(|base| base.platform == platform.platform),
    };
    let Some(base) = base else {
        return Err(format!("the baseline has no {}", platform.platform));
    };
    let of = |platform: &Platform| match measure {
        Measure::Transfer => platform.transfer.bytes,
        Measure::Wasted => platform.wasted(),
        _ => platform.content,
    };
    let transfer = *measure == Measure::Transfer;
    if transfer && !(platform.transfer.is_known() && base.transfer.is_known()) {
        return Err(unknown_transfer());
    }
    let (from, to) = (of(base), of(platform));
    let exact = !transfer || (platform.transfer.exact && base.transfer.exact);
    Ok(Some(Found { value: to as f64 - from as f64, whole: from, exact, note: None }))
}
