//! Bytes, counted in the two measures that matter: what is on disk and what is pulled.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

/// An amount of image in both measures, in bytes.
///
/// The walk refuses layers whose figures could overflow (see `layer::limits`), so sums are far from `u64::MAX`; they
/// saturate all the same, for a wrapped sum would be a lie.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size {
    /// Bytes of regular files, as `stat` says and as Docker counts them.
    pub content: u64,
    /// Share of the compressed blob, which is what a pull moves.
    pub transfer: u64,
}

impl Size {
    /// Nothing.
    pub const ZERO: Self = Self { content: 0, transfer: 0 };

    /// `content` bytes on disk, `transfer` bytes to pull.
    pub const fn new(content: u64, transfer: u64) -> Self {
        Self { content, transfer }
    }
}

/// Bytes as Docker prints them: SI, three digits, never more than one trailing zero: `512 B`, `18.2 MB`, `1.05 GB`.
///
/// The unit is chosen after rounding, so 999 999 bytes are `1.0 MB` and not `1000 kB`.
pub fn si(bytes: u64) -> String {
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut unit = 1_000_u128;
    for name in ["kB", "MB", "GB", "TB", "PB", "EB"] {
        // In hundredths, tenths or whole units: whichever gives three digits after rounding half up.
        for (decimals, part) in [(2, 100), (1, 10), (0, 1)] {
            let rounded = (u128::from(bytes) * part + unit / 2) / unit;
            if rounded < 1000 {
                return format!("{} {name}", with_decimals(rounded, part, decimals));
            }
        }
        unit *= 1000;
    }
    format!("{bytes} B") // unreachable: u64::MAX is 18.4 EB
}

/// `rounded / part` with a fixed number of decimals; the second decimal goes where it is a zero.
fn with_decimals(rounded: u128, part: u128, decimals: usize) -> String {
    let (whole, rest) = (rounded / part, rounded % part);
    match decimals {
        2 if rest % 10 == 0 => format!("{whole}.{}", rest / 10),
        0 => whole.to_string(),
        _ => format!("{whole}.{rest:0decimals$}"),
    }
}

/// Reads bytes as a person writes them: `100 kB`, `1 MB`, `512 B`, `1.5 GB`. The inverse of [`si`], up to its rounding;
/// `None` for everything that is not a number and an SI unit.
pub fn parse_si(text: &str) -> Option<u64> {
    let at = text.find(|character: char| character.is_ascii_alphabetic())?;
    let unit = match &text[at..] {
        "B" => 1,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000_u64,
        _ => return None,
    };
    let (whole, fraction) = text[..at].trim_end().split_once('.').unwrap_or((text[..at].trim_end(), ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let scale = 10_u64.pow(u32::try_from(fraction.len()).ok()?);
    let part = if fraction.is_empty() { 0 } else { fraction.parse::<u64>().ok()?.checked_mul(unit)? / scale };
    whole.parse::<u64>().ok()?.checked_mul(unit)?.checked_add(part)
}

impl Add for Size {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            content: self.content.saturating_add(other.content),
            transfer: self.transfer.saturating_add(other.transfer),
        }
    }
}

impl AddAssign for Size {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Size {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self {
            content: self.content.saturating_sub(other.content),
            transfer: self.transfer.saturating_sub(other.transfer),
        }
    }
}

impl Sum for Size {
    fn sum<I: Iterator<Item = Self>>(sizes: I) -> Self {
        sizes.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_with_carry() {
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (1_049, "1.05 kB"),
            (9_994, "9.99 kB"),
            (9_995, "10.0 kB"),
            (99_949, "99.9 kB"),
            (99_950, "100 kB"),
            (999_499, "999 kB"),
            (999_500, "1.0 MB"),
            (999_999, "1.0 MB"),
            (18_200_000, "18.2 MB"),
            (1_053_000_000, "1.05 GB"),
            (u64::MAX, "18.4 EB"),
        ];
        for (bytes, text) in cases {
            assert_eq!(si(bytes), text, "{bytes}");
        }
    }

    #[test]
    fn a_size_reads_back_as_it_was_written() {
        for (text, bytes) in
            [("0 B", 0), ("512 B", 512), ("100 kB", 100_000), ("1MB", 1_000_000), ("1.5 GB", 1_500_000_000)]
        {
            assert_eq!(parse_si(text), Some(bytes), "{text}");
        }
        for text in ["", "100", "kB", "1 KiB", "-1 kB", "1 mb", "1.x kB", "99999999999 TB"] {
            assert_eq!(parse_si(text), None, "{text}");
        }
    }
}
