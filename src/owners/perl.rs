//! Perl: `auto/MODULE/PATH/.packlist` lists every file that a distribution installed. Format: `perldoc ExtUtils::Packlist`.

use super::{Claim, Ecosystem, Package, Rank};
use crate::error::Warning;
use crate::layer::Capture;
use crate::ledger::{ChainView, PathId};

/// Whatever cpan and cpanm installed.
pub struct Perl;

/// The list of a distribution with ten thousand files has 1 MB.
const LONGEST: u64 = 16 << 20;

impl Ecosystem for Perl {
    fn name(&self) -> &'static str {
        "perl"
    }

    fn wants(&self, path: &[u8], _size: u64) -> Capture {
        if path.ends_with(b"/.packlist") { Capture::Whole(LONGEST) } else { Capture::Nothing }
    }

    fn packages(&self, view: &ChainView<'_>) -> (Vec<Package>, Vec<Warning>) {
        let tree = &view.ledger.tree;
        let mut packages = Vec::new();
        for (path, _, content) in view.captured().filter(|(path, ..)| tree.name(*path) == b".packlist") {
            let root = tree.parent(path);
            // The module is what lies below `auto`.
            let words: Vec<_> = std::iter::once(root)
                .chain(tree.ancestors(root))
                .take_while(|above| tree.name(*above) != b"auto")
                .collect();
            let name: Vec<_> = words
                .iter()
                .rev()
                .map(|word| String::from_utf8_lossy(tree.name(*word)).into_owned())
                .collect();
            // Perl's own list lies right in its library.
            if name.is_empty() || tree.name(tree.parent(*words.last().unwrap_or(&root))) != b"auto" {
                continue;
            }
            let mut package = Package::new("perl", &name.join("::"), "", Rank::Language);
            package.root = root;
            package.evidence = Some(path);
            package.claims.push(Claim::listed(path));
            // A line may go on with `key=value`.
            let files = content
                .split(|byte| *byte == b'\n')
                .filter_map(|line| line.split(|byte| *byte == b' ').next());
            package.claims.extend(files.filter_map(|file| located(view, file)).map(Claim::listed));
            packages.push(package);
        }
        (packages, Vec::new())
    }
}

/// Relative paths would mean anything.
fn located(view: &ChainView<'_>, file: &[u8]) -> Option<PathId> {
    if file.starts_with(b"/") { view.locate(file) } else { None }
}
