//! Content that somebody asked for, captured while the layer went by, in bounds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How much of a file's content is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capture {
    /// Nothing: the content is never read where the source can seek.
    Nothing,
    /// All of it, if it is not longer than this many bytes; a longer file is noted as too long.
    Whole(u64),
}

/// Decides from path and size alone whether content is wanted. Called once for every regular file of every layer: it
/// must be cheap, and it must not allocate.
pub trait Wants: Sync {
    /// `path` is normalised, without a leading `/`; `size` is the logical size in bytes.
    fn wants(&self, path: &[u8], size: u64) -> Capture;
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
    /// Members that were wanted whole and were too long.
    pub too_long: Vec<u32>,
}
