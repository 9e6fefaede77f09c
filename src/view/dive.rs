//! What dive's rules ask for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The figures that dive's rules are about, counted as dive counts them, all in bytes. They answer another question than
/// `overwritten` and `deleted` do: dive also counts the copy that can be seen, and forgets what is deleted once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dive {
    /// The smallest size of each path, added up.
    pub least: u64,
    /// Every size of each path, added up.
    pub discovered: u64,
    /// Every size of each path that more than one layer has, added up.
    pub wasted: u64,
    /// Content of all layers but the lowest.
    pub user: u64,
}

impl Dive {
    /// dive's efficiency: 1 where no path is in more than one layer.
    pub fn efficiency(&self) -> f64 {
        if self.discovered == 0 { 1.0 } else { self.least as f64 / self.discovered as f64 }
    }

    /// dive's share of wasted bytes in what is not the lowest layer.
    pub fn user_wasted(&self) -> f64 {
        if self.user == 0 { 0.0 } else { self.wasted as f64 / self.user as f64 }
    }
}
