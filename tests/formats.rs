//! Every format holds what its readers demand, whatever an image says.

#![allow(
    clippy::op_ref,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails, and one that is skipped says so"
)]

mod scenes;

use plimsoll::budget::{self, Baseline, Config};
use plimsoll::compare;
use plimsoll::report::{Format, Style, Subject, render};
use plimsoll::view::{Place, Report};

/// What would do harm in one of the formats.
const NASTY: &str = "=cmd|' /c calc'!A1 <script>alert(1)</script> @everyone #1 `x` [l](http://e) \"q\" ]]> &amp; | % ::error::x <!-- -->";

fn nasty() -> Report {
    let mut report = scenes::busy();
    report.image.reference = NASTY.to_owned();
    for platform in &mut report.platforms {
        for owner in &mut platform.owners {
            owner.id = format!("python:{NASTY}");
            owner.name = NASTY.to_owned();
            owner.version = Some(NASTY.to_owned());
        }
        for layer in &mut platform.layers {
            layer.instruction = Some(NASTY.to_owned());
            layer.place = Some(Place { file: "svc/Docker file:x,y".to_owned(), first: 3, last: 4 });
        }
        for finding in &mut platform.findings {
            finding.message = NASTY.to_owned();
            finding.place = Some(Place { file: "svc/Docker file:x,y".to_owned(), first: 3, last: 4 });
            for entry in &mut finding.entries {
                entry.path = NASTY.to_owned();
            }
        }
    }
    report
}

fn written(report: &Report, format: Format) -> String {
    render(report, Subject::Analysis, format, &Style::default())
}

#[test]
fn every_format_has_a_name() {
    for (name, format) in Format::ALL {
        assert_eq!(Format::from_name(name), Some(format));
        assert!(!written(&scenes::busy(), format).is_empty(), "{name}");
        assert!(written(&scenes::empty(), format).is_ascii() || !name.is_empty());
    }
}

#[test]
fn a_comment_formats_links_and_calls_nobody() {
    let text = written(&nasty(), Format::Markdown);
    // Code is code, and a character behind a backslash is only itself.
    let outside: String = text.split('`').step_by(2).collect();
    let outside = outside.replace("\\[", "").replace("\\]", "");
    assert!(
        !outside.contains("<script") && !outside.contains("@everyone") && !outside.contains("](http"),
        "{outside}"
    );
    assert!(text.starts_with("<!-- plimsoll:v1 -->\n### "));
    // A name with a bar in it makes no cell more.
    let bars = |row: &str| row.replace("\\|", "").matches('|').count();
    let (mut header, mut rows) = (None, 0);
    for line in text.lines() {
        let row = line.starts_with('|').then(|| bars(line));
        if let (Some(bars), Some(expected)) = (row, header) {
            assert_eq!(bars, expected, "{line}");
            rows += 1;
        }
        header = row.and(header.or(row));
    }
    assert!(rows > 8, "{rows} rows");
}

#[test]
fn a_comment_is_never_longer_than_github_takes() {
    let mut report = nasty();
    for platform in &mut report.platforms {
        let finding = platform.findings[0].clone();
        platform.findings = std::iter::repeat_n(finding, 2_000).collect();
        let layer = platform.layers[0].clone();
        platform.layers = std::iter::repeat_n(layer, 2_000).collect();
    }
    let text = written(&report, Format::Markdown);
    assert!(text.encode_utf16().count() <= 65_536);
    assert!(text.contains("left out here because of its length"), "it says so");
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count(), "whole sections go");
}

#[test]
fn an_annotation_is_one_line_and_no_other_command() {
    let text = written(&nasty(), Format::Github);
    assert!(!text.is_empty() && text.lines().count() <= 20);
    for line in text.lines() {
        assert!(line.starts_with("::warning file=svc/Docker file%3Ax%2Cy,line=3,endLine=4,title="), "{line}");
    }
}

#[test]
fn sarif_is_what_the_standard_says() {
    // The pattern of a language holds a bracket that closes nothing: ECMAScript takes it for itself, others refuse it.
    let schema = include_str!("data/sarif-2.1.0.schema.json").replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}\\\\]?$");
    let schema = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for report in [scenes::busy(), scenes::empty(), nasty()] {
        let log: serde_json::Value = serde_json::from_str(&written(&report, Format::Sarif)).unwrap();
        let errors: Vec<_> = validator
            .iter_errors(&log)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
        for result in log["runs"][0]["results"].as_array().unwrap() {
            let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
            assert!(!uri.contains(':'), "a colon makes a scheme of it: {uri}");
        }
    }
}

#[test]
fn a_cell_is_no_formula() {
    let text = written(&nasty(), Format::Csv);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut rows = 0;
    for row in reader.records() {
        let row = row.unwrap();
        rows += 1;
        assert_eq!(row.len(), 10);
        assert!(row.iter().all(|cell| !cell.starts_with(['=', '+', '@', '\t'])), "{row:?}");
    }
    assert!(rows > 10);
}

#[test]
fn metrics_stand_together_and_end() {
    let text = written(&nasty(), Format::Openmetrics);
    assert!(text.ends_with("# EOF\n"));
    let mut seen: Vec<&str> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split('{').next().unwrap();
        assert!(line.rsplit(' ').next().unwrap().parse::<f64>().is_ok(), "{line}");
        if seen.last() != Some(&name) {
            assert!(!seen.contains(&name), "{name} is in two places");
            seen.push(name);
        }
    }
}

#[test]
fn junit_counts_what_it_holds() {
    let config = Config::parse(
        "plimsoll.toml",
        "[budget]\ncontent = \"1 kB\"\nlayers = 99\n[budget.growth]\ncontent = \"1 B\"\n",
    );
    let report = nasty();
    let verdict = budget::evaluate(&report, Baseline::Missing, &config.unwrap().policy(&[]), "2026-01-01");
    let text = render(&report, Subject::Check(&verdict, None), Format::Junit, &Style::default());
    assert!(text.contains("tests=\"3\" failures=\"1\" errors=\"1\" skipped=\"0\""), "{text}");
    assert_eq!(text.matches("<testcase").count(), 3);
    assert!(!text.contains("<script"));
}

#[test]
fn a_page_holds_text_and_its_policy_lets_nothing_else_run() {
    let report = nasty();
    let text = written(&report, Format::Html);
    assert_eq!(text.matches("<script").count(), 2, "its data and its own script");
    assert!(text.contains("default-src 'none'; script-src 'sha256-") && !text.contains("unsafe-"));
    assert!(!text.contains("alert(1)</script>"));
    assert!(!text.contains(" style=\"") && !text.contains(" onclick"), "the policy would refuse them");
    let body = text.split("<script type=").next().unwrap();
    assert!(body.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "readable without JavaScript");
}

#[test]
fn formats_know_a_comparison() {
    let (old, new) = (scenes::empty(), scenes::busy());
    let comparison = compare::compare(&[&old, &new], &compare::Options::default()).unwrap();
    let reports = [old, new.clone()];
    for (name, format) in Format::ALL {
        let text = render(&new, Subject::Comparison(&comparison, &reports), format, &Style::default());
        assert!(!text.is_empty(), "{name}");
        if format == Format::Markdown {
            assert!(text.contains("### 🔺 Image size: +") && text.contains("**What changed**"), "{text}");
        }
    }
}
