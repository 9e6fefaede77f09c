//! Single programs that say neither in Go's nor in Rust's way what they are: a catalogue, `rules/catalog/programs.toml`, names them
//! by their file and by what stands in it.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::layer::Content;

/// The longest program that is searched; a static `BusyBox` has 2 MB.
const LONGEST: u64 = 8 << 20;
/// The catalogue as it is embedded in the program.
const TABLE: &str = include_str!("../../../rules/catalog/programs.toml");

static CATALOGUE: LazyLock<Vec<Program>> = LazyLock::new(|| parse(TABLE).unwrap_or_default());

/// The catalogue as written; it explains its keys itself.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    program: Vec<Program>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Program {
    name: String,
    files: Vec<String>,
    marker: String,
    #[serde(default)]
    version: bool,
}

fn parse(text: &str) -> Result<Vec<Program>, String> {
    let table: Table = toml::from_str(text).map_err(|error| error.to_string())?;
    Ok(table.program)
}

/// Name and version of a program of the catalogue.
pub fn name(path: &[u8], content: &dyn Content) -> Option<(String, String)> {
    let mut components = path.rsplit(|byte| *byte == b'/');
    let file = components.next()?;
    matches!(components.next(), None | Some(b"bin" | b"sbin")).then_some(())?;
    let mut candidates = CATALOGUE
        .iter()
        .filter(|program| program.files.iter().any(|name| name.as_bytes() == file))
        .peekable();
    candidates.peek()?;
    let bytes = (content.size() <= LONGEST).then(|| content.bytes(0, content.size()))??;
    candidates.find_map(|program| {
        let marker = program.marker.as_bytes();
        let at = bytes.windows(marker.len().max(1)).position(|window| window == marker)?;
        let version = program.version.then(|| version(bytes.get(at + marker.len()..)?)).flatten();
        Some((program.name.clone(), version.unwrap_or_default()))
    })
}

/// A version at the beginning of some bytes.
fn version(bytes: &[u8]) -> Option<String> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b".+~-_".contains(byte);
    let version: Vec<u8> = bytes.iter().copied().take(64).take_while(|byte| is_part(byte)).collect();
    version.first().filter(|first| first.is_ascii_digit())?;
    String::from_utf8(version).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_catalogue_is_right() {
        let programs = parse(TABLE).unwrap();
        assert!(programs.len() > 4);
        assert!(programs.iter().all(|program| program.marker.len() > 8 && !program.files.is_empty()));
    }

    #[test]
    fn a_program_is_known_by_its_name_and_by_what_stands_in_it() {
        let called = |path: &str, text: &str| name(path.as_bytes(), &text.as_bytes());
        let busybox = Some(("busybox".to_owned(), "1.36.1".to_owned()));
        assert_eq!(called("bin/busybox", "x\0BusyBox v1.36.1 (2023-11-07)"), busybox);
        assert_eq!(called("bin/[", "x\0BusyBox v1.36.1\0"), busybox);
        assert_eq!(called("bin/[", "coreutils"), None);
        assert_eq!(called("srv/busybox", "BusyBox v1.36.1"), None);
        assert_eq!(called("bin/other", "BusyBox v1.36.1"), None);
        let usage = "x\0Usage: %s user-spec command [args]\n\0";
        assert_eq!(called("sbin/su-exec", usage), Some(("su-exec".to_owned(), String::new())));
        assert_eq!(called("sbin/gosu", usage), None);
        assert_eq!(called("tini", "tini version 0.19.0"), Some(("tini".to_owned(), "0.19.0".to_owned())));
        assert_eq!(called("tini", "tini version %s"), Some(("tini".to_owned(), String::new())));
    }
}
