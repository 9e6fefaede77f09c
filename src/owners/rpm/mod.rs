//! rpm's database: SQLite, ndb or Berkeley DB around one and the same header for each package, which lists its files with
//! their sizes. <https://rpm-software-management.github.io/rpm/manual/>
//!
//! - Distributions have moved it: an image may hold one at each of three places.
//! - What an installation left out (`tsflags=nodocs`), or another package replaced, is listed and is not the package's.
//! - `gpg-pubkey` is a key that somebody trusts, no package.

mod bdb;
mod header;
mod ndb;
mod sqlite;

use std::collections::{BTreeMap, BTreeSet};

use header::Header;

use super::{Claim, Ecosystem, Package, Rank};
use crate::error::Warning;
use crate::layer::Capture;
use crate::ledger::{ChainView, PathId};

/// Whatever rpm, dnf, zypper or tdnf installed.
pub struct Rpm;

/// Where it is: rpm's own place, the one of SUSE and newer Fedora, the one of ostree.
const DIRECTORIES: [&[u8]; 3] = [b"var/lib/rpm", b"usr/lib/sysimage/rpm", b"usr/share/rpm"];
/// A workstation with 3000 packages has 200 MB.
const LONGEST: u64 = 256 << 20;

/// How a database is kept, by the name of its file.
type Read = fn(&[u8], Option<&[u8]>, &mut dyn FnMut(&[u8])) -> Result<(), &'static str>;
const KINDS: [(&[u8], Read); 3] =
    [(b"rpmdb.sqlite", sqlite::read), (b"Packages.db", ndb::read), (b"Packages", bdb::read)];
/// What SQLite has not written back into the database. <https://www.sqlite.org/walformat.html>
const LOG: &[u8] = b"rpmdb.sqlite-wal";

impl Ecosystem for Rpm {
    fn name(&self) -> &'static str {
        "rpm"
    }

    fn wants(&self, path: &[u8], _size: u64) -> Capture {
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let directory = path.get(..path.len().saturating_sub(name.len() + 1)).unwrap_or_default();
        let is_database = name == LOG || KINDS.iter().any(|(kind, _)| *kind == name);
        if is_database && DIRECTORIES.contains(&directory) {
            Capture::Whole(LONGEST)
        } else {
            Capture::Nothing
        }
    }

    fn packages(&self, view: &ChainView<'_>) -> (Vec<Package>, Vec<Warning>) {
        let mut reader = Reader { view, directories: BTreeMap::new(), packages: Vec::new() };
        let mut warnings = Vec::new();
        for directory in DIRECTORIES {
            for (name, read) in KINDS {
                let Some(path) = view.ledger.tree.find(&[directory, b"/", name].concat()) else { continue };
                let Some(content) = view.content(path) else { continue };
                let log = view.ledger.tree.find(&[directory, b"/", LOG].concat());
                let log = log.and_then(|log| view.content(log));
                let mut malformed = 0;
                let outcome = read(content, log, &mut |blob| {
                    malformed += u32::from(
                        Header::parse(blob).and_then(|header| reader.package(path, &header)).is_none(),
                    );
                });
                let shown = view.ledger.tree.path(path);
                if let Err(why) = outcome {
                    warnings.push(Warning::new("rpm", format!("{shown} cannot be read to its end: {why}")));
                }
                if malformed > 0 {
                    let message = format!("{shown} holds {malformed} packages that cannot be read");
                    warnings.push(Warning::new("rpm", message));
                }
            }
        }
        (reader.packages, warnings)
    }
}

struct Reader<'v, 'a> {
    view: &'v ChainView<'a>,
    /// Directories that headers name, with the links on their way resolved: most packages share a few of them.
    directories: BTreeMap<Vec<u8>, Option<PathId>>,
    packages: Vec<Package>,
}

impl Reader<'_, '_> {
    /// Adds the package of a header; `None` where the header has no name or contradicts itself.
    fn package(&mut self, evidence: PathId, header: &Header<'_>) -> Option<()> {
        let name = std::str::from_utf8(header.string(header::NAME)?).ok()?;
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/') {
            return None;
        }
        if name == "gpg-pubkey" {
            return Some(());
        }
        let text = |tag| header.string(tag).map(String::from_utf8_lossy).unwrap_or_default();
        let epoch = header.integers(header::EPOCH).next().filter(|epoch| *epoch > 0);
        let epoch = epoch.map(|epoch| format!("{epoch}:")).unwrap_or_default();
        let version = format!("{epoch}{}-{}", text(header::VERSION), text(header::RELEASE));
        let mut package = Package::new("rpm", name, &version, Rank::System);
        package.evidence = Some(evidence);
        let files = header.files()?;
        let mut claimed = BTreeSet::new();
        for file in files {
            let Some(path) = self.locate(file.directory, file.name) else { continue };
            // rpm lists its own database as a file that may come to be.
            let is_database = DIRECTORIES
                .contains(&self.view.ledger.tree.bytes(self.view.ledger.tree.parent(path)).as_slice());
            if is_database || !claimed.insert(path) {
                continue;
            }
            package.claims.push(Claim { size: file.size, ..Claim::listed(path) });
        }
        self.packages.push(package);
        Some(())
    }

    fn locate(&mut self, directory: &[u8], name: &[u8]) -> Option<PathId> {
        let known = self.directories.get(directory).copied();
        let directory = known.unwrap_or_else(|| {
            let found = self.view.follow(directory);
            self.directories.insert(directory.to_vec(), found);
            found
        })?;
        self.view.ledger.tree.child(directory, name)
    }
}

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
