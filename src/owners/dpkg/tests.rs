use crate::owners::testing::File::{Bytes, Directory, Link, Text};
use crate::owners::testing::claimed;

const WHOLE: &str = "Package: whole\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n";

#[test]
fn whoever_has_files_is_installed_and_nobody_else() {
    let image = claimed(&[&[
        Text("var/lib/dpkg/status", include_str!("../testdata/dpkg/half-states/status")),
        Text("var/lib/dpkg/info/whole.list", "/.\n/usr\n/usr/bin\n/usr/bin/whole\n/etc/gone\n"),
        Text("var/lib/dpkg/info/removed.list", "/etc/removed.conf\n"),
        Directory("usr"),
        Bytes("usr/bin/whole", 3),
        Bytes("etc/removed.conf", 3),
    ]]);
    assert_eq!(image.packages(), ["dpkg:half 2", "dpkg:kept 3", "dpkg:whole 1.0-1"]);
    assert_eq!(image.owners("usr/bin/whole"), "dpkg:whole");
    assert_eq!(image.owners("etc/removed.conf"), "unowned");
    assert_eq!(image.owners("var/lib/dpkg/status"), "dpkg (database)");
    assert_eq!(image.warnings(), [""; 0]);
}

#[test]
fn what_cannot_be_read_is_counted_and_the_rest_is_read() {
    let image = claimed(&[&[
        Text("var/lib/dpkg/status", include_str!("../testdata/dpkg/invalid/status")),
        Text("var/lib/dpkg/diversions", "/a\n/b\n"),
    ]]);
    assert_eq!(image.packages(), ["dpkg:with-a-broken-line 1"]);
    assert_eq!(
        image.warnings(),
        [
            "dpkg: /var/lib/dpkg/diversions does not hold three lines for each diversion",
            "dpkg: /var/lib/dpkg/status holds 4 stanzas that cannot be read",
        ]
    );
    assert_eq!(claimed(&[&[Text("var/lib/dpkg/status", "")]]).packages(), [""; 0]);
}

#[test]
fn a_merged_usr_is_looked_through() {
    let image = claimed(&[&[
        Link("bin", "usr/bin"),
        Bytes("usr/bin/ls", 3),
        Text("var/lib/dpkg/status", WHOLE),
        Text("var/lib/dpkg/info/whole.list", "/bin\n/bin/ls\n"),
    ]]);
    assert_eq!(image.owners("usr/bin/ls"), "dpkg:whole");
    assert_eq!(image.owners("bin"), "dpkg:whole", "the link itself is not followed");
}

#[test]
fn a_diverted_file_lies_elsewhere_for_all_but_the_diverter() {
    let other = "\nPackage: other\nStatus: install ok installed\nVersion: 2\n";
    let image = claimed(&[&[
        Text("var/lib/dpkg/status", &format!("{WHOLE}{other}")),
        Text("var/lib/dpkg/info/whole.list", "/usr/bin/tool\n"),
        Text("var/lib/dpkg/info/other.list", "/usr/bin/tool\n"),
        Text("var/lib/dpkg/diversions", "/usr/bin/tool\n/usr/bin/tool.whole\nother\n"),
        Bytes("usr/bin/tool", 3),
        Bytes("usr/bin/tool.whole", 3),
    ]]);
    assert_eq!(image.owners("usr/bin/tool"), "dpkg:other");
    assert_eq!(image.owners("usr/bin/tool.whole"), "dpkg:whole");
}

#[test]
fn two_architectures_of_one_package_are_two_owners() {
    let stanza = |name: &str, architecture: &str| {
        format!("Package: {name}\nStatus: install ok installed\nArchitecture: {architecture}\nVersion: 1\n\n")
    };
    let status = stanza("dpkg", "amd64") + &stanza("libc6", "amd64") + &stanza("libc6", "i386");
    let image = claimed(&[&[
        Text("var/lib/dpkg/status", &status),
        Text("var/lib/dpkg/info/libc6:amd64.list", "/lib/x86_64/libc.so.6\n/usr/share/doc/libc6/copyright\n"),
        Text("var/lib/dpkg/info/libc6:i386.list", "/lib/i386/libc.so.6\n/usr/share/doc/libc6/copyright\n"),
        Bytes("lib/x86_64/libc.so.6", 3),
        Bytes("lib/i386/libc.so.6", 3),
        Bytes("usr/share/doc/libc6/copyright", 3),
    ]]);
    assert_eq!(image.owners("lib/x86_64/libc.so.6"), "dpkg:libc6");
    assert_eq!(image.owners("lib/i386/libc.so.6"), "dpkg:libc6:i386");
    assert_eq!(image.owners("usr/share/doc/libc6/copyright"), "dpkg:libc6", "ties go to the smaller id");
}

#[test]
fn distroless_has_its_lists_as_sums_beside_the_control_files_or_in_info() {
    let sum = "d41d8cd98f00b204e9800998ecf8427e";
    let image = claimed(&[&[
        Text(
            "var/lib/dpkg/status.d/tzdata",
            "Package: tzdata\nVersion: 2025\nConffiles:\n /etc/tz.conf abc\n",
        ),
        Text("var/lib/dpkg/status.d/tzdata.md5sums", &format!("{sum}  usr/share/zoneinfo/UTC\nshort\n")),
        Text("var/lib/dpkg/status.d/base", "Package: base\nVersion: 1\n"),
        Text("var/lib/dpkg/info/base.list", "/etc/os-release\n"),
        Bytes("usr/share/zoneinfo/UTC", 3),
        Bytes("etc/tz.conf", 3),
        Bytes("etc/os-release", 3),
    ]]);
    assert_eq!(image.packages(), ["dpkg:base 1", "dpkg:tzdata 2025"]);
    assert_eq!(image.owners("usr/share/zoneinfo/UTC"), "dpkg:tzdata");
    assert_eq!(image.owners("etc/tz.conf"), "dpkg:tzdata");
    assert_eq!(image.owners("etc/os-release"), "dpkg:base");
    assert_eq!(
        image.warnings(),
        ["dpkg: /var/lib/dpkg/status.d/tzdata.md5sums holds lines that are no MD5 sum with a path"]
    );
}

#[test]
fn a_directory_that_several_list_is_nobodys() {
    let other = "\nPackage: other\nStatus: install ok installed\nVersion: 2\n";
    let image = claimed(&[&[
        Text("var/lib/dpkg/status", &format!("{WHOLE}{other}")),
        Text("var/lib/dpkg/info/whole.list", "/usr\n/usr/whole\n"),
        Text("var/lib/dpkg/info/other.list", "/usr\n"),
        Directory("usr"),
        Directory("usr/whole"),
    ]]);
    assert_eq!(image.owners("usr"), "unowned");
    assert_eq!(image.owners("usr/whole"), "dpkg:whole");
}

#[test]
fn what_a_distroless_layer_holds_beside_its_one_package_is_that_package_s() {
    let image = claimed(&[
        &[Text("var/lib/dpkg/status.d/netbase", "Package: netbase\nVersion: 6\n"), Bytes("etc/services", 3)],
        &[
            Text("var/lib/dpkg/status.d/a", "Package: a\nVersion: 1\n"),
            Text("var/lib/dpkg/status.d/b", "Package: b\nVersion: 1\n"),
            Bytes("etc/nobody", 3),
        ],
        &[Bytes("app", 3)],
    ]);
    assert_eq!(image.owners("etc/services"), "dpkg:netbase");
    assert_eq!(image.owners("var/lib/dpkg/status.d/netbase"), "dpkg (database)");
    assert_eq!(image.owners("etc/nobody"), "unowned");
    assert_eq!(image.owners("app"), "unowned");
}
