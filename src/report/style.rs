//! How figures and names are written: units, colour, width.

use anstyle::{AnsiColor, Style as Ansi};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::size;

/// How a report is written for a person.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// The units of bytes.
    pub units: Units,
    /// Whether to colour. Colour adds nothing that the words do not say.
    pub colour: bool,
    /// How many columns there are.
    pub width: usize,
    /// How many owners to name; 0 for all.
    pub top: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self { units: Units::Si, colour: false, width: 80, top: 10 }
    }
}

/// The units of bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Units {
    /// `1.05 GB`: powers of 1000, as Docker and registries print them.
    #[default]
    Si,
    /// `1004 MiB`: powers of 1024.
    Iec,
    /// `1053123456`: every digit.
    Bytes,
}

/// What a piece of text is, which decides its colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Ink {
    /// As it is.
    #[default]
    Plain,
    /// The name of a section, a total.
    Strong,
    /// What is there for completeness.
    Faint,
    /// Can be done without a second thought.
    Good,
    /// Wants a look.
    Warn,
    /// Is lost.
    Bad,
}

impl Ink {
    fn ansi(self) -> Ansi {
        match self {
            Self::Plain => Ansi::new(),
            Self::Strong => Ansi::new().bold(),
            Self::Faint => Ansi::new().dimmed(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Warn => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default(),
        }
    }
}

impl Style {
    /// `text` in the colour of `ink`.
    pub fn paint(&self, ink: Ink, text: &str) -> String {
        if !self.colour || ink == Ink::Plain || text.is_empty() {
            return text.to_owned();
        }
        let ansi = ink.ansi();
        format!("{ansi}{text}{ansi:#}")
    }

    /// An amount of bytes.
    pub fn bytes(&self, bytes: u64) -> String {
        match self.units {
            Units::Si => size::si(bytes),
            Units::Iec => iec(bytes),
            Units::Bytes => format!("{bytes} B"),
        }
    }

    /// An amount of bytes in a column of figures, where nothing is a dash.
    pub fn figure(&self, bytes: u64) -> String {
        if bytes == 0 { "-".to_owned() } else { self.bytes(bytes) }
    }

    /// The same, with `~` where it is estimated.
    pub fn estimate(&self, bytes: u64, exact: bool) -> String {
        let mark = if exact || bytes == 0 { "" } else { "~" };
        format!("{mark}{}", self.figure(bytes))
    }

    /// The same of something that goes: `-1.2 MB`, `~-1.2 MB`.
    pub fn less(&self, bytes: u64, exact: bool) -> String {
        match (bytes, exact) {
            (0, _) => "-".to_owned(),
            (_, true) => format!("-{}", self.bytes(bytes)),
            (_, false) => format!("~-{}", self.bytes(bytes)),
        }
    }

    /// A difference in bytes, always with its sign: `+12.6 MB`, `-1.9 MB`; a dash where there is none.
    pub fn change(&self, bytes: i64, exact: bool) -> String {
        let mark = if exact || bytes == 0 { "" } else { "~" };
        let sign = if bytes > 0 { "+" } else { "-" };
        match bytes {
            0 => "-".to_owned(),
            _ => format!("{mark}{sign}{}", self.bytes(bytes.unsigned_abs())),
        }
    }
}

/// Three significant digits of a power of 1024, with carry.
fn iec(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64;
    for (position, unit) in UNITS.iter().enumerate() {
        value /= 1024.0;
        let digits = match value {
            v if v < 9.995 => format!("{v:.2}"),
            v if v < 99.95 => format!("{v:.1}"),
            v => format!("{v:.0}"),
        };
        if value < 1023.5 || position == UNITS.len() - 1 {
            return format!("{digits} {unit}");
        }
    }
    format!("{bytes} B")
}

/// `part` of `whole` in percent: `29.0 %`. Nothing where there is no whole.
pub fn percent(part: u64, whole: u64) -> String {
    if part == 0 || whole == 0 {
        return "-".to_owned();
    }
    let percent = part as f64 * 100.0 / whole as f64;
    if percent < 0.05 { "<0.1 %".to_owned() } else { format!("{percent:.1} %") }
}

/// A difference in percent of what it was: `+3.5 %`; nothing where it was nothing.
pub fn growth(change: i64, from: u64) -> String {
    if change == 0 || from == 0 {
        return "-".to_owned();
    }
    let percent = change as f64 * 100.0 / from as f64;
    if percent.abs() < 0.05 {
        format!("{}0.0 %", if change > 0 { "+" } else { "-" })
    } else {
        format!("{percent:+.1} %")
    }
}

/// `1 file`, `2 files`.
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// How many columns a text takes.
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// A name cut in its middle to at most `columns`: both ends of a name tell more than its middle.
pub fn shorten(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(1) else { return String::new() };
    let tail_room = room / 3;
    let head = take(text.chars(), room - tail_room);
    let tail: String = take(text.chars().rev(), tail_room).chars().rev().collect();
    format!("{}…{}", head.trim_end(), tail.trim_start())
}

fn take(characters: impl Iterator<Item = char>, columns: usize) -> String {
    let mut used = 0;
    characters
        .take_while(|character| {
            used += character.width().unwrap_or(0);
            used <= columns
        })
        .collect()
}

/// The words of a text in lines of at most `columns`; a word that is longer has a line of its own and is shortened. A
/// figure and its unit are one word.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let is_unit = matches!(word.trim_end_matches([',', ';', '.', ')']), "B" | "kB" | "MB" | "GB" | "TB");
        match words.last_mut() {
            Some(figure) if is_unit && figure.ends_with(|last: char| last.is_ascii_digit()) => {
                figure.push(' ');
                figure.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        let word = shorten(&word, columns);
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(&word) <= columns => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iec_carries_into_the_next_unit() {
        let figures =
            [(1023, "1023 B"), (1024, "1.00 KiB"), (1_048_575, "1.00 MiB"), (1_048_576, "1.00 MiB")];
        for (bytes, expected) in figures {
            assert_eq!(iec(bytes), expected, "{bytes}");
        }
        assert_eq!(iec(u64::MAX), "16.0 EiB");
        assert_eq!(iec(104_804_000), "99.9 MiB");
        assert_eq!(iec(104_855_000), "100 MiB");
    }

    #[test]
    fn a_name_keeps_both_ends() {
        assert_eq!(shorten("qiskit-ibm-runtime", 10), "qiskit…ime");
        assert_eq!(shorten("short", 10), "short");
        assert_eq!(width(&shorten("日本語の名前です", 7)), 7);
        assert_eq!(shorten("x", 0), "");
    }

    #[test]
    fn words_wrap_and_long_ones_are_shortened() {
        assert_eq!(wrap("a bb ccc", 4), ["a bb", "ccc"]);
        assert_eq!(wrap("abcdefghij", 5), ["abc…j"]);
        assert_eq!(wrap("and 1.5 MB, at least", 8), ["and", "1.5 MB,", "at least"]);
    }

    #[test]
    fn a_share_is_never_shown_as_nothing() {
        assert_eq!(percent(1, 1_000_000), "<0.1 %");
        assert_eq!(percent(29, 100), "29.0 %");
        assert_eq!(percent(0, 100), "-");
    }
}
