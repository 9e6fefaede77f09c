//! Chisel, of Ubuntu's smallest images: `manifest.wall` is zstd over lines of JSON that list packages, and paths with the slices that
//! brought them. <https://documentation.ubuntu.com/chisel/en/latest/reference/manifest/>

use std::collections::BTreeMap;
use std::io::Read;

use serde::Deserialize;

use super::{Claim, Ecosystem, Package, Rank};
use crate::error::Warning;
use crate::layer::Capture;
use crate::ledger::{ChainView, Entry};

/// Whatever Chisel cut.
pub struct Chisel;

/// Of the file, and of what it unpacks to.
const LONGEST: u64 = 16 << 20;
const LONGEST_UNPACKED: u64 = 64 << 20;

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    slices: Vec<String>,
}

impl Ecosystem for Chisel {
    fn name(&self) -> &'static str {
        "chisel"
    }

    fn wants(&self, path: &[u8], _size: u64) -> Capture {
        if path.ends_with(b"chisel/manifest.wall") { Capture::Whole(LONGEST) } else { Capture::Nothing }
    }

    fn packages(&self, view: &ChainView<'_>) -> (Vec<Package>, Vec<Warning>) {
        let tree = &view.ledger.tree;
        let (mut all, mut warnings) = (Vec::new(), Vec::new());
        for (file, _, content) in view.captured().filter(|(path, ..)| tree.name(*path) == b"manifest.wall") {
            let Some(text) = unpack(content) else {
                warnings.push(Warning::new("chisel", format!("{} cannot be unpacked", tree.path(file))));
                continue;
            };
            let mut packages: BTreeMap<String, Package> = BTreeMap::new();
            let mut malformed = 0_usize;
            for line in text.lines() {
                let Ok(line) = serde_json::from_str::<Line>(line) else {
                    malformed += 1;
                    continue;
                };
                match line.kind.as_str() {
                    "package" => {
                        let mut package = Package::new("chisel", &line.name, &line.version, Rank::System);
                        package.evidence = Some(file);
                        packages.insert(line.name, package);
                    }
                    "path" => {
                        // Slices of several packages may bring one path, a directory mostly.
                        let first = line.slices.first().and_then(|slice| slice.split('_').next());
                        let package = first.and_then(|name| packages.get_mut(name));
                        let path = view.locate(line.path.trim_end_matches('/').as_bytes());
                        let path = path.filter(|path| !view.entry(*path).is_some_and(Entry::is_directory));
                        if let (Some(package), Some(path)) = (package, path) {
                            package.claims.push(Claim::listed(path));
                        }
                    }
                    _ => {}
                }
            }
            if malformed > 0 {
                let message = format!("{} has {malformed} lines that are not JSON", tree.path(file));
                warnings.push(Warning::new("chisel", message));
            }
            all.extend(packages.into_values());
        }
        (all, warnings)
    }
}

fn unpack(content: &[u8]) -> Option<String> {
    let mut text = Vec::new();
    zstd::stream::read::Decoder::new(content).ok()?.take(LONGEST_UNPACKED).read_to_end(&mut text).ok()?;
    String::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use super::unpack;

    const WALL: &str = "{\"jsonwall\":\"1.0\",\"schema\":\"1.0\",\"count\":3}\n\
        {\"kind\":\"package\",\"name\":\"base-files\",\"version\":\"13ubuntu10\",\"sha256\":\"x\",\"arch\":\"amd64\"}\n\
        {\"kind\":\"path\",\"path\":\"/etc/os-release\",\"mode\":\"0644\",\"slices\":[\"base-files_release-info\"],\"size\":9}\n";

    #[test]
    fn a_wall_unpacks_and_damage_is_none() {
        let packed = zstd::encode_all(WALL.as_bytes(), 3).unwrap();
        assert_eq!(unpack(&packed).as_deref(), Some(WALL));
        assert_eq!(unpack(&packed[..packed.len() / 2]), None);
        assert_eq!(unpack(b"x"), None);
    }

    #[test]
    fn a_path_belongs_to_the_package_of_its_first_slice() {
        let packed = zstd::encode_all(WALL.as_bytes(), 3).unwrap();
        let mut ledger = crate::ledger::Ledger::build([crate::owners::testing::layer(&[
            crate::owners::testing::File::Text("var/lib/chisel/manifest.wall", "here"),
            crate::owners::testing::File::Bytes("etc/os-release", 9),
        ])]);
        for content in ledger.evidence.values_mut() {
            content.clone_from(&packed);
        }
        ledger.settle_identity();
        let ownership = crate::owners::claim(&mut ledger, &[]);
        assert_eq!(ownership.packages[0].version, "13ubuntu10");
        let owner = |path: &[u8]| {
            let path = ledger.tree.find(path).unwrap();
            let entry = ledger.entries.iter().find(|entry| entry.path == path).unwrap();
            ledger.owner_name(entry.owner).to_owned()
        };
        assert_eq!(owner(b"etc/os-release"), "chisel:base-files");
        assert_eq!(owner(b"var/lib/chisel/manifest.wall"), "chisel (database)");
    }
}
