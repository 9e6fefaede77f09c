//! `rules/catalog/bases.toml`: what an image could stand on, what is known of each, and by what it is recognised; and
//! catalogues of the user's own.

use std::sync::LazyLock;

use serde::Deserialize;

const TABLE: &str = include_str!("../../rules/catalog/bases.toml");

/// The embedded catalogue; a test reads it, so that it is never the empty one.
pub static BASES: LazyLock<Vec<Base>> =
    LazyLock::new(|| toml::from_str::<Catalogue>(TABLE).map(|one| one.base).unwrap_or_default());

/// Reads a catalogue of the user's own, in the form of the embedded one. What is wrong with it comes back as a sentence.
pub fn read(text: &str) -> Result<Vec<Base>, String> {
    let catalogue: Catalogue = toml::from_str(text).map_err(|error| error.to_string())?;
    if let Some(base) = catalogue.base.iter().find(|base| base.name.is_empty()) {
        return Err(format!("a base of family `{}` has no name", base.family));
    }
    Ok(catalogue.base)
}

/// The embedded catalogue with bases of the user's own: one of a known name takes its place.
pub fn with(own: &[Base]) -> Vec<Base> {
    let is_replaced = |base: &&Base| own.iter().any(|one| one.name == base.name);
    own.iter().chain(BASES.iter().filter(|base| !is_replaced(base))).cloned().collect()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    #[serde(default)]
    base: Vec<Base>,
}

/// A base. The file explains its keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Base {
    /// The reference, or a name in words.
    pub name: String,
    /// `debian`, `alpine`, `distroless`, …
    pub family: String,
    /// `glibc 2.36`, `musl 1.2.5`; empty where it has none.
    pub libc: String,
    /// Whether it has a shell.
    pub shell: bool,
    /// `apt`, `apk`; empty where it has none.
    pub manager: String,
    /// The minor version of Python: `3.11`; empty where it brings none.
    pub python: String,
    /// The major version of Node: `22`; empty where it brings none.
    pub node: String,
    /// An account without root's rights.
    pub user: String,
    /// Sonames that it provides beyond those of its libc.
    pub provides: Vec<String>,
    /// Packages that it consists of.
    pub packages: Vec<String>,
    /// When its release is no longer maintained: `2026-09`.
    pub eol: String,
    /// What else there is to say.
    pub note: String,
    /// What it weighs, per platform.
    pub figure: Vec<Figure>,
}

/// What a base weighs on one platform.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Figure {
    /// `linux/amd64`.
    pub platform: String,
    /// Bytes on disk; 0 where unknown.
    pub content: u64,
    /// Bytes to pull; 0 where unknown.
    pub transfer: u64,
    /// `measured` or `published`.
    pub how: String,
    /// The day that it is of.
    pub date: String,
    /// Where it is from.
    pub source: String,
    /// Digests of its layers as a registry has them, lowest first.
    pub layers: Vec<String>,
    /// Digests of their tars, which stay the same however they are compressed.
    pub diff_ids: Vec<String>,
}

impl Base {
    /// Its figures on a platform.
    pub fn on(&self, platform: &str) -> Option<&Figure> {
        self.figure.iter().find(|figure| figure.platform == platform)
    }

    /// The version of its glibc.
    pub fn glibc(&self) -> Option<(u32, u32)> {
        let mut numbers = self.libc.strip_prefix("glibc ")?.split('.').map(|number| number.parse().ok());
        Some((numbers.next()??, numbers.next()??))
    }
}

impl Figure {
    /// How many of the lowest layers of an image are this base's, by their digests or those of their tars; `None` where they
    /// are not, or where nothing lies on top of them.
    pub fn below(&self, platform: &str, layers: &[String], diff_ids: &[String]) -> Option<usize> {
        let is_below =
            |own: &[String], of: &[String]| !own.is_empty() && own.len() < of.len() && of.starts_with(own);
        let is_it = self.platform == platform
            && (is_below(&self.layers, layers) || is_below(&self.diff_ids, diff_ids));
        is_it.then_some(self.layers.len().max(self.diff_ids.len()))
    }
}

/// The base of the most layers that are the lowest ones of an image.
pub fn known<'b>(
    bases: impl Iterator<Item = &'b Base>,
    platform: &str,
    layers: &[String],
    diff_ids: &[String],
) -> Option<(&'b Base, usize)> {
    let mut longest: Option<(&Base, usize)> = None;
    for base in bases {
        let below = base.figure.iter().filter_map(|figure| figure.below(platform, layers, diff_ids)).max();
        if let Some(count) = below.filter(|count| longest.is_none_or(|(_, most)| most < *count)) {
            longest = Some((base, count));
        }
    }
    longest
}

/// Bases as a catalogue, in the form that [`read`] reads; keys that say nothing are left out.
pub fn written(bases: &[Base]) -> String {
    let mut text = String::new();
    for base in bases {
        text += "[[base]]\n";
        for (key, value) in [
            ("name", &base.name),
            ("family", &base.family),
            ("libc", &base.libc),
            ("manager", &base.manager),
            ("python", &base.python),
            ("node", &base.node),
            ("user", &base.user),
            ("eol", &base.eol),
            ("note", &base.note),
        ] {
            line(&mut text, key, value);
        }
        if base.shell {
            text += "shell = true\n";
        }
        list(&mut text, "provides", &base.provides);
        list(&mut text, "packages", &base.packages);
        for figure in &base.figure {
            text += "[[base.figure]]\n";
            line(&mut text, "platform", &figure.platform);
            text += &format!("content = {}\ntransfer = {}\n", figure.content, figure.transfer);
            for (key, value) in [("how", &figure.how), ("date", &figure.date), ("source", &figure.source)] {
                line(&mut text, key, value);
            }
            list(&mut text, "layers", &figure.layers);
            list(&mut text, "diff_ids", &figure.diff_ids);
        }
        text.push('\n');
    }
    text
}

fn quoted(value: &str) -> String {
    toml::Value::String(value.to_owned()).to_string()
}

fn line(text: &mut String, key: &str, value: &str) {
    if !value.is_empty() {
        *text += &format!("{key} = {}\n", quoted(value));
    }
}

fn list(text: &mut String, key: &str, values: &[String]) {
    if !values.is_empty() {
        *text += &format!("{key} = [\n");
        for value in values {
            *text += &format!("    {},\n", quoted(value));
        }
        text.push_str("]\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_says_where_it_is_from() {
        let catalogue: Catalogue = toml::from_str(TABLE).unwrap();
        assert!(catalogue.base.len() > 10);
        for base in &catalogue.base {
            for figure in &base.figure {
                assert!(matches!(figure.how.as_str(), "measured" | "published"), "{}", base.name);
                assert!(figure.date.len() == 10 && !figure.source.is_empty(), "{}", base.name);
            }
        }
    }

    #[test]
    fn a_catalogue_is_read_as_it_was_written() {
        let catalogue: Catalogue = toml::from_str(TABLE).unwrap();
        assert_eq!(read(&written(&catalogue.base)).unwrap(), catalogue.base);
        let odd = Base {
            name: "a \"b\"\n[[base]]".to_owned(),
            figure: vec![Figure {
                platform: "linux/amd64".to_owned(),
                layers: vec!["sha256:1".to_owned(), "'\\".to_owned()],
                ..Figure::default()
            }],
            ..Base::default()
        };
        assert_eq!(read(&written(std::slice::from_ref(&odd))).unwrap(), [odd]);
        assert_eq!(read("").unwrap(), []);
        assert!(read("[[base]]\nfamily = \"debian\"").is_err());
        assert!(read("[[base]]\nname = \"a\"\nsize = 3").is_err());
    }

    #[test]
    fn the_longest_base_is_the_one_however_its_layers_are_compressed() {
        let texts = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let base = |name: &str, layers: &[&str], diff_ids: &[&str]| Base {
            name: name.to_owned(),
            figure: vec![Figure {
                platform: "linux/amd64".to_owned(),
                layers: texts(layers),
                diff_ids: texts(diff_ids),
                ..Figure::default()
            }],
            ..Base::default()
        };
        let bases =
            [base("one", &["a"], &["A"]), base("two", &["a", "b"], &["A", "B"]), base("none", &[], &[])];
        let found = |platform: &str, layers: &[&str], diff_ids: &[&str]| {
            known(bases.iter(), platform, &texts(layers), &texts(diff_ids))
                .map(|(base, count)| (base.name.clone(), count))
        };
        assert_eq!(found("linux/amd64", &["a", "b", "c"], &["A", "B", "C"]), Some(("two".to_owned(), 2)));
        assert_eq!(found("linux/amd64", &["x", "y", "z"], &["A", "B", "C"]), Some(("two".to_owned(), 2)));
        // Nothing lies on top of the second.
        assert_eq!(found("linux/amd64", &["a", "b"], &["A", "B"]), Some(("one".to_owned(), 1)));
        assert_eq!(found("linux/arm64", &["a", "b", "c"], &["A", "B", "C"]), None);
        assert_eq!(found("linux/amd64", &["b", "a"], &["B", "A"]), None);
    }
}
