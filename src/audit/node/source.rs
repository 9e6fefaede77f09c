//! What one source of JavaScript or TypeScript says about packages.

use std::collections::BTreeSet;

use oxc_allocator::Allocator;
use oxc_ast::ast::{
    Argument, CallExpression, ExportAllDeclaration, ExportFromDeclaration, Expression, ImportDeclaration,
    ImportExpression, StringLiteral,
};
use oxc_ast_visit::{Visit, walk};
use oxc_parser::Parser;
use oxc_span::{GetSpan, SourceType};

use crate::audit::nesting::{Language, is_readable};

/// What one source says about packages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    /// Packages that it imports or requires, each with the first line.
    pub imports: Vec<(String, u32)>,
    /// Literals that may be the name of a package: a transport, a dialect, a preset.
    pub strings: Vec<String>,
    /// Lines with an import of a name that only running it would tell.
    pub dynamic: Vec<u32>,
}

/// Reads a source by its name's ending; one that cannot be read says nothing.
pub fn read(path: &[u8], content: &[u8]) -> Script {
    if !is_readable(content, Language::JavaScript) {
        return Script::default();
    }
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let name = String::from_utf8_lossy(name).into_owned();
    let source = String::from_utf8_lossy(content);
    // A `.js` may be a module or not, and may hold JSX: the parser is told to take all of it.
    let kind = match name.rsplit('.').next() {
        Some("js" | "jsx" | "mjs") => SourceType::mjs().with_jsx(true),
        _ => SourceType::from_path(&name).unwrap_or_default(),
    };
    let allocator = Allocator::default();
    let mut parsed = Parser::new(&allocator, &source, kind).parse();
    if parsed.panicked {
        parsed = Parser::new(&allocator, &source, SourceType::cjs()).parse();
    }
    let lines = std::iter::once(0).chain(source.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let mut reading = Reading { script: Script::default(), strings: BTreeSet::new(), lines };
    reading.visit_program(&parsed.program);
    let mut script = reading.script;
    script.imports.sort();
    script.imports.dedup_by(|one, other| one.0 == other.0);
    script.strings = reading.strings.into_iter().collect();
    script
}

/// The package of what is imported: `@scope/name` of `@scope/name/deep`; `None` for files and for Node's own modules.
pub fn package_of(specifier: &str) -> Option<String> {
    if specifier.starts_with(['.', '/', '#']) || specifier.starts_with("node:") || specifier.is_empty() {
        return None;
    }
    let words = if specifier.starts_with('@') { 2 } else { 1 };
    Some(specifier.split('/').take(words).collect::<Vec<_>>().join("/"))
}

struct Reading {
    script: Script,
    strings: BTreeSet<String>,
    lines: Vec<usize>,
}

impl Reading {
    fn line(&self, at: u32) -> u32 {
        u32::try_from(self.lines.partition_point(|start| *start <= at as usize)).unwrap_or(u32::MAX)
    }

    fn import(&mut self, specifier: &str, at: u32) {
        if let Some(package) = package_of(specifier) {
            let line = self.line(at);
            self.script.imports.push((package, line));
        }
    }
}

impl<'a> Visit<'a> for Reading {
    fn visit_import_declaration(&mut self, it: &ImportDeclaration<'a>) {
        // Types are gone before anything runs.
        if !it.import_kind.is_type() {
            self.import(&it.source.value, it.span.start);
        }
    }

    fn visit_export_all_declaration(&mut self, it: &ExportAllDeclaration<'a>) {
        if !it.export_kind.is_type() {
            self.import(&it.source.value, it.span.start);
        }
    }

    fn visit_export_from_declaration(&mut self, it: &ExportFromDeclaration<'a>) {
        self.import(&it.source.value, it.span.start);
    }

    fn visit_import_expression(&mut self, it: &ImportExpression<'a>) {
        match &it.source {
            Expression::StringLiteral(literal) => self.import(&literal.value, it.span.start),
            Expression::TemplateLiteral(literal) if literal.expressions.is_empty() => {}
            _ => {
                let line = self.line(it.span.start);
                self.script.dynamic.push(line);
            }
        }
        walk::walk_import_expression(self, it);
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        let is_require = match &it.callee {
            Expression::Identifier(name) => name.name == "require",
            Expression::StaticMemberExpression(member) => {
                member.property.name == "resolve"
                    && matches!(&member.object, Expression::Identifier(name) if name.name == "require")
            }
            _ => false,
        };
        if is_require {
            match it.arguments.first() {
                Some(Argument::StringLiteral(literal)) => self.import(&literal.value, it.span.start),
                Some(other) => {
                    let line = self.line(other.span().start);
                    self.script.dynamic.push(line);
                }
                None => {}
            }
        }
        walk::walk_call_expression(self, it);
    }

    fn visit_string_literal(&mut self, it: &StringLiteral<'a>) {
        let text = it.value.as_str();
        let could_be = text.len() <= 100
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'@' | b'/' | b'-' | b'_' | b'.'))
            && !text.starts_with('.');
        if could_be && let Some(package) = package_of(text) {
            self.strings.insert(package);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_an_import_is_read_and_types_are_not() {
        let source = "\
import express from 'express';
import type { T } from 'only-types';
export * from \"@scope/a/deep\";
export { x } from 'exported';
const pg = require('pg/lib');
const own = require('./own'), fs = require('node:fs');
async function later() { await import('lazy'); await import(name); require(name + 1); }
logger({ target: 'pino-pretty' });
";
        let script = read(b"app/index.ts", source.as_bytes());
        let names: Vec<_> = script.imports.iter().map(|(name, line)| format!("{name} {line}")).collect();
        assert_eq!(names, ["@scope/a 3", "exported 4", "express 1", "lazy 7", "pg 5"]);
        assert_eq!(script.dynamic, [7, 7]);
        assert!(script.strings.contains(&"pino-pretty".to_owned()));
        assert_eq!(read(b"x.js", b"const x = <a/>; require('y')").imports.len(), 1);
        assert_eq!(read(b"x.js", b"}{").imports.len(), 0);
    }
}
