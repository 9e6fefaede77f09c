//! conda, mamba and pixi: `conda-meta/NAME-VERSION-BUILD.json` lists a package's files, relative to the environment that it is
//! in, with their sizes. <https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html>
//!
//! - The size of a link is that of what it leads to, and a text with the prefix in it changed its length: only sizes that
//!   agree say anything, as everywhere.
//! - It ranks as a system's: it brings interpreters and libraries, and what pip replaces of it is pip's.
//! - What pip installed into the environment is in no such list, and pip's; what is in both is conda's.
//! - `pkgs`, the cache, is hard-linked to the environments: an installed name wins.

use serde::Deserialize;

use super::{Claim, Ecosystem, Package, Rank};
use crate::error::Warning;
use crate::layer::Capture;
use crate::ledger::ChainView;

/// Whatever is in a conda environment.
pub struct Conda;

/// That of a Python with all of its standard library has 2 MB.
const LONGEST: u64 = 32 << 20;

impl Ecosystem for Conda {
    fn name(&self) -> &'static str {
        "conda"
    }

    fn wants(&self, path: &[u8], _size: u64) -> Capture {
        let mut components = path.rsplit(|byte| *byte == b'/');
        let is_record = components.next().is_some_and(|name| name.ends_with(b".json"));
        if is_record && components.next() == Some(b"conda-meta") {
            Capture::Whole(LONGEST)
        } else {
            Capture::Nothing
        }
    }

    fn packages(&self, view: &ChainView<'_>) -> (Vec<Package>, Vec<Warning>) {
        let tree = &view.ledger.tree;
        let (mut packages, mut warnings) = (Vec::new(), Vec::new());
        for (path, _, content) in view.captured() {
            let directory = tree.parent(path);
            if tree.name(directory) != b"conda-meta" || !tree.name(path).ends_with(b".json") {
                continue;
            }
            let record: Option<Record> = serde_json::from_slice(content).ok();
            let Some(record) = record.filter(|record| is_name(&record.name)) else {
                let message = format!("{} is not the JSON that it should be", tree.path(path));
                warnings.push(Warning::new("conda", message));
                continue;
            };
            let mut package = Package::new("conda", &record.name, &record.version, Rank::System);
            package.root = tree.parent(directory);
            package.evidence = Some(path);
            package.claims.push(Claim::listed(path));
            let listed = record.files.iter().map(|file| (file, None));
            let sized = record.paths_data.paths.iter().map(|file| (&file.path, file.size_in_bytes));
            for (file, size) in listed.chain(sized) {
                let found = view.locate_below(package.root, file.as_bytes());
                package.claims.extend(found.map(|path| Claim { size, ..Claim::listed(path) }));
            }
            packages.push(package);
        }
        (packages, warnings)
    }
}

#[derive(Deserialize)]
struct Record {
    name: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    files: Vec<String>,
    #[serde(default)]
    paths_data: PathsData,
}

#[derive(Default, Deserialize)]
struct PathsData {
    #[serde(default)]
    paths: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "_path")]
    path: String,
    size_in_bytes: Option<u64>,
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use crate::owners::testing::File::{Bytes, HardLink, Text};
    use crate::owners::testing::claimed;

    #[test]
    fn what_pip_installed_into_the_environment_is_pip_s_and_what_is_in_both_is_conda_s() {
        let numpy = r#"{"name": "numpy", "version": "1.26.4", "files": ["lib/python3.11/site-packages/numpy/core.so",
            "lib/python3.11/site-packages/numpy-1.26.4.dist-info/RECORD"],
            "paths_data": {"paths": [{"_path": "lib/python3.11/site-packages/numpy/core.so", "size_in_bytes": 90}]}}"#;
        let image = claimed(&[&[
            Bytes("opt/conda/pkgs/numpy-1.26.4-py311_0/lib/python3.11/site-packages/numpy/core.so", 90),
            Text("opt/conda/conda-meta/numpy-1.26.4-py311_0.json", numpy),
            Bytes("opt/conda/conda-meta/history", 9),
            HardLink(
                "opt/conda/lib/python3.11/site-packages/numpy/core.so",
                "opt/conda/pkgs/numpy-1.26.4-py311_0/lib/python3.11/site-packages/numpy/core.so",
            ),
            Text(
                "opt/conda/lib/python3.11/site-packages/numpy-1.26.4.dist-info/RECORD",
                "numpy/core.so,sha256=x,90\n",
            ),
            Text("opt/conda/lib/python3.11/site-packages/six-1.dist-info/RECORD", "six.py,,\n"),
            Bytes("opt/conda/lib/python3.11/site-packages/six.py", 9),
            Bytes("opt/conda/pkgs/cache/x.json", 9),
        ]]);
        assert_eq!(image.packages()[..1], ["conda:numpy 1.26.4"]);
        assert_eq!(image.owners("opt/conda/lib/python3.11/site-packages/numpy/core.so"), "conda:numpy");
        assert_eq!(
            image.owners("opt/conda/pkgs/numpy-1.26.4-py311_0/lib/python3.11/site-packages/numpy/core.so"),
            "conda:numpy"
        );
        assert_eq!(image.owners("opt/conda/lib/python3.11/site-packages/six.py"), "python:six");
        assert_eq!(image.owners("opt/conda/conda-meta/history"), "conda (database)");
        assert_eq!(image.owners("opt/conda/pkgs/cache/x.json"), "conda (cache)");
    }

    #[test]
    fn a_record_that_cannot_be_read_is_told() {
        let image = claimed(&[&[Text("c/conda-meta/x-1-0.json", r#"{"name": "#)]]);
        assert_eq!(image.warnings(), ["conda: /c/conda-meta/x-1-0.json is not the JSON that it should be"]);
    }
}
