//! The Dockerfile of a variant that is built as the user's is, and deletes in the instruction that writes.

use super::words::list;
use super::{Source, head};
use crate::projection::Variant;
use crate::projection::variant::{Action, Edit};
use crate::size::si;

/// The user's file with deletions at the end of the instructions that write; `None` without one.
pub fn dockerfile(variant: &Variant, edits: &[Edit], source: &Source<'_>) -> Option<String> {
    let mapping = source.mapping?;
    let mut lines: Vec<String> = mapping.file.text.lines().map(ToOwned::to_owned).collect();
    // From the last to the first, so that line numbers hold.
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| (edit.lines, &edit.step.rule));
    for edit in edits.into_iter().rev() {
        let (first, last) = (edit.lines.0 as usize, edit.lines.1 as usize);
        let step = &edit.step;
        let paths = step.actions.iter().flat_map(|action| match action {
            Action::Remove(paths) => paths.as_slice(),
            Action::Named { .. } | Action::Purge(_) => &[],
        });
        let line = lines.get_mut(last.checked_sub(1)?)?;
        line.push_str(&format!(" \\\n && rm -rf{}", list(paths.map(String::as_str))));
        let (content, transfer) = (si(step.frees.content), si(step.frees.transfer));
        lines.insert(
            first.checked_sub(1)?,
            format!("# plimsoll: {}: {content} on disk, {transfer} to pull", step.rule),
        );
    }
    // The escape directive and the syntax line must come first, so what is said of the whole stands at the end.
    Some(format!("{}\n\n{}", lines.join("\n"), head(variant, source)))
}
