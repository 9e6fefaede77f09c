//! An installed distribution: what its metadata require and register.
//! <https://packaging.python.org/en/latest/specifications/core-metadata/>

use std::str::FromStr;

use pep508_rs::VerbatimUrl;

use crate::ledger::{ChainView, OwnerId, PathId};
use crate::owners::Ownership;

/// An installed distribution.
#[derive(Debug, Clone)]
pub struct Distribution {
    /// The normalised name.
    pub name: String,
    /// The version.
    pub version: String,
    /// Its `*.dist-info` or `*.egg-info`.
    pub info: PathId,
    /// The directory that it is installed in.
    pub site: PathId,
    /// Who owns its files in the ledger.
    pub owner: OwnerId,
    /// What it requires, markers not yet evaluated.
    pub requires: Vec<Requirement>,
    /// The extras that it offers.
    pub extras: Vec<String>,
    /// What it registers.
    pub entry_points: Vec<EntryPoint>,
    /// Whether somebody asked for it by name. Only pip tells: uv marks everything.
    pub requested: bool,
}

/// One requirement, of a distribution or of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The normalised name.
    pub name: String,
    /// The extras that it asks for, normalised.
    pub extras: Vec<String>,
    /// As written.
    pub text: String,
    /// Version, markers and all.
    pub parsed: pep508_rs::Requirement<VerbatimUrl>,
}

impl Requirement {
    /// Parses a line of PEP 508; `None` where it is none, or more than anybody writes.
    pub fn parse(text: &str) -> Option<Self> {
        if !is_sound(text) {
            return None;
        }
        let parsed = pep508_rs::Requirement::from_str(text).ok()?;
        Some(Self {
            name: parsed.name.to_string(),
            extras: parsed.extras.iter().map(ToString::to_string).collect(),
            text: text.to_owned(),
            parsed,
        })
    }

    /// The versions that it allows, as written; empty where it allows all.
    pub fn versions(&self) -> String {
        match &self.parsed.version_or_url {
            Some(pep508_rs::VersionOrUrl::VersionSpecifier(versions)) => versions.to_string(),
            _ => String::new(),
        }
    }

    /// Whether it holds a version back: `<3`, `==1.2`, `~=1.4`.
    pub fn holds_back(&self) -> bool {
        self.versions().split(',').any(|part| {
            let part = part.trim();
            part.starts_with('<') || part.starts_with("==") || part.starts_with("~=")
        })
    }
}

/// The longest requirement that is read.
const LONGEST: usize = 4096;
/// The most characters of comparisons in it: `>=` has two.
const MOST: usize = 96;
/// How deep its brackets may nest.
const DEEPEST: usize = 32;

/// Whether the parser can be trusted with a requirement. It panics where a name ends in a dash, recurses as deep as brackets
/// nest, and turns markers into a diagram whose size is, at worst, the product of what they ask for.
fn is_sound(text: &str) -> bool {
    let is_of_name = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let start = text.trim_start();
    let (name, rest) = start.split_at(start.find(|character| !is_of_name(character)).unwrap_or(start.len()));
    let extras = rest.trim_start().strip_prefix('[').and_then(|rest| rest.split(']').next());
    let mut names = extras.unwrap_or_default().split(|character| !is_of_name(character)).chain([name]);
    let comparisons =
        text.bytes().filter(|byte| b"<>=".contains(byte)).count() + text.matches(" in ").count();
    text.len() <= LONGEST
        && comparisons <= MOST
        && text.bytes().filter(|byte| *byte == b'(').count() <= DEEPEST
        && names.all(|name| !name.ends_with(['-', '_', '.']))
}

/// One line of `entry_points.txt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryPoint {
    /// The group: `console_scripts`, `qiskit.transpiler.translation`.
    pub group: String,
    /// Its name in the group.
    pub name: String,
    /// The module that is loaded for it.
    pub module: String,
}

/// A name as package indexes normalise it.
pub fn normalise(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for character in name.trim().chars() {
        match character {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            other => normal.extend(other.to_lowercase()),
        }
    }
    normal
}

/// All distributions that the image owns, sorted by name.
pub fn installed(view: &ChainView<'_>, ownership: &Ownership) -> Vec<Distribution> {
    let tree = &view.ledger.tree;
    let mut distributions = Vec::new();
    for package in ownership.packages.iter().filter(|package| package.ecosystem == "python") {
        let Some(evidence) = package.evidence else { continue };
        let is_info = |name: &[u8]| {
            name.ends_with(b".dist-info") || name.ends_with(b".egg-info") || name == b"EGG-INFO"
        };
        let info = if is_info(tree.name(evidence)) { evidence } else { tree.parent(evidence) };
        if !is_info(tree.name(info)) {
            continue;
        }
        let text = |name: &str| {
            let content = view.content(tree.child(info, name.as_bytes())?)?;
            Some(String::from_utf8_lossy(content).into_owned())
        };
        let metadata = text("METADATA").or_else(|| text("PKG-INFO"));
        let metadata = metadata
            .or_else(|| view.content(info).map(|content| String::from_utf8_lossy(content).into_owned()))
            .unwrap_or_default();
        let by_pip = text("INSTALLER").is_some_and(|installer| installer.trim() == "pip");
        let requested = tree.child(info, b"REQUESTED").is_some_and(|path| view.at(path).is_some());
        distributions.push(Distribution {
            name: package.name.clone(),
            version: package.version.clone(),
            info,
            site: package.root,
            owner: package.owner,
            requires: fields(&metadata, "requires-dist").filter_map(Requirement::parse).collect(),
            extras: fields(&metadata, "provides-extra").map(normalise).collect(),
            entry_points: entry_points(&text("entry_points.txt").unwrap_or_default()),
            // ensurepip asks for these in every interpreter that it equips; no project does.
            requested: by_pip
                && requested
                && !matches!(package.name.as_str(), "pip" | "setuptools" | "wheel"),
        });
    }
    distributions.sort_by(|one, other| {
        (&one.name, &one.version, one.info).cmp(&(&other.name, &other.version, other.info))
    });
    distributions
}

/// The values of a header field; the headers end at the first empty line.
fn fields<'t>(metadata: &'t str, field: &'static str) -> impl Iterator<Item = &'t str> {
    // A line of blanks belongs to a licence that somebody wrote into the headers.
    metadata.lines().take_while(|line| !line.is_empty()).filter_map(move |line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case(field).then(|| value.trim())
    })
}

/// Reads `entry_points.txt`.
fn entry_points(text: &str) -> Vec<EntryPoint> {
    let mut group = String::new();
    let mut points = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';'])) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            name.trim().clone_into(&mut group);
        } else if let Some((name, object)) = line.split_once('=') {
            let object = object.split('[').next().unwrap_or(object);
            let module = object.split(':').next().unwrap_or(object).trim();
            points.push(EntryPoint {
                group: group.clone(),
                name: name.trim().to_owned(),
                module: module.to_owned(),
            });
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::python::Environment;
    use crate::image::Platform;

    #[test]
    fn names_are_normalised() {
        assert_eq!(normalise("Foo._-Bar"), "foo-bar");
        assert_eq!(normalise("ruamel.yaml.clib"), "ruamel-yaml-clib");
    }

    #[test]
    fn a_licence_among_the_headers_does_not_end_them() {
        let metadata =
            "Name: a\nLicense: BSD\n        \n        Copyright\nRequires-Dist: b\n\nRequires-Dist: text\n";
        assert_eq!(fields(metadata, "requires-dist").collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn a_file_of_entry_points_is_read() {
        let points = entry_points("[console_scripts]\nf2py = numpy.f2py:main\n# no\n[a.b]\nx=y.z [extra]\n");
        assert_eq!(points.len(), 2);
        assert_eq!((points[0].module.as_str(), points[1].group.as_str()), ("numpy.f2py", "a.b"));
        assert_eq!(points[1].module, "y.z");
    }

    #[test]
    fn markers_and_extras_decide_what_is_required() {
        let environment = Environment::new(Some((3, 11)), &Platform::new("linux", "amd64", ""));
        let applies = |text: &str, extras: &[&str]| {
            let extras: Vec<_> = extras.iter().map(|extra| (*extra).to_owned()).collect();
            environment.applies(&Requirement::parse(text).unwrap(), &extras)
        };
        assert!(applies("a>=1", &[]));
        assert!(!applies("tomli; python_version < '3.11'", &[]));
        assert!(!applies("colorama; sys_platform == 'win32'", &[]));
        assert!(applies("x; platform_machine == 'x86_64'", &[]));
        assert!(!applies("uvloop>=0.14; extra == 'standard'", &[]));
        assert!(applies("uvloop>=0.14; extra == 'standard' and sys_platform != 'win32'", &["standard"]));
        assert!(Requirement::parse("a @ file:///build/a").is_some_and(|parsed| parsed.name == "a"));
        assert!(Requirement::parse("python-dateutil<3.0.0,>=2.8").unwrap().holds_back());
        assert!(!Requirement::parse("python-dateutil>=2.8").unwrap().holds_back());
    }
}
