//! The rules built into the program, and those of a user beside or instead of them.

use super::rule::Rule;
use super::schema;
use crate::error::{Error, Result};

/// Names the rules once, and embeds their files.
macro_rules! embedded {
    ($($id:literal)*) => {
        &[$(($id, include_str!(concat!("../../rules/", $id, ".toml")))),*]
    };
}

/// (id, text) of every file in `rules/`, by id; a test holds the list against the directory.
pub const EMBEDDED: &[(&str, &str)] = embedded! {
    "apk-cache"
    "apt-archives"
    "apt-lists"
    "base-copy-up"
    "build-tools"
    "bundled-tests"
    "cargo-registry"
    "composer-cache"
    "conda-packages"
    "copied-wheels"
    "copy-up"
    "deleted-later"
    "docs-man-locale"
    "duplicate-files"
    "extension-sources"
    "gem-cache"
    "go-caches"
    "headers-and-static-libraries"
    "installer-leftovers"
    "interpreter-extras"
    "logs-and-temp"
    "maven-and-gradle-caches"
    "npm-cache"
    "npm-in-runtime"
    "overwritten-later"
    "pip-cache"
    "pip-in-runtime"
    "pnpm-store"
    "poetry-and-pipenv-caches"
    "python-bytecode"
    "rpm-package-caches"
    "uv-cache"
    "vcs-and-build-context"
    "yarn-cache"
};

/// The rules built into the program, by id, with those of `extra`, pairs of a file's name and its text, in place of or
/// beside them: a file overrides the rule whose id is its name. Of two files with one id the later counts.
///
/// A file that is wrong is an error of kind `Config` with file, line and column.
pub fn load(extra: &[(String, String)]) -> Result<Vec<Rule>> {
    let mut rules = Vec::with_capacity(EMBEDDED.len() + extra.len());
    for (id, text) in EMBEDDED {
        rules.push(parse(&format!("rules/{id}.toml"), text)?);
    }
    for (file, text) in extra {
        let rule = parse(file, text)?;
        rules.retain(|known: &Rule| known.id != rule.id);
        rules.push(rule);
    }
    rules.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    Ok(rules)
}

/// The rule of an id, or of an id that it once had.
pub fn by_id<'a>(rules: &'a [Rule], id: &str) -> Option<&'a Rule> {
    let former = |rule: &&Rule| rule.aliases.iter().any(|alias| alias == id);
    rules.iter().find(|rule| rule.id == id).or_else(|| rules.iter().find(former))
}

/// Reads one rule; `file` may have directories before its name.
pub fn parse(file: &str, text: &str) -> Result<Rule> {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let Some(id) = name.strip_suffix(".toml") else {
        return Err(Error::config(format!("{file}: a rule file is named ID.toml")));
    };
    schema::parse(id, text).map_err(|(span, message)| {
        let (line, column) = position(text, span.start);
        Error::config(format!("{file}:{line}:{column}: {message}"))
            .hint("compare it with a rule that works: `plimsoll rules apt-lists`")
    })
}

/// Line and column of a byte, both from 1; the column counts characters.
fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::advice::{page, test};
    use crate::error::ErrorKind;

    #[test]
    fn every_file_in_rules_is_embedded() {
        let files: BTreeSet<_> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/rules"))
            .unwrap()
            .filter_map(|file| {
                file.unwrap().file_name().into_string().unwrap().strip_suffix(".toml").map(str::to_owned)
            })
            .collect();
        let embedded: Vec<_> = EMBEDDED.iter().map(|(id, _)| (*id).to_owned()).collect();
        assert_eq!(
            embedded,
            files.into_iter().collect::<Vec<_>>(),
            "name each rule in src/advice/load.rs, by id"
        );
    }

    #[test]
    fn every_rule_does_what_its_tests_say() {
        let failed: Vec<_> =
            test(&load(&[]).unwrap()).into_iter().filter(|outcome| !outcome.passed()).collect();
        assert!(failed.is_empty(), "{failed:#?}");
    }

    #[test]
    fn ids_and_former_ids_are_all_different() {
        let rules = load(&[]).unwrap();
        let mut seen = BTreeSet::new();
        for id in rules.iter().flat_map(|rule| std::iter::once(&rule.id).chain(&rule.aliases)) {
            assert!(seen.insert(id.clone()), "{id} names two rules");
        }
    }

    /// `PLIMSOLL_BLESS=1 cargo test` writes the pages anew.
    #[test]
    fn every_rule_has_its_page() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rules");
        let rules = load(&[]).unwrap();
        let bless = std::env::var_os("PLIMSOLL_BLESS").is_some();
        for rule in &rules {
            let file = format!("{directory}/{}.md", rule.id);
            if bless {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "a generated page of the project, not of an image"
                )]
                std::fs::write(&file, page(rule)).unwrap();
            }
            let written = std::fs::read_to_string(&file).unwrap_or_default();
            assert_eq!(written, page(rule), "{file} is not what PLIMSOLL_BLESS=1 cargo test would write");
        }
        for file in std::fs::read_dir(directory).unwrap() {
            let file = file.unwrap().file_name().into_string().unwrap();
            let id = file.trim_end_matches(".md");
            assert!(rules.iter().any(|rule| rule.id == id), "docs/rules/{file} is the page of no rule");
        }
    }

    fn apt_lists(with: &[(&str, &str)]) -> (String, String) {
        let (_, text) = EMBEDDED.iter().find(|(id, _)| *id == "apt-lists").unwrap();
        let text = with.iter().fold((*text).to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        });
        ("more/apt-lists.toml".to_owned(), text)
    }

    #[test]
    fn a_file_overrides_the_rule_of_its_name_and_adds_another() {
        let mine = apt_lists(&[("Package lists of apt-get update", "Mine")]);
        let other = ("house-rule.toml".to_owned(), mine.1.clone());
        let rules = load(&[mine, other]).unwrap();
        assert_eq!(rules.len(), EMBEDDED.len() + 1);
        assert_eq!(by_id(&rules, "apt-lists").unwrap().title, "Mine");
        assert!(by_id(&rules, "house-rule").is_some() && by_id(&rules, "nonsense").is_none());
    }

    #[test]
    fn a_wrong_file_is_named_with_line_column_and_what_would_be_right() {
        type Edits = &'static [(&'static str, &'static str)];
        let cases: [(Edits, &str, &str); 16] = [
            (
                &[("paths    =", "pths     =")],
                ":12:1: ",
                "unknown field `pths`, expected one of `paths`, `except`",
            ),
            (&[("\"live\"", "\"alive\"")], ":13:13: ", "unknown variant `alive`, expected one of `live`"),
            (&[("\"safe\" ", "\"harmless\" ")], ":4:12: ", "expected one of `safe`, `review`, `risky`"),
            (&[("\"drop\" ", "\"strip\" ")], "", "unknown variant `strip`, expected one of `drop`"),
            (
                &[("{files:package list}", "{size}")],
                "",
                "unknown placeholder `size`, expected one of `files`",
            ),
            (
                &[("by {instruction}", "by {removed-by}")],
                ":17:12: ",
                "{removed-by} needs per = \"layer\" and",
            ),
            (&[("by {instruction}", "by {owner}")], ":17:12: ", "{owner} needs per = \"owner\""),
            (
                &[("fate     = [\"live\"]", "category = [\"doc\"]")],
                ":13:12: ",
                "unknown category `doc`, expected one of `application`",
            ),
            (
                &[("fate     = [\"live\"]", "owner = [\"gcc\"]")],
                ":13:10: ",
                "expected `ECOSYSTEM:NAME`: `dpkg:gcc`",
            ),
            (
                &[("\"/var/lib/apt/lists/**\"", "\"lists/**\"")],
                ":12:13: ",
                "expected a `/` first: `/**/lists/**`",
            ),
            (&[("\"/var/lib/apt/lists/**\"", "\"/var/{lib\"")], ":12:13: ", "unclosed alternate"),
            (&[("100 kB", "100 KiB")], ":16:12: ", "expected a size with a unit"),
            (&[("schema   = 1", "schema   = 2")], ":1:12: ", "expected `schema = 1`"),
            (&[("https://docs", "http://docs")], ":6:15: ", "expected an address that starts with https://"),
            (
                &[("frees    = 18200000", "frees    = 0")],
                "",
                "expected a [[test]] with an image that the rule matches",
            ),
            (
                &[("  delete   /var", "  remove   /var")],
                "",
                "line 4: unknown word `remove`, expected a number of bytes",
            ),
        ];
        for (edits, place, complaint) in cases {
            let error = load(&[apt_lists(edits)]).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Config);
            assert!(
                error.message.starts_with(&format!("more/apt-lists.toml{place}"))
                    && error.message.contains(complaint),
                "{edits:?}: {}",
                error.message
            );
        }
        assert!(load(&[("notes.txt".into(), String::new())]).unwrap_err().message.contains("ID.toml"));
        assert!(
            load(&[("No_Id.toml".into(), apt_lists(&[]).1)]).unwrap_err().message.contains("cannot be an id")
        );
        assert!(load(&[("x.toml".into(), "= 1".into())]).unwrap_err().message.starts_with("x.toml:1:1: "));
    }
}
