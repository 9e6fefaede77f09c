//! Conditions whose outcome is known before anything runs.

use ruff_python_ast::{CmpOp, Expr, UnaryOp};

use super::facts::Condition;
use super::literals::last_name;

/// What is known of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    /// `TYPE_CHECKING`: true for type checkers only.
    Typing,
    /// `not TYPE_CHECKING`.
    NotTyping,
    /// False in every container of ours: `sys.platform == "win32"`.
    Never,
    /// True in every one.
    Always,
    /// `__name__ == "__main__"`.
    Main,
    /// `sys.version_info >= (3, 11)`.
    Version(Condition),
    /// Only running it would tell.
    Unknown,
}

/// Judges a condition for Linux.
pub(super) fn judge(test: &Expr) -> Test {
    match test {
        Expr::Name(_) | Expr::Attribute(_) if last_name(test) == Some("TYPE_CHECKING") => Test::Typing,
        Expr::BooleanLiteral(literal) if literal.value => Test::Always,
        Expr::BooleanLiteral(_) => Test::Never,
        Expr::UnaryOp(not) if not.op == UnaryOp::Not => match judge(&not.operand) {
            Test::Typing => Test::NotTyping,
            Test::NotTyping => Test::Typing,
            Test::Never => Test::Always,
            Test::Always => Test::Never,
            Test::Version(condition) => Test::Version(condition.opposite()),
            Test::Main | Test::Unknown => Test::Unknown,
        },
        Expr::BoolOp(several) => {
            // `TYPE_CHECKING and …` is for type checkers, whatever follows.
            let judged =
                || several.values.iter().take(16).filter(|value| !value.is_bool_op_expr()).map(judge);
            match several.op {
                ruff_python_ast::BoolOp::And => {
                    judged().find(|test| matches!(test, Test::Typing | Test::Never)).unwrap_or(Test::Unknown)
                }
                ruff_python_ast::BoolOp::Or => Test::Unknown,
            }
        }
        Expr::Compare(compare) if compare.ops.len() == 1 => compare
            .comparators
            .first()
            .map_or(Test::Unknown, |right| comparison(&compare.left, compare.ops[0], right)),
        _ => Test::Unknown,
    }
}

fn comparison(left: &Expr, operator: CmpOp, right: &Expr) -> Test {
    let equal = match operator {
        CmpOp::Eq => Some(true),
        CmpOp::NotEq => Some(false),
        _ => None,
    };
    let known = |holds: bool| if holds { Test::Always } else { Test::Never };
    match (last_name(left), right) {
        (Some("platform"), Expr::StringLiteral(text)) => {
            equal.map_or(Test::Unknown, |equal| known((text.value.to_str() == "linux") == equal))
        }
        (Some("name"), Expr::StringLiteral(text)) if matches!(text.value.to_str(), "nt" | "posix") => {
            equal.map_or(Test::Unknown, |equal| known((text.value.to_str() == "posix") == equal))
        }
        (Some("__name__"), Expr::StringLiteral(text)) if text.value.to_str() == "__main__" => Test::Main,
        (Some("version_info"), Expr::Tuple(version)) => {
            let number = |position: usize| match version.elts.get(position) {
                Some(Expr::NumberLiteral(number)) => {
                    number.value.as_int().and_then(ruff_python_ast::Int::as_u16)
                }
                _ => None,
            };
            let Some(major) = number(0) else { return Test::Unknown };
            let condition =
                |below| Test::Version(Condition { version: (major, number(1).unwrap_or(0)), below });
            match operator {
                CmpOp::GtE | CmpOp::Gt => condition(false),
                CmpOp::Lt | CmpOp::LtE => condition(true),
                _ => Test::Unknown,
            }
        }
        _ => Test::Unknown,
    }
}
