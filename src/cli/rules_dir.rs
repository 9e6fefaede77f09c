//! A user's own rules.

use std::fs;
use std::io;

use crate::advice::{self, Rule};
use crate::error::{Error, Result};

/// The built-in rules, overridden and added to by the `*.toml` of `directories`, in their order.
pub(super) fn load(directories: &[String]) -> Result<Vec<Rule>> {
    advice::load(&read(directories)?)
}

/// The `*.toml` files of `directories`: (path, content), sorted by name within each.
pub(super) fn read(directories: &[String]) -> Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for directory in directories {
        let names = names(directory).map_err(|error| {
            Error::config(format!("the rules in {} cannot be read: {error}", directory.escape_debug()))
        })?;
        if names.is_empty() {
            return Err(Error::config(format!("there is no *.toml in {}", directory.escape_debug()))
                .hint("--rules takes a directory of rules, one *.toml each"));
        }
        for name in names {
            let file = format!("{}/{name}", directory.trim_end_matches('/'));
            let text = fs::read_to_string(&file).map_err(|error| {
                Error::config(format!("the rule {} cannot be read: {error}", file.escape_debug()))
            })?;
            files.push((file, text));
        }
    }
    Ok(files)
}

fn names(directory: &str) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        // A name that is not UTF-8 cannot be the id of a rule.
        if let Ok(name) = entry?.file_name().into_string()
            && name.strip_suffix(".toml").is_some()
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}
