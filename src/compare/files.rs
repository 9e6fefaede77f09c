//! The files behind an owner's growth.

use std::collections::BTreeMap;

use super::build::{change, ends};
use super::{Bytes, FileChange, Kind, OwnerFiles};
use crate::error::{Error, Result};
use crate::view::Platform;

/// The live files of `owner` that differ between the sides.
pub(super) fn of_owner<'a>(
    owner: &str,
    sides: impl Iterator<Item = (&'a str, &'a Platform)>,
) -> Result<OwnerFiles> {
    let sides: Vec<_> = sides.collect();
    let mut paths: BTreeMap<String, Vec<Option<Bytes>>> = BTreeMap::new();
    let mut known = false;
    for (at, (name, platform)) in sides.iter().enumerate() {
        let Some(files) = &platform.files else {
            return Err(Error::usage(format!(
                "{name} is a saved report without its files, which --owner needs"
            ))
            .hint("save it with plimsoll analyze IMAGE --files -o json=FILE, or compare the image itself"));
        };
        let Some(wanted) = files.owners.iter().position(|id| id == owner) else { continue };
        known = true;
        for entry in 0..files.path.len() {
            if files.owner[entry] as usize != wanted || files.hidden_by[entry] != 0 || files.kind[entry] != 0
            {
                continue;
            }
            let size = Bytes { content: files.content[entry], transfer: files.transfer[entry] };
            paths.entry(files.path_of(files.path[entry])).or_insert_with(|| vec![None; sides.len()])[at] =
                Some(size);
        }
    }
    if !known {
        return Err(Error::usage(format!("no image has the owner {}", owner.escape_debug()))
            .hint("owners are written as in the report: python:scipy, dpkg:libc6, unowned"));
    }
    let mut changed = Vec::new();
    let mut unchanged = 0;
    for (path, sizes) in paths {
        let content = |size: &Option<Bytes>| size.map(|size| size.content);
        if sizes.iter().all(|size| content(size) == content(&sizes[0])) {
            unchanged += 1;
            continue;
        }
        let kind = ends(sizes.first().copied().flatten(), sizes.last().copied().flatten());
        changed.push(FileChange { path, kind, change: change(&sizes), sizes });
    }
    changed.sort_by_key(|file| (u64::MAX - file.change.content.unsigned_abs(), file.kind, file.path.clone()));
    debug_assert!(sides.len() > 2 || changed.iter().all(|file| file.kind != Kind::Unchanged));
    Ok(OwnerFiles { owner: owner.to_owned(), changed, unchanged })
}
