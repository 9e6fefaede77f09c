//! The traps of reading layers: each has been seen in a tool that people use, and each has one small test here, on an
//! image written as text and read through every form of image there is.

#![allow(clippy::panic, clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::type_complexity, reason = "tables of cases")]

mod common;

use common::image::{Pack, Scratch, docker, layout, tars};
use common::layer::{Header, Tar, content};
use common::validate::validate;
use common::{Figures, analyze};
use plimsoll::analysis::PlatformAnalysis;
use plimsoll::error::ErrorKind;
use plimsoll::ledger::{Entry, Kind};

/// Weighs layers as OCI layout (plain, gzip, zstd) and as docker-archive, in a file and gzipped: the figures must be
/// the same. Returns the gzip layout's.
fn weigh_tars(tars: &[Vec<u8>]) -> PlatformAnalysis {
    let scratch = Scratch::new();
    let archive = docker(tars).archive();
    let references = [
        scratch.layout("gzip", &layout(tars, Pack::Gzip)),
        scratch.layout("plain", &layout(tars, Pack::Plain)),
        scratch.layout("zstd", &layout(tars, Pack::Zstd)),
        scratch.file("layout.tar", &layout(tars, Pack::Zstd).archive()),
        scratch.file("save.tar", &archive),
        scratch.file("save.tar.gz", &Pack::Gzip.pack(&archive)),
    ];
    let mut platforms: Vec<_> = references
        .iter()
        .map(|reference| {
            let mut analysis = analyze(reference).unwrap_or_else(|error| panic!("{error}"));
            validate(&analysis, reference);
            analysis.platforms.remove(0)
        })
        .collect();
    let first = platforms.swap_remove(0);
    for other in platforms {
        assert_eq!(fates(&first), fates(&other));
        assert_eq!(first.ledger.copy_ups, other.ledger.copy_ups);
        assert_eq!(first.ledger.duplicates, other.ledger.duplicates);
    }
    first
}

fn weigh(layers: &[&str]) -> PlatformAnalysis {
    weigh_tars(&tars(layers))
}

/// Live, overwritten and deleted bytes of layers as text.
fn figures(layers: &[&str]) -> (u64, u64, u64) {
    let Figures { live, overwritten, deleted, .. } = Figures::in_ledger(&weigh(layers).ledger);
    (live, overwritten, deleted)
}

fn fates(platform: &PlatformAnalysis) -> Vec<(String, u64, plimsoll::ledger::Fate)> {
    let ledger = &platform.ledger;
    ledger.entries.iter().map(|entry| (path(platform, entry), entry.content, entry.fate)).collect()
}

fn path(platform: &PlatformAnalysis, entry: &Entry) -> String {
    platform.ledger.tree.path(entry.path).to_string()
}

/// The paths of live members, as a user reads them, with their content.
fn live(platform: &PlatformAnalysis) -> Vec<(String, u64)> {
    let ledger = &platform.ledger;
    let is_live = |entry: &&Entry| entry.fate.is_live() && matches!(entry.kind, Kind::Member(_));
    ledger.entries.iter().filter(is_live).map(|entry| (path(platform, entry), entry.content)).collect()
}

/// Reads one layer that must not be readable, in every form; returns what is said of it.
fn refused(tar: &[u8]) -> Vec<String> {
    let scratch = Scratch::new();
    let tars = [tar.to_vec()];
    let mut references: Vec<_> =
        Pack::ALL.iter().map(|pack| scratch.layout(&format!("{pack:?}"), &layout(&tars, *pack))).collect();
    references.push(scratch.file("save.tar", &docker(&tars).archive()));
    references.push(scratch.file("save.tar.zst", &Pack::Zstd.pack(&docker(&tars).archive())));
    let error = |reference: &String| {
        let error = analyze(reference).expect_err("it must not be read");
        assert!(matches!(error.kind, ErrorKind::Input | ErrorKind::Limit), "{error}");
        let message = error.to_string();
        assert!(
            !message.contains('\n') && message.contains("sha256:"),
            "one sentence, and the blob: {message}"
        );
        message
    };
    references.iter().map(error).collect()
}

// --- What hides what. ---

#[test]
fn a_removed_directory_wastes_all_that_was_in_it() {
    assert_eq!(figures(&["d/; d/a 10; d/e/f 20; x 5", ".wh.d"]), (5, 0, 30));
    // Also where no entry makes the directory.
    assert_eq!(figures(&["d/a 10; d/e/f 20; x 5", ".wh.d"]), (5, 0, 30));
}

#[test]
fn an_opaque_directory_hides_what_is_below_wherever_its_marker_stands() {
    for upper in ["d/.wh..wh..opq; d/b 3", "d/b 3; d/.wh..wh..opq", "d/; d/b 3; d/.wh..wh..opq"] {
        assert_eq!(figures(&["d/; d/a 10; d/b 20; x 5", upper]), (8, 0, 30), "{upper}");
    }
    assert_eq!(figures(&["a 1; b/c 2", ".wh..wh..opq; d 4"]), (4, 0, 3), "the root is a directory too");
}

#[test]
fn the_surviving_copy_is_not_waste() {
    assert_eq!(figures(&["a 1000", "a 1000 mode=755"]), (1000, 1000, 0));
}

#[test]
fn what_is_deleted_and_added_again_was_wasted_once() {
    assert_eq!(figures(&["a 1000", ".wh.a", "a 1000"]), (1000, 0, 1000));
}

#[test]
fn a_whiteout_of_what_never_was_does_not_end_the_layer() {
    assert_eq!(figures(&["a 10", ".wh.never; no/where/.wh.x; nor/.wh..wh..opq; a 20"]), (20, 10, 0));
}

#[test]
fn a_whiteout_beside_its_own_name_spares_it() {
    for upper in [".wh.x; x 3", "x 3; .wh.x"] {
        assert_eq!(figures(&["x 10", upper]), (3, 0, 10), "{upper}");
    }
}

#[test]
fn reserved_names_of_aufs_delete_nothing() {
    let notes = ".wh..wh.plnk/; .wh..wh.aufs; .wh..wh.orph/; .wh..wh.aufs 7";
    assert_eq!(figures(&["plnk 10; .wh.aufs 5; a 1", notes]), (11, 0, 0), "nor have they or whiteouts bytes");
}

#[test]
fn a_whiteout_reaches_its_own_directory_only() {
    assert_eq!(figures(&["a/x 1; a/b/x 2; x 4", "a/b/.wh.x"]), (5, 0, 2));
}

#[test]
fn a_name_made_twice_in_one_layer_is_overwritten_in_place() {
    assert_eq!(figures(&["a 10; a 20"]), (20, 10, 0));
    assert_eq!(figures(&["a 10; a/; a/b 1"]), (1, 10, 0));
}

#[test]
fn a_whiteout_hides_nothing_twice() {
    assert_eq!(figures(&["d/a 10", "d/.wh.a", ".wh.d", "d/.wh..wh..opq"]), (0, 0, 10));
}

// --- Types that change. ---

#[test]
fn a_file_in_place_of_a_directory_overwrites_what_was_in_it() {
    assert_eq!(figures(&["d/; d/a 10; d/e/f 20", "d 3"]), (3, 30, 0));
    assert_eq!(figures(&["d/a 10", "d -> elsewhere"]), (0, 10, 0));
}

#[test]
fn a_directory_in_place_of_a_file_overwrites_it() {
    assert_eq!(figures(&["d 10", "d/; d/a 3"]), (3, 10, 0));
    assert_eq!(figures(&["d 10", "d/a 3"]), (3, 10, 0), "also where no entry makes the directory");
}

#[test]
fn a_directory_made_late_hides_nothing() {
    assert_eq!(figures(&["d/a 10; d/"]), (10, 0, 0), "within a layer");
    assert_eq!(figures(&["d/a 10", "d/"]), (10, 0, 0), "where no entry had made it");
}

#[test]
fn a_directory_in_place_of_a_symlink_leaves_the_target_alone() {
    let platform = weigh(&["real/; real/a 10; link -> real", "link/; link/a 3"]);
    assert_eq!(
        live(&platform),
        [("/real", 0), ("/real/a", 10), ("/link", 0), ("/link/a", 3)]
            .map(|(path, content)| (path.to_owned(), content))
    );
}

#[test]
fn a_member_below_a_symlink_goes_where_the_link_points() {
    assert_eq!(figures(&["usr/bin/; usr/bin/x 9; bin -> usr/bin", "bin/x 4"]), (4, 9, 0));
    assert_eq!(figures(&["usr/bin/; usr/bin/x 9; bin -> /usr/bin", "bin/y 4"]), (13, 0, 0));
}

#[test]
fn a_whiteout_below_a_symlink_goes_where_the_link_points() {
    let lower = "usr/bin/; usr/bin/x 9; bin -> usr/bin";
    assert_eq!(figures(&[lower, "bin/.wh.x"]), (0, 0, 9));
    assert_eq!(figures(&[lower, "bin/.wh..wh..opq"]), (0, 0, 9));
}

#[test]
fn an_opaque_directory_in_place_of_a_symlink_leaves_the_target_alone() {
    // What an overlay writes when a link is removed and a directory made in its place.
    let lower = "usr/bin/; usr/bin/x 9; bin -> usr/bin";
    for upper in
        ["bin/; bin/.wh..wh..opq; bin/y 4", "bin/.wh..wh..opq; bin/y 4; bin/", "bin/; bin/.wh.x; bin/y 4"]
    {
        assert_eq!(figures(&[lower, upper]), (13, 0, 0), "{upper}");
    }
}

#[test]
fn links_that_go_round_end() {
    assert_eq!(figures(&["a -> b; b -> a; a/x 3"]).0, 3);
    assert_eq!(figures(&["l -> .; l/l/l/x 3", "x 4"]), (4, 3, 0));
}

#[test]
fn a_retargeted_symlink_is_another_one() {
    let platform = weigh(&["l -> a", "l -> b"]);
    assert_eq!(live(&platform).len(), 1);
    assert!(!platform.ledger.entries[0].fate.is_live());
}

// --- Hard links. ---

#[test]
fn a_hard_link_has_no_bytes_of_its_own() {
    let platform = weigh(&["a 5000; b => a; c => b"]);
    assert_eq!(Figures::in_ledger(&platform.ledger), Figures::of(5000, 0, 0));
    assert!(platform.ledger.duplicates.is_empty(), "one file under three names is no duplicate");
}

#[test]
fn a_link_outlives_the_name_of_its_file() {
    assert_eq!(figures(&["a 10; b => a", ".wh.a"]), (10, 0, 0));
    assert_eq!(figures(&["a 10; b => a; c => b", ".wh.a; b 1"]), (11, 0, 0), "the end of a chain suffices");
    assert_eq!(figures(&["a 10; b => a", ".wh.a", "b 1"]), (1, 10, 0), "the last name to go decides");
    assert_eq!(figures(&["a 10; b => a; a 20"]), (30, 0, 0), "also where its own layer takes the name away");
}

#[test]
fn a_link_to_a_lower_layer_keeps_nothing_alive() {
    assert_eq!(figures(&["a 10", "b => a; .wh.a"]), (0, 0, 10));
    assert_eq!(figures(&["a 10", "b => a", ".wh.a"]), (0, 0, 10));
}

#[test]
fn a_full_copy_of_a_lower_file_counts() {
    // Linking to a lower layer's file makes the engine write the file again, and then link to that.
    assert_eq!(figures(&["a 10", "a 10; b => a"]), (10, 10, 0));
}

#[test]
fn a_link_in_place_of_a_file_wastes_the_file() {
    assert_eq!(figures(&["a 10; b 7", "a 10; b => a"]), (10, 17, 0));
}

#[test]
fn a_link_to_nothing_or_to_itself_is_no_error() {
    assert_eq!(figures(&["b => never; a 3"]), (3, 0, 0));
    assert_eq!(figures(&["a 3; a => a"]), (3, 0, 0));
}

#[test]
fn a_hard_link_follows_symbolic_links_as_the_engines_do() {
    assert_eq!(
        figures(&["usr/lib/; lib -> usr/lib", "lib/a 10; usr/lib/b => lib/a", "lib/.wh.a"]),
        (10, 0, 0)
    );
    // Another name of a symbolic link is that link, so what goes below it goes where it points.
    assert_eq!(figures(&["usr/; lib -> usr; lib64 => lib", "lib64/x 5", "usr/.wh.x"]), (0, 0, 5));
}

// --- Copy-ups and duplicates. ---

#[test]
fn a_change_of_metadata_alone_is_a_copy_up() {
    for (lower, upper) in [
        ("a 5000", "a 5000 mode=755"),
        ("a 5000", "a 5000 uid=1000"),
        ("a 5000", "a 5000 mtime=1800000000"),
        ("a 5000", "a 5000 xattr=k"),
    ] {
        let platform = weigh(&[lower, upper]);
        assert_eq!(platform.ledger.copy_ups.len(), 1, "{upper}");
        assert_eq!(Figures::in_ledger(&platform.ledger), Figures::of(5000, 5000, 0), "{upper}");
    }
    assert!(weigh(&["a 5000 one", "a 5000 two"]).ledger.copy_ups.is_empty(), "one size, other bytes");
    assert!(weigh(&["a 5000", ".wh.a", "a 5000"]).ledger.copy_ups.is_empty(), "deleted in between");
}

#[test]
fn duplicates_are_found_from_4_kib_up() {
    let platform = weigh(&["a 4096 one; b 4095 two; c 4095 two", "d 4096 one; e 4096 other"]);
    assert_eq!(platform.ledger.duplicates.len(), 1);
    assert_eq!(platform.ledger.duplicates[0].len(), 2);
}

// --- Names. ---

#[test]
fn a_path_is_the_same_however_it_is_written() {
    for upper in ["./a/b 3", "/a/b 3", "a/./b 3", "a//b 3", "a/c/../b 3", "../../a/b 3"] {
        assert_eq!(figures(&["a/b 10", upper]), (3, 10, 0), "{upper}");
    }
    assert_eq!(figures(&["./; ./a/; ./a/b 10", "./a/.wh.b"]), (0, 0, 10));
    assert_eq!(figures(&["/x -> y; ../z 3", "z 4"]), (4, 3, 0));
}

#[test]
fn a_backslash_is_a_character_like_any_other() {
    assert_eq!(figures(&["a\\b 10; Files\\x 1", "a/b 3"]), (14, 0, 0));
}

#[test]
fn a_name_that_is_not_utf8_is_kept_apart_and_shown_escaped() {
    let mut tar = Tar::default();
    tar.file(b"caf\xe9", 3);
    tar.file(b"caf\xe8", 4);
    let platform = weigh_tars(&[tar.end()]);
    let live = live(&platform);
    assert_eq!(live, [("/caf\\xe9".to_owned(), 3), ("/caf\\xe8".to_owned(), 4)]);
}

#[test]
fn long_names_of_gnu_and_pax_are_whole() {
    let long = "d".repeat(120) + "/" + &"f".repeat(200);
    let mut tar = Tar::default();
    tar.long(b'L', long.as_bytes());
    tar.file(&long.as_bytes()[..100], 3);
    tar.pax(b'x', &[("path", [&long, "2"].concat().as_bytes())]);
    tar.file(b"cut", 4);
    tar.long(b'K', long.as_bytes());
    tar.member(&Header { link: &long.as_bytes()[..100], ..Header::new(b"link", b'1') }, b"");
    let upper = format!("{}/.wh.{}", "d".repeat(120), "f".repeat(200));
    let mut above = Tar::default();
    above.pax(b'x', &[("path", upper.as_bytes())]);
    above.file(b"cut", 0);
    let platform = weigh_tars(&[tar.end(), above.end()]);
    // The link holds the first file's bytes, so its target was read whole.
    assert_eq!(Figures::in_ledger(&platform.ledger), Figures::of(7, 0, 0));
    assert!(live(&platform).contains(&(format!("/{long}2"), 4)));
}

#[test]
fn a_prefix_of_ustar_belongs_to_the_name() {
    let mut block = [0_u8; 512];
    block[..1].copy_from_slice(b"f");
    block[100..107].copy_from_slice(b"0000644");
    block[124..135].copy_from_slice(b"00000000003");
    block[156] = b'0';
    block[257..265].copy_from_slice(b"ustar\x0000");
    block[345..348].copy_from_slice(b"d/e");
    let mut tar = Tar::default();
    tar.block(block, b"abc");
    assert_eq!(live(&weigh_tars(&[tar.end()])), [("/d/e/f".to_owned(), 3)]);
}

// --- Extension headers. ---

#[test]
fn an_empty_pax_value_is_no_error() {
    let mut tar = Tar::default();
    tar.pax(b'x', &[("SCHILY.xattr.user.overlay.origin", b""), ("path", b"")]);
    tar.file(b"a", 3);
    assert_eq!(live(&weigh_tars(&[tar.end()])), [("/a".to_owned(), 3)]);
}

#[test]
fn a_global_pax_header_is_no_member() {
    let mut tar = Tar::default();
    tar.pax(b'g', &[("comment", b"0123456789abcdef")]);
    tar.file(b"a", 3);
    let platform = weigh_tars(&[tar.end()]);
    assert_eq!(platform.ledger.entries.len(), 1);
    assert_eq!(live(&platform), [("/a".to_owned(), 3)]);
}

#[test]
fn a_pax_size_overrides_the_header() {
    let mut tar = Tar::default();
    tar.pax(b'x', &[("size", b"1000")]);
    tar.member(&Header { size: 0, ..Header::new(b"a", b'0') }, &content(1000, "a"));
    tar.file(b"b", 1);
    assert_eq!(live(&weigh_tars(&[tar.end()])), [("/a".to_owned(), 1000), ("/b".to_owned(), 1)]);
}

#[test]
fn a_size_in_base_256_is_read() {
    let mut block = [0_u8; 512];
    block[..1].copy_from_slice(b"a");
    block[100..107].copy_from_slice(b"0000644");
    block[124] = 0x80;
    block[134..136].copy_from_slice(&600_u16.to_be_bytes());
    block[156] = b'0';
    block[257..265].copy_from_slice(b"ustar  \0");
    let mut tar = Tar::default();
    tar.block(block, &content(600, "a"));
    assert_eq!(live(&weigh_tars(&[tar.end()])), [("/a".to_owned(), 600)]);
}

#[test]
fn links_and_directories_with_a_size_have_no_bytes() {
    let mut tar = Tar::default();
    tar.file(b"a", 3);
    tar.member(&Header { size: 3, link: b"a", ..Header::new(b"b", b'1') }, b"");
    tar.member(&Header { size: 4096, ..Header::new(b"d/", b'5') }, b"");
    tar.file(b"c", 4);
    assert_eq!(Figures::in_ledger(&weigh_tars(&[tar.end()]).ledger), Figures::of(7, 0, 0));
}

#[test]
fn a_file_whose_name_ends_in_a_slash_is_a_directory() {
    let mut tar = Tar::default();
    tar.member(&Header::new(b"d/", 0), b"");
    tar.file(b"d/a", 3);
    assert_eq!(Figures::in_ledger(&weigh_tars(&[tar.end()]).ledger), Figures::of(3, 0, 0));
}

// --- Sparse files: what stat says and what the tar holds are told apart. ---

fn sparse(tar: Tar) -> (u64, u64) {
    let mut tar = tar;
    tar.file(b"after", 1);
    let platform = weigh_tars(&[tar.end()]);
    let entry = &platform.ledger.entries[0];
    assert_eq!(path(&platform, entry), "/s");
    assert_eq!(platform.ledger.totals().live.content, entry.content + 1, "the next member is found");
    (entry.content, entry.stored)
}

#[test]
fn old_gnu_sparse_files_with_and_without_extension_blocks() {
    for extended in [false, true] {
        let mut block = [0_u8; 512];
        block[..1].copy_from_slice(b"s");
        block[100..107].copy_from_slice(b"0000644");
        block[124..135].copy_from_slice(b"00000001000"); // 512 bytes are here
        block[156] = b'S';
        block[257..265].copy_from_slice(b"ustar  \0");
        block[386..397].copy_from_slice(b"00000000000");
        block[398..409].copy_from_slice(b"00000001000");
        block[482] = u8::from(extended);
        block[483..494].copy_from_slice(b"00004000000"); // 1 MiB is what stat says
        let mut tar = Tar::default();
        let extension = if extended { vec![0; 512] } else { Vec::new() };
        tar.block(block, &[extension, content(512, "a")].concat());
        assert_eq!(sparse(tar), (1 << 20, 512), "extended: {extended}");
    }
}

#[test]
fn pax_sparse_files_of_every_version() {
    let versions: [(&[(&str, &[u8])], &[u8], &str); 3] = [
        (
            &[
                ("GNU.sparse.size", b"1048576"),
                ("GNU.sparse.numblocks", b"1"),
                ("GNU.sparse.offset", b"0"),
                ("GNU.sparse.numbytes", b"512"),
            ],
            b"s",
            "0.0",
        ),
        (
            &[("GNU.sparse.size", b"1048576"), ("GNU.sparse.name", b"s"), ("GNU.sparse.map", b"0,512")],
            b"GNUSparseFile.1/s",
            "0.1",
        ),
        (
            &[
                ("GNU.sparse.major", b"1"),
                ("GNU.sparse.minor", b"0"),
                ("GNU.sparse.name", b"s"),
                ("GNU.sparse.realsize", b"1048576"),
            ],
            b"GNUSparseFile.1/s",
            "1.0",
        ),
    ];
    for (records, name, version) in versions {
        let mut tar = Tar::default();
        tar.pax(b'x', records);
        tar.file(name, 1024);
        assert_eq!(sparse(tar), (1 << 20, 1024), "{version}");
    }
}

// --- Where a tar ends. ---

#[test]
fn a_tar_without_its_trailer_is_whole() {
    assert_eq!(live(&weigh_tars(&[Tar::text("a 600; b 3").0])).len(), 2);
    assert_eq!(
        live(&weigh_tars(&[[Tar::text("a 600; b 3").0, vec![0; 512]].concat()])).len(),
        2,
        "one block of two"
    );
}

#[test]
fn an_empty_layer_is_whole() {
    assert_eq!(figures(&[""]), (0, 0, 0));
    assert_eq!(live(&weigh_tars(&[Vec::new()])).len(), 0, "a blob of no bytes");
}

#[test]
fn what_follows_the_trailer_is_hashed_and_not_read() {
    let tar = [Tar::text("a 3").end(), Tar::text("index 7").end(), b"and more".to_vec()].concat();
    let platform = weigh_tars(std::slice::from_ref(&tar));
    assert_eq!(live(&platform), [("/a".to_owned(), 3)]);
    assert_eq!(platform.ledger.layers[0].tar_size, tar.len() as u64);
    assert!(platform.ledger.layers[0].verified, "the digest covers it");
}

#[test]
fn a_truncated_layer_is_one_sentence() {
    let whole = Tar::text("a 5000; b 5000").0;
    for cut in [100, 700, 5000, 6000, whole.len() - 700] {
        for message in refused(&whole[..cut]) {
            assert!(message.contains("layer 1 of 1"), "{message}");
        }
    }
}

#[test]
fn a_header_with_a_wrong_checksum_is_no_end() {
    let mut tar = Tar::text("a 1; b 2; c 3").end();
    tar[1024 + 150] ^= 1;
    for message in refused(&tar) {
        assert!(message.contains("1024"), "the place: {message}");
    }
}

#[test]
fn a_size_beyond_all_bounds_is_refused_before_it_costs_anything() {
    for size in [
        &b"77777777777"[..],
        b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    ] {
        let mut block = [0_u8; 512];
        block[..1].copy_from_slice(b"a");
        block[124..124 + size.len()].copy_from_slice(size);
        block[156] = b'0';
        let mut tar = Tar::default();
        tar.block(block, b"short");
        refused(&tar.end());
    }
    let mut tar = Tar::default();
    tar.member(&Header { size: 0o77_777_777_777, ..Header::new(b"x", b'x') }, b"");
    refused(&tar.end());
}

#[test]
fn a_malformed_pax_record_is_refused() {
    let mut tar = Tar::default();
    let records = b"99 path=a\n";
    tar.member(&Header { size: records.len() as u64, ..Header::new(b"x", b'x') }, records);
    tar.file(b"a", 1);
    refused(&tar.end());
}
