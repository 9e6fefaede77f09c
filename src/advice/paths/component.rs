//! The components of globs.

use std::ops::Range;

use globset::{Candidate, GlobBuilder, GlobSet};

/// What a glob asks of one component of a path, or of several.
#[derive(Debug, Clone)]
pub(super) enum Component {
    /// `**` with something behind it: any number of components, none too.
    Deep,
    /// `**` at the end, behind the one component that it needs: whatever lies below.
    Rest,
    /// `*`: any one.
    Any,
    /// This name.
    Name(Vec<u8>),
    /// `lib*.a`: a name that starts and ends so, with anything in between.
    Affixes(Vec<u8>, Vec<u8>),
    /// Any other pattern. A set of one, for a set compiles to a comparison what needs no more, where a lone matcher is
    /// always a regular expression.
    Pattern(GlobSet),
}

impl Component {
    /// The components of a glob that has no braces; none where it is no row of them.
    pub fn row(glob: &str) -> Option<Vec<Self>> {
        if glob.contains('\\') {
            return None;
        }
        let mut row = Vec::new();
        let mut names = glob.strip_prefix('/')?.split('/').peekable();
        while let Some(name) = names.next() {
            match name {
                "**" if names.peek().is_none() => row.extend([Self::Any, Self::Rest]),
                // Twice is no more than once.
                "**" if matches!(row.last(), Some(Self::Deep)) => {}
                "**" => row.push(Self::Deep),
                name => row.push(Self::new(name)?),
            }
        }
        Some(row)
    }

    fn new(name: &str) -> Option<Self> {
        let is_plain = |text: &str| !text.contains(['*', '?', '[', ']', '{', '}']);
        Some(match name.split_once('*') {
            None if is_plain(name) => Self::Name(name.into()),
            Some(("", "")) => Self::Any,
            Some((start, end)) if is_plain(start) && is_plain(end) => Self::Affixes(start.into(), end.into()),
            _ => {
                let glob = GlobBuilder::new(name).literal_separator(true).backslash_escape(true).build();
                Self::Pattern(GlobSet::new([glob.ok()?]).ok()?)
            }
        })
    }

    /// Whether this is a pattern that a name has to be held against.
    pub fn is_pattern(&self) -> bool {
        matches!(self, Self::Affixes(..) | Self::Pattern(_))
    }

    /// Whether a pattern matches a name.
    pub fn matches(&self, name: &[u8]) -> bool {
        match self {
            Self::Affixes(start, end) => {
                name.len() >= start.len() + end.len() && name.ends_with(end) && name.starts_with(start)
            }
            Self::Pattern(glob) => glob.is_match_candidate(&Candidate::from_bytes(name)),
            Self::Name(own) => own == name,
            Self::Deep | Self::Rest | Self::Any => true,
        }
    }
}

/// A glob that stands for more than these is left as it is.
const MOST: usize = 256;

/// The globs that a glob with braces stands for: `{a,b}/*.{c,d}` is four.
pub(super) fn without_braces(glob: &str) -> Vec<String> {
    let mut all = Vec::new();
    match write_out(glob, &mut all) {
        Some(()) => all,
        None => vec![glob.to_owned()],
    }
}

/// Appends what a glob stands for; none where that is too much.
fn write_out(glob: &str, all: &mut Vec<String>) -> Option<()> {
    let is_plain = |glob: &str| glob.contains('\\') || !glob.contains('{');
    let (open, alternatives) = match alternatives(glob) {
        Some(found) if !is_plain(glob) => found,
        _ if all.len() >= MOST => return None,
        _ => {
            all.push(glob.to_owned());
            return Some(());
        }
    };
    let close = alternatives.last()?.end;
    for part in alternatives {
        write_out(&format!("{}{}{}", &glob[..open], &glob[part], &glob[close + 1..]), all)?;
    }
    Some(())
}

/// Where the first brace opens, and what is between its commas; none where no brace closes.
fn alternatives(glob: &str) -> Option<(usize, Vec<Range<usize>>)> {
    let open = glob.find('{')?;
    let (mut depth, mut start) = (0_usize, open + 1);
    let mut parts = Vec::new();
    for (at, byte) in glob.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b',' if depth == 1 => {
                parts.push(start..at);
                start = at + 1;
            }
            b'}' if depth == 1 => {
                parts.push(start..at);
                return Some((open, parts));
            }
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_are_written_out() {
        assert_eq!(without_braces("/{a,b}/*.{c,d}"), ["/a/*.c", "/a/*.d", "/b/*.c", "/b/*.d"]);
        assert_eq!(without_braces("/a{b{c,d},e}"), ["/abc", "/abd", "/ae"]);
        assert_eq!(without_braces("/plain/**"), ["/plain/**"]);
        let many = format!("/{}", "{a,b}".repeat(30));
        assert_eq!(without_braces(&many), [many.as_str()]);
        assert!(matches!(Component::row(&many).unwrap()[..], [Component::Pattern(_)]));
    }

    #[test]
    fn what_is_no_row_of_components_is_left_to_the_glob() {
        for glob in ["/a/[b/c]/d", r"/a\*b", r"/a/\[b"] {
            assert!(Component::row(glob).is_none(), "{glob}");
        }
        for glob in ["/**/a*/x?[0-9]/**", "/**/**/b", "/**"] {
            assert!(Component::row(glob).is_some(), "{glob}");
        }
    }
}
