//! Reads one Python source into [`Facts`]. The walk over the tree has a stack of its own: real code nests hundreds of
//! levels deep.

use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, TraversalSignal};
use ruff_python_ast::{AnyNodeRef, ExceptHandler, Expr, Stmt, StmtIf, StmtTry};
use ruff_text_size::TextSize;

use super::conditions::{Test, judge};
use super::facts::{Condition, Facts, Import, Named};
use super::literals;
use crate::audit::Tier;
use crate::audit::nesting::{Language, is_readable};

/// Reads a source; one that is no Python is noted as unread.
pub fn read(source: &[u8]) -> Facts {
    if !is_readable(source, Language::Python) {
        return Facts { unread: true, ..Facts::default() };
    }
    let source = String::from_utf8_lossy(source);
    let source = source.strip_prefix('\u{feff}').unwrap_or(&source);
    let Ok(parsed) = ruff_python_parser::parse_module(source) else {
        return Facts { unread: true, ..Facts::default() };
    };
    let lines = std::iter::once(0)
        .chain(source.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1));
    let mut reading = Reading { facts: Facts::default(), lines: lines.collect(), stack: Vec::new() };
    reading.push_all(&parsed.syntax().body, Place::default());
    while let Some((node, place)) = reading.stack.pop() {
        reading.visit(node, place);
    }
    reading.facts.settle();
    reading.facts
}

/// Where a node stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    tier: Tier,
    choice: Option<(u32, u16)>,
    condition: Option<Condition>,
}

impl Place {
    /// The worse of both: an import that is guarded inside a function is lazy.
    fn at(self, tier: Tier) -> Self {
        Self { tier: self.tier.max(tier), ..self }
    }
}

pub(super) struct Reading<'a> {
    pub facts: Facts,
    lines: Vec<usize>,
    stack: Vec<(AnyNodeRef<'a>, Place)>,
}

impl<'a> Reading<'a> {
    pub fn line(&self, at: TextSize) -> u32 {
        u32::try_from(self.lines.partition_point(|start| *start <= at.to_usize())).unwrap_or(u32::MAX)
    }

    fn push_all(&mut self, body: &'a [Stmt], place: Place) {
        self.stack.extend(body.iter().rev().map(|statement| (statement.into(), place)));
    }

    fn push_children(&mut self, node: AnyNodeRef<'a>, place: Place) {
        let mut children = Children(Vec::new());
        node.visit_source_order(&mut children);
        self.stack.extend(children.0.into_iter().map(|child| (child, place)));
    }

    fn visit(&mut self, node: AnyNodeRef<'a>, place: Place) {
        match node {
            AnyNodeRef::StmtImport(statement) => {
                let line = self.line(statement.range.start());
                let place = if statement.is_lazy { place.at(Tier::Lazy) } else { place };
                for alias in &statement.names {
                    self.import(alias.name.as_str(), 0, Vec::new(), line, place);
                }
            }
            AnyNodeRef::StmtImportFrom(statement) => {
                let line = self.line(statement.range.start());
                let place = if statement.is_lazy { place.at(Tier::Lazy) } else { place };
                let module = statement.module.as_ref().map_or("", |module| module.as_str());
                let names = statement.names.iter().map(|alias| alias.name.as_str().into()).collect();
                self.import(module, statement.level, names, line, place);
            }
            AnyNodeRef::StmtFunctionDef(function) => {
                self.push_all(&function.body, place.at(Tier::Lazy));
                self.stack.extend(function.decorator_list.iter().map(|decorator| (decorator.into(), place)));
                self.stack.push(((&*function.parameters).into(), place));
            }
            AnyNodeRef::ExprLambda(_) => self.push_children(node, place.at(Tier::Lazy)),
            AnyNodeRef::StmtTry(statement) => self.attempt(statement, place),
            AnyNodeRef::StmtIf(statement) => self.branches(statement, place),
            AnyNodeRef::StmtWith(statement) => {
                // `with suppress(ImportError)` is a guard as good as any.
                let guarded = statement.items.iter().any(|item| literals::is_suppress(&item.context_expr));
                self.stack.extend(statement.items.iter().map(|item| ((&item.context_expr).into(), place)));
                self.push_all(&statement.body, if guarded { place.at(Tier::Guarded) } else { place });
            }
            AnyNodeRef::ExprCall(call) => {
                let line = self.line(call.range_start);
                literals::call(self, call, line, place);
                self.push_children(node, place);
            }
            AnyNodeRef::StmtAssign(statement) => {
                literals::assigned(self, &statement.targets, &statement.value);
                self.push_children(node, place);
            }
            AnyNodeRef::StmtAnnAssign(statement) => {
                if let Some(value) = &statement.value {
                    literals::assigned(self, std::slice::from_ref(&*statement.target), value);
                    self.stack.push(((&**value).into(), place));
                }
            }
            AnyNodeRef::ExprDict(dict) => {
                literals::dict(self, dict);
                self.push_children(node, place);
            }
            // A string that is a statement is documentation.
            AnyNodeRef::StmtExpr(statement) if statement.value.is_string_literal_expr() => {}
            AnyNodeRef::ExprStringLiteral(literal) if place.tier != Tier::Typing => {
                let line = self.line(literal.range.start());
                literals::string(&mut self.facts, literal.value.to_str(), line);
            }
            _ => self.push_children(node, place),
        }
    }

    pub fn import(&mut self, module: &str, level: u32, names: Vec<Box<str>>, line: u32, place: Place) {
        let Place { tier, choice, condition } = place;
        self.facts.imports.push(Import {
            module: module.into(),
            level,
            names,
            tier,
            line,
            choice,
            condition,
        });
    }

    pub fn import_called(&mut self, module: &str, line: u32, place: Place) {
        let level = u32::try_from(module.bytes().take_while(|byte| *byte == b'.').count()).unwrap_or(0);
        self.import(module.trim_start_matches('.'), level, Vec::new(), line, place);
    }

    /// A call that promises to import when it is needed.
    pub fn import_lazily(&mut self, module: &str, line: u32, place: Place) {
        self.import_called(module, line, place.at(Tier::Lazy));
    }

    pub fn dynamic(&mut self, what: &str, line: u32, place: Place) {
        if place.tier != Tier::Typing {
            self.facts.dynamic.push(Named { text: what.into(), line });
        }
    }

    /// `try: import a` `except ImportError: import b`: whoever tries can do without, and of two ways one must stay.
    fn attempt(&mut self, statement: &'a StmtTry, place: Place) {
        let catches = statement.handlers.iter().any(catches_import_error);
        let inside = if catches { place.at(Tier::Guarded) } else { place };
        let id = u32::from(statement.range.start());
        let branch = |number: u16| {
            // The outermost choice is the one that counts, so that a chain of nested attempts is one group.
            let choice = match inside.choice {
                Some((outer, branch)) => Some((outer, branch.saturating_mul(8).saturating_add(number))),
                None => Some((id, number)),
            };
            Place { choice, ..inside }
        };
        self.push_all(&statement.body, if catches { branch(0) } else { inside });
        for (number, ExceptHandler::ExceptHandler(handler)) in (1..).zip(&statement.handlers) {
            let place = if catches { branch(number) } else { inside };
            self.push_all(&handler.body, place);
        }
        self.push_all(&statement.orelse, inside);
        self.push_all(&statement.finalbody, place);
    }

    /// Branches that cannot be taken are not read; of `else` after `if TYPE_CHECKING` every word counts.
    fn branches(&mut self, statement: &'a StmtIf, place: Place) {
        let mut rest = place;
        let mut branch = |reading: &mut Self, test: Option<&'a Expr>, body: &'a [Stmt]| {
            let judged = test.map_or(Test::Unknown, judge);
            let (inside, after) = match judged {
                Test::Typing | Test::Never => (rest.at(Tier::Typing), rest),
                Test::NotTyping | Test::Always => (rest, rest.at(Tier::Typing)),
                Test::Main => (rest.at(Tier::Lazy), rest),
                Test::Version(condition) => (
                    Place { condition: Some(condition), ..rest },
                    Place { condition: Some(condition.opposite()), ..rest },
                ),
                Test::Unknown => (rest, rest),
            };
            reading.push_all(body, inside);
            if let Some(test) = test {
                reading.stack.push((test.into(), rest));
            }
            rest = after;
        };
        branch(self, Some(&statement.test), &statement.body);
        for clause in &statement.elif_else_clauses {
            branch(self, clause.test.as_ref(), &clause.body);
        }
    }
}

fn catches_import_error(handler: &ExceptHandler) -> bool {
    let ExceptHandler::ExceptHandler(handler) = handler;
    match handler.type_.as_deref() {
        None => true,
        Some(Expr::Tuple(several)) => several.elts.iter().any(is_import_error),
        Some(one) => is_import_error(one),
    }
}

fn is_import_error(expression: &Expr) -> bool {
    let name = literals::last_name(expression);
    matches!(
        name,
        Some("ImportError" | "ModuleNotFoundError" | "Exception" | "BaseException" | "DistributionNotFound")
    )
}

/// The direct children of a node.
struct Children<'a>(Vec<AnyNodeRef<'a>>);

impl<'a> SourceOrderVisitor<'a> for Children<'a> {
    fn enter_node(&mut self, node: AnyNodeRef<'a>) -> TraversalSignal {
        self.0.push(node);
        TraversalSignal::Skip
    }
}

impl Facts {
    /// Each text once, in order.
    fn settle(&mut self) {
        for list in
            [&mut self.strings, &mut self.references, &mut self.groups, &mut self.schemes, &mut self.dynamic]
        {
            list.sort();
            list.dedup_by(|one, other| one.text == other.text);
        }
        self.dynamic.sort_by_key(|named| named.line);
        self.imports.sort_by_key(|import| import.line);
    }
}
