//! What is said of a package, how sure that is, and why.

use super::tier::Tier;
use crate::size::Size;

/// What a package is to the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Declared, and nothing reaches it.
    Unused,
    /// Installed, and required by nothing and nobody.
    Leftover,
    /// Reached, but only by what does without it: guarded or lazy imports, names in literals, plugins.
    Optional,
    /// Imported, but only there by luck: nobody declares it.
    Undeclared,
    /// Needed by something else that is installed.
    Transitive,
    /// Imported by what runs.
    Used,
}

impl Verdict {
    /// The name in reports.
    pub fn id(self) -> &'static str {
        match self {
            Self::Unused => "unused",
            Self::Leftover => "leftover",
            Self::Optional => "optional",
            Self::Undeclared => "undeclared",
            Self::Transitive => "transitive",
            Self::Used => "used",
        }
    }
}

/// How sure a verdict is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// Something unseen may well say otherwise.
    Possible,
    /// Nothing seen says otherwise, though something unseen could.
    Likely,
    /// Nothing could say otherwise that the audit knows of.
    Certain,
}

impl Confidence {
    /// The name in reports.
    pub fn id(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// A package, and all that was found out about it.
#[derive(Debug, Clone)]
pub struct Package {
    /// The id of its owner: `python:pandas`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it is to the application.
    pub verdict: Verdict,
    /// How sure that is.
    pub confidence: Confidence,
    /// Whether it is proposed to go: unused, left over, or optional for a feature that nothing seems to use.
    pub could_go: bool,
    /// The best tier by which code reaches it; `None` where none does.
    pub reached: Option<Tier>,
    /// Its own live bytes.
    pub own: Size,
    /// What goes when it goes: its own and all that only it keeps.
    pub retained: Size,
    /// What only it keeps, by name, largest first.
    pub keeps: Vec<String>,
    /// What requires it, by name.
    pub required_by: Vec<String>,
    /// Where it is declared: file and line.
    pub declared: Option<(String, usize)>,
    /// What dropping that declaration frees, which is nothing where another package requires it.
    pub line: Option<Size>,
    /// Packages of which one must stay: `h11` and `httptools`.
    pub alternatives: Vec<String>,
    /// Why, sentence by sentence.
    pub because: Vec<String>,
}

/// A dynamic import, which could reach anything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dynamic {
    /// Whether it is the application's own.
    pub ours: bool,
    /// The file and the line.
    pub at: String,
    /// What is called.
    pub call: String,
}
