//! Rust binaries: the crates that cargo-auditable writes into them, and how many bytes each takes where symbols tell.
//! Format: <https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md>

use std::collections::BTreeMap;
use std::io::Read;

use serde::Deserialize;

use super::elf::Elf;
use super::mangled::crate_of;
use super::shares::{Label, Shares};
use crate::layer::{Inside, InsideKind, PartKind};

/// The longest list that is believed once it is inflated, in bytes: a list of a thousand crates takes 100 kB.
const LONGEST: u64 = 8 << 20;
/// The crates that come with the compiler.
const STANDARD_LIBRARY: [&str; 5] = ["std", "core", "alloc", "proc_macro", "test"];

/// The list, as far as it matters here.
#[derive(Deserialize)]
struct Dependencies {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    /// `build` where it only ran while the binary was built.
    #[serde(default)]
    kind: String,
    #[serde(default)]
    root: bool,
}

/// Reads the list of crates, and divides the code by symbols; `None` where there is no list and no Rust symbol.
pub fn read(elf: &Elf<'_>, shares: &mut Shares) -> Option<Inside> {
    let packages = list(elf);
    let mut versions: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for package in packages.iter().flatten() {
        versions.entry(package.name.replace('-', "_")).or_default().push(&package.version);
    }
    let mut labels: BTreeMap<String, Label> = BTreeMap::new();
    let mut level = Vec::new();
    let _ = elf.symbols(|symbol| {
        let (Some(start), Some(name)) = (elf.offset(symbol.address), crate_of(symbol.name)) else { return };
        let name = if STANDARD_LIBRARY.contains(&name) { "std" } else { name };
        let label = *labels.entry(name.to_owned()).or_insert_with(|| {
            // Two versions of a crate have one name in symbols.
            let version = versions.get(name).map(|all| all.join(", ")).unwrap_or_default();
            shares.label(PartKind::Module, name, &version)
        });
        level.push((start..start.saturating_add(symbol.size), label));
    });
    // A C program may have a symbol that looks like Rust's; one that is linked to Rust's standard library is Rust's.
    if packages.is_none() && !labels.contains_key("std") {
        return None;
    }
    shares.claim(level);
    let packages = packages.unwrap_or_default();
    let root = packages.iter().find(|package| package.root);
    let mut built_in: Vec<_> = packages
        .iter()
        .filter(|package| package.kind != "build" && !package.root)
        .map(|package| (package.name.clone(), package.version.clone()))
        .collect();
    built_in.sort();
    Some(Inside {
        kind: InsideKind::Rust,
        name: root.map(|root| root.name.clone()).unwrap_or_default(),
        version: root.map(|root| root.version.clone()).unwrap_or_default(),
        toolchain: compiler(elf).unwrap_or_default(),
        built_in,
        ..Inside::default()
    })
}

fn list(elf: &Elf<'_>) -> Option<Vec<Package>> {
    let data = elf.data(elf.named(".dep-v0")?)?;
    let mut text = Vec::new();
    flate2::read::ZlibDecoder::new(&*data).take(LONGEST).read_to_end(&mut text).ok()?;
    Some(serde_json::from_slice::<Dependencies>(&text).ok()?.packages)
}

/// `rustc 1.95.0`, of the texts that compilers and linkers leave in `.comment`.
fn compiler(elf: &Elf<'_>) -> Option<String> {
    let data = elf.data(elf.named(".comment")?)?;
    let texts = String::from_utf8_lossy(data.get(..data.len().min(4096))?).into_owned();
    let text = texts.split('\0').find(|text| text.starts_with("rustc"))?;
    Some(text.replace("rustc version", "rustc").split(' ').take(2).collect::<Vec<_>>().join(" "))
}
