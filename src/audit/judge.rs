//! From the two reachabilities, by import and by metadata, to a verdict for each distribution.

use super::catalog::CATALOG;
use super::python::evidence::Evidence;
use super::python::modules::Home;
use super::python::{Distribution, Modules};
use super::reach::Reach;
use super::tier::Tier;
use super::verdict::{Confidence, Verdict};
use std::collections::BTreeSet;

/// All that a verdict is made from.
pub struct Case<'c, 'a> {
    /// The distributions.
    pub distributions: &'c [Distribution],
    /// The modules.
    pub modules: &'c Modules<'a>,
    /// Who reaches each distribution.
    pub evidence: &'c [Evidence],
    /// What code can load.
    pub reach: &'c Reach,
    /// What the roots lead to by metadata.
    pub installed_for: &'c BTreeSet<usize>,
    /// Declared distributions.
    pub declared: &'c BTreeSet<usize>,
    /// Distributions that the command starts.
    pub started: &'c BTreeSet<usize>,
    /// Distributions that nothing but extras asks for.
    pub base_required: Vec<BTreeSet<usize>>,
    /// Dynamic imports that could reach anything: in the application, in what is installed.
    pub dynamic: (usize, usize),
    /// Whether anything declares anything.
    pub has_manifest: bool,
    /// Distributions of which a traced run opened code; `None` without a trace.
    pub opened: Option<BTreeSet<usize>>,
}

/// A verdict with its confidence and its reasons.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// What it is to the application.
    pub verdict: Verdict,
    /// How sure that is.
    pub confidence: Confidence,
    /// Whether it is proposed to go.
    pub could_go: bool,
    /// Why.
    pub because: Vec<String>,
}

impl Case<'_, '_> {
    /// Judges one distribution.
    pub fn judge(&self, position: usize) -> Judgement {
        let (verdict, mut because) = self.verdict(position);
        let (mut confidence, reasons) = self.confidence(position, verdict);
        because.extend(reasons);
        let mut could_go = matches!(verdict, Verdict::Unused | Verdict::Leftover)
            || verdict == Verdict::Optional && self.only_a_feature(position);
        if let Some(opened) = &self.opened {
            let was_opened = opened.contains(&position);
            let is_plugin = self.evidence[position].tier == Some(Tier::Plugin);
            if was_opened && is_plugin {
                because.push("the traced run loaded it, as a plugin: loaded is not needed".to_owned());
            } else if was_opened {
                because.push("the traced run opened its code".to_owned());
                could_go &= !matches!(verdict, Verdict::Unused | Verdict::Optional);
                if matches!(verdict, Verdict::Unused | Verdict::Optional) {
                    return Judgement {
                        verdict: Verdict::Used,
                        confidence: Confidence::Likely,
                        could_go,
                        because,
                    };
                }
            } else if confidence == Confidence::Possible && could_go {
                confidence = Confidence::Likely;
                because
                    .push("the traced run did not open it, which makes that likely, not certain".to_owned());
            }
        }
        Judgement { verdict, confidence, could_go, because }
    }

    fn verdict(&self, position: usize) -> (Verdict, Vec<String>) {
        let evidence = &self.evidence[position];
        let is_declared = self.declared.contains(&position);
        let is_required = self.required_by_kept(position);
        let by = || self.importers(position);
        if self.started.contains(&position) {
            let verdict = if is_declared || !self.has_manifest { Verdict::Used } else { Verdict::Undeclared };
            return (verdict, vec!["the container's command starts it".to_owned()]);
        }
        match (evidence.ours, evidence.tier) {
            (Some(ours), _) if !matches!(ours, Tier::Guarded | Tier::String) => {
                if is_declared || !self.has_manifest {
                    return (Verdict::Used, by());
                }
                let mut because = by();
                because.push(match is_required {
                    Some(name) => format!("nothing declares it; it is there because {name} requires it"),
                    None => "nothing declares it and nothing requires it".to_owned(),
                });
                (Verdict::Undeclared, because)
            }
            (_, Some(tier)) if tier == Tier::Hard || matches!(tier, Tier::Opaque | Tier::Native) => {
                if is_declared {
                    (Verdict::Used, by())
                } else if self.installed_for.contains(&position) {
                    (Verdict::Transitive, by())
                } else {
                    let mut because = by();
                    because.push("nothing declares it and nothing requires it".to_owned());
                    (Verdict::Undeclared, because)
                }
            }
            (_, reached) => {
                let mut because = by();
                if let Some(name) = &is_required {
                    because.push(match reached {
                        None => format!("{name} requires it, though no import was found that reaches it"),
                        Some(_) => format!("{name} requires it"),
                    });
                    return (Verdict::Transitive, because);
                }
                if reached.is_some() {
                    because.splice(0..0, self.weakest_step(position));
                    if self.only_recognised(position) {
                        because.push("what imports it only recognises its objects: no extra but for developers offers it".to_owned());
                    }
                    return (Verdict::Optional, because);
                }
                if is_declared {
                    because.push(
                        "it is declared, and nothing was found that imports, names or loads it".to_owned(),
                    );
                    return (Verdict::Unused, because);
                }
                if self.installed_for.contains(&position) {
                    because.push("only an extra asks for it".to_owned());
                    return (Verdict::Transitive, because);
                }
                because.push(
                    "nothing declares it, nothing requires it, and nothing was found that imports it"
                        .to_owned(),
                );
                (Verdict::Leftover, because)
            }
        }
    }

    /// Something that stays and requires it without being asked for an extra.
    fn required_by_kept(&self, position: usize) -> Option<String> {
        let mut requiring = (0..self.distributions.len()).filter(|other| {
            *other != position
                && self.installed_for.contains(other)
                && self.base_required[*other].contains(&position)
        });
        // One that is imported says more than one that is not.
        let all: Vec<usize> = requiring.by_ref().collect();
        let best = all
            .iter()
            .find(|other| self.evidence[**other].tier.is_some_and(Tier::runs_at_start))
            .or(all.first());
        best.map(|other| self.distributions[*other].name.clone())
    }

    /// Reached only by what was never asked to: lazily, by a literal, as a plugin of somebody else, or by something that
    /// would know its objects if the application had any.
    fn only_a_feature(&self, position: usize) -> bool {
        let evidence = &self.evidence[position];
        let runs = evidence.tier.is_some_and(Tier::runs_at_start) && !self.only_recognised(position);
        self.declared.contains(&position) && evidence.ours.is_none() && !runs
    }

    /// Whether whatever imports it at start does so only to recognise its objects: none of its extras offers it, but for
    /// those of its developers. The application does not import it, so there are no such objects.
    fn only_recognised(&self, position: usize) -> bool {
        let steps = self.evidence[position].steps.iter().filter(|(from, step)| {
            let at_start = self
                .reach
                .reached
                .get(from)
                .is_some_and(|reached| reached.tier.max(step.tier).runs_at_start());
            at_start && step.tier != Tier::Typing
        });
        let mut recognises = steps.map(|(from, step)| match self.modules.get(*from).place {
            Home::Distribution(other) => step.tier == Tier::Guarded && !self.offers(other, position),
            _ => false,
        });
        let first = recognises.next();
        first == Some(true) && recognises.all(|recognises| recognises)
    }

    /// Whether one of a distribution's extras, other than for development, asks for another one.
    fn offers(&self, position: usize, wanted: usize) -> bool {
        const FOR_DEVELOPERS: [&str; 9] =
            ["test", "doc", "dev", "example", "benchmark", "lint", "build", "maintenance", "ci"];
        let (one, wanted) = (&self.distributions[position], &self.distributions[wanted].name);
        let asks = one.requires.iter().filter(|requirement| requirement.name == *wanted);
        asks.map(|requirement| requirement.text.to_lowercase()).any(|text| match text.split_once("extra") {
            Some((_, extra)) => !FOR_DEVELOPERS.iter().any(|word| extra.contains(word)),
            None => true,
        })
    }

    /// The step that makes the best path to it no better than it is.
    fn weakest_step(&self, position: usize) -> Option<String> {
        let evidence = &self.evidence[position];
        let path = self.reach.path(evidence.module?);
        let (to, weakest) = path.iter().find(|(_, reached)| Some(reached.step) == evidence.tier)?;
        let from = self.modules.get(weakest.from?);
        let to = self.modules.get(*to);
        Some(format!(
            "reached only because {} {} {} in {}:{}",
            from.name,
            weakest.step.verb(),
            to.name,
            from.path,
            weakest.line
        ))
    }

    fn confidence(&self, position: usize, verdict: Verdict) -> (Confidence, Vec<String>) {
        let distribution = &self.distributions[position];
        let tier = self.evidence[position].tier;
        let mut because = Vec::new();
        let mut confidence = match verdict {
            Verdict::Used | Verdict::Undeclared | Verdict::Transitive => {
                return match tier {
                    _ if self.started.contains(&position) || tier == Some(Tier::Hard) => {
                        (Confidence::Certain, because)
                    }
                    Some(_) => (Confidence::Likely, because),
                    None => (Confidence::Possible, because),
                };
            }
            Verdict::Optional => return (Confidence::Possible, because),
            Verdict::Unused | Verdict::Leftover => Confidence::Certain,
        };
        let mut lower = |to: Confidence, why: String| {
            confidence = confidence.min(to);
            because.push(why);
        };
        let (ours, theirs) = self.dynamic;
        if ours > 0 {
            lower(
                Confidence::Possible,
                "the application imports by names that only running it would tell".to_owned(),
            );
        } else if theirs > 0 {
            let files = if theirs == 1 { "one place imports" } else { "places import" };
            let count = if theirs == 1 { String::new() } else { format!("{theirs} ") };
            lower(Confidence::Likely, format!("{count}{files} by names that only running it would tell"));
        }
        let group = distribution
            .entry_points
            .iter()
            .find(|point| !matches!(point.group.as_str(), "console_scripts" | "gui_scripts"));
        if let Some(point) = group {
            lower(
                Confidence::Likely,
                format!("it registers a plugin in `{}`, for which nothing was found to ask", point.group),
            );
        }
        if let Some(point) = distribution.entry_points.iter().find(|point| point.group == "console_scripts") {
            lower(
                Confidence::Likely,
                format!("it installs the command `{}`, which somebody may run", point.name),
            );
        }
        if CATALOG.data.distributions.contains(&distribution.name) {
            lower(Confidence::Possible, "it matters without being imported".to_owned());
        }
        (confidence, because)
    }

    /// The best lines of evidence: who imports it, where.
    fn importers(&self, position: usize) -> Vec<String> {
        let evidence = &self.evidence[position];
        let mut lines: Vec<String> = Vec::new();
        let mut seen = BTreeSet::new();
        for (from, step) in &evidence.steps {
            let module = self.modules.get(*from);
            let who = match module.place {
                Home::Application => "the application".to_owned(),
                Home::Distribution(other) => self.distributions[other].name.clone(),
                Home::Nobody => module.name.clone(),
            };
            if !seen.insert((who.clone(), step.tier)) {
                continue;
            }
            let at =
                if step.line > 0 { format!("{}:{}", module.path, step.line) } else { module.path.clone() };
            lines.push(format!("{who} {} {} in {at}", step.tier.verb(), self.modules.get(step.to).name));
            if lines.len() == 4 {
                break;
            }
        }
        lines
    }
}
