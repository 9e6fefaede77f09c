//! `.dive-ci`, so that a gate that people have moves over as it is. The definitions are dive's own; its defaults are not:
//! what the file does not say is not in force.

use super::{Budget, Key, Limit, Measure, Part};
use crate::error::{Error, Result};
use crate::nearest::nearest;

const RULES: [&str; 3] = ["lowestEfficiency", "highestWastedBytes", "highestUserWastedPercent"];

/// Reads the rules of a `.dive-ci`: a YAML file of one mapping.
pub(super) fn parse(file: &str, text: &str) -> Result<Vec<Budget>> {
    let mut budgets = Vec::new();
    let mut inside = false;
    for (at, line) in text.lines().enumerate() {
        let at = at + 1;
        let wrong = |message: String| Error::config(format!("{file}:{at}: {message}"));
        let content = without_comment(line);
        if content.trim().is_empty() || content.trim() == "---" {
            continue;
        }
        let Some((key, value)) = content.split_once(':') else {
            return Err(wrong(format!("`{}` is no key and value", content.trim().escape_debug())));
        };
        let (indented, key, value) = (key.starts_with([' ', '\t']), unquoted(key), unquoted(value));
        if !indented {
            inside = key == "rules" && value.is_empty();
            if !inside {
                return Err(
                    wrong(format!("there is no key `{}`", key.escape_debug())).hint("there is rules:")
                );
            }
            continue;
        }
        if !inside || !RULES.contains(&key) {
            let error = wrong(format!("dive has no rule `{}`", key.escape_debug()));
            return Err(match nearest(key, RULES) {
                Some(meant) => error.hint(format!("did you mean {meant}?")),
                None => error.hint(format!("there are {}", RULES.join(", "))),
            });
        }
        if matches!(value, "disabled" | "off" | "false" | "") {
            continue;
        }
        let (measure, limit) = match key {
            "highestWastedBytes" => (Measure::DiveWasted, humanized(value).map(Limit::Bytes)),
            "lowestEfficiency" => (Measure::DiveEfficiency, ratio(value).map(Limit::Ratio)),
            _ => (Measure::DiveUserWasted, ratio(value).map(Limit::Ratio)),
        };
        let Some(limit) = limit else {
            return Err(wrong(format!("{key}: `{}` is no limit that dive knows", value.escape_debug()))
                .hint("a ratio from 0 to 1, or bytes such as 20MB; disabled switches the rule off"));
        };
        let key = Key { measure, part: Part::All, growth: false, platform: None };
        budgets.push(Budget { key, warn: None, fail: Some(limit), at: format!("{file}:{at}") });
    }
    Ok(budgets)
}

fn without_comment(line: &str) -> &str {
    match line.find('#') {
        Some(0) => "",
        Some(at) if line[..at].ends_with([' ', '\t']) => &line[..at],
        _ => line,
    }
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    ['"', '\''].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote)).unwrap_or(text)
}

fn ratio(text: &str) -> Option<f64> {
    text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio))
}

/// Bytes as dive's own parser reads them: any case, the B and the space may be missing, `Ki` is 1024.
fn humanized(text: &str) -> Option<u64> {
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',').unwrap_or(text.len());
    let number: f64 = text[..at].replace(',', "").parse().ok()?;
    let unit = text[at..].trim().to_ascii_lowercase();
    let unit = unit.strip_suffix('b').unwrap_or(&unit);
    let (unit, base) = unit.strip_suffix('i').map_or((unit, 1000_f64), |unit| (unit, 1024_f64));
    let power = ["", "k", "m", "g", "t", "p"].iter().position(|known| *known == unit)?;
    let bytes = number * base.powi(i32::try_from(power).ok()?);
    // A float of bytes is whole as far as dive knows it.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "in range, by the test before it"
    )]
    (bytes < 1e18).then_some(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dive_ci_reads_as_dive_reads_it() {
        let text = "rules:\n  # a comment\n  lowestEfficiency: 0.95\n  highestWastedBytes: 20MB # inline\n  highestUserWastedPercent: \"0.20\"\n";
        let budgets = parse(".dive-ci", text).unwrap();
        let read: Vec<_> = budgets.iter().map(|b| (b.fail.unwrap(), b.at.as_str())).collect();
        assert_eq!(
            read,
            [
                (Limit::Ratio(0.95), ".dive-ci:3"),
                (Limit::Bytes(20_000_000), ".dive-ci:4"),
                (Limit::Ratio(0.2), ".dive-ci:5")
            ]
        );
        assert!(parse(".dive-ci", "rules:\n  lowestEfficiency: disabled\n").unwrap().is_empty());
        assert_eq!(humanized("1,000 KiB"), Some(1_024_000));
        assert_eq!(humanized("42"), Some(42));
    }

    #[test]
    fn a_slip_is_not_ignored() {
        let error = parse(".dive-ci", "rules:\n  lowestEficiency: 0.9\n").unwrap_err();
        assert_eq!(error.message, ".dive-ci:2: dive has no rule `lowestEficiency`");
        assert_eq!(error.hint.as_deref(), Some("did you mean lowestEfficiency?"));
        assert!(parse(".dive-ci", "rules:\n  highestWastedBytes: many\n").is_err());
        assert!(parse(".dive-ci", "plugins:\n  - x\n").is_err());
    }
}
