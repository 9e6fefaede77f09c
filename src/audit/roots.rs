//! Where the search starts: what the container's command runs, and the application's own sources.

use std::collections::BTreeSet;

use super::Options;
use super::catalog::CATALOG;
use super::command::Started;
use super::python::modules::Home;
use super::python::{ModuleId, Modules};
use crate::image::Image;
use crate::ledger::{ChainView, PathId, Tree};

/// Directories that are searched for the application's modules.
pub(super) fn search(view: &ChainView<'_>, image: &Image) -> Vec<PathId> {
    let execution = &image.config.config;
    let paths = execution.env.iter().filter_map(|variable| variable.strip_prefix("PYTHONPATH="));
    let mut search = vec![execution.working_dir.clone()];
    search.extend(paths.flat_map(|paths| paths.split(':')).map(ToOwned::to_owned));
    search.retain(|path| !path.is_empty() && path != "/");
    search.iter().filter_map(|path| view.follow(path.as_bytes())).filter(|path| *path != Tree::ROOT).collect()
}

/// Where the search starts, and why, in words.
pub(super) fn roots(
    view: &ChainView<'_>,
    modules: &Modules<'_>,
    started: &Started,
    options: &Options,
) -> (Vec<ModuleId>, Vec<String>) {
    let (mut roots, mut words) = (Vec::new(), Vec::new());
    if !options.entries.is_empty() {
        for entry in &options.entries {
            let module = entry.split(':').next().unwrap_or(entry);
            let chain = modules.chain(module, Some(Home::Application));
            words.push(if chain.is_empty() {
                format!("{entry}: no such module")
            } else {
                format!("{entry}, as asked for")
            });
            roots.extend(chain);
        }
        return (roots, words);
    }
    for (module, line) in &started.modules {
        let chain = modules.chain(module, Some(Home::Application));
        let is_whole = chain.last().is_some_and(|last| {
            modules.get(*last).name == *module
                || modules.named(module, Some(Home::Application)) == Some(*last)
        });
        if is_whole {
            words.push(format!("{module}, by `{line}`"));
            roots.extend(chain);
        }
    }
    for (path, line) in &started.scripts {
        let shown = view.ledger.tree.path(*path).to_string();
        if let Some(id) = modules.ids().find(|id| modules.get(*id).path == shown) {
            words.push(format!("{shown}, by `{line}`"));
            roots.push(id);
        }
    }
    let own: Vec<ModuleId> = modules
        .ids()
        .filter(|id| modules.get(*id).place == Home::Application && !is_test(&modules.get(*id).path))
        .collect();
    match own.len() {
        0 => {}
        1 => words.push(format!("{}, the application's source", modules.get(own[0]).path)),
        count => words.push(format!("{count} sources of the application")),
    }
    roots.extend(own);
    (roots, words)
}

/// Tests of the application reach what production does not need.
fn is_test(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.starts_with("test_")
        || name.ends_with("_test.py")
        || matches!(name, "conftest.py" | "setup.py" | "noxfile.py")
        || path.split('/').any(|word| matches!(word, "tests" | "test" | "testing"))
}

/// Distributions that the command starts, by module, by console script, or by the URL of a driver.
pub(super) fn starts(modules: &Modules<'_>, roots: &[ModuleId], started: &Started) -> BTreeSet<usize> {
    let mut starts: BTreeSet<usize> = roots
        .iter()
        .filter_map(|root| match modules.get(*root).place {
            Home::Distribution(position) => Some(position),
            _ => None,
        })
        .collect();
    let drivers = started.schemes.iter().filter_map(|(scheme, _)| CATALOG.schemes.get(scheme)).flatten();
    starts.extend(drivers.filter_map(|driver| match modules.get(modules.named(driver, None)?).place {
        Home::Distribution(position) => Some(position),
        _ => None,
    }));
    starts
}
