//! Paths inside an image: bytes, normalised, and never a path of the host.

use std::fmt;

/// A path inside an image, normalised: no leading or trailing `/`, no empty or `.` component, and `..` resolved without
/// ever leaving the root. The root itself is the empty path. Bytes need not be UTF-8.
///
/// There is no conversion to `std::path::Path`, on purpose: nothing of an image names anything on the host.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ImagePath(Vec<u8>);

impl ImagePath {
    /// Normalises `bytes` as they stand in a tar member or a package database.
    pub fn new(bytes: impl AsRef<[u8]>) -> Self {
        Self::root().join(bytes)
    }

    /// Bytes that are normalised already, as [`ImagePath::new`] makes them.
    pub(crate) fn normalised(bytes: Vec<u8>) -> Self {
        debug_assert!(Self::new(&bytes).0 == bytes, "{} is not normalised", Printable(&bytes));
        Self(bytes)
    }

    /// The root of the image.
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// The bytes, without a leading `/`.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The components, outermost first.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.0.split(|byte| *byte == b'/').filter(|component| !component.is_empty())
    }

    /// The last component; empty for the root.
    pub fn name(&self) -> &[u8] {
        self.0.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
    }

    /// The directory that holds this path; the root for the root.
    #[must_use]
    pub fn parent(&self) -> Self {
        let end = self.0.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
        Self(self.0[..end].to_vec())
    }

    /// `other` as seen from the directory `self`: an absolute `other` starts at the root again.
    #[must_use]
    pub fn join(&self, other: impl AsRef<[u8]>) -> Self {
        let other = other.as_ref();
        let mut path = if other.starts_with(b"/") { Vec::new() } else { self.0.clone() };
        path.reserve(other.len() + 1);
        for component in other.split(|byte| *byte == b'/') {
            match component {
                b"" | b"." => {}
                b".." => path.truncate(path.iter().rposition(|byte| *byte == b'/').unwrap_or(0)),
                name => {
                    if !path.is_empty() {
                        path.push(b'/');
                    }
                    path.extend_from_slice(name);
                }
            }
        }
        Self(path)
    }

    /// Whether `self` is `ancestor` or lies below it.
    pub fn is_within(&self, ancestor: &Self) -> bool {
        ancestor.is_root()
            || self.0.strip_prefix(ancestor.as_bytes()).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
    }
}

/// As a user reads it: with a leading `/`, and with everything that a terminal could obey made visible.
impl fmt::Display for ImagePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", Printable(&self.0))
    }
}

impl fmt::Debug for ImagePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Untrusted bytes made harmless for a line of text: control characters, line separators, direction overrides and
/// invalid UTF-8 appear as `\x1b`-style escapes, everything else as it is.
pub struct Printable<'a>(pub &'a [u8]);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nearly every name is plain and written in one piece.
        if let Some(plain) = std::str::from_utf8(self.0).ok().filter(|text| is_plain(text.as_bytes())) {
            return f.write_str(plain);
        }
        for chunk in self.0.utf8_chunks() {
            let mut rest = chunk.valid();
            while let Some((at, character)) = rest.char_indices().find(|(_, found)| is_harmful(*found)) {
                f.write_str(&rest[..at])?;
                for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                    write!(f, "\\x{byte:02x}")?;
                }
                rest = &rest[at + character.len_utf8()..];
            }
            f.write_str(rest)?;
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// Whether there is nothing but what ASCII can print.
fn is_plain(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Whether a terminal, a log or an editor would obey a character instead of showing it.
pub fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_path_is_one_path() {
        for spelling in ["usr/bin/sh", "/usr/bin/sh", "./usr/bin/sh", "usr/./bin//sh/", "../usr/x/../bin/sh"]
        {
            assert_eq!(ImagePath::new(spelling).to_string(), "/usr/bin/sh", "{spelling}");
        }
        assert!(ImagePath::new("../../..").is_root());
    }

    #[test]
    fn an_ancestor_ends_at_a_separator() {
        let path = ImagePath::new("/usr/lib64/x");
        assert!(path.is_within(&ImagePath::new("/usr/lib64")));
        assert!(!path.is_within(&ImagePath::new("/usr/lib")));
        assert!(path.is_within(&ImagePath::root()));
    }

    #[test]
    fn what_a_terminal_would_obey_is_shown_instead() {
        assert_eq!(
            ImagePath::new(b"a\x1b[31m\xff\n\xe2\x80\xae").to_string(),
            "/a\\x1b[31m\\xff\\x0a\\xe2\\x80\\xae"
        );
    }
}
