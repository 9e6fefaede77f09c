//! What the map is drawn from: columns, deflated. A hundred thousand files are 0.7 MB so.

use std::collections::BTreeMap;
use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde::Serialize;

use super::Scene;
use crate::compare::Group;
use crate::view::{Files, Platform};

/// From how many entries on the smallest ones of a directory are folded into one.
const MOST: usize = 60_000;

#[derive(Serialize)]
struct Data<'a> {
    categories: &'a [String],
    images: Vec<Image<'a>>,
    /// Change of content by platform and owner, where images were compared; no platform where these are compared.
    change: Option<BTreeMap<&'a str, BTreeMap<&'a str, i64>>>,
}

#[derive(Serialize)]
struct Image<'a> {
    /// What links name it by.
    id: String,
    name: &'a str,
    platform: &'a str,
    content: u64,
    transfer: u64,
    overhead: u64,
    layers: Vec<Layer<'a>>,
    /// (name, ecosystem, content, transfer, files), where there are no files.
    owners: Vec<(&'a str, &'a str, u64, u64, u64)>,
    files: Option<Columns<'a>>,
}

#[derive(Serialize)]
struct Layer<'a> {
    made: &'a str,
}

/// [`Files`], with differences in place of positions, for these repeat and deflate better.
#[derive(Serialize)]
struct Columns<'a> {
    names: Vec<&'a str>,
    parents: Vec<u32>,
    path: Vec<u32>,
    kind: Vec<u32>,
    content: Vec<u64>,
    transfer: Vec<u64>,
    owner: Vec<u32>,
    category: Vec<u32>,
    layer: Vec<u32>,
    hidden: Vec<u32>,
    /// How many files a row stands for; absent where each stands for itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    count: Vec<u64>,
    owners: &'a [String],
}

/// The data of the page, as `DecompressionStream` takes it.
pub(super) fn packed<'a>(scene: Scene<'a>, images: &'a [(String, &'a Platform)]) -> Vec<u8> {
    let categories =
        images.iter().find_map(|(_, platform)| Some(platform.files.as_ref()?.categories.as_slice()));
    let change = scene.comparison.map(|comparison| {
        let of = |group: &'a Group| {
            let owners = group.owners.iter().map(|owner| (owner.id.as_str(), owner.change.content));
            (group.platform.as_deref().unwrap_or_default(), owners.collect())
        };
        comparison.platforms.iter().map(of).collect()
    });
    let data = Data {
        categories: categories.unwrap_or_default(),
        images: images.iter().enumerate().map(|(at, (name, platform))| image(at, name, platform)).collect(),
        change,
    };
    let json = serde_json::to_vec(&data).unwrap_or_default();
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    // Writing to memory does not fail.
    let _ = encoder.write_all(&json);
    encoder.finish().unwrap_or_default()
}

fn image<'a>(at: usize, name: &'a str, platform: &'a Platform) -> Image<'a> {
    let owner = |owner: &'a crate::view::Owner| {
        (owner.name.as_str(), owner.ecosystem.as_str(), owner.content, owner.transfer, owner.files)
    };
    Image {
        id: format!("{}-{}", at + 1, platform.platform),
        name,
        platform: &platform.platform,
        content: platform.content,
        transfer: platform.transfer.bytes,
        overhead: platform.overhead_transfer,
        layers: platform
            .layers
            .iter()
            .map(|layer| Layer { made: layer.instruction.as_deref().unwrap_or(&layer.digest) })
            .collect(),
        owners: if platform.files.is_some() {
            Vec::new()
        } else {
            platform.owners.iter().map(owner).collect()
        },
        files: platform.files.as_ref().map(columns),
    }
}

/// One row of the columns.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    path: u32,
    kind: u32,
    owner: u32,
    category: u32,
    layer: u32,
    hidden: u32,
    content: u64,
    transfer: u64,
    count: u64,
}

fn columns(files: &Files) -> Columns<'_> {
    let rows: Vec<_> = (0..files.path.len())
        .map(|at| Row {
            path: files.path[at],
            kind: files.kind[at],
            owner: files.owner[at],
            category: files.category[at],
            layer: files.layer[at],
            hidden: files.hidden_by[at],
            content: files.content[at],
            transfer: files.transfer[at],
            count: u64::from(files.kind[at] == 0),
        })
        .filter(|row| row.content > 0 || row.transfer > 0 || row.kind == 0)
        .collect();
    let (rows, folded) = if rows.len() > MOST { (fold(files, rows), true) } else { (rows, false) };
    lay_out(files, &rows, folded)
}

/// The smallest files of a directory as one row, where they have the same owner, category, layer and fate: no sum changes.
fn fold(files: &Files, rows: Vec<Row>) -> Vec<Row> {
    let mut sizes: Vec<_> = rows.iter().map(|row| row.content.max(row.transfer)).collect();
    let keep = MOST / 2;
    let at = sizes.len() - keep;
    let (_, least, _) = sizes.select_nth_unstable(at);
    let least = *least;
    let mut kept = Vec::with_capacity(keep);
    let mut folded: BTreeMap<Row, (u64, u64, u64)> = BTreeMap::new();
    for row in rows {
        if row.content.max(row.transfer) > least || row.path == 0 {
            kept.push(row);
            continue;
        }
        let path = if row.kind == 1 { row.path } else { files.parents[row.path as usize - 1] };
        let key = Row { path, kind: 0, content: 0, transfer: 0, count: 0, ..row };
        let sum = folded.entry(key).or_default();
        *sum = (sum.0 + row.content, sum.1 + row.transfer, sum.2 + row.count);
    }
    kept.extend(folded.into_iter().map(|(key, (content, transfer, count))| Row {
        content,
        transfer,
        count,
        ..key
    }));
    kept.sort();
    kept
}

/// Rows in the order of the tree, with only the names that they need.
fn lay_out<'a>(files: &'a Files, rows: &[Row], folded: bool) -> Columns<'a> {
    let mut needed = vec![false; files.names.len() + 1];
    for row in rows {
        let mut at = row.path;
        while at > 0 && !std::mem::replace(&mut needed[at as usize], true) {
            at = files.parents[at as usize - 1];
        }
    }
    let mut renumbered = vec![0_u32; needed.len()];
    let (mut names, mut parents) = (Vec::new(), Vec::new());
    for node in 1..needed.len() {
        if needed[node] {
            names.push(files.names[node - 1].as_str());
            renumbered[node] = u32::try_from(names.len()).unwrap_or(u32::MAX);
            parents.push(renumbered[node] - renumbered[files.parents[node - 1] as usize]);
        }
    }
    let mut last = 0;
    let path = rows.iter().map(|row| {
        let now = renumbered[row.path as usize];
        now - std::mem::replace(&mut last, now)
    });
    let column = |of: fn(&Row) -> u32| rows.iter().map(of).collect::<Vec<_>>();
    Columns {
        names,
        parents,
        path: path.collect(),
        kind: column(|row| row.kind),
        content: rows.iter().map(|row| row.content).collect(),
        transfer: rows.iter().map(|row| row.transfer).collect(),
        owner: column(|row| row.owner),
        category: column(|row| row.category),
        layer: column(|row| row.layer),
        hidden: column(|row| row.hidden),
        count: if folded { rows.iter().map(|row| row.count).collect() } else { Vec::new() },
        owners: &files.owners,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_changes_no_sum() {
        let count = u32::try_from(MOST).unwrap() + 5_000;
        let files = Files {
            names: (0..=count).map(|at| if at == 0 { "d".to_owned() } else { format!("f{at}") }).collect(),
            parents: (0..=count).map(|at| u32::from(at > 0)).collect(),
            path: (2..count + 2).collect(),
            kind: vec![0; count as usize],
            content: (0..u64::from(count)).collect(),
            transfer: vec![1; count as usize],
            owner: vec![0; count as usize],
            category: vec![0; count as usize],
            layer: vec![1; count as usize],
            hidden_by: vec![0; count as usize],
            owners: vec!["unowned".to_owned()],
            categories: vec!["data".to_owned()],
        };
        assert!(files.is_whole());
        let columns = columns(&files);
        assert!(columns.path.len() < MOST);
        assert_eq!(columns.content.iter().sum::<u64>(), files.content.iter().sum::<u64>());
        assert_eq!(columns.transfer.iter().sum::<u64>(), u64::from(count));
        assert_eq!(columns.count.iter().sum::<u64>(), u64::from(count));
    }
}
