//! Who reaches each distribution, and how: steps between modules, folded to distributions.

use std::collections::{BTreeMap, BTreeSet};

use super::modules::Home;
use super::{ModuleId, Modules};
use crate::audit::reach::{Reach, Step};
use crate::audit::tier::Tier;

/// How one distribution is reached.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// The most certain path to any of its modules.
    pub tier: Option<Tier>,
    /// The module that it leads to.
    pub module: Option<ModuleId>,
    /// The best step of the application's own sources into it.
    pub ours: Option<Tier>,
    /// Steps from outside, best first: the importing module and the step.
    pub steps: Vec<(ModuleId, Step)>,
}

/// Folds a reach to distributions, by position.
pub fn fold(modules: &Modules<'_>, reach: &Reach, count: usize) -> Vec<Evidence> {
    let mut evidence = vec![Evidence::default(); count];
    for (id, reached) in &reach.reached {
        if let Home::Distribution(position) = modules.get(*id).place {
            let known = &mut evidence[position];
            if known.tier.is_none_or(|tier| reached.tier < tier) {
                (known.tier, known.module) = (Some(reached.tier), Some(*id));
            }
        }
    }
    for (from, steps) in &reach.steps {
        let home = modules.get(*from).place;
        for step in steps {
            let Home::Distribution(position) = modules.get(step.to).place else { continue };
            if home == Home::Distribution(position) {
                continue;
            }
            let known = &mut evidence[position];
            if home == Home::Application && step.tier != Tier::Typing {
                known.ours = Some(known.ours.map_or(step.tier, |tier| tier.min(step.tier)));
            }
            known.steps.push((*from, step.clone()));
        }
    }
    for one in &mut evidence {
        // One line of evidence for each pair of modules, the best first and the application's before all.
        let rank = |(from, step): &(ModuleId, Step)| {
            (modules.get(*from).place != Home::Application, step.line == 0, step.tier, *from, step.line)
        };
        one.steps.sort_by_key(rank);
        one.steps.dedup_by_key(|(from, step)| (*from, step.line));
        one.steps.truncate(40);
    }
    evidence
}

/// Groups of distributions of which one must stay: what the branches of one `try`, or the names of one table, lead to.
///
/// What is loaded anyway is no choice: `evidence` tells.
pub fn alternatives(modules: &Modules<'_>, reach: &Reach, evidence: &[Evidence]) -> Vec<Vec<usize>> {
    let mut groups = BTreeSet::new();
    for (from, steps) in &reach.steps {
        let home = modules.get(*from).place;
        let mut choices: BTreeMap<u32, BTreeMap<u16, BTreeSet<usize>>> = BTreeMap::new();
        for step in steps {
            let Some((statement, branch)) = step.choice else { continue };
            let leads_to = choices.entry(statement).or_default().entry(branch).or_default();
            let beyond = beyond(modules, reach, home, step.to).into_iter();
            leads_to.extend(beyond.filter(|position| evidence[*position].tier != Some(Tier::Hard)));
        }
        for branches in choices.into_values().filter(|branches| branches.len() > 1) {
            let shared: BTreeSet<usize> = branches
                .values()
                .skip(1)
                .fold(branches.values().next().cloned().unwrap_or_default(), |shared, branch| {
                    shared.intersection(branch).copied().collect()
                });
            // A branch that needs nothing more is the fallback: then nothing must stay.
            let each: Vec<Vec<usize>> =
                branches.values().map(|branch| branch.difference(&shared).copied().collect()).collect();
            if each.iter().all(|branch: &Vec<usize>| !branch.is_empty()) {
                let mut members: Vec<usize> = each.into_iter().flatten().collect();
                members.sort_unstable();
                members.dedup();
                groups.insert(members);
            }
        }
    }
    groups.retain(|members| members.len() > 1);
    groups.into_iter().collect()
}

/// The distributions that a module needs at once: its own, or, where that is the importer's, those beyond it.
fn beyond(modules: &Modules<'_>, reach: &Reach, home: Home, to: ModuleId) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut left = vec![to];
    while let Some(id) = left.pop() {
        if !seen.insert(id) || seen.len() > 64 {
            continue;
        }
        match modules.get(id).place {
            Home::Distribution(position) if modules.get(id).place != home => {
                found.insert(position);
            }
            _ => {
                // The packages above it are loaded whichever branch is taken.
                let hard = reach
                    .steps
                    .get(&id)
                    .into_iter()
                    .flatten()
                    .filter(|step| step.tier == Tier::Hard && step.line > 0);
                left.extend(hard.map(|step| step.to));
            }
        }
    }
    found
}
