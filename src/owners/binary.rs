//! Programs that say themselves what they were built of: Go's build information, cargo-auditable's list of crates, Maven's properties, zipapps. What was
//! found inside them while the layer went by names them; a program that anything else installed is that package's.

use super::{Claim, Ecosystem, Package, Rank};
use crate::error::Warning;
use crate::layer::{Capture, InsideKind};
use crate::ledger::ChainView;

/// Binaries of one kind.
pub struct Binaries {
    kind: InsideKind,
    name: &'static str,
}

/// Binaries that Go linked, named by their main module.
pub const GO: Binaries = Binaries { kind: InsideKind::Go, name: "go" };
/// Binaries that cargo-auditable built, named by their root crate.
pub const CARGO: Binaries = Binaries { kind: InsideKind::Rust, name: "cargo" };

/// Java's archives, named by Maven's properties or by their own name.
pub const JAVA: Binaries = Binaries { kind: InsideKind::Jar, name: "java" };
/// Python's programs in one file, PEX and other zipapps, named by their files.
pub const ZIPAPP: Binaries = Binaries { kind: InsideKind::Zipapp, name: "zipapp" };

impl Ecosystem for Binaries {
    fn name(&self) -> &'static str {
        self.name
    }

    fn wants(&self, _path: &[u8], _size: u64) -> Capture {
        Capture::Nothing
    }

    fn looks_at(&self, kind: InsideKind) -> bool {
        kind == self.kind
    }

    fn packages(&self, view: &ChainView<'_>) -> (Vec<Package>, Vec<Warning>) {
        let tree = &view.ledger.tree;
        let mut packages = Vec::new();
        for (path, _, inside) in view.insides().filter(|(_, _, inside)| inside.kind == self.kind) {
            let file = tree.path(path).to_string();
            let name = match inside.name.as_str() {
                // Rust symbols without a list of crates do not say what the program is.
                "" => continue,
                // `go build main.go` has no name for what it builds.
                "command-line-arguments" => file.rsplit('/').next().unwrap_or_default(),
                name => name,
            };
            let mut package = Package::new(self.name, name, &inside.version, Rank::Binary);
            package.root = tree.parent(path);
            package.evidence = Some(path);
            package.claims.push(Claim::listed(path));
            packages.push(package);
        }
        (packages, Vec::new())
    }
}
