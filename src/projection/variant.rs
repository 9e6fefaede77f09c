//! An image that could be built instead.

use super::catalog::VARIANTS;
use crate::advice::Safety;
use crate::ledger::{Change, Ledger, freed};
use crate::size::Size;

/// An image that could be built instead: a set of changes to the ledger. It stores no total, so none can be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// `clean`, `multi-stage`, `minimal`, `distroless`, `static`.
    pub name: String,
    /// Whether anybody needs to look before building it: that of its least safe change.
    pub safety: Safety,
    /// The union of what its findings would change, each change once, in the order of the ledger.
    pub changes: Vec<Change>,
    /// What it has that the image has not.
    pub adds: Vec<Added>,
    /// The findings whose fixes it applies, as positions in the findings that it was made from.
    pub findings: Vec<usize>,
    /// What it costs the operator, and what was not checked; sentences without a final full stop.
    pub caveats: Vec<String>,
    /// How to make it of the image, where that is known.
    pub recipe: Option<Recipe>,
}

/// Something that a variant has and the image has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// What it is.
    pub what: String,
    /// What it weighs.
    pub size: Size,
}

impl Variant {
    /// What the changes free together.
    pub fn saving(&self, ledger: &Ledger) -> Size {
        freed(ledger, self.changes.iter().copied())
    }

    /// What it has on top.
    pub fn added(&self) -> Size {
        self.adds.iter().map(|one| one.size).sum()
    }

    /// What the image would weigh: the image less the union of the changes, and what comes on top.
    pub fn size(&self, ledger: &Ledger) -> Size {
        ledger.size() - self.saving(ledger) + self.added()
    }

    /// How far content and transfer of what is built may be off, in per cent; 0 where the figure is exact.
    pub fn within(&self) -> (u8, u8) {
        let projected = &VARIANTS.projected;
        let content = if projected.exact.contains(&self.name) { 0 } else { projected.content };
        (content, projected.transfer)
    }
}

/// How a variant is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipe {
    /// By deleting in the instructions that write.
    Edit(Vec<Edit>),
    /// By taking things out of the finished image in a stage of its own, and carrying the rest over.
    Carry(Carry),
}

/// What an instruction should delete before its layer ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The first and the last line of the instruction.
    pub lines: (u32, u32),
    /// What it is to do.
    pub step: Step,
}

/// How a finished image is carried over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Carry {
    /// What is done before, in this order.
    pub steps: Vec<Step>,
    /// What stripping shared objects frees; zero where nothing is stripped.
    pub strip: Size,
    /// What stands in place of the image's ENTRYPOINT, where that needs what is not carried; empty for none at all.
    pub entrypoint: Option<Vec<String>>,
    /// The module of Python that the command starts, where bytecode is taken out: what compiles the part of it that is used.
    pub module: Option<String>,
    /// What is carried, and where to.
    pub into: Into,
}

/// One thing that is done, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The rule that asks for it, or whoever does.
    pub rule: String,
    /// What it frees beyond the steps before it.
    pub frees: Size,
    /// What is done.
    pub actions: Vec<Action>,
}

/// What is done to the file system of a stage. Paths are absolute.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Packages of dpkg are purged.
    Purge(Vec<String>),
    /// Directories of a name are deleted, wherever they are below another.
    Named {
        /// The directory above.
        below: String,
        /// The name.
        name: String,
    },
    /// Files and directories are deleted.
    Remove(Vec<String>),
}

/// What an image is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Into {
    /// All that is left, in one layer.
    #[default]
    Whole,
    /// The base of the image, and paths on top of it.
    Base {
        /// What to copy.
        paths: Vec<String>,
        /// What the build had deleted of the base.
        deleted: Vec<String>,
    },
    /// Nothing but these packages of Debian and these paths.
    Empty {
        /// Packages of dpkg, each copied by its own list.
        packages: Vec<String>,
        /// What to copy beside.
        paths: Vec<String>,
    },
}
