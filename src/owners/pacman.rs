//! Arch's pacman: `local/NAME-VERSION-RELEASE/desc` and `files`. Format: `man 8 pacman`, "DATABASE", and libalpm's `be_local.c`.

use super::{Claim, Ecosystem, Package, Rank};
use crate::error::Warning;
use crate::layer::Capture;
use crate::ledger::{ChainView, Entry};

/// pacman's database.
pub struct Pacman;

const DATABASE: &[u8] = b"var/lib/pacman/local/";
/// The list of a package with a hundred thousand files has 10 MB.
const LONGEST: u64 = 64 << 20;

impl Ecosystem for Pacman {
    fn name(&self) -> &'static str {
        "pacman"
    }

    fn wants(&self, path: &[u8], _size: u64) -> Capture {
        let Some(rest) = path.strip_prefix(DATABASE) else { return Capture::Nothing };
        if rest.ends_with(b"/desc") || rest.ends_with(b"/files") {
            Capture::Whole(LONGEST)
        } else {
            Capture::Nothing
        }
    }

    fn packages(&self, view: &ChainView<'_>) -> (Vec<Package>, Vec<Warning>) {
        let tree = &view.ledger.tree;
        let (mut packages, mut warnings) = (Vec::new(), Vec::new());
        for (path, _, content) in view.captured() {
            if tree.name(path) != b"desc" || !tree.bytes(path).starts_with(DATABASE) {
                continue;
            }
            let text = String::from_utf8_lossy(content);
            let (Some(name), Some(version)) =
                (section(&text, "%NAME%").next(), section(&text, "%VERSION%").next())
            else {
                let message = format!("{} does not say name and version", tree.path(path));
                warnings.push(Warning::new("pacman", message));
                continue;
            };
            let mut package = Package::new("pacman", name, version, Rank::System);
            package.evidence = Some(path);
            let own = tree.parent(path);
            let list = tree.child(own, b"files").and_then(|files| view.content(files)).unwrap_or_default();
            let list = String::from_utf8_lossy(list);
            let files = section(&list, "%FILES%")
                .filter_map(|file| view.locate(file.trim_end_matches('/').as_bytes()));
            // Directories are listed too, and belong to all that list them.
            let files = files.filter(|file| !view.entry(*file).is_some_and(Entry::is_directory));
            package.claims.extend(files.map(Claim::listed));
            packages.push(package);
        }
        (packages, warnings)
    }
}

/// The lines below a heading, to the next empty one.
fn section<'t>(text: &'t str, heading: &str) -> impl Iterator<Item = &'t str> {
    let heading = heading.to_owned();
    text.lines().skip_while(move |line| *line != heading).skip(1).take_while(|line| !line.is_empty())
}
