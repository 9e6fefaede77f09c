use super::header::{Header, NAME};
use super::{bdb, ndb, sqlite};

const SQLITE: &[u8] = include_bytes!("../testdata/rpm/small-pages/rpmdb.sqlite");
const LOG: &[u8] = include_bytes!("../testdata/rpm/small-pages/rpmdb.sqlite-wal");
const NDB: &[u8] = include_bytes!("../testdata/rpm/small-pages/Packages.db");
const BDB: &[u8] = include_bytes!("../testdata/rpm/small-pages/Packages");

/// The names of the packages in a database, and how reading it ended.
fn names(read: super::Read, file: &[u8], log: Option<&[u8]>) -> (Vec<String>, Result<(), &'static str>) {
    let mut names = Vec::new();
    let outcome = read(file, log, &mut |blob| {
        if let Some(header) = Header::parse(blob) {
            let _ = header.files();
            names.extend(header.string(NAME).map(|name| String::from_utf8_lossy(name).into_owned()));
        }
    });
    names.sort();
    (names, outcome)
}

#[test]
fn all_kinds_of_databases_hold_the_same_packages() {
    let both = (vec!["hull".to_owned(), "keel".to_owned()], Ok(()));
    let mut found =
        [names(sqlite::read, SQLITE, Some(LOG)), names(ndb::read, NDB, None), names(bdb::read, BDB, None)];
    for found in &mut found {
        assert_eq!(found.0.len(), 2);
        assert_eq!(found.1, both.1);
        assert_eq!(found.0, names(ndb::read, NDB, None).0);
    }
}

#[test]
fn what_is_only_in_the_log_is_installed_and_what_was_not_committed_is_not() {
    assert_eq!(names(sqlite::read, SQLITE, None).0.len(), 1);
    assert_eq!(names(sqlite::read, SQLITE, Some(LOG)).0.len(), 2);
    let cut = &LOG[..LOG.len() - 1];
    assert_eq!(names(sqlite::read, SQLITE, Some(cut)).0.len(), 1, "the last frame commits");
    let mut damaged = LOG.to_vec();
    damaged[32 + 24 + 100] ^= 1;
    assert_eq!(names(sqlite::read, SQLITE, Some(&damaged)).0.len(), 1, "a checksum does not hold");
}

#[test]
fn a_database_that_is_cut_off_anywhere_is_told_or_is_empty() {
    for (read, file) in [(sqlite::read as super::Read, SQLITE), (ndb::read, NDB), (bdb::read, BDB)] {
        for length in 0..file.len() {
            let (names, outcome) = names(read, &file[..length], None);
            assert!(outcome.is_err() || names.len() == 2 || length == 0 || file == SQLITE, "{length}");
        }
    }
    // An ndb ends with what nobody reads.
    assert!(names(sqlite::read, &SQLITE[..SQLITE.len() - 512], None).1.is_err());
}

#[test]
fn no_byte_makes_a_database_panic_or_go_on_for_ever() {
    for (read, file) in [(sqlite::read as super::Read, SQLITE), (ndb::read, NDB), (bdb::read, BDB)] {
        for position in (0..file.len()).step_by(31) {
            let mut file = file.to_vec();
            for byte in [0xff, 0x00, file[position] ^ 0x01] {
                file[position] = byte;
                let _ = names(read, &file, Some(LOG));
            }
        }
    }
    let mut log = LOG.to_vec();
    for position in (0..log.len()).step_by(13) {
        log[position] ^= 0xff;
        let _ = names(sqlite::read, SQLITE, Some(&log));
        log[position] ^= 0xff;
    }
}

#[test]
fn other_files_by_the_same_name_are_refused_with_a_reason() {
    let other = b"something else, and longer than any of the headers that are looked for are".repeat(10);
    assert_eq!(names(sqlite::read, &other, None).1, Err("it is no SQLite database"));
    assert_eq!(names(ndb::read, &other, None).1, Err("it does not start as an ndb does"));
    assert_eq!(names(bdb::read, &other, None).1, Err("it is no hash of Berkeley DB"));
    for read in [sqlite::read as super::Read, ndb::read, bdb::read] {
        assert_eq!(names(read, b"", None), (Vec::new(), Ok(())));
    }
}

/// A header of (tag, type, count, data).
fn header(entries: &[(u32, u32, u32, &[u8])]) -> Vec<u8> {
    let data: Vec<u8> = entries.iter().flat_map(|entry| entry.3.iter().copied()).collect();
    let mut blob = Vec::new();
    let mut put = |number: usize| blob.extend(u32::try_from(number).unwrap().to_be_bytes());
    put(entries.len());
    put(data.len());
    let mut offset = 0;
    for (tag, kind, count, data) in entries {
        for number in [*tag as usize, *kind as usize, offset, *count as usize] {
            put(number);
        }
        offset += data.len();
    }
    blob.extend(data);
    blob
}

#[test]
fn what_was_left_out_is_not_the_package_s_and_a_ghost_has_no_size() {
    let blob = header(&[
        (1116, 4, 4, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]),
        (1117, 8, 4, b"a\0b\0c\0d\0"),
        (1118, 8, 2, b"/bin/\0/doc/\0"),
        (1028, 4, 4, &[0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0, 9, 0, 0, 0, 10]),
        (1029, 1, 4, &[0, 0, 2, 1]),
        (1030, 3, 4, &[0x81, 0xed, 0x81, 0xa4, 0x81, 0xa4, 0x81, 0xa4]),
        (1037, 4, 4, &[0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0]),
    ]);
    let files = Header::parse(&blob).unwrap().files().unwrap();
    let shown: Vec<_> = files.iter().map(|file| (file.directory, file.name, file.size)).collect();
    assert_eq!(shown, [(b"/bin/".as_slice(), b"a".as_slice(), Some(7)), (b"/bin/", b"b", None)]);
}

#[test]
fn a_header_that_contradicts_itself_is_none() {
    let stray = header(&[(1116, 4, 1, &[0, 0, 0, 9]), (1117, 8, 1, b"a\0"), (1118, 8, 1, b"/\0")]);
    assert!(Header::parse(&stray).unwrap().files().is_none(), "a directory that it does not have");
    assert!(Header::parse(&[0xff; 8]).is_none());
    assert!(Header::parse(&stray[..stray.len() - 1]).is_none());
    let unterminated = header(&[(1000, 6, 1, b"name")]);
    assert_eq!(Header::parse(&unterminated).unwrap().string(NAME), None);
    let old = header(&[(1027, 8, 1, b"/bin/a\0")]);
    assert_eq!(Header::parse(&old).unwrap().files().unwrap()[0].name, b"a");
}
