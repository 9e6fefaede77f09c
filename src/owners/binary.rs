//! Programs that say themselves what they were built of: Go's build information, cargo-auditable's list of crates, Maven's
//! properties, zipapps; and those few that a catalogue knows. What was found inside them while the layer went by names
//! them; a program that anything else installed is that package's.

use super::{Claim, Ecosystem, Package, Rank};
use crate::error::Warning;
use crate::layer::{Capture, InsideKind, MemberKind};
use crate::ledger::{ChainView, Kind, PathId};

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
/// Single programs of `rules/catalog/programs.toml`.
pub const PROGRAM: Binaries = Binaries { kind: InsideKind::Elf, name: "binary" };

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
            if self.kind == InsideKind::Elf {
                package.claims.extend(links(view, path).into_iter().map(Claim::listed));
            }
            packages.push(package);
        }
        (packages, Vec::new())
    }
}

/// The symbolic links to a program among the programs: `BusyBox` is hundreds of them.
fn links(view: &ChainView<'_>, program: PathId) -> Vec<PathId> {
    let tree = &view.ledger.tree;
    let inode = |path: PathId| view.at(path).map(|id| view.ledger.entry(id).inode.unwrap_or(id));
    let own = inode(program);
    let directories = [&b"bin"[..], b"sbin", b"usr/bin", b"usr/sbin", b"usr/local/bin", b"usr/local/sbin"];
    let directories = directories.iter().filter_map(|directory| tree.find(directory));
    let is_link = |path: &PathId| {
        view.entry(*path).is_some_and(|entry| entry.kind == Kind::Member(MemberKind::Symlink))
    };
    let links = directories.flat_map(|directory| tree.children(directory)).filter(is_link);
    links.filter(|link| view.follow(&tree.bytes(*link)).is_some_and(|target| inode(target) == own)).collect()
}

#[cfg(test)]
mod tests {
    use crate::owners::testing::File::{Bytes, HardLink, Link, Program, Text};
    use crate::owners::testing::{claimed, claimed_as};

    /// The smallest ELF file with a section of constants.
    fn program(text: &str) -> Vec<u8> {
        let names = b"\0.rodata\0.shstrtab\0";
        let (at, length) = (64, text.len() as u64);
        let tables = at + length + names.len() as u64;
        let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0".to_vec();
        file.resize(40, 0);
        file.extend(tables.to_le_bytes());
        for half in [0, 0, 64, 56, 0, 64, 3, 2_u16] {
            file.extend(half.to_le_bytes());
        }
        file.extend(text.as_bytes());
        file.extend(names);
        let section = |name: u32, kind: u32, flags: u64, at: u64, length: u64| {
            let words = [name, kind].map(u32::to_le_bytes).concat();
            [words, [flags, 0, at, length, 0, 1, 0].map(u64::to_le_bytes).concat()].concat()
        };
        file.extend(vec![0; 64]);
        file.extend(section(1, 1, 2, at, length));
        file.extend(section(9, 3, 0, at + length, names.len() as u64));
        file
    }

    #[test]
    fn busybox_is_named_with_its_hard_links_and_symbolic_links() {
        let busybox = program("\0BusyBox v1.36.1 (2023)\0");
        let image = claimed(&[&[
            Program("bin/[", &busybox),
            HardLink("bin/busybox", "bin/["),
            HardLink("bin/ls", "bin/["),
            Link("usr/bin/env", "/bin/busybox"),
            Link("usr/bin/other", "/etc/passwd"),
            Bytes("etc/passwd", 9),
        ]]);
        assert_eq!(image.packages(), ["binary:busybox 1.36.1"]);
        for path in ["bin/[", "bin/busybox", "bin/ls", "usr/bin/env"] {
            assert_eq!(image.owners(path), "binary:busybox", "{path}");
        }
        assert_eq!(image.owners("usr/bin/other"), "unowned");
        assert_eq!(image.owners("etc/passwd"), "unowned");
    }

    #[test]
    fn a_program_that_a_package_installed_is_the_package_s() {
        let (busybox, tini) = (program("BusyBox v1.36.1 "), program("tini version 0.19.0\0"));
        let image = claimed_as(&[
            (
                "",
                &[
                    Text("lib/apk/db/installed", "P:busybox\nV:1.36.1-r5\nF:bin\nR:busybox\n\n"),
                    Program("bin/busybox", &busybox),
                ],
            ),
            ("COPY tini /tini", &[Program("tini", &tini), Program("srv/tini", &tini)]),
        ]);
        assert_eq!(image.packages(), ["apk:busybox 1.36.1-r5", "binary:tini 0.19.0"]);
        assert_eq!(image.owners("bin/busybox"), "apk:busybox");
        assert_eq!(image.owners("tini"), "binary:tini");
        assert_eq!(image.owners("srv/tini"), "application");
    }
}
