//! JUnit: a suite per platform, a case per budget, so that every CI shows which one failed.

use super::check;
use super::scene::{Scene, told};
use super::style::Style;
use crate::budget::{Check, Status};

/// The document. Without a check, findings are cases that were skipped: they are there to be read, and nothing failed.
pub(super) fn render(scene: Scene<'_>, style: &Style) -> String {
    let mut suites = String::new();
    let mut totals = [0; 4];
    let mut names: Vec<&str> =
        scene.report.platforms.iter().map(|platform| platform.platform.as_str()).collect();
    let checks = scene.verdict.map(|verdict| verdict.checks.as_slice()).unwrap_or_default();
    for check in checks {
        if !names.contains(&check.platform.as_str()) {
            names.push(&check.platform);
        }
    }
    for name in names {
        let mut cases = String::new();
        let mut counts = [0; 4];
        let class = format!("plimsoll.{}", scene.report.image.reference);
        for check in checks.iter().filter(|check| check.platform == name) {
            counts[0] += 1;
            cases += &case(&class, check, &mut counts, style);
        }
        let platform = scene.report.platforms.iter().find(|platform| platform.platform == name);
        for finding in platform.into_iter().flat_map(told).filter(|_| scene.verdict.is_none()) {
            counts[0] += 1;
            counts[3] += 1;
            cases += &format!(
                "    <testcase classname=\"{}\" name=\"{}\"><skipped message=\"{}\"/></testcase>\n",
                xml(&class),
                xml(&finding.rule),
                xml(&finding.message)
            );
        }
        let [tests, failures, errors, skipped] = counts;
        suites += &format!(
            "  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\">\n{cases}  </testsuite>\n",
            xml(&format!("{} {name}", scene.report.image.reference))
        );
        for (total, count) in totals.iter_mut().zip(counts) {
            *total += count;
        }
    }
    let [tests, failures, errors, skipped] = totals;
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"plimsoll\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\">\n{suites}</testsuites>\n"
    )
}

fn case(class: &str, check: &Check, counts: &mut [u32; 4], style: &Style) -> String {
    let row = check::row(check, style);
    let inner = match check.status {
        Status::Pass => format!("<system-out>{}</system-out>", xml(&row)),
        Status::Warn => format!("<system-out>{}</system-out>", xml(&format!("warning: {row}"))),
        Status::Skipped => {
            counts[3] += 1;
            format!("<skipped message=\"{}\"/>", xml(&row))
        }
        Status::Unknown => {
            counts[2] += 1;
            format!("<error type=\"unknown\" message=\"{}\"/>", xml(&row))
        }
        Status::Fail => {
            counts[1] += 1;
            format!("<failure type=\"budget\" message=\"{}\"/>", xml(&row))
        }
    };
    format!("    <testcase classname=\"{}\" name=\"{}\">{inner}</testcase>\n", xml(class), xml(&check.name))
}

/// Text and attributes alike; what XML 1.0 cannot hold becomes a replacement character.
fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\n' => escaped.push_str("&#10;"),
            '\r' => escaped.push_str("&#13;"),
            '\t' => escaped.push_str("&#9;"),
            character if character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}') => {
                escaped.push('\u{fffd}');
            }
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_stays_text() {
        assert_eq!(super::xml("<a b=\"c\">&'\u{1}\n"), "&lt;a b=&quot;c&quot;&gt;&amp;&apos;\u{fffd}&#10;");
    }
}
