//! How deep a source nests, as far as that can be told without reading it. Whoever reads a language recurses as deep as its
//! sources nest, and a file of a megabyte can nest a million times.

/// As many brackets as may be open at a time; real sources have dozens.
const DEEPEST: usize = 5000;
/// As many operators and blanks as may stand between two commas or semicolons, of all open brackets together. Each may be a
/// level of its own: `not not x`, `a=>b=>c`. A literal of half a megabyte in base 64 has as many.
const LONGEST: usize = 30_000;

/// What a source is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// A statement ends with its line, unless a bracket is open.
    Python,
    /// Only a semicolon surely ends one.
    JavaScript,
}

/// Whether a source of Python or JavaScript nests no deeper than one that somebody wrote. What is in strings and comments
/// counts too, so this errs towards no only for what nobody writes.
pub fn is_readable(source: &[u8], language: Language) -> bool {
    let (mut above, mut here, mut sum) = (Vec::new(), 0, 0);
    for (at, byte) in source.iter().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => above.push(std::mem::take(&mut here)),
            b')' | b']' | b'}' => {
                if let Some(before) = above.pop() {
                    sum -= std::mem::replace(&mut here, before);
                }
            }
            // `if (a); else if (b); else …` goes on.
            b',' | b';' if !source[at + 1..].trim_ascii_start().starts_with(b"else") => {
                sum -= std::mem::take(&mut here);
            }
            b'\n' if language == Language::Python && above.is_empty() && !source[..at].ends_with(b"\\") => {
                sum -= std::mem::take(&mut here);
            }
            byte if byte.is_ascii_alphanumeric() || *byte >= 0x80 => {}
            _ => (here, sum) = (here + 1, sum + 1),
        }
        if above.len() > DEEPEST || sum > LONGEST {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{Language, is_readable};

    #[test]
    fn a_line_ends_a_statement_of_python_only() {
        for (source, python, javascript) in
            [("a+\n", true, false), ("a+\\\n", false, false), ("a;\n", true, true)]
        {
            let source = source.repeat(100_000);
            assert_eq!(is_readable(source.as_bytes(), Language::Python), python);
            assert_eq!(is_readable(source.as_bytes(), Language::JavaScript), javascript);
        }
    }

    #[test]
    fn what_somebody_writes_is_read_and_what_only_nests_is_not() {
        let table = (0..200_000)
            .fold(String::from("a = ["), |text, number| text + &format!("-{number}.5e-3, "))
            + "]\n";
        let lines = "if a.b(c): d = -e + (f or g[h])\n".repeat(20_000);
        for source in [table.as_str(), &lines, &"x()}\n".repeat(20_000), ""] {
            assert!(is_readable(source.as_bytes(), Language::Python), "{}", &source[..source.len().min(40)]);
        }
        for open in [
            "(",
            "[",
            "{",
            "-",
            "not ",
            "lambda:",
            "a=>",
            "x?y:",
            "if(a);else ",
            "if(a){}else ",
            "(a,",
            "<a>",
            "a\n.b",
        ] {
            let source = format!("({}", open.repeat(100_000));
            for language in [Language::Python, Language::JavaScript] {
                assert!(!is_readable(source.as_bytes(), language), "{open}");
            }
        }
    }
}
