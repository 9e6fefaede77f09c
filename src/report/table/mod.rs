//! The screen: what was read, what it weighs and where, what could go, and what to do next.

pub(super) mod advice;
mod findings;
mod header;
pub(super) mod inside;
mod layers;
mod libraries;
mod next;
mod owners;
mod sides;

pub(super) use header::short;
pub(super) use next::quoted;

use super::style::Style;
use crate::view::Report;

/// The report as a screen of at most `style.width` columns.
pub(super) fn render(report: &Report, style: &Style) -> String {
    let mut sections = vec![header::image(report, style)];
    for platform in &report.platforms {
        sections.push(header::platform(report, platform, style));
        sections.push(header::sizes(platform, style));
        sections.push(layers::layers(platform, style));
        sections.push(owners::owners(platform, style));
        sections.push(owners::categories(platform, style));
        sections.push(inside::insides(platform, style));
        sections.push(libraries::libraries(platform, style));
        sections.push(findings::findings(platform, style));
        sections.extend(platform.variants.iter().map(|variant| findings::variant(platform, variant, style)));
        sections.push(next::warnings(&platform.warnings, style));
    }
    sections.push(sides::sides(report, style));
    sections.push(next::warnings(&report.warnings, style));
    sections.push(next::next(report, style));
    sections.retain(|section| !section.is_empty());
    sections.join("\n")
}
