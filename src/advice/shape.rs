//! Forms of globs that need no regular expression: nearly all that rules are written with.

/// What a glob without braces asks of a path. The path comes without its leading `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    /// `/**/a/b/**`: these components lie somewhere above the last one. Kept as `/a/b/`.
    Within(Vec<u8>),
    /// `/a/b/**`: the path begins so. Kept as `a/b/`.
    Below(Vec<u8>),
    /// `/**/*.c` and `/**/*x.c`: the last component ends so.
    Ends(Vec<u8>),
    /// `/**/a/b`: the path is this, or ends so after a `/`.
    Named(Vec<u8>),
    /// `/a/b`: the path is this.
    Is(Vec<u8>),
    /// Anything else.
    Other,
}

impl Shape {
    /// The shape of a glob that has no braces.
    pub fn of(glob: &str) -> Self {
        let is_plain = |text: &str| !text.is_empty() && !text.contains(['*', '?', '[', ']', '\\', '!']);
        let is_path =
            |text: &str| is_plain(text) && text.split('/').all(|name| !matches!(name, "" | "." | ".."));
        let Some(relative) = glob.strip_prefix('/') else { return Self::Other };
        match relative.strip_prefix("**/") {
            Some(anywhere) => match (anywhere.strip_suffix("/**"), anywhere.strip_prefix('*')) {
                (Some(run), _) if is_path(run) => Self::Within(format!("/{run}/").into_bytes()),
                (_, Some(end)) if is_plain(end) && !end.contains('/') => Self::Ends(end.into()),
                _ if is_path(anywhere) => Self::Named(anywhere.into()),
                _ => Self::Other,
            },
            None => match relative.strip_suffix("/**") {
                Some(prefix) if is_path(prefix) => Self::Below(format!("{prefix}/").into_bytes()),
                None if is_path(relative) => Self::Is(relative.into()),
                _ => Self::Other,
            },
        }
    }

    /// Whether a path is what the glob asks for; `None` where only the glob itself can tell.
    pub fn matches(&self, path: &[u8]) -> Option<bool> {
        Some(match self {
            // What starts the path has no `/` before it.
            Self::Within(run) => {
                path.starts_with(&run[1..]) || path.windows(run.len()).any(|window| window == run)
            }
            Self::Below(prefix) => path.starts_with(prefix),
            Self::Ends(end) => path.ends_with(end),
            Self::Named(names) => path
                .strip_suffix(names.as_slice())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with(b"/")),
            Self::Is(whole) => path == whole,
            Self::Other => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_globs_of_rules_need_no_regular_expression() {
        let shapes = [
            ("/**/.cache/pip/**", Shape::Within(b"/.cache/pip/".to_vec())),
            ("/usr/share/doc/**", Shape::Below(b"usr/share/doc/".to_vec())),
            ("/**/*.pyc", Shape::Ends(b".pyc".to_vec())),
            ("/**/package.json", Shape::Named(b"package.json".to_vec())),
            ("/etc/passwd", Shape::Is(b"etc/passwd".to_vec())),
            ("/**/*", Shape::Other),
            ("/**", Shape::Other),
            ("/**/a*/**", Shape::Other),
            ("/usr/lib/*/x/**", Shape::Other),
            ("/**/a/../b", Shape::Other),
        ];
        for (glob, shape) in shapes {
            assert_eq!(Shape::of(glob), shape, "{glob}");
        }
    }
}
