//! A TOML document that is read key by key, so that every wrong one is told with its place and what was meant.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{Error, Result};
use crate::nearest::nearest;

/// The document that all places are in.
pub(super) struct Document<'a> {
    pub file: &'a str,
    pub text: &'a str,
}

impl Document<'_> {
    /// `plimsoll.toml:5`.
    pub(super) fn place(&self, span: &Range<usize>) -> String {
        format!("{}:{}", self.file, self.position(span.start).0)
    }

    /// An error at a place.
    pub(super) fn error(&self, span: &Range<usize>, message: &str) -> Error {
        let (line, column) = self.position(span.start);
        Error::config(format!("{}:{line}:{column}: {message}", self.file))
    }

    fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
    }
}

/// A table of which every key must be known.
pub(super) struct Table<'a> {
    pub document: &'a Document<'a>,
    /// How users write it: `[budget.own]`.
    pub name: String,
    entries: Vec<(&'a str, Range<usize>, &'a Spanned<DeValue<'a>>)>,
}

impl<'a> Table<'a> {
    /// A table, its keys in the order of the document.
    pub(super) fn new(document: &'a Document<'a>, name: String, table: &'a DeTable<'a>) -> Self {
        let mut entries: Vec<_> =
            table.iter().map(|(key, value)| (key.get_ref().as_ref(), key.span(), value)).collect();
        entries.sort_by_key(|(_, span, _)| span.start);
        Self { document, name, entries }
    }

    /// All keys with their values.
    pub(super) fn entries(&self) -> impl Iterator<Item = Item<'a>> + '_ {
        self.entries.iter().map(|(key, at, value)| Item {
            document: self.document,
            name: if self.name.is_empty() { (*key).to_owned() } else { format!("{}.{key}", self.name) },
            key,
            at: at.clone(),
            value,
        })
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<Item<'a>> {
        self.entries().find(|item| item.key == key)
    }

    /// Refuses every key that is not `known`.
    pub(super) fn only(&self, known: &[&str]) -> Result<()> {
        match self.entries().find(|item| !known.contains(&item.key)) {
            None => Ok(()),
            Some(item) => Err(item.unknown(known)),
        }
    }
}

/// A key and its value.
pub(super) struct Item<'a> {
    document: &'a Document<'a>,
    /// The whole name: `budget.own.content`.
    pub name: String,
    pub key: &'a str,
    pub at: Range<usize>,
    value: &'a Spanned<DeValue<'a>>,
}

impl<'a> Item<'a> {
    pub(super) fn place(&self) -> String {
        self.document.place(&self.at)
    }

    pub(super) fn value(&self) -> &'a DeValue<'a> {
        self.value.get_ref()
    }

    /// An error at the value.
    pub(super) fn error(&self, message: &str) -> Error {
        self.document.error(&self.value.span(), &format!("{}: {message}", self.name))
    }

    /// The key is none of those that are `known`.
    pub(super) fn unknown(&self, known: &[&str]) -> Error {
        let error = self.document.error(&self.at, &format!("there is no key `{}`", self.name.escape_debug()));
        match nearest(self.key, known.iter().copied()) {
            Some(meant) => error.hint(format!("did you mean {meant}?")),
            None => error.hint(format!("there are {}", known.join(", "))),
        }
    }

    /// The value as it was written.
    pub(super) fn document_text(&self) -> &'a str {
        self.document.text.get(self.value.span()).unwrap_or_default()
    }

    pub(super) fn table(&self) -> Result<Table<'a>> {
        match self.value() {
            DeValue::Table(table) => Ok(Table::new(self.document, self.name.clone(), table)),
            other => Err(self.error(&format!("must be a table, and is a {}", other.type_str()))),
        }
    }

    pub(super) fn tables(&self) -> Result<Vec<Table<'a>>> {
        let wrong = |other: &DeValue<'_>| {
            self.error(&format!("must be [[{}]] tables, and is a {}", self.name, other.type_str()))
        };
        let DeValue::Array(array) = self.value() else { return Err(wrong(self.value())) };
        let table = |value: &'a Spanned<DeValue<'a>>| match value.get_ref() {
            DeValue::Table(table) => Ok(Table::new(self.document, self.name.clone(), table)),
            other => Err(wrong(other)),
        };
        array.iter().map(table).collect()
    }

    pub(super) fn text(&self) -> Result<&'a str> {
        self.value().as_str().ok_or_else(|| {
            self.error(&format!("must be a text in quotes, and is a {}", self.value().type_str()))
        })
    }

    pub(super) fn texts(&self) -> Result<Vec<(&'a str, String)>> {
        let DeValue::Array(array) = self.value() else {
            return Err(
                self.error(&format!("must be a list in brackets, and is a {}", self.value().type_str()))
            );
        };
        let one = |value: &'a Spanned<DeValue<'a>>| match value.get_ref().as_str() {
            Some(text) => Ok((text, self.document.place(&value.span()))),
            None => {
                Err(self.document.error(&value.span(), &format!("{}: must be texts in quotes", self.name)))
            }
        };
        array.iter().map(one).collect()
    }

    pub(super) fn count(&self) -> Result<u64> {
        let number = self.value().as_integer().and_then(|integer| {
            u64::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok()
        });
        number.ok_or_else(|| self.error("must be a whole number, such as 20"))
    }
}
