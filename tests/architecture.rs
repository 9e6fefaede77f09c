//! `docs/architecture.md` is the map of the code, and this holds the code to it: the table says what may import what.

#![allow(clippy::disallowed_types, reason = "reads the source of the program, not an image")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

type Imports = BTreeMap<String, BTreeSet<String>>;

fn root(path: &str) -> String {
    format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))
}

/// The rows of the first table: each module and what it may import.
fn table() -> Imports {
    let map = fs::read_to_string(root("docs/architecture.md")).unwrap();
    let rows = map.lines().skip_while(|line| !line.starts_with("| module")).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<_> =
            row.trim_matches('|').split(" | ").map(|cell| cell.trim_matches(['|', ' '])).collect();
        (cells[0].to_owned(), cells[2].split_whitespace().map(str::to_owned).collect())
    })
    .collect()
}

/// Every file below a directory.
fn files(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path.to_str().unwrap().to_owned());
        }
    }
    found.sort();
    found
}

/// The module that a file of `src/` belongs to.
fn module(file: &str) -> String {
    let below = file.strip_prefix(&root("src/")).unwrap();
    let first = below.split('/').next().unwrap();
    first.strip_suffix(".rs").unwrap_or(first).to_owned()
}

/// The code of a file: no comments, and nothing from its tests on, which may look at anything.
fn code(file: &str) -> String {
    let text = fs::read_to_string(file).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap().to_owned();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The modules that code names by `crate::`, one by one or in braces.
fn imports(code: &str) -> BTreeSet<String> {
    let word = |text: &str| -> String {
        text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
    };
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
            continue; // another crate whose name ends so
        }
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(list) => found.extend(top_level(list).map(|name| word(name.trim()))),
            None => drop(found.insert(word(rest))),
        }
    }
    found.retain(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
    found
}

/// The parts of a list in braces, with whatever braces are in it left whole.
fn top_level(list: &str) -> impl Iterator<Item = &str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, character) in list.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => {
                parts.push(&list[start..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.into_iter()
}

#[test]
fn modules_import_what_the_map_allows() {
    let table = table();
    let mut wrong = Vec::new();
    for file in files(Path::new(&root("src"))) {
        let own = module(&file);
        // Only tests are in files of this name, and the front page names everything.
        if own == "lib" || file.ends_with("tests.rs") || file.ends_with("testing.rs") {
            continue;
        }
        let Some(allowed) = table.get(&own) else {
            wrong.push(format!("{file}: `{own}` is not in the table"));
            continue;
        };
        for import in imports(&code(&file)) {
            if import != own && !allowed.contains(&import) {
                wrong.push(format!("{file}: `{own}` imports `{import}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "not on the map, docs/architecture.md:\n{}", wrong.join("\n"));
}

#[test]
fn the_map_names_modules_that_there_are_and_does_not_go_round() {
    let table = table();
    assert!(table.len() > 15, "the table was read: {table:?}");
    let there: BTreeSet<_> = files(Path::new(&root("src"))).iter().map(|file| module(file)).collect();
    for (name, imports) in &table {
        for name in imports.iter().chain([name]) {
            assert!(there.contains(name), "{name} is in the table and not in src/");
        }
    }
    // Takes away what needs nothing that is left, until nothing is left.
    let mut left = table;
    while !left.is_empty() {
        let names: BTreeSet<_> = left.keys().cloned().collect();
        let before = left.len();
        left.retain(|_, imports| imports.iter().any(|import| names.contains(import)));
        assert!(left.len() < before, "these rows go round: {names:?}");
    }
}

/// The files and folders of a directory that declare a module, `mod.rs` aside.
fn declared(directory: &str) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(root(directory))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "mod.rs" && name != "testdata")
        .map(|name| name.strip_suffix(".rs").unwrap_or(&name).to_owned())
        .collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn every_file_is_part_of_the_program() {
    for file in files(Path::new(&root("src"))) {
        let (directory, name) = file.rsplit_once('/').unwrap();
        let name = name.strip_suffix(".rs").unwrap();
        if matches!(name, "mod" | "lib" | "main") {
            continue;
        }
        let (above, own) = directory.rsplit_once('/').unwrap();
        let parents =
            [format!("{directory}/mod.rs"), format!("{directory}/lib.rs"), format!("{above}/{own}.rs")];
        let is_declared = parents
            .iter()
            .filter_map(|parent| fs::read_to_string(parent).ok())
            .any(|text| text.contains(&format!("mod {name};")));
        assert!(is_declared, "{file} has no `mod {name};` and is no part of the program");
    }
}

#[test]
fn every_ecosystem_and_every_format_is_registered() {
    let owners = fs::read_to_string(root("src/owners/mod.rs")).unwrap();
    let register = owners.split("const ECOSYSTEMS").nth(1).unwrap().split(';').next().unwrap();
    let declarations = declared("src/owners").into_iter().map(|name| {
        let folder = root(&format!("src/owners/{name}/mod.rs"));
        let file = root(&format!("src/owners/{name}.rs"));
        let text = fs::read_to_string(file).or_else(|_| fs::read_to_string(folder)).unwrap_or_default();
        (name, text)
    });
    let mut found = 0;
    for (name, _) in declarations.filter(|(_, text)| text.contains("impl Ecosystem for")) {
        assert!(
            register.contains(&format!("{name}::")),
            "the ecosystem in src/owners/{name} is not in ECOSYSTEMS"
        );
        found += 1;
    }
    assert!(found >= 4, "only {found} ecosystems were found");

    let report = fs::read_to_string(root("src/report/mod.rs")).unwrap();
    for name in declared("src/report") {
        let is_help = matches!(name.as_str(), "grid" | "style" | "scene" | "audit" | "detail");
        assert!(
            is_help || report.contains(&format!("{name}::render")) || name == "rules",
            "src/report/{name} is no arm of render()"
        );
    }
}
