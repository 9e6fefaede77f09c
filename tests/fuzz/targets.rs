//! What is fuzzed: one function for each parser of bytes that nobody vouches for, and what it starts from. They go through
//! the library's own doors, so that a finding is one that an image could make. Both drivers use them: the harness in
//! `../fuzz.rs`, which needs nothing but stable Rust, and cargo-fuzz, by `cargo-fuzz/target.rs`.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use plimsoll::analysis::{self, Options};
use plimsoll::digest::Digest;
use plimsoll::layer::{Reader, WalkedLayer, Wants};
use plimsoll::ledger::Ledger;
use plimsoll::limits::Limits;
use plimsoll::progress::Unwatched;
use plimsoll::reference::Reference;
use plimsoll::source::Region;
use plimsoll::{advice, audit, budget, dockerfile, owners, view, waste};
use serde_json::json;

use super::world::{self, File};

/// Something that reads untrusted bytes.
pub struct Target {
    pub name: &'static str,
    /// Real inputs, to start from.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Reads the bytes; it must return, whatever they are.
    pub run: fn(&[u8]),
    /// How many mutated inputs the tests try, so that each target costs about a second.
    pub rounds: u32,
}

/// A target whose input is one file of an image that is otherwise as it should be.
macro_rules! file {
    ($name:literal, $rounds:literal, $image:literal, $path:literal) => {
        Target {
            name: $name,
            seeds: || world::contents($image, $path),
            run: |bytes| in_image($image, $path, bytes),
            rounds: $rounds,
        }
    };
}

/// Every target, by the name that its corpus has.
pub const TARGETS: &[Target] = &[
    Target { name: "archive", seeds: world::archives, run: archive, rounds: 60 },
    Target { name: "layer", seeds: world::layers, run: layer, rounds: 400 },
    Target { name: "index", seeds: || world::documents("index"), run: index, rounds: 100 },
    Target { name: "manifest", seeds: || world::documents("manifest"), run: manifest, rounds: 100 },
    Target { name: "config", seeds: || world::documents("config"), run: config, rounds: 100 },
    Target { name: "docker-manifest", seeds: world::docker_manifests, run: docker_manifest, rounds: 100 },
    file!("dpkg-status", 150, "written", "var/lib/dpkg/status"),
    file!("dpkg-list", 150, "written", "var/lib/dpkg/info/hull.list"),
    file!("dpkg-md5sums", 150, "written", "var/lib/dpkg/info/hull.md5sums"),
    file!("apk", 150, "images/apk-handwritten", "lib/apk/db/installed"),
    file!("rpm-bdb", 150, "ecosystems/rpm-bdb", "var/lib/rpm/Packages"),
    file!("rpm-ndb", 150, "ecosystems/rpm-ndb", "var/lib/rpm/Packages.db"),
    file!("rpm-sqlite", 100, "ecosystems/rpm-sqlite", "var/lib/rpm/rpmdb.sqlite"),
    file!("rpm-wal", 150, "ecosystems/rpm-wal", "var/lib/rpm/rpmdb.sqlite-wal"),
    file!("pacman", 150, "ecosystems/pacman", "desc"),
    file!("python-record", 150, "written", "RECORD"),
    file!("python-metadata", 150, "written", "METADATA"),
    file!("npm-package", 60, "ecosystems/node", "package.json"),
    file!("npm-lock", 60, "ecosystems/node", ".package-lock.json"),
    file!("yarn-lock", 60, "ecosystems/node", "yarn.lock"),
    file!("gem", 150, "ecosystems/gem", ".gemspec"),
    file!("composer", 150, "ecosystems/composer", "installed.json"),
    file!("r", 150, "ecosystems/r", "DESCRIPTION"),
    file!("perl", 150, "ecosystems/perl", ".packlist"),
    file!("lua", 150, "ecosystems/lua", "manifest"),
    file!("erlang", 150, "ecosystems/erlang", ".app"),
    file!("conda", 150, "ecosystems/conda", "hull-1.4.0-0.json"),
    file!("nuget", 150, "ecosystems/dotnet", "App.deps.json"),
    Target { name: "elf-go", seeds: || world::contents("ecosystems/go", "manager"), run: inside, rounds: 40 },
    Target {
        name: "elf-go-old",
        seeds: || world::contents("ecosystems/go-old", ""),
        run: inside,
        rounds: 40,
    },
    Target {
        name: "elf-rust",
        seeds: || world::contents("ecosystems/rust", "harbour-pilot"),
        run: inside,
        rounds: 60,
    },
    Target {
        name: "elf-linked",
        seeds: || world::contents("ecosystems/linked", ".so.1"),
        run: inside,
        rounds: 600,
    },
    Target { name: "symbol", seeds: symbols, run: symbol, rounds: 20_000 },
    Target { name: "jar", seeds: || world::contents("ecosystems/java", ".jar"), run: jar, rounds: 300 },
    Target { name: "python-zip", seeds: python_zips, run: python_zip, rounds: 300 },
    Target {
        name: "python-source",
        seeds: || world::files(&["fixtures/audit/service/main.py"]),
        run: |bytes| drop(black_box(audit::python::read(bytes))),
        rounds: 400,
    },
    Target {
        name: "javascript-source",
        seeds: || world::contents("ecosystems/node", ".js"),
        run: |bytes| drop(black_box(audit::node::read(b"app/x.js", bytes))),
        rounds: 400,
    },
    Target {
        name: "requirements",
        seeds: || {
            world::files(&[
                "fixtures/audit/service/requirements.txt",
                "fixtures/audit/service/plugin/pyproject.toml",
            ])
        },
        run: requirements,
        rounds: 400,
    },
    Target {
        name: "dockerfile",
        seeds: || {
            world::files(&["fixtures/qiskit/Dockerfile.optimized", "fixtures/audit/service/Dockerfile"])
        },
        run: read_dockerfile,
        rounds: 400,
    },
    Target {
        name: "provenance",
        seeds: || vec![PROVENANCE.into()],
        run: |bytes| {
            text(bytes, |text| {
                drop(black_box(dockerfile::provenance::read(text)));
            });
        },
        rounds: 400,
    },
    Target {
        name: "plimsoll-toml",
        seeds: || vec![CONFIG.into()],
        run: |bytes| {
            text(bytes, |text| {
                drop(black_box(budget::Config::parse("plimsoll.toml", text)));
                drop(black_box(budget::Config::parse_flag(text)));
            });
        },
        rounds: 400,
    },
    Target {
        name: "dive-ci",
        seeds: || vec![DIVE.into()],
        run: |bytes| {
            text(bytes, |text| {
                drop(black_box(budget::Config::parse_dive(".dive-ci", text)));
            });
        },
        rounds: 400,
    },
    Target { name: "rule", seeds: || world::files(&["rules/copied-wheels.toml"]), run: rule, rounds: 60 },
    Target {
        name: "reference",
        seeds: || vec![b"registry:host:5000/a/b:c@sha256:00".to_vec(), b"oci-archive:x.tar:app:1.0".to_vec()],
        run: |bytes| text(bytes, |text| drop(black_box(Reference::parse(text)))),
        rounds: 2000,
    },
    Target {
        name: "saved-report",
        seeds: || world::files(&["tests/baselines/report-1-first.json"]),
        run: |bytes| text(bytes, |text| drop(black_box(view::Report::from_json(text)))),
        rounds: 200,
    },
    Target {
        name: "trace",
        seeds: || vec![b"12 openat(AT_FDCWD, \"/a\\\"b\\33\", O_RDONLY) = 3\n".to_vec()],
        run: |bytes| text(bytes, |text| drop(black_box(audit::trace::read(text)))),
        rounds: 1000,
    },
];

const PROVENANCE: &str = r#"{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://slsa.dev/provenance/v0.2",
"predicate":{"materials":[{"uri":"pkg:docker/alpine@3?platform=linux%2Famd64","digest":{"sha256":"00"}}],"metadata":{
"https://mobyproject.org/buildkit@v1#metadata":{"source":{"locations":{"step0":{"locations":[{"ranges":[{"start":{"line":1},
"end":{"line":2}}]}]}},"infos":[{"filename":"Dockerfile","data":"RlJPTSBh"}]},"layers":{"step0:0":[[{"digest":"sha256:00"}]]}}}}}"#;
const CONFIG: &str = "version = 1\n[budget]\ncontent = \"200MB\"\nwaste = \"5%\"\n[rules]\ncopied-wheels = \"deny\"\n\
    [[ignore]]\nrule = \"pip-cache\"\npath = \"/root/**\"\nreason = \"kept\"\nuntil = 2030-01-01\n";
const DIVE: &str =
    "rules:\n  lowestEfficiency: 0.95\n  highestWastedBytes: 20MB\n  highestUserWastedPercent: 0.20\n";

/// Runs `read` where the bytes are text; whoever reads files has refused them otherwise.
fn text(bytes: &[u8], read: impl FnOnce(&str)) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        read(text);
    }
}

/// Whatever an archive on a disk may hold.
fn archive(bytes: &[u8]) {
    let file = world::scratch("image.tar");
    std::fs::write(&file, bytes).unwrap();
    whole(&file);
}

/// A layer, read in both ways, and everything that is made of it.
fn layer(bytes: &[u8]) {
    let limits = Limits::default();
    let reader = Reader { wants: &audit::Wanted { symbols: true }, limits: &limits };
    if let Ok(walked) = reader.stream(bytes, None) {
        read(&walked);
    }
    let region = Region::new(Arc::new(bytes.to_vec()), 0, bytes.len() as u64);
    if let Ok(walked) = reader.hop(&region) {
        read(&walked);
    }
}

/// From a layer to owners; the bytes must add up whatever the databases claim.
fn read(walked: &WalkedLayer) {
    let mut ledger = Ledger::build([walked.clone()]);
    ledger.settle_identity();
    let ownership = owners::judge(&ledger, &[None]).settle(&mut ledger);
    black_box(&ownership);
    let totals = ledger.totals();
    assert_eq!(totals.all().content, ledger.size().content, "fates make the content");
    let owned: u64 = ledger.live_by_owner().iter().map(|share| share.size.content).sum();
    assert_eq!(owned, totals.live.content, "owners make what is live");
    for inside in walked.evidence.insides.values() {
        black_box(inside);
    }
    black_box(waste::measure(&ledger));
}

/// An image with the bytes in place of one of its files.
fn in_image(image: &str, path: &str, bytes: &[u8]) {
    static WALKED: LazyLock<Mutex<BTreeMap<String, Arc<Vec<File>>>>> = LazyLock::new(Mutex::default);
    let files = {
        let mut known = WALKED.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(image.to_owned()).or_insert_with(|| Arc::new(world::image(image))).clone()
    };
    let limits = Limits::default();
    let reader = Reader { wants: &owners::Wanted, limits: &limits };
    let tar = world::tar_with(&files, path, bytes);
    let walked = reader.stream(tar.as_slice(), None).unwrap();
    read(&walked);
}

/// A layout whose index is the input.
fn index(bytes: &[u8]) {
    whole(&world::layout(&[("index.json", bytes.to_vec())]));
}

/// A layout whose manifest is the input, with the digest that it has.
fn manifest(bytes: &[u8]) {
    let digest = Digest::of(bytes);
    whole(&world::layout(&[
        ("index.json", world::index_of("application/vnd.oci.image.manifest.v1+json", bytes)),
        (&format!("blobs/sha256/{}", digest.hex()), bytes.to_vec()),
    ]));
}

/// A layout whose configuration is the input.
fn config(bytes: &[u8]) {
    let (layer, media) = (world::small_layer(), "application/vnd.oci.image.layer.v1.tar");
    let of = |media: &str, bytes: &[u8]| json!({ "mediaType": media, "digest": Digest::of(bytes).as_str(), "size": bytes.len() });
    let manifest = json!({
        "schemaVersion": 2, "config": of("application/vnd.oci.image.config.v1+json", bytes), "layers": [of(media, &layer)],
    });
    let manifest = manifest.to_string().into_bytes();
    let blob = |bytes: &[u8]| format!("blobs/sha256/{}", Digest::of(bytes).hex());
    whole(&world::layout(&[
        ("index.json", world::index_of("application/vnd.oci.image.manifest.v1+json", &manifest)),
        (&blob(&manifest), manifest.clone()),
        (&blob(bytes), bytes.to_vec()),
        (&blob(&layer), layer.clone()),
    ]));
}

/// An archive of `docker save` whose list is the input.
fn docker_manifest(bytes: &[u8]) {
    let layer = world::small_layer();
    let config = json!({ "os": "linux", "architecture": "amd64",
        "rootfs": { "type": "layers", "diff_ids": [Digest::of(&layer).as_str()] } });
    let tar = world::tar(&[
        File::new("config.json", config.to_string().into_bytes()),
        File::new("0/layer.tar", layer),
        File::new("manifest.json", bytes.to_vec()),
    ]);
    archive(&tar);
}

/// From a reference to everything that can be said.
fn whole(reference: &str) {
    static RULES: LazyLock<Vec<advice::Rule>> = LazyLock::new(|| advice::load(&[]).unwrap());
    let options = Options { rules: RULES.clone(), audit: true, variants: true, ..Options::default() };
    if let Ok(analysis) = analysis::analyze(&Reference::parse(reference).unwrap(), &options, &Unwatched) {
        black_box(&analysis);
    }
}

/// An ELF file, looked into as owners and the audit do.
fn inside(bytes: &[u8]) {
    add_up(bytes, owners::inside::open(b"usr/bin/x", &bytes));
    add_up(bytes, owners::inside::open_linked(b"usr/lib/x.so", &bytes));
    drop(black_box(audit::Wanted { symbols: true }.reduce(b"usr/lib/x.so", bytes)));
}

/// A Java archive.
fn jar(bytes: &[u8]) {
    add_up(bytes, owners::inside::open(b"app/x-1.jar", &bytes));
}

fn python_zips() -> Vec<Vec<u8>> {
    let pex = include_bytes!("../../src/owners/testdata/python/zipped/six.pex");
    let of = |end| world::contents("ecosystems/python", end);
    [of(".egg"), of("bin/afloat"), vec![pex.to_vec()]].concat()
}

fn python_zip(bytes: &[u8]) {
    add_up(bytes, owners::inside::open(b"site-packages/x-1-py3.11.egg", &bytes));
    add_up(bytes, owners::inside::open(b"bin/x", &bytes));
}

fn add_up(bytes: &[u8], inside: Option<plimsoll::layer::Inside>) {
    if let Some(inside) = inside {
        let sum: u64 = inside.parts.iter().map(|part| part.bytes).sum();
        assert_eq!(sum, bytes.len() as u64, "the parts of a file add up to it");
    }
}

fn symbols() -> Vec<Vec<u8>> {
    let symbols = [
        "_ZN63_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$core..clone..Clone$GT$5clone17h0123456789abcdefE",
        "_ZN42_$LT$$RF$T$u20$as$u20$core..fmt..Debug$GT$3fmt17h0123456789abcdefE",
        "_RNvXs_NtCskTGbW5hZUvx_4core3fmtRhNtB4_5Debug3fmt",
        "_RINvNtC3std3mem8align_ofdE",
        "_RNvMs0_NtCs1_5alloc3vecINtB5_3VechE4push",
    ];
    symbols.map(|symbol| symbol.as_bytes().to_vec()).to_vec()
}

/// The name of a symbol, in a program that has no other.
fn symbol(bytes: &[u8]) {
    let elf = world::elf_with_symbol(bytes);
    inside(&elf);
}

fn requirements(bytes: &[u8]) {
    text(bytes, |text| {
        for path in ["requirements.txt", "pyproject.toml", "setup.cfg", "Pipfile", "package.json"] {
            drop(black_box(audit::manifest::read(path, text)));
        }
    });
    in_image("written", "METADATA", bytes);
}

fn read_dockerfile(bytes: &[u8]) {
    static RULES: LazyLock<Vec<dockerfile::lint::Rule>> =
        LazyLock::new(|| dockerfile::lint::rules().unwrap());
    text(bytes, |text| {
        if let Ok(file) = dockerfile::parse(text) {
            drop(black_box(dockerfile::lint::lint(&file, &RULES)));
        }
    });
}

/// A rule, and the image that it is held against.
fn rule(bytes: &[u8]) {
    text(bytes, |text| {
        if let Ok(mut rules) = advice::load(&[("made.toml".to_owned(), text.to_owned())]) {
            rules.retain(|rule| rule.id == "made");
            let reference = world::small_image();
            let options = Options { rules, ..Options::default() };
            drop(black_box(analysis::analyze(&Reference::parse(&reference).unwrap(), &options, &Unwatched)));
        }
    });
}
