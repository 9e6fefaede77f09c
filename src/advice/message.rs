//! What a finding says: a sentence with placeholders out of a closed set, checked when the rule is loaded.

use serde::Deserialize;

use super::rule::Per;
use crate::size::si;

/// A message with placeholders: `{files} package lists, {content} on disk, left by {instruction}`.
///
/// `{files:package list}` counts and inflects: `1 package list`, `3 package lists`; `{files:copy/copies}` gives the
/// plural where an `s` does not.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Message {
    /// As the rule has it.
    pub text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Placeholder(Placeholder),
    /// A count of files with its noun: singular and plural.
    Counted(String, String),
}

/// What can stand in braces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placeholder {
    /// How many regular files.
    Files,
    /// Bytes on disk.
    Content,
    /// Bytes to pull.
    Transfer,
    /// The path with the most bytes.
    Largest,
    /// The owners with the most bytes: three names, and how many more.
    Owners,
    /// The owner that the finding is about; needs `per = "owner"`.
    Owner,
    /// The instruction that made the layer; needs `per = "layer"`.
    Instruction,
    /// The instruction that hides the bytes; needs `per = "layer"` and bytes that are hidden.
    RemovedBy,
}

impl Placeholder {
    const ALL: [(&'static str, Self); 8] = [
        ("files", Self::Files),
        ("content", Self::Content),
        ("transfer", Self::Transfer),
        ("largest", Self::Largest),
        ("owners", Self::Owners),
        ("owner", Self::Owner),
        ("instruction", Self::Instruction),
        ("removed-by", Self::RemovedBy),
    ];

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, placeholder)| placeholder)
    }

    /// What the rule must say for this to have a value; `None` where it does.
    pub fn missing(self, per: Per, hidden: bool) -> Option<&'static str> {
        match self {
            Self::Owner if per != Per::Owner => Some("{owner} needs per = \"owner\""),
            Self::Instruction if per != Per::Layer => Some("{instruction} needs per = \"layer\""),
            Self::RemovedBy if per != Per::Layer || !hidden => {
                Some("{removed-by} needs per = \"layer\" and a fate or detector that means hidden bytes only")
            }
            _ => None,
        }
    }
}

/// The figures of one finding.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// How many regular files.
    pub files: usize,
    /// Bytes on disk.
    pub content: u64,
    /// Bytes to pull, and whether that is exact; `None` where it was not measured.
    pub transfer: Option<(u64, bool)>,
    /// The path with the most bytes.
    pub largest: String,
    /// The owners with the most bytes, most first.
    pub owners: Vec<String>,
    /// The instruction that made the layer.
    pub instruction: String,
    /// The instruction that hides the bytes.
    pub removed_by: String,
}

impl Message {
    /// The placeholders of the message, in order.
    pub fn placeholders(&self) -> impl Iterator<Item = Placeholder> + '_ {
        self.parts.iter().filter_map(|part| match part {
            Part::Placeholder(placeholder) => Some(*placeholder),
            Part::Counted(..) => Some(Placeholder::Files),
            Part::Text(_) => None,
        })
    }

    /// The message with its figures.
    pub fn render(&self, figures: &Figures) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(fixed) => text.push_str(fixed),
                Part::Placeholder(placeholder) => text.push_str(&value(*placeholder, figures)),
                Part::Counted(one, many) => {
                    let noun = if figures.files == 1 { one } else { many };
                    text.push_str(&grouped(figures.files));
                    text.push(' ');
                    text.push_str(noun);
                }
            }
        }
        text
    }
}

fn value(placeholder: Placeholder, figures: &Figures) -> String {
    match placeholder {
        Placeholder::Files => grouped(figures.files),
        Placeholder::Content => si(figures.content),
        Placeholder::Transfer => match figures.transfer {
            Some((bytes, true)) => si(bytes),
            Some((bytes, false)) => format!("~{}", si(bytes)),
            None => "an unmeasured share".to_owned(),
        },
        Placeholder::Largest => figures.largest.clone(),
        Placeholder::Owners => match figures.owners.as_slice() {
            [] => "nobody".to_owned(),
            all if all.len() <= 3 => all.join(", "),
            [first @ .., _] => format!("{} and {} more", first[..3].join(", "), figures.owners.len() - 3),
        },
        Placeholder::Owner => figures.owners.first().cloned().unwrap_or_default(),
        Placeholder::Instruction => figures.instruction.clone(),
        Placeholder::RemovedBy => figures.removed_by.clone(),
    }
}

/// A count with a space between thousands, as the International System has it; four digits stay together.
fn grouped(count: usize) -> String {
    let digits = count.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

impl TryFrom<String> for Message {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text.as_str();
        while let Some(open) = rest.find(['{', '}']) {
            let close = rest[open..].find('}').filter(|close| *close > 0);
            let Some(close) = close else {
                return Err("a brace of the message has no partner".to_owned());
            };
            if open > 0 {
                parts.push(Part::Text(rest[..open].to_owned()));
            }
            parts.push(part(&rest[open + 1..open + close])?);
            rest = &rest[open + close + 1..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        if parts.is_empty() {
            return Err("the message is empty".to_owned());
        }
        Ok(Self { text, parts })
    }
}

fn part(name: &str) -> Result<Part, String> {
    if let Some(noun) = name.strip_prefix("files:").filter(|noun| !noun.is_empty()) {
        let (one, many) =
            noun.split_once('/').map_or_else(|| (noun, format!("{noun}s")), |(o, m)| (o, m.to_owned()));
        return Ok(Part::Counted(one.to_owned(), many));
    }
    Placeholder::from_name(name).map(Part::Placeholder).ok_or_else(|| {
        let known: Vec<_> = Placeholder::ALL.iter().map(|(known, _)| format!("`{known}`")).collect();
        format!("unknown placeholder `{name}`, expected one of {}, `files:NOUN`", known.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> Message {
        Message::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn figures_take_the_place_of_placeholders() {
        let figures = Figures {
            files: 12_345,
            content: 18_200_000,
            transfer: Some((9_000_000, false)),
            owners: ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec(),
            ..Figures::default()
        };
        let text = message("{files:list}: {content}, {transfer}, {owners}").render(&figures);
        assert_eq!(text, "12 345 lists: 18.2 MB, ~9.0 MB, a, b, c and 2 more");
        let one = Figures { files: 1, ..Figures::default() };
        assert_eq!(message("{files:copy/copies}, {transfer}").render(&one), "1 copy, an unmeasured share");
    }

    #[test]
    fn a_placeholder_that_does_not_exist_is_refused_with_those_that_do() {
        let error = Message::try_from("{size} wasted".to_owned()).unwrap_err();
        assert!(error.contains("unknown placeholder `size`") && error.contains("`removed-by`"), "{error}");
        for text in ["{files", "files}", "}{", "", "{}"] {
            assert!(Message::try_from(text.to_owned()).is_err(), "{text:?}");
        }
    }
}
