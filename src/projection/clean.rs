//! `clean`: the image as its own Dockerfile would make it with every safe fix applied. Nothing that runs can notice.

use std::collections::{BTreeMap, BTreeSet};

use super::Variant;
use super::collapse::{collapse, may_go, words};
use super::variant::{Action, Edit, Recipe, Step};
use crate::advice::{ChangeKind, Finding, Safety};
use crate::dockerfile::{Keyword, Mapping};
use crate::ledger::{ChainView, Change, LayerId, Ledger, PathId, freed};
use crate::size::si;

/// The clean variant; `None` where no safe fix frees anything.
///
/// The base image stays as it is, for its bytes are not this Dockerfile's to change, and what only a person can mend
/// is not counted on.
pub fn clean(ledger: &Ledger, findings: &[Finding], mapping: Option<&Mapping>) -> Option<Variant> {
    let is_safe = |finding: &Finding| finding.safety == Safety::Safe && finding.change != ChangeKind::Manual;
    let chosen: Vec<_> =
        (0..findings.len()).filter(|at| is_safe(&findings[*at]) && !findings[*at].in_base).collect();
    let changes: BTreeSet<_> = chosen.iter().flat_map(|at| findings[*at].changes.iter().copied()).collect();
    if changes.is_empty() {
        return None;
    }
    let mut caveats = vec![super::reasons::UNBUILT.to_owned()];
    if !ledger.transfer_exact {
        caveats.push("Bytes to pull are estimated from a sample".to_owned());
    }
    let in_base = findings.iter().filter(|finding| is_safe(finding) && finding.in_base);
    let in_base = freed(ledger, in_base.flat_map(|finding| finding.changes.iter().copied())).content;
    if in_base > 0 {
        caveats
            .push(format!("{} more are in the base image, which only another base can change", si(in_base)));
    }
    let recipe = mapping.and_then(|mapping| edits(ledger, findings, &chosen, mapping)).map(Recipe::Edit);
    if recipe.is_none() && mapping.is_some() {
        caveats.push("Its Dockerfile has to be mended by hand, by the rules' own words".to_owned());
    }
    Some(Variant {
        name: "clean".to_owned(),
        safety: Safety::Safe,
        changes: changes.into_iter().collect(),
        adds: Vec::new(),
        findings: chosen,
        caveats,
        recipe,
    })
}

/// What one rule has one layer delete.
#[derive(Default)]
struct Deletion {
    paths: BTreeSet<PathId>,
    changes: Vec<Change>,
}

/// What each `RUN` should delete before its layer ends; `None` where anything is not a file that a `RUN` in the form of
/// the shell wrote and nobody hides later.
fn edits(ledger: &Ledger, findings: &[Finding], chosen: &[usize], mapping: &Mapping) -> Option<Vec<Edit>> {
    let mut seen = BTreeSet::new();
    let mut edits: BTreeMap<(LayerId, &str), Deletion> = BTreeMap::new();
    for finding in chosen.iter().map(|at| &findings[*at]) {
        for change in &finding.changes {
            let Change::Drop(id) = change else { return None };
            let entry = ledger.entry(*id);
            if !seen.insert(*id) {
                continue;
            }
            if !entry.fate.is_live() || finding.change != ChangeKind::Drop {
                return None;
            }
            std::str::from_utf8(&ledger.tree.bytes(entry.path)).ok()?;
            let edit = edits.entry((entry.layer, &finding.rule)).or_default();
            edit.paths.insert(entry.path);
            edit.changes.push(*change);
        }
    }
    let edit = |((layer, rule), Deletion { paths, changes }): ((LayerId, &str), Deletion)| {
        let lines = mapping.layers.get(usize::from(layer.0)).copied().flatten()?;
        let instruction = mapping.file.instructions.iter().find(|one| one.lines == lines)?;
        let is_shell = matches!(instruction.arguments, crate::dockerfile::instruction::Arguments::Text(_));
        if instruction.keyword != Keyword::Run || !is_shell || !instruction.heredocs.is_empty() {
            return None;
        }
        let frees = freed(ledger, changes);
        // What is there when the instruction ends. Where all of a directory goes, it is told by its name: the files in it may
        // have other names the next time, such as logs that are named by the minute.
        let view = ChainView::new(ledger, layer);
        let is_name = |path: &PathId| view.entry(*path).is_some_and(|entry| !entry.is_directory());
        let all = (0..u32::try_from(ledger.tree.len()).unwrap_or(0)).map(PathId);
        let present: BTreeSet<PathId> = all.filter(is_name).collect();
        let paths = collapse(&ledger.tree, &paths, &present, &BTreeSet::new(), may_go);
        let shown = |path| String::from_utf8(ledger.tree.bytes(path)).ok().map(|path| format!("/{path}"));
        let actions = vec![Action::Remove(words(&ledger.tree, &paths, &present, shown))];
        Some(Edit { lines: (lines.first, lines.last), step: Step { rule: rule.to_owned(), frees, actions } })
    };
    edits.into_iter().map(edit).collect()
}
