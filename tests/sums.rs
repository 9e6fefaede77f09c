//! Every figure of the contract adds up, on every fixture that can be read.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use plimsoll::advice;
use plimsoll::analysis::{self, Options};
use plimsoll::progress::Unwatched;
use plimsoll::reference::Reference;
use plimsoll::view::{Platform, Report};

const IMAGES: [&str; 14] = [
    "demo.tar",
    "legacy-docker-save.tar:legacy:1.0",
    "legacy-docker-save.tar:legacy:2.0",
    "buildkit-docker.tar",
    "docker25-save.tar.gz",
    "tiny-gzip",
    "tiny-zstd",
    "gnu-sparse",
    "estargz",
    "nested:nested",
    "distroless",
    "apk-handwritten",
    "broken/foreign-layer",
    "broken/no-layers",
];

fn report(image: &str) -> Report {
    let file = format!("{}/fixtures/images/{image}", env!("CARGO_MANIFEST_DIR"));
    let options = Options { rules: advice::load(&[]).unwrap(), ..Options::default() };
    let analysis = analysis::analyze(&Reference::parse(&file).unwrap(), &options, &Unwatched).unwrap();
    Report::new(&analysis, &options.rules)
}

#[test]
fn everything_adds_up() {
    for image in IMAGES {
        let report = report(image);
        for platform in &report.platforms {
            check(platform, &format!("{image} {}", platform.platform));
        }
        let parts = || report.registry.parts.iter();
        assert_eq!(parts().map(|part| part.bytes).sum::<u64>(), report.registry.bytes, "{image}");
        assert_eq!(parts().map(|part| part.blobs).sum::<u64>(), report.registry.blobs, "{image}");
        assert!(report.registry.bytes <= report.registry.unshared, "{image}");
    }
}

fn check(platform: &Platform, at: &str) {
    let layers = || platform.layers.iter();
    assert_eq!(platform.content, platform.live + platform.wasted(), "{at}: fates");
    assert_eq!(platform.content, layers().map(|layer| layer.content).sum::<u64>(), "{at}: layers");
    assert_eq!(platform.wasted(), layers().map(|layer| layer.wasted).sum::<u64>(), "{at}: waste of layers");
    assert_eq!(platform.live, platform.owners.iter().map(|owner| owner.content).sum::<u64>(), "{at}: owners");
    assert_eq!(
        platform.live,
        platform.categories.iter().map(|kind| kind.content).sum::<u64>(),
        "{at}: categories"
    );

    let fates = platform.live_transfer + platform.overwritten_transfer + platform.deleted_transfer;
    assert_eq!(platform.transfer.bytes, fates + platform.overhead_transfer, "{at}: transfer by fate");
    assert_eq!(
        platform.transfer.bytes,
        layers().map(|layer| layer.transfer).sum::<u64>(),
        "{at}: transfer of layers"
    );
    assert_eq!(
        platform.live_transfer,
        platform.owners.iter().map(|owner| owner.transfer).sum::<u64>(),
        "{at}"
    );

    for finding in &platform.findings {
        let entries = || finding.entries.iter();
        assert_eq!(
            finding.content,
            entries().map(|entry| entry.content).sum::<u64>(),
            "{at}: {}",
            finding.rule
        );
        assert!(finding.content <= platform.saving.content, "{at}: {}", finding.rule);
        assert!(!finding.title.is_empty(), "{at}: {}", finding.rule);
    }
    let sum: u64 = platform.findings.iter().map(|finding| finding.content).sum::<u64>();
    assert!(platform.saving.content <= sum.min(platform.content), "{at}: a union is no more than the sum");
    for variant in &platform.variants {
        let freed: u64 = variant.changes.iter().map(|change| change.content).sum::<u64>();
        assert_eq!(variant.content, platform.content - freed, "{at}: {}", variant.name);
        let freed: u64 = variant.changes.iter().map(|change| change.transfer).sum::<u64>();
        assert_eq!(variant.transfer, platform.transfer.bytes - freed, "{at}: {}", variant.name);
    }
}

#[test]
fn reports_of_real_images_hold_to_the_schema() {
    let schema = serde_json::from_str(&Report::json_schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for image in IMAGES {
        let report = report(image);
        let value = serde_json::from_str(&report.to_json()).unwrap();
        let errors: Vec<_> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{image}: {errors:#?}");
        assert_eq!(serde_json::from_value::<Report>(value).unwrap(), report, "{image}");
    }
}
