//! The platforms of one image side by side: what makes one larger than another.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Platform;

/// The platforms side by side. Every list of figures is in the order of `platforms`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sides {
    /// The platforms that were read.
    pub platforms: Vec<String>,
    /// Live bytes of each.
    pub live: Vec<u64>,
    /// Owners whose live bytes differ, the largest difference first; one that is not on a platform has `null` there.
    pub owners: Vec<Side>,
}

/// One owner on every platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Side {
    /// The owner's id.
    pub id: String,
    /// Its live bytes on each platform; `null` where it is not there.
    pub content: Vec<Option<u64>>,
}

impl Side {
    /// Between the platform on which it is largest, and that on which it is smallest or not at all.
    pub fn difference(&self) -> u64 {
        let sizes = || self.content.iter().map(|content| content.unwrap_or(0));
        sizes().max().unwrap_or(0) - sizes().min().unwrap_or(0)
    }

    /// Whether some platform does not have it.
    pub fn is_partial(&self) -> bool {
        self.content.iter().any(Option::is_none)
    }
}

impl Sides {
    /// Lays platforms side by side; `None` where there are not several.
    pub fn of(platforms: &[Platform]) -> Option<Self> {
        if platforms.len() < 2 {
            return None;
        }
        let mut owners: Vec<Side> = Vec::new();
        let mut positions = std::collections::BTreeMap::new();
        for (column, platform) in platforms.iter().enumerate() {
            for owner in platform.owners.iter().filter(|owner| owner.files > 0) {
                let position = *positions.entry(owner.id.clone()).or_insert_with(|| {
                    owners.push(Side { id: owner.id.clone(), content: vec![None; platforms.len()] });
                    owners.len() - 1
                });
                owners[position].content[column] = Some(owner.content);
            }
        }
        owners.retain(|side| side.is_partial() || side.difference() > 0);
        owners.sort_by(|a, b| b.difference().cmp(&a.difference()).then_with(|| a.id.cmp(&b.id)));
        Some(Self {
            platforms: platforms.iter().map(|platform| platform.platform.clone()).collect(),
            live: platforms.iter().map(|platform| platform.live).collect(),
            owners,
        })
    }
}
