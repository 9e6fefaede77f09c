//! The page that explains a rule, as Markdown: `docs/rules/ID.md` and the web.

use std::fmt::Write as _;

use super::rule::{Match, Rule, Safety};
use crate::size::si;

/// The page of a rule. It is generated from the rule's file and never written by hand.
pub fn page(rule: &Rule) -> String {
    let mut page = format!("# {}\n\n{}.\n\n{}\n", rule.id, rule.title, rule.why.trim());
    // Writing to a String cannot fail.
    let _ = write!(page, "\n## What it looks for\n\n{}", looks_for(&rule.matches));
    let _ = writeln!(
        page,
        "- one finding per {}, from {} or a hundredth of the image on\n\nA finding says: *{}*",
        rule.finding.per.id(),
        si(rule.finding.at_least),
        rule.finding.message.text
    );
    let _ = writeln!(page, "\n## How to mend it\n\n{}\n", rule.fix.how.trim());
    let _ = writeln!(page, "Instead of\n\n```dockerfile\n{}\n```\n", rule.fix.before.trim());
    let _ = writeln!(page, "write\n\n```dockerfile\n{}\n```", rule.fix.after.trim());
    let _ = writeln!(page, "\n## How safe that is\n\n**{}**: {}", rule.safety.id(), meaning(rule.safety));
    page.push_str("\n## Read more\n\n");
    for reference in &rule.references {
        let _ = writeln!(page, "- <{reference}>");
    }
    let aliases = match rule.aliases.as_slice() {
        [] => String::new(),
        aliases => format!(" Formerly {}.", code(aliases)),
    };
    let _ = writeln!(page, "\nCategory `{}`, since {}.{aliases}", rule.category.id(), rule.since);
    page
}

fn looks_for(matches: &Match) -> String {
    let mut lines = String::new();
    let mut line = |name: &str, values: Vec<String>| {
        if !values.is_empty() {
            let _ = writeln!(lines, "- {name} {}", code(&values));
        }
    };
    line("paths", matches.paths.clone());
    line("except", matches.except.clone());
    line("fate", matches.fate.iter().map(|fate| fate.id().to_owned()).collect());
    line("owner", matches.owner.clone());
    line("category", matches.category.iter().map(ToString::to_string).collect());
    line("in a layer made by", matches.instruction.iter().map(|word| word.id().to_owned()).collect());
    line("found by the detector", matches.detector.iter().map(|detector| detector.id().to_owned()).collect());
    lines
}

fn code(values: &[String]) -> String {
    values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")
}

fn meaning(safety: Safety) -> &'static str {
    match safety {
        Safety::Safe => "nothing that runs can notice.",
        Safety::Review => "someone who knows the service should look first.",
        Safety::Risky => "behaviour may change.",
    }
}
