//! What a project declares: requirements files, pyproject.toml of every dialect, Pipfile, setup.cfg. Each declaration
//! remembers its lines, so that a fix can take them out and leave everything else as it is.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use toml::{Table, Value};

use super::python::distribution::{Requirement, normalise};

/// A file that declares requirements.
#[derive(Debug, Clone, Default)]
pub struct Manifest {
    /// Its path, in the image or on the host.
    pub path: String,
    /// Its text.
    pub text: String,
    /// What it declares.
    pub declared: Vec<Declared>,
    /// Other files that it includes: `-r base.txt`. Relative to its directory.
    pub includes: Vec<String>,
    /// Files that only constrain versions: `-c constraints.txt`.
    pub constraints: Vec<String>,
}

/// One declared requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// The normalised name.
    pub name: String,
    /// The extras that are asked for.
    pub extras: Vec<String>,
    /// The parsed requirement, where it is one of PEP 508; its markers decide whether it holds here.
    pub requirement: Option<Requirement>,
    /// As written, without comment and hashes.
    pub text: String,
    /// The group: `dev`, an extra's name; `None` for what is always installed.
    pub group: Option<String>,
    /// The lines of the file, from 1.
    pub lines: RangeInclusive<usize>,
}

/// Whether a file declares requirements, by its path.
pub fn is_manifest(path: &[u8]) -> bool {
    let mut words = path.rsplit(|byte| *byte == b'/');
    let name = words.next().unwrap_or_default();
    let directory = words.next().unwrap_or_default();
    let is_text = name.ends_with(b".txt") || name.ends_with(b".in");
    matches!(name, b"pyproject.toml" | b"Pipfile" | b"setup.cfg")
        || is_text
            && (name.starts_with(b"requirements")
                || name.starts_with(b"constraints")
                || directory == b"requirements")
}

/// Reads a manifest by its name.
pub fn read(path: &str, text: &str) -> Manifest {
    let mut manifest = Manifest { path: path.to_owned(), text: text.to_owned(), ..Manifest::default() };
    match path.rsplit('/').next().unwrap_or(path) {
        "pyproject.toml" => pyproject(&mut manifest),
        "Pipfile" => pipfile(&mut manifest),
        "setup.cfg" => setup_cfg(&mut manifest),
        name if name.strip_suffix(".toml").is_some() => pyproject(&mut manifest),
        _ => requirements(&mut manifest),
    }
    manifest
}

/// <https://pip.pypa.io/en/stable/reference/requirements-file-format/>
fn requirements(manifest: &mut Manifest) {
    let text = std::mem::take(&mut manifest.text);
    let mut lines = text.lines().enumerate().peekable();
    while let Some((first, line)) = lines.next() {
        let (mut logical, mut last) = (String::new(), first);
        let mut line = line;
        // A comment line inside a continued one ends nothing.
        while let Some(start) = line.strip_suffix('\\') {
            logical.push_str(start);
            let Some((number, next)) = lines.next() else { break };
            (line, last) = (next, number);
        }
        logical.push_str(line);
        let content = without_comment(&logical).trim();
        if content.is_empty() {
            continue;
        }
        let option = |short: &str, long: &str| {
            let rest = content.strip_prefix(long).or_else(|| content.strip_prefix(short))?;
            Some(rest.trim_start_matches(['=', ' ']).trim().to_owned())
        };
        if let Some(file) = option("-r", "--requirement") {
            manifest.includes.push(file);
        } else if let Some(file) = option("-c", "--constraint") {
            manifest.constraints.push(file);
        } else {
            let editable = option("-e", "--editable");
            if editable.is_none() && content.starts_with('-') {
                continue;
            }
            let content = editable.as_deref().unwrap_or(content);
            let declaration = content.split(" --").next().unwrap_or(content).trim();
            if let Some(declared) = declared(declaration, None, first + 1..=last + 1) {
                manifest.declared.push(declared);
            }
        }
    }
    manifest.text = text;
}

/// A comment starts at the line's start or after a blank.
fn without_comment(line: &str) -> &str {
    let mut before = ' ';
    for (at, character) in line.char_indices() {
        if character == '#' && before.is_whitespace() {
            return &line[..at];
        }
        before = character;
    }
    line
}

/// A requirement of PEP 508, or an address that names its egg.
fn declared(text: &str, group: Option<&str>, lines: RangeInclusive<usize>) -> Option<Declared> {
    let group = group.map(ToOwned::to_owned);
    if let Some(requirement) = Requirement::parse(text) {
        let (name, extras) = (requirement.name.clone(), requirement.extras.clone());
        return Some(Declared {
            name,
            extras,
            requirement: Some(requirement),
            text: text.to_owned(),
            group,
            lines,
        });
    }
    let (_, name) = text.split_once("#egg=")?;
    let name = name.split(['&', '[']).next().unwrap_or(name);
    let (name, extras) = (normalise(name), Vec::new());
    Some(Declared { name, extras, requirement: None, text: text.to_owned(), group, lines })
}

/// PEP 621, PEP 735, Poetry, PDM and uv.
fn pyproject(manifest: &mut Manifest) {
    let Ok(table) = manifest.text.parse::<Table>() else { return };
    let at = |path: &[&str]| {
        path.iter()
            .try_fold(None, |found: Option<&Value>, key| {
                Some(Some(found.map_or_else(|| table.get(*key), |value| value.get(*key))?))
            })
            .flatten()
    };
    let mut found = Vec::new();
    let mut used = BTreeSet::new();
    let text = &manifest.text;
    let mut strings = |found: &mut Vec<Declared>, value: Option<&Value>, group: Option<&str>| {
        for item in value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            let line = line_of(text, &mut used, |line| {
                line.contains(&format!("\"{item}\"")) || line.contains(&format!("'{item}'"))
            });
            found.extend(declared(item, group, line..=line));
        }
    };
    strings(&mut found, at(&["project", "dependencies"]), None);
    let groups = [
        &["project", "optional-dependencies"][..],
        &["dependency-groups"],
        &["tool", "pdm", "dev-dependencies"],
    ];
    for (name, value) in groups.iter().filter_map(|path| at(path)?.as_table()).flatten() {
        strings(&mut found, Some(value), Some(name));
    }
    strings(&mut found, at(&["tool", "uv", "dev-dependencies"]), Some("dev"));
    poetry(&mut found, at(&["tool", "poetry", "dependencies"]), None, text);
    poetry(&mut found, at(&["tool", "poetry", "dev-dependencies"]), Some("dev"), text);
    for (name, group) in at(&["tool", "poetry", "group"]).and_then(Value::as_table).into_iter().flatten() {
        poetry(&mut found, group.get("dependencies"), Some(name), text);
    }
    found.sort_by_key(|declared| *declared.lines.start());
    manifest.declared = found;
}

fn pipfile(manifest: &mut Manifest) {
    let Ok(table) = manifest.text.parse::<Table>() else { return };
    let mut found = Vec::new();
    poetry(&mut found, table.get("packages"), None, &manifest.text);
    poetry(&mut found, table.get("dev-packages"), Some("dev"), &manifest.text);
    manifest.declared = found;
}

/// A table of names, each with a version or a table of what is asked for.
fn poetry(found: &mut Vec<Declared>, value: Option<&Value>, group: Option<&str>, text: &str) {
    for (name, value) in value.and_then(Value::as_table).into_iter().flatten() {
        if name == "python" {
            continue;
        }
        let is_key = |line: &str| {
            let key = line.split('=').next().unwrap_or(line).trim().trim_matches('"');
            line.contains('=') && key == name
        };
        let Some(line) = text.lines().position(is_key).map(|line| line + 1) else { continue };
        let extras = value.get("extras").and_then(Value::as_array).into_iter().flatten();
        let extras = extras.filter_map(Value::as_str).map(normalise).collect();
        let optional = value.get("optional").and_then(Value::as_bool).unwrap_or(false);
        found.push(Declared {
            name: normalise(name),
            extras,
            requirement: None,
            text: name.clone(),
            group: group.map(ToOwned::to_owned).or_else(|| optional.then(|| "optional".to_owned())),
            lines: line..=line,
        });
    }
}

/// `install_requires` and `extras_require` of `[options]`: one requirement an indented line.
fn setup_cfg(manifest: &mut Manifest) {
    let (mut section, mut key, mut found) = (String::new(), String::new(), Vec::new());
    for (number, line) in manifest.text.lines().enumerate() {
        if let Some(name) = line.trim().strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            (section, key) = (name.to_owned(), String::new());
            continue;
        }
        let mut item = line.trim();
        if !line.starts_with([' ', '\t'])
            && let Some((name, value)) = line.split_once('=')
        {
            name.trim().clone_into(&mut key);
            item = value.trim();
        }
        let group = match (section.as_str(), key.as_str()) {
            ("options", "install_requires") => None,
            ("options.extras_require", extra) => Some(extra),
            _ => continue,
        };
        if !item.is_empty() && !item.starts_with('#') {
            found.extend(declared(item, group, number + 1..=number + 1));
        }
    }
    manifest.declared = found;
}

/// The first line, not yet used, that fits; 0 where none does.
fn line_of(text: &str, used: &mut BTreeSet<usize>, fits: impl Fn(&str) -> bool) -> usize {
    let mut lines = text.lines().enumerate();
    let found = lines.find(|(number, line)| !used.contains(number) && fits(line));
    found.map_or(0, |(number, _)| {
        // Several requirements may stand on one line.
        number + 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &str, text: &str) -> Vec<String> {
        let manifest = read(path, text);
        manifest
            .declared
            .iter()
            .map(|one| {
                let extras =
                    if one.extras.is_empty() { String::new() } else { format!("[{}]", one.extras.join(",")) };
                let group = one.group.as_ref().map(|group| format!(" ({group})")).unwrap_or_default();
                format!("{}{extras}{group} {}-{}", one.name, one.lines.start(), one.lines.end())
            })
            .collect()
    }

    #[test]
    fn requirements_files_with_everything_that_pip_takes() {
        let text = "\
# a comment
-r base.txt
--requirement=other.txt
-c constraints.txt
--index-url https://example.org/simple
Foo_Bar[x,Y]==1.0 ; python_version > '3' # why
baz==2 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
plugin @ file:///build/plugin
-e git+https://example.org/r.git#egg=Tool.Kit
";
        assert_eq!(
            names("requirements.txt", text),
            ["foo-bar[x,y] 6-6", "baz 7-9", "plugin 10-10", "tool-kit 11-11"]
        );
        let manifest = read("requirements.txt", text);
        assert_eq!(manifest.includes, ["base.txt", "other.txt"]);
        assert_eq!(manifest.constraints, ["constraints.txt"]);
    }

    #[test]
    fn pyproject_in_every_dialect() {
        let text = "\
[project]
dependencies = [
    \"fastapi>=0.1\", # web
    'uvicorn[standard]',
]
[project.optional-dependencies]
plot = [\"matplotlib\"]
[dependency-groups]
dev = [\"pytest\", {include-group = \"plot\"}]
[tool.uv]
dev-dependencies = [\"ruff\"]
[tool.poetry.dependencies]
python = \"^3.11\"
Django = \"^4\"
celery = { version = \"*\", extras = [\"redis\"] }
[tool.poetry.group.test.dependencies]
tox = \"*\"
";
        assert_eq!(
            names("pyproject.toml", text),
            [
                "fastapi 3-3",
                "uvicorn[standard] 4-4",
                "matplotlib (plot) 7-7",
                "pytest (dev) 9-9",
                "ruff (dev) 11-11",
                "django 14-14",
                "celery[redis] 15-15",
                "tox (test) 17-17",
            ]
        );
    }

    #[test]
    fn pipfile_and_setup_cfg() {
        let pipfile = "[packages]\nrequests = \"*\"\n[dev-packages]\npytest = \"*\"\n";
        assert_eq!(names("Pipfile", pipfile), ["requests 2-2", "pytest (dev) 4-4"]);
        let setup = "[options]\ninstall_requires =\n    a>=1\n    b; python_version>'3'\n[options.extras_require]\nx =\n  c\n";
        assert_eq!(names("setup.cfg", setup), ["a 3-3", "b 4-4", "c (x) 7-7"]);
    }
}
