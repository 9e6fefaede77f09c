//! The Dockerfile of a variant that is built as the user's is, and deletes in the instruction that writes.

use std::collections::BTreeMap;

use super::words::list;
use super::{Source, head};
use crate::projection::Variant;
use crate::projection::variant::{Action, Edit, Step};
use crate::size::si;

/// The user's file with deletions at the end of the instructions that write; `None` without one.
pub fn dockerfile(variant: &Variant, edits: &[Edit], source: &Source<'_>) -> Option<String> {
    let mapping = source.mapping?;
    let mut lines: Vec<String> = mapping.file.text.lines().map(ToOwned::to_owned).collect();
    let mut by_lines: BTreeMap<(u32, u32), Vec<&Step>> = BTreeMap::new();
    for edit in edits {
        by_lines.entry(edit.lines).or_default().push(&edit.step);
    }
    // From the last to the first, so that line numbers hold.
    for ((first, last), steps) in by_lines.into_iter().rev() {
        let removed = steps.iter().flat_map(|step| &step.actions).flat_map(|action| match action {
            Action::Remove(paths) => paths.as_slice(),
            Action::Named { .. } | Action::Purge(_) => &[],
        });
        let line = lines.get_mut((last as usize).checked_sub(1)?)?;
        line.push_str(&format!(" \\\n && rm -rf{}", list(removed.map(String::as_str))));
        for step in steps.iter().rev() {
            let (content, transfer) = (si(step.frees.content), si(step.frees.transfer));
            let comment = format!("# plimsoll: {}: {content} on disk, {transfer} to pull", step.rule);
            lines.insert((first as usize).checked_sub(1)?, comment);
        }
    }
    // The escape directive and the syntax line must come first, so what is said of the whole stands at the end.
    Some(format!("{}\n\n{}", lines.join("\n"), head(variant, source)))
}
