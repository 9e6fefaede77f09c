//! .NET: `NAME.deps.json` lists the packages of an application, and the files that each brought beside it.
//! <https://github.com/dotnet/sdk/blob/main/documentation/specs/runtime-configuration-file.md>

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Claim, Ecosystem, Package, Rank};
use crate::error::Warning;
use crate::layer::Capture;
use crate::ledger::{ChainView, PathId};

/// Whatever NuGet brought into a published application.
pub struct DotNet;

const LONGEST: u64 = 32 << 20;

#[derive(Deserialize)]
struct Dependencies {
    #[serde(default)]
    targets: BTreeMap<String, BTreeMap<String, Target>>,
    #[serde(default)]
    libraries: BTreeMap<String, Library>,
}

#[derive(Deserialize)]
struct Target {
    #[serde(default)]
    runtime: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    native: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    resources: BTreeMap<String, serde_json::Value>,
    #[serde(default, rename = "runtimeTargets")]
    runtime_targets: BTreeMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct Library {
    #[serde(default, rename = "type")]
    kind: String,
}

impl Ecosystem for DotNet {
    fn name(&self) -> &'static str {
        "nuget"
    }

    fn wants(&self, path: &[u8], _size: u64) -> Capture {
        // Those of the runtime and of the toolchain name what is theirs, not what an application brought.
        let is_own = |word: &[u8]| {
            word.starts_with(b"Microsoft.NETCore.")
                || word.starts_with(b"Microsoft.AspNetCore.")
                || word == b"sdk"
        };
        if path.ends_with(b".deps.json") && !path.split(|byte| *byte == b'/').any(is_own) {
            Capture::Whole(LONGEST)
        } else {
            Capture::Nothing
        }
    }

    fn packages(&self, view: &ChainView<'_>) -> (Vec<Package>, Vec<Warning>) {
        let tree = &view.ledger.tree;
        let (mut packages, mut warnings) = (Vec::new(), Vec::new());
        for (path, _, content) in
            view.captured().filter(|(path, ..)| self.wants(&tree.bytes(*path), 0) != Capture::Nothing)
        {
            let Ok(dependencies) = serde_json::from_slice::<Dependencies>(content) else {
                let message = format!("{} is not the JSON that it should be", tree.path(path));
                warnings.push(Warning::new("nuget", message));
                continue;
            };
            let mut found: BTreeMap<&str, Package> = BTreeMap::new();
            for (key, target) in dependencies.targets.values().flatten() {
                // A project is the application itself.
                if dependencies.libraries.get(key).is_none_or(|library| library.kind != "package") {
                    continue;
                }
                let Some((name, version)) = key.split_once('/') else { continue };
                let package = found.entry(key).or_insert_with(|| {
                    let mut package = Package::new("nuget", name, version, Rank::Language);
                    package.root = tree.parent(path);
                    package.evidence = Some(path);
                    package
                });
                let files = [&target.runtime, &target.native, &target.resources, &target.runtime_targets];
                let files = files.into_iter().flat_map(BTreeMap::keys);
                package.claims.extend(
                    files.filter_map(|file| published(view, tree.parent(path), file)).map(Claim::listed),
                );
            }
            packages.extend(found.into_values());
        }
        (packages, warnings)
    }
}

/// Where a file of a package lies once it is published: its own path where that is kept (`runtimes/linux-x64/native/x.so`),
/// else beside the application, without the directories that NuGet has (`lib/net8.0/X.dll`), but with that of a language.
fn published(view: &ChainView<'_>, directory: PathId, file: &str) -> Option<PathId> {
    let mut words = file.rsplit('/');
    let name = words.next()?;
    let language = words.next().map(|language| format!("{language}/{name}")).unwrap_or_default();
    let places = [file, name, &language];
    places
        .into_iter()
        .filter_map(|place| view.locate_below(directory, place.as_bytes()))
        .find(|path| view.at(*path).is_some())
}

#[cfg(test)]
mod tests {
    use crate::owners::testing::File::{Bytes, Text};
    use crate::owners::testing::claimed_as;

    #[test]
    fn packages_own_what_they_brought_and_the_application_the_rest() {
        let json = r#"{"targets": {".NETCoreApp,Version=v8.0": {
            "App/1.0.0": {"dependencies": {"Serilog": "3.1.1"}, "runtime": {"App.dll": {}}},
            "Serilog/3.1.1": {"runtime": {"lib/net7.0/Serilog.dll": {"assemblyVersion": "2.0.0.0"}}},
            "SQLite/2.1.6": {"runtimeTargets": {"runtimes/linux-x64/native/libe_sqlite3.so": {"rid": "linux-x64"}}},
            "Text/1.0.0": {"resources": {"lib/net8.0/de/Text.resources.dll": {"locale": "de"}}}}},
            "libraries": {"App/1.0.0": {"type": "project"}, "Serilog/3.1.1": {"type": "package"},
            "SQLite/2.1.6": {"type": "package"}, "Text/1.0.0": {"type": "package"}}}"#;
        let image = claimed_as(&[(
            "COPY . /app",
            &[
                Text("app/App.deps.json", json),
                Bytes("app/App.dll", 9),
                Bytes("app/Serilog.dll", 9),
                Bytes("app/runtimes/linux-x64/native/libe_sqlite3.so", 9),
                Bytes("app/de/Text.resources.dll", 9),
                Text("other/x.deps.json", "{"),
            ],
        )]);
        assert_eq!(image.packages(), ["nuget:SQLite 2.1.6", "nuget:Serilog 3.1.1", "nuget:Text 1.0.0"]);
        assert_eq!(image.owners("app/Serilog.dll"), "nuget:Serilog");
        assert_eq!(image.owners("app/runtimes/linux-x64/native/libe_sqlite3.so"), "nuget:SQLite");
        assert_eq!(image.owners("app/de/Text.resources.dll"), "nuget:Text");
        assert_eq!(image.owners("app/App.dll"), "application");
        assert_eq!(image.warnings(), ["nuget: /other/x.deps.json is not the JSON that it should be"]);
    }
}
