//! The program as a user meets it: what it prints, where, and how it ends.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use assert_cmd::Command;

/// The program, in a directory where the fixtures have short names, far from any terminal.
fn plimsoll(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("plimsoll").unwrap();
    command
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/images"))
        .env_remove("COLUMNS")
        .env_remove("CLICOLOR_FORCE")
        .env_remove("NO_COLOR")
        .args(arguments);
    command
}

fn stdout(arguments: &[&str]) -> String {
    let output = plimsoll(arguments).assert().success().stderr("").get_output().stdout.clone();
    String::from_utf8(output).unwrap()
}

/// Exit code and standard error of a run that gives no answer.
fn refused(arguments: &[&str]) -> (i32, String) {
    let output = plimsoll(arguments).output().unwrap();
    assert!(output.stdout.is_empty(), "nothing is written where no answer can be given");
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

const IMAGES: [&str; 11] = [
    "demo.tar",
    "legacy-docker-save.tar:legacy:1.0",
    "legacy-docker-save.tar:legacy:2.0",
    "buildkit-docker.tar",
    "docker25-save.tar.gz",
    "tiny-gzip",
    "tiny-zstd",
    "estargz",
    "nested:nested",
    "distroless",
    "broken/foreign-layer",
];

#[test]
fn no_line_is_wider_than_the_screen() {
    for image in IMAGES {
        for columns in [80, 140] {
            for command in ["analyze", "platforms"] {
                let output =
                    plimsoll(&[command, image]).env("COLUMNS", columns.to_string()).output().unwrap();
                let text = String::from_utf8(output.stdout).unwrap();
                assert!(!text.is_empty(), "{image}");
                // A command to be copied is never cut, nor is the name of what follows in it.
                for line in text.lines().filter(|line| !line.starts_with("  plimsoll ")) {
                    assert!(line.chars().count() <= columns, "{image} at {columns}: {line}");
                    assert_eq!(line, line.trim_end(), "{image}: white space at the end of a line");
                }
            }
        }
    }
}

#[test]
fn colour_adds_nothing_that_the_words_do_not_say() {
    let plain = stdout(&["analyze", "demo.tar"]);
    let coloured = stdout(&["analyze", "demo.tar", "--color", "always"]);
    assert!(coloured.contains("\x1b[1m") && !plain.contains('\x1b'));
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
}

#[test]
fn no_color_is_honoured() {
    let output = plimsoll(&["rules"]).env("NO_COLOR", "1").env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(!output.stdout.contains(&0x1b));
}

#[test]
fn rows_add_up_to_their_total_in_bytes() {
    let text = stdout(&["analyze", "demo.tar", "--platform", "amd64", "--units", "bytes", "--top", "3"]);
    let section = |heading: &str| {
        let lines = text.lines().skip_while(move |line| !line.starts_with(heading)).skip(1);
        lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>()
    };
    let amounts = |line: &str| -> Vec<u64> {
        let words: Vec<_> = line.split_whitespace().collect();
        words.windows(2).filter(|pair| pair[1] == "B").filter_map(|pair| pair[0].parse().ok()).collect()
    };
    for heading in ["Sizes", "Owners", "What the live bytes are"] {
        let rows = section(heading);
        let (total, rows) = rows.split_last().unwrap();
        let top_level = rows.iter().filter(|row| !row.starts_with("   "));
        // Content is in no row only where it is zero; then the row has one amount, which is of transfer.
        let content =
            top_level.map(|row| amounts(row)).filter(|amounts| amounts.len() > 1).map(|amounts| amounts[0]);
        assert_eq!(content.sum::<u64>(), amounts(total)[0], "{heading}\n{text}");
    }
}

#[test]
fn an_error_is_one_sentence_and_what_to_do() {
    let (code, message) = refused(&["rules", "apt-list"]);
    assert_eq!(code, 2);
    assert_eq!(message, "error: there is no rule `apt-list`\n  hint: did you mean apt-lists?\n");

    let (code, message) = refused(&["analyze", "demo.tar", "--platform", "linux/s390x"]);
    assert_eq!(code, 2);
    assert!(message.contains("s390x") && message.contains("linux/amd64, linux/arm64"), "{message}");
}

#[test]
fn usage_errors_are_two_and_name_what_there_is() {
    let (code, message) = refused(&["analyze", "demo.tar", "-o", "yaml"]);
    assert_eq!(code, 2);
    assert!(message.contains("there is no format `yaml`; there are table, json"), "{message}");
    let (code, message) = refused(&["analyze", "demo.tar", "-o", "json", "-o", "table"]);
    assert_eq!(code, 2);
    assert!(message.contains("two outputs go to standard output"), "{message}");
    assert_eq!(refused(&["analyse"]).0, 2);
}

#[test]
fn without_arguments_there_is_help() {
    let output = plimsoll(&[]).output().unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("Usage: plimsoll"));
}

#[test]
fn a_file_is_whole_or_not_there() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("report.json");
    let target = format!("json={}", file.display());

    plimsoll(&["analyze", "broken/missing-blob", "-o", &target]).assert().code(2);
    let left: Vec<_> = std::fs::read_dir(directory.path()).unwrap().collect();
    assert!(left.is_empty(), "a run that gives no answer leaves no file: {left:?}");

    plimsoll(&["analyze", "demo.tar", "-o", &target, "-o", "table"]).assert().success();
    let report = std::fs::read_to_string(&file).unwrap();
    assert_eq!(report, stdout(&["analyze", "demo.tar", "-o", "json"]), "the same input gives the same bytes");
}

#[test]
fn a_wrong_target_is_told_before_the_image_is_read() {
    let (code, message) = refused(&["analyze", "no-such-image.tar", "-o", "json=no-such-directory/x.json"]);
    assert_eq!(code, 2);
    assert!(message.contains("no-such-directory/x.json"), "{message}");
}

#[test]
fn whoever_closes_the_pipe_has_seen_enough() {
    let program = assert_cmd::cargo::cargo_bin("plimsoll");
    let mut child = std::process::Command::new(program)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/images"))
        .args(["analyze", "demo.tar", "-o", "json"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());
}

#[test]
fn a_directory_of_rules_is_tested() {
    plimsoll(&["rules", "--test", "../../rules"]).assert().success();
    let directory = tempfile::tempdir().unwrap();
    let rule = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/rules/apt-lists.toml")).unwrap();
    let wrong = rule.replacen("\nfrees", "\nfrees = 1 #", 1);
    let file = directory.path().join("apt-lists.toml");
    std::io::Write::write_all(
        &mut std::fs::OpenOptions::new().write(true).create(true).truncate(true).open(file).unwrap(),
        wrong.as_bytes(),
    )
    .unwrap();
    let output = plimsoll(&["rules", "--test", directory.path().to_str().unwrap()]).assert().code(1);
    let text = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    assert!(text.starts_with("failed apt-lists: "), "{text}");
}

#[test]
fn every_broken_image_ends_in_one_sentence() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/images/broken");
    let whole = ["missing-platforms", "no-layers", "foreign-layer"];
    for entry in std::fs::read_dir(directory).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if whole.contains(&name.as_str()) {
            continue;
        }
        let (code, message) = refused(&["analyze", &format!("broken/{name}")]);
        assert_eq!(code, 2, "{name}: {message}");
        assert!(message.starts_with("error: ") && message.contains(&name), "{name}: {message}");
        assert!(message.lines().count() <= 2, "{name}: {message}");
    }
}
