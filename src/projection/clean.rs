//! `clean`: the image as its own Dockerfile would make it with every safe fix applied. Nothing that runs can notice.

use std::collections::BTreeSet;

use super::Variant;
use crate::advice::{ChangeKind, Finding, Safety};
use crate::ledger::{Ledger, freed};
use crate::size::si;

/// The clean variant; `None` where no safe fix frees anything.
///
/// The base image stays as it is, for its bytes are not this Dockerfile's to change, and what only a person can mend
/// is not counted on.
pub fn clean(ledger: &Ledger, findings: &[Finding]) -> Option<Variant> {
    let is_safe = |finding: &Finding| finding.safety == Safety::Safe && finding.change != ChangeKind::Manual;
    let chosen: Vec<_> =
        (0..findings.len()).filter(|at| is_safe(&findings[*at]) && !findings[*at].in_base).collect();
    let changes: BTreeSet<_> = chosen.iter().flat_map(|at| findings[*at].changes.iter().copied()).collect();
    if changes.is_empty() {
        return None;
    }
    let mut caveats = vec!["Projected from the image as it is; it has not been built".to_owned()];
    if !ledger.transfer_exact {
        caveats.push("Bytes to pull are estimated from a sample".to_owned());
    }
    let in_base = findings.iter().filter(|finding| is_safe(finding) && finding.in_base);
    let in_base = freed(ledger, in_base.flat_map(|finding| finding.changes.iter().copied())).content;
    if in_base > 0 {
        caveats
            .push(format!("{} more are in the base image, which only another base can change", si(in_base)));
    }
    let changes = changes.into_iter().collect();
    Some(Variant { name: "clean".to_owned(), changes, findings: chosen, caveats, recipe: None })
}
