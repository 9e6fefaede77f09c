//! From entries that match to findings: one per layer, per owner or per image, with its figures in a sentence.

use std::collections::{BTreeMap, BTreeSet};

use super::detect::{detect, is_base};
use super::matcher::{Places, matching};
use super::message::Figures;
use super::rule::{ChangeKind, Per, Rule, Safety};
use crate::image::Image;
use crate::ledger::{Change, EntryId, LayerId, Ledger, OwnerId, freed};
use crate::size::Size;
use crate::waste::{Waste, fate_of_bytes};

/// A rule that matched.
///
/// Findings may overlap: each holds all that its own fix would free. A sum over several is [`freed`] of their changes
/// together, never a sum of sizes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's id.
    pub rule: String,
    /// How safe the fix is.
    pub safety: Safety,
    /// What the fix does to the entries; what only a person can do is in no variant.
    pub change: ChangeKind,
    /// What happened, with figures.
    pub message: String,
    /// What the fix does, entry by entry, in the order of the ledger; every total is the union of changes over the
    /// ledger.
    pub changes: Vec<Change>,
    /// The layer that ships the bytes, where it is one.
    pub layer: Option<LayerId>,
    /// The layer that hides them, where one does.
    pub hidden_by: Option<LayerId>,
    /// The owner that it is about, where the rule asks for one finding per owner.
    pub owner: Option<OwnerId>,
    /// Whether the bytes are the base image's, which this build can change only by choosing another base. No finding is
    /// about both.
    pub in_base: bool,
    /// The rule that says the same more precisely, where there is one. A rule that asks only what became of the bytes
    /// (`deleted-later`) is covered where rules that know what the bytes are (`copied-wheels`) leave less of it than it
    /// finds worth telling. A covered finding keeps its changes; a display may leave it out.
    pub covered_by: Option<String>,
}

impl Finding {
    /// What the fix frees by itself.
    pub fn size(&self, ledger: &Ledger) -> Size {
        freed(ledger, self.changes.iter().copied())
    }
}

/// What entries have in common that become one finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    in_base: bool,
    layer: Option<LayerId>,
    hidden_by: Option<LayerId>,
    owner: Option<OwnerId>,
}

/// What the rules find, where `places` are those of the same rules: this build's before the base image's, the largest saving first.
pub fn find(rules: &[Rule], image: &Image, ledger: &Ledger, waste: &Waste, places: &Places) -> Vec<Finding> {
    gather(rules, image, ledger, waste, places, |size, least| size >= least)
}

/// What the rules find and nobody is told, because it is too little: whoever takes everything out takes that out too.
pub fn minor(rules: &[Rule], image: &Image, ledger: &Ledger, waste: &Waste, places: &Places) -> Vec<Finding> {
    gather(rules, image, ledger, waste, places, |size, least| size > 0 && size < least)
}

fn gather(
    rules: &[Rule],
    image: &Image,
    ledger: &Ledger,
    waste: &Waste,
    places: &Places,
    wanted: impl Fn(u64, u64) -> bool,
) -> Vec<Finding> {
    let base = image.base.as_ref().map_or(0, |base| base.layers);
    let whole = ledger.size().content;
    let names = Names::new(ledger);
    let mut found = Vec::new();
    for (rule, entries) in rules.iter().zip(matching(rules, image, ledger, places)) {
        let mut groups: BTreeMap<Group, Vec<EntryId>> = BTreeMap::new();
        for (entry, hidden_by) in selected(rule, &entries, ledger, waste, base, &names) {
            let layer = ledger.entry(entry).layer;
            let group = Group {
                in_base: is_base(layer, base),
                layer: (rule.finding.per == Per::Layer).then_some(layer),
                hidden_by: hidden_by.filter(|_| rule.finding.per == Per::Layer),
                owner: (rule.finding.per == Per::Owner).then_some(ledger.entry(entry).owner),
            };
            groups.entry(group).or_default().push(entry);
        }
        for (group, entries) in groups {
            let changes: Vec<_> = entries.iter().map(|entry| Change::Drop(*entry)).collect();
            // Each entry once, and dropped whole: their sum is their union.
            let size = entries.iter().map(|entry| ledger.entry(*entry).size()).sum::<Size>();
            if wanted(size.content, worth_telling(rule, whole)) {
                let message = rule.finding.message.render(&figures(group, &entries, size, image, ledger));
                let finding = Finding {
                    rule: rule.id.clone(),
                    safety: rule.safety,
                    change: rule.fix.change,
                    message,
                    changes,
                    layer: group.layer,
                    hidden_by: group.hidden_by,
                    owner: group.owner,
                    in_base: group.in_base,
                    covered_by: None,
                };
                found.push((rule, size, finding));
            }
        }
    }
    cover(&mut found, ledger);
    found.sort_by(|(_, one_size, one), (_, other_size, other)| {
        (one.in_base, other_size.content, &one.rule, one.layer, one.hidden_by, one.owner).cmp(&(
            other.in_base,
            one_size.content,
            &other.rule,
            other.layer,
            other.hidden_by,
            other.owner,
        ))
    });
    found.into_iter().map(|(_, _, finding)| finding).collect()
}

/// The least content in bytes that is worth a finding: what the rule says, or a hundredth of an image so small that this
/// is less.
fn worth_telling(rule: &Rule, whole: u64) -> u64 {
    rule.finding.at_least.min(whole / 100).max(1)
}

/// The entries that a rule selects, each with the layer that hides it.
fn selected(
    rule: &Rule,
    entries: &[EntryId],
    ledger: &Ledger,
    waste: &Waste,
    base: usize,
    names: &Names,
) -> Vec<(EntryId, Option<LayerId>)> {
    let entries: Vec<_> = match rule.matches.detector {
        None => entries.iter().map(|id| (*id, fate_of_bytes(ledger, *id).hidden_by())).collect(),
        Some(detector) => detect(detector, ledger, waste, base)
            .into_iter()
            .filter(|suspect| entries.binary_search(&suspect.entry).is_ok())
            .map(|suspect| (suspect.entry, suspect.hidden_by))
            .collect(),
    };
    names.without_survivors(entries, ledger)
}

/// The names of files that have several in their layer.
struct Names {
    /// The file that holds the bytes → its other names.
    links: BTreeMap<EntryId, Vec<EntryId>>,
}

impl Names {
    fn new(ledger: &Ledger) -> Self {
        let mut links: BTreeMap<EntryId, Vec<EntryId>> = BTreeMap::new();
        for id in ledger.ids() {
            if let Some(file) = ledger.entry(id).inode {
                links.entry(file).or_default().push(id);
            }
        }
        Self { links }
    }

    /// Leaves out the live files that would live on under another name: to drop one name of several frees nothing.
    fn without_survivors(
        &self,
        mut entries: Vec<(EntryId, Option<LayerId>)>,
        ledger: &Ledger,
    ) -> Vec<(EntryId, Option<LayerId>)> {
        if self.links.is_empty() {
            return entries;
        }
        let all: Vec<_> = entries.iter().map(|(entry, _)| *entry).collect();
        let is_selected = |id: &EntryId| all.binary_search(id).is_ok();
        entries.retain(|(entry, _)| {
            let file = ledger.entry(*entry).inode.unwrap_or(*entry);
            let Some(links) = self.links.get(&file) else { return true };
            !ledger.entry(file).fate.is_live() || (is_selected(&file) && links.iter().all(is_selected))
        });
        entries
    }
}

fn figures(group: Group, entries: &[EntryId], size: Size, image: &Image, ledger: &Ledger) -> Figures {
    let largest = entries
        .iter()
        .max_by(|one, other| {
            let (one, other) = (ledger.entry(**one), ledger.entry(**other));
            one.content.cmp(&other.content).then_with(|| other.path.cmp(&one.path))
        })
        .map(|id| ledger.tree.path(ledger.entry(*id).path).to_string());
    let mut owners: BTreeMap<&str, u64> = BTreeMap::new();
    for id in entries {
        let entry = ledger.entry(*id);
        *owners.entry(ledger.owner_name(entry.owner)).or_default() += entry.content;
    }
    let mut owners: Vec<_> = owners.into_iter().collect();
    owners.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(other.0)));
    let measured = ledger.layers.iter().any(|layer| layer.transfer > 0);
    Figures {
        files: entries.iter().filter(|id| ledger.entry(**id).is_file()).count(),
        content: size.content,
        transfer: measured.then_some((size.transfer, ledger.transfer_exact)),
        largest: largest.unwrap_or_default(),
        owners: owners.into_iter().map(|(owner, _)| owner.to_owned()).collect(),
        instruction: group.layer.map(|layer| instruction(image, layer)).unwrap_or_default(),
        removed_by: group.hidden_by.map(|layer| instruction(image, layer)).unwrap_or_default(),
    }
}

/// How many characters of an instruction a message shows: from its beginning, which says what it is, and from its end,
/// where it cleans up.
const INSTRUCTION_WIDTH: (usize, usize) = (36, 23);

/// The instruction of a layer, its middle left out where it is long; its position, from 1, where it is unknown.
fn instruction(image: &Image, layer: LayerId) -> String {
    let position = usize::from(layer.0);
    let known = image.layers.get(position).and_then(|layer| layer.instruction.as_ref());
    let Some(known) = known.filter(|known| !known.text.is_empty()) else {
        return format!("layer {}", position + 1);
    };
    let (head, tail) = INSTRUCTION_WIDTH;
    let characters: Vec<_> = known.text.chars().collect();
    if characters.len() <= head + tail + 1 {
        return known.text.clone();
    }
    let head: String = characters[..head].iter().collect();
    let tail: String = characters[characters.len() - tail..].iter().collect();
    format!("{}…{}", head.trim_end(), tail.trim_start())
}

/// Marks the findings of generic rules that more precise ones leave too little of.
fn cover(found: &mut [(&Rule, Size, Finding)], ledger: &Ledger) {
    let (generic, precise): (Vec<_>, Vec<_>) = (0..found.len()).partition(|at| found[*at].0.is_generic());
    for at in generic {
        let (rule, _, finding) = &found[at];
        let mut left: BTreeSet<_> = finding.changes.iter().copied().collect();
        let mut most: Option<(u64, &str)> = None;
        for other in &precise {
            let other = &found[*other].2;
            let shared: Vec<_> =
                other.changes.iter().filter(|change| finding.changes.binary_search(change).is_ok()).collect();
            for change in &shared {
                left.remove(change);
            }
            let shared = freed(ledger, shared.into_iter().copied()).content;
            if shared > 0 && most.is_none_or(|(bytes, _)| shared > bytes) {
                most = Some((shared, &other.rule));
            }
        }
        let enough = freed(ledger, left).content < worth_telling(rule, ledger.size().content);
        let covered_by = most.filter(|_| enough).map(|(_, rule)| rule.to_owned());
        found[at].2.covered_by = covered_by;
    }
}
