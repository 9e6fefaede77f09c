//! Reports on images that are written as text, in the notation of the rules' own tests.

use plimsoll::advice::{self, scene::Scene};
use plimsoll::analysis::{Analysis, PlatformAnalysis};
use plimsoll::image::{Node, NodeKind};
use plimsoll::owners::Ownership;
use plimsoll::reference::Reference;
use plimsoll::view::Report;
use plimsoll::{projection, waste};

/// The report on a scene.
pub fn report(reference: &str, scene: &str) -> Report {
    let rules = advice::load(&[]).unwrap();
    let (image, ledger) = Scene::parse(scene).unwrap().build();
    let ownership = Ownership::default();
    let waste = waste::measure(&ledger);
    let findings = advice::find(&rules, &image, &ledger, &waste, &advice::Places::new(&rules, &ledger));
    let variants = projection::variants(&ledger, &findings, None);
    let tree = Node {
        descriptor: image.manifest.clone(),
        tags: Vec::new(),
        kind: NodeKind::Image(Box::new(image.clone())),
    };
    let platforms = vec![PlatformAnalysis {
        image,
        mapping: None,
        ledger,
        ownership,
        libraries: None,
        waste,
        findings,
        variants,
        audit: None,
        bases: Vec::new(),
        minor: Vec::new(),
    }];
    let reference = Reference::parse(reference).unwrap();
    Report::new(&Analysis { reference, source: "oci-archive", tree, platforms, warnings: Vec::new() }, &rules)
}

/// An image with a bit of everything.
pub fn busy() -> Report {
    report(
        "app.tar",
        "\
FROM debian:bookworm-slim
  9000000 /usr/lib/libc.so.6 owner=dpkg:libc6
  1200000 /usr/share/doc/libc6/copyright owner=dpkg:libc6
  700000 /var/log/dpkg.log
RUN apt-get update && apt-get install -y curl build-essential ca-certificates
  18200000 /var/lib/apt/lists/mirror_dists_bookworm_main_Packages
  400000 /usr/bin/curl owner=dpkg:curl
COPY --from=builder /wheels /wheels
  33600000 /wheels/scipy-1.13.1-cp311-cp311-manylinux_2_17_x86_64.whl
RUN pip install --find-links=/wheels app && rm -rf /wheels
  143000000 /usr/lib/python3/site-packages/scipy/lib.so owner=python:scipy
  delete /wheels
COPY . /srv/app
  120000 /srv/app/main.py
",
    )
}

/// An image with nothing to be found.
pub fn empty() -> Report {
    report("empty.tar", "COPY hello /\n  12 /hello\n")
}
