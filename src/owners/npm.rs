//! What npm, pnpm, Yarn and Bun put into `node_modules`: every directory in one that has a `package.json`.
//! <https://docs.npmjs.com/cli/v11/configuring-npm/folders>
//!
//! - The directory names the package (`npm i a@npm:b` installs b as a); of `package.json` only the version is needed.
//! - A package ends where a nested one begins: `a/node_modules/b` is b. What a package bundles is its own, for it comes and
//!   goes with it; and a `node_modules` deep inside a package is its test data.
//! - pnpm keeps the packages in `node_modules/.pnpm/NAME@VERSION/node_modules/NAME`, hard-linked to its store, and links to
//!   them. Where the tar has the store's name first, nobody saw the content of `package.json`: the directory holds the
//!   version too.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Claim, Ecosystem, Package, Rank};
use crate::error::Warning;
use crate::layer::{Capture, MemberKind};
use crate::ledger::{ChainView, Entry, Kind, PathId};

/// Whatever installs into `node_modules`.
pub struct Npm;

/// A `package.json` of 100 kB has its author's configuration in it.
const LONGEST: u64 = 1 << 20;
const MODULES: &[u8] = b"node_modules";

impl Ecosystem for Npm {
    fn name(&self) -> &'static str {
        "npm"
    }

    fn wants(&self, path: &[u8], _size: u64) -> Capture {
        let mut components = path.rsplit(|byte| *byte == b'/');
        let name = components.next();
        let above = [components.next(), components.next(), components.next()];
        let is_root = match above {
            [_, Some(MODULES), _] => true,
            [_, Some([b'@', ..]), modules] => modules == Some(MODULES),
            _ => false,
        };
        match name {
            Some(b"package.json") if is_root => Capture::Whole(LONGEST),
            // A pnpm whose `package.json` all lie in its store would not be asked about otherwise.
            Some(b".modules.yaml") if above[0] == Some(MODULES) => Capture::Presence,
            _ => Capture::Nothing,
        }
    }

    fn packages(&self, view: &ChainView<'_>) -> (Vec<Package>, Vec<Warning>) {
        let mut reader =
            Reader { view, bundles: BTreeMap::new(), packages: Vec::new(), warnings: Vec::new() };
        let mut around = Package::new("npm", "node_modules", "", Rank::Scaffolding);
        "npm (node_modules)".clone_into(&mut around.id);
        let tree = &view.ledger.tree;
        // A directory's id is smaller than those of what lies in it, so the outer packages are known first.
        for path in (0..u32::try_from(tree.len()).unwrap_or(u32::MAX)).map(PathId) {
            if tree.name(path) == MODULES && reader.is_installed(path) {
                reader.read(path, &mut around);
            }
        }
        let Reader { mut packages, warnings, .. } = reader;
        if !packages.is_empty() {
            packages.push(around);
        }
        (packages, warnings)
    }
}

struct Reader<'v, 'a> {
    view: &'v ChainView<'a>,
    /// The packages' directories, and whether each brings what its own `node_modules` holds.
    bundles: BTreeMap<PathId, bool>,
    packages: Vec<Package>,
    warnings: Vec<Warning>,
}

impl Reader<'_, '_> {
    /// Whether an installer made this `node_modules`, and no package brought it.
    fn is_installed(&self, modules: PathId) -> bool {
        let tree = &self.view.ledger.tree;
        let inside = tree.ancestors(modules).find(|above| self.bundles.contains_key(above));
        inside.is_none_or(|package| {
            package == tree.parent(modules) && self.bundles.get(&package) == Some(&false)
        })
    }

    /// Reads the packages of a `node_modules`, and what installers put around them.
    fn read(&mut self, modules: PathId, around: &mut Package) {
        let tree = &self.view.ledger.tree;
        around.claims.push(Claim::listed(modules));
        for child in tree.children(modules) {
            match tree.name(child) {
                // The one belongs to the table of derived files, the other holds packages.
                b".cache" => {}
                b".pnpm" => {
                    around.claims.push(Claim::listed(child));
                    around.claims.extend(tree.children(child).map(Claim::listed));
                }
                [b'.', ..] => around.claims.push(Claim::contained(child)),
                scope @ [b'@', ..] if !self.is_link(child) => {
                    around.claims.push(Claim::listed(child));
                    for inner in tree.children(child) {
                        self.package(inner, &[scope, b"/", tree.name(inner)].concat(), around);
                    }
                }
                name => self.package(child, name, around),
            }
        }
    }

    fn package(&mut self, root: PathId, name: &[u8], around: &mut Package) {
        if self.is_link(root) {
            // pnpm's, and those of workspaces: what they lead to belongs to whom it belongs.
            around.claims.push(Claim::listed(root));
            return;
        }
        let manifest = self.view.ledger.tree.child(root, b"package.json");
        let manifest = manifest.filter(|manifest| self.view.at(*manifest).is_some());
        let (Some(manifest), Some(name)) = (manifest, name_of(name)) else { return };
        let facts = match self.view.content(manifest) {
            Some(content) => facts(content),
            None => Some(Facts::default()),
        };
        let facts = facts.unwrap_or_else(|| {
            let path = self.view.ledger.tree.path(manifest);
            self.warnings.push(Warning::new("npm", format!("{path} is not the JSON that it should be")));
            Facts::default()
        });
        let version = facts.version.or_else(|| self.version_in_store(root, name)).unwrap_or_default();
        let mut package = Package::new("npm", name, &version, Rank::Language);
        package.root = root;
        package.evidence = Some(manifest);
        package.claims.push(Claim::contained(root));
        self.packages.push(package);
        self.bundles.insert(root, facts.bundles);
    }

    fn is_link(&self, path: PathId) -> bool {
        let is_link = |entry: &Entry| entry.kind == Kind::Member(MemberKind::Symlink);
        self.view.entry(path).is_some_and(is_link)
    }

    /// `4.3.4` of `.pnpm/debug@4.3.4_supports-color@8.1.1/node_modules/debug`.
    fn version_in_store(&self, root: PathId, name: &str) -> Option<String> {
        let tree = &self.view.ledger.tree;
        let modules = tree.ancestors(root).find(|above| tree.name(*above) == MODULES)?;
        let directory = std::str::from_utf8(tree.name(tree.parent(modules))).ok()?;
        let version = directory.strip_prefix(&name.replace('/', "+"))?.strip_prefix('@')?;
        version.split(['_', '(']).next().map(str::to_owned)
    }
}

/// What is needed of a `package.json`.
#[derive(Default)]
struct Facts {
    version: Option<String>,
    /// Whether its tarball brings packages in its own `node_modules`.
    bundles: bool,
}

/// <https://docs.npmjs.com/cli/v11/configuring-npm/package-json>; `None` where it is no JSON object.
fn facts(content: &[u8]) -> Option<Facts> {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let manifest: Value = serde_json::from_slice(content).ok()?;
    let manifest = manifest.as_object()?;
    let version = manifest.get("version").and_then(Value::as_str).map(str::to_owned);
    let is_some = |value: &Value| match value {
        Value::Bool(all) => *all,
        Value::Array(names) => !names.is_empty(),
        _ => false,
    };
    let bundles = ["bundleDependencies", "bundledDependencies"];
    Some(Facts { version, bundles: bundles.iter().any(|key| manifest.get(*key).is_some_and(is_some)) })
}

/// A name that can be shown; a directory called otherwise is no package.
fn name_of(name: &[u8]) -> Option<&str> {
    let is_name = |name: &&str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
    std::str::from_utf8(name).ok().filter(is_name)
}

#[cfg(test)]
mod tests {
    use crate::owners::testing::File::{Bytes, HardLink, Link, Text};
    use crate::owners::testing::claimed;

    #[test]
    fn a_package_ends_where_a_nested_one_begins() {
        let image = claimed(&[&[
            Text("app/node_modules/debug/package.json", r#"{"name": "debug", "version": "2.6.9"}"#),
            Bytes("app/node_modules/debug/src/index.js", 9),
            Text("app/node_modules/debug/node_modules/ms/package.json", r#"{"version": "2.0.0"}"#),
            Bytes("app/node_modules/debug/node_modules/ms/index.js", 9),
            Text("app/node_modules/ms/package.json", r#"{"version": "2.1.3"}"#),
            Text("app/node_modules/@scope/name/package.json", r#"{"version": "1.0.0"}"#),
            Bytes("app/node_modules/@scope/name/dist/esm/package.json", 9),
            Bytes("app/node_modules/.package-lock.json", 9),
            Link("app/node_modules/.bin/x", "../x/bin.js"),
            Bytes("app/node_modules/.cache/babel/x", 9),
            Bytes("app/node_modules/no-package/index.js", 9),
        ]]);
        assert_eq!(
            image.packages(),
            [
                "npm (node_modules) ",
                "npm:@scope/name 1.0.0",
                "npm:debug 2.6.9",
                "npm:ms 2.0.0",
                "npm:ms 2.1.3"
            ]
        );
        assert_eq!(image.owners("app/node_modules/debug/src/index.js"), "npm:debug");
        assert_eq!(image.owners("app/node_modules/debug/node_modules/ms/index.js"), "npm:ms");
        assert_eq!(image.owners("app/node_modules/@scope/name/dist/esm/package.json"), "npm:@scope/name");
        assert_eq!(image.owners("app/node_modules/.package-lock.json"), "npm (node_modules)");
        assert_eq!(image.owners("app/node_modules/.cache/babel/x"), "npm (cache)");
        assert_eq!(image.owners("app/node_modules/no-package/index.js"), "unowned");
        assert_eq!(image.warnings(), [""; 0]);
    }

    #[test]
    fn what_a_package_brings_is_its_own() {
        let image = claimed(&[&[
            Text(
                "lib/node_modules/npm/package.json",
                r#"{"version": "11.0.0", "bundleDependencies": ["a"]}"#,
            ),
            Text("lib/node_modules/npm/node_modules/a/package.json", r#"{"version": "1.0.0"}"#),
            Text(
                "lib/node_modules/resolve/package.json",
                r#"{"version": "1.22.8", "bundleDependencies": []}"#,
            ),
            Text("lib/node_modules/resolve/test/node_modules/b/package.json", r#"{"version": "1.0.0"}"#),
        ]]);
        assert_eq!(image.packages(), ["npm (node_modules) ", "npm:npm 11.0.0", "npm:resolve 1.22.8"]);
        assert_eq!(image.owners("lib/node_modules/npm/node_modules/a/package.json"), "npm:npm");
        assert_eq!(image.owners("lib/node_modules/resolve/test/node_modules/b/package.json"), "npm:resolve");
    }

    #[test]
    fn pnpm_s_packages_own_what_its_store_holds_whichever_name_comes_first() {
        let image = claimed(&[&[
            Bytes("a/.pnpm-store/v3/files/00/aa", 90),
            Bytes("a/.pnpm-store/v3/files/00/bb", 9),
            Text("b/node_modules/.modules.yaml", "layoutVersion: 5\n"),
            Bytes("b/node_modules/.pnpm/lock.yaml", 9),
            HardLink(
                "b/node_modules/.pnpm/@s+n@1.2.3_peer@4.0.0/node_modules/@s/n/package.json",
                "a/.pnpm-store/v3/files/00/bb",
            ),
            HardLink(
                "b/node_modules/.pnpm/@s+n@1.2.3_peer@4.0.0/node_modules/@s/n/n.js",
                "a/.pnpm-store/v3/files/00/aa",
            ),
            Link("b/node_modules/@s/n", "../.pnpm/@s+n@1.2.3_peer@4.0.0/node_modules/@s/n"),
            Bytes("a/.pnpm-store/v3/files/00/cc", 9),
        ]]);
        assert_eq!(image.packages(), ["npm (node_modules) ", "npm:@s/n 1.2.3"]);
        assert_eq!(image.owners("a/.pnpm-store/v3/files/00/aa"), "npm:@s/n");
        assert_eq!(image.owners("a/.pnpm-store/v3/files/00/cc"), "pnpm (store)");
        assert_eq!(image.owners("b/node_modules/.pnpm/lock.yaml"), "npm (node_modules)");
        assert_eq!(image.owners("b/node_modules/@s/n"), "npm (node_modules)");
    }

    #[test]
    fn a_manifest_that_cannot_be_read_is_told_and_costs_the_version_only() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let image = claimed(&[&[
            Text("node_modules/cut/package.json", r#"{"version": "1."#),
            Text("node_modules/deep/package.json", &deep),
            Text("node_modules/list/package.json", "[]"),
            Text("node_modules/number/package.json", r#"{"version": 1}"#),
            Text("node_modules/mark/package.json", "\u{feff}{\"version\": \"1.0.0\"}"),
        ]]);
        assert_eq!(
            image.packages(),
            ["npm (node_modules) ", "npm:cut ", "npm:deep ", "npm:list ", "npm:mark 1.0.0", "npm:number "]
        );
        let told =
            |name: &str| format!("npm: /node_modules/{name}/package.json is not the JSON that it should be");
        assert_eq!(image.warnings(), [told("cut"), told("deep"), told("list")]);
    }

    #[test]
    fn npm_over_a_system_s_package_owns_what_it_replaced() {
        let status = "Package: nodejs\nStatus: install ok installed\nVersion: 20\n";
        let image = claimed(&[
            &[
                Text("var/lib/dpkg/status", status),
                Text(
                    "var/lib/dpkg/info/nodejs.list",
                    "/usr/lib/node_modules/npm/package.json\n/usr/bin/node\n",
                ),
                Text("usr/lib/node_modules/npm/package.json", r#"{"version": "10.0.0"}"#),
                Bytes("usr/bin/node", 9),
            ],
            &[
                Text("usr/lib/node_modules/npm/package.json", r#"{"version": "11.0.0"}"#),
                Bytes("usr/lib/node_modules/npm/new.js", 9),
            ],
        ]);
        assert_eq!(image.owners("usr/lib/node_modules/npm/new.js"), "npm:npm");
        assert_eq!(image.owners("usr/bin/node"), "dpkg:nodejs");
        assert!(image.packages().contains(&"npm:npm 11.0.0".to_owned()));
    }
}
