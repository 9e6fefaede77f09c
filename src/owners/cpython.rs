//! `CPython` that no package manager installed: built under `/usr/local` as in Docker's official images, under `/opt`, by
//! pyenv, or unpacked by uv. It has no list of files; what its `make install` makes is known.

use super::{Claim, Ecosystem, Package, Rank};
use crate::error::Warning;
use crate::layer::Capture;
use crate::ledger::{ChainView, PathId, Tree};

/// The interpreter with its standard library, wherever `lib/python3.X/os.py` is.
pub struct CPython;

/// `os.py` has 40 kB and `patchlevel.h` 2 kB.
const LONGEST: u64 = 1 << 20;

impl Ecosystem for CPython {
    fn name(&self) -> &'static str {
        "runtime"
    }

    fn wants(&self, path: &[u8], _size: u64) -> Capture {
        let wanted = path.strip_suffix(b"/os.py").or_else(|| path.strip_suffix(b"/patchlevel.h"));
        match wanted.map(last_component) {
            Some(directory) if version_in(directory).is_some() => Capture::Whole(LONGEST),
            _ => Capture::Nothing,
        }
    }

    fn packages(&self, view: &ChainView<'_>) -> (Vec<Package>, Vec<Warning>) {
        let tree = &view.ledger.tree;
        let standard_libraries = view.captured().filter_map(|(path, _, _)| {
            let library = tree.parent(path);
            let lib = tree.parent(library);
            let is_one = tree.name(path) == b"os.py" && matches!(tree.name(lib), b"lib" | b"lib64");
            is_one.then_some((path, library, tree.parent(lib)))
        });
        let packages = standard_libraries
            .filter_map(|(evidence, library, prefix)| interpreter(view, evidence, library, prefix))
            .collect();
        (packages, Vec::new())
    }
}

/// The installation whose standard library is `library`.
fn interpreter(view: &ChainView<'_>, evidence: PathId, library: PathId, prefix: PathId) -> Option<Package> {
    let tree = &view.ledger.tree;
    let minor = version_in(tree.name(library))?;
    let version = exact_version(view, prefix, minor).unwrap_or_else(|| minor.to_owned());
    let mut package = Package::new("runtime", "cpython", &version, Rank::Runtime);
    package.root = prefix;
    package.evidence = Some(evidence);

    let not_packages = |child: &PathId| !matches!(tree.name(*child), b"site-packages" | b"dist-packages");
    package.claims.extend(tree.children(library).filter(not_packages).map(Claim::contained));
    for (directory, is_ours) in PLACES {
        let Some(directory) = tree.find_below(prefix, directory) else { continue };
        let ours = tree.children(directory).filter(|child| is_ours(tree.name(*child), minor.as_bytes()));
        package.claims.extend(ours.map(Claim::contained));
    }
    if is_dedicated(tree, prefix) {
        package.claims.push(Claim::contained(prefix));
    }
    Some(package)
}

/// A directory of the prefix, and which names in it (given the minor version, `3.11`) `make install` makes.
type Place = (&'static [u8], fn(&[u8], &[u8]) -> bool);

const PLACES: [Place; 5] = [
    (b"bin", is_program),
    (b"lib", |name, minor| name.starts_with(b"libpython3.so") || is_versioned(name, b"libpython", minor)),
    (b"lib/pkgconfig", |name, minor| {
        name.starts_with(b"python3.pc")
            || name.starts_with(b"python3-embed")
            || is_versioned(name, b"python-", minor)
    }),
    (b"include", |name, minor| is_versioned(name, b"python", minor)),
    (b"share/man/man1", |name, minor| name.starts_with(b"python3.1") || is_versioned(name, b"python", minor)),
];

/// The interpreter and the tools that come with it, and the unversioned names that images link to them.
fn is_program(name: &[u8], minor: &[u8]) -> bool {
    matches!(
        name,
        b"python"
            | b"python3"
            | b"python-config"
            | b"python3-config"
            | b"idle"
            | b"idle3"
            | b"pydoc"
            | b"pydoc3"
            | b"2to3"
    ) || [b"python".as_slice(), b"idle", b"pydoc", b"2to3-"]
        .iter()
        .any(|tool| is_versioned(name, tool, minor))
}

/// Whether `name` is `tool`, the version and then nothing more of a version: `python3.1` is not the beginning of
/// `python3.11`. The version may carry flags: `libpython3.13t.so.1.0`.
fn is_versioned(name: &[u8], tool: &[u8], minor: &[u8]) -> bool {
    let rest = name.strip_prefix(tool).and_then(|rest| rest.strip_prefix(minor));
    rest.is_some_and(|rest| !rest.first().is_some_and(u8::is_ascii_digit))
}

/// Whether the whole prefix is one installation: pyenv's `versions/3.11.4`, uv's `cpython-3.11.9-linux-x86_64-gnu`.
fn is_dedicated(tree: &Tree, prefix: PathId) -> bool {
    let (name, above) = (tree.name(prefix), tree.name(tree.parent(prefix)));
    name.starts_with(b"cpython-3") || above == b"versions" && name.first().is_some_and(u8::is_ascii_digit)
}

/// `#define PY_VERSION "3.11.9"`; the headers may have been removed.
fn exact_version(view: &ChainView<'_>, prefix: PathId, minor: &str) -> Option<String> {
    let tree = &view.ledger.tree;
    let headers = tree.find_below(prefix, b"include")?;
    let named =
        tree.children(headers).filter(|child| is_versioned(tree.name(*child), b"python", minor.as_bytes()));
    let header = named.filter_map(|directory| tree.child(directory, b"patchlevel.h")).min()?;
    let content = std::str::from_utf8(view.content(header)?).ok()?;
    let define = content.lines().find_map(|line| line.strip_prefix("#define PY_VERSION")?.split('"').nth(1));
    define.map(str::to_owned)
}

/// `3.11` of `python3.11`; `python3.13t` is the build without the global lock.
fn version_in(directory: &[u8]) -> Option<&str> {
    let version = directory.strip_prefix(b"python")?;
    let version = version.strip_suffix(b"t").unwrap_or(version);
    let minor = version.strip_prefix(b"3.")?;
    let is_number = !minor.is_empty() && minor.len() <= 2 && minor.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(version).ok().filter(|_| is_number)
}

fn last_component(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::owners::testing::File::{Bytes, Link, Text};
    use crate::owners::testing::{claimed, claimed_as};

    const OS: &str = "r\"\"\"OS routines\"\"\"\n";

    #[test]
    fn make_install_is_the_runtime_s_and_site_packages_is_not() {
        let image = claimed_as(&[(
            "COPY py/ /usr/local/",
            &[
                Text("usr/local/lib/python3.11/os.py", OS),
                Text("usr/local/include/python3.11/patchlevel.h", "#define PY_VERSION      \t\"3.11.7\"\n"),
                Bytes("usr/local/lib/python3.11/__pycache__/os.cpython-311.pyc", 9),
                Bytes("usr/local/lib/python3.11/ensurepip/_bundled/pip-23.whl", 9),
                Bytes("usr/local/lib/python3.11/site-packages/mine.py", 9),
                Bytes("usr/local/lib/libpython3.11.so.1.0", 9),
                Bytes("usr/local/lib/libpython3.1.so.1.0", 9),
                Bytes("usr/local/bin/python3.11", 9),
                Link("usr/local/bin/python", "python3"),
                Bytes("usr/local/bin/python3.11-config", 9),
                Bytes("usr/local/bin/idle3.11", 9),
                Bytes("usr/local/bin/pythonic", 9),
                Bytes("usr/local/share/man/man1/python3.11.1", 9),
            ],
        )]);
        assert_eq!(image.packages(), ["runtime:cpython 3.11.7"]);
        for path in [
            "usr/local/lib/python3.11/__pycache__/os.cpython-311.pyc",
            "usr/local/lib/python3.11/ensurepip/_bundled/pip-23.whl",
            "usr/local/lib/libpython3.11.so.1.0",
            "usr/local/bin/python3.11",
            "usr/local/bin/python",
            "usr/local/bin/python3.11-config",
            "usr/local/bin/idle3.11",
            "usr/local/share/man/man1/python3.11.1",
        ] {
            assert_eq!(image.owners(path), "runtime:cpython", "{path}");
        }
        for path in [
            "usr/local/lib/python3.11/site-packages/mine.py",
            "usr/local/lib/libpython3.1.so.1.0",
            "usr/local/bin/pythonic",
        ] {
            assert_eq!(image.owners(path), "application", "{path}");
        }
    }

    #[test]
    fn a_system_s_python_is_the_system_s() {
        let image = claimed(&[&[
            Text("var/lib/dpkg/status", "Package: py\nStatus: install ok installed\nVersion: 1\n"),
            Text("var/lib/dpkg/info/py.list", "/usr/lib/python3.11/os.py\n"),
            Text("usr/lib/python3.11/os.py", OS),
            Bytes("usr/lib/python3.11/__pycache__/os.cpython-311.pyc", 9),
            Bytes("usr/lib/python3.11/stray.py", 9),
        ]]);
        assert_eq!(image.packages(), ["dpkg:py 1"]);
        assert_eq!(image.owners("usr/lib/python3.11/__pycache__/os.cpython-311.pyc"), "dpkg:py");
        assert_eq!(image.owners("usr/lib/python3.11/stray.py"), "unowned");
    }

    #[test]
    fn a_prefix_made_for_one_version_is_the_runtime_s_as_a_whole() {
        let image = claimed(&[&[
            Text("root/.pyenv/versions/3.12.1/lib/python3.12/os.py", OS),
            Bytes("root/.pyenv/versions/3.12.1/lib/libtcl8.6.so", 9),
            Bytes("root/.pyenv/bin/pyenv", 9),
        ]]);
        assert_eq!(image.packages(), ["runtime:cpython 3.12"]);
        assert_eq!(image.owners("root/.pyenv/versions/3.12.1/lib/libtcl8.6.so"), "runtime:cpython");
        assert_eq!(image.owners("root/.pyenv/bin/pyenv"), "unowned");
    }
}
