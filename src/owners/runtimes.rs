//! Runtimes that images unpack by hand: a catalogue, `rules/catalog/runtimes.toml`, says what tells that one is there and
//! what belongs to it. [`super::cpython`] is apart, for its version is part of most of its names.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{Claim, Ecosystem, Package, Rank};
use crate::error::Warning;
use crate::layer::Capture;
use crate::ledger::{ChainView, PathId, Tree};

/// Whatever the catalogue recognises.
pub struct Runtimes;

/// `php_version.h` has 300 bytes, `release` of a JDK 2 kB.
const LONGEST: u64 = 64 << 10;
/// The catalogue as it is embedded in the program.
const TABLE: &str = include_str!("../../rules/catalog/runtimes.toml");

static CATALOGUE: LazyLock<Vec<Runtime>> = LazyLock::new(|| parse(TABLE).unwrap_or_default());

/// The catalogue as written; it explains its keys itself.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    runtime: Vec<Runtime>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Runtime {
    name: String,
    evidence: String,
    #[serde(default)]
    version: Vec<String>,
    #[serde(default)]
    needs: Vec<String>,
    owns: Vec<String>,
}

fn parse(text: &str) -> Result<Vec<Runtime>, String> {
    let table: Table = toml::from_str(text).map_err(|error| error.to_string())?;
    Ok(table.runtime)
}

impl Ecosystem for Runtimes {
    fn name(&self) -> &'static str {
        "runtime"
    }

    fn wants(&self, path: &[u8], size: u64) -> Capture {
        let mut wanted = Capture::Nothing;
        for runtime in CATALOGUE.iter().filter(|runtime| runtime.matches(path).is_some()) {
            // A file that is called alike and longer is none of ours.
            let capture = if runtime.version.is_empty() || size > LONGEST {
                Capture::Presence
            } else {
                Capture::Whole(LONGEST)
            };
            wanted = wanted.max(capture);
        }
        wanted
    }

    fn packages(&self, view: &ChainView<'_>) -> (Vec<Package>, Vec<Warning>) {
        let tree = &view.ledger.tree;
        let mut packages: Vec<Package> = Vec::new();
        for (path, _, content) in view.captured() {
            let bytes = tree.bytes(path);
            for runtime in CATALOGUE.iter() {
                let Some(star) = runtime.matches(&bytes) else { continue };
                // A JDK is a JRE too: the first of the catalogue says what it is.
                if packages.iter().any(|package| package.evidence == Some(path)) {
                    break;
                }
                packages.extend(runtime.package(view, path, star, content));
            }
        }
        (packages, Vec::new())
    }
}

impl Runtime {
    /// What `*` stands for, if a path is this runtime's evidence.
    fn matches<'p>(&self, path: &'p [u8]) -> Option<&'p [u8]> {
        // Every path of an image is asked about, and nearly every one ends otherwise.
        if path.last() != self.evidence.as_bytes().last() && !self.evidence.ends_with('*') {
            return None;
        }
        let mut star: &[u8] = b"";
        let mut components = path.rsplit(|byte| *byte == b'/');
        for wanted in self.evidence.as_bytes().rsplit(|byte| *byte == b'/') {
            let component = components.next()?;
            match wanted.split_last() {
                Some((b'*', beginning)) => star = component.strip_prefix(beginning)?,
                _ if component == wanted => {}
                _ => return None,
            }
        }
        Some(star)
    }

    fn package(
        &self,
        view: &ChainView<'_>,
        evidence: PathId,
        star: &[u8],
        content: &[u8],
    ) -> Option<Package> {
        let tree = &view.ledger.tree;
        let star = std::str::from_utf8(star).ok()?;
        let version = match self.version.as_slice() {
            [] => star.to_owned(),
            markers => {
                markers.iter().map(|marker| after(content, marker)).collect::<Option<Vec<_>>>()?.join(".")
            }
        };
        let depth = self.evidence.bytes().filter(|byte| *byte == b'/').count();
        let root = tree.ancestors(evidence).nth(depth)?;
        let find = |below: &str| tree.find_below(root, below.replace('*', star).as_bytes());
        let is_there = |path: PathId| view.at(path).is_some() || tree.children(path).next().is_some();
        if !self.needs.iter().all(|needed| find(needed).is_some_and(is_there)) {
            return None;
        }
        let mut package = Package::new("runtime", &self.name, &version, Rank::Runtime);
        package.root = root;
        package.evidence = Some(evidence);
        for owned in &self.owns {
            match owned.as_str() {
                "." if is_shared(tree, root) => {}
                "." => package.claims.push(Claim::contained(root)),
                owned => package.claims.extend(claims(tree, root, owned, star)),
            }
        }
        Some(package)
    }
}

/// What `owned` names below a root. Where nothing has the name that it makes with what `*` stands for, it is the beginning
/// of names: `libruby.so*` is `libruby.so.3.2` too.
fn claims(tree: &Tree, root: PathId, owned: &str, star: &str) -> Vec<Claim> {
    if let Some(path) = tree.find_below(root, owned.replace('*', star).as_bytes()) {
        return vec![Claim::contained(path)];
    }
    let Some((directory, beginning)) = owned.strip_suffix('*').and_then(|owned| owned.rsplit_once('/'))
    else {
        return Vec::new();
    };
    let Some(directory) = tree.find_below(root, directory.as_bytes()).filter(|_| !beginning.is_empty())
    else {
        return Vec::new();
    };
    let is_ours = |child: &PathId| tree.name(*child).starts_with(beginning.as_bytes());
    tree.children(directory).filter(is_ours).map(Claim::contained).collect()
}

/// Whether a directory is one that many installers share.
fn is_shared(tree: &Tree, root: PathId) -> bool {
    matches!(tree.bytes(root).as_slice(), b"" | b"usr" | b"usr/local" | b"opt")
}

/// The part of a version that stands after a marker, up to a space, a quote or the end of the line.
fn after(content: &[u8], marker: &str) -> Option<String> {
    let marker = marker.as_bytes();
    let at = content.windows(marker.len().max(1)).position(|window| window == marker)?;
    let rest = content.get(at + marker.len()..)?.trim_ascii_start();
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
    let end = rest.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'"').unwrap_or(rest.len());
    let version = std::str::from_utf8(rest.get(..end)?).ok()?;
    let is_version = version.len() <= 64 && version.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    is_version.then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::owners::testing::File::{Bytes, Text};
    use crate::owners::testing::{claimed, claimed_as};

    #[test]
    fn the_embedded_catalogue_is_right() {
        let runtimes = super::parse(super::TABLE).unwrap();
        assert!(runtimes.len() > 10);
        for runtime in runtimes {
            assert!(runtime.evidence.matches('*').count() <= 1, "{}", runtime.name);
            assert!(!runtime.version.is_empty() || runtime.evidence.contains('*') || runtime.name == "julia");
        }
    }

    #[test]
    fn node_under_usr_local_leaves_the_modules_to_npm() {
        let header =
            "#define NODE_MAJOR_VERSION 20\n#define NODE_MINOR_VERSION 11\n#define NODE_PATCH_VERSION 1\n";
        let image = claimed(&[&[
            Text("usr/local/include/node/node_version.h", header),
            Bytes("usr/local/include/node/v8.h", 9),
            Bytes("usr/local/bin/node", 9),
            Bytes("usr/local/bin/other", 9),
            Text("usr/local/lib/node_modules/npm/package.json", r#"{"version": "10.2.4"}"#),
        ]]);
        assert_eq!(image.packages(), ["npm (node_modules) ", "npm:npm 10.2.4", "runtime:node 20.11.1"]);
        assert_eq!(image.owners("usr/local/bin/node"), "runtime:node");
        assert_eq!(image.owners("usr/local/include/node/v8.h"), "runtime:node");
        assert_eq!(image.owners("usr/local/bin/other"), "unowned");
    }

    #[test]
    fn a_jdk_is_no_jre_and_a_file_called_release_is_neither() {
        let image = claimed(&[&[
            Text("opt/java/openjdk/release", "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"17.0.9\"\n"),
            Bytes("opt/java/openjdk/bin/java", 9),
            Bytes("opt/java/openjdk/bin/javac", 9),
            Bytes("opt/java/openjdk/lib/modules", 9),
            Text("opt/jre/release", "JAVA_VERSION=\"21\"\n"),
            Bytes("opt/jre/bin/java", 9),
            Text("app/release", "JAVA_VERSION=\"17\"\n"),
            Text("etc/release", "something else"),
        ]]);
        assert_eq!(image.packages(), ["runtime:jdk 17.0.9", "runtime:jre 21"]);
        assert_eq!(image.owners("opt/java/openjdk/lib/modules"), "runtime:jdk");
        assert_eq!(image.owners("opt/jre/bin/java"), "runtime:jre");
        assert_eq!(image.owners("app/release"), "unowned");
    }

    #[test]
    fn a_version_in_the_path_names_what_belongs_to_it() {
        let image = claimed_as(&[(
            "COPY dotnet /usr/share/dotnet",
            &[
                Bytes(
                    "usr/share/dotnet/shared/Microsoft.NETCore.App/8.0.1/Microsoft.NETCore.App.deps.json",
                    9,
                ),
                Bytes("usr/share/dotnet/shared/Microsoft.NETCore.App/8.0.1/System.dll", 9),
                Bytes("usr/share/dotnet/host/fxr/8.0.1/libhostfxr.so", 9),
                Bytes("usr/share/dotnet/dotnet", 9),
                Bytes("usr/local/include/ruby-3.2.0/ruby/version.h", 9),
                Bytes("usr/local/lib/ruby/3.2.0/set.rb", 9),
                Bytes("usr/local/lib/ruby/gems/3.2.0/gems/x/x.rb", 9),
                Bytes("usr/local/lib/libruby.so.3.2.2", 9),
            ],
        )]);
        assert_eq!(image.packages(), ["runtime:dotnet 8.0.1", "runtime:ruby 3.2.0"]);
        assert_eq!(image.owners("usr/share/dotnet/host/fxr/8.0.1/libhostfxr.so"), "runtime:dotnet");
        assert_eq!(image.owners("usr/local/lib/ruby/3.2.0/set.rb"), "runtime:ruby");
        assert_eq!(image.owners("usr/local/lib/ruby/gems/3.2.0/gems/x/x.rb"), "application");
        assert_eq!(image.owners("usr/local/lib/libruby.so.3.2.2"), "runtime:ruby");
    }

    #[test]
    fn a_toolchain_that_the_system_installed_is_the_system_s() {
        let image = claimed(&[&[
            Text("var/lib/dpkg/status", "Package: golang\nStatus: install ok installed\nVersion: 1\n"),
            Text("var/lib/dpkg/info/golang.list", "/usr/lib/go-1.19/VERSION\n"),
            Text("usr/lib/go-1.19/VERSION", "go1.19.8"),
            Bytes("usr/lib/go-1.19/bin/go", 9),
            Bytes("usr/lib/go-1.19/src/runtime/proc.go", 9),
        ]]);
        assert_eq!(image.packages(), ["dpkg:golang 1"]);
    }
}
