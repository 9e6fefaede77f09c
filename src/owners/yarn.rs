//! Yarn's Plug'n'Play: no `node_modules`, but one zip for each package, which the program is loaded from.
//! <https://yarnpkg.com/features/pnp>. What is unplugged from its zip lies in a `node_modules`, and [`super::npm`] reads it.

use std::collections::BTreeMap;

use super::{Claim, Ecosystem, Package, Rank};
use crate::error::Warning;
use crate::layer::Capture;
use crate::ledger::ChainView;

/// The zips of `.yarn/cache`, and of Yarn's cache for all projects.
pub struct Yarn;

/// That of a monorepo has some megabytes.
const LONGEST: u64 = 16 << 20;

impl Ecosystem for Yarn {
    fn name(&self) -> &'static str {
        "npm"
    }

    fn wants(&self, path: &[u8], _size: u64) -> Capture {
        let mut components = path.rsplit(|byte| *byte == b'/');
        let name = components.next().unwrap_or_default();
        let mut is_cache =
            || components.next() == Some(b"cache") && matches!(components.next(), Some(b".yarn" | b"berry"));
        match name {
            b"yarn.lock" => Capture::Whole(LONGEST),
            _ if name.ends_with(b".zip") && is_cache() => Capture::Presence,
            _ => Capture::Nothing,
        }
    }

    fn packages(&self, view: &ChainView<'_>) -> (Vec<Package>, Vec<Warning>) {
        let tree = &view.ledger.tree;
        let files: Vec<_> = view.captured().collect();
        let locks = files.iter().filter(|(path, _, _)| tree.name(*path) == b"yarn.lock");
        let scoped: BTreeMap<_, _> = locks.flat_map(|(_, _, content)| scoped_names(content)).collect();
        let zips = files.iter().filter(|(path, _, _)| self.wants(&tree.bytes(*path), 0) == Capture::Presence);
        let packages = zips.filter_map(|(path, _, _)| {
            let (slug, version) = split(tree.name(*path))?;
            let name = scoped.get(slug).map_or(slug, String::as_str);
            let mut package = Package::new("npm", name, version, Rank::Language);
            package.root = tree.parent(*path);
            package.evidence = Some(*path);
            package.claims.push(Claim::listed(*path));
            Some(package)
        });
        (packages.collect(), Vec::new())
    }
}

/// Slug and version of `is-odd-npm-3.0.1-93c3c3f41b-89ee2e353c.zip`; a cache may leave the last hash out.
fn split(name: &[u8]) -> Option<(&str, &str)> {
    let name = std::str::from_utf8(name).ok()?.strip_suffix(".zip")?;
    let (slug, rest) = name.rsplit_once("-npm-")?;
    let is_hash = |text: &str| text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_name = !slug.is_empty() && slug.bytes().all(|byte| byte.is_ascii_graphic());
    let mut version = rest;
    for _ in 0..2 {
        version = match version.rsplit_once('-') {
            Some((before, hash)) if is_hash(hash) => before,
            _ => break,
        };
    }
    is_name.then_some((slug, version))
}

/// `@scope/name` by `@scope-name`, as the zips write it: which hyphen was the slash, only the lock knows.
fn scoped_names(lock: &[u8]) -> impl Iterator<Item = (String, String)> + '_ {
    lock.split(|byte| *byte == b'\n').filter_map(|line| {
        let line = std::str::from_utf8(line).ok()?;
        let name = line.strip_prefix("\"@")?;
        let name = format!("@{}", name.split('@').next()?);
        Some((name.replacen('/', "-", 1), name))
    })
}

#[cfg(test)]
mod tests {
    use super::split;
    use crate::owners::testing::File::{Bytes, Text};
    use crate::owners::testing::claimed;

    #[test]
    fn each_zip_is_a_package_and_the_lock_knows_the_scope() {
        let image = claimed(&[&[
            Text("app/yarn.lock", "\"@aws-sdk/client-s3@npm:^3.0.0\":\n  version: 3.1.0\n"),
            Bytes("app/.pnp.cjs", 9),
            Bytes("app/.yarn/cache/@aws-sdk-client-s3-npm-3.1.0-93c3c3f41b-89ee2e353c.zip", 9),
            Bytes("app/.yarn/cache/is-odd-npm-3.0.1-93c3c3f41b.zip", 9),
            Bytes("app/.yarn/cache/.gitignore", 9),
            Bytes("app/other/cache/x-npm-3.0.1-93c3c3f41b.zip", 9),
        ]]);
        assert_eq!(image.packages(), ["npm:@aws-sdk/client-s3 3.1.0", "npm:is-odd 3.0.1"]);
        assert_eq!(image.owners("app/.yarn/cache/is-odd-npm-3.0.1-93c3c3f41b.zip"), "npm:is-odd");
        assert_eq!(image.owners("app/.yarn/cache/.gitignore"), "yarn (cache)");
        assert_eq!(image.owners("app/.pnp.cjs"), "yarn (plug'n'play)");
        assert_eq!(image.owners("app/other/cache/x-npm-3.0.1-93c3c3f41b.zip"), "unowned");
    }

    #[test]
    fn a_version_may_have_hyphens() {
        assert_eq!(split(b"a-npm-1.0.0-beta.1-93c3c3f41b-8.zip"), Some(("a", "1.0.0-beta.1-93c3c3f41b-8")));
        assert_eq!(split(b"a-npm-1.0.0-rc1-93c3c3f41b-89ee2e353c.zip"), Some(("a", "1.0.0-rc1")));
        assert_eq!(split(b"-npm-1.zip"), None);
        assert_eq!(split(b"a.zip"), None);
    }
}
