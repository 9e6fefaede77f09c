//! The invariants of the design, held against one analysis.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll::analysis::{Analysis, PlatformAnalysis};
use plimsoll::ledger::{Change, EntryId, LayerId};
use plimsoll::size::Size;
use plimsoll::view::Report;

/// Holds the figures of every platform against invariants 1 to 4, and the report against the ledger.
pub fn validate(analysis: &Analysis, what: &str) {
    for platform in &analysis.platforms {
        let what = format!("{what}, {}", platform.image.platform);
        layers_add_up(platform, &what);
        fates_add_up(platform, &what);
        owners_partition(platform, &what);
        savings_are_unions(platform, &what);
        insides_add_up(platform, &what);
    }
    report_agrees(analysis, what);
}

/// Invariant 1: entries and overhead make the blob, to the byte.
fn layers_add_up(platform: &PlatformAnalysis, what: &str) {
    let ledger = &platform.ledger;
    assert_eq!(ledger.layers.len(), platform.image.layers.len(), "{what}: every layer once");
    for (position, (sum, layer)) in ledger.layers.iter().zip(&platform.image.layers).enumerate() {
        let what = format!("{what}, layer {}", position + 1);
        let ids = ledger.ids_of(LayerId(u16::try_from(position).unwrap()));
        let entries: Vec<_> = ids.map(|id| ledger.entry(id)).collect();
        let content: u64 = entries.iter().filter(|entry| entry.is_file()).map(|entry| entry.content).sum();
        assert_eq!(content, sum.content, "{what}: content of the regular files");
        assert!(
            entries.iter().all(|entry| entry.is_file() || entry.content == 0),
            "{what}: only files have content"
        );
        let transfer: u64 = entries.iter().map(|entry| entry.transfer).sum();
        assert_eq!(transfer + sum.transfer_overhead, sum.transfer, "{what}: transfer makes the blob");
        let tar: u64 = entries.iter().map(|entry| entry.stored + u64::from(entry.overhead)).sum();
        assert!(tar <= sum.tar_size, "{what}: members of {tar} bytes in a tar of {}", sum.tar_size);
        if ledger.transfer_exact {
            assert_eq!(sum.transfer, layer.descriptor.size, "{what}: the blob is what its descriptor says");
        }
    }
}

/// Invariant 2: what is live, overwritten and deleted is all there is.
fn fates_add_up(platform: &PlatformAnalysis, what: &str) {
    let (totals, size) = (platform.ledger.totals(), platform.ledger.size());
    assert_eq!(totals.all().content, size.content, "{what}: fates make the content");
    let overhead: u64 = platform.ledger.layers.iter().map(|layer| layer.transfer_overhead).sum();
    assert_eq!(
        totals.all().transfer + overhead,
        size.transfer,
        "{what}: fates and overhead make the transfer"
    );
}

/// Invariant 3: live bytes have one owner, and one category.
fn owners_partition(platform: &PlatformAnalysis, what: &str) {
    let ledger = &platform.ledger;
    let live = ledger.totals().live;
    assert_eq!(ledger.live_by_owner().iter().map(|share| share.size).sum::<Size>(), live, "{what}: owners");
    let categories = ledger.live_by_category();
    assert_eq!(categories.iter().map(|(_, share)| share.size).sum::<Size>(), live, "{what}: categories");
    for entry in &ledger.entries {
        assert!((entry.owner.0 as usize) < ledger.owners.len(), "{what}: an owner that is not listed");
    }
    let distinct: BTreeSet<_> = ledger.owners.iter().collect();
    assert_eq!(distinct.len(), ledger.owners.len(), "{what}: an owner is listed twice");
    for id in ledger.ids() {
        let entry = ledger.entry(id);
        if let Some(inode) = entry.inode {
            let (file, own) = (ledger.entry(inode), entry.layer);
            assert!(file.is_file() && file.layer == own, "{what}: a link to what its layer did not make");
            assert!(
                !entry.fate.is_live() || file.fate.is_live(),
                "{what}: bytes outlive none of their names"
            );
            assert_eq!(file.owner, entry.owner, "{what}: names of one file have one owner");
        }
    }
}

/// What is inside of a file makes the file, to the byte.
fn insides_add_up(platform: &PlatformAnalysis, what: &str) {
    for (id, inside) in &platform.ledger.insides {
        let parts: u64 = inside.parts.iter().map(|part| part.bytes).sum();
        assert_eq!(parts, platform.ledger.entry(*id).content, "{what}: the inside of {id:?}");
    }
}

/// Invariant 4: no byte is freed twice.
fn savings_are_unions(platform: &PlatformAnalysis, what: &str) {
    let ledger = &platform.ledger;
    let sets = platform.findings.iter().map(|finding| (&finding.changes, ledger.size()));
    for (changes, whole) in
        sets.chain(platform.variants.iter().map(|variant| (&variant.changes, ledger.size())))
    {
        let freed = plimsoll::ledger::freed(ledger, changes.iter().copied());
        let mut dropped: BTreeMap<EntryId, u64> = BTreeMap::new();
        for change in changes {
            let (id, content) = match change {
                Change::Drop(id) => (*id, ledger.entry(*id).content),
                Change::Shrink(id, size) => (*id, size.content.min(ledger.entry(*id).content)),
            };
            let most = dropped.entry(id).or_default();
            *most = (*most).max(content);
        }
        assert_eq!(freed.content, dropped.values().sum::<u64>(), "{what}: the union, entry by entry");
        assert!(
            freed.content <= whole.content && freed.transfer <= whole.transfer,
            "{what}: more than there is"
        );
        let twice = plimsoll::ledger::freed(ledger, changes.iter().chain(changes.iter()).copied());
        assert_eq!(freed, twice, "{what}: a change that is named twice frees once");
    }
    for variant in &platform.variants {
        assert_eq!(
            variant.size(ledger) + variant.saving(ledger),
            ledger.size() + variant.added(),
            "{what}: variant {}",
            variant.name
        );
    }
}

/// The report holds the figures of the ledger, sorted, and no row of nothing.
fn report_agrees(analysis: &Analysis, what: &str) {
    let report = Report::new(analysis, &[]);
    for (platform, analysis) in report.platforms.iter().zip(&analysis.platforms) {
        let size = analysis.ledger.size();
        assert_eq!((platform.content, platform.transfer.bytes), (size.content, size.transfer), "{what}");
        assert_eq!(platform.live + platform.overwritten + platform.deleted, platform.content, "{what}");
        assert_eq!(
            platform.layers.iter().map(|layer| layer.content).sum::<u64>(),
            platform.content,
            "{what}"
        );
        assert_eq!(
            platform.layers.iter().map(|layer| layer.wasted).sum::<u64>(),
            platform.wasted(),
            "{what}"
        );
        assert_eq!(platform.owners.iter().map(|owner| owner.content).sum::<u64>(), platform.live, "{what}");
        assert!(
            platform.owners.iter().all(|owner| owner.content + owner.transfer > 0),
            "{what}: a row of nothing"
        );
        assert!(
            platform.owners.is_sorted_by_key(|owner| std::cmp::Reverse(owner.content)),
            "{what}: largest first"
        );
        for variant in &platform.variants {
            let freed: u64 = variant.changes.iter().map(|change| change.content).sum();
            assert_eq!(variant.content + freed, platform.content, "{what}: variant {}", variant.name);
        }
    }
}
