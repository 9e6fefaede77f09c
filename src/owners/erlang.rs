//! Erlang and Elixir: `NAME/ebin/NAME.app` makes an application of the directory above `ebin`, in a release and in OTP itself.
//! Format: OTP Design Principles, "Applications".

use super::{Claim, Ecosystem, Package, Rank};
use crate::error::Warning;
use crate::layer::Capture;
use crate::ledger::ChainView;

/// Applications of Erlang and Elixir.
pub struct Erlang;

impl Ecosystem for Erlang {
    fn name(&self) -> &'static str {
        "erlang"
    }

    fn wants(&self, path: &[u8], _size: u64) -> Capture {
        let mut words = path.rsplit(|byte| *byte == b'/');
        let is_application = words.next().is_some_and(|name| name.ends_with(b".app"));
        if is_application && words.next() == Some(b"ebin") {
            Capture::Whole(1 << 20)
        } else {
            Capture::Nothing
        }
    }

    fn packages(&self, view: &ChainView<'_>) -> (Vec<Package>, Vec<Warning>) {
        let tree = &view.ledger.tree;
        let (mut packages, mut warnings) = (Vec::new(), Vec::new());
        for (path, _, content) in view.captured() {
            let name = tree.name(path).strip_suffix(b".app").and_then(|name| std::str::from_utf8(name).ok());
            let ebin = tree.parent(path);
            let Some(name) = name.filter(|_| tree.name(ebin) == b"ebin") else { continue };
            let text = String::from_utf8_lossy(content);
            let version = text.split("{vsn").nth(1).and_then(|rest| rest.split('"').nth(1));
            let Some(version) = version else {
                let message = format!("{} does not say its version", tree.path(path));
                warnings.push(Warning::new("erlang", message));
                continue;
            };
            let root = tree.parent(ebin);
            let mut package = Package::new("erlang", name, version, Rank::Language);
            package.root = root;
            package.evidence = Some(path);
            package.claims.push(Claim::contained(root));
            packages.push(package);
        }
        (packages, warnings)
    }
}
