//! The substitution of build arguments and environment variables.
//! <https://docs.docker.com/reference/dockerfile/#environment-replacement>
//!
//! What a variable holds is not always known: a base image may set it. So a substitution yields text with marked gaps,
//! and whoever compares it decides what a gap may stand for.

use super::pattern;

/// What is known of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// It has this value.
    Set(String),
    /// It is certain that nothing sets it.
    Unset,
    /// Something outside the file may set it.
    Unknown,
}

/// The outcome of a substitution.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expanded {
    /// What is known, quotes and escapes resolved.
    pub text: String,
    /// Offsets in `text` at which something unknown stands; ascending.
    pub gaps: Vec<usize>,
}

impl Expanded {
    /// Text without a gap.
    pub fn known(text: impl Into<String>) -> Self {
        Self { text: text.into(), gaps: Vec::new() }
    }

    /// Something of which nothing is known.
    pub fn unknown() -> Self {
        Self { text: String::new(), gaps: vec![0] }
    }

    /// Adds `other` behind this.
    pub fn append(&mut self, other: &Self) {
        let start = self.text.len();
        self.text.push_str(&other.text);
        self.gaps.extend(other.gaps.iter().map(|gap| start + gap));
    }

    /// Whether this can be `text`: equal but for the gaps, each of which stands for anything, nothing included.
    pub fn can_be(&self, text: &str) -> bool {
        let mut parts = Vec::with_capacity(self.gaps.len() + 1);
        let mut start = 0;
        for gap in &self.gaps {
            parts.push(self.text.get(start..*gap).unwrap_or_default());
            start = *gap;
        }
        let last = self.text.get(start..).unwrap_or_default();
        let Some((first, middle)) = parts.split_first() else { return self.text == text };
        let Some(mut rest) = text.strip_prefix(first) else { return false };
        // The leftmost place for each part leaves the most room for the next.
        for part in middle {
            let Some(at) = rest.find(part) else { return false };
            rest = &rest[at + part.len()..];
        }
        rest.ends_with(last)
    }
}

/// The most bytes that a substitution may yield: `ENV A=$A$A`, repeated, doubles each time.
const LIMIT: usize = 1 << 12;

/// What is done with the variable and the word behind it once the word has been read.
enum Operation {
    /// The whole text: nothing is left to do.
    Whole,
    /// `${name:-word}` and the like: the name, the operator, and whether an empty value counts as unset.
    Choose(String, char, bool),
    /// `${name#pattern}`, `${name%pattern}`.
    Trim(String, char),
    /// `${name/pattern/word}`: the name, whether all matches are replaced, the pattern once it is read.
    Replace(String, bool, Option<Expanded>),
}

/// A part of the text that is being read: the whole of it, or the word in a `${name:-word}`. Kept on a stack of our
/// own, for how deep they nest is the file's choice.
struct Frame {
    operation: Operation,
    out: Expanded,
    in_double: bool,
}

impl Frame {
    const fn new(operation: Operation) -> Self {
        Self { operation, out: Expanded { text: String::new(), gaps: Vec::new() }, in_double: false }
    }

    /// The character that ends the word.
    const fn stop(&self) -> Option<char> {
        match self.operation {
            Operation::Whole => None,
            Operation::Replace(_, _, None) => Some('/'),
            _ => Some('}'),
        }
    }

    /// Patterns keep their escapes: there they decide between `*` and `\*`.
    const fn keeps_escapes(&self) -> bool {
        matches!(self.operation, Operation::Trim(..) | Operation::Replace(..))
    }
}

/// Substitutes variables in `source` and resolves its quotes and escapes. The error is half a sentence.
pub fn expand(source: &str, escape: char, lookup: &dyn Fn(&str) -> Value) -> Result<Expanded, String> {
    let mut rest = source.chars().peekable();
    let mut frames = vec![Frame::new(Operation::Whole)];
    // A bound on the work, not only on the result: a pattern is matched against a value again and again.
    let mut budget = 1_usize << 22;
    while let (Some(character), Some(frame)) = (rest.next(), frames.last_mut()) {
        match character {
            _ if !frame.in_double && frame.stop() == Some(character) => {
                if let Operation::Replace(_, _, pattern @ None) = &mut frame.operation {
                    *pattern = Some(std::mem::take(&mut frame.out));
                } else if let Some(ended) = frames.pop() {
                    let value = apply(ended, lookup, &mut budget)?;
                    if let Some(parent) = frames.last_mut() {
                        parent.out.append(&value);
                    }
                }
            }
            '\'' if !frame.in_double => loop {
                match rest.next() {
                    Some('\'') => break,
                    Some(quoted) => frame.out.text.push(quoted),
                    None => return Err("a single quote is not closed".into()),
                }
            },
            '"' => frame.in_double = !frame.in_double,
            '$' => {
                if let Some(inner) = dollar(&mut rest, &mut frame.out, lookup)? {
                    frames.push(inner);
                }
            }
            _ if character == escape => {
                let escapes =
                    !frame.in_double || rest.peek().is_some_and(|c| matches!(c, '"' | '$') || *c == escape);
                if !escapes || frame.keeps_escapes() {
                    frame.out.text.push(character);
                }
                if escapes {
                    frame.out.text.extend(rest.next());
                }
            }
            _ => frame.out.text.push(character),
        }
        if frames.last().is_some_and(|frame| frame.out.text.len() > LIMIT.max(source.len())) {
            return Err(format!("a substitution yields more than {LIMIT} bytes"));
        }
    }
    match frames.pop() {
        Some(frame) if frame.in_double => Err("a double quote is not closed".into()),
        Some(Frame { operation: Operation::Whole, out, .. }) => Ok(out),
        _ => Err("a `${` is not closed".into()),
    }
}

type Characters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Reads what follows a `$`: a variable goes to `out`, an operator opens a frame for its word.
fn dollar(
    rest: &mut Characters<'_>,
    out: &mut Expanded,
    lookup: &dyn Fn(&str) -> Value,
) -> Result<Option<Frame>, String> {
    if rest.peek() != Some(&'{') {
        let name = name(rest);
        if name.is_empty() {
            out.text.push('$');
        } else {
            push(out, lookup(&name));
        }
        return Ok(None);
    }
    rest.next();
    let name = name(rest);
    if name.is_empty() {
        return Err("`${` is not followed by a name".into());
    }
    let operator = rest.next();
    let operation = match operator {
        Some('}') => {
            push(out, lookup(&name));
            return Ok(None);
        }
        Some(':') => match rest.next() {
            Some(operator @ ('-' | '+' | '?')) => Operation::Choose(name, operator, true),
            _ => return Err(format!("`${{{name}:` is followed by none of - + ?")),
        },
        Some(operator @ ('-' | '+' | '?')) => Operation::Choose(name, operator, false),
        Some(operator @ ('#' | '%')) => Operation::Trim(name, operator),
        Some('/') => {
            let all = rest.next_if_eq(&'/').is_some();
            Operation::Replace(name, all, None)
        }
        Some(_) => return Err(format!("`${{{name}` is followed by an operator that does not exist")),
        None => return Err("a `${` is not closed".into()),
    };
    Ok(Some(Frame::new(operation)))
}

/// A name: letters, digits and `_`; digits alone where it begins with one; or one special character of the shell.
fn name(rest: &mut Characters<'_>) -> String {
    let mut name = String::new();
    match rest.peek() {
        Some(c) if c.is_ascii_digit() => {
            while let Some(digit) = rest.next_if(char::is_ascii_digit) {
                name.push(digit);
            }
        }
        Some('@' | '*' | '#' | '?' | '-' | '$' | '!') => name.extend(rest.next()),
        _ => {
            while let Some(c) = rest.next_if(|c| c.is_alphanumeric() || *c == '_') {
                name.push(c);
            }
        }
    }
    name
}

fn push(out: &mut Expanded, value: Value) {
    match value {
        Value::Set(text) => out.text.push_str(&text),
        Value::Unset => {}
        Value::Unknown => out.append(&Expanded::unknown()),
    }
}

/// What a `${…}` with an operator stands for, once its word is read.
fn apply(frame: Frame, lookup: &dyn Fn(&str) -> Value, budget: &mut usize) -> Result<Expanded, String> {
    let word = frame.out;
    match frame.operation {
        Operation::Whole => Ok(word),
        Operation::Choose(name, operator, empty_is_unset) => {
            let value = match lookup(&name) {
                Value::Unknown => return Ok(Expanded::unknown()),
                Value::Set(value) => Some(value).filter(|value| !(empty_is_unset && value.is_empty())),
                Value::Unset => None,
            };
            match (operator, value) {
                ('-', None) | ('+', Some(_)) => Ok(word),
                ('+', None) => Ok(Expanded::default()),
                (_, Some(value)) => Ok(Expanded::known(value)),
                (_, None) => Err(format!("`{name}` is required and not set")),
            }
        }
        Operation::Trim(name, operator) => {
            let value = match lookup(&name) {
                Value::Unknown => return Ok(Expanded::unknown()),
                Value::Set(value) => value,
                Value::Unset => String::new(),
            };
            let longest = word.text.starts_with(operator);
            let pattern = word.text.get(usize::from(longest)..).unwrap_or_default();
            let trimmed = if word.gaps.is_empty() {
                match operator {
                    '#' => pattern::trim_start(&value, pattern, longest, budget),
                    _ => pattern::trim_end(&value, pattern, longest, budget),
                }
            } else {
                None
            };
            Ok(trimmed.map_or_else(Expanded::unknown, Expanded::known))
        }
        Operation::Replace(name, all, pattern) => {
            let pattern = pattern.unwrap_or_default();
            match lookup(&name) {
                Value::Set(value) if pattern.gaps.is_empty() && word.gaps.is_empty() => {
                    Ok(pattern::replace(&value, &pattern.text, &word.text, all, budget)
                        .map_or_else(Expanded::unknown, Expanded::known))
                }
                Value::Unset => Ok(Expanded::default()),
                _ => Ok(Expanded::unknown()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(name: &str) -> Value {
        match name {
            "file" => Value::Set("archive.tar.gz".into()),
            "path" => Value::Set("/usr/local/bin".into()),
            "empty" => Value::Set(String::new()),
            "base" => Value::Unknown,
            _ => Value::Unset,
        }
    }

    fn text(source: &str) -> String {
        let expanded = expand(source, '\\', &value).unwrap_or_else(|e| panic!("{source}: {e}"));
        assert!(expanded.gaps.is_empty(), "{source}");
        expanded.text
    }

    #[test]
    fn every_form_of_substitution() {
        for (source, expected) in [
            ("$file", "archive.tar.gz"),
            ("a${file}b", "aarchive.tar.gzb"),
            ("$file$none.", "archive.tar.gz."),
            ("${none:-d}${none-d}${empty:-d}${empty-d}", "ddd"),
            ("${file:+a}${none:+a}${empty:+a}${empty+a}", "aa"),
            ("${file#*.}", "tar.gz"),
            ("${file##*.}", "gz"),
            ("${file%.*}", "archive.tar"),
            ("${file%%.*}", "archive"),
            ("${file#archive\\.}", "tar.gz"),
            ("${file/a/o}", "orchive.tar.gz"),
            ("${file//a/o}", "orchive.tor.gz"),
            ("${path//\\//-}", "-usr-local-bin"),
            ("${file/tar.??/zip}", "archive.zip"),
            ("${none:-${none:-${file}}}", "archive.tar.gz"),
            ("${none:-\"a}b\"}", "a}b"),
            ("'$file' \"$file\" \\$file", "$file archive.tar.gz $file"),
            ("\"a\\\"b\\c\"", "a\"b\\c"),
            ("5$ $", "5$ $"),
            ("$1x", "x"),
            ("end\\", "end"),
            ("", ""),
        ] {
            assert_eq!(text(source), expected, "{source}");
        }
        assert_eq!(
            expand("`$file", '`', &value).unwrap().text,
            "$file",
            "the escape directive holds here too"
        );
    }

    #[test]
    fn what_is_not_a_substitution_is_an_error() {
        for wrong in [
            "${",
            "${}",
            "${file",
            "${file:}",
            "${file:x}",
            "${file^}",
            "${file/a}",
            "'a",
            "\"a",
            "${none:?}",
        ] {
            assert!(expand(wrong, '\\', &value).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_a_base_may_set_leaves_a_gap() {
        let expanded = expand("/opt/${base}/bin:$base", '\\', &value).unwrap();
        assert_eq!((expanded.text.as_str(), expanded.gaps.as_slice()), ("/opt//bin:", &[5, 10][..]));
        assert!(expanded.can_be("/opt/x/bin:y") && expanded.can_be("/opt//bin:"));
        assert!(!expanded.can_be("/opt/x/sbin:y") && !expanded.can_be("/srv"));
        assert!(expand("${base:-x}", '\\', &value).unwrap().can_be("anything"));
        assert!(!Expanded::known("a").can_be("ab"));
        let tail = expand("${base}aa", '\\', &value).unwrap();
        assert!(!tail.can_be("a"), "a part is not counted twice");
    }

    #[test]
    fn nothing_explodes_or_recurses() {
        let deep = "${none:-".repeat(200_000) + &"}".repeat(200_000);
        assert_eq!(text(&deep), "");
        let long = "x".repeat(LIMIT);
        assert!(expand("$a$a", '\\', &|_| Value::Set(long.clone())).is_err());
        let expensive = format!("${{a//{}b/c}}", "*a".repeat(1000));
        assert_eq!(
            expand(&expensive, '\\', &|_| Value::Set("a".repeat(60_000))).unwrap(),
            Expanded::unknown()
        );
    }
}
