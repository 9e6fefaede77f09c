//! The comment on a pull request: the answer in the first line, the rest in the order in which people ask for it, and
//! never longer than GitHub takes.

mod escape;
mod sections;

pub(super) use escape::{code, prose};

use super::scene::Scene;
use super::style::Style;
use crate::budget::Status;

/// What GitHub takes; a longer comment is refused whole.
pub(super) const LONGEST: usize = 65_536;
/// What is left for whoever wraps the comment in one of their own.
const RESERVE: usize = 1_536;
/// By which a comment is found again, so that it can be replaced.
const MARKER: &str = "<!-- plimsoll:v1 -->";

/// The comment.
pub(super) fn render(scene: Scene<'_>, style: &Style) -> String {
    let heading = format!("{MARKER}\n### {}\n{}\n", headline(scene, style), sections::summary(scene, style));
    let footer = sections::footer(scene);
    let optional = [
        sections::platforms(scene, style),
        sections::advice(scene, style),
        sections::changes(scene, style),
        sections::checks(scene, style),
        sections::layers(scene, style),
        sections::findings(scene, style),
        sections::others(scene, style),
    ];
    let mut room = LONGEST - RESERVE - length(&heading) - length(&footer);
    let mut kept = [const { String::new() }; 7];
    let mut left_out = false;
    // In the order in which they matter; each is there whole or not at all.
    for (section, kept) in optional.into_iter().zip(&mut kept) {
        let length = length(&section) + 1;
        if length <= room {
            room -= length;
            *kept = section;
        } else {
            left_out = true;
        }
    }
    // Read in another order than they matter in: what changed stands before what to do about it.
    let [platforms, advice, changes, checks, layers, findings, others] = kept;
    let mut text = heading;
    for section in [platforms, changes, advice, checks, others, layers, findings] {
        if !section.is_empty() {
            text += &format!("\n{section}");
        }
    }
    if left_out {
        text += "\nSome of it is left out here because of its length; the JSON and the HTML report have all of it.\n";
    }
    text + &footer
}

/// GitHub counts UTF-16, in which no text is longer than in bytes.
fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The state as a word and a figure, which is all that an e-mail shows.
fn headline(scene: Scene<'_>, style: &Style) -> String {
    if let Some(verdict) = scene.verdict {
        let sentence = prose(&super::check::gist(verdict, style));
        return match verdict.status {
            Status::Fail => format!("❌ Image size: over budget, {sentence}"),
            Status::Unknown => format!("❔ Image size: not all could be checked, {sentence}"),
            Status::Warn => format!("⚠️ Image size: near its budget, {sentence}"),
            Status::Pass | Status::Skipped => format!("✅ Image size: within budget, {sentence}"),
        };
    }
    if let Some(group) = scene.comparison.and_then(|comparison| comparison.platforms.first()) {
        let change = group.change();
        let exact = group.is_exact();
        return match (change.transfer, change.content) {
            (0, 0) => "➖ Image size: unchanged".to_owned(),
            (transfer, content) => format!(
                "{} Image size: {} to pull, {} on disk",
                if transfer.max(content) > 0 { "🔺" } else { "🔽" },
                style.change(transfer, exact).replace('-', "−"),
                style.change(content, true).replace('-', "−"),
            ),
        };
    }
    match scene.report.platforms.first() {
        Some(platform) => format!(
            "Image size: {} content, {} transfer",
            style.bytes(platform.content),
            style.estimate(platform.transfer.bytes, platform.transfer.exact)
        ),
        None => "Image size: no platform was read".to_owned(),
    }
}
