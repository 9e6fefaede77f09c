//! Alignment with what real builders recorded; `testdata/align` holds the configurations that they wrote.

use super::*;
use crate::dockerfile::parse;
use crate::image::config::History;

fn file(name: &str) -> String {
    let bytes = std::fs::read(format!("{}/src/dockerfile/testdata/{name}", env!("CARGO_MANIFEST_DIR")));
    String::from_utf8(bytes.unwrap_or_else(|e| panic!("{name}: {e}"))).unwrap()
}

fn config(name: &str) -> Config {
    serde_json::from_str(&file(&format!("align/{name}.json"))).unwrap()
}

/// The lines of each entry, `-` for none.
fn lines(alignment: &Alignment) -> String {
    let places = alignment.history.iter();
    places
        .map(|place| place.map_or("-".into(), |place| place.lines.to_string()))
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn every_builder_is_understood() {
    let every = "5 6 7-8 9 23 24 25-26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45";
    let squashed = "5 6 7-8 - 23 24 25-26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 -";
    let demo = "- 16 17 18 19-20 21-23 24 25 26-29 30-34 35-36 37 38 39 40-45 46-47 48-58 59 60 61 62";
    for (dockerfile, image, stage, base, expected) in [
        ("align/every-builder", "buildkit", 2, 0, every),
        ("align/every-builder", "buildkit-build-args", 2, 0, every),
        ("align/every-builder", "buildkit-target-builder", 1, 0, "5 6 7-8 9 13 14 15 16-20"),
        ("align/every-builder", "buildah-layers", 2, 0, every),
        ("align/every-builder", "buildah-build-args", 2, 0, every),
        ("align/every-builder", "buildah-target-builder", 1, 0, "5 6 7-8 9 13 14 15 16-20"),
        ("align/every-builder", "buildah-squashed", 2, 0, squashed),
        ("align/demo", "buildkit-demo", 2, 1, demo),
        ("align/legacy", "docker-20", 0, 0, "2 3 5 6 7 9 10 11"),
        ("align/legacy-second", "docker-20-second", 0, 8, "- - - - - - - - 2"),
        ("parse/qiskit", "buildah-qiskit-original", 0, 7, "- - - - - - - 2 3 4 5 6 7 8 9 10"),
        (
            "parse/qiskit-optimized",
            "buildah-qiskit-minimal",
            1,
            7,
            "- - - - - - - 9 10 11 12 13 14 15 16 17 18",
        ),
        ("parse/qiskit-venv", "buildah-qiskit-venv", 1, 7, "- - - - - - - 7 8 9 10 11 12"),
    ] {
        let parsed = parse(file(&format!("{dockerfile}.Dockerfile"))).unwrap();
        let alignment = align(&parsed, &config(image));
        let read = (lines(&alignment), alignment.stage, alignment.base);
        assert_eq!(read, (expected.to_owned(), stage, Some(base)), "{image}");
    }
}

/// A history of layers that BuildKit or kaniko would record so; `!` marks an entry without a layer.
fn aligned(dockerfile: &str, history: &[&str]) -> Alignment {
    let entry = |text: &&str| History {
        created_by: text.trim_start_matches('!').to_owned(),
        empty_layer: text.starts_with('!'),
        ..History::default()
    };
    let config = Config { history: history.iter().map(entry).collect(), ..Config::default() };
    align(&parse(dockerfile).unwrap(), &config)
}

#[test]
fn kaniko_records_layers_only_and_as_written() {
    let dockerfile = "FROM a AS b\nFROM a\nENV X=1\nCOPY --from=b /x \\\n  /y/\nRUN --mount=type=cache,target=/c make $X\nUSER 1";
    let history = [
        "/bin/sh -c #(nop) ADD file:x in /",
        "COPY --from=b /x   /y/",
        "RUN --mount=type=cache,target=/c make $X",
    ];
    assert_eq!(lines(&aligned(dockerfile, &history)), "- 4-5 6");
    // With --reproducible it records nothing at all.
    assert_eq!(lines(&aligned(dockerfile, &["", "", ""])), "- - -");
}

#[test]
fn another_dockerfile_gets_nothing() {
    let parsed = parse(file("align/demo.Dockerfile")).unwrap();
    let alignment = align(&parsed, &config("buildah-qiskit-original"));
    assert!(alignment.history.iter().all(Option::is_none), "{}", lines(&alignment));
    assert_eq!((alignment.stage, alignment.base), (2, None));
    assert_eq!(lines(&aligned("FROM a\nRUN x\nRUN y\nRUN z", &["RUN x", "RUN p", "RUN q"])), "- - -");
}

#[test]
fn what_could_be_two_lines_is_none() {
    // One of the two is not in the history, and nothing says which.
    assert_eq!(lines(&aligned("FROM a\nRUN x\nRUN x\nRUN y", &["RUN x", "RUN y"])), "- 4");
    assert_eq!(lines(&aligned("FROM a\nRUN x\nRUN x\nRUN y", &["RUN x", "RUN x", "RUN y"])), "2 3 4");
    // Two stages say the same: what differs is where.
    let stages = "FROM a AS one\nCOPY x /\nFROM a AS two\nCOPY x /";
    assert_eq!(lines(&aligned(stages, &["COPY x / # buildkit"])), "-");
    // A variable may hold anything, so either may be it.
    let gaps = "FROM a\nARG X\nCOPY $X /\nCOPY ${X}y /\nRUN z";
    assert_eq!(lines(&aligned(gaps, &["COPY ay / # buildkit", "RUN z"])), "- 5");
}

#[test]
fn what_the_base_did_too_stays_with_the_base() {
    let dockerfile = "FROM a\nRUN apt-get update\nCMD [\"x\"]";
    let history = ["RUN apt-get update", "!CMD [\"x\"]", "RUN apt-get update", "!CMD [\"x\"]"];
    let alignment = aligned(dockerfile, &history);
    assert_eq!((lines(&alignment).as_str(), alignment.base), ("- - 2 3", Some(2)));
}

#[test]
fn an_edit_since_the_build_costs_only_its_own_lines() {
    let history = ["ADD x /", "RUN one", "RUN two", "RUN three", "!CMD [\"x\"]"];
    let edited = "FROM a\nRUN one\nRUN new\nRUN two and more\nRUN three\nCMD [\"x\"]";
    assert_eq!(lines(&aligned(edited, &history)), "- 2 - 5 6");
}

#[test]
fn heredocs_are_found_by_what_they_say() {
    let dockerfile = "FROM a\nRUN <<EOF\nset -e\nmake\nEOF\nRUN cat <<A > x && y\nz\nA\nCOPY <<f.txt b /d/\nq\nf.txt\nRUN <<P\n#!/usr/bin/python\nP";
    let history = [
        "RUN /bin/sh -c set -e\nmake\n # buildkit",
        "RUN /bin/sh -c cat <<A > x && y\nz\nA # buildkit",
        "COPY b <<f.txt /d/ # buildkit",
        "RUN /dev/pipes/P # buildkit",
    ];
    assert_eq!(lines(&aligned(dockerfile, &history)), "2-5 6-8 9-11 12-14");
}

#[test]
fn too_much_to_compare_is_left_alone() {
    let dockerfile = "FROM a\n".to_owned() + &"RUN x\n".repeat(5000);
    let alignment = aligned(&dockerfile, &vec!["RUN x"; 5000]);
    assert!(alignment.history.iter().all(Option::is_none));
    assert_eq!(lines(&aligned("FROM a", &[])), "");
}
