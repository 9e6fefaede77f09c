//! The components of globs.

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

/// The globs that a glob with braces stands for: `{a,b}/*.{c,d}` is four.
pub(super) fn without_braces(glob: &str) -> Vec<String> {
    if glob.contains('\\') {
        return vec![glob.to_owned()];
    }
    let Some(open) = glob.find('{') else { return vec![glob.to_owned()] };
    let mut depth = 0_usize;
    let mut starts = vec![open + 1];
    for (at, byte) in glob.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b',' if depth == 1 => starts.push(at + 1),
            b'}' if depth == 1 => {
                let ends = starts[1..].iter().map(|start| start - 1).chain([at]);
                let parts = starts.iter().zip(ends).map(|(start, end)| &glob[*start..end]);
                let whole = parts.map(|part| format!("{}{part}{}", &glob[..open], &glob[at + 1..]));
                return whole.flat_map(|glob| without_braces(&glob)).collect();
            }
            b'}' => depth -= 1,
            _ => {}
        }
    }
    vec![glob.to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_are_written_out() {
        assert_eq!(without_braces("/{a,b}/*.{c,d}"), ["/a/*.c", "/a/*.d", "/b/*.c", "/b/*.d"]);
        assert_eq!(without_braces("/a{b{c,d},e}"), ["/abc", "/abd", "/ae"]);
        assert_eq!(without_braces("/plain/**"), ["/plain/**"]);
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
