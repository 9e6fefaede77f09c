//! What the audit wants to see of a layer's files while they go by. Sources are read in flight and let go: of 90 MB of
//! Python, a few remain.

use std::sync::Arc;

use super::manifest;
use super::native::Linked;
use super::python;
use crate::layer::{Capture, Content, FileFormat, Inside, Reduced, Wants};
use crate::owners;

/// Everything that owners want, and what the audit wants on top.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Whether to find out what stripping would free, which means compressing it.
    pub symbols: bool,
}

/// Longer sources than this are tables that somebody generated.
const LONGEST_SOURCE: u64 = crate::limits::SOURCE;
/// Scripts, manifests, and files of metadata.
const LONGEST_TEXT: u64 = 256 << 10;
/// The longest shared object seen, of a machine-learning framework, has 1.2 GB; its dynamic section is not worth that.
const LONGEST_ELF: u64 = 256 << 20;

impl Wants for Wanted {
    fn wants(&self, path: &[u8], size: u64) -> Capture {
        match owners::wants(path, size) {
            Capture::Nothing => wanted(path, size),
            theirs => theirs,
        }
    }

    fn opens(&self, path: &[u8], format: FileFormat, mode: u32) -> bool {
        owners::Wanted.opens(path, format, mode)
    }

    fn open(&self, path: &[u8], content: &dyn Content) -> Option<Inside> {
        owners::Wanted.open(path, content)
    }

    fn reduces(&self) -> bool {
        true
    }

    fn reduce(&self, path: &[u8], content: &[u8]) -> Option<Reduced> {
        if path.ends_with(b".py") {
            return Some(Arc::new(python::read(content)));
        }
        if super::node::is_source(path) {
            return Some(Arc::new(super::node::read(path, content)));
        }
        let linked = if self.symbols { Linked::with_symbols(content) } else { Linked::read(content) };
        Some(Arc::new(linked?))
    }
}

fn wanted(path: &[u8], size: u64) -> Capture {
    let mut words = path.rsplit(|byte| *byte == b'/');
    let name = words.next().unwrap_or_default();
    let directory = words.next().unwrap_or_default();
    if name.ends_with(b".py") {
        return if is_standard_library(path) { Capture::Nothing } else { Capture::Reduce(LONGEST_SOURCE) };
    }
    if is_shared_object(name) {
        return Capture::Reduce(LONGEST_ELF);
    }
    let is_metadata =
        directory.ends_with(b".dist-info") || directory.ends_with(b".egg-info") || directory == b"EGG-INFO";
    let is_text = is_metadata && matches!(name, b"entry_points.txt" | b"INSTALLER" | b"WHEEL")
        || name == b"package.json"
        || name == b"extended_states"
        || path == b"var/lib/dpkg/status"
        || name.ends_with(b".sh")
        || name.ends_with(b"entrypoint")
        || manifest::is_manifest(path);
    if is_text {
        return Capture::Whole(LONGEST_TEXT);
    }
    if super::node::is_source(path) {
        return Capture::Reduce(LONGEST_SOURCE);
    }
    if matches!(directory, b"bin" | b"sbin") {
        // Scripts are short; what is long there is a program, of which only the libraries matter.
        return if size <= LONGEST_SCRIPT {
            Capture::Whole(LONGEST_SCRIPT)
        } else {
            Capture::Reduce(LONGEST_ELF)
        };
    }
    // A program of its own: `/app/server`, `/server`.
    let is_elsewhere = !name.contains(&b'.') && !SYSTEM.iter().any(|directory| path.starts_with(directory));
    if is_elsewhere && size > LONGEST_SCRIPT { Capture::Reduce(LONGEST_ELF) } else { Capture::Nothing }
}

/// Where no program of an application lies.
const SYSTEM: [&[u8]; 6] = [b"usr/share/", b"usr/lib/", b"usr/include/", b"var/", b"etc/", b"boot/"];
const LONGEST_SCRIPT: u64 = 16 << 10;

/// `libz.so`, `libz.so.1.2.13`, `_rust.abi3.so`, `addon.node`.
fn is_shared_object(name: &[u8]) -> bool {
    let at = name.windows(3).rposition(|window| window == b".so");
    let versioned =
        at.is_some_and(|at| name[at + 3..].iter().all(|byte| byte.is_ascii_digit() || *byte == b'.'));
    versioned || name.ends_with(b".node")
}

/// Below a `lib/python3.x` and not among what is installed there.
fn is_standard_library(path: &[u8]) -> bool {
    let mut is_below_python = false;
    for word in path.split(|byte| *byte == b'/') {
        if matches!(word, b"site-packages" | b"dist-packages") {
            return false;
        }
        is_below_python |= word.starts_with(b"python3") || word.starts_with(b"python2");
    }
    is_below_python
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_reduced_and_the_standard_library_is_passed_by() {
        assert_eq!(wanted(b"app/main.py", 9), Capture::Reduce(LONGEST_SOURCE));
        assert_eq!(wanted(b"usr/local/lib/python3.11/os.py", 9), Capture::Nothing);
        assert_eq!(
            wanted(b"usr/local/lib/python3.11/site-packages/a/b.py", 9),
            Capture::Reduce(LONGEST_SOURCE)
        );
        assert_eq!(wanted(b"usr/lib/x86_64-linux-gnu/libz.so.1.2.13", 9), Capture::Reduce(LONGEST_ELF));
        assert_eq!(wanted(b"etc/ld.so.conf", 9), Capture::Nothing);
        assert_eq!(wanted(b"app/requirements/base.txt", 9), Capture::Whole(LONGEST_TEXT));
        assert_eq!(wanted(b"usr/share/doc/x.txt", 9), Capture::Nothing);
        assert_eq!(wanted(b"usr/bin/bash", 1 << 20), Capture::Reduce(LONGEST_ELF));
        assert_eq!(wanted(b"usr/local/bin/uvicorn", 200), Capture::Whole(LONGEST_SCRIPT));
    }
}
