//! One owner or one path of an image, opened. Made of a report with its files, so that a saved report serves as well.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Category, Files, Inside, Links, Platform};

/// One owner, opened. Bytes are those of live files; `directories`, `largest` and `categories` are three views of the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OwnerDetail {
    /// The platform.
    pub platform: String,
    /// The owner's id.
    pub id: String,
    /// Its version, where it has one.
    pub version: Option<String>,
    /// Bytes of its live files.
    pub content: u64,
    /// Their share of the blobs, in bytes.
    pub transfer: u64,
    /// How many live files.
    pub files: u64,
    /// Bytes of its files that ship and cannot be seen.
    pub hidden: u64,
    /// Where the bytes lie: directories that do not overlap, and add up to `content`; largest first.
    pub directories: Vec<Share>,
    /// Its files, largest first.
    pub largest: Vec<Share>,
    /// What its files are, largest first.
    pub categories: Vec<Category>,
    /// What is inside of its files.
    pub insides: Vec<Inside>,
}

/// Bytes of an owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Share {
    /// A file; or a directory with all that is below it; or one ending in `/*`, with the files that lie in it.
    pub path: String,
    /// In bytes.
    pub content: u64,
    /// Share of the blobs, in bytes.
    pub transfer: u64,
    /// How many files.
    pub files: u64,
}

/// Everything at one path.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PathDetail {
    /// The platform.
    pub platform: String,
    /// The path.
    pub path: String,
    /// Every entry that any layer has there, lowest layer first.
    pub entries: Vec<PathEntry>,
    /// Of a directory: who owns the live bytes below it, largest first.
    pub below: Vec<Share>,
    /// What is inside of the file.
    pub inside: Option<Inside>,
    /// What it is linked to.
    pub links: Option<Links>,
    /// Programs and libraries that are linked to it.
    pub needed_by: Vec<String>,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PathEntry {
    /// `file`, `directory`, `other`.
    pub kind: String,
    /// The number of its layer.
    pub layer: u64,
    /// What made the layer.
    pub instruction: Option<String>,
    /// `live`, or `hidden`.
    pub fate: String,
    /// The layer that hides it, and what made that.
    pub hidden_by: Option<u64>,
    /// The instruction of that layer.
    pub hidden_by_instruction: Option<String>,
    /// The id of its owner.
    pub owner: String,
    /// What it is.
    pub category: String,
    /// In bytes.
    pub content: u64,
    /// Share of the blob, in bytes.
    pub transfer: u64,
}

/// Directories are opened until none has more than one part in this many, or there are enough.
const PART: u64 = 12;
const ENOUGH: usize = 24;

#[derive(Default, Clone, Copy)]
struct Sum {
    content: u64,
    transfer: u64,
    files: u64,
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.content += other.content;
        self.transfer += other.transfer;
        self.files += other.files;
    }
}

/// Opens an owner; `None` where the platform has no file of it, or the report has no files.
pub fn owner(platform: &Platform, id: &str) -> Option<OwnerDetail> {
    let files = platform.files.as_ref()?;
    let number = u32::try_from(files.owners.iter().position(|owner| owner == id)?).ok()?;
    let own = || (0..files.path.len()).filter(|at| files.owner.get(*at) == Some(&number));
    let is_live = |at: &usize| files.hidden_by.get(*at) == Some(&0);
    let known = platform.owners.iter().find(|owner| owner.id == id);
    let mut single: BTreeMap<u32, Sum> = BTreeMap::new();
    let mut categories: BTreeMap<u32, Sum> = BTreeMap::new();
    for at in own().filter(is_live) {
        single.entry(files.path[at]).or_default().add(sum(files, at));
        categories.entry(files.category[at]).or_default().add(sum(files, at));
    }
    if single.is_empty() && known.is_none() && own().next().is_none() {
        return None;
    }
    let mut total = Sum::default();
    for sum in single.values() {
        total.add(*sum);
    }
    let mut largest: Vec<_> = single.iter().filter(|(_, sum)| sum.files > 0).collect();
    largest.sort_by_key(|(path, sum)| (u64::MAX - sum.content, **path));
    let category = |(number, sum): (&u32, &Sum)| Category {
        id: files.categories.get(*number as usize).cloned().unwrap_or_default(),
        content: sum.content,
        transfer: sum.transfer,
        files: sum.files,
    };
    let mut categories: Vec<_> =
        categories.iter().map(category).filter(|category| category.files > 0).collect();
    categories.sort_by(|a, b| b.content.cmp(&a.content).then_with(|| a.id.cmp(&b.id)));
    Some(OwnerDetail {
        platform: platform.platform.clone(),
        id: id.to_owned(),
        version: known.and_then(|owner| owner.version.clone()),
        content: total.content,
        transfer: total.transfer,
        files: total.files,
        hidden: own().filter(|at| !is_live(at)).map(|at| files.content[at]).sum(),
        directories: directories(files, &single, total),
        largest: largest.into_iter().map(|(path, sum)| share(files.path_of(*path), *sum)).collect(),
        categories,
        insides: platform.insides.iter().filter(|inside| inside.owner == id).cloned().collect(),
    })
}

fn sum(files: &Files, at: usize) -> Sum {
    Sum {
        content: files.content.get(at).copied().unwrap_or_default(),
        transfer: files.transfer.get(at).copied().unwrap_or_default(),
        files: u64::from(files.kind.get(at) == Some(&0)),
    }
}

fn share(path: String, sum: Sum) -> Share {
    Share { path, content: sum.content, transfer: sum.transfer, files: sum.files }
}

/// Directories that do not overlap and hold all of `single`: the root is opened, and then whichever is too large.
fn directories(files: &Files, single: &BTreeMap<u32, Sum>, total: Sum) -> Vec<Share> {
    // By directory: everything below it, the directories right below it, and the files that lie in it.
    let mut below: BTreeMap<u32, Sum> = BTreeMap::new();
    let mut children: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    let mut inside: BTreeMap<u32, Sum> = BTreeMap::new();
    let parent = |node: u32| -> Option<u32> {
        let parent = *files.parents.get(node.checked_sub(1)? as usize)?;
        (parent < node).then_some(parent)
    };
    for (path, sum) in single.iter().filter(|(_, sum)| sum.files > 0) {
        let mut at = parent(*path).unwrap_or(0);
        inside.entry(at).or_default().add(*sum);
        below.entry(at).or_default().add(*sum);
        while let Some(above) = parent(at) {
            children.entry(above).or_default().insert(at);
            below.entry(above).or_default().add(*sum);
            at = above;
        }
    }
    let of = |node: u32| below.get(&node).copied().unwrap_or_default();
    let (mut open, mut rows) = (vec![0_u32], Vec::new());
    loop {
        // The largest directory that others lie in.
        let widest = (0..open.len())
            .filter(|at| children.get(&open[*at]).is_some_and(|children| !children.is_empty()))
            .max_by_key(|at| (of(open[*at]).content, u32::MAX - open[*at]));
        let Some(widest) = widest else { break };
        let node = open[widest];
        let inner = &children[&node];
        // One that only leads to another is always opened.
        let leads_on = inner.len() == 1 && !inside.contains_key(&node);
        let is_large =
            of(node).content > total.content / PART && open.len() + rows.len() + inner.len() <= ENOUGH;
        if !leads_on && !is_large {
            break;
        }
        open.swap_remove(widest);
        if let Some(own) = inside.get(&node) {
            rows.push(share(format!("{}/*", files.path_of(node).trim_end_matches('/')), *own));
        }
        open.extend(inner);
    }
    rows.extend(open.into_iter().map(|node| share(files.path_of(node), of(node))));
    rows.retain(|row| row.files > 0);
    rows.sort_by(|a, b| b.content.cmp(&a.content).then_with(|| a.path.cmp(&b.path)));
    rows
}

/// Everything at a path; `None` where no layer has anything there or below, or the report has no files.
pub fn path(platform: &Platform, wanted: &str) -> Option<PathDetail> {
    let files = platform.files.as_ref()?;
    let wanted = format!("/{}", wanted.trim_matches('/'));
    let node = node(files, &wanted)?;
    let instruction = |number: u64| {
        platform
            .layers
            .iter()
            .find(|layer| layer.number == number)
            .and_then(|layer| layer.instruction.clone())
    };
    let number = |column: &[u32], at: usize| column.get(at).copied().map_or(0, u64::from);
    let name = |names: &[String], column: &[u32], at: usize| {
        column.get(at).and_then(|position| names.get(*position as usize)).cloned().unwrap_or_default()
    };
    let entries = entries_at(files, node).map(|at| {
        let (layer, hidden) = (number(&files.layer, at), number(&files.hidden_by, at));
        PathEntry {
            kind: ["file", "directory", "other"]
                [files.kind.get(at).map_or(2, |kind| (*kind as usize).min(2))]
            .to_owned(),
            layer,
            instruction: instruction(layer),
            fate: if hidden == 0 { "live" } else { "hidden" }.to_owned(),
            hidden_by: (hidden > 0).then_some(hidden),
            hidden_by_instruction: instruction(hidden),
            owner: name(&files.owners, &files.owner, at),
            category: name(&files.categories, &files.category, at),
            content: sum(files, at).content,
            transfer: sum(files, at).transfer,
        }
    });
    let is_it = |path: &String| *path == wanted;
    let libraries = platform.libraries.as_ref();
    // Of a link, the name is what others need; what they get is the file that it leads to.
    let name_of_link = wanted
        .rsplit('/')
        .next()
        .filter(|_| entries_at(files, node).any(|at| files.kind.get(at) == Some(&2)));
    let needs_it = |links: &&Links| {
        let is_needed = |need: &super::Need| {
            need.found.as_ref().is_some_and(is_it)
                || need.found.is_some() && Some(need.name.as_str()) == name_of_link
        };
        links.needs.iter().any(is_needed)
    };
    Some(PathDetail {
        platform: platform.platform.clone(),
        path: wanted.clone(),
        entries: entries.collect(),
        below: owners_below(files, node),
        inside: platform.insides.iter().find(|inside| is_it(&inside.path)).cloned(),
        links: libraries
            .and_then(|libraries| libraries.files.iter().find(|links| is_it(&links.path)))
            .cloned(),
        needed_by: libraries
            .into_iter()
            .flat_map(|libraries| libraries.files.iter().filter(needs_it))
            .map(|links| links.path.clone())
            .collect(),
    })
}

/// The positions of the entries at a node.
fn entries_at(files: &Files, node: u32) -> impl Iterator<Item = usize> + '_ {
    (0..files.path.len()).filter(move |at| files.path[*at] == node)
}

/// The node of a path.
fn node(files: &Files, path: &str) -> Option<u32> {
    let mut at = 0_u32;
    for name in path.split('/').filter(|name| !name.is_empty()) {
        let found = (0..files.names.len())
            .find(|child| files.parents.get(*child) == Some(&at) && files.names[*child] == name);
        at = u32::try_from(found? + 1).ok()?;
    }
    Some(at)
}

/// Who owns the live bytes below a directory.
fn owners_below(files: &Files, node: u32) -> Vec<Share> {
    let mut below = vec![false; files.names.len() + 1];
    let mut sums: BTreeMap<u32, Sum> = BTreeMap::new();
    // Parents come before their children.
    for (position, parent) in files.parents.iter().enumerate() {
        let parent = *parent;
        below[position + 1] = parent == node || below.get(parent as usize).copied().unwrap_or_default();
    }
    for at in 0..files.path.len() {
        let is_below = below.get(files.path[at] as usize).copied().unwrap_or_default();
        if is_below && files.hidden_by.get(at) == Some(&0) {
            sums.entry(files.owner.get(at).copied().unwrap_or_default()).or_default().add(sum(files, at));
        }
    }
    let named =
        |(owner, sum): (u32, Sum)| share(files.owners.get(owner as usize).cloned().unwrap_or_default(), sum);
    let mut shares: Vec<_> = sums.into_iter().filter(|(_, sum)| sum.files > 0).map(named).collect();
    shares.sort_by(|a, b| b.content.cmp(&a.content).then_with(|| a.path.cmp(&b.path)));
    shares
}

/// What a user may have meant by an owner or a path that there is not: the same name elsewhere, at most `most`.
pub fn meant(platform: &Platform, wanted: &str, most: usize) -> Vec<String> {
    let name = wanted.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or_default();
    if !wanted.contains('/') {
        let owners = platform.owners.iter().map(|owner| owner.id.clone());
        return owners.filter(|id| id.rsplit([':', '/']).next() == Some(name)).take(most).collect();
    }
    let Some(files) = &platform.files else { return Vec::new() };
    let nodes = (0..files.names.len()).filter(|at| files.names[*at] == name).take(most);
    nodes.filter_map(|at| Some(files.path_of(u32::try_from(at + 1).ok()?))).collect()
}
