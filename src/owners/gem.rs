//! RubyGems: `specifications/NAME-VERSION.gemspec` says that a gem is installed, and directories named after it hold it. The
//! installed specification has no list of files. Format: RubyGems Guides, "Specification Reference".
//!
//! - A default gem's specification lies in `specifications/default`; its code is part of Ruby's standard library, so only the
//!   directories that it has for itself are its own.
//! - `cache/NAME-VERSION.gem` is the archive that it was installed from, which nothing reads again: RubyGems' cache.

use super::{Claim, Ecosystem, Package, Rank};
use crate::error::Warning;
use crate::layer::Capture;
use crate::ledger::{ChainView, PathId};

/// Whatever gem and bundler installed.
pub struct Gem;

impl Ecosystem for Gem {
    fn name(&self) -> &'static str {
        "gem"
    }

    fn wants(&self, path: &[u8], _size: u64) -> Capture {
        let mut components = path.rsplit(|byte| *byte == b'/');
        let is_gemspec = components.next().is_some_and(|name| name.ends_with(b".gemspec"));
        let directory = components.next().unwrap_or_default();
        let is_installed = directory == b"specifications"
            || directory == b"default" && components.next() == Some(b"specifications");
        // All that is needed stands in its name.
        if is_gemspec && is_installed { Capture::Presence } else { Capture::Nothing }
    }

    fn packages(&self, view: &ChainView<'_>) -> (Vec<Package>, Vec<Warning>) {
        let tree = &view.ledger.tree;
        let (mut packages, mut warnings) = (Vec::new(), Vec::new());
        for (path, _, _) in view.captured() {
            if self.wants(&tree.bytes(path), 0) == Capture::Nothing {
                continue;
            }
            let full =
                std::str::from_utf8(tree.name(path)).ok().and_then(|name| name.strip_suffix(".gemspec"));
            let Some((full, (name, version))) = full.and_then(|full| Some((full, split(full)?))) else {
                let message = format!("{} has no name and version in its name", tree.path(path));
                warnings.push(Warning::new("gem", message));
                continue;
            };
            let specifications = tree.parent(path);
            let is_default = tree.name(specifications) == b"default";
            let above = if is_default { tree.parent(specifications) } else { specifications };
            packages.push(gem(view, path, tree.parent(above), full, name, version));
        }
        (packages, warnings)
    }
}

/// The gem of a specification, with the directories of its name below `home`.
fn gem(
    view: &ChainView<'_>,
    evidence: PathId,
    home: PathId,
    full: &str,
    name: &str,
    version: &str,
) -> Package {
    let tree = &view.ledger.tree;
    let mut package = Package::new("gem", name, version, Rank::Language);
    package.root = home;
    package.evidence = Some(evidence);
    package.claims.push(Claim::listed(evidence));
    for directory in ["gems", "doc", "build_info"] {
        let own = tree.find_below(home, format!("{directory}/{full}").as_bytes());
        let own = own.or_else(|| tree.find_below(home, format!("{directory}/{full}.info").as_bytes()));
        package.claims.extend(own.map(Claim::contained));
    }
    // extensions/PLATFORM/ABI/NAME-VERSION
    let extensions = tree.child(home, b"extensions").into_iter();
    let abis = extensions
        .flat_map(|extensions| tree.children(extensions))
        .flat_map(|platform| tree.children(platform));
    package.claims.extend(abis.filter_map(|abi| tree.child(abi, full.as_bytes())).map(Claim::contained));
    package
}

/// Name and version of `nokogiri-1.16.0-x86_64-linux` or `net-http-0.3.2`: the version is what starts at the first hyphen that
/// a digit follows and no letter before the next dot.
fn split(full: &str) -> Option<(&str, &str)> {
    let is_version = |rest: &str| {
        let first = rest.split(['.', '-']).next().unwrap_or_default();
        !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit())
    };
    let mut hyphens = full.match_indices('-').map(|(at, _)| at);
    let at = hyphens.find(|at| full.get(at + 1..).is_some_and(is_version))?;
    let (name, version) = (full.get(..at)?, full.get(at + 1..)?);
    // The platform is no part of the version.
    let version = version.split('-').next()?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
    is_name.then_some((name, version))
}

#[cfg(test)]
mod tests {
    use super::split;
    use crate::owners::testing::File::{Bytes, Text};
    use crate::owners::testing::claimed;

    #[test]
    fn a_gem_owns_the_directories_of_its_name_and_not_the_archive() {
        let home = "var/lib/gems/3.1.0";
        let at = |path: &str| format!("{home}/{path}");
        let image = claimed(&[&[
            Text(&at("specifications/net-http-0.3.2.gemspec"), ""),
            Bytes(&at("gems/net-http-0.3.2/lib/http.rb"), 9),
            Bytes(&at("gems/net-http-0.3.20/lib/http.rb"), 9),
            Text(&at("specifications/nokogiri-1.16.0-x86_64-linux.gemspec"), ""),
            Bytes(&at("gems/nokogiri-1.16.0-x86_64-linux/nokogiri.so"), 9),
            Bytes(&at("extensions/x86_64-linux/3.1.0/nokogiri-1.16.0-x86_64-linux/gem_make.out"), 9),
            Bytes(&at("build_info/net-http-0.3.2.info"), 9),
            Bytes(&at("cache/net-http-0.3.2.gem"), 9),
            Text(&at("specifications/default/json-2.6.1.gemspec"), ""),
            Bytes(&at("gems/json-2.6.1/exe/json"), 9),
            Text("src/mine.gemspec", ""),
        ]]);
        assert_eq!(image.packages(), ["gem:json 2.6.1", "gem:net-http 0.3.2", "gem:nokogiri 1.16.0"]);
        assert_eq!(image.owners(&at("gems/net-http-0.3.2/lib/http.rb")), "gem:net-http");
        assert_eq!(image.owners(&at("gems/net-http-0.3.20/lib/http.rb")), "unowned");
        assert_eq!(image.owners(&at("gems/nokogiri-1.16.0-x86_64-linux/nokogiri.so")), "gem:nokogiri");
        assert_eq!(
            image.owners(&at("extensions/x86_64-linux/3.1.0/nokogiri-1.16.0-x86_64-linux/gem_make.out")),
            "gem:nokogiri"
        );
        assert_eq!(image.owners(&at("build_info/net-http-0.3.2.info")), "gem:net-http");
        assert_eq!(image.owners(&at("cache/net-http-0.3.2.gem")), "gem (cache)");
        assert_eq!(image.owners(&at("gems/json-2.6.1/exe/json")), "gem:json");
    }

    #[test]
    fn a_name_may_have_hyphens_and_digits() {
        assert_eq!(split("net-http-0.3.2"), Some(("net-http", "0.3.2")));
        assert_eq!(split("aws-sdk-s3-1.140.0"), Some(("aws-sdk-s3", "1.140.0")));
        assert_eq!(split("x-2d-1.0.0.rc1"), Some(("x-2d", "1.0.0.rc1")));
        assert_eq!(split("noversion"), None);
        assert_eq!(split("-1.0"), None);
    }

    #[test]
    fn a_specification_without_a_version_is_told() {
        let image = claimed(&[&[Text("gems/specifications/odd.gemspec", "")]]);
        assert_eq!(
            image.warnings(),
            ["gem: /gems/specifications/odd.gemspec has no name and version in its name"]
        );
    }
}
