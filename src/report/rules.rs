//! The rules as a list, one of them explained, and how their tests went.

use super::style::{Ink, Style, counted, width, wrap};
use crate::advice::{Rule, Safety, TestOutcome};

/// All rules, one line each, by how safe their fixes are.
pub fn list(rules: &[Rule], style: &Style) -> String {
    let mut text = String::new();
    let widest = rules.iter().map(|rule| width(&rule.id)).max().unwrap_or(0);
    for safety in [Safety::Safe, Safety::Review, Safety::Risky] {
        let rules: Vec<_> = rules.iter().filter(|rule| rule.safety == safety).collect();
        if rules.is_empty() {
            continue;
        }
        text += &format!("{}: {}\n", style.paint(ink(safety), safety.id()), meaning(safety));
        for rule in rules {
            let columns = style.width.saturating_sub(widest + 4);
            for (position, line) in wrap(&rule.title, columns).iter().enumerate() {
                let id = if position == 0 { rule.id.as_str() } else { "" };
                text += &format!("  {id}{}  {line}\n", " ".repeat(widest - width(id)));
            }
        }
        text.push('\n');
    }
    let count = counted(rules.len() as u64, "rule", "rules");
    format!("{text}{count}. plimsoll rules ID explains one: why, and the fix in a Dockerfile\n")
}

fn ink(safety: Safety) -> Ink {
    match safety {
        Safety::Safe => Ink::Good,
        Safety::Review => Ink::Warn,
        Safety::Risky => Ink::Bad,
    }
}

/// One rule: why, how to mend it, and how safe that is.
pub fn explain(rule: &Rule, style: &Style) -> String {
    let heading = |text: &str| format!("\n{}\n", style.paint(Ink::Strong, text));
    let mut text = format!("{}: {}\n", style.paint(Ink::Strong, &rule.id), rule.title);
    text += &heading("Why");
    text += &paragraphs(&rule.why, style);
    text += &heading("What to do");
    text += &paragraphs(&rule.fix.how, style);
    text += &heading("Instead of");
    text += &code(&rule.fix.before);
    text += &heading("write");
    text += &code(&rule.fix.after);
    text += &heading("How safe that is");
    let safety = style.paint(ink(rule.safety), rule.safety.id());
    text += &format!("  {safety}: {}\n", meaning(rule.safety));
    text += &heading("What it looks for");
    text += &looks_for(rule, style);
    text += &heading("Read more");
    for reference in &rule.references {
        // An address is never cut: it is there to be opened.
        text += &format!("  {reference}\n");
    }
    text
}

/// Markdown as plain text: the marks of code go, for a terminal shows them as noise.
fn paragraphs(markdown: &str, style: &Style) -> String {
    let columns = style.width.min(100).saturating_sub(2);
    let paragraphs = markdown.split("\n\n").map(|paragraph| {
        let plain = paragraph.replace('`', "");
        wrap(&plain, columns).iter().map(|line| format!("  {line}\n")).collect::<String>()
    });
    paragraphs.collect::<Vec<_>>().join("\n")
}

/// Lines of a Dockerfile, which are never wrapped.
fn code(lines: &str) -> String {
    lines.trim().lines().map(|line| format!("    {line}\n")).collect()
}

fn looks_for(rule: &Rule, style: &Style) -> String {
    let what = &rule.matches;
    let keys = [
        ("paths", what.paths.clone()),
        ("except", what.except.clone()),
        ("fate", what.fate.iter().map(|fate| fate.id().to_owned()).collect()),
        ("owner", what.owner.clone()),
        ("category", what.category.iter().map(ToString::to_string).collect()),
        ("instruction", what.instruction.iter().map(|word| word.id().to_owned()).collect()),
        ("detector", what.detector.iter().map(|detector| detector.id().to_owned()).collect()),
    ];
    let mut text = String::new();
    let columns = style.width.min(100).saturating_sub(15);
    for (key, values) in keys.iter().filter(|(_, values)| !values.is_empty()) {
        for (position, line) in wrap(&values.join(", "), columns).iter().enumerate() {
            text += &format!("  {:<11}  {line}\n", if position == 0 { key } else { "" });
        }
    }
    let (per, at_least) = (rule.finding.per.id(), style.bytes(rule.finding.at_least));
    text + &format!("  {:<11}  one per {per}, from {at_least}\n", "finding")
}

fn meaning(safety: Safety) -> &'static str {
    match safety {
        Safety::Safe => "nothing that runs can notice",
        Safety::Review => "someone who knows the service should look first",
        Safety::Risky => "behaviour may change",
    }
}

/// How the tests of rules went: what failed in full, the rest as a count.
pub fn tests(outcomes: &[TestOutcome], style: &Style) -> String {
    let mut text = String::new();
    for outcome in outcomes.iter().filter(|outcome| !outcome.passed()) {
        text += &format!("{} {}: {}\n", style.paint(Ink::Bad, "failed"), outcome.rule, outcome.name);
        match &outcome.error {
            Some(error) => text += &format!("  its image cannot be read: {error}\n"),
            None => {
                text += &format!("  expected to free {} B, freed {} B\n", outcome.expected, outcome.freed);
            }
        }
        for message in &outcome.messages {
            text += &format!("  it says: {message}\n");
        }
    }
    let failed = outcomes.iter().filter(|outcome| !outcome.passed()).count();
    let tests = counted(outcomes.len() as u64, "test", "tests");
    text + &match failed {
        0 => format!("{tests} {}\n", style.paint(Ink::Good, "passed")),
        _ => format!("{failed} of {tests} failed\n"),
    }
}
