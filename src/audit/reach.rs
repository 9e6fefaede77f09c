//! What code can load: from the roots along the imports, each module by its most certain path.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::catalog::CATALOG;
use super::python::distribution::EntryPoint;
use super::python::modules::Home;
use super::python::{Distribution, Environment, ModuleId, Modules};
use super::tier::Tier;

/// One step from a module to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The module that it leads to.
    pub to: ModuleId,
    /// How.
    pub tier: Tier,
    /// The line of the source, from 1; 0 where there is none.
    pub line: u32,
    /// The statement and the branch of it that this is one alternative of.
    pub choice: Option<(u32, u16)>,
}

/// How a module is reached best.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// The worst step of the best path.
    pub tier: Tier,
    /// The module before it on that path; `None` for a root.
    pub from: Option<ModuleId>,
    /// The step that leads here.
    pub step: Tier,
    /// Its line.
    pub line: u32,
}

/// What code can load.
#[derive(Debug, Default)]
pub struct Reach {
    /// By module.
    pub reached: BTreeMap<ModuleId, Reached>,
    /// All steps out of reached modules, those for type checkers too.
    pub steps: BTreeMap<ModuleId, Vec<Step>>,
}

/// What steps are made of.
pub struct Ground<'g, 'a> {
    /// Every module.
    pub modules: &'g Modules<'a>,
    /// Every distribution.
    pub distributions: &'g [Distribution],
    /// The interpreter.
    pub environment: &'g Environment,
    /// What each distribution requires here, by position.
    pub requires: &'g [BTreeSet<usize>],
    groups: BTreeMap<&'g str, Vec<&'g EntryPoint>>,
    tops: Vec<Vec<ModuleId>>,
}

impl<'g, 'a> Ground<'g, 'a> {
    /// Makes the tables that steps need.
    pub fn new(
        modules: &'g Modules<'a>,
        distributions: &'g [Distribution],
        environment: &'g Environment,
        requires: &'g [BTreeSet<usize>],
    ) -> Self {
        let mut groups: BTreeMap<&str, Vec<&EntryPoint>> = BTreeMap::new();
        for point in distributions.iter().flat_map(|distribution| &distribution.entry_points) {
            if !matches!(point.group.as_str(), "console_scripts" | "gui_scripts") {
                groups.entry(&point.group).or_default().push(point);
            }
        }
        let mut tops = vec![Vec::new(); distributions.len()];
        for id in modules.ids() {
            let module = modules.get(id);
            if let Home::Distribution(position) = module.place
                && !module.name.contains('.')
            {
                tops[position].push(id);
            }
        }
        Self { modules, distributions, environment, requires, groups, tops }
    }

    /// The modules of a distribution that have no package above them.
    pub fn tops(&self, distribution: usize) -> &[ModuleId] {
        &self.tops[distribution]
    }

    /// All steps out of a module.
    pub fn steps(&self, from: ModuleId) -> Vec<Step> {
        let module = self.modules.get(from);
        let mut steps = Vec::new();
        // Importing a module runs the packages above it.
        for above in self
            .modules
            .chain(module.name.rsplit_once('.').map_or("", |(above, _)| above), Some(module.place))
        {
            steps.push(Step { to: above, tier: Tier::Hard, line: 0, choice: None });
        }
        let Some(facts) = module.facts else {
            if let Home::Distribution(position) = module.place {
                let required = self.requires[position].iter().flat_map(|required| self.tops(*required));
                steps.extend(required.map(|to| Step { to: *to, tier: Tier::Opaque, line: 0, choice: None }));
            }
            return steps;
        };
        for import in &facts.imports {
            let holds = import.condition.is_none_or(|condition| condition.holds(self.environment.version));
            let tier = if holds { import.tier } else { Tier::Typing };
            for to in self.targets(from, import) {
                steps.push(Step { to, tier, line: import.line, choice: import.choice });
            }
        }
        for named in &facts.references {
            let to = self.object(&named.text, Some(module.place));
            steps.extend(to.map(|to| Step {
                to,
                tier: reference(module.place),
                line: named.line,
                choice: None,
            }));
        }
        for named in &facts.strings {
            let to = self.literal(&named.text, Some(module.place));
            steps.extend(to.map(|to| Step { to, tier: Tier::String, line: named.line, choice: None }));
        }
        for table in &facts.tables {
            for (branch, named) in (0..).zip(&table.values) {
                let to = self.literal(&named.text, Some(module.place));
                let choice = Some((table.statement, branch));
                steps.extend(to.map(|to| Step { to, tier: Tier::String, line: named.line, choice }));
            }
        }
        for named in &facts.schemes {
            let drivers = CATALOG.schemes.get(&*named.text).into_iter().flatten();
            for to in drivers.filter_map(|driver| self.modules.named(driver, Some(module.place))) {
                steps.push(Step { to, tier: reference(module.place), line: named.line, choice: None });
            }
        }
        let own = match module.place {
            Home::Distribution(position) if module.is_package && !module.name.contains('.') => {
                CATALOG.groups.get(&self.distributions[position].name)
            }
            _ => None,
        };
        let asked = facts.groups.iter().chain(&facts.strings).map(|named| (&*named.text, named.line));
        for (group, line) in asked.chain(own.into_iter().flatten().map(|group| (group.as_str(), 0))) {
            for point in self.groups.get(group).into_iter().flatten() {
                let to = self.modules.chain(&point.module, None).pop();
                steps.extend(to.map(|to| Step { to, tier: Tier::Plugin, line, choice: None }));
            }
        }
        steps.retain(|step| step.to != from);
        steps
    }

    /// The modules that an import statement runs.
    fn targets(&self, from: ModuleId, import: &super::python::facts::Import) -> Vec<ModuleId> {
        let module = self.modules.get(from);
        let base = if import.level == 0 {
            import.module.to_string()
        } else {
            let mut words: Vec<&str> = module.name.split('.').collect();
            let up = import.level as usize - usize::from(module.is_package);
            words.truncate(words.len().saturating_sub(up));
            words.extend(import.module.split('.').filter(|word| !word.is_empty()));
            words.join(".")
        };
        let mut targets = self.modules.chain(&base, Some(module.place));
        for name in &import.names {
            let full = if base.is_empty() { name.to_string() } else { format!("{base}.{name}") };
            if **name == *"*" || full.is_empty() {
                continue;
            }
            targets.extend(self.modules.named(&full, Some(module.place)));
            // A namespace package has no file, so what lies below it is named in full.
            if targets.is_empty() {
                targets.extend(self.modules.chain(&full, Some(module.place)));
            }
        }
        targets.sort();
        targets.dedup();
        targets
    }

    /// `pkg.mod`, `pkg.mod:attr`, `pkg.mod.Class`, and `pkg` alone: the nearest module.
    fn object(&self, text: &str, from: Option<Home>) -> Option<ModuleId> {
        let mut name = text.split(':').next().unwrap_or(text);
        loop {
            if let Some(id) = self.modules.named(name, from) {
                return Some(id);
            }
            name = name.rsplit_once('.')?.0;
        }
    }

    /// The same for a literal of which nothing says that it is a module's name: it must be one as a whole, or name a
    /// class or, after a colon, an object in one.
    fn literal(&self, text: &str, from: Option<Home>) -> Option<ModuleId> {
        if let Some((module, _)) = text.split_once(':') {
            return self.modules.named(module, from);
        }
        if let Some(id) = self.modules.named(text, from) {
            return Some(id);
        }
        let (module, object) = text.rsplit_once('.')?;
        let is_class = object.starts_with(|first: char| first.is_ascii_uppercase());
        (is_class && module.contains('.')).then(|| self.modules.named(module, from)).flatten()
    }

    /// Follows all steps from the roots.
    pub fn reach(&self, roots: &[ModuleId]) -> Reach {
        let mut reach = Reach::default();
        let mut queues: Vec<VecDeque<ModuleId>> = vec![VecDeque::new(); Tier::FOLLOWED.len()];
        for root in roots {
            let start = Reached { tier: Tier::Hard, from: None, step: Tier::Hard, line: 0 };
            if reach.reached.insert(*root, start).is_none() {
                queues[0].push_back(*root);
            }
        }
        for position in 0..queues.len() {
            while let Some(from) = queues[position].pop_front() {
                let Some(at) = reach.reached.get(&from).copied() else { continue };
                if at.tier as usize != position {
                    continue; // a better path was found before its turn came
                }
                let steps = reach.steps.entry(from).or_insert_with(|| self.steps(from));
                let is_ours = self.modules.get(from).place == Home::Application;
                for step in steps.iter().filter(|step| step.tier < Tier::Metadata) {
                    let tier = at.tier.max(if is_ours { as_ours(step.tier) } else { step.tier });
                    let better = reach.reached.get(&step.to).is_none_or(|known| tier < known.tier);
                    if better {
                        let found = Reached { tier, from: Some(from), step: step.tier, line: step.line };
                        reach.reached.insert(step.to, found);
                        queues[tier as usize].push_back(step.to);
                    }
                }
            }
        }
        reach
    }
}

/// What the application itself imports in a function, or asks for by its group, it uses.
fn as_ours(tier: Tier) -> Tier {
    if matches!(tier, Tier::Lazy | Tier::Plugin) { Tier::Hard } else { tier }
}

/// A literal in a place that a framework reads is as good as an import where it is the application's.
fn reference(place: Home) -> Tier {
    if place == Home::Application { Tier::Lazy } else { Tier::String }
}

impl Reach {
    /// The best path to a module, from its root on.
    pub fn path(&self, to: ModuleId) -> Vec<(ModuleId, Reached)> {
        let mut path = Vec::new();
        let mut at = Some(to);
        while let Some(id) = at
            && let Some(reached) = self.reached.get(&id)
            && path.len() < 1000
        {
            path.push((id, *reached));
            at = reached.from;
        }
        path.reverse();
        path
    }
}
