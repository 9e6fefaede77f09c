//! Many path patterns at once: which rules of a table name a path, at the price of a few look-ups per component.
//!
//! A table says *where* (`in`, a directory, with everything below it) and *what* (`files`, by name):
//!
//! | written | matches |
//! | --- | --- |
//! | `in = ["/var/lib/dpkg"]` | that path and everything below it |
//! | `in = [".cache/pip"]` | everything below any directory of that name, at any depth |
//! | `in = ["*.dist-info"]` | everything below any directory whose name ends so |
//! | `files = ["/etc/passwd"]` | that path |
//! | `files = ["Makefile"]` | that name, in any directory |
//! | `files = ["*.pyc"]`, `files = ["README*"]` | names that end so, or begin so |
//!
//! There are no other wildcards: every form is answered by a hash or by comparing the few bytes at one end of a name.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// The patterns of a table, by the number of the rule that each belongs to.
#[derive(Debug, Default)]
pub struct PatternSet {
    /// Everything that is looked up whole, by the hash of its text and of what it is compared with.
    exact: HashMap<u64, Vec<Exact>, BuildHasherDefault<AlreadyHashed>>,
    /// Beginnings and ends of names that hold more than an extension.
    affixes: Vec<Affix>,
    filter: Filter,
}

#[derive(Debug)]
struct Exact {
    what: What,
    text: Vec<u8>,
    rule: u32,
}

/// Rejects nearly every text by its first byte and its length, before anything is hashed.
#[derive(Debug)]
struct Filter {
    /// For each [`What`] and each first byte, the lengths that there are, one bit each; the last bit stands for longer.
    lengths: [[u64; 256]; 6],
    /// The first bytes of beginnings, and the last bytes of ends.
    affixes: [[bool; 256]; 2],
}

impl Default for Filter {
    fn default() -> Self {
        Self { lengths: [[0; 256]; 6], affixes: [[false; 256]; 2] }
    }
}

impl Filter {
    fn may_hold(&self, what: What, text: &[u8]) -> bool {
        let Some(first) = text.first() else { return false };
        self.lengths[what as usize][usize::from(*first)] >> text.len().min(63) & 1 == 1
    }

    fn add(&mut self, what: What, text: &[u8]) {
        if let Some(first) = text.first() {
            self.lengths[what as usize][usize::from(*first)] |= 1 << text.len().min(63);
        }
    }

    fn may_have_affix(&self, name: &[u8]) -> bool {
        let is_known =
            |end: usize, byte: Option<&u8>| byte.is_some_and(|byte| self.affixes[end][usize::from(*byte)]);
        is_known(0, name.first()) || is_known(1, name.last())
    }
}

#[derive(Debug)]
struct Affix {
    end: bool,
    text: Vec<u8>,
    rule: u32,
}

/// What of a path a text is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// The path itself or any directory above it, from the root.
    Below,
    /// A run of directories, found by its last one.
    Directory,
    /// What follows the last dot of a directory.
    DirectoryExtension,
    /// The path itself.
    Path,
    /// The last component.
    Name,
    /// What follows the last dot of the last component.
    Extension,
}

/// What a set of patterns says of the directory that was looked at last.
#[derive(Debug, Default)]
pub struct Above {
    /// With a `/` at its end; empty for what lies at the root.
    directory: Vec<u8>,
    rules: Vec<u32>,
}

impl PatternSet {
    /// Adds a directory of `rule`: one of the forms of `in`.
    ///
    /// # Errors
    ///
    /// A sentence that names the pattern, where it has another form.
    pub fn add_directory(&mut self, rule: u32, pattern: &str) -> Result<(), String> {
        match pattern.strip_prefix('/') {
            Some(path) => self.add(rule, What::Below, checked(pattern, path)?, path),
            None => match pattern.strip_prefix("*.") {
                Some(extension) if !extension.contains('.') => {
                    self.add(rule, What::DirectoryExtension, checked(pattern, extension)?, extension);
                }
                _ => {
                    let last = checked(pattern, pattern)?.rsplit('/').next().unwrap_or_default();
                    self.add(rule, What::Directory, last, pattern);
                }
            },
        }
        Ok(())
    }

    /// Adds a file of `rule`: one of the forms of `files`.
    ///
    /// # Errors
    ///
    /// A sentence that names the pattern, where it has another form.
    pub fn add_file(&mut self, rule: u32, pattern: &str) -> Result<(), String> {
        if let Some(path) = pattern.strip_prefix('/') {
            self.add(rule, What::Path, checked(pattern, path)?, path);
        } else if let Some(extension) = pattern.strip_prefix("*.").filter(|rest| !rest.contains('.')) {
            self.add(rule, What::Extension, checked(pattern, extension)?, extension);
        } else if let Some(end) = pattern.strip_prefix('*') {
            self.add_affix(Affix { end: true, text: checked(pattern, end)?.into(), rule });
        } else if let Some(beginning) = pattern.strip_suffix('*') {
            self.add_affix(Affix { end: false, text: checked(pattern, beginning)?.into(), rule });
        } else {
            self.add(rule, What::Name, checked(pattern, pattern)?, pattern);
        }
        Ok(())
    }

    /// Calls `found` with the rule of every pattern that matches, in no particular order and perhaps more than once.
    /// `path` is normalised, without a leading `/`.
    pub fn matches(&self, path: &[u8], found: impl FnMut(u32)) {
        self.matches_near(&mut Above::default(), path, found);
    }

    /// [`PatternSet::matches`] for paths of which neighbours mostly lie in one directory: `above` is the same for all of
    /// them, and this set's alone.
    pub fn matches_near(&self, above: &mut Above, path: &[u8], mut found: impl FnMut(u32)) {
        let start = path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
        let (directory, name) = path.split_at(start);
        if above.directory != directory {
            above.directory.clear();
            above.directory.extend_from_slice(directory);
            above.rules.clear();
            self.matches_directories(directory, |rule| above.rules.push(rule));
        }
        above.rules.iter().copied().for_each(&mut found);
        self.look_up(What::Below, path, |text| text == path, &mut found);
        self.look_up(What::Path, path, |text| text == path, &mut found);
        self.look_up(What::Name, name, |text| text == name, &mut found);
        if let Some(extension) = extension(name) {
            self.look_up(What::Extension, extension, |text| text == extension, &mut found);
        }
        let affixes = if self.filter.may_have_affix(name) { self.affixes.as_slice() } else { &[] };
        for affix in affixes {
            if if affix.end { name.ends_with(&affix.text) } else { name.starts_with(&affix.text) } {
                found(affix.rule);
            }
        }
    }

    /// What matches because of a directory, which ends with a `/`, or of one above it.
    fn matches_directories(&self, path: &[u8], mut found: impl FnMut(u32)) {
        let mut start = 0;
        while let Some(length) = path[start..].iter().position(|byte| *byte == b'/') {
            let end = start + length;
            let (above, directory) = (&path[..end], &path[start..end]);
            self.look_up(What::Below, above, |text| text == above, &mut found);
            self.look_up(What::Directory, directory, |text| ends_with_run(above, text), &mut found);
            if let Some(extension) = extension(directory) {
                self.look_up(What::DirectoryExtension, extension, |text| text == extension, &mut found);
            }
            start = end + 1;
        }
    }

    fn add(&mut self, rule: u32, what: What, looked_up: &str, text: &str) {
        let exact = Exact { what, text: text.into(), rule };
        self.filter.add(what, looked_up.as_bytes());
        self.exact.entry(key(what, looked_up.as_bytes())).or_default().push(exact);
    }

    fn add_affix(&mut self, affix: Affix) {
        let byte = if affix.end { affix.text.last() } else { affix.text.first() };
        if let Some(byte) = byte {
            self.filter.affixes[usize::from(affix.end)][usize::from(*byte)] = true;
        }
        self.affixes.push(affix);
    }

    fn look_up(&self, what: What, text: &[u8], is: impl Fn(&[u8]) -> bool, found: &mut impl FnMut(u32)) {
        if !self.filter.may_hold(what, text) {
            return;
        }
        for exact in self.exact.get(&key(what, text)).map(Vec::as_slice).unwrap_or_default() {
            if exact.what == what && is(&exact.text) {
                found(exact.rule);
            }
        }
    }
}

/// `text`, unless it holds a wildcard, a `.`, a `..` or an empty component, which no normalised path has.
fn checked<'a>(pattern: &str, text: &'a str) -> Result<&'a str, String> {
    let known =
        !text.contains(['*', '?', '[']) && text.split('/').all(|part| !matches!(part, "" | "." | ".."));
    known.then_some(text).ok_or_else(|| {
        format!("`{pattern}` is no pattern that is known here: a path, a name, `*.extension`, `*end` or `beginning*`")
    })
}

/// Whether the directory `above` ends with the components of `run`.
fn ends_with_run(above: &[u8], run: &[u8]) -> bool {
    above.strip_suffix(run).is_some_and(|rest| rest.is_empty() || rest.ends_with(b"/"))
}

/// What follows the last dot of a name; none where that is its first byte.
fn extension(name: &[u8]) -> Option<&[u8]> {
    let dot = name.iter().rposition(|byte| *byte == b'.').filter(|dot| *dot > 0)?;
    name.get(dot + 1..).filter(|extension| !extension.is_empty())
}

fn key(what: What, text: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64_with_seed(text, what as u64)
}

/// The keys are hashes already.
#[derive(Debug, Clone, Default)]
struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {}
    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_match(directory: &str, file: &str, path: &str) -> bool {
        let mut set = PatternSet::default();
        if !directory.is_empty() {
            set.add_directory(7, directory).unwrap();
        }
        if !file.is_empty() {
            set.add_file(7, file).unwrap();
        }
        let mut hit = false;
        set.matches(path.as_bytes(), |rule| hit = rule == 7);
        hit
    }

    #[test]
    fn a_directory_from_the_root_takes_all_below_and_nothing_beside() {
        assert!(is_match("/var/lib/dpkg", "", "var/lib/dpkg/info/x.list"));
        assert!(is_match("/var/lib/dpkg", "", "var/lib/dpkg"));
        assert!(!is_match("/var/lib/dpkg", "", "var/lib/dpkg-old/x"));
        assert!(!is_match("/var/lib/dpkg", "", "old/var/lib/dpkg/x"));
    }

    #[test]
    fn a_directory_anywhere_is_a_directory_and_whole_components() {
        assert!(is_match("tests", "", "a/tests/b"));
        assert!(!is_match("test", "", "usr/bin/test"), "a file of that name is no directory");
        assert!(is_match(".cache/pip", "", "root/.cache/pip/http/x"));
        assert!(is_match(".cache/pip", "", ".cache/pip/x"));
        assert!(!is_match(".cache/pip", "", "root/a.cache/pip/x"));
        assert!(is_match("*.dist-info", "", "lib/x-1.dist-info/METADATA"));
    }

    #[test]
    fn files_are_matched_whole_or_at_one_end() {
        assert!(is_match("", "/etc/passwd", "etc/passwd"));
        assert!(!is_match("", "/etc/passwd", "a/etc/passwd"));
        assert!(is_match("", "Makefile", "a/Makefile"));
        assert!(is_match("", "*.pyc", "a/b.cpython-311.pyc"));
        assert!(!is_match("", "*.pyc", ".pyc"));
        assert!(is_match("", "*.tar.gz", "a/b.tar.gz"));
        assert!(is_match("", "README*", "a/README.md"));
        assert!(!is_match("", "README*", "README/x"));
    }

    #[test]
    fn other_wildcards_are_refused_by_name() {
        for pattern in ["a/*/b", "a?", "**", "/", "", "a/../b", "/a*"] {
            let refused = PatternSet::default().add_directory(0, pattern).unwrap_err();
            assert!(refused.contains(&format!("`{pattern}`")), "{refused}");
        }
        assert!(PatternSet::default().add_file(0, "a*b").is_err());
    }
}
