//! Sums over a selection of entries, for every directory at once.

use crate::view::{Files, Platform};

/// The tree of one platform and the sums of the current selection.
pub(super) struct Model<'a> {
    pub platform: &'a Platform,
    pub files: &'a Files,
    /// The children of node n are `kids[starts[n]..starts[n + 1]]`; node 0 is the root.
    starts: Vec<u32>,
    kids: Vec<u32>,
    /// Content and transfer of the selection, by node, with everything below it.
    pub content: Vec<u64>,
    pub transfer: Vec<u64>,
    /// How many selected files there are, by node, with everything below it.
    pub count: Vec<u32>,
    /// What of `content` ships and cannot be seen.
    pub wasted: Vec<u64>,
}

/// What the tree shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Selection {
    Everything,
    Layer(u32),
    Owner(u32),
    /// Of the finding at this position, its entries: (path, layer), sorted.
    Finding(usize),
}

impl<'a> Model<'a> {
    pub(super) fn new(platform: &'a Platform, files: &'a Files) -> Self {
        let nodes = files.names.len() + 1;
        let mut starts = vec![0_u32; nodes + 1];
        for parent in &files.parents {
            starts[*parent as usize + 1] += 1;
        }
        for node in 0..nodes {
            starts[node + 1] += starts[node];
        }
        let mut kids = vec![0; files.names.len()];
        let mut next = starts.clone();
        for (at, parent) in files.parents.iter().enumerate() {
            let place = &mut next[*parent as usize];
            kids[*place as usize] = u32::try_from(at + 1).unwrap_or(u32::MAX);
            *place += 1;
        }
        let mut model = Self {
            platform,
            files,
            starts,
            kids,
            content: Vec::new(),
            transfer: Vec::new(),
            count: Vec::new(),
            wasted: Vec::new(),
        };
        model.select(&Selection::Everything, "", false);
        model
    }

    /// The children of a node that have anything selected, the largest first.
    pub(super) fn children(&self, node: u32, by_transfer: bool) -> Vec<u32> {
        let range = self.starts[node as usize] as usize..self.starts[node as usize + 1] as usize;
        let mut kids: Vec<_> =
            self.kids[range].iter().copied().filter(|kid| self.count[*kid as usize] > 0).collect();
        let size =
            |kid: &u32| if by_transfer { self.transfer[*kid as usize] } else { self.content[*kid as usize] };
        kids.sort_by(|a, b| size(b).cmp(&size(a)).then_with(|| self.name(*a).cmp(self.name(*b))));
        kids
    }

    pub(super) fn name(&self, node: u32) -> &'a str {
        (node as usize).checked_sub(1).and_then(|at| self.files.names.get(at)).map_or("/", String::as_str)
    }

    /// Sums what is selected, of which a path or an owner has `filter` in it, and only what is wasted if that is asked for.
    pub(super) fn select(&mut self, selection: &Selection, filter: &str, wasted: bool) {
        let nodes = self.files.names.len() + 1;
        for column in [&mut self.content, &mut self.transfer, &mut self.wasted] {
            column.clear();
            column.resize(nodes, 0);
        }
        self.count.clear();
        self.count.resize(nodes, 0);
        let passes = self.passes(filter);
        let entries = self.entries_of(selection);
        for at in 0..self.files.path.len() {
            let files = self.files;
            let node = files.path[at] as usize;
            let chosen = match selection {
                Selection::Everything => true,
                Selection::Layer(layer) => files.layer[at] == *layer,
                Selection::Owner(owner) => files.owner[at] == *owner && files.hidden_by[at] == 0,
                Selection::Finding(_) => entries.binary_search(&(files.path[at], files.layer[at])).is_ok(),
            };
            if !chosen
                || (wasted && files.hidden_by[at] == 0)
                || !(passes.0[node] || passes.1[files.owner[at] as usize])
            {
                continue;
            }
            self.content[node] += files.content[at];
            self.transfer[node] += files.transfer[at];
            if files.hidden_by[at] != 0 {
                self.wasted[node] += files.content[at];
            }
            self.count[node] += 1;
        }
        // Parents come before their children, so one pass from the end adds everything up.
        for node in (1..nodes).rev() {
            let parent = self.files.parents[node - 1] as usize;
            self.content[parent] += self.content[node];
            self.transfer[parent] += self.transfer[node];
            self.wasted[parent] += self.wasted[node];
            self.count[parent] += self.count[node];
        }
    }

    /// For every node whether its path has the filter in it, and for every owner whether its id has.
    fn passes(&self, filter: &str) -> (Vec<bool>, Vec<bool>) {
        let nodes = self.files.names.len() + 1;
        if filter.is_empty() {
            return (vec![true; nodes], vec![false; self.files.owners.len()]);
        }
        let filter = filter.to_lowercase();
        let mut passes = vec![false; nodes];
        for (at, name) in self.files.names.iter().enumerate() {
            let parent = self.files.parents[at] as usize;
            passes[at + 1] = passes[parent]
                || name.to_lowercase().contains(&filter)
                || (filter.contains('/')
                    && self
                        .files
                        .path_of(u32::try_from(at + 1).unwrap_or(0))
                        .to_lowercase()
                        .contains(&filter));
        }
        let owners = self.files.owners.iter().map(|owner| owner.to_lowercase().contains(&filter));
        (passes, owners.collect())
    }

    /// The (path, layer) of a finding's entries, sorted.
    fn entries_of(&self, selection: &Selection) -> Vec<(u32, u32)> {
        let Selection::Finding(at) = selection else { return Vec::new() };
        let Some(finding) = self.platform.findings.get(*at) else { return Vec::new() };
        let mut entries: Vec<_> = finding
            .entries
            .iter()
            .filter_map(|entry| Some((self.find(&entry.path)?, u32::try_from(entry.layer).ok()?)))
            .collect();
        entries.sort_unstable();
        entries
    }

    /// The node of a path; children are in the order of their names, as the columns have them.
    fn find(&self, path: &str) -> Option<u32> {
        let mut node = 0;
        for part in path.split('/').filter(|part| !part.is_empty()) {
            let range = self.starts[node as usize] as usize..self.starts[node as usize + 1] as usize;
            node = *self.kids[range].iter().find(|kid| self.name(**kid) == part)?;
        }
        Some(node)
    }
}
