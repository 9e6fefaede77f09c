//! The ids of owners, as small numbers while they are found.

use std::collections::BTreeMap;

use crate::ledger::{Ledger, OwnerId};

/// The owners' ids while they are found; the first is `unowned`.
pub(super) struct Names {
    ids: Vec<String>,
    positions: BTreeMap<String, u32>,
}

impl Default for Names {
    fn default() -> Self {
        Self { ids: vec!["unowned".to_owned()], positions: BTreeMap::from([("unowned".to_owned(), 0)]) }
    }
}

/// The owners' ids as the ledger keeps them.
pub(super) struct Ids {
    /// `unowned`, then all others in order.
    pub sorted: Vec<String>,
    /// From positions in [`Names`].
    pub by_name: Vec<OwnerId>,
}

impl Names {
    /// The position of an id, made if it is new.
    pub fn position(&mut self, id: &str) -> u32 {
        if let Some(position) = self.positions.get(id) {
            return *position;
        }
        let position = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        self.ids.push(id.to_owned());
        self.positions.insert(id.to_owned(), position);
        position
    }

    /// Sorts the ids, which settles their owners.
    pub fn settle(self) -> Ids {
        let mut sorted = self.ids.clone();
        sorted[1..].sort();
        let mut by_name = vec![Ledger::UNOWNED; self.ids.len()];
        for (owner, id) in (0..).zip(&sorted) {
            if let Some(position) = self.positions.get(id) {
                by_name[*position as usize] = OwnerId(owner);
            }
        }
        Ids { sorted, by_name }
    }
}

impl Ids {
    /// The owner of an id; `unowned` for one that nobody found.
    pub fn of(&self, id: &str) -> OwnerId {
        let found = self.sorted.get(1..).unwrap_or_default().binary_search_by(|other| other.as_str().cmp(id));
        found.map_or(Ledger::UNOWNED, |position| OwnerId(u32::try_from(position + 1).unwrap_or(0)))
    }
}
