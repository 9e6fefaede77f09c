use super::claim;
use crate::layer::{Member, WalkedLayer};
use crate::ledger::{Category, Ledger};
use crate::owners::testing::File::{Bytes, HardLink, Link, Text};
use crate::owners::testing::{claimed, claimed_as};

fn status(names: &[&str]) -> String {
    let stanza = |name: &&str| format!("Package: {name}\nStatus: install ok installed\nVersion: 1\n");
    names.iter().map(stanza).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_a_later_layer_hides_keeps_the_owner_that_it_had() {
    let (before, after) = (status(&["gcc", "libc6"]), status(&["libc6"]));
    let image = claimed(&[
        &[
            Text("var/lib/dpkg/status", &before),
            Text("var/lib/dpkg/info/gcc.list", "/usr/bin/gcc\n"),
            Text("var/lib/dpkg/info/libc6.list", "/lib/libc.so\n"),
            Bytes("usr/bin/gcc", 9),
            Bytes("lib/libc.so", 9),
        ],
        &[
            Text("var/lib/dpkg/status", &after),
            Bytes("var/lib/dpkg/info/.wh.gcc.list", 0),
            Bytes("usr/bin/.wh.gcc", 0),
            Bytes("lib/libc.so", 10),
        ],
    ]);
    assert_eq!(image.packages(), ["dpkg:libc6 1"]);
    assert_eq!(image.ownership.removed.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(), ["dpkg:gcc"]);
    // The whiteout at the same path has no owner.
    assert_eq!(image.owners("usr/bin/gcc"), "dpkg:gcc unowned");
    assert_eq!(image.owners("lib/libc.so"), "dpkg:libc6 dpkg:libc6");
    let removed = &image.ownership.removed[0];
    assert_eq!(image.ledger.owner_name(removed.owner), "dpkg:gcc");
}

#[test]
fn a_system_s_package_wins_over_the_language_s_inside_it_which_stays_as_alias() {
    let image = claimed(&[&[
        Text("var/lib/dpkg/status", &status(&["python3-six"])),
        Text(
            "var/lib/dpkg/info/python3-six.list",
            "/usr/lib/python3/dist-packages/six.py\n/usr/lib/python3/dist-packages/six-1.dist-info/RECORD\n",
        ),
        Text("usr/lib/python3/dist-packages/six-1.dist-info/RECORD", "six.py,sha256=a,9\n"),
        Bytes("usr/lib/python3/dist-packages/six.py", 9),
        Bytes("usr/lib/python3/dist-packages/__pycache__/six.cpython-311.pyc", 9),
    ]]);
    assert_eq!(image.owners("usr/lib/python3/dist-packages/six.py"), "dpkg:python3-six");
    assert_eq!(
        image.owners("usr/lib/python3/dist-packages/__pycache__/six.cpython-311.pyc"),
        "dpkg:python3-six"
    );
    assert_eq!(image.ownership.packages[0].aliases, ["python:six"]);
}

#[test]
fn pip_over_a_system_s_package_owns_what_it_replaced() {
    let image = claimed(&[
        &[
            Text("var/lib/dpkg/status", &status(&["python3-six"])),
            Text(
                "var/lib/dpkg/info/python3-six.list",
                "/usr/lib/python3/dist-packages/six.py\n/etc/six.conf\n",
            ),
            Bytes("usr/lib/python3/dist-packages/six.py", 9),
            Bytes("etc/six.conf", 9),
        ],
        &[
            Text("usr/lib/python3/dist-packages/six-2.dist-info/METADATA", "Name: six\nVersion: 2\n"),
            Text("usr/lib/python3/dist-packages/six-2.dist-info/RECORD", "six.py,sha256=a,11\n"),
            Bytes("usr/lib/python3/dist-packages/six.py", 11),
            Bytes("etc/six.conf", 12),
        ],
    ]);
    assert_eq!(image.owners("usr/lib/python3/dist-packages/six.py"), "dpkg:python3-six python:six");
    assert_eq!(image.owners("etc/six.conf"), "dpkg:python3-six dpkg:python3-six", "changed, and still its");
}

#[test]
fn what_copy_brought_is_the_application_unless_it_is_a_root_file_system() {
    let image = claimed_as(&[
        ("ADD rootfs.tar.xz /", &[Bytes("etc/os-release", 9), Bytes("etc/stray", 9)]),
        ("COPY . /app", &[Bytes("app/main.py", 9), Bytes("app/data.bin", 5000)]),
        (
            "RUN make",
            &[Bytes("app/made", 9), Bytes("etc/made", 9), Bytes("app/__pycache__/main.cpython-311.pyc", 9)],
        ),
        ("RUN chown -R app /app", &[Bytes("app/main.py", 9), Bytes("app/data.bin", 5001)]),
    ]);
    assert_eq!(image.owners("etc/stray"), "unowned");
    assert_eq!(image.owners("app/main.py"), "application application", "a copy-up brings nothing of its own");
    assert_eq!(image.owners("app/data.bin"), "application application", "changed in place");
    assert_eq!(image.owners("app/made"), "application", "its directory was brought");
    assert_eq!(image.owners("etc/made"), "unowned");
    assert_eq!(image.owners("app/__pycache__/main.cpython-311.pyc"), "application");
    let live = image.ledger.entries.iter().find(|entry| entry.content == 5000).unwrap();
    assert_eq!(live.category, Category::Application);
}

#[test]
fn of_a_file_that_lives_on_under_one_name_that_name_decides() {
    let image = claimed(&[
        &[
            Text("var/lib/dpkg/status", &status(&["tool"])),
            Text("var/lib/dpkg/info/tool.list", "/usr/bin/tool\n"),
            Bytes("usr/bin/tool", 9),
            HardLink("keep/tool", "usr/bin/tool"),
        ],
        &[Bytes("usr/bin/.wh.tool", 0)],
    ]);
    assert_eq!(image.owners("keep/tool"), "unowned");
    assert_eq!(image.owners("usr/bin/tool"), "unowned unowned");
}

#[test]
fn generated_files_belong_to_what_generates_them_if_it_is_there() {
    let files = |status| {
        [
            Text("var/lib/dpkg/status", status),
            Bytes("etc/ld.so.cache", 9),
            Bytes("var/lib/apt/lists/x", 9),
            Bytes("root/.cache/pip/x", 9),
            Link("bin", "bin"),
        ]
    };
    let installed = status(&["libc-bin"]);
    let image = claimed(&[&files(&installed)]);
    assert_eq!(image.owners("etc/ld.so.cache"), "dpkg:libc-bin");
    assert_eq!(image.owners("var/lib/apt/lists/x"), "apt (lists)");
    assert_eq!(image.owners("root/.cache/pip/x"), "pip (cache)");
    assert_eq!(claimed(&[&files("")]).owners("etc/ld.so.cache"), "unowned");
}

#[test]
fn every_content_byte_has_exactly_one_owner_and_nothing_means_nothing() {
    let image = claimed(&[&[Bytes("a", 9), Text("var/lib/dpkg/status", &status(&["x"]))]]);
    let live: u64 = image.ledger.live_by_owner().iter().map(|share| share.size.content).sum();
    assert_eq!(live, image.ledger.totals().live.content);
    let mut nothing = Ledger::build(Vec::<WalkedLayer>::new());
    assert!(claim(&mut nothing, &[]).packages.is_empty());
}

#[test]
fn evidence_that_was_too_long_is_told() {
    let mut walked = WalkedLayer::default();
    walked.members.push(b"var/lib/dpkg/status", b"", Member { content: 1 << 40, ..Member::default() });
    walked.evidence.too_long.push(0);
    let mut ledger = Ledger::build([walked]);
    let warnings = claim(&mut ledger, &[]).warnings;
    assert_eq!(warnings[0].message, "/var/lib/dpkg/status is too long to be read");
}
