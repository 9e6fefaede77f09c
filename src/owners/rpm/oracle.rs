//! Our reader of SQLite against SQLite itself, which Python brings; without Python there is nothing to compare with.

use std::process::Command;

use super::sqlite;

/// A case as `oracle.py` writes it.
struct Case<'a> {
    name: String,
    database: &'a [u8],
    log: &'a [u8],
    rows: Vec<&'a [u8]>,
}

fn line<'a>(rest: &mut &'a [u8]) -> &'a str {
    let end = rest.iter().position(|byte| *byte == b'\n').unwrap();
    std::str::from_utf8(take(rest, end + 1)).unwrap().trim_end()
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, left) = rest.split_at(length);
    *rest = left;
    taken
}

fn next<'a>(rest: &mut &'a [u8]) -> Option<Case<'a>> {
    if rest.is_empty() {
        return None;
    }
    let mut words = line(rest).split(' ');
    let name = words.next().unwrap().to_owned();
    let [database, log, rows] = [(); 3].map(|()| words.next().unwrap().parse::<usize>().unwrap());
    let (database, log) = (take(rest, database), take(rest, log));
    let row = |_| {
        let length = line(rest).parse().unwrap();
        take(rest, length)
    };
    Some(Case { name, database, log, rows: (0..rows).map(row).collect() })
}

#[test]
fn sqlite_itself_reads_the_same() {
    const SCRIPT: &str = include_str!("../testdata/rpm/oracle.py");
    let run = |script| Command::new("python3").args(["-c", script]).output();
    if !run("import sqlite3, random; random.randbytes").is_ok_and(|probe| probe.status.success()) {
        println!("no python3 with sqlite3: not compared");
        return;
    }
    let run = run(SCRIPT).unwrap();
    assert!(run.status.success());
    let mut rest = run.stdout.as_slice();
    let mut cases = 0;
    while let Some(case) = next(&mut rest) {
        let mut rows = Vec::new();
        let outcome = sqlite::read(case.database, Some(case.log), &mut |row| rows.push(row.to_vec()));
        assert_eq!(outcome, Ok(()), "{}", case.name);
        assert!(rows == case.rows, "{}: {} rows of {}", case.name, rows.len(), case.rows.len());
        cases += 1;
    }
    assert_eq!(cases, 48);
}
