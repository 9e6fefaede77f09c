//! From what was found out to the contract. Nothing is decided here: figures are sums over the ledger, texts are made
//! harmless for a terminal, and everything is put in an order that depends on the image alone.

mod dive;
mod files;
mod findings;
mod inside;
mod libraries;
mod platform;
mod tree;

use super::{Image, Report, SCHEMA, Sides, Tool, Warning};
use crate::advice::Rule;
use crate::analysis::Analysis;
use crate::error;
use crate::image;
use crate::path::Printable;
use crate::reference::Reference;

impl Report {
    /// The report on an analysis that looked for `rules`.
    pub fn new(analysis: &Analysis, rules: &[Rule]) -> Self {
        let mut report = Self::of_tree(&analysis.reference, analysis.source, &analysis.tree);
        report.warnings = warnings_of(&analysis.warnings);
        report.platforms =
            analysis.platforms.iter().map(|platform| platform::build(platform, rules)).collect();
        report.sides = Sides::of(&report.platforms);
        report
    }

    /// The same report with every entry of every platform, which was made from the same analysis.
    #[must_use]
    pub fn with_files(mut self, analysis: &Analysis) -> Self {
        for (platform, analysis) in self.platforms.iter_mut().zip(&analysis.platforms) {
            platform.files = Some(files::files(analysis));
        }
        self
    }

    /// The report on what a reference names in a source of some kind, with no platform read.
    pub fn of_tree(reference: &Reference, kind: &str, tree: &image::Node) -> Self {
        let (index, registry) = tree::build(tree, kind);
        Self {
            schema: SCHEMA.to_owned(),
            tool: Tool { name: "plimsoll".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
            image: Image {
                reference: reference.to_string(),
                kind: kind.to_owned(),
                digest: index.digest.clone(),
                tags: index.tags.clone(),
            },
            index,
            registry,
            platforms: Vec::new(),
            sides: None,
            warnings: Vec::new(),
        }
    }
}

/// Text of an image, made harmless.
fn text(untrusted: &str) -> String {
    Printable(untrusted.as_bytes()).to_string()
}

fn texts(untrusted: &[String]) -> Vec<String> {
    untrusted.iter().map(|one| text(one)).collect()
}

/// Warnings in an order of their own, for they come from several threads.
fn warnings_of(warnings: &[error::Warning]) -> Vec<Warning> {
    let mut warnings: Vec<_> = warnings
        .iter()
        .map(|warning| Warning { from: text(&warning.from), message: text(&warning.message) })
        .collect();
    warnings.sort();
    warnings.dedup();
    warnings
}

/// A count as the contract holds it.
fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// The number of a layer in reports: the lowest is 1.
fn number(layer: crate::ledger::LayerId) -> u64 {
    u64::from(layer.0) + 1
}
