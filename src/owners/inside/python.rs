//! Python's programs and distributions in one file: zipped eggs, PEX files and zipapps. Their bytes divide among the
//! distributions that are packed into them.
//!
//! - <https://setuptools.pypa.io/en/latest/deprecated/python_eggs.html>
//! - <https://docs.pex-tool.org/>: `PEX-INFO`, distributions below `.deps`, the tool's own code in `.bootstrap`.
//! - <https://docs.python.org/3/library/zipapp.html>; shiv packs distributions into `site-packages`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::shares::Shares;
use super::zip::{Member, members, ranges, text};
use crate::layer::{Content, FileFormat, Inside, InsideKind, PartKind};

/// As many directories of a member's path are looked at; a distribution's own is the third at most.
const DEEPEST: usize = 16;
/// As many distributions are told apart, and none whose path is longer.
const MOST: usize = 4096;
const LONGEST_NAME: usize = 1024;

/// Whether a file may be Python's, by its name and its first bytes. A PEX starts with the line that names its interpreter, and
/// is mostly called like the program that it is, without an extension.
pub fn is_python(name: &[u8], format: FileFormat, mode: u32) -> bool {
    match format {
        FileFormat::Zip => is_egg(name) || is_zipapp(name),
        FileFormat::Script => is_egg(name) || is_zipapp(name) || mode & 0o111 != 0 && !name.contains(&b'.'),
        _ => false,
    }
}

fn is_egg(name: &[u8]) -> bool {
    name.ends_with(b".egg")
}

fn is_zipapp(name: &[u8]) -> bool {
    [&b".pex"[..], b".pyz", b".pyzw"].iter().any(|end| name.ends_with(end))
}

/// Looks inside; `None` where the content is no zip, or none that Python could start or install.
pub fn read(path: &[u8], content: &dyn Content) -> Option<Inside> {
    let (members, list) = members(content)?;
    let member = |name: &str| members.iter().find(|member| member.name == name);
    let file = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let file = String::from_utf8_lossy(file);
    let mut inside = if is_egg(path) {
        let (name, version) = egg(&file, member("EGG-INFO/PKG-INFO").and_then(|info| text(content, info)))?;
        Inside { kind: InsideKind::Egg, name, version, ..Inside::default() }
    } else {
        member("__main__.py")?;
        let info = member("PEX-INFO").and_then(|info| text(content, info));
        let toolchain = info.map(|info| built_by(&info)).unwrap_or_default();
        let name = file.rsplit_once('.').map_or(&*file, |(stem, _)| stem).to_owned();
        Inside { kind: InsideKind::Zipapp, name, toolchain, ..Inside::default() }
    };
    let roots = distributions(&members);
    let mut shares = Shares::new(content.size());
    let bootstrap = shares.label(PartKind::Section, "pex itself", "");
    let own = shares.label(PartKind::Section, "own files", "");
    // One label for each distribution, however many members it has.
    let distributions: BTreeSet<_> = roots.values().collect();
    let labels: BTreeMap<_, _> = distributions
        .into_iter()
        .map(|named| (named, shares.label(PartKind::Module, &named.0, &named.1)))
        .collect();
    let of = |member: &Member| {
        let parts = member.name.match_indices('/').take(DEEPEST).map(|(at, _)| &member.name[..at]);
        // The longest directory that is a distribution's says whose it is.
        let found = parts.chain([&*member.name]).filter_map(|directory| roots.get(directory));
        found.fold(None, |_, longer| Some(longer))
    };
    let mut level = Vec::with_capacity(members.len());
    for (member, range) in members.iter().zip(ranges(&members, list.0)) {
        let is_pex = [".bootstrap/", "__pex__/"].iter().any(|start| member.name.starts_with(start))
            || !inside.toolchain.is_empty() && matches!(&*member.name, "__main__.py" | "PEX-INFO");
        let label = match of(member) {
            _ if is_pex => bootstrap,
            Some(named) => labels.get(named).copied().unwrap_or(own),
            None => own,
        };
        level.push((range, label));
    }
    shares.claim(level);
    let directory = shares.label(PartKind::Format, "zip directory", "");
    shares.claim(vec![(list.0..content.size(), directory)]);
    inside.parts = shares.into_parts("padding");
    inside.built_in = labels.into_keys().cloned().collect();
    Some(inside)
}

/// Name and version: by `PKG-INFO`, or else by the file's name, `NAME-VERSION-py3.11.egg`.
fn egg(file: &str, info: Option<String>) -> Option<(String, String)> {
    let info = info.unwrap_or_default();
    let headers = info.lines().take_while(|line| !line.trim().is_empty());
    let value = |key: &str| {
        headers.clone().find_map(|line| line.strip_prefix(key)).map(|value| value.trim().to_owned())
    };
    if let Some(name) = value("Name:").filter(|name| !name.is_empty()) {
        return Some((name, value("Version:").unwrap_or_default()));
    }
    let mut parts = file.strip_suffix(".egg")?.split('-');
    let name = parts.next().filter(|name| !name.is_empty())?;
    Some((name.to_owned(), parts.next().unwrap_or_default().to_owned()))
}

/// The version of pex that built a file.
fn built_by(info: &str) -> String {
    #[derive(Deserialize)]
    struct Info {
        build_properties: Build,
    }
    #[derive(Deserialize)]
    struct Build {
        #[serde(default)]
        pex_version: String,
    }
    let info: Option<Info> = serde_json::from_str(info).ok();
    format!("pex {}", info.map(|info| info.build_properties.pex_version).unwrap_or_default())
        .trim()
        .to_owned()
}

/// The directories and files that belong to distributions packed inside, with name and version: those beside a
/// `*.dist-info` that its name agrees with, or the whole directory where each distribution has its own.
fn distributions(members: &[Member]) -> BTreeMap<String, (String, String)> {
    let mut infos = BTreeMap::new();
    for member in members {
        let Some((above, _)) = member.name.split_once(".dist-info/") else { continue };
        let (site, stem) = above.rsplit_once('/').unwrap_or(("", above));
        if infos.len() == MOST || above.len() > LONGEST_NAME {
            continue;
        }
        // What setuptools and pip carry is theirs.
        if site.contains("_vendor") || site.starts_with(".bootstrap") {
            continue;
        }
        let Some((name, version)) = stem.split_once('-') else { continue };
        infos.insert((site.to_owned(), stem.to_owned()), (name.to_owned(), version.to_owned()));
    }
    let mut roots = BTreeMap::new();
    for ((site, stem), distribution) in &infos {
        if site.starts_with(".deps/") {
            roots.insert(site.clone(), distribution.clone());
            continue;
        }
        let at = |name: &str| if site.is_empty() { name.to_owned() } else { format!("{site}/{name}") };
        let module = distribution.0.replace('-', "_");
        for name in [format!("{stem}.dist-info"), format!("{module}.py"), format!("{module}.libs"), module] {
            roots.insert(at(&name), distribution.clone());
        }
    }
    roots
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEX: &[u8] = include_bytes!("../testdata/python/zipped/six.pex");
    const EGG: &[u8] = include_bytes!("../testdata/python/zipped/Tiny.Egg-1.2.3-py3.11.egg");
    const APP: &[u8] = include_bytes!("../testdata/python/zipped/app.pyz");

    fn parts(inside: &Inside) -> Vec<String> {
        inside.parts.iter().map(|part| format!("{} {}", part.name, part.version).trim().to_owned()).collect()
    }

    #[test]
    fn an_egg_says_what_it_is_and_else_its_name_does() {
        let inside = read(b"site-packages/Tiny.Egg-1.2.3-py3.11.egg", &EGG).unwrap();
        assert_eq!((inside.kind, &*inside.name, &*inside.version), (InsideKind::Egg, "Tiny.Egg", "1.2.3"));
        assert_eq!(inside.parts.iter().map(|part| part.bytes).sum::<u64>(), EGG.len() as u64);
        assert_eq!(egg("a_b-2.0-py3.8.egg", None), Some(("a_b".to_owned(), "2.0".to_owned())));
        assert_eq!(egg("-2.0.egg", None), None);
    }

    #[test]
    fn a_pex_divides_among_its_distributions() {
        let inside = read(b"usr/local/bin/six.pex", &PEX).unwrap();
        assert_eq!((inside.kind, &*inside.name), (InsideKind::Zipapp, "six"));
        assert_eq!(inside.toolchain, "pex 2.105.2");
        assert_eq!(inside.built_in, [("six".to_owned(), "1.16.0".to_owned())]);
        assert_eq!(inside.parts.iter().map(|part| part.bytes).sum::<u64>(), PEX.len() as u64);
        let parts = parts(&inside);
        for part in ["six 1.16.0", "pex itself", "zip directory"] {
            assert!(parts.iter().any(|found| found == part), "{part}: {parts:?}");
        }
    }

    #[test]
    fn a_zipapp_is_named_by_its_file_and_a_zip_without_a_main_is_none() {
        let inside = read(b"srv/app.pyz", &APP).unwrap();
        assert_eq!((inside.kind, &*inside.name, &*inside.toolchain), (InsideKind::Zipapp, "app", ""));
        assert!(read(b"srv/data", &EGG).is_none());
        // The record at the end has 22 bytes.
        for length in 0..APP.len() - 22 {
            assert!(read(b"srv/app.pyz", &&APP[..length]).is_none());
        }
    }

    #[test]
    fn scripts_are_looked_at_where_they_may_be_programs() {
        assert!(is_python(b"tool", FileFormat::Script, 0o755));
        assert!(!is_python(b"tool", FileFormat::Script, 0o644));
        assert!(!is_python(b"tool.sh", FileFormat::Script, 0o755));
        assert!(!is_python(b"data.zip", FileFormat::Zip, 0o755));
    }
}
