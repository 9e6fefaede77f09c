//! A rule of `rules/*.toml`, as plain data. The fields follow the file; [`super::load`] checks what types cannot say.

use serde::Deserialize;

use super::message::Message;
use crate::ledger::{Category, Fate};

/// One rule: what it looks for, what it says, and how to mend it. Everything that `plimsoll rules ID` shows.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The file's name without `.toml`; it names the fault, not the remedy.
    pub id: String,
    /// One line, which can stand alone.
    pub title: String,
    /// What kind of fault it is.
    pub category: Fault,
    /// How safe the fix is. Whether a rule is off, warns or fails is the user's to say, not the rule's.
    pub safety: Safety,
    /// The version of Plimsoll that first had it.
    pub since: String,
    /// Public pages that say more; at least one.
    pub references: Vec<String>,
    /// Why these bytes are not needed, in full sentences, as Markdown.
    pub why: String,
    /// Ids that it had before, so that a configuration that names them still works.
    pub aliases: Vec<String>,
    /// What it looks for.
    pub matches: Match,
    /// How entries that match become findings, and what a finding says.
    pub finding: FindingForm,
    /// How to mend it.
    pub fix: Fix,
    /// Images that it must and must not match.
    pub tests: Vec<Case>,
}

impl Rule {
    /// Whether the rule asks only what became of bytes, and not what they are. What a rule with a name for the bytes
    /// finds covers what such a rule finds: see [`super::Finding::covered_by`].
    pub fn is_generic(&self) -> bool {
        let what = &self.matches;
        what.paths.is_empty() && what.owner.is_empty() && what.category.is_empty()
    }
}

/// What a rule looks for: an entry must satisfy every key that is there, by any one of the key's values. A key that is
/// absent asks nothing.
#[derive(Debug, Clone, Default)]
pub struct Match {
    /// Globs of whole paths, from the leading `/` on. `*` stays within a component, `**` is any number of them.
    pub paths: Vec<String>,
    /// Globs of paths that are left out all the same.
    pub except: Vec<String>,
    /// What became of the bytes. A hard link shares the fate of its file.
    pub fate: Vec<FateName>,
    /// Globs of owners' ids: `dpkg:*-dev`.
    pub owner: Vec<String>,
    /// Categories of files.
    pub category: Vec<Category>,
    /// Keywords of the instruction that made the layer. A layer whose instruction is unknown satisfies none.
    pub instruction: Vec<Keyword>,
    /// What data cannot say.
    pub detector: Option<Detector>,
}

/// How entries that match become findings.
#[derive(Debug, Clone)]
pub struct FindingForm {
    /// What a finding is about.
    pub per: Per,
    /// The least content in bytes that is worth a finding. In an image that weighs less than a hundred times as much, a
    /// hundredth of the image is.
    pub at_least: u64,
    /// What it says.
    pub message: Message,
}

/// How to mend it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Fix {
    /// What the fix does to the entries.
    pub change: ChangeKind,
    /// One or two sentences in the imperative.
    pub how: String,
    /// Lines of a Dockerfile with the fault.
    pub before: String,
    /// The same lines mended.
    pub after: String,
}

/// An image in a readable notation, and what the rule frees of it; [`super::scene`] describes the notation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// What the case is about.
    pub name: String,
    /// The content in bytes that the rule's findings free together, those of the base image left out.
    pub frees: u64,
    /// The image.
    pub image: String,
}

/// How safe the fix of a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Safety {
    /// Nothing that runs can notice.
    Safe,
    /// Someone who knows the service should look first.
    Review,
    /// Behaviour may change.
    Risky,
}

impl Safety {
    /// The name in rules and reports.
    pub fn id(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Review => "review",
            Self::Risky => "risky",
        }
    }
}

/// What kind of fault a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// Kept by a package manager to fetch less the next time.
    PackageManagerCache,
    /// Shipped and then deleted.
    DeletedLater,
    /// Shipped and then replaced.
    OverwrittenLater,
    /// Shipped more than once.
    Duplicate,
    /// Needed to build and not to run.
    BuildOnly,
    /// Part of a package, and perhaps not of this service.
    Optional,
    /// Left behind by the build or carried in from the working copy.
    Leftover,
}

impl Fault {
    /// The name in rules and reports.
    pub fn id(self) -> &'static str {
        match self {
            Self::PackageManagerCache => "package-manager-cache",
            Self::DeletedLater => "deleted-later",
            Self::OverwrittenLater => "overwritten-later",
            Self::Duplicate => "duplicate",
            Self::BuildOnly => "build-only",
            Self::Optional => "optional",
            Self::Leftover => "leftover",
        }
    }
}

/// [`Fate`] without the layer that hides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FateName {
    /// Visible in the final file system.
    Live,
    /// Hidden by a later member at the same path.
    Overwritten,
    /// Hidden by a whiteout or an opaque directory.
    Deleted,
}

impl FateName {
    /// The name in rules and reports.
    pub fn id(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Overwritten => "overwritten",
            Self::Deleted => "deleted",
        }
    }
}

impl From<Fate> for FateName {
    fn from(fate: Fate) -> Self {
        match fate {
            Fate::Live => Self::Live,
            Fate::Overwritten(_) => Self::Overwritten,
            Fate::Deleted(_) => Self::Deleted,
        }
    }
}

/// The keyword of an instruction that can make a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Keyword {
    /// A command.
    Run,
    /// Files of the build context or of another stage.
    Copy,
    /// The same, with archives unpacked and addresses fetched.
    Add,
    /// A directory made on the way.
    Workdir,
}

impl Keyword {
    /// As a Dockerfile has it.
    pub fn id(self) -> &'static str {
        match self {
            Self::Run => "RUN",
            Self::Copy => "COPY",
            Self::Add => "ADD",
            Self::Workdir => "WORKDIR",
        }
    }
}

/// What data cannot say: it takes a look at more than one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Detector {
    /// Hidden by a member that holds other bytes. What holds the same bytes is `copy-up`'s.
    Overwritten,
    /// Written by this build and written again by a later layer with no byte changed; the first copy is meant.
    CopyUp,
    /// Part of the base image and written again by this build with no byte changed; the second copy is meant.
    BaseCopyUp,
    /// Live files of one content at several paths; all but the lowest one are meant.
    Duplicates,
}

impl Detector {
    /// The name in rules.
    pub fn id(self) -> &'static str {
        match self {
            Self::Overwritten => "overwritten",
            Self::CopyUp => "copy-up",
            Self::BaseCopyUp => "base-copy-up",
            Self::Duplicates => "duplicates",
        }
    }

    /// Whether what it names is a copy of something that stays, so that `drop-copies` makes sense.
    pub fn names_copies(self) -> bool {
        self != Self::Overwritten
    }
}

/// What one finding is about. Entries of the base image are never in one finding with those of this build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Per {
    /// One layer, or one pair of layers where a later one hides the bytes.
    Layer,
    /// One owner.
    Owner,
    /// The image as a whole.
    Image,
}

impl Per {
    /// The name in rules.
    pub fn id(self) -> &'static str {
        match self {
            Self::Layer => "layer",
            Self::Owner => "owner",
            Self::Image => "image",
        }
    }
}

/// What a fix does to the entries that a finding holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// They are not in the image.
    Drop,
    /// They are copies, named by a detector, and are not in the image; the original stays.
    DropCopies,
    /// They would not be in the image, and only a person can see to it: no variant counts on it.
    Manual,
}

impl ChangeKind {
    /// The name in rules and reports.
    pub fn id(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::DropCopies => "drop-copies",
            Self::Manual => "manual",
        }
    }
}
