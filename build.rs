//! Tells the program which code reads layers, so that what it learned of them is never trusted by other code.

#![expect(clippy::disallowed_types, reason = "the source of the program, not an image")]

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::{env, fs, io};

/// What decides what is learned of a layer: how it is walked, and what the ecosystems want of it.
const READS_LAYERS: [&str; 5] =
    ["src/layer", "src/owners", "src/path.rs", "src/digest.rs", "rules/catalog/programs.toml"];

fn main() -> io::Result<()> {
    let mut hasher = DefaultHasher::new();
    env::var("CARGO_PKG_VERSION").unwrap_or_default().hash(&mut hasher);
    for place in READS_LAYERS {
        println!("cargo::rerun-if-changed={place}");
        hash(Path::new(place), &mut hasher)?;
    }
    println!("cargo::rustc-env=PLIMSOLL_LAYER_CODE={:016x}", hasher.finish());
    Ok(())
}

fn hash(place: &Path, hasher: &mut impl Hasher) -> io::Result<()> {
    if place.is_dir() {
        let mut inside: Vec<_> = fs::read_dir(place)?.collect::<Result<_, _>>()?;
        inside.sort_by_key(fs::DirEntry::file_name);
        return inside.iter().try_for_each(|entry| hash(&entry.path(), hasher));
    }
    place.hash(hasher);
    fs::read(place)?.hash(hasher);
    Ok(())
}
