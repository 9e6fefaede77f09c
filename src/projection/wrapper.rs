//! Entrypoints that only hand their words on, so that an image without a shell can do without them.

use super::catalog::VARIANTS;
use crate::audit::command;
use crate::audit::native::Linked;
use crate::digest::Digest;
use crate::image::config::Execution;
use crate::ledger::{ChainView, PathId};

/// What stands in place of the entrypoint, where that is a script which the catalogue knows: nothing, or the program that it
/// puts before the command. `None` where it is anything else, or where nobody can tell which of the two it would do.
pub fn direct(view: &ChainView<'_>, execution: &Execution) -> Option<Vec<String>> {
    let [script] = execution.entrypoint.as_slice() else { return None };
    let digest = Digest::of(view.content(find(view, execution, script)?)?);
    let known = VARIANTS.wrapper.iter().find(|wrapper| wrapper.sha256 == digest.hex())?;
    let first = execution.cmd.first()?;
    let found = if first.starts_with('-') { None } else { find(view, execution, first) };
    let Some(found) = found else { return Some(vec![known.program.clone()]) };
    let is_program = !first.contains('/')
        || view.reduced(found).is_some_and(|reduced| reduced.downcast_ref::<Linked>().is_some());
    // Whether a script may be executed is not known; that of a language is started by its interpreter either way.
    let is_script = [".js", ".cjs", ".mjs"].iter().any(|end| first.ends_with(end));
    match (is_program, is_script) {
        (true, _) => Some(Vec::new()),
        (false, true) => Some(vec![known.program.clone()]),
        (false, false) => None,
    }
}

/// The file of a word, as a shell finds it.
fn find(view: &ChainView<'_>, execution: &Execution, word: &str) -> Option<PathId> {
    let file = |path: String| {
        let found = view.follow(path.as_bytes())?;
        view.entry(found).filter(|entry| !entry.is_directory()).map(|_| found)
    };
    if word.starts_with('/') {
        return file(word.to_owned());
    }
    if word.contains('/') {
        return file(format!("{}/{word}", execution.working_dir));
    }
    command::search_path(execution).iter().find_map(|directory| file(format!("{directory}/{word}")))
}
