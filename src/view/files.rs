//! Every entry of an image, in columns: what a map of the image is drawn from, and what a package's growth consists of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Every entry of one platform, in columns, because a hundred thousand objects are ten times as long.
///
/// `names` and `parents` are the tree: a parent always comes before its children, which are in the order of their names.
/// All other columns but `owners` and `categories` have one item for each entry, in the order of the tree, lowest layer first.
/// Their sums are those of the platform.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Files {
    /// The last component of every path.
    pub names: Vec<String>,
    /// For every name, the directory that it is in: 0 is the root, 1 the first name.
    pub parents: Vec<u32>,
    /// The entry's path: 0 is the root, 1 the first name.
    pub path: Vec<u32>,
    /// 0 for a regular file, 1 for a directory, 2 for anything else.
    pub kind: Vec<u32>,
    /// Content, in bytes.
    pub content: Vec<u64>,
    /// Share of the blob, in bytes.
    pub transfer: Vec<u64>,
    /// The position of its owner in `owners`.
    pub owner: Vec<u32>,
    /// The position of its category in `categories`.
    pub category: Vec<u32>,
    /// The number of its layer.
    pub layer: Vec<u32>,
    /// The number of the layer that hides it; 0 for what is live.
    pub hidden_by: Vec<u32>,
    /// The ids of owners.
    pub owners: Vec<String>,
    /// The ids of categories.
    pub categories: Vec<String>,
}

impl Files {
    /// The whole path of a node of the tree, with a leading `/`; nodes are counted as in `path`.
    pub fn path_of(&self, node: u32) -> String {
        let mut parts = Vec::new();
        let mut at = node;
        // Parents come first, so a path gets shorter with every step; a file that says otherwise ends here.
        while let Some(position) = (at as usize).checked_sub(1) {
            let (Some(name), Some(parent)) = (self.names.get(position), self.parents.get(position)) else {
                break;
            };
            parts.push(name.as_str());
            if *parent >= at {
                break;
            }
            at = *parent;
        }
        parts.reverse();
        format!("/{}", parts.join("/"))
    }

    /// Whether all columns are as long as they must be and point to what is there; so for every list of ours, and to be
    /// asked of one that was read from a file.
    pub fn is_whole(&self) -> bool {
        let length = self.path.len();
        let within = |column: &[u32], bound: usize| column.iter().all(|at| (*at as usize) < bound);
        self.names.len() == self.parents.len()
            && self.parents.iter().enumerate().all(|(position, parent)| *parent as usize <= position)
            && [&self.kind, &self.owner, &self.category, &self.layer, &self.hidden_by]
                .iter()
                .all(|column| column.len() == length)
            && [&self.content, &self.transfer].iter().all(|column| column.len() == length)
            && within(&self.path, self.names.len() + 1)
            && within(&self.owner, self.owners.len())
            && within(&self.category, self.categories.len())
    }
}
