//! Words of the shell inside a Dockerfile.

/// A path or a name as a word of the shell and of the Dockerfile.
pub fn quoted(word: &str) -> String {
    // All that is in a directory.
    if let Some(directory) = word.strip_suffix("/*") {
        return quoted(directory) + "/*";
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@:,=".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Words, one a line, each line continued from the one before.
pub fn list<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    words.into_iter().fold(String::new(), |text, word| text + " \\\n      " + &quoted(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_shell_would_read_is_quoted() {
        assert_eq!(quoted("/usr/bin/g++"), "/usr/bin/g++");
        assert_eq!(quoted("/usr/bin/["), "'/usr/bin/['");
        assert_eq!(quoted("/a b/it's$(x)"), r"'/a b/it'\''s$(x)'");
        assert_eq!(quoted("/var/lib/apt/lists/*"), "/var/lib/apt/lists/*");
        assert_eq!(list(["a", "b c"]), " \\\n      a \\\n      'b c'");
    }
}
