//! The figures of one platform.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{
    Base, Category, CopyUps, Dockerfile, Duplicates, Hidden, Layer, Lint, Owner, Place, Platform, Transfer,
};
use super::{count, dive, findings, inside, libraries, number, text, texts, warnings_of};
use crate::advice::Rule;
use crate::analysis::PlatformAnalysis;
use crate::dockerfile::{LineRange, lint};
use crate::layer::Compression;
use crate::ledger::{EntryId, LayerId, Ledger, OwnerId};
use crate::size::Size;

/// The figures of one platform.
pub(super) fn build(analysis: &PlatformAnalysis, rules: &[Rule]) -> Platform {
    // Efficiency in dive's sense walks every path, and nothing else waits for it.
    let (dive, platform) = rayon::join(|| dive::dive(&analysis.ledger), || without_dive(analysis, rules));
    Platform { dive: Some(dive), ..platform }
}

fn without_dive(analysis: &PlatformAnalysis, rules: &[Rule]) -> Platform {
    let PlatformAnalysis { image, ledger, .. } = analysis;
    let totals = ledger.totals();
    let size = ledger.size();
    let mut warnings = image.warnings.clone();
    warnings.extend(analysis.ownership.warnings.iter().cloned());
    Platform {
        platform: image.platform.to_string(),
        digest: image.manifest.as_ref().map(|manifest| manifest.digest.to_string()),
        id: image.id.to_string(),
        tags: texts(&image.tags),
        created: image.config.created.as_deref().map(text),
        content: size.content,
        live: totals.live.content,
        overwritten: totals.overwritten.content,
        deleted: totals.deleted.content,
        transfer: Transfer { bytes: size.transfer, exact: ledger.transfer_exact },
        live_transfer: totals.live.transfer,
        overwritten_transfer: totals.overwritten.transfer,
        deleted_transfer: totals.deleted.transfer,
        overhead_transfer: size.transfer.saturating_sub(totals.all().transfer),
        base: base(analysis),
        dockerfile: dockerfile(analysis),
        layers: layers(analysis),
        owners: owners(analysis),
        categories: categories(ledger),
        insides: inside::insides(ledger),
        libraries: analysis.libraries.as_ref().map(|found| libraries::libraries(ledger, found)),
        rules: count(rules.len()),
        findings: findings::findings(analysis, rules),
        saving: findings::saving(analysis, |_| true),
        own_saving: findings::saving(analysis, |finding| !finding.in_base),
        duplicates: duplicates(ledger),
        copy_ups: copy_ups(ledger),
        variants: findings::variants(analysis),
        bases: findings::bases(analysis),
        warnings: warnings_of(&warnings),
        dive: None,
        files: None,
    }
}

fn base(analysis: &PlatformAnalysis) -> Option<Base> {
    let base = analysis.image.base.as_ref()?;
    let layers = analysis.ledger.layers.iter().take(base.layers);
    let size: Size = layers.map(|layer| Size::new(layer.content, layer.transfer)).sum();
    Some(Base {
        layers: count(base.layers),
        name: base.name.as_deref().map(text),
        digest: base.digest.as_ref().map(ToString::to_string),
        evidence: base.evidence.to_string(),
        content: size.content,
        transfer: size.transfer,
    })
}

fn layers(analysis: &PlatformAnalysis) -> Vec<Layer> {
    let PlatformAnalysis { image, ledger, .. } = analysis;
    let base = image.base.as_ref().map_or(0, |base| base.layers);
    let mut hidden = hidden(ledger);
    let mut layers = Vec::with_capacity(image.layers.len());
    for (position, (layer, sum)) in image.layers.iter().zip(&ledger.layers).enumerate() {
        let id = LayerId(u16::try_from(position).unwrap_or(u16::MAX));
        let hidden: Vec<_> = hidden.remove(&id).unwrap_or_default().into_values().collect();
        layers.push(Layer {
            number: number(id),
            digest: layer.descriptor.digest.to_string(),
            diff_id: layer.diff_id.as_ref().map(ToString::to_string),
            media_type: text(&layer.descriptor.media_type),
            compression: compression(sum.compression).to_owned(),
            instruction: layer.instruction.as_ref().map(|instruction| text(&instruction.text)),
            place: place(analysis, Some(id)),
            base: position < base,
            content: sum.content,
            transfer: sum.transfer,
            entries: u64::from(sum.count),
            wasted: hidden.iter().map(|hidden| hidden.content).sum(),
            hidden,
            read: sum.read,
            verified: sum.verified,
        });
    }
    layers
}

/// The lines of a layer.
pub(super) fn place(analysis: &PlatformAnalysis, layer: Option<LayerId>) -> Option<Place> {
    let mapping = analysis.mapping.as_ref()?;
    let lines = (*mapping.layers.get(usize::from(layer?.0))?)?;
    Some(lines_of(&mapping.name, lines))
}

fn lines_of(name: &str, lines: LineRange) -> Place {
    Place { file: text(name), first: u64::from(lines.first), last: u64::from(lines.last) }
}

fn dockerfile(analysis: &PlatformAnalysis) -> Option<Dockerfile> {
    let mapping = analysis.mapping.as_ref()?;
    // The catalogue is built in and a test reads it; without it there is nothing to say.
    let rules = lint::rules().unwrap_or_default();
    let found = lint::lint(&mapping.file, &rules).into_iter().map(|found| Lint {
        rule: found.rule,
        message: text(&found.message),
        place: lines_of(&mapping.name, found.lines),
    });
    Some(Dockerfile {
        file: text(&mapping.name),
        evidence: mapping.evidence.to_string(),
        layers: count(mapping.layers.iter().flatten().count()),
        lint: found.collect(),
    })
}

fn compression(compression: Compression) -> &'static str {
    match compression {
        Compression::None => "none",
        Compression::Gzip => "gzip",
        Compression::Zstd => "zstd",
    }
}

/// What is hidden of each layer, by the layer that hides it.
fn hidden(ledger: &Ledger) -> BTreeMap<LayerId, BTreeMap<LayerId, Hidden>> {
    let mut layers: BTreeMap<LayerId, BTreeMap<LayerId, Hidden>> = BTreeMap::new();
    for entry in ledger.entries.iter().filter(|entry| entry.is_file()) {
        let Some(by) = entry.fate.hidden_by() else { continue };
        let nothing = Hidden { by: number(by), content: 0, transfer: 0, files: 0 };
        let hidden = layers.entry(entry.layer).or_default().entry(by).or_insert(nothing);
        hidden.content += entry.content;
        hidden.transfer += entry.transfer;
        hidden.files += 1;
    }
    layers
}

fn owners(analysis: &PlatformAnalysis) -> Vec<Owner> {
    let PlatformAnalysis { image, ledger, ownership, .. } = analysis;
    let mut versions: BTreeMap<OwnerId, BTreeSet<&str>> = BTreeMap::new();
    for package in ownership.packages.iter().filter(|package| !package.version.is_empty()) {
        versions.entry(package.owner).or_default().insert(&package.version);
    }
    let base = in_base(ledger, image.base.as_ref().map_or(0, |base| base.layers));
    let mut owners = Vec::new();
    for (position, share) in ledger.live_by_owner().into_iter().enumerate() {
        if share.size == Size::ZERO {
            continue;
        }
        let owner = OwnerId(u32::try_from(position).unwrap_or(u32::MAX));
        let id = text(ledger.owner_name(owner));
        let (ecosystem, name) = parts(&id);
        let versions =
            versions.get(&owner).map(|versions| versions.iter().copied().collect::<Vec<_>>().join(", "));
        owners.push(Owner {
            ecosystem: ecosystem.to_owned(),
            name: name.to_owned(),
            version: versions.as_deref().map(text),
            content: share.size.content,
            transfer: share.size.transfer,
            files: share.files,
            base: base.get(position).copied().unwrap_or(0),
            id,
        });
    }
    owners.sort_by(|a, b| (b.content, b.transfer, &a.id).cmp(&(a.content, a.transfer, &b.id)));
    owners
}

/// Ecosystem and name of an owner's id: `python:scipy`; `dpkg (database)`, which is no package; `unowned`.
fn parts(id: &str) -> (&str, &str) {
    let bookkeeping = || Some((id.split_once(" (")?.0, id.split_once(" (")?.1.strip_suffix(')')?));
    id.split_once(':').or_else(bookkeeping).unwrap_or(("", id))
}

/// Live content in base layers, by owner.
fn in_base(ledger: &Ledger, base: usize) -> Vec<u64> {
    let mut bytes = vec![0; ledger.owners.len().max(1)];
    let live = ledger.entries.iter().filter(|entry| entry.fate.is_live());
    for entry in live.filter(|entry| usize::from(entry.layer.0) < base) {
        bytes[entry.owner.0 as usize] += entry.content;
    }
    bytes
}

fn categories(ledger: &Ledger) -> Vec<Category> {
    let mut categories: Vec<_> = ledger
        .live_by_category()
        .into_iter()
        .filter(|(_, share)| share.size != Size::ZERO)
        .map(|(category, share)| Category {
            id: category.id().to_owned(),
            content: share.size.content,
            transfer: share.size.transfer,
            files: share.files,
        })
        .collect();
    categories.sort_by(|a, b| (b.content, b.transfer, &a.id).cmp(&(a.content, a.transfer, &b.id)));
    categories
}

fn duplicates(ledger: &Ledger) -> Duplicates {
    let spare = ledger.duplicates.iter().flat_map(|group| group.iter().skip(1));
    let (files, size) = sum(ledger, spare.copied());
    Duplicates {
        contents: count(ledger.duplicates.len()),
        files,
        content: size.content,
        transfer: size.transfer,
    }
}

fn copy_ups(ledger: &Ledger) -> CopyUps {
    // The copy that is hidden is the one that need not ship.
    let (files, size) = sum(ledger, ledger.copy_ups.iter().map(|(hidden, _)| *hidden));
    CopyUps { files, content: size.content, transfer: size.transfer }
}

fn sum(ledger: &Ledger, ids: impl Iterator<Item = EntryId>) -> (u64, Size) {
    ids.fold((0, Size::ZERO), |(files, size), id| (files + 1, size + ledger.entry(id).size()))
}
