//! PHP's Composer: `vendor/composer/installed.json` names each package and its directory.
//! <https://getcomposer.org/doc/07-runtime.md#installed-versions>

use serde::Deserialize;

use super::{Claim, Ecosystem, Package, Rank};
use crate::error::Warning;
use crate::layer::Capture;
use crate::ledger::ChainView;

/// Whatever Composer installed.
pub struct Composer;

/// That of a large application has 3 MB.
const LONGEST: u64 = 32 << 20;

impl Ecosystem for Composer {
    fn name(&self) -> &'static str {
        "composer"
    }

    fn wants(&self, path: &[u8], _size: u64) -> Capture {
        if path.ends_with(b"/composer/installed.json") { Capture::Whole(LONGEST) } else { Capture::Nothing }
    }

    fn packages(&self, view: &ChainView<'_>) -> (Vec<Package>, Vec<Warning>) {
        let tree = &view.ledger.tree;
        let (mut packages, mut warnings) = (Vec::new(), Vec::new());
        for (path, _, content) in view.captured() {
            if !tree.bytes(path).ends_with(b"/composer/installed.json") {
                continue;
            }
            let Some(installed) = read(content) else {
                let message = format!("{} is not the JSON that it should be", tree.path(path));
                warnings.push(Warning::new("composer", message));
                continue;
            };
            let directory = tree.parent(path);
            let vendor = tree.parent(directory);
            for row in installed.into_iter().filter(|row| is_name(&row.name)) {
                // Composer 1 does not say where.
                let at = row.install_path.unwrap_or_else(|| format!("../{}", row.name));
                let Some(root) = view.locate_below(directory, at.as_bytes()) else { continue };
                // A package that is the application itself, or above it, would own what it does not install.
                if root == vendor || tree.ancestors(path).any(|above| above == root) {
                    continue;
                }
                let mut package = Package::new("composer", &row.name, &row.version, Rank::Language);
                package.root = root;
                package.evidence = Some(path);
                package.claims.push(Claim::contained(root));
                packages.push(package);
            }
            let mut around = Package::new("composer", "autoload", "", Rank::Scaffolding);
            "composer (autoload)".clone_into(&mut around.id);
            around.root = vendor;
            around.evidence = Some(path);
            around.claims.push(Claim::contained(directory));
            around.claims.extend(tree.child(vendor, b"autoload.php").map(Claim::listed));
            around.claims.extend(tree.child(vendor, b"bin").map(Claim::contained));
            packages.push(around);
        }
        (packages, warnings)
    }
}

#[derive(Deserialize)]
struct Row {
    name: String,
    #[serde(default)]
    version: String,
    #[serde(rename = "install-path")]
    install_path: Option<String>,
}

/// Composer 2 wraps the list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Installed {
    Wrapped { packages: Vec<Row> },
    List(Vec<Row>),
}

fn read(content: &[u8]) -> Option<Vec<Row>> {
    match serde_json::from_slice(content).ok()? {
        Installed::Wrapped { packages } | Installed::List(packages) => Some(packages),
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use crate::owners::testing::File::{Bytes, Text};
    use crate::owners::testing::claimed;

    #[test]
    fn a_package_owns_where_it_is_installed() {
        let installed = r#"{"packages": [
            {"name": "psr/log", "version": "3.0.0", "install-path": "../psr/log"},
            {"name": "old/style", "version": "1.0"},
            {"name": "evil/root", "version": "1", "install-path": "../../../.."},
            {"name": "evil/vendor", "version": "1", "install-path": ".."},
            {"name": "not/there", "version": "1", "install-path": "../not/there"}]}"#;
        let image = claimed(&[&[
            Text("app/vendor/composer/installed.json", installed),
            Bytes("app/vendor/composer/autoload_real.php", 9),
            Bytes("app/vendor/autoload.php", 9),
            Bytes("app/vendor/psr/log/src/Logger.php", 9),
            Bytes("app/vendor/old/style/x.php", 9),
            Bytes("app/index.php", 9),
        ]]);
        assert_eq!(
            image.packages(),
            ["composer (autoload) ", "composer:old/style 1.0", "composer:psr/log 3.0.0"]
        );
        assert_eq!(image.owners("app/vendor/psr/log/src/Logger.php"), "composer:psr/log");
        assert_eq!(image.owners("app/vendor/autoload.php"), "composer (autoload)");
        assert_eq!(image.owners("app/index.php"), "unowned");
    }

    #[test]
    fn composer_1_has_a_bare_list_and_what_is_no_json_is_told() {
        let image = claimed(&[&[
            Text("a/vendor/composer/installed.json", r#"[{"name": "psr/log", "version": "1.1"}]"#),
            Bytes("a/vendor/psr/log/x.php", 9),
            Text("b/vendor/composer/installed.json", r#"{"packages": "#),
        ]]);
        assert_eq!(image.packages(), ["composer (autoload) ", "composer:psr/log 1.1"]);
        assert_eq!(
            image.warnings(),
            ["composer: /b/vendor/composer/installed.json is not the JSON that it should be"]
        );
    }
}
