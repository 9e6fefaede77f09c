//! Finds the configuration: `plimsoll.toml` from the working directory upwards, and a `.dive-ci` beside the work.

use std::io::ErrorKind;

use crate::budget::Config;
use crate::error::{Error, Result};

/// The name that is looked for.
pub(super) const NAME: &str = "plimsoll.toml";
/// dive's, which dive looks for in the working directory only.
const DIVE: &str = ".dive-ci";
/// What ends the way up.
const REPOSITORY: &str = ".git";

/// What is in force: the file that is named, which must exist, or what is found; and the flags.
pub(super) fn load(named: Option<&str>, flags: &[String]) -> Result<Config> {
    let mut config = Config::default();
    if let Some(name) = named {
        let text = std::fs::read_to_string(name).map_err(|error| {
            Error::config(format!("cannot read the configuration {}: {error}", name.escape_debug()))
        })?;
        config = parse(name, &text)?;
    } else {
        if let Some(text) = read(DIVE)? {
            config.add(Config::parse_dive(DIVE, &text)?);
        }
        if let Some((name, text)) = upwards()? {
            config.add(Config::parse(&name, &text)?);
        }
    }
    for flag in flags {
        config.add(Config::parse_flag(flag)?);
    }
    Ok(config)
}

/// A file that is named may be dive's.
fn parse(name: &str, text: &str) -> Result<Config> {
    match name.rsplit(['/', '\\']).next() {
        Some(file) if file.starts_with(DIVE) => Config::parse_dive(name, text),
        _ => Config::parse(name, text),
    }
}

/// The nearest `plimsoll.toml`, by a name relative to the working directory, and its text.
fn upwards() -> Result<Option<(String, String)>> {
    let deepest = std::env::current_dir().map_or(0, |here| here.components().count());
    let mut prefix = String::new();
    for _ in 0..deepest.max(1) {
        let name = format!("{prefix}{NAME}");
        if let Some(text) = read(&name)? {
            return Ok(Some((name, text)));
        }
        if std::fs::exists(format!("{prefix}{REPOSITORY}")).unwrap_or(false) {
            return Ok(None);
        }
        prefix += "../";
    }
    Ok(None)
}

/// A file that is there and cannot be read must not be taken for one that is not there.
fn read(name: &str) -> Result<Option<String>> {
    match std::fs::read_to_string(name) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::config(format!("cannot read the configuration {name}: {error}"))),
    }
}
