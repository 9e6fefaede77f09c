//! What binaries and archives hold: named as the tools that made them name it, and divided to the byte.

use std::path::Path;
use std::process::Command;

use super::{report, report_of, text};

/// What `go version -m` prints of a binary, as it was written beside the fixture.
fn as_go_prints_it(inside: &serde_json::Value) -> String {
    let mut lines = format!("{}: {}\n", &text(&inside["path"])[1..], text(&inside["toolchain"]));
    lines += &format!("\tmod\t{}\t{}\n", text(&inside["name"]), text(&inside["version"]));
    for module in inside["built_in"].as_array().unwrap() {
        lines += &format!("\tdep\t{}\t{}\n", text(&module["name"]), text(&module["version"]));
    }
    for setting in inside["settings"].as_array().unwrap() {
        lines += &format!("\tbuild\t{}={}\n", text(&setting["key"]), text(&setting["value"]));
    }
    lines
}

/// What it printed when the fixture was made.
fn as_go_printed_it(fixture: &str) -> String {
    let file = format!("fixtures/ecosystems/{fixture}/modules");
    without_sums(&std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap())
}

/// Go prints the main package and the modules' checksums too.
fn without_sums(printed: &str) -> String {
    let lines = printed.lines().filter(|line| !line.starts_with("\tpath\t"));
    lines.map(|line| line.split("\th1:").next().unwrap().trim_end().replace('"', "") + "\n").collect()
}

/// How many bytes the parts have whose names start so.
fn bytes(inside: &serde_json::Value, name: &str) -> u64 {
    let parts = inside["parts"].as_array().unwrap().iter();
    parts
        .filter(|part| text(&part["name"]).starts_with(name))
        .map(|part| part["bytes"].as_u64().unwrap())
        .sum()
}

#[test]
fn go_binaries_are_built_of_what_go_says_and_divide_to_the_byte() {
    let report = report("go");
    let insides = report["platforms"][0]["insides"].as_array().unwrap();
    let printed: String = insides.iter().map(as_go_prints_it).collect();
    assert_eq!(printed, as_go_printed_it("go"));

    let [full, stripped] = insides.as_slice() else { panic!("{insides:?}") };
    for inside in [full, stripped] {
        assert_eq!(bytes(inside, ""), inside["content"].as_u64().unwrap());
        assert_eq!(text(&inside["owner"]), "go:example.com/harbour/controller");
        // What no function has of the code and of the table of functions is little.
        assert!(bytes(inside, ".text") < 20_000 && bytes(inside, ".gopclntab") < 150_000, "{inside}");
        assert!(bytes(inside, "golang.org/x/text") > 20_000 && bytes(inside, "std") > 900_000);
        assert!((100..20_000).contains(&bytes(inside, "github.com/cespare/xxhash/v2")));
    }
    // Symbols tell whose data is; without them it stays with its section.
    assert!(bytes(full, "golang.org/x/text") > bytes(stripped, "golang.org/x/text"));
    assert!(bytes(full, ".symtab") > 0 && bytes(stripped, ".symtab") == 0);
}

#[test]
fn binaries_of_older_go_divide_by_the_layouts_of_their_time() {
    let report = report("go-old");
    let mut insides: Vec<_> = report["platforms"][0]["insides"].as_array().unwrap().iter().collect();
    insides.sort_by_key(|inside| text(&inside["path"]));
    let [nameless, told @ ..] = insides.as_slice() else { panic!("{insides:?}") };
    let printed: String = told.iter().map(|inside| as_go_prints_it(inside)).collect();
    assert_eq!(printed, as_go_printed_it("go-old"));
    assert_eq!(told.len(), 3);
    // Go 1.10 wrote nothing about the program's modules; a symbol tells the toolchain.
    assert_eq!((text(&nameless["name"]), text(&nameless["toolchain"])), ("", "go1.10.4"));
    for inside in &insides {
        let content = inside["content"].as_u64().unwrap();
        assert_eq!(bytes(inside, ""), content);
        // The runtime is most of such a program, and what no function has of code and tables is little.
        assert!(bytes(inside, "std") * 100 > content * 65, "{inside}");
        assert!(bytes(inside, ".text") < 7_000 && bytes(inside, ".gopclntab") < 11_000, "{inside}");
        let own = if inside == nameless { "main" } else { "example.com/hello" };
        assert!((400..700).contains(&bytes(inside, own)), "{inside}");
    }
}

/// What runs in most clusters: 40 MB of Go, of which a hundredth is its author's.
#[test]
#[ignore = "builds a controller of Kubernetes: needs Go, its module proxy and some minutes"]
fn a_controller_of_kubernetes_is_built_of_what_go_says_and_divides_to_the_byte() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ecosystems/recipe/controller");
    let root = tempfile::tempdir().unwrap();
    let built = Command::new("go")
        .args(["build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o"])
        .arg(root.path().join("manager"))
        .envs([("CGO_ENABLED", "0"), ("GOARCH", "amd64"), ("GOOS", "linux")])
        .current_dir(source)
        .status()
        .unwrap();
    assert!(built.success());
    let told =
        Command::new("go").args(["version", "-m", "manager"]).current_dir(&root).output().unwrap().stdout;

    let report = report_of(&format!("rootfs:{}", root.path().display()));
    let inside = &report["platforms"][0]["insides"][0];
    assert_eq!(as_go_prints_it(inside), without_sums(&String::from_utf8(told).unwrap()));
    let content = inside["content"].as_u64().unwrap();
    assert_eq!(bytes(inside, ""), content);
    for (module, least) in
        [("k8s.io/api", 30), ("k8s.io/client-go", 3), ("sigs.k8s.io/controller-runtime", 1)]
    {
        assert!(bytes(inside, module) * 100 > content * least, "{module}: {inside}");
    }
    // What has no module: constants and types, most of all.
    let sections = inside["parts"].as_array().unwrap().iter().filter(|part| text(&part["kind"]) != "module");
    let sections: u64 = sections.map(|part| part["bytes"].as_u64().unwrap()).sum();
    assert!(sections * 4 < content, "{sections} of {content}");
}

#[test]
fn what_upx_packed_is_said_to_be() {
    let report = report("packed");
    let insides = report["platforms"][0]["insides"].as_array().unwrap();
    assert_eq!(insides.len(), 2);
    for inside in insides {
        assert_eq!((text(&inside["packer"]), text(&inside["name"])), ("UPX", ""));
        assert_eq!(bytes(inside, "packed by UPX"), inside["content"].as_u64().unwrap());
    }
}

#[test]
fn a_rust_binary_lists_its_crates_and_divides_to_the_byte() {
    let report = report("rust");
    let inside = &report["platforms"][0]["insides"][0];
    assert_eq!(
        (text(&inside["kind"]), text(&inside["name"]), text(&inside["version"])),
        ("rust", "harbour-pilot", "0.3.1")
    );
    let built_in = inside["built_in"].as_array().unwrap().iter();
    let built_in: Vec<_> =
        built_in.map(|one| format!("{} {}", text(&one["name"]), text(&one["version"]))).collect();
    assert_eq!(built_in, ["itoa 1.0.15", "ryu 1.0.20"]);
    let parts = inside["parts"].as_array().unwrap();
    let sum: u64 = parts.iter().map(|part| part["bytes"].as_u64().unwrap()).sum();
    assert_eq!(sum, inside["content"].as_u64().unwrap());
    let part = |name: &str| parts.iter().find(|part| text(&part["name"]) == name);
    assert_eq!(text(&part("ryu").unwrap()["version"]), "1.0.20");
    assert!(part("std").is_some() && part("harbour_pilot").is_some());
}

#[test]
fn a_jar_divides_to_the_byte_and_names_what_is_packed_into_it() {
    let report = report("java");
    let insides = report["platforms"][0]["insides"].as_array().unwrap();
    assert_eq!(insides.len(), 4);
    for inside in insides {
        let sum: u64 =
            inside["parts"].as_array().unwrap().iter().map(|part| part["bytes"].as_u64().unwrap()).sum();
        assert_eq!(sum, inside["content"].as_u64().unwrap(), "{inside}");
    }
    // An archive inside an archive has its own bytes, its header and its name, and no more.
    let nested = &insides[0]["parts"][0];
    let slf4j = insides.iter().find(|inside| text(&inside["path"]) == "/app/slf4j-api-2.0.16.jar").unwrap();
    assert_eq!((text(&nested["name"]), text(&nested["version"])), ("org.slf4j:slf4j-api", "2.0.16"));
    let header = 30 + "BOOT-INF/lib/slf4j-api-2.0.16.jar".len() as u64;
    assert_eq!(nested["bytes"].as_u64().unwrap(), slf4j["content"].as_u64().unwrap() + header);
}

#[test]
fn spring_boot_s_own_archive_holds_what_maven_resolved_and_the_loader() {
    let report = report("spring");
    let insides = report["platforms"][0]["insides"].as_array().unwrap();
    let [inside] = insides.as_slice() else { panic!("{insides:?}") };
    assert_eq!(bytes(inside, ""), inside["content"].as_u64().unwrap());
    let built_in = inside["built_in"].as_array().unwrap().iter();
    let mut built_in: Vec<_> =
        built_in.map(|one| format!("{} {}", text(&one["name"]), text(&one["version"]))).collect();
    let loader = built_in.iter().position(|one| one == "org.springframework.boot:spring-boot-loader 3.4.1");
    built_in.remove(loader.unwrap());
    let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ecosystems/spring/packed");
    assert_eq!(built_in, std::fs::read_to_string(packed).unwrap().lines().collect::<Vec<_>>());
    // Most of so small an archive is what starts it; the application is one class.
    assert!(bytes(inside, "org.springframework.boot:") > 180_000, "{inside}");
    assert!((300..1_000).contains(&bytes(inside, "classes")), "{inside}");
}

/// Before Go 1.18 the table holds offsets of 64 bits, which may be anything.
#[test]
fn a_table_of_functions_that_lies_costs_what_it_says_and_no_more() {
    use std::io::Read;
    use std::os::unix::fs::PermissionsExt;

    let blobs = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ecosystems/go-old/blobs/sha256");
    let blobs = blobs.read_dir().unwrap().map(|blob| std::fs::read(blob.unwrap().path()).unwrap());
    let layer = zstd::decode_all(blobs.max_by_key(Vec::len).unwrap().as_slice()).unwrap();
    let root = tempfile::tempdir().unwrap();
    let mut lying = 0;
    for entry in tar::Archive::new(layer.as_slice()).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = root.path().join(entry.path().unwrap());
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        // The head of the table: which layout, the smallest step, and how long an address is.
        let head = content.windows(8).position(|head| head == b"\xfb\xff\xff\xff\0\0\x01\x08");
        let Some(head) = head else { continue };
        for function in [0, 5, 50] {
            let offset = head + 16 + 16 * function + 8;
            content[offset..offset + 8].copy_from_slice(&(u64::MAX - 7).to_le_bytes());
        }
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        lying += 1;
    }
    assert_eq!(lying, 2, "Go 1.10 and 1.15");
    let report = report_of(&format!("rootfs:{}", root.path().display()));
    let insides = report["platforms"][0]["insides"].as_array().unwrap();
    assert_eq!(insides.len(), 2);
    for inside in insides {
        assert_eq!(bytes(inside, ""), inside["content"].as_u64().unwrap());
    }
}
