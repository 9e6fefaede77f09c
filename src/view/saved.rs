//! Reads a report that was saved earlier, of this version of the contract or of an older one.

use serde_json::Value;

use super::{Report, SCHEMA};
use crate::error::{Error, Result};
use crate::path::Printable;

/// What all versions of the contract have in common.
const FAMILY: &str = "plimsoll/report/";

impl Report {
    /// The report in `text`, which was written by this program or by an older one.
    ///
    /// Fields that a later version of this contract added are skipped; a later contract is refused, for its figures could
    /// mean something else.
    pub fn from_json(text: &str) -> Result<Self> {
        let hint = "a report is what plimsoll analyze IMAGE -o json=FILE writes";
        let mut value: Value = serde_json::from_str(text).map_err(|error| {
            Error::input(format!("it is no report: it is not JSON, line {}: {error}", error.line()))
                .hint(hint)
        })?;
        disarm(&mut value);
        let Some(schema) = value.get("schema").and_then(Value::as_str).map(str::to_owned) else {
            return Err(Error::input("it is JSON and no report: it has no \"schema\"").hint(hint));
        };
        let shown = schema.escape_debug();
        let version = schema.strip_prefix(FAMILY).and_then(|version| version.parse::<u32>().ok());
        let value = match version {
            None => {
                return Err(
                    Error::input(format!("it is JSON and no report: its schema is {shown}")).hint(hint)
                );
            }
            // An older contract is brought up to date here, one version after the other.
            Some(1) => value,
            Some(0) => {
                return Err(Error::input(format!("it is no report: there never was {shown}")).hint(hint));
            }
            Some(_) => {
                return Err(Error::input(format!(
                    "it was written by a newer plimsoll: its schema is {shown}, and this program knows {SCHEMA}"
                ))
                .hint("update plimsoll, or write the report anew with this one"));
            }
        };
        serde_json::from_value(value).map_err(|error| {
            Error::input(format!("it says that it is a {shown} and is not whole: {error}")).hint(hint)
        })
    }
}

/// Makes text harmless again: whoever saved the report need not be this program.
fn disarm(value: &mut Value) {
    let mut stack = vec![value];
    while let Some(value) = stack.pop() {
        match value {
            Value::String(text) => *text = Printable(text.as_bytes()).to_string(),
            Value::Array(values) => stack.extend(values),
            Value::Object(values) => {
                let pairs = std::mem::take(values).into_iter();
                *values = pairs.map(|(key, value)| (Printable(key.as_bytes()).to_string(), value)).collect();
                stack.extend(values.values_mut());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_report_says_so() {
        for (text, says) in [
            ("nonsense", "it is no report: it is not JSON, line 1"),
            ("{}", "has no \"schema\""),
            (r#"{"schema": "other/2"}"#, "its schema is other/2"),
            (r#"{"schema": "plimsoll/report/2"}"#, "written by a newer plimsoll"),
            (r#"{"schema": "plimsoll/report/1"}"#, "is not whole: missing field"),
        ] {
            let error = Report::from_json(text).unwrap_err();
            assert!(error.message.contains(says), "{text}: {error}");
            assert!(error.hint.is_some(), "{text}");
        }
    }
}
