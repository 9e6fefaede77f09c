//! R: a directory with `DESCRIPTION` and `Meta` is an installed package and has the directory for itself. Format: R Installation
//! and Administration, "Add-on packages".

use super::{Claim, Ecosystem, Package, Rank};
use crate::error::Warning;
use crate::layer::Capture;
use crate::ledger::ChainView;

/// Whatever `R CMD INSTALL` installed.
pub struct R;

impl Ecosystem for R {
    fn name(&self) -> &'static str {
        "r"
    }

    fn wants(&self, path: &[u8], _size: u64) -> Capture {
        if path.ends_with(b"/DESCRIPTION") { Capture::Whole(1 << 20) } else { Capture::Nothing }
    }

    fn packages(&self, view: &ChainView<'_>) -> (Vec<Package>, Vec<Warning>) {
        let tree = &view.ledger.tree;
        let (mut packages, mut warnings) = (Vec::new(), Vec::new());
        for (path, _, content) in view.captured().filter(|(path, ..)| tree.name(*path) == b"DESCRIPTION") {
            let root = tree.parent(path);
            // Sources have no `Meta`; whatever else is called DESCRIPTION has neither.
            if tree.child(root, b"Meta").is_none() {
                continue;
            }
            let text = String::from_utf8_lossy(content);
            let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            let (Some(name), Some(version)) = (field("Package:"), field("Version:")) else {
                let message = format!("{} does not say name and version", tree.path(path));
                warnings.push(Warning::new("r", message));
                continue;
            };
            let mut package = Package::new("r", name, version, Rank::Language);
            package.root = root;
            package.evidence = Some(path);
            package.claims.push(Claim::contained(root));
            packages.push(package);
        }
        (packages, warnings)
    }
}
