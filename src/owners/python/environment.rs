//! What `python -m venv`, virtualenv and uv put around packages: `pyvenv.cfg`, the scripts that activate, the links to the
//! interpreter. It belongs to no distribution, so it has an owner of its own, `python (venv)`.

use crate::ledger::ChainView;
use crate::owners::{Claim, Package, Rank};

/// What venv, virtualenv, uv and pipx put beside `pyvenv.cfg`; the last two say which tool the environment is for.
const SETTINGS: [&[u8]; 7] = [
    b"lib64",
    b".gitignore",
    b"CACHEDIR.TAG",
    b".lock",
    b"include",
    b"uv-receipt.toml",
    b"pipx_metadata.json",
];

/// One package for each virtual environment.
pub(super) fn read(view: &ChainView<'_>) -> Vec<Package> {
    let tree = &view.ledger.tree;
    let configurations = view.captured().filter(|(path, _, _)| tree.name(*path) == b"pyvenv.cfg");
    configurations
        .map(|(configuration, _, content)| {
            let root = tree.parent(configuration);
            let mut package = Package::new("python", "venv", &version(content), Rank::Scaffolding);
            "python (venv)".clone_into(&mut package.id);
            package.root = root;
            package.evidence = Some(configuration);
            package.claims.push(Claim::listed(configuration));
            for name in SETTINGS {
                package.claims.extend(tree.child(root, name).map(Claim::contained));
            }
            if let Some(bin) = tree.child(root, b"bin") {
                let ours = tree.children(bin).filter(|child| is_script(tree.name(*child)));
                package.claims.extend(ours.map(Claim::listed));
            }
            let sites = ["lib", "lib64"].iter().filter_map(|lib| tree.child(root, lib.as_bytes()));
            for python in sites.flat_map(|lib| tree.children(lib)) {
                let Some(site) = tree.child(python, b"site-packages") else { continue };
                for name in [b"_virtualenv.py".as_slice(), b"_virtualenv.pth"] {
                    package.claims.extend(tree.child(site, name).map(Claim::listed));
                }
            }
            package
        })
        .collect()
}

/// `version = 3.11.7` as venv writes it, `version_info = 3.11.7.final.0` as virtualenv does.
fn version(content: &[u8]) -> String {
    let content = String::from_utf8_lossy(content);
    let pairs = content.lines().filter_map(|line| line.split_once('='));
    let mut versions = pairs.filter(|(key, _)| matches!(key.trim(), "version" | "version_info"));
    versions.next().map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
}

fn is_script(name: &[u8]) -> bool {
    let is_python = name
        .strip_prefix(b"python")
        .is_some_and(|rest| rest.iter().all(|byte| b"0123456789.t".contains(byte)));
    is_python
        || [b"activate".as_slice(), b"Activate.ps1", b"deactivate.", b"pydoc.bat"]
            .iter()
            .any(|script| name.starts_with(script))
}
