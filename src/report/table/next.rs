//! What was not read, and what to do next.

use crate::report::style::{Ink, Style, width, wrap};
use crate::view::{Report, Warning};

/// What could not be read.
pub(super) fn warnings(warnings: &[Warning], style: &Style) -> String {
    const SHOWN: usize = 10;
    if warnings.is_empty() {
        return String::new();
    }
    let mut text =
        format!("{} (every figure above is true all the same)\n", style.paint(Ink::Strong, "Notes"));
    for warning in warnings.iter().take(SHOWN) {
        let sentence = format!("{}: {}", warning.from, warning.message);
        for (position, line) in wrap(&sentence, style.width.min(100).saturating_sub(4)).iter().enumerate() {
            text += &format!("  {}{line}\n", if position == 0 { "" } else { "  " });
        }
    }
    if warnings.len() > SHOWN {
        text += &format!("  {} more, in -o json\n", warnings.len() - SHOWN);
    }
    text
}

/// Commands that answer the next question, ready to be copied.
pub(super) fn next(report: &Report, style: &Style) -> String {
    let reference = quoted(&report.image.reference);
    let mut lines: Vec<(String, &str)> = Vec::new();
    if let Some(finding) = report.platforms.iter().flat_map(|platform| &platform.findings).next() {
        lines.push((format!("plimsoll rules {}", finding.rule), "why, and the fix"));
    }
    if report.image.reference != "-" {
        let what = if lines.is_empty() { "for programs" } else { "every path" };
        let weighs = report.platforms.iter().any(|platform| platform.content > 0);
        if weighs && report.image.kind != "rootfs" {
            lines.push((format!("plimsoll advise {reference}"), "smaller images to build"));
        }
        lines.push((format!("plimsoll analyze {reference} -o json"), what));
        if report.index.children.len() > 1 {
            lines.push((format!("plimsoll platforms {reference}"), "the index as a tree"));
        }
    }
    if lines.is_empty() {
        return String::new();
    }
    let widest = lines.iter().map(|(command, _)| width(command)).max().unwrap_or(0);
    let mut text = format!("{}\n", style.paint(Ink::Strong, "Next"));
    for (command, what) in lines {
        let padding = " ".repeat(widest - width(&command));
        // A command is never shortened: it is there to be copied. What it does goes where there is no room.
        if widest + 4 + width(what) <= style.width {
            text += &format!("  {command}{padding}  {}\n", style.paint(Ink::Faint, what));
        } else {
            text += &format!("  {command}\n");
        }
    }
    text
}

/// A word as a shell takes it.
pub(in crate::report) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-:@+=,%".contains(c);
    if word.chars().all(plain) && !word.is_empty() {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
