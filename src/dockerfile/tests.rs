//! The parser on tricky Dockerfiles, each named after its trap, and on whatever text chance yields.

use proptest::prelude::*;

use super::*;
use crate::path::ImagePath;

fn file(name: &str) -> String {
    let bytes = std::fs::read(format!("{}/src/dockerfile/testdata/parse/{name}", env!("CARGO_MANIFEST_DIR")));
    String::from_utf8(bytes.unwrap_or_else(|e| panic!("{name}: {e}"))).unwrap()
}

#[test]
fn every_instruction_has_the_lines_that_buildkit_gives_it() {
    let expected = file("expected.txt");
    for line in expected.lines().skip(1) {
        let (name, expected) = line.split_once(": ").unwrap();
        let read = match parse(file(name)) {
            Ok(read) => {
                let lines = read.instructions.iter();
                let lines = lines.map(|i| format!("{}:{}-{}", i.keyword, i.lines.first, i.lines.last));
                lines.collect::<Vec<_>>().join(" ")
            }
            Err(error) => match error.hint {
                Some(hint) => format!("{} ({hint})", error.message),
                None => error.message,
            },
        };
        assert_eq!(read, expected, "{name}");
    }
    let of_data =
        std::fs::read_dir(format!("{}/src/dockerfile/testdata/parse", env!("CARGO_MANIFEST_DIR"))).unwrap();
    for name in of_data.map(|entry| ImagePath::new(entry.unwrap().file_name().as_encoded_bytes())) {
        let name = String::from_utf8(name.as_bytes().to_vec()).unwrap();
        assert!(
            name == "expected.txt" || expected.contains(&format!("\n{name}: ")),
            "{name} is not expected"
        );
    }
}

fn read(name: &str) -> Dockerfile {
    parse(file(&format!("{name}.Dockerfile"))).unwrap()
}

#[test]
fn stages_know_what_they_start_from() {
    let read = read("args-before-from");
    let origins: Vec<_> = read.stages.iter().map(|stage| stage.origin.clone()).collect();
    let slim = Origin::Image { reference: "debian:12-slim".into(), unknown: false };
    assert_eq!(origins, [slim.clone(), slim, Origin::Stage(1)], "names are compared without regard to case");
    assert_eq!(read.stages[0].platform.as_deref(), Some("$BUILDPLATFORM"));
    assert_eq!(read.chain(2), [1, 2]);
    let copy = &read.body(&read.stages[1])[0];
    assert_eq!(copy.flag("from").and_then(|name| read.stage_before(name, 1)), Some(0));
    assert_eq!(
        (copy.flag("link"), copy.flag("chown"), copy.flag("chmod")),
        (Some("true"), Some("1:1"), None)
    );
    assert_eq!(copy.transfer(), (vec!["/a".to_owned()], "/b".to_owned()));
    let unknown = parse("ARG A\nFROM $A\nFROM image-$TARGETARCH\nFROM $NOBODY").unwrap();
    let known = |stage: &Stage| matches!(stage.origin, Origin::Image { unknown: false, .. });
    assert_eq!(unknown.stages.iter().map(known).collect::<Vec<_>>(), [false, false, true]);
}

#[test]
fn heredocs_keep_their_bodies_and_their_quoting() {
    let read = read("heredocs-several-on-one-line");
    let copy = &read.instructions[1];
    let said: Vec<_> =
        copy.heredocs.iter().map(|doc| (doc.name.as_str(), doc.expand, doc.content(&read.text))).collect();
    assert_eq!(
        said,
        [("one.txt", true, "first $HOME\n".to_owned()), ("two.txt", false, "second $HOME\n".to_owned())],
    );
    assert_eq!(copy.heredocs[1].lines, LineRange::new(5, 6));
    assert!(copy.span.of(&read.text).ends_with("\ttwo.txt"));
    let onbuild = &self::read("heredoc-in-onbuild").instructions[1];
    assert_eq!(onbuild.trigger.as_ref().unwrap().heredocs, onbuild.heredocs);
    assert_eq!(onbuild.heredocs.len(), 1);
}

#[test]
fn flags_end_where_arguments_begin() {
    let read = read("run-flags");
    let [_, first, second] = &read.instructions[..] else { panic!("three instructions") };
    assert_eq!(first.flag("mount"), Some("type=bind,source=a b,target=/x"));
    assert_eq!((first.flag("network"), first.flag("security")), (Some("none"), Some("insecure")));
    assert_eq!(first.text(), "--looks-like-a-flag");
    assert_eq!(second.flags("mount").collect::<Vec<_>>(), ["type=secret,id=x", "type=tmpfs,target=/tmp"]);
    assert_eq!((second.text().as_str(), second.code.line(second.at)), ("a", 5));
    assert_eq!(read.directives[0].name, "check");
}

#[test]
fn the_exec_form_is_json_and_nothing_else() {
    let read = read("json-that-is-not-json");
    let exec = |position: usize| matches!(read.instructions[position].arguments, Arguments::Exec(_));
    assert_eq!([exec(1), exec(2), exec(3), exec(4)], [false, false, false, true]);
    let copy = &self::read("windows-paths-and-spaces").instructions[1];
    assert_eq!(copy.transfer(), (vec!["a b.txt".to_owned(), "c d/".to_owned()], "/e f/".to_owned()));
}

#[test]
fn comments_are_kept_and_heredocs_have_none() {
    let comments = |name: &str| {
        let read = read(name);
        read.comments.iter().map(|comment| comment.span.of(&read.text).to_owned()).collect::<Vec<_>>()
    };
    let within = ["# not the end", "# nor this, although it ends in \\"];
    assert_eq!(comments("comment-inside-continuation"), within);
    assert_eq!(comments("heredoc-script"), [""; 0], "the directive is none either");
    assert_eq!(comments("directive-after-comment-is-a-comment"), ["# hello", "# escape=`"]);
}

#[test]
fn megabytes_take_no_time() {
    let long = format!("FROM a\nRUN {}\n", "true && \\\n    ".repeat(200_000) + "true");
    let read = parse(long).unwrap();
    assert_eq!(read.instructions[1].lines, LineRange::new(2, 200_002));
    assert_eq!(
        parse("FROM a\n".to_owned() + &"RUN a\n".repeat(200_000)).unwrap().instructions.len(),
        200_001
    );
    assert!(parse("FROM a\n".to_owned() + &"ONBUILD ".repeat(200_000)).is_err());
    assert!(parse(format!("FROM a\nRUN {}", "[".repeat(1_000_000))).is_ok());
    assert!(parse("FROM a\nRUN ".to_owned() + &"<<E ".repeat(100_000)).is_err());
}

/// Pieces that a Dockerfile is made of, so that chance meets the grammar more often than letters would.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("FROM a\n"),
        Just("RUN "),
        Just("COPY a b"),
        Just("ONBUILD "),
        Just("ENV A="),
        Just("ARG x\n"),
        Just("\n"),
        Just("\r\n"),
        Just("\\"),
        Just("\\\n"),
        Just("# c\n"),
        Just("<<EOF "),
        Just("EOF\n"),
        Just("<<-'E' "),
        Just("E\n"),
        Just("\t"),
        Just("  "),
        Just("--mount=x "),
        Just("\""),
        Just("'"),
        Just("${x:-"),
        Just("}"),
        Just("[\"a\"]"),
        Just("\u{feff}"),
        Just("é"),
        Just("`"),
        Just("# escape=`\n"),
        Just("$x"),
        Just("word"),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// Every byte is in an instruction, in a comment, in a directive, or says nothing, and places never go backwards.
fn covered_in_order(text: &str) {
    let Ok(read) = parse(text) else { return };
    let mut inside = vec![false; read.text.len()];
    let mut last = 0;
    for instruction in &read.instructions {
        let span = instruction.span;
        assert!(last <= span.start && span.start < span.end && span.end <= read.text.len(), "{text:?}");
        let word = span.of(&read.text).split(char::is_whitespace).next().unwrap();
        let word = word.trim_end_matches(read.escape);
        assert!(instruction.keyword.name().starts_with(&word.to_ascii_uppercase()), "{text:?}: {word}");
        assert_eq!(line_of(text, span.start), instruction.lines.first, "{text:?}");
        assert_eq!(line_of(text, span.end), instruction.lines.last, "{text:?}");
        for heredoc in &instruction.heredocs {
            assert!(span.start <= heredoc.body.start && heredoc.body.end <= span.end);
        }
        inside[span.start..span.end].fill(true);
        last = span.end;
    }
    let comments = read.comments.iter().map(|comment| comment.span);
    for span in comments.chain(read.directives.iter().map(|directive| directive.span)) {
        assert!(span.of(&read.text).starts_with('#'), "{text:?}");
        inside[span.start..span.end].fill(true);
    }
    let outside: String = read.text.char_indices().filter(|(at, _)| !inside[*at]).map(|(_, c)| c).collect();
    let says_nothing = |c: char| c.is_whitespace() || c == '\u{feff}' || c == read.escape;
    assert!(outside.chars().all(says_nothing), "{text:?}: {outside:?}");
    let steps: Vec<_> = read.stages.iter().flat_map(|stage| [stage.from, stage.body.end]).collect();
    assert!(steps.is_sorted(), "{steps:?}");
}

fn line_of(text: &str, offset: usize) -> u32 {
    1 + u32::try_from(text[..offset].matches('\n').count()).unwrap()
}

proptest! {
    #[test]
    fn no_text_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        covered_in_order(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_sequence_of_pieces_panics(text in pieces()) {
        covered_in_order(&text);
        covered_in_order(&format!("FROM a\n{text}"));
    }

    #[test]
    fn no_substitution_panics(text in pieces()) {
        let _ = expand::expand(&text, '\\', &|name| expand::Value::Set(name.repeat(2)));
        let _ = words::split(&text, '\\');
        let _ = words::markers(&text);
    }
}
