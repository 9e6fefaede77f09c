//! The two lanes of trouble, and the only place that words how they are told apart.
//!
//! What would make a figure untrue (a truncated blob, a wrong digest) is an [`Error`] and ends the run. What leaves
//! the figures true but poorer (one malformed stanza of a package database) is a [`Warning`] and stays in the report.

use std::fmt;

/// The result of everything that can end a run.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of trouble ended the run. Every kind is exit code 2; the kind is for machines and for tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The command line asks for something that cannot be.
    Usage,
    /// A configuration or rule file is wrong.
    Config,
    /// The image, or what was given as one, is wrong.
    Input,
    /// A daemon or registry did not answer as it should.
    Network,
    /// A bound that keeps hostile images harmless was reached.
    Limit,
    /// The report could not be written.
    Output,
}

/// Why no answer can be given: one sentence with what was tried and on what, and what to do next.
#[derive(Debug)]
pub struct Error {
    /// What kind of trouble this is.
    pub kind: ErrorKind,
    /// One sentence without a final full stop that names what was tried and on what.
    pub message: String,
    /// What the user can do about it, as a sentence without a final full stop.
    pub hint: Option<String>,
}

impl Error {
    /// An error of `kind` whose one sentence is `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None }
    }

    /// The image, or what was given as one, is wrong.
    pub fn input(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Input, message)
    }

    /// The command line asks for something that cannot be.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// A configuration or rule file is wrong.
    pub fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    /// A bound that keeps hostile images harmless was reached.
    pub fn limit(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Limit, message)
    }

    /// Adds what the user can do next, unless a deeper layer already said it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// The same trouble, told once more to somebody else who runs into it.
    #[must_use]
    pub fn again(&self) -> Self {
        Self { kind: self.kind, message: self.message.clone(), hint: self.hint.clone() }
    }

    /// Puts `context` and a colon before the message: the reference, the blob, the file.
    #[must_use]
    pub fn within(mut self, context: impl fmt::Display) -> Self {
        self.message = format!("{context}: {}", self.message);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// A reader inside the program fails with our own sentence; [`std::io::Read`] can carry it only boxed.
impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        Self::other(error)
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        match error.downcast::<Error>() {
            Ok(ours) => ours,
            Err(other) => Error::input(other.to_string()),
        }
    }
}

/// Something that could not be read, while every figure of the report stays true.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    /// Who says so: an ecosystem's name, `source`, `history`, …
    pub from: String,
    /// One sentence that names the file or the member.
    pub message: String,
}

impl Warning {
    /// A warning of `from`.
    pub fn new(from: impl Into<String>, message: impl Into<String>) -> Self {
        Self { from: from.into(), message: message.into() }
    }
}
