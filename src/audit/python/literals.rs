//! Names of modules that stand in literals: calls that import, lists that frameworks load, URLs that choose a driver.

use ruff_python_ast::{Expr, ExprCall, ExprDict};
use ruff_text_size::Ranged;

use super::facts::{Facts, Named, Table};
use super::read::{Place, Reading};
use crate::audit::catalog::CATALOG;

/// `x` of `x`, `a.x` and `a.b.x`.
pub(super) fn last_name(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        _ => None,
    }
}

fn literal(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::StringLiteral(literal) => Some(literal.value.to_str()),
        _ => None,
    }
}

/// `suppress(ImportError)`.
pub(super) fn is_suppress(expression: &Expr) -> bool {
    let Expr::Call(call) = expression else { return false };
    let suppresses = |argument: &Expr| {
        matches!(last_name(argument), Some("ImportError" | "ModuleNotFoundError" | "Exception"))
    };
    last_name(&call.func) == Some("suppress") && call.arguments.args.iter().any(suppresses)
}

/// Calls that import what a literal names, and calls that import what only running them would tell.
pub(super) fn call(reading: &mut Reading<'_>, call: &ExprCall, line: u32, place: Place) {
    let Some(function) = last_name(&call.func) else { return };
    let is = |names: &[String]| names.iter().any(|name| name == function);
    let keyword = |wanted: &[&str]| {
        let mut named = call.arguments.keywords.iter();
        named.find(|keyword| keyword.arg.as_ref().is_some_and(|name| wanted.contains(&name.as_str())))
    };
    let first = call.arguments.args.first();
    let argument = first.or_else(|| keyword(&["name", "group", "namespace"]).map(|keyword| &keyword.value));
    if is(&CATALOG.calls.now) {
        match argument {
            Some(Expr::StringLiteral(name)) => {
                reading.import_called(module_of(name.value.to_str()), line, place);
            }
            // Only the two of the language import for certain; other functions of these names may do anything.
            Some(_) if matches!(function, "import_module" | "__import__") => {
                reading.dynamic(function, line, place);
            }
            _ => {}
        }
    } else if is(&CATALOG.calls.later) {
        for name in [first.and_then(literal), argument.and_then(literal)].into_iter().flatten().take(1) {
            reading.import_lazily(module_of(name), line, place);
        }
    } else if matches!(function, "exec" | "eval" | "run_module" | "run_path")
        && matches!(&*call.func, Expr::Name(_) | Expr::Attribute(_))
    {
        // `run_module` imports as `python -m` does; what `exec` runs is data, which is noted and may import anything.
        match (function, argument) {
            ("run_module" | "run_path", Some(Expr::StringLiteral(name))) => {
                reading.import_called(name.value.to_str(), line, place);
            }
            ("exec", Some(_)) if matches!(&*call.func, Expr::Name(_)) => {
                reading.dynamic(function, line, place);
            }
            _ => {}
        }
    }
    if is(&CATALOG.calls.groups) {
        let group = keyword(&["group", "namespace"]).map(|keyword| &keyword.value).or(first);
        if let Some(text) = group.and_then(literal) {
            reading.facts.groups.push(Named { text: text.into(), line });
        }
    }
    for keyword in &call.arguments.keywords {
        let known = keyword
            .arg
            .as_ref()
            .is_some_and(|name| CATALOG.names.keywords.iter().any(|known| known == name.as_str()));
        if known {
            references(reading, &keyword.value);
        }
    }
}

/// `pkg.mod:attr` and `pkg.mod` name the module `pkg.mod`.
fn module_of(text: &str) -> &str {
    text.split(':').next().unwrap_or(text)
}

/// What is assigned to a variable that some framework reads.
pub(super) fn assigned(reading: &mut Reading<'_>, targets: &[Expr], value: &Expr) {
    let known = |target: &Expr| {
        last_name(target).is_some_and(|name| CATALOG.names.variables.iter().any(|known| known == name))
    };
    if targets.iter().any(known) {
        references(reading, value);
    }
}

/// Values under keys that some framework reads, and tables of names.
pub(super) fn dict(reading: &mut Reading<'_>, dict: &ExprDict) {
    table(reading, dict);
    for item in &dict.items {
        let key = item.key.as_ref().and_then(literal);
        if key.is_some_and(|key| CATALOG.names.keys.iter().any(|known| known == key)) {
            references(reading, &item.value);
        }
    }
}

/// As many names as a setting chooses among; what is longer is a register, of which all may be needed.
const MOST_CHOICES: usize = 32;

/// A value that is no name would be a choice that needs nothing, and then nothing has to stay.
fn table(reading: &mut Reading<'_>, dict: &ExprDict) {
    if !(2..=MOST_CHOICES).contains(&dict.items.len()) {
        return;
    }
    let name = |value: &Expr| literal(value).filter(|text| may_be_object(text)).map(Into::into);
    let value = |value: &Expr| Some(Named { text: name(value)?, line: reading.line(value.range().start()) });
    if let Some(values) = dict.items.iter().map(|item| value(&item.value)).collect() {
        reading.facts.tables.push(Table { statement: dict.range().start().into(), values });
    }
}

/// The literals of a value: itself, or the items of a list of them. Additions of lists are followed.
fn references(reading: &mut Reading<'_>, value: &Expr) {
    let mut left = vec![value];
    while let Some(value) = left.pop() {
        match value {
            Expr::StringLiteral(text) => {
                let line = reading.line(text.range().start());
                let text = text.value.to_str();
                if is_name(module_of(text)) {
                    reading.facts.references.push(Named { text: text.into(), line });
                }
            }
            Expr::List(list) => left.extend(&list.elts),
            Expr::Tuple(tuple) => left.extend(&tuple.elts),
            Expr::Set(set) => left.extend(&set.elts),
            Expr::BinOp(sum) => left.extend([&*sum.left, &*sum.right]),
            _ => {}
        }
    }
}

/// Any other literal: kept only where it could be a module's name of at least two words, an object in a module, or a URL.
pub(super) fn string(facts: &mut Facts, text: &str, line: u32) {
    if text.len() > 200 {
        return;
    }
    if let Some((scheme, _)) = text.split_once("://") {
        if CATALOG.schemes.contains_key(scheme) {
            facts.schemes.push(Named { text: scheme.into(), line });
        }
        return;
    }
    if may_be_object(text) {
        facts.strings.push(Named { text: text.into(), line });
    }
}

/// Whether a text may be a module's name of at least two words, or name an object in a module.
fn may_be_object(text: &str) -> bool {
    let (module, object) = match text.split_once(':') {
        Some((module, object)) => (module, Some(object)),
        None => (text, None),
    };
    is_name(module) && (module.contains('.') || object.is_some()) && object.is_none_or(is_name)
}

/// Words of letters, digits and underscores, with dots between them. Hyphens too, for entry-point groups have them.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.split('.').all(|word| {
            !word.is_empty()
                && !word.starts_with(|first: char| first.is_ascii_digit())
                && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        })
}
