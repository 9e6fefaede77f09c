//! Images to put bytes into, and real bytes to start from: those of `fixtures/`.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use plimsoll::digest::Digest;
use plimsoll::layer::Capture;
use plimsoll::owners;
use serde_json::{Value, json};

/// A member of a layer.
#[derive(Debug, Clone)]
pub struct File {
    pub path: String,
    pub content: Vec<u8>,
}

impl File {
    pub fn new(path: &str, content: impl Into<Vec<u8>>) -> Self {
        Self { path: path.to_owned(), content: content.into() }
    }
}

fn root() -> PathBuf {
    // cargo-fuzz builds from a directory below the project's.
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().find(|path| path.join("fixtures").is_dir()).unwrap_or(here).to_owned()
}

/// Files of the project.
pub fn files(paths: &[&str]) -> Vec<Vec<u8>> {
    paths.iter().map(|path| std::fs::read(root().join(path)).unwrap()).collect()
}

/// The fixtures whose files are looked into while their layer goes by, though nothing captures them.
const LOOKED_INTO: [&str; 4] = ["ecosystems/go", "ecosystems/go-old", "ecosystems/rust", "ecosystems/java"];

/// The regular files of an image below `fixtures/`, in all its layers; `written` is one written here.
pub fn image(name: &str) -> Vec<File> {
    if name == "written" {
        return written();
    }
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for layer in layers_of(&root().join("fixtures").join(name)) {
        let mut archive = tar::Archive::new(layer.as_slice());
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().to_string_lossy().trim_start_matches("./").to_owned();
            if entry.header().entry_type().is_file() {
                let mut content = Vec::new();
                entry.read_to_end(&mut content).unwrap();
                // What nobody reads need not be carried along; what a test replaces is read by somebody.
                let is_read = owners::wants(path.as_bytes(), content.len() as u64) != Capture::Nothing;
                if !is_read && !LOOKED_INTO.contains(&name) {
                    content.truncate(2000);
                }
                files.insert(path, content);
            }
        }
    }
    files.into_iter().map(|(path, content)| File { path, content }).collect()
}

/// What dpkg and pip leave, as small as it can be.
fn written() -> Vec<File> {
    let site = "usr/lib/python3/site-packages";
    vec![
        File::new(
            "var/lib/dpkg/status",
            "Package: hull\nStatus: install ok installed\nArchitecture: amd64\nMulti-Arch: same\nVersion: 1:2.0-1\n\
             Depends: keel (>= 1), sail | mast\nConffiles:\n /etc/hull.conf 0123456789abcdef0123456789abcdef\n\
             Description: a hull\n of a ship\n\nPackage: keel\nStatus: deinstall ok config-files\nVersion: 1\n",
        ),
        File::new("var/lib/dpkg/info/hull.list", "/.\n/usr\n/usr/bin\n/usr/bin/hull\n/etc/hull.conf\n"),
        File::new("var/lib/dpkg/info/hull.md5sums", "0123456789abcdef0123456789abcdef  usr/bin/hull\n"),
        File::new("usr/bin/hull", vec![7; 5000]),
        File::new("etc/hull.conf", "a = b\n"),
        File::new(
            &format!("{site}/sail-1.0.dist-info/METADATA"),
            "Metadata-Version: 2.1\nName: sail\nVersion: 1.0\nRequires-Dist: mast (>=1) ; extra == 'tall'\n\
             Requires-Dist: rope[long]>=2; python_version < \"3.9\" and (sys_platform == 'linux' or extra == 'x')\n\ntext\n",
        ),
        File::new(
            &format!("{site}/sail-1.0.dist-info/RECORD"),
            "sail/__init__.py,sha256=LCGEvx4,5\n\"sail/a,b.py\",,\nsail-1.0.dist-info/METADATA,,\n\
             ../../../bin/sail,sha256=x,12\n/etc/passwd,,\n",
        ),
        File::new(&format!("{site}/sail-1.0.dist-info/INSTALLER"), "pip\n"),
        File::new(&format!("{site}/sail/__init__.py"), "x = 1"),
        File::new(&format!("{site}/sail/__pycache__/__init__.cpython-311.pyc"), vec![1; 40]),
        File::new("usr/bin/sail", "#!/bin/sh\n"),
    ]
}

/// The contents of an image's files whose path ends so, the small ones first.
pub fn contents(name: &str, path: &str) -> Vec<Vec<u8>> {
    let mut contents: Vec<_> =
        image(name).into_iter().filter(|file| file.path.ends_with(path)).map(|file| file.content).collect();
    contents.sort_by_key(Vec::len);
    contents.dedup();
    contents.truncate(4);
    assert!(!contents.is_empty(), "{name} has no {path}");
    contents
}

/// The image's files as a layer, with `content` in place of the first whose path ends so.
pub fn tar_with(files: &[File], path: &str, content: &[u8]) -> Vec<u8> {
    let mut files = files.to_vec();
    let file = files.iter_mut().find(|file| file.path.ends_with(path)).unwrap();
    file.content = content.to_vec();
    tar(&files)
}

/// Files as a tar.
pub fn tar(files: &[File]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for file in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(file.content.len() as u64);
        header.set_mode(0o755);
        builder.append_data(&mut header, &file.path, file.content.as_slice()).unwrap();
    }
    builder.into_inner().unwrap()
}

fn blob(layout: &Path, descriptor: &Value) -> Vec<u8> {
    let digest = descriptor["digest"].as_str().unwrap().replace(':', "/");
    std::fs::read(layout.join("blobs").join(digest)).unwrap()
}

/// The index, the first manifest and its configuration.
fn documents_of(layout: &Path) -> [Vec<u8>; 3] {
    let index = std::fs::read(layout.join("index.json")).unwrap();
    let mut next: Value = serde_json::from_slice(&index).unwrap();
    loop {
        let bytes = blob(layout, &next["manifests"][0]);
        next = serde_json::from_slice(&bytes).unwrap();
        if next["manifests"].is_null() {
            let config = blob(layout, &next["config"]);
            return [index, bytes, config];
        }
    }
}

fn layers_of(layout: &Path) -> Vec<Vec<u8>> {
    let [_, manifest, _] = documents_of(layout);
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let layers = manifest["layers"].as_array().unwrap().iter();
    layers.map(|layer| unpacked(&blob(layout, layer))).collect()
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut tar = Vec::new();
    match bytes {
        [0x1f, 0x8b, ..] => drop(flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut tar).unwrap()),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => tar = zstd::decode_all(bytes).unwrap(),
        _ => tar = bytes.to_vec(),
    }
    tar
}

/// Archives of images as tools wrote them.
pub fn archives() -> Vec<Vec<u8>> {
    let images = ["demo.tar", "legacy-docker-save.tar", "tiny-docker.tar.gz", "tiny-docker.tar.zst"];
    images.map(|name| files(&[&format!("fixtures/images/{name}")]).remove(0)).to_vec()
}

/// Layers, packed and not.
pub fn layers() -> Vec<Vec<u8>> {
    let mut layers: Vec<_> =
        ["images/gnu-sparse", "images/tiny-gzip", "images/estargz", "images/apk-handwritten"]
            .iter()
            .flat_map(|name| layers_of(&root().join("fixtures").join(name)))
            .filter(|tar| tar.len() < 200_000)
            .collect();
    let packed = zstd::encode_all(layers[0].as_slice(), 3).unwrap();
    layers.push(packed);
    layers.push(tar(&written()));
    layers
}

/// Documents of the fixtures.
pub fn documents(kind: &str) -> Vec<Vec<u8>> {
    let images = ["images/nested", "images/tiny-zstd", "images/estargz", "images/distroless"];
    let documents = images.map(|name| documents_of(&root().join("fixtures").join(name)));
    documents
        .into_iter()
        .map(|[index, manifest, config]| match kind {
            "index" => index,
            "manifest" => manifest,
            _ => config,
        })
        .collect()
}

/// What `docker save` lists.
pub fn docker_manifests() -> Vec<Vec<u8>> {
    let config = json!([{ "Config": "config.json", "RepoTags": ["a:1"], "Layers": ["0/layer.tar"] }]);
    vec![config.to_string().into_bytes()]
}

/// A layer of a few files.
pub fn small_layer() -> Vec<u8> {
    tar(&[File::new("etc/os-release", "ID=debian\n"), File::new("root/.cache/pip/x", vec![3; 9000])])
}

/// An index of one descriptor.
pub fn index_of(media_type: &str, bytes: &[u8]) -> Vec<u8> {
    let digest = Digest::of(bytes);
    let descriptor = json!({ "mediaType": media_type, "digest": digest.as_str(), "size": bytes.len() });
    json!({ "schemaVersion": 2, "manifests": [descriptor] }).to_string().into_bytes()
}

static NUMBER: AtomicU64 = AtomicU64::new(0);
thread_local!(static OWN: u64 = NUMBER.fetch_add(1, Ordering::Relaxed));

/// A place of this process's own for one file; it is written over and over.
pub fn scratch(name: &str) -> String {
    let directory = std::env::temp_dir().join(format!("plimsoll-fuzz-{}", std::process::id()));
    let directory = directory.join(OWN.with(u64::to_string));
    std::fs::create_dir_all(&directory).unwrap();
    directory.join(name).to_str().unwrap().to_owned()
}

/// Writes a layout of these files over the one before.
pub fn layout(files: &[(&str, Vec<u8>)]) -> String {
    let directory = scratch("layout");
    drop(std::fs::remove_dir_all(&directory));
    let marker = ("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec());
    for (name, content) in files.iter().chain([&marker]) {
        let path = Path::new(&directory).join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    directory
}

/// An image that rules find something in.
pub fn small_image() -> String {
    let layer = small_layer();
    let config = json!({ "os": "linux", "architecture": "amd64",
        "rootfs": { "type": "layers", "diff_ids": [Digest::of(&layer).as_str()] } });
    let file = scratch("small.tar");
    let manifest = docker_manifests().remove(0);
    let tar = tar(&[
        File::new("config.json", config.to_string().into_bytes()),
        File::new("0/layer.tar", layer),
        File::new("manifest.json", manifest),
    ]);
    std::fs::write(&file, tar).unwrap();
    file
}

/// An ELF file with a symbol of Rust's standard library and one of this name.
pub fn elf_with_symbol(name: &[u8]) -> Vec<u8> {
    let mut names = b"\0_ZN3std2io4Read17h0123456789abcdefE\0".to_vec();
    let own = u32::try_from(names.len()).unwrap();
    names.extend_from_slice(name);
    names.push(0);
    let mut symbols = vec![0_u8; 24];
    for at in [1, own] {
        symbols.extend_from_slice(&at.to_le_bytes());
        symbols.extend_from_slice(&[2, 0, 1, 0]);
        symbols.extend_from_slice(&0x40_u64.to_le_bytes());
        symbols.extend_from_slice(&8_u64.to_le_bytes());
    }
    let titles = b"\0.symtab\0.strtab\0.shstrtab\0";
    let mut file = vec![0_u8; 64 + 56];
    let parts: [(u32, u32, u32, &[u8]); 3] = [(1, 2, 2, &symbols), (9, 3, 0, &names), (17, 3, 0, titles)];
    let mut table = vec![0_u8; 64];
    for (title, kind, link, content) in parts {
        let mut header = [0_u8; 64];
        header[..4].copy_from_slice(&title.to_le_bytes());
        header[4..8].copy_from_slice(&kind.to_le_bytes());
        header[24..32].copy_from_slice(&(file.len() as u64).to_le_bytes());
        header[32..40].copy_from_slice(&(content.len() as u64).to_le_bytes());
        header[40..44].copy_from_slice(&link.to_le_bytes());
        file.extend_from_slice(content);
        table.extend_from_slice(&header);
    }
    let start = (file.len() as u64).to_le_bytes();
    file.extend_from_slice(&table);
    let length = (file.len() as u64).to_le_bytes();
    file[..20].copy_from_slice(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0");
    file[32] = 64;
    file[40..48].copy_from_slice(&start);
    (file[54], file[56], file[58], file[60], file[62]) = (56, 1, 64, 4, 3);
    // One segment, which is the whole file.
    file[64] = 1;
    file[64 + 32..64 + 40].copy_from_slice(&length);
    file
}
