//! Where something stands in the text of a Dockerfile.

use std::fmt;

/// Bytes of the text, from `start` up to but without `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset behind the last byte.
    pub end: usize,
}

impl Span {
    /// The text of this span; empty where the span is of another text.
    pub fn of<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// Lines of the text, counted from 1, both ends included: what an editor and `docker build` show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineRange {
    /// The first line.
    pub first: u32,
    /// The last line.
    pub last: u32,
}

impl LineRange {
    /// The lines `first` to `last`.
    pub const fn new(first: u32, last: u32) -> Self {
        Self { first, last }
    }

    /// Whether `line` is one of these.
    pub const fn contains(&self, line: u32) -> bool {
        self.first <= line && line <= self.last
    }
}

/// `7`, or `7-12`.
impl fmt::Display for LineRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first)?;
        if self.last > self.first {
            write!(f, "-{}", self.last)?;
        }
        Ok(())
    }
}
