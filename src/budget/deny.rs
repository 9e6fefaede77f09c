//! Packages and rules that must not be there, and what is let pass for a reason.

use super::{Check, Denied, Ignore, Ignored, IgnoredState, Policy, Status, Unit, matches};
use crate::size::si;
use crate::view::{Platform, Report};

/// Something that a denied pattern matched.
struct Match<'a> {
    id: &'a str,
    /// Other ids by which an ignore may name it.
    content: u64,
}

/// Adds a check for everything denied on every platform, and says what the ignores did.
pub(super) fn evaluate(
    report: &Report,
    policy: &Policy,
    today: &str,
    checks: &mut Vec<Check>,
) -> Vec<Ignored> {
    let expired = |ignore: &Ignore| ignore.until.as_deref().is_some_and(|until| until < today);
    let mut used = vec![false; policy.ignores.len()];
    for platform in &report.platforms {
        for deny in &policy.denies {
            let found = matching(platform, deny.what, &deny.pattern);
            let (mut let_pass, mut counts) = (0_usize, Vec::new());
            for found in found {
                let mut passes = false;
                for (at, ignore) in policy.ignores.iter().enumerate() {
                    if ignore.what == deny.what && matches(&ignore.pattern, found.id) {
                        used[at] = true;
                        passes |= !expired(ignore);
                    }
                }
                if passes {
                    let_pass += 1;
                } else {
                    counts.push(found);
                }
            }
            let value = counts.len() as f64;
            let kind = if deny.what == Denied::Rule { "rule" } else { "package" };
            let (warn, fail) = if deny.warns { (Some(0.0), None) } else { (None, Some(0.0)) };
            checks.push(Check {
                name: format!("{}.{kind}.{}", if deny.warns { "warn" } else { "deny" }, deny.pattern),
                platform: platform.platform.clone(),
                status: match (counts.is_empty(), deny.warns) {
                    (true, _) => Status::Pass,
                    (false, true) => Status::Warn,
                    (false, false) => Status::Fail,
                },
                unit: Unit::Count,
                value: Some(value),
                exact: true,
                warn,
                fail,
                headroom: Some(0.0 - value),
                percent: None,
                set_at: deny.at.clone(),
                note: note(&counts, let_pass),
            });
        }
    }
    let state = |at: usize, ignore: &Ignore| match (used[at], expired(ignore)) {
        (false, _) => IgnoredState::Unused,
        (true, true) => IgnoredState::Expired,
        (true, false) => IgnoredState::Used,
    };
    let ignored = |(at, ignore): (usize, &Ignore)| Ignored {
        id: ignore.pattern.clone(),
        reason: ignore.reason.clone(),
        until: ignore.until.clone(),
        state: state(at, ignore),
        set_at: ignore.at.clone(),
    };
    policy.ignores.iter().enumerate().map(ignored).collect()
}

/// What of a platform a pattern matches. Findings of the base are not this build's to mend, and what another finding says
/// better is told once.
fn matching<'a>(platform: &'a Platform, what: Denied, pattern: &str) -> Vec<Match<'a>> {
    match what {
        Denied::Package => {
            let owners = platform.owners.iter().filter(|owner| matches(pattern, &owner.id));
            owners.map(|owner| Match { id: &owner.id, content: owner.content }).collect()
        }
        Denied::Rule => {
            let findings =
                platform.findings.iter().filter(|found| !found.in_base && matches(pattern, &found.rule));
            findings.map(|found| Match { id: &found.rule, content: found.content }).collect()
        }
    }
}

fn note(counts: &[Match<'_>], let_pass: usize) -> Option<String> {
    const SHOWN: usize = 3;
    let mut parts: Vec<_> =
        counts.iter().take(SHOWN).map(|found| format!("{} {}", found.id, si(found.content))).collect();
    if counts.len() > SHOWN {
        parts.push(format!("{} more", counts.len() - SHOWN));
    }
    if let_pass > 0 {
        parts.push(format!("{let_pass} ignored"));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}
