//! Physical lines, and the logical lines that continuations make of them.
//!
//! <https://docs.docker.com/reference/dockerfile/#format>: comment lines and, by tolerance, blank lines inside a
//! continuation are skipped; a line continues when its last character but blanks is the escape character, unless
//! another escape character stands before it.

use super::span::{LineRange, Span};

/// One physical line.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// Counted from 1.
    pub number: u32,
    /// Offset of its first byte.
    pub start: usize,
    /// Without its end (`\n` or `\r\n`).
    pub text: &'a str,
}

impl Line<'_> {
    /// Offset behind the last byte, without the end of line.
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether this line is a comment, wherever it stands but in a heredoc.
    pub fn is_comment(&self) -> bool {
        self.text.trim_start().starts_with('#')
    }

    fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Where the line's text goes, without the comment's indentation.
    pub fn trimmed(&self) -> Span {
        let indent = self.text.len() - self.text.trim_start().len();
        Span { start: self.start + indent, end: self.start + self.text.trim_end().len().max(indent) }
    }
}

/// Walks the physical lines of a text, front to back, each once.
#[derive(Debug, Clone)]
pub struct Lines<'a> {
    text: &'a str,
    at: usize,
    number: u32,
}

impl<'a> Lines<'a> {
    /// The lines of `text`; a byte order mark before the first is passed over.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }, number: 0 }
    }

    /// The number of the last line taken.
    pub fn number(&self) -> u32 {
        self.number
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let start = self.at;
        let text = rest.split('\n').next().unwrap_or_default();
        self.at += (text.len() + 1).min(rest.len());
        self.number = self.number.saturating_add(1);
        Some(Line { number: self.number, start, text: text.trim_end_matches('\r') })
    }
}

/// A logical line: what one instruction says once its continuations are joined, and where each piece came from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Code {
    /// Without the escape characters that ended lines, without comments and ends of lines.
    pub text: String,
    /// Per physical line that took part: offset in `text`, offset in the source, line number. Ascending.
    pieces: Vec<(usize, usize, u32)>,
}

impl Code {
    /// Adds the part of a physical line that belongs to this logical one.
    fn push(&mut self, part: &str, start: usize, line: u32) {
        self.pieces.push((self.text.len(), start, line));
        self.text.push_str(part);
    }

    fn piece(&self, offset: usize) -> (usize, usize, u32) {
        let after = self.pieces.partition_point(|(at, ..)| *at <= offset);
        self.pieces.get(after.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// The offset in the source of the byte at `offset` of [`Code::text`].
    pub fn source(&self, offset: usize) -> usize {
        let (at, source, _) = self.piece(offset);
        source + offset.saturating_sub(at)
    }

    /// The line on which the byte at `offset` of [`Code::text`] stands.
    pub fn line(&self, offset: usize) -> u32 {
        self.piece(offset).2
    }
}

/// A logical line and its extent, which ends with its last physical line that is not a comment or blank.
#[derive(Debug, Clone)]
pub struct Logical {
    /// What it says.
    pub code: Code,
    /// From the first character that is no blank to the end of the last physical line.
    pub span: Span,
    /// The physical lines.
    pub lines: LineRange,
}

/// Joins `first` and its continuations; comments met on the way go to `comment`.
pub fn join<'a>(
    first: Line<'a>,
    lines: &mut Lines<'a>,
    escape: char,
    mut comment: impl FnMut(Line<'a>),
) -> Logical {
    let mut code = Code::default();
    let indent = first.text.len() - first.text.trim_start().len();
    let (part, mut continues) = without_continuation(&first.text[indent..], escape);
    code.push(part, first.start + indent, first.number);
    let mut last = first;
    while continues {
        let Some(line) = lines.next() else { break };
        if line.is_comment() {
            comment(line);
        } else if !line.is_blank() {
            let part;
            (part, continues) = without_continuation(line.text, escape);
            code.push(part, line.start, line.number);
            last = line;
        }
    }
    let span = Span { start: first.start + indent, end: last.end().max(first.start + indent) };
    Logical { code, span, lines: LineRange::new(first.number, last.number) }
}

/// The line without the escape character that ends it, and whether there was one.
fn without_continuation(line: &str, escape: char) -> (&str, bool) {
    match line.trim_end_matches([' ', '\t']).strip_suffix(escape) {
        Some(before) if !before.ends_with(escape) => (before, true),
        _ => (line, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logical(text: &str) -> (Logical, usize) {
        let mut lines = Lines::new(text);
        let first = lines.next().unwrap();
        let mut comments = 0;
        (join(first, &mut lines, '\\', |_| comments += 1), comments)
    }

    #[test]
    fn a_continuation_skips_comments_and_blank_lines_and_keeps_indentation() {
        let text = "  RUN a \\\n  # why\n\n    b \\  \r\n c\nRUN d";
        let (joined, comments) = logical(text);
        assert_eq!((joined.code.text.as_str(), comments), ("RUN a     b  c", 1));
        assert_eq!(joined.lines, LineRange::new(1, 5));
        assert_eq!(&text[joined.span.start..joined.span.start + 5], "RUN a");
        let offset = joined.code.text.find('b').unwrap();
        assert_eq!(&text[joined.code.source(offset)..=joined.code.source(offset)], "b");
        assert_eq!(joined.code.line(offset), 4);
    }

    #[test]
    fn two_escape_characters_do_not_continue() {
        assert_eq!(logical("RUN a \\\\\nRUN b").0.lines, LineRange::new(1, 1));
        assert_eq!(
            logical("RUN a \\").0.code.text,
            "RUN a ",
            "at the end of the file there is nothing to join"
        );
    }
}
