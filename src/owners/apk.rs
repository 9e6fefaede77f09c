//! Alpine's apk: `installed`, one record per package, <https://wiki.alpinelinux.org/wiki/Apk_spec#Installed_Database_V2>.
//! It holds no sizes of files.

use std::collections::BTreeSet;

use super::{Claim, Ecosystem, Package, Rank};
use crate::error::Warning;
use crate::layer::Capture;
use crate::ledger::{ChainView, PathId, Tree};

/// apk's database, where Alpine and Wolfi keep it.
pub struct Apk;

/// Newer Alpine and Wolfi have the second; where `/lib` is a link to `usr/lib`, both are one file.
const DATABASES: [&[u8]; 3] =
    [b"lib/apk/db/installed", b"usr/lib/apk/db/installed", b"var/lib/apk/db/installed"];
/// A large image's has 10 MB.
const LONGEST: u64 = 128 << 20;

impl Ecosystem for Apk {
    fn name(&self) -> &'static str {
        "apk"
    }

    fn wants(&self, path: &[u8], _size: u64) -> Capture {
        if DATABASES.contains(&path) { Capture::Whole(LONGEST) } else { Capture::Nothing }
    }

    fn packages(&self, view: &ChainView<'_>) -> (Vec<Package>, Vec<Warning>) {
        let (mut packages, mut warnings) = (Vec::new(), Vec::new());
        let databases: BTreeSet<_> = DATABASES.iter().filter_map(|path| view.follow(path)).collect();
        for database in databases {
            let Some(content) = view.content(database) else { continue };
            let malformed = read(view, database, content, &mut packages);
            if malformed > 0 {
                let path = view.ledger.tree.path(database);
                let message = format!("{path} holds {malformed} lines that cannot be read");
                warnings.push(Warning::new("apk", message));
            }
        }
        (packages, warnings)
    }
}

/// Reads the records, and says how many lines are no field or name no package.
fn read(view: &ChainView<'_>, database: PathId, content: &[u8], packages: &mut Vec<Package>) -> usize {
    let mut malformed = 0;
    let mut package: Option<Package> = None;
    let mut directory = Some(Tree::ROOT);
    for line in content.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (key, value) = match line {
            [] => {
                packages.extend(package.take().filter(|package| !package.name.is_empty()));
                directory = Some(Tree::ROOT);
                continue;
            }
            [key, b':', value @ ..] => (*key, value),
            _ => {
                malformed += 1;
                continue;
            }
        };
        let package = package.get_or_insert_with(|| {
            let mut package = Package::new("apk", "", "", Rank::System);
            package.evidence = Some(database);
            package
        });
        match key {
            b'P' => match std::str::from_utf8(value).ok().filter(|name| is_name(name)) {
                Some(name) => {
                    name.clone_into(&mut package.name);
                    package.id = format!("apk:{name}");
                }
                None => malformed += 1,
            },
            b'V' => package.version = String::from_utf8_lossy(value).into_owned(),
            // An empty directory is the root itself.
            b'F' => {
                directory = view.locate(&[b"/", value].concat());
                package.claims.extend(directory.filter(|path| *path != Tree::ROOT).map(Claim::listed));
                directory = view.follow(&[b"/", value].concat());
            }
            b'R' => {
                let file = directory.and_then(|directory| view.locate_below(directory, value));
                package.claims.extend(file.map(Claim::listed));
            }
            _ => {}
        }
    }
    packages.extend(package.take().filter(|package| !package.name.is_empty()));
    malformed
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/')
}

#[cfg(test)]
mod tests {
    use crate::owners::testing::File::{Bytes, Link, Text};
    use crate::owners::testing::claimed;

    #[test]
    fn an_empty_directory_is_the_root_and_each_record_starts_there() {
        let image = claimed(&[&[
            Text("lib/apk/db/installed", include_str!("testdata/apk/empty-directory/installed")),
            Bytes("etc/fstab", 1),
            Bytes("rooted", 1),
            Bytes("bin/busybox", 1),
        ]]);
        assert_eq!(image.packages(), ["apk:alpine-baselayout 3.6-r0", "apk:busybox 1.36-r0"]);
        assert_eq!(image.owners("etc/fstab"), "apk:alpine-baselayout");
        assert_eq!(image.owners("rooted"), "apk:busybox");
        assert_eq!(image.owners("bin/busybox"), "apk:busybox");
        assert_eq!(image.owners("lib/apk/db/installed"), "apk (database)");
    }

    #[test]
    fn a_database_that_two_paths_lead_to_is_read_once() {
        let image = claimed(&[&[
            Link("lib", "usr/lib"),
            Link("bin", "usr/bin"),
            Text("usr/lib/apk/db/installed", include_str!("testdata/apk/empty-directory/installed")),
            Bytes("usr/bin/busybox", 1),
        ]]);
        assert_eq!(image.packages().len(), 2);
        assert_eq!(image.owners("usr/bin/busybox"), "apk:busybox");
    }

    #[test]
    fn what_cannot_be_read_is_counted_and_the_rest_is_read() {
        let image = claimed(&[&[
            Text("lib/apk/db/installed", include_str!("testdata/apk/invalid/installed")),
            Bytes("bin/one", 1),
            Bytes("bin/nobody", 1),
        ]]);
        assert_eq!(image.packages(), ["apk:one 1"]);
        assert_eq!(image.owners("bin/nobody"), "unowned");
        assert_eq!(image.warnings(), ["apk: /lib/apk/db/installed holds 3 lines that cannot be read"]);
        assert_eq!(claimed(&[&[Text("lib/apk/db/installed", "")]]).packages(), [""; 0]);
    }
}
