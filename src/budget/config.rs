//! `plimsoll.toml`, and which of it is in force for an image.

use toml::de::{DeTable, DeValue};

use super::amount::{self, Limit, Takes};
use super::table::{Document, Item, Table};
use super::{Budget, Denied, Deny, Ignore, Key, Measure, Part, dive, matches};
use crate::error::{Error, Result};

/// The version of configurations that this program reads.
const VERSION: u64 = 1;

/// What stands in one configuration file.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// For all images, and for those whose name a pattern matches.
    sections: Vec<Section>,
    ignores: Vec<Ignore>,
}

#[derive(Debug, Clone, Default)]
struct Section {
    pattern: Option<String>,
    budgets: Vec<Budget>,
    denies: Vec<Deny>,
}

/// What is in force for one image.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// The limits, of which no two have the same key.
    pub budgets: Vec<Budget>,
    /// What must not be there.
    pub denies: Vec<Deny>,
    /// What is let pass.
    pub ignores: Vec<Ignore>,
}

impl Policy {
    /// Whether nothing would be checked.
    pub fn is_empty(&self) -> bool {
        self.budgets.is_empty() && self.denies.is_empty()
    }

    /// Whether anything needs a baseline.
    pub fn wants_baseline(&self) -> bool {
        self.budgets.iter().any(|budget| budget.key.growth)
    }
}

const TOP: [&str; 6] = ["version", "budget", "deny", "warn", "ignore", "image"];
const BUDGET: [&str; 9] =
    ["content", "transfer", "wasted", "layers", "own", "base", "platform", "owner", "growth"];
const MEASURES: [&str; 4] = ["content", "transfer", "wasted", "layers"];

impl Config {
    /// Reads a configuration; `file` is its name in messages.
    pub fn parse(file: &str, text: &str) -> Result<Self> {
        let document = Document { file, text };
        let parsed = DeTable::parse(text).map_err(|error| {
            let message = error.message().lines().next().unwrap_or("is no TOML").to_owned();
            document.error(&error.span().unwrap_or(0..0), &message)
        })?;
        let top = Table::new(&document, String::new(), parsed.get_ref());
        // A configuration for another version may have other keys, so that is looked at first.
        if let Some(version) = top.get("version") {
            let number = version.count()?;
            if number != VERSION {
                return Err(version
                    .error(&format!(
                        "this configuration is for version {number}, and this program reads {VERSION}"
                    ))
                    .hint("update plimsoll, or the file: plimsoll init shows what it looks like now"));
            }
        }
        top.only(&TOP)?;
        let mut config = Self::default();
        config.sections.push(section(&top, None)?);
        if let Some(images) = top.get("image") {
            for image in images.table()?.entries() {
                let table = image.table()?;
                table.only(&["budget", "deny", "warn"])?;
                config.sections.push(section(&table, Some(image.key.to_owned()))?);
            }
        }
        if let Some(list) = top.get("ignore") {
            config.ignores = list.tables()?.iter().map(ignore).collect::<Result<_>>()?;
        }
        Ok(config)
    }

    /// Reads a `.dive-ci`; `file` is its name in messages.
    pub fn parse_dive(file: &str, text: &str) -> Result<Self> {
        let budgets = dive::parse(file, text)?;
        Ok(Self { sections: vec![Section { budgets, ..Section::default() }], ignores: Vec::new() })
    }

    /// One limit from the command line: `growth.transfer=2 %`.
    pub fn parse_flag(text: &str) -> Result<Self> {
        let Some((key, value)) = text.split_once('=') else {
            return Err(Error::usage(format!("`{}` is no budget", text.escape_debug()))
                .hint("write a key of [budget] and a limit: --budget content=\"800 MB\""));
        };
        let (tables, last) = key
            .trim()
            .rsplit_once('.')
            .map_or((String::new(), key.trim()), |(tables, last)| (format!(".{tables}"), last));
        let number = value.trim().parse::<u64>().is_ok() && last == "layers";
        let value = if number { value.trim().to_owned() } else { format!("'{}'", value.trim()) };
        let document = format!("[budget{tables}]\n{last} = {value}\n");
        let mut config = Self::parse("--budget", &document)?;
        for budget in config.sections.iter_mut().flat_map(|section| &mut section.budgets) {
            "--budget".clone_into(&mut budget.at);
        }
        Ok(config)
    }

    /// Adds what another file says; where both say something about the same, the other counts.
    pub fn add(&mut self, other: Self) {
        self.sections.extend(other.sections);
        self.ignores.extend(other.ignores);
    }

    /// What is in force for an image of these names.
    pub fn policy(&self, names: &[&str]) -> Policy {
        let mut policy = Policy { ignores: self.ignores.clone(), ..Policy::default() };
        let applies = |section: &&Section| match &section.pattern {
            None => true,
            Some(pattern) => names.iter().any(|name| matches(pattern, name)),
        };
        for section in self.sections.iter().filter(applies) {
            for budget in &section.budgets {
                policy.budgets.retain(|known| known.key != budget.key);
                policy.budgets.push(budget.clone());
            }
            policy.denies.extend(section.denies.iter().cloned());
        }
        policy.budgets.sort_by(|a, b| a.key.cmp(&b.key));
        policy
    }
}

fn section(table: &Table<'_>, pattern: Option<String>) -> Result<Section> {
    let mut section = Section { pattern, ..Section::default() };
    if let Some(item) = table.get("budget") {
        let budget = item.table()?;
        budget.only(&BUDGET)?;
        let mut add = |table: &Table<'_>, part: Part, platform: Option<&str>| -> Result<()> {
            for item in table.entries().filter(|item| MEASURES.contains(&item.key)) {
                section.budgets.push(limit(&item, part, platform)?);
            }
            Ok(())
        };
        add(&budget, Part::All, None)?;
        for (key, part) in [("own", Part::Own), ("base", Part::Base)] {
            if let Some(item) = budget.get(key) {
                let table = item.table()?;
                table.only(&MEASURES)?;
                add(&table, part, None)?;
            }
        }
        if let Some(item) = budget.get("platform") {
            for platform in item.table()?.entries() {
                let table = platform.table()?;
                table.only(&MEASURES)?;
                add(&table, Part::All, Some(platform.key))?;
            }
        }
        if let Some(item) = budget.get("owner") {
            for item in item.table()?.entries() {
                let measure = Measure::Owner(item.key.to_owned());
                section.budgets.push(bounds(&item, measure, Takes::Bytes, Part::All, false, None)?);
            }
        }
        if let Some(item) = budget.get("growth") {
            let table = item.table()?;
            table.only(&["content", "transfer", "wasted"])?;
            for item in table.entries() {
                let measure = bytes(item.key);
                section.budgets.push(bounds(&item, measure, Takes::BytesOrPercent, Part::All, true, None)?);
            }
        }
    }
    for (key, warns) in [("deny", false), ("warn", true)] {
        let Some(item) = table.get(key) else { continue };
        let table = item.table()?;
        table.only(&["packages", "rules"])?;
        for item in table.entries() {
            let what = if item.key == "rules" { Denied::Rule } else { Denied::Package };
            for (pattern, at) in item.texts()? {
                section.denies.push(Deny { what, pattern: pattern.to_owned(), warns, at });
            }
        }
    }
    Ok(section)
}

fn bytes(key: &str) -> Measure {
    match key {
        "transfer" => Measure::Transfer,
        "wasted" => Measure::Wasted,
        _ => Measure::Content,
    }
}

/// A limit on one of [`MEASURES`].
fn limit(item: &Item<'_>, part: Part, platform: Option<&str>) -> Result<Budget> {
    match item.key {
        "layers" => bounds(item, Measure::Layers, Takes::Bytes, part, false, platform),
        "wasted" => bounds(item, Measure::Wasted, Takes::BytesOrPercent, part, false, platform),
        key => bounds(item, bytes(key), Takes::Bytes, part, false, platform),
    }
}

/// `"300 MB"`, or `{ warn = "250 MB", fail = "300 MB" }`.
fn bounds(
    item: &Item<'_>,
    measure: Measure,
    takes: Takes,
    part: Part,
    growth: bool,
    platform: Option<&str>,
) -> Result<Budget> {
    let read = |item: &Item<'_>| amount(item, &measure, takes);
    let (warn, fail) = match item.value() {
        DeValue::Table(_) => {
            let table = item.table()?;
            table.only(&["warn", "fail"])?;
            let one = |key| table.get(key).as_ref().map(read).transpose();
            let (warn, fail) = (one("warn")?, one("fail")?);
            if warn.is_none() && fail.is_none() {
                return Err(item
                    .error("has no limit")
                    .hint("write { warn = \"250 MB\", fail = \"300 MB\" }"));
            }
            (warn, fail)
        }
        _ => (None, Some(read(item)?)),
    };
    let wrong_order = match (warn, fail) {
        (Some(Limit::Bytes(warn)), Some(Limit::Bytes(fail)))
        | (Some(Limit::Count(warn)), Some(Limit::Count(fail)))
        | (Some(Limit::Percent(warn)), Some(Limit::Percent(fail))) => warn > fail,
        _ => false,
    };
    if wrong_order {
        return Err(item
            .error("it would fail before it warns")
            .hint("the limit to warn at is the smaller one"));
    }
    let key = Key { measure, part, growth, platform: platform.map(str::to_owned) };
    Ok(Budget { key, warn, fail, at: item.place() })
}

fn amount(item: &Item<'_>, measure: &Measure, takes: Takes) -> Result<Limit> {
    if *measure == Measure::Layers {
        return item.count().map(Limit::Count);
    }
    if let DeValue::Integer(_) | DeValue::Float(_) = item.value() {
        let number = item.document_text();
        return Err(item.error("a bare number has no unit").hint(format!("write \"{number} MB\"")));
    }
    amount::parse(item.text()?, takes).map_err(|(message, hint)| match hint {
        Some(hint) => item.error(&message).hint(hint),
        None => item.error(&message),
    })
}

fn ignore(table: &Table<'_>) -> Result<Ignore> {
    table.only(&["rule", "package", "reason", "until"])?;
    let start = table.entries().next();
    let Some(start) = start else { return Err(Error::config("an empty [[ignore]] lets nothing pass")) };
    let (what, item) = match (table.get("rule"), table.get("package")) {
        (Some(rule), None) => (Denied::Rule, rule),
        (None, Some(package)) => (Denied::Package, package),
        _ => return Err(start.error("an [[ignore]] has a rule or a package")),
    };
    let reason = match table.get("reason") {
        Some(reason) if !reason.text()?.trim().is_empty() => reason.text()?.to_owned(),
        _ => {
            return Err(item
                .error("it has no reason")
                .hint("add reason = \"…\": whoever reads it next year wants to know"));
        }
    };
    let until = match table.get("until") {
        None => None,
        Some(until) => Some(date(&until)?),
    };
    Ok(Ignore { what, pattern: item.text()?.to_owned(), reason, until, at: item.place() })
}

/// A day, as TOML writes it or in quotes.
fn date(item: &Item<'_>) -> Result<String> {
    let text = match item.value() {
        DeValue::Datetime(date) => date.to_string(),
        _ => item.text()?.to_owned(),
    };
    let parts: Vec<_> = text.split('-').collect();
    let number = |at: usize, digits: usize| {
        parts.get(at).filter(|part| part.len() == digits).and_then(|part| part.parse::<u32>().ok())
    };
    match (number(0, 4), number(1, 2), number(2, 2)) {
        (Some(_), Some(1..=12), Some(1..=31)) if parts.len() == 3 => Ok(text),
        _ => Err(item.error("is no day").hint("write until = 2030-06-30")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails(text: &str) -> (String, String) {
        let error = Config::parse("plimsoll.toml", text).unwrap_err();
        (error.message, error.hint.unwrap_or_default())
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_and_what_was_meant() {
        for (text, message, hint) in [
            (
                "[budget]\ntranfser = \"1 MB\"",
                "plimsoll.toml:2:1: there is no key `budget.tranfser`",
                "did you mean transfer?",
            ),
            (
                "[budget]\ncontent = 800",
                "plimsoll.toml:2:11: budget.content: a bare number has no unit",
                "write \"800 MB\"",
            ),
            (
                "[budget]\ncontent = \"800 mb\"",
                "plimsoll.toml:2:11: budget.content: `mb` is no unit of bytes",
                "did you mean 800 MB?",
            ),
            ("[budgets]\n", "plimsoll.toml:1:2: there is no key `budgets`", "did you mean budget?"),
            (
                "version = 2\nnew = 1",
                "plimsoll.toml:1:11: version: this configuration is for version 2, and this program reads 1",
                "update plimsoll, or the file: plimsoll init shows what it looks like now",
            ),
            (
                "[budget]\ntransfer = { warn = \"3 MB\", fail = \"2 MB\" }",
                "plimsoll.toml:2:12: budget.transfer: it would fail before it warns",
                "the limit to warn at is the smaller one",
            ),
            (
                "[[ignore]]\nrule = \"x\"",
                "plimsoll.toml:2:8: ignore.rule: it has no reason",
                "add reason = \"…\": whoever reads it next year wants to know",
            ),
            (
                "[[ignore]]\nrule = \"x\"\nreason = \"y\"\nuntill = 2030-01-01",
                "plimsoll.toml:4:1: there is no key `ignore.untill`",
                "did you mean until?",
            ),
        ] {
            assert_eq!(fails(text), (message.to_owned(), hint.to_owned()), "{text}");
        }
        assert!(fails("[budget").0.starts_with("plimsoll.toml:1:8"));
    }

    #[test]
    fn a_section_for_an_image_replaces_the_general_limit() {
        let text =
            "[budget]\ncontent = \"1 MB\"\nlayers = 3\n[image.\"*worker*\".budget]\ncontent = \"2 MB\"\n";
        let config = Config::parse("plimsoll.toml", text).unwrap();
        let limits = |name: &str| {
            config.policy(&[name]).budgets.iter().map(|b| (b.fail, b.at.clone())).collect::<Vec<_>>()
        };
        let layers = (Some(Limit::Count(3)), "plimsoll.toml:3".to_owned());
        assert_eq!(
            limits("app"),
            [(Some(Limit::Bytes(1_000_000)), "plimsoll.toml:2".to_owned()), layers.clone()]
        );
        assert_eq!(
            limits("acme/worker:1"),
            [(Some(Limit::Bytes(2_000_000)), "plimsoll.toml:5".to_owned()), layers]
        );
    }

    #[test]
    fn a_flag_is_a_budget() {
        let policy = Config::parse_flag("growth.transfer=2 %").unwrap().policy(&[]);
        assert_eq!(
            (policy.budgets[0].fail, policy.budgets[0].at.as_str()),
            (Some(Limit::Percent(200)), "--budget")
        );
        assert!(Config::parse_flag("content=800").is_err());
        assert!(Config::parse_flag("content").is_err());
    }
}
