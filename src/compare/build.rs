//! From reports to what differs between them.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Bytes, Comparison, Delta, FindingChange, Group, Kind, LayerRow, LayerSum, Layers, OwnerChange, Row,
    SCHEMA, Side, Unchanged, files, version,
};
use crate::error::{Error, Result};
use crate::view::{Layer, Owner, Platform, Report, Tool};

/// What a comparison is asked for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Every platform of every report is a side of one comparison.
    pub across: bool,
    /// The owner whose files are asked for.
    pub owner: Option<String>,
}

/// Compares reports, each with the first. Reports on several platforms are compared platform by platform.
///
/// A platform that one report has and another has not is an error: its figures would be compared with nothing.
pub fn compare(reports: &[&Report], options: &Options) -> Result<Comparison> {
    let groups = if options.across { across(reports)? } else { by_platform(reports)? };
    let platforms = groups.iter().map(|sides| group(sides, options)).collect::<Result<_>>()?;
    let tool = Tool { name: "plimsoll".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
    Ok(Comparison { schema: SCHEMA.to_owned(), tool, platforms })
}

/// An image and what it is called.
struct Named<'a> {
    name: String,
    platform: &'a Platform,
}

fn across<'a>(reports: &[&'a Report]) -> Result<Vec<Vec<Named<'a>>>> {
    let mut sides = Vec::new();
    for report in reports {
        for platform in &report.platforms {
            let name = match (reports.len(), report.platforms.len()) {
                (1, _) => platform.platform.clone(),
                (_, 1) => report.image.reference.clone(),
                _ => format!("{} {}", report.image.reference, platform.platform),
            };
            sides.push(Named { name, platform });
        }
    }
    if sides.len() < 2 {
        return Err(Error::usage("there is one image, and nothing to compare it with")
            .hint("name another image, or a saved report: plimsoll compare base.json app.tar"));
    }
    Ok(vec![sides])
}

fn by_platform<'a>(reports: &[&'a Report]) -> Result<Vec<Vec<Named<'a>>>> {
    let Some(first) = reports.first() else { return Ok(Vec::new()) };
    let mut names: Vec<&str> = Vec::new();
    for platform in reports.iter().flat_map(|report| &report.platforms) {
        if !names.contains(&platform.platform.as_str()) {
            names.push(&platform.platform);
        }
    }
    let mut groups = Vec::new();
    for name in names {
        let mut sides = Vec::new();
        for report in reports {
            let Some(platform) = report.platforms.iter().find(|platform| platform.platform == name) else {
                return Err(missing(name, report, reports));
            };
            sides.push(Named { name: report.image.reference.clone(), platform });
        }
        groups.push(sides);
    }
    if groups.is_empty() {
        return Err(Error::input(format!("{} has no platform that was read", first.image.reference)));
    }
    Ok(groups)
}

fn missing(platform: &str, report: &Report, reports: &[&Report]) -> Error {
    let has = |report: &Report| {
        let names: Vec<_> = report.platforms.iter().map(|platform| platform.platform.as_str()).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    };
    let common: Option<&Platform> = report.platforms.iter().find(|platform| {
        reports.iter().all(|other| other.platforms.iter().any(|other| other.platform == platform.platform))
    });
    let hint = match common {
        Some(common) => format!("--platform {} compares what all of them have", common.platform),
        None => "--across compares images of different platforms with each other".to_owned(),
    };
    let other = reports.iter().find(|other| other.platforms.iter().any(|other| other.platform == platform));
    let other = other.map_or("another one", |other| &other.image.reference);
    Error::usage(format!(
        "{} has no {platform}, which {other} has; it has {}",
        report.image.reference,
        has(report)
    ))
    .hint(hint)
}

fn group(sides: &[Named<'_>], options: &Options) -> Result<Group> {
    let platforms: Vec<_> = sides.iter().map(|side| side.platform).collect();
    let same = platforms.iter().all(|platform| platform.platform == platforms[0].platform);
    let (owners, unchanged) = owners(&platforms);
    Ok(Group {
        platform: same.then(|| platforms[0].platform.clone()),
        sides: sides.iter().map(|named| side(named, platforms[0])).collect(),
        layers: layers(&platforms),
        owners,
        unchanged,
        categories: categories(&platforms),
        others: others(&platforms),
        findings: findings(&platforms),
        files: match &options.owner {
            Some(owner) => {
                Some(files::of_owner(owner, sides.iter().map(|side| (&*side.name, side.platform)))?)
            }
            None => None,
        },
    })
}

fn both(platform: &Platform) -> (u64, u64) {
    (platform.content, platform.transfer.bytes)
}

fn side(named: &Named<'_>, first: &Platform) -> Side {
    let Named { name, platform } = named;
    Side {
        name: name.clone(),
        platform: platform.platform.clone(),
        digest: platform.digest.clone(),
        created: platform.created.clone(),
        content: platform.content,
        transfer: platform.transfer,
        wasted: platform.wasted(),
        own: platform.content.saturating_sub(platform.base.as_ref().map_or(0, |base| base.content)),
        layers: platform.layers.len() as u64,
        change: Delta::between(both(first), both(platform)),
    }
}

/// What is in one image several times is so many layers, so a layer is known by its id and how often it came before.
fn layers(platforms: &[&Platform]) -> Layers {
    let mut rows: Vec<LayerRow> = Vec::new();
    let mut known: BTreeMap<(&str, usize), usize> = BTreeMap::new();
    for (at, platform) in platforms.iter().enumerate() {
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for layer in &platform.layers {
            let id = layer_id(layer, platforms);
            let times = seen.entry(id).or_default();
            let row = *known.entry((id, *times)).or_insert_with(|| {
                rows.push(LayerRow {
                    id: id.to_owned(),
                    instruction: layer.instruction.clone(),
                    content: layer.content,
                    transfer: layer.transfer,
                    sides: vec![false; platforms.len()],
                });
                rows.len() - 1
            });
            rows[row].sides[at] = true;
            *times += 1;
        }
    }
    let of = |wanted: &dyn Fn(&[bool]) -> bool| {
        rows.iter().filter(|row| wanted(&row.sides)).fold(LayerSum::default(), |sum, row| LayerSum {
            layers: sum.layers + 1,
            content: sum.content + row.content,
            transfer: sum.transfer + row.transfer,
        })
    };
    let all = 0..platforms.len();
    Layers {
        shared: of(&|sides| sides.iter().all(|has| *has)),
        unique: all
            .clone()
            .map(|at| of(&|sides| sides[at] && sides.iter().filter(|has| **has).count() == 1))
            .collect(),
        to_pull: all.map(|at| of(&|sides| sides[at] && !sides[0])).collect(),
        rows,
    }
}

/// The tar's digest tells layers apart however they are compressed; the blob's does where a side lacks the former.
fn layer_id<'a>(layer: &'a Layer, platforms: &[&Platform]) -> &'a str {
    let everywhere =
        platforms.iter().flat_map(|platform| &platform.layers).all(|layer| layer.diff_id.is_some());
    layer.diff_id.as_deref().filter(|_| everywhere).unwrap_or(&layer.digest)
}

/// For each key that any side has, what each side has of it.
fn aligned<'a, T>(
    platforms: &[&'a Platform],
    list: impl Fn(&'a Platform) -> &'a [T],
    key: impl Fn(&'a T) -> &'a str,
) -> BTreeMap<&'a str, Vec<Option<&'a T>>> {
    let mut aligned: BTreeMap<&str, Vec<Option<&T>>> = BTreeMap::new();
    for (at, platform) in platforms.iter().enumerate() {
        for item in list(platform) {
            aligned.entry(key(item)).or_insert_with(|| vec![None; platforms.len()])[at] = Some(item);
        }
    }
    aligned
}

fn owners(platforms: &[&Platform]) -> (Vec<OwnerChange>, Unchanged) {
    let mut changes = Vec::new();
    let mut unchanged = Unchanged::default();
    for (id, found) in aligned(platforms, |platform| &platform.owners, |owner| &owner.id) {
        let Some(one) = found.iter().flatten().next() else { continue };
        let size = |owner: &Owner| Bytes { content: owner.content, transfer: owner.transfer };
        let sizes: Vec<_> = found.iter().map(|owner| owner.map(size)).collect();
        let versions: Vec<_> =
            found.iter().map(|owner| owner.and_then(|owner| owner.version.clone())).collect();
        let change = change(&sizes);
        // A share of a blob depends on its neighbours: a change of transfer alone says nothing about the owner.
        let content = |size: &Option<Bytes>| size.map(|size| size.content);
        if sizes.iter().all(|size| content(size) == content(&sizes[0]))
            && versions.iter().all(|v| *v == versions[0])
        {
            unchanged.owners += 1;
            unchanged.content += one.content;
            unchanged.change.transfer += change.transfer;
            continue;
        }
        changes.push(OwnerChange {
            id: id.to_owned(),
            ecosystem: one.ecosystem.clone(),
            name: one.name.clone(),
            kind: kind(&sizes, &versions),
            versions,
            sizes,
            change,
        });
    }
    changes.sort_by_key(|owner| {
        (
            u64::MAX - owner.change.content.unsigned_abs(),
            u64::MAX - owner.change.transfer.unsigned_abs(),
            owner.id.clone(),
        )
    });
    (changes, unchanged)
}

/// From the first side to the last, where what is not there weighs nothing.
pub(super) fn change(sizes: &[Option<Bytes>]) -> Delta {
    let end = |size: Option<&Option<Bytes>>| {
        size.copied().flatten().map_or((0, 0), |size| (size.content, size.transfer))
    };
    Delta::between(end(sizes.first()), end(sizes.last()))
}

fn kind(sizes: &[Option<Bytes>], versions: &[Option<String>]) -> Kind {
    let (first, last) = (sizes.first().copied().flatten(), sizes.last().copied().flatten());
    let (Some(first), Some(last)) = (first, last) else { return ends(first, last) };
    if let (Some(Some(from)), Some(Some(to))) = (versions.first(), versions.last())
        && from != to
    {
        return if version::order(from, to).is_gt() { Kind::Downgraded } else { Kind::Upgraded };
    }
    ends(Some(first), Some(last))
}

/// What happened, by content alone.
pub(super) fn ends(first: Option<Bytes>, last: Option<Bytes>) -> Kind {
    match (first, last) {
        (None, Some(_)) => Kind::Added,
        (Some(_), None) => Kind::Removed,
        (Some(first), Some(last)) if last.content > first.content => Kind::Grown,
        (Some(first), Some(last)) if last.content < first.content => Kind::Shrunk,
        _ => Kind::Unchanged,
    }
}

fn row(id: &str, sizes: Vec<Bytes>) -> Row {
    let some: Vec<_> = sizes.iter().copied().map(Some).collect();
    Row { id: id.to_owned(), change: change(&some), sizes }
}

fn categories(platforms: &[&Platform]) -> Vec<Row> {
    let mut rows: Vec<_> = aligned(platforms, |platform| &platform.categories, |category| &category.id)
        .into_iter()
        .map(|(id, found)| {
            let size = |category: &crate::view::Category| Bytes {
                content: category.content,
                transfer: category.transfer,
            };
            row(id, found.iter().map(|found| found.map_or(Bytes::default(), size)).collect())
        })
        .collect();
    rows.sort_by_key(|row| (u64::MAX - row.change.content.unsigned_abs(), row.id.clone()));
    rows
}

fn others(platforms: &[&Platform]) -> Vec<Row> {
    let of =
        |id: &str, bytes: &dyn Fn(&Platform) -> Bytes| row(id, platforms.iter().map(|p| bytes(p)).collect());
    vec![
        of("overwritten", &|p| Bytes { content: p.overwritten, transfer: p.overwritten_transfer }),
        of("deleted", &|p| Bytes { content: p.deleted, transfer: p.deleted_transfer }),
        of("overhead", &|p| Bytes { content: 0, transfer: p.overhead_transfer }),
    ]
}

/// Findings of the base and those that another one says better are left out on every side alike.
fn findings(platforms: &[&Platform]) -> Vec<FindingChange> {
    let told = |platform: &Platform, rule: &str| {
        let found = platform.findings.iter().filter(|found| found.rule == rule && found.covered_by.is_none());
        found.fold((0, Bytes::default()), |(count, sum), found| {
            let sum = Bytes { content: sum.content + found.content, transfer: sum.transfer + found.transfer };
            (count + 1, sum)
        })
    };
    let rules: BTreeSet<_> =
        platforms.iter().flat_map(|platform| &platform.findings).map(|found| &found.rule).collect();
    let mut changes = Vec::new();
    for rule in rules {
        let (counts, sizes): (Vec<u64>, Vec<Bytes>) = platforms.iter().map(|p| told(p, rule)).unzip();
        let Some(one) = platforms.iter().flat_map(|p| &p.findings).find(|found| &found.rule == rule) else {
            continue;
        };
        let there = |at: usize| Some(sizes[at]).filter(|_| counts[at] > 0);
        let some: Vec<_> = sizes.iter().copied().map(Some).collect();
        changes.push(FindingChange {
            rule: rule.clone(),
            title: one.title.clone(),
            safety: one.safety.clone(),
            kind: ends(there(0), there(sizes.len() - 1)),
            change: change(&some),
            counts,
            sizes,
        });
    }
    changes.retain(|change| change.counts.iter().any(|count| *count > 0));
    changes.sort_by_key(|finding| (u64::MAX - finding.change.content.unsigned_abs(), finding.rule.clone()));
    changes
}
