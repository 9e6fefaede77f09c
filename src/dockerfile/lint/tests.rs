use super::*;
use crate::dockerfile::parse;

/// The findings as `line rule`, in the order of the file.
fn found(text: &str) -> Vec<String> {
    let findings = lint(&parse(text).unwrap(), &rules().unwrap());
    findings.into_iter().map(|finding| format!("{} {}", finding.lines, finding.rule)).collect()
}

#[test]
fn every_rule_finds_its_own_example_and_not_its_fix() {
    for rule in rules().unwrap() {
        let whole =
            |text: &str| if text.starts_with("FROM") { text.to_owned() } else { format!("FROM a:1\n{text}") };
        let has =
            |text: &str| found(&whole(text)).iter().any(|found| found.ends_with(&format!(" {}", rule.id)));
        assert!(
            has(&rule.before),
            "{} does not find {:?}: {:?}",
            rule.id,
            rule.before,
            found(&whole(&rule.before))
        );
        assert!(!has(&rule.after), "{} finds {:?}", rule.id, rule.after);
        assert!(!rule.message.ends_with('.') && rule.message.contains("{what}"), "{}", rule.id);
    }
}

#[test]
fn the_service_that_everyone_copies() {
    let file = include_str!("../testdata/parse/qiskit.Dockerfile");
    let expected = [
        "3 build-tools-installed",
        "3 no-install-recommends-missing",
        "5 pip-cache-left",
        "7 recursive-chown",
    ];
    assert_eq!(found(file), expected);
    let optimized = include_str!("../testdata/parse/qiskit-optimized.Dockerfile");
    assert_eq!(found(optimized), ["13 run-add-then-delete", "15 recursive-chown"]);
    assert_eq!(found(include_str!("../testdata/parse/qiskit-venv.Dockerfile")), [""; 0]);
}

#[test]
fn what_does_not_ship_or_is_mounted_is_no_fault() {
    for fine in [
        "FROM a:1 AS b\nRUN apt-get update && apt-get install -y gcc\nFROM a:1\nCOPY --from=b /x /x",
        "FROM a:1\nRUN --mount=type=cache,target=/var/lib/apt --mount=type=cache,target=/root/.cache <<EOF\napt-get update\napt-get install -y --no-install-recommends curl\npip install x\nEOF",
        "FROM a:1\nENV PIP_NO_CACHE_DIR=1\nRUN pip install x",
        "FROM a:1\nRUN PIP_NO_CACHE_DIR=1 pip install x && rm -rf ~/.cache",
        "FROM a:1\nRUN apk add --no-cache --virtual .b gcc && make && apk del .b",
        "FROM a:1\nCOPY package.json .\nRUN npm ci --omit=dev && npm cache clean --force\nCOPY . .\nRUN npm prune",
        "FROM a:1\nRUN curl -o /tmp/x https://x && rm /tmp/x\nRUN rm -rf /tmp/*",
        "FROM a:1\nRUN echo 'apt-get update'",
        "FROM $BASE\nCMD [\"x\"]",
        "FROM scratch\nENTRYPOINT exec x",
        "FROM localhost:5000/a:1\nCMD",
    ] {
        assert_eq!(found(fine), [""; 0], "{fine}");
    }
}

#[test]
fn a_finding_has_the_line_of_its_command() {
    let text = "FROM a:1\nRUN set -e; \\\n  apt-get update; \\\n  apt-get install -y \\\n    curl\n";
    assert_eq!(found(text), ["3 apt-lists-left", "4 no-install-recommends-missing"]);
    let files = "FROM a:1\nWORKDIR /app\nADD data.zip big.tar.gz /x/\nCOPY src/ lib/\nRUN rm -rf lib";
    assert_eq!(found(files), ["5 run-add-then-delete"]);
}

#[test]
fn a_rule_that_is_not_asked_for_finds_nothing() {
    assert_eq!(lint(&parse("FROM python\n").unwrap(), &[]), []);
    let finding = &lint(&parse("FROM python\n").unwrap(), &rules().unwrap())[0];
    assert_eq!(finding.message, "python names whatever is newest on the day of the build");
}
