//! Workflow commands: what failed and what could go, as annotations at the lines of the Dockerfile. The job's summary is
//! the Markdown report.

use super::check;
use super::scene::{Scene, lines, told};
use super::style::Style;
use crate::budget::Status;

/// How many of a kind GitHub shows for one step; more would push others out.
const MOST: usize = 10;

/// One command per line; nothing where all is well.
pub(super) fn render(scene: Scene<'_>, style: &Style) -> String {
    let mut text = String::new();
    let verdict = scene.verdict;
    for check in verdict
        .iter()
        .flat_map(|verdict| &verdict.checks)
        .filter(|check| check.status >= Status::Unknown)
        .take(MOST)
    {
        text += &command(
            "error",
            &[("title", &format!("{}: {}", check.status.id(), check.name))],
            &check::row(check, style),
        );
    }
    let soft = verdict.iter().flat_map(|verdict| verdict.with(Status::Warn));
    let mut warnings: Vec<String> = soft
        .map(|check| {
            command("warning", &[("title", &format!("near: {}", check.name))], &check::row(check, style))
        })
        .collect();
    // The same layer on two platforms is one line of the Dockerfile.
    let mut seen = Vec::new();
    for platform in &scene.report.platforms {
        for finding in told(platform) {
            let place = lines(platform, finding);
            let key = (&finding.rule, place);
            if seen.contains(&key) {
                continue;
            }
            seen.push(key);
            let (first, last);
            let mut properties: Vec<(&str, &str)> = Vec::new();
            if let Some(place) = place {
                (first, last) = (place.first.to_string(), place.last.to_string());
                properties.extend([("file", place.file.as_str()), ("line", &first), ("endLine", &last)]);
            }
            properties.push(("title", &finding.rule));
            warnings.push(command("warning", &properties, &finding.message));
        }
    }
    text += &warnings.iter().take(MOST).map(String::as_str).collect::<String>();
    text
}

/// `::warning file=Dockerfile,line=9::message`
fn command(name: &str, properties: &[(&str, &str)], message: &str) -> String {
    let properties: Vec<_> =
        properties.iter().map(|(key, value)| format!("{key}={}", property(value))).collect();
    format!("::{name} {}::{}\n", properties.join(","), data(message))
}

/// The message of a command ends with its line.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property ends with a comma or a colon too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_a_command() {
        let line = command("warning", &[("title", "a,b:c\n::error::x")], "50 %\r\n::set-output name=a::b");
        assert_eq!(
            line,
            "::warning title=a%2Cb%3Ac%0A%3A%3Aerror%3A%3Ax::50 %25%0D%0A::set-output name=a::b\n"
        );
        assert_eq!(line.matches('\n').count(), 1);
    }
}
