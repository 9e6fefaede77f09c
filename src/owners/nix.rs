//! Nix and Guix: `/nix/store/HASH-NAME-VERSION` has everything below it for itself, whatever else claims it. What is where says it all,
//! so that images without Nix's own database are no different. Format: Nix manual, "Store path".

use std::collections::BTreeSet;

use super::{Claim, Ecosystem, Package, Rank};
use crate::error::Warning;
use crate::layer::Capture;
use crate::ledger::ChainView;

/// Store paths of Nix and Guix.
pub struct Nix;

const STORES: [&[u8]; 2] = [b"nix/store/", b"gnu/store/"];

impl Ecosystem for Nix {
    fn name(&self) -> &'static str {
        "nix"
    }

    fn wants(&self, path: &[u8], _size: u64) -> Capture {
        // One file of a store path tells that it is there; the names of all are its children in the tree.
        if STORES.iter().any(|store| path.starts_with(store)) { Capture::Presence } else { Capture::Nothing }
    }

    fn packages(&self, view: &ChainView<'_>) -> (Vec<Package>, Vec<Warning>) {
        let tree = &view.ledger.tree;
        let mut packages = Vec::new();
        for store in STORES.iter().filter_map(|store| tree.find(store.strip_suffix(b"/").unwrap_or(store))) {
            let own: BTreeSet<_> = tree.children(store).collect();
            for path in own {
                let name = String::from_utf8_lossy(tree.name(path)).into_owned();
                let Some((name, version)) = named(&name) else { continue };
                let mut package = Package::new("nix", name, version, Rank::System);
                package.root = path;
                package.evidence = Some(path);
                package.claims.push(Claim::contained(path));
                packages.push(package);
            }
        }
        (packages, Vec::new())
    }
}

/// Name and version: a hash of 32 letters, then the version starts at the first hyphen before what is no letter, as
/// `builtins.parseDrvName` of Nix itself has it.
fn named(path: &str) -> Option<(&str, &str)> {
    let (hash, rest) = path.split_at_checked(32)?;
    let name = rest.strip_prefix('-')?;
    if !hash.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) || name.ends_with(".drv")
    {
        return None;
    }
    let mut hyphens = name.match_indices('-');
    let version =
        hyphens.find(|(at, _)| name.as_bytes().get(at + 1).is_some_and(|next| !next.is_ascii_alphabetic()));
    Some(version.map_or((name, ""), |(at, _)| (&name[..at], &name[at + 1..])))
}

#[cfg(test)]
mod tests {
    use crate::owners::testing::File::{Bytes, Text};
    use crate::owners::testing::claimed;

    #[test]
    fn a_store_path_owns_all_below_it_whatever_else_is_there() {
        let hash = "0c3qpm1zdb1ak1kyz6w5nrdx1vnmqv5w";
        let python = format!("nix/store/{hash}-python3-3.12.4");
        let image = claimed(&[&[
            Bytes(&format!("{python}/bin/python3"), 9),
            Text(
                &format!("{python}/lib/python3.12/site-packages/six-1.0.dist-info/METADATA"),
                "Metadata-Version: 2.1\nName: six\nVersion: 1.0\n",
            ),
            Bytes(&format!("nix/store/{hash}-glibc-2.39-52/lib/libc.so.6"), 9),
            Bytes("nix/store/.links/x", 1),
        ]]);
        assert!(image.packages().contains(&"nix:python3 3.12.4".to_owned()), "{:?}", image.packages());
        assert_eq!(image.owners(&format!("{python}/bin/python3")), "nix:python3");
        assert_eq!(
            image.owners(&format!("{python}/lib/python3.12/site-packages/six-1.0.dist-info/METADATA")),
            "nix:python3"
        );
        assert_eq!(image.owners(&format!("nix/store/{hash}-glibc-2.39-52/lib/libc.so.6")), "nix:glibc");
    }
}
