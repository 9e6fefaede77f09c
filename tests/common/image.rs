//! Images around layers: OCI layouts as directory and archive, and what `docker save` wrote, with any compression.

use std::fs;
use std::io::Write;

use flate2::write::GzEncoder;
use plimsoll::digest::Digest;
use serde_json::{Value, json};

use super::layer::Tar;

/// How a blob is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pack {
    Plain,
    Gzip,
    Zstd,
}

impl Pack {
    pub const ALL: [Self; 3] = [Self::Plain, Self::Gzip, Self::Zstd];

    pub fn pack(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Plain => bytes.to_vec(),
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            Self::Zstd => zstd::encode_all(bytes, 3).unwrap(),
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Plain => "application/vnd.oci.image.layer.v1.tar",
            Self::Gzip => "application/vnd.oci.image.layer.v1.tar+gzip",
            Self::Zstd => "application/vnd.oci.image.layer.v1.tar+zstd",
        }
    }
}

/// The files of an image, by name, in the order in which an archive holds them.
#[derive(Debug, Clone, Default)]
pub struct Files(pub Vec<(String, Vec<u8>)>);

impl Files {
    /// Adds a blob and returns its descriptor.
    pub fn blob(&mut self, media_type: &str, bytes: Vec<u8>) -> Value {
        let digest = Digest::of(&bytes);
        let descriptor = json!({ "mediaType": media_type, "digest": digest.as_str(), "size": bytes.len() });
        self.0.push((format!("blobs/sha256/{}", digest.hex()), bytes));
        descriptor
    }

    /// Adds `index.json` and `oci-layout`, which make a layout of the blobs.
    pub fn index(mut self, manifests: &[Value]) -> Self {
        let index = json!({ "schemaVersion": 2, "manifests": manifests });
        self.0.push(("index.json".into(), index.to_string().into_bytes()));
        self.0.push(("oci-layout".into(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec()));
        self
    }

    /// Adds an image of `layers`, as (the tar, the blob), and returns its manifest's descriptor.
    pub fn image(&mut self, layers: &[(Vec<u8>, Vec<u8>)], media_type: &str, config: &Value) -> Value {
        let diff_ids: Vec<_> = layers.iter().map(|(tar, _)| Digest::of(tar).as_str().to_owned()).collect();
        let mut config = config.clone();
        config["rootfs"] = json!({ "type": "layers", "diff_ids": diff_ids });
        let layers: Vec<_> = layers.iter().map(|(_, blob)| self.blob(media_type, blob.clone())).collect();
        let config = self.blob("application/vnd.oci.image.config.v1+json", config.to_string().into_bytes());
        let manifest = json!({ "schemaVersion": 2, "config": config, "layers": layers });
        self.blob("application/vnd.oci.image.manifest.v1+json", manifest.to_string().into_bytes())
    }

    /// An archive of the files.
    pub fn archive(&self) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, bytes) in &self.0 {
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, name, bytes.as_slice()).unwrap();
        }
        builder.into_inner().unwrap()
    }

    /// Writes the files below a directory.
    pub fn write(&self, directory: &str) {
        for (name, bytes) in &self.0 {
            let path = std::path::Path::new(directory).join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
}

/// The configuration of an image that nothing depends on.
pub fn config() -> Value {
    json!({ "os": "linux", "architecture": "amd64" })
}

/// An OCI layout of one image.
pub fn layout(tars: &[Vec<u8>], pack: Pack) -> Files {
    let mut files = Files::default();
    let layers: Vec<_> = tars.iter().map(|tar| (tar.clone(), pack.pack(tar))).collect();
    let manifest = files.image(&layers, pack.media_type(), &config());
    files.index(&[manifest])
}

/// What `docker save` wrote before version 25.
pub fn docker(tars: &[Vec<u8>]) -> Files {
    let mut files = Files::default();
    let digests: Vec<_> = tars.iter().map(|tar| Digest::of(tar)).collect();
    let mut names = Vec::new();
    for (position, tar) in tars.iter().enumerate() {
        names.push(format!("{position:064x}/layer.tar"));
        files.0.push((names[position].clone(), tar.clone()));
    }
    let mut config = config();
    config["rootfs"] =
        json!({ "type": "layers", "diff_ids": digests.iter().map(Digest::as_str).collect::<Vec<_>>() });
    let config = config.to_string().into_bytes();
    let name = format!("{}.json", Digest::of(&config).hex());
    files.0.push((name.clone(), config));
    let manifest = json!([{ "Config": name, "RepoTags": ["test:1"], "Layers": names }]);
    files.0.push(("manifest.json".into(), manifest.to_string().into_bytes()));
    files
}

/// Layers as text to tars with their ends.
pub fn tars(layers: &[&str]) -> Vec<Vec<u8>> {
    layers.iter().map(|text| Tar::text(text).end()).collect()
}

/// A directory that goes away with the test, and references to what is written in it.
pub struct Scratch(tempfile::TempDir);

impl Scratch {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &str {
        self.0.path().to_str().unwrap()
    }

    /// Writes a layout and returns its reference.
    pub fn layout(&self, name: &str, files: &Files) -> String {
        let path = format!("{}/{name}", self.path());
        files.write(&path);
        path
    }

    /// Writes a file and returns its path.
    pub fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = format!("{}/{name}", self.path());
        fs::write(&path, bytes).unwrap();
        path
    }
}
