//! The real images of `fixtures/images`.

/// Every reference below `fixtures/images` that can be weighed.
pub const WHOLE: [&str; 18] = [
    "apk-handwritten",
    "broken/foreign-layer",
    "broken/missing-platforms",
    "broken/no-layers",
    "buildkit-docker.tar",
    "demo.tar",
    "distroless",
    "docker25-save.tar.gz",
    "estargz",
    "gnu-sparse",
    "legacy-docker-save.tar:legacy:1.0",
    "legacy-docker-save.tar:legacy:2.0",
    "nested:nested",
    "nested:single",
    "tiny-docker.tar.gz",
    "tiny-docker.tar.zst",
    "tiny-gzip",
    "tiny-zstd",
];

/// Every one that must end in one sentence.
pub const BROKEN: [&str; 11] = [
    "artifact",
    "bad-json",
    "empty.tar",
    "missing-blob",
    "no-index",
    "not-an-image.tar",
    "some-other.tar",
    "truncated-layer",
    "truncated-save.tar",
    "truncated.tar",
    "wrong-digest",
];

/// The reference of a fixture.
pub fn fixture(name: &str) -> String {
    format!("{}/fixtures/images/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// The host path and the tag of a fixture's reference.
pub fn split(name: &str) -> (String, Option<&str>) {
    match name.split_once(':') {
        Some((path, tag)) => (fixture(path), Some(tag)),
        None => (fixture(name), None),
    }
}
