//! Small images with installed distributions, written as text, and what an audit says of them.

use std::fmt::Write as _;

use plimsoll::analysis::{self, Options};
use plimsoll::audit::{self, Audit, Package};
use plimsoll::progress::Unwatched;
use plimsoll::reference::Reference;
use serde_json::json;

use crate::common::image::{Files, Pack, Scratch};

pub const SITE: &str = "usr/local/lib/python3.11/site-packages";

/// An image in the making.
#[derive(Default, Clone)]
pub struct World {
    files: Vec<(String, String)>,
    cmd: Vec<String>,
    healthcheck: Vec<String>,
    env: Vec<String>,
    pub options: audit::Options,
}

impl World {
    /// An application in `/app` that a command starts.
    pub fn new(main: &str) -> Self {
        Self::default().file("app/main.py", main).cmd(&["python", "main.py"])
    }

    pub fn healthcheck(mut self, test: &[&str]) -> Self {
        self.healthcheck = test.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    pub fn cmd(mut self, words: &[&str]) -> Self {
        self.cmd = words.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    pub fn env(mut self, variable: &str) -> Self {
        self.env.push(variable.to_owned());
        self
    }

    pub fn file(mut self, path: &str, text: &str) -> Self {
        self.files.push((path.to_owned(), text.to_owned()));
        self
    }

    pub fn requirements(self, text: &str) -> Self {
        self.file("app/requirements.txt", text)
    }

    /// An installed distribution: `name 1.0` and files below `site-packages`, each with its text. `METADATA` gets what
    /// `metadata` says besides name and version.
    pub fn dist(mut self, name: &str, metadata: &str, files: &[(&str, &str)]) -> Self {
        let info = format!("{}-1.0.dist-info", name.replace('-', "_"));
        let mut record =
            format!("{info}/METADATA,,\n{info}/RECORD,,\n{info}/INSTALLER,,\n{info}/entry_points.txt,,\n");
        for (path, text) in files {
            let _ = writeln!(record, "{path},,");
            self.files.push((format!("{SITE}/{path}"), (*text).to_owned()));
        }
        let text = format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{metadata}\n\nText.\n");
        self.files.push((format!("{SITE}/{info}/METADATA"), text));
        self.files.push((format!("{SITE}/{info}/RECORD"), record));
        self.files.push((format!("{SITE}/{info}/INSTALLER"), "pip\n".to_owned()));
        self
    }

    /// A distribution of one module of its own name.
    pub fn plain(self, name: &str) -> Self {
        let module = format!("{}.py", name.replace('-', "_"));
        self.dist(name, "", &[(&module, "x = 1\n")])
    }

    /// Writes `entry_points.txt` of a distribution.
    pub fn entry_points(self, name: &str, text: &str) -> Self {
        let path = format!("{SITE}/{}-1.0.dist-info/entry_points.txt", name.replace('-', "_"));
        self.file(&path, text)
    }

    /// Writes the image below a directory and returns its reference.
    pub fn write(&self, scratch: &Scratch) -> String {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, text) in &self.files {
            let mut header = tar::Header::new_ustar();
            header.set_size(text.len() as u64);
            header.set_mode(0o755);
            builder.append_data(&mut header, path, text.as_bytes()).unwrap();
        }
        let tar = builder.into_inner().unwrap();
        let config = json!({ "os": "linux", "architecture": "amd64", "config": { "Cmd": self.cmd, "Env": self.env, "WorkingDir": "/app", "Healthcheck": { "Test": self.healthcheck } } });
        let mut files = Files::default();
        let blob = Pack::Gzip.pack(&tar);
        let manifest = files.image(&[(tar, blob)], "application/vnd.oci.image.layer.v1.tar+gzip", &config);
        scratch.layout("image", &files.index(&[manifest]))
    }

    pub fn audit(&self) -> Audit {
        let scratch = Scratch::new();
        let reference = self.write(&scratch);
        let options = Options { audit: true, ..Options::default() };
        let analysis =
            analysis::analyze(&Reference::parse(&reference).unwrap(), &options, &Unwatched).unwrap();
        let one = &analysis.platforms[0];
        audit::audit(&one.image, &one.ledger, &one.ownership, &self.options)
    }

    /// `verdict confidence` of a package, or what is wrong.
    pub fn verdict(&self, name: &str) -> String {
        let audit = self.audit();
        let one = find(&audit, name);
        format!("{} {}", one.verdict.id(), one.confidence.id())
    }
}

pub fn find<'a>(audit: &'a Audit, name: &str) -> &'a Package {
    let names: Vec<_> = audit.packages.iter().map(|package| package.name.clone()).collect();
    audit
        .packages
        .iter()
        .find(|package| package.name == name)
        .unwrap_or_else(|| panic!("no {name} in {names:?}"))
}
