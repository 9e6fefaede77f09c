//! Findings and variants: sets of changes, printed as what they free.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::super::{Added, BaseFit, Change, Finding, FindingEntry, Fix, Saving, Variant, Within};
use super::platform;
use super::{count, number, text};
use crate::advice::{self, Rule};
use crate::analysis::PlatformAnalysis;
use crate::ledger::{self, EntryId, Ledger, freed};
use crate::projection;

/// The findings; those that this build can do something about first, then by saving.
pub(super) fn findings(analysis: &PlatformAnalysis, rules: &[Rule]) -> Vec<Finding> {
    let mut findings: Vec<_> =
        analysis.findings.par_iter().map(|found| finding(found, analysis, rules)).collect();
    findings.sort_by(|a, b| {
        let key = |f: &Finding| (f.in_base, u64::MAX - f.content, u64::MAX - f.transfer);
        (key(a), &a.rule, a.layer, a.hidden_by, &a.owner).cmp(&(
            key(b),
            &b.rule,
            b.layer,
            b.hidden_by,
            &b.owner,
        ))
    });
    findings
}

fn finding(found: &advice::Finding, analysis: &PlatformAnalysis, rules: &[Rule]) -> Finding {
    let ledger = &analysis.ledger;
    let size = found.size(ledger);
    let mut entries: Vec<_> = found.changes.par_iter().map(|change| entry(*change, ledger)).collect();
    entries.sort_by(|a, b| {
        (b.content, b.transfer, &a.path, a.layer).cmp(&(a.content, a.transfer, &b.path, b.layer))
    });
    let ids: BTreeSet<_> = found.changes.iter().map(|change| change.entry()).collect();
    Finding {
        rule: found.rule.clone(),
        title: rules
            .iter()
            .find(|rule| rule.id == found.rule)
            .map_or_else(String::new, |rule| rule.title.clone()),
        safety: found.safety.id().to_owned(),
        change: found.change.id().to_owned(),
        message: text(&found.message),
        content: size.content,
        transfer: size.transfer,
        files: count(ids.iter().filter(|id| ledger.entry(**id).is_file()).count()),
        layer: found.layer.map(number),
        place: platform::place(analysis, found.layer),
        hidden_by: found.hidden_by.map(number),
        owner: found.owner.map(|owner| text(ledger.owner_name(owner))),
        in_base: found.in_base,
        covered_by: found.covered_by.clone(),
        entries,
        fix: rules.iter().find(|rule| rule.id == found.rule).map(fix),
    }
}

fn fix(rule: &Rule) -> Fix {
    Fix {
        why: rule.why.clone(),
        how: rule.fix.how.clone(),
        before: rule.fix.before.clone(),
        after: rule.fix.after.clone(),
        references: rule.references.clone(),
    }
}

fn entry(change: ledger::Change, ledger: &Ledger) -> FindingEntry {
    let entry = ledger.entry(change.entry());
    let size = change.freed(ledger);
    FindingEntry {
        path: ledger.tree.path(entry.path).to_string(),
        layer: number(entry.layer),
        content: size.content,
        transfer: size.transfer,
    }
}

/// What the chosen findings free together.
pub(super) fn saving(analysis: &PlatformAnalysis, choose: impl Fn(&advice::Finding) -> bool) -> Saving {
    let chosen = analysis.findings.iter().filter(|finding| choose(finding));
    let changes = chosen.flat_map(|finding| finding.changes.iter().copied());
    let size = freed(&analysis.ledger, changes);
    Saving { content: size.content, transfer: size.transfer }
}

/// The variants, smallest first.
pub(super) fn variants(analysis: &PlatformAnalysis) -> Vec<Variant> {
    let mut variants: Vec<_> = analysis.variants.iter().map(|variant| build(variant, analysis)).collect();
    variants.sort_by(|a, b| (a.content, a.transfer, &a.name).cmp(&(b.content, b.transfer, &b.name)));
    variants
}

fn build(variant: &projection::Variant, analysis: &PlatformAnalysis) -> Variant {
    let (size, within) = (variant.size(&analysis.ledger), variant.within());
    Variant {
        name: variant.name.clone(),
        content: size.content,
        transfer: size.transfer,
        measured: false,
        within: Some(Within { content: within.0, transfer: within.1 }),
        changes: shares(variant, analysis),
        caveats: variant.caveats.iter().map(|caveat| text(caveat)).collect(),
        safety: variant.safety.id().to_owned(),
        adds: variant.adds.iter().map(added).collect(),
        measurement: None,
    }
}

fn added(added: &projection::variant::Added) -> Added {
    Added { what: text(&added.what), content: added.size.content, transfer: added.size.transfer }
}

/// The bases of the catalogue and what is in the way; those that nothing is in the way of first.
pub(super) fn bases(analysis: &PlatformAnalysis) -> Vec<BaseFit> {
    let platform = analysis.image.platform.to_string();
    let fit = |fit: &projection::bases::Fit| {
        let figure = fit.base.on(&platform);
        let known = |bytes: u64, zero: bool| (bytes > 0 || zero).then_some(bytes);
        let is_empty = fit.base.name == "scratch";
        BaseFit {
            name: fit.base.name.clone(),
            libc: fit.base.libc.clone(),
            content: figure.and_then(|figure| known(figure.content, is_empty)),
            transfer: figure.and_then(|figure| known(figure.transfer, is_empty)),
            how: figure.map_or_else(String::new, |figure| figure.how.clone()),
            date: figure.map_or_else(String::new, |figure| figure.date.clone()),
            source: figure.map_or_else(String::new, |figure| figure.source.clone()),
            blockers: fit.blockers.iter().map(|blocker| text(blocker)).collect(),
        }
    };
    let mut fits: Vec<BaseFit> = analysis.bases.iter().map(fit).collect();
    fits.sort_by_key(|fit| (fit.blockers.len(), fit.transfer.is_none(), fit.transfer, fit.name.clone()));
    fits
}

/// What each rule contributes: a change that several findings want is counted with the one that frees most.
fn shares(variant: &projection::Variant, analysis: &PlatformAnalysis) -> Vec<Change> {
    // Of several changes of one entry only the largest takes effect.
    let mut left: BTreeMap<EntryId, ledger::Change> = BTreeMap::new();
    for change in &variant.changes {
        let largest = left.entry(change.entry()).or_insert(*change);
        if change.freed(&analysis.ledger).content > largest.freed(&analysis.ledger).content {
            *largest = *change;
        }
    }
    // What a precise rule and a generic one both want is told as the precise one's; otherwise as the larger one's.
    let all = analysis.followed();
    let mut findings: Vec<_> = variant.findings.iter().filter_map(|at| all.get(*at).copied()).collect();
    findings.sort_by_key(|finding| {
        let size = finding.size(&analysis.ledger);
        let order = (u64::MAX - size.content, u64::MAX - size.transfer);
        (finding.covered_by.is_some(), order, &finding.rule, finding.layer, finding.hidden_by, finding.owner)
    });
    let mut changes: Vec<Change> = Vec::new();
    let mut add = |rule: &str, mine: &[ledger::Change]| {
        if mine.is_empty() {
            return;
        }
        let size = freed(&analysis.ledger, mine.iter().copied());
        let entries = count(mine.len());
        match changes.iter_mut().find(|change| change.rule == rule) {
            Some(change) => {
                change.entries += entries;
                change.content += size.content;
                change.transfer += size.transfer;
            }
            None => changes.push(Change {
                rule: rule.to_owned(),
                entries,
                content: size.content,
                transfer: size.transfer,
            }),
        }
    };
    for finding in findings {
        let mine: Vec<_> = finding.changes.iter().filter_map(|change| left.remove(&change.entry())).collect();
        add(&finding.rule, &mine);
    }
    add("", &left.into_values().collect::<Vec<_>>());
    changes.sort_by(|a, b| (b.content, b.transfer, &a.rule).cmp(&(a.content, a.transfer, &b.rule)));
    changes
}
