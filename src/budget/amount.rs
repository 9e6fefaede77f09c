//! Limits as people write them: a number never goes without its unit.

use serde::Serialize;

/// A limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// Bytes.
    Bytes(u64),
    /// How many.
    Count(u64),
    /// Hundredths of a percent of something.
    Percent(u64),
    /// A ratio from 0 to 1, as dive writes them.
    Ratio(f64),
}

/// What a figure of a check counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Things.
    Count,
    /// A ratio from 0 to 1.
    Ratio,
}

/// What kinds of limit a budget takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    Bytes,
    BytesOrPercent,
}

const UNITS: [(&str, u64); 9] = [
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// Reads `300 MB`, `1.5GiB` or `2.5 %`. The error is a sentence and perhaps what was meant.
pub(super) fn parse(text: &str, takes: Takes) -> Result<Limit, (String, Option<String>)> {
    let shown = text.escape_debug();
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = (&text[..at], text[at..].trim());
    if number.is_empty() {
        return Err((
            format!("`{shown}` is no amount"),
            Some("write a number and a unit, such as 300 MB".to_owned()),
        ));
    }
    if unit.is_empty() {
        return Err((format!("`{shown}` has no unit"), Some(format!("write {number} MB"))));
    }
    if unit == "%" {
        if takes != Takes::BytesOrPercent {
            return Err((
                format!("`{shown}` is a percentage of nothing"),
                Some("write bytes, such as 300 MB".to_owned()),
            ));
        }
        let hundredths = scaled(number, 100).ok_or_else(|| (format!("`{shown}` is no percentage"), None))?;
        return Ok(Limit::Percent(hundredths));
    }
    let Some((_, factor)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        let meant = UNITS.iter().find(|(name, _)| {
            name.eq_ignore_ascii_case(unit) || name.trim_end_matches('B').eq_ignore_ascii_case(unit)
        });
        let hint = match meant {
            Some((meant, _)) => format!("did you mean {number} {meant}?"),
            None => "there are B, kB, MB, GB, TB, KiB, MiB, GiB and TiB".to_owned(),
        };
        return Err((format!("`{}` is no unit of bytes", unit.escape_debug()), Some(hint)));
    };
    let bytes = scaled(number, *factor).ok_or_else(|| (format!("`{shown}` is no number of bytes"), None))?;
    Ok(Limit::Bytes(bytes))
}

/// A decimal number times a factor, rounded down; `None` for what is no number or too large.
fn scaled(number: &str, factor: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || fraction.contains('.') || fraction.len() > 9 {
        return None;
    }
    let whole = whole.parse::<u64>().ok()?.checked_mul(factor)?;
    if fraction.is_empty() {
        return Some(whole);
    }
    let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let part = u128::from(fraction.parse::<u64>().ok()?) * u128::from(factor) / scale;
    whole.checked_add(u64::try_from(part).ok()?)
}

/// `hundredths` of a percent of `whole`, rounded down.
pub(super) fn percent_of(whole: u64, hundredths: u64) -> u64 {
    u64::try_from(u128::from(whole) * u128::from(hundredths) / 10_000).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_a_unit() {
        let parse = |text| parse(text, Takes::BytesOrPercent);
        assert_eq!(parse("800 MB"), Ok(Limit::Bytes(800_000_000)));
        assert_eq!(parse("1.5GiB"), Ok(Limit::Bytes(3 << 29)));
        assert_eq!(parse("2.5 %"), Ok(Limit::Percent(250)));
        assert_eq!(parse("2%"), Ok(Limit::Percent(200)));
        for (text, hint) in [
            ("800", "write 800 MB"),
            ("800 mb", "did you mean 800 MB?"),
            ("5M", "did you mean 5 MB?"),
            ("5 megs", "there are B, kB, MB, GB, TB, KiB, MiB, GiB and TiB"),
        ] {
            assert_eq!(parse(text).unwrap_err().1.as_deref(), Some(hint), "{text}");
        }
        for text in ["", "MB", "-1 MB", "1.2.3 MB", "99999999999999 TB"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_percentage_needs_a_whole() {
        assert!(parse("5 %", Takes::Bytes).is_err());
        assert_eq!(percent_of(1_000, 250), 25);
    }
}
