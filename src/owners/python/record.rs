//! `RECORD`: a CSV of path, hash and size, <https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file>.

use crate::ledger::{ChainView, Locator, PathId};
use crate::owners::Claim;

/// What a `RECORD` lists.
pub(super) struct Record {
    /// A claim for each path that the image knows.
    pub claims: Vec<Claim>,
    /// Lines that name no file.
    pub malformed: usize,
}

/// The claims of a `RECORD` whose paths are relative to `directory`; they may climb out of it
/// (`../../../bin/f2py`) and may be absolute. Bytecode and `RECORD` itself are listed without a size.
pub(super) fn claims(view: &ChainView<'_>, directory: PathId, content: &[u8]) -> Record {
    let (tree, prefix) = (&view.ledger.tree, prefix(view, directory));
    let mut record = Record { claims: Vec::new(), malformed: 0 };
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(content);
    let mut line = csv::ByteRecord::new();
    let mut locator = Locator::new(view, directory);
    loop {
        match reader.read_byte_record(&mut line) {
            Ok(true) => {}
            Ok(false) => return record,
            // Reading from memory, nothing is left to fail but a line that is no CSV; the rest may still be.
            Err(_) => {
                record.malformed += 1;
                continue;
            }
        }
        let path = line.get(0).unwrap_or_default();
        if path.is_empty() || path.contains(&0) || line.len() < 2 {
            record.malformed += 1;
            continue;
        }
        let size = line.get(2).and_then(|size| std::str::from_utf8(size).ok()?.parse().ok());
        // Nothing that pip would not remove is the package's, whatever it lists.
        let is_within = |path: &PathId| *path == prefix || tree.ancestors(*path).any(|above| above == prefix);
        if let Some(path) = locator.locate(path).filter(is_within) {
            record.claims.push(Claim { size, ..Claim::listed(path) });
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
