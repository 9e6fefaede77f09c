//! Content that somebody asked for, captured while the layer went by, in bounds.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::inside::{Content, Inside};
use super::member::FileFormat;

/// How much of a file's content is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capture {
    /// Nothing: the content is never read where the source can seek.
    Nothing,
    /// None of its content, but that it is there: the evidence is empty.
    Presence,
    /// All of it, if it is not longer than this many bytes; a longer file is noted as too long.
    Whole(u64),
    /// What [`Wants::reduce`] makes of all of it, if it is not longer than this many bytes. The content itself is let go,
    /// so that whole trees of sources can be looked at without being kept.
    Reduce(u64),
}

/// What is left of a content after [`Wants::reduce`]. Only whoever asked knows what is in it.
pub type Reduced = Arc<dyn Any + Send + Sync>;

/// Decides from path and size alone whether content is wanted. Called once for every regular file of every layer: it
/// must be cheap, and it must not allocate.
pub trait Wants: Sync {
    /// `path` is normalised, without a leading `/`; `size` is the logical size in bytes.
    fn wants(&self, path: &[u8], size: u64) -> Capture;

    /// Whether anything is ever wanted reduced; where not, no thread is started for it.
    fn reduces(&self) -> bool {
        false
    }

    /// Whether to look inside a file, whatever is wanted of its content. `mode` is its permissions.
    fn opens(&self, _path: &[u8], _format: FileFormat, _mode: u32) -> bool {
        false
    }

    /// What is inside a file. It may be read where it lies, so no more should be looked at than is needed.
    fn open(&self, _path: &[u8], _content: &dyn Content) -> Option<Inside> {
        None
    }

    /// Makes something small of a content, on a thread with a deep stack. `None` keeps nothing.
    fn reduce(&self, _path: &[u8], _content: &[u8]) -> Option<Reduced> {
        None
    }
}

impl<F: Fn(&[u8], u64) -> Capture + Sync> Wants for F {
    fn wants(&self, path: &[u8], size: u64) -> Capture {
        self(path, size)
    }
}

/// The captured contents of one layer, by position of the member.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Evidence {
    /// Whole contents.
    #[serde(with = "super::memory::contents")]
    pub contents: BTreeMap<u32, Vec<u8>>,
    /// What was made of contents that were wanted reduced.
    #[serde(skip)]
    pub reduced: BTreeMap<u32, Reduced>,
    /// Members that were wanted whole and were too long.
    pub too_long: Vec<u32>,
    /// What is inside of members that were looked into.
    pub insides: BTreeMap<u32, Inside>,
}
