//! The host's files that an audit reads, and those that `--fix` writes.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};

use super::output;
use crate::audit::{Audit, Options, fix, manifest, trace};
use crate::error::{Error, ErrorKind, Result};

/// Reads a file that declares requirements, and those that it includes.
pub(super) fn manifest(file: &str, found: &mut Vec<(String, String)>) -> Result<()> {
    if found.iter().any(|(known, _)| known == file) {
        return Ok(());
    }
    let text = fs::read_to_string(file).map_err(|error| {
        Error::usage(format!("the requirements in {} cannot be read: {error}", file.escape_debug()))
    })?;
    let includes = manifest::read(file, &text).includes;
    found.push((file.to_owned(), text));
    for include in includes {
        let directory = file.rfind('/').map_or("", |end| &file[..=end]);
        manifest(&format!("{directory}{include}"), found)?;
    }
    Ok(())
}

/// What is never an application's own source.
const PASSED_BY: [&str; 12] = [
    ".git",
    ".hg",
    ".tox",
    ".nox",
    ".venv",
    "venv",
    "node_modules",
    "__pycache__",
    "site-packages",
    "build",
    "dist",
    ".eggs",
];
/// A tree with more files than this is no application.
const MOST_FILES: usize = 200_000;

/// Reads the sources of a directory, and its manifests if `with_manifests`.
pub(super) fn sources(directory: &str, options: &mut Options, with_manifests: bool) -> Result<()> {
    let failed = |error: io::Error| {
        Error::usage(format!("the sources in {} cannot be read: {error}", directory.escape_debug()))
    };
    let mut left = vec![String::new()];
    let mut manifests = Vec::new();
    while let Some(relative) = left.pop() {
        let mut entries: Vec<_> = fs::read_dir(format!("{directory}/{relative}"))
            .map_err(failed)?
            .collect::<io::Result<_>>()
            .map_err(failed)?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let kind = entry.file_type().map_err(failed)?;
            let path = if relative.is_empty() { name.clone() } else { format!("{relative}/{name}") };
            if kind.is_dir() && !PASSED_BY.contains(&name.as_str()) {
                left.push(path);
            } else if kind.is_file() && is_source(&name) {
                let content = fs::read(format!("{directory}/{path}")).map_err(failed)?;
                options.sources.push((path, content));
                if options.sources.len() > MOST_FILES {
                    return Err(Error::usage(format!(
                        "{} holds more than {MOST_FILES} sources",
                        directory.escape_debug()
                    )));
                }
            } else if kind.is_file()
                && with_manifests
                && relative.is_empty()
                && manifest::is_manifest(name.as_bytes())
            {
                let for_development =
                    ["dev", "test", "doc", "lint", "constraint"].iter().any(|word| name.contains(word));
                if !for_development {
                    manifests.push(format!("{}/{name}", directory.trim_end_matches('/')));
                }
            }
        }
    }
    options.sources.sort();
    manifests.sort();
    for file in manifests {
        manifest(&file, &mut options.manifests)?;
    }
    // A pyproject.toml that only configures tools declares nothing.
    options.manifests.retain(|(path, text)| !manifest::read(path, text).declared.is_empty());
    Ok(())
}

fn is_source(name: &str) -> bool {
    let end = name.rsplit_once('.').map_or("", |(_, end)| end);
    matches!(end, "py" | "js" | "mjs" | "cjs" | "ts" | "mts" | "cts" | "jsx" | "tsx")
        || name == "package.json"
}

/// Traces are texts; the longest that was seen of a service has 200 MB.
const LONGEST_TRACE: u64 = 1 << 30;

/// Reads a trace of any kind.
pub(super) fn trace(file: &str) -> Result<Vec<String>> {
    let failed =
        |error: io::Error| Error::usage(format!("the trace {} cannot be read: {error}", file.escape_debug()));
    let mut bytes = Vec::new();
    fs::File::open(file).map_err(failed)?.take(LONGEST_TRACE).read_to_end(&mut bytes).map_err(failed)?;
    let opened = trace::read(&String::from_utf8_lossy(&bytes));
    if opened.is_empty() {
        return Err(Error::usage(format!("the trace {} names no file that was opened", file.escape_debug()))
            .hint("docs/audit.md shows how to record one"));
    }
    Ok(opened)
}

/// Takes what is unused out of the files that declare it, and shows the difference.
pub(super) fn fix(audit: &Audit, show: bool) -> Result<()> {
    let names: BTreeSet<&str> = audit
        .packages
        .iter()
        .filter(|package| package.could_go && package.verdict == crate::audit::Verdict::Unused)
        .map(|package| package.name.as_str())
        .collect();
    for manifest in &audit.manifests {
        let mended = fix::without(manifest, &names);
        if mended == manifest.text {
            continue;
        }
        if show {
            output::print(&fix::difference(&manifest.path, &manifest.text, &mended))?;
        }
        write(&manifest.path, &mended)?;
    }
    Ok(())
}

/// Writes beside the file and moves it there, so that nobody ever reads half of it.
#[expect(
    clippy::disallowed_methods,
    reason = "--fix is asked to change the host's own requirements, nothing of an image"
)]
fn write(file: &str, text: &str) -> Result<()> {
    let failed = |error: io::Error| {
        Error::new(ErrorKind::Output, format!("{} cannot be mended: {error}", file.escape_debug()))
    };
    let target = fs::canonicalize(file).map_err(failed)?;
    let target = target
        .into_os_string()
        .into_string()
        .map_err(|_| failed(io::Error::other("its name is no UTF-8")))?;
    let temporary = format!("{target}.{}.part", std::process::id());
    let permissions = fs::metadata(&target).map_err(failed)?.permissions();
    let written = fs::write(&temporary, text)
        .and_then(|()| fs::set_permissions(&temporary, permissions))
        .and_then(|()| fs::rename(&temporary, &target));
    written.map_err(|error| {
        let _ = fs::remove_file(&temporary);
        failed(error)
    })
}
