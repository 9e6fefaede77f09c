//! `RECORD`: a CSV of path, hash and size, <https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file>.

use crate::ledger::{ChainView, Locator, PathId};
use crate::owners::{Claim, List};

/// What a `RECORD` lists.
pub(super) struct Record {
    /// A claim for each path that the image knows.
    pub list: List,
    /// Lines that name no file.
    pub malformed: usize,
}

/// The claims of a `RECORD` whose paths are relative to `directory`; they may climb out of it
/// (`../../../bin/f2py`) and may be absolute. Bytecode and `RECORD` itself are listed without a size.
pub(super) fn claims(view: &ChainView<'_>, directory: PathId, content: &[u8]) -> Record {
    let (tree, prefix) = (&view.ledger.tree, prefix(view, directory));
    let mut claims = Vec::new();
    let mut locator = Locator::new(view, directory);
    let malformed = rows(content, |path, size| {
        let size = size.and_then(|size| std::str::from_utf8(size).ok()?.parse().ok());
        // Nothing that pip would not remove is the package's, whatever it lists.
        let is_within = |path: &PathId| *path == prefix || tree.ancestors(*path).any(|above| above == prefix);
        if let Some(path) = locator.locate(path).filter(is_within) {
            claims.push(Claim { size, ..Claim::listed(path) });
        }
    });
    Record { list: List { claims, through: locator.passed() }, malformed }
}

/// Hands out the path and the size, which is the third field, of each line; says how many lines have no path or but one
/// field.
fn rows(content: &[u8], mut row: impl FnMut(&[u8], Option<&[u8]>)) -> usize {
    let mut malformed = 0;
    let mut take = |path: &[u8], fields: usize, size: Option<&[u8]>| {
        if path.is_empty() || path.contains(&0) || fields < 2 {
            malformed += 1;
        } else {
            row(path, size);
        }
    };
    // Only names with commas are quoted, so hardly any file needs more than to be cut at commas.
    if !content.contains(&b'"') {
        for line in content.split(|byte| matches!(byte, b'\n' | b'\r')).filter(|line| !line.is_empty()) {
            let mut fields = line.split(|byte| *byte == b',');
            let (path, hash, size) = (fields.next().unwrap_or_default(), fields.next(), fields.next());
            take(path, 1 + usize::from(hash.is_some()), size);
        }
        return malformed;
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(content);
    let mut line = csv::ByteRecord::new();
    loop {
        match reader.read_byte_record(&mut line) {
            Ok(true) => take(line.get(0).unwrap_or_default(), line.len(), line.get(2)),
            Ok(false) => return malformed,
            // Reading from memory, nothing is left to fail but a line that is no CSV; the rest may still be.
            Err(_) => take(b"", 0, None),
        }
    }
}

/// The directory that an environment is all below: `/usr` of `/usr/lib/python3/site-packages`. Of a directory that pip was
/// told to install into, the one above.
fn prefix(view: &ChainView<'_>, site: PathId) -> PathId {
    let tree = &view.ledger.tree;
    let (python, lib) = (tree.parent(site), tree.parent(tree.parent(site)));
    let is_site = matches!(tree.name(site), b"site-packages" | b"dist-packages");
    if is_site && (tree.name(python).starts_with(b"python") || tree.name(python).starts_with(b"pypy")) {
        return tree.parent(lib);
    }
    python
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Cutting lines at commas finds what a reader of CSV finds.
        #[test]
        fn a_record_without_quotes_is_read_like_one_with(text in "([a-c/.,0-9]{0,12}(\n|\r\n|\r)?){0,6}") {
            let read = |content: &[u8]| {
                let mut found = Vec::new();
                let malformed = rows(content, |path, size| found.push((path.to_vec(), size.map(<[u8]>::to_vec))));
                (found, malformed)
            };
            let (mut quoted, malformed) = read(format!("\"q\",,\n{text}").as_bytes());
            prop_assert_eq!(quoted.remove(0).0, b"q");
            prop_assert_eq!((quoted, malformed), read(text.as_bytes()));
        }
    }
}
