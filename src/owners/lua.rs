//! Lua: LuaRocks keeps `rocks-VERSION/NAME/VERSION/` for each rock, whose `rock_manifest` lists what it put into `share/lua`,
//! `lib/lua` and `bin`. Format: LuaRocks' wiki, "File locations" and "Config file format".

use super::{Claim, Ecosystem, Package, Rank};
use crate::error::Warning;
use crate::layer::Capture;
use crate::ledger::{ChainView, PathId};

/// Whatever LuaRocks installed.
pub struct Lua;

impl Ecosystem for Lua {
    fn name(&self) -> &'static str {
        "lua"
    }

    fn wants(&self, path: &[u8], _size: u64) -> Capture {
        if path.ends_with(b"/rock_manifest") { Capture::Whole(4 << 20) } else { Capture::Nothing }
    }

    fn packages(&self, view: &ChainView<'_>) -> (Vec<Package>, Vec<Warning>) {
        let tree = &view.ledger.tree;
        let mut packages = Vec::new();
        for (path, _, content) in view.captured().filter(|(path, ..)| tree.name(*path) == b"rock_manifest") {
            let root = tree.parent(path);
            let rock = tree.parent(root);
            let rocks = tree.parent(rock);
            let abi = tree.name(rocks).strip_prefix(b"rocks-").unwrap_or_default().to_vec();
            let text = |path: PathId| String::from_utf8_lossy(tree.name(path)).into_owned();
            // lib/luarocks/rocks-5.4/NAME/VERSION
            let prefix = tree.parent(tree.parent(tree.parent(rocks)));
            let mut package = Package::new("lua", &text(rock), &text(root), Rank::Language);
            package.root = root;
            package.evidence = Some(path);
            package.claims.push(Claim::contained(root));
            for mut file in files(content) {
                let kind = file.remove(0);
                let place = match kind.as_slice() {
                    b"lua" => [b"share/lua/", abi.as_slice()].concat(),
                    b"lib" => [b"lib/lua/", abi.as_slice()].concat(),
                    b"bin" => b"bin".to_vec(),
                    _ => continue,
                };
                let file = [place, file.join(&b'/')].join(&b'/');
                package.claims.extend(view.locate_below(prefix, &file).map(Claim::listed));
            }
            packages.push(package);
            // What LuaRocks keeps of all rocks.
            if let Some(manifest) = tree.child(rocks, b"manifest") {
                let mut around = Package::new("lua", "manifest", "", Rank::Scaffolding);
                "lua (manifest)".clone_into(&mut around.id);
                around.root = rocks;
                around.evidence = Some(path);
                around.claims.push(Claim::listed(manifest));
                packages.push(around);
            }
        }
        (packages, Vec::new())
    }
}

/// The files of a manifest, each as its words: a table of tables, with the MD5 sum of each file at its leaf.
fn files(content: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let (mut files, mut above, mut name) = (Vec::new(), Vec::<Vec<u8>>::new(), Vec::new());
    let mut rest = content;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'"' => {
                let end = rest.iter().position(|byte| *byte == b'"').unwrap_or(rest.len());
                let text = rest[..end].to_vec();
                rest = rest.get(end + 1..).unwrap_or_default();
                // A text is a key where a bracket closes behind it, and else a sum.
                if rest.starts_with(b"]") {
                    name = text;
                } else if !above.is_empty() && !name.is_empty() {
                    files.push([&above[1..], &[std::mem::take(&mut name)]].concat());
                }
            }
            b'{' if above.len() < 64 => above.push(std::mem::take(&mut name)),
            b'}' => drop(above.pop()),
            byte if byte.is_ascii_alphabetic() || *byte == b'_' => {
                let length =
                    rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
                name = [&[*byte], &rest[..length]].concat();
                rest = &rest[length..];
            }
            _ => {}
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::files;

    #[test]
    fn the_leaves_of_a_manifest_are_files() {
        let manifest = b"rock_manifest = {\n   lua = {\n      hull = {\n         [\"plate.lua\"] = \"aa\"\n      },\n      keel = \"x\"\n   },\n   [\"hull-1.rockspec\"] = \"bb\"\n}";
        let shown: Vec<_> =
            files(manifest).iter().map(|words| String::from_utf8(words.join(&b'/')).unwrap()).collect();
        assert_eq!(shown, ["lua/hull/plate.lua", "lua/keel", "hull-1.rockspec"]);
        for length in 0..manifest.len() {
            let _ = files(&manifest[..length]);
        }
        let _ = files(&[b'{'; 1000]);
    }
}
