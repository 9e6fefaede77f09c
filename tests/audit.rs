//! The audit of dependencies: each form of an import, each verdict, on small images made by hand.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
#[path = "audit/world.rs"]
mod world;

use common::image::Scratch;
use common::plimsoll;
use plimsoll::audit::Tier;
use world::{World, find};

// --- Every form of an import. ---

/// The tier by which `x` is reached when the application's only source is this.
fn reached(source: &str) -> Option<Tier> {
    let world =
        World::new(source).requirements("x\n").dist("x", "", &[("x/__init__.py", ""), ("x/y.py", "")]);
    find(&world.audit(), "x").reached
}

#[test]
fn every_form_of_an_import_is_seen() {
    for source in [
        "import x",
        "import x.y as z",
        "from x import y",
        "from x.y import *",
        "import a, x",
        "import importlib\nimportlib.import_module('x')",
        "from importlib import import_module\nm = import_module('x.y')",
        "m = __import__('x')",
        "def later():\n    import x",
        "class A:\n    import x",
        "if something():\n    import x",
        "import sys\nif sys.version_info >= (3, 9):\n    import x",
        "import sys\nif sys.version_info < (3, 9):\n    pass\nelse:\n    import x",
        "import sys\nif sys.platform != 'win32':\n    import x",
        "from typing import TYPE_CHECKING\nif not TYPE_CHECKING:\n    import x",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    pass\nelse:\n    import x",
        "INSTALLED_APPS = ['django.contrib.admin', 'x']",
        "app = Celery('a', include=['x.y'])",
        "LOGGING = {'handlers': {'a': {'()': 'x.y.Handler'}}}",
        "\u{feff}import x",
    ] {
        assert_eq!(reached(source), Some(Tier::Hard), "{source}");
    }
}

#[test]
fn whoever_tries_can_do_without() {
    for source in [
        "try:\n    import x\nexcept ImportError:\n    x = None",
        "try:\n    import x\nexcept (KeyError, ModuleNotFoundError):\n    pass",
        "try:\n    import x\nexcept:\n    pass",
        "from contextlib import suppress\nwith suppress(ImportError):\n    import x",
        "try:\n    import a\nexcept ImportError:\n    import x",
    ] {
        assert_eq!(reached(source), Some(Tier::Guarded), "{source}");
    }
    assert_eq!(reached("try:\n    import x\nexcept KeyError:\n    pass"), Some(Tier::Hard));
    assert_eq!(reached("try:\n    pass\nfinally:\n    import x"), Some(Tier::Hard));
}

#[test]
fn what_never_runs_is_no_import() {
    for source in [
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import x",
        "import typing\nif typing.TYPE_CHECKING and True:\n    import x",
        "import sys\nif sys.platform == 'win32':\n    import x",
        "import sys\nif sys.version_info < (3, 8):\n    import x",
        "import os\nif os.name == 'nt':\n    import x",
        "'import x'\n# import x",
        "def f():\n    '''x.y'''",
        "print('websocket.connect', 'x.connect')",
        "from . import nothing",
        "if False:\n    import x",
    ] {
        assert_eq!(reached(source), None, "{source}");
    }
}

#[test]
fn a_literal_that_is_a_module_may_be_loaded() {
    assert_eq!(reached("loop = {'auto': 'x.y:setup'}"), Some(Tier::String));
    assert_eq!(reached("names = ['x.y']"), Some(Tier::String));
    assert_eq!(reached("names = ['x.y.Class']"), Some(Tier::String));
    assert_eq!(reached("names = ['x']"), None, "one word may be anything");
}

#[test]
fn imports_are_followed_through_what_is_installed() {
    let world = World::new("import web")
        .requirements("web\nform\n")
        .dist(
            "web",
            "Provides-Extra: forms\nRequires-Dist: form; extra == 'forms'",
            &[
                ("web/__init__.py", "from .deep import thing\n"),
                ("web/deep/__init__.py", "from ..form import f\n"),
                ("web/form.py", "try:\n    import form\nexcept ImportError:\n    form = None\n"),
            ],
        )
        .plain("form");
    let audit = world.audit();
    let form = find(&audit, "form");
    assert_eq!((form.verdict.id(), form.could_go), ("optional", false), "{:?}", form.because);
    assert_eq!(form.reached, Some(Tier::Guarded));
    assert!(form.because[0].contains("web/form.py:2"), "{:?}", form.because);
}

#[test]
fn what_only_recognises_objects_of_a_package_does_not_need_it() {
    // scikit-learn imports pandas at start if it is there, so as to know a data frame when it sees one.
    let world = World::new("import learn")
        .requirements("learn\nframes\n")
        .dist(
            "learn",
            "Provides-Extra: tests\nRequires-Dist: frames; extra == 'tests'",
            &[("learn.py", "try:\n    import frames\nexcept ImportError:\n    pass\n")],
        )
        .plain("frames");
    let audit = world.audit();
    let frames = find(&audit, "frames");
    assert_eq!(
        (frames.verdict.id(), frames.confidence.id(), frames.could_go),
        ("optional", "possible", true)
    );
    assert!(frames.because.iter().any(|line| line.contains("only recognises")), "{:?}", frames.because);
}

#[test]
fn hundreds_of_levels_are_followed_and_no_python_is_told() {
    let deep = format!("x = {}1{}\nimport x\n", "(".repeat(3000), ")".repeat(3000));
    assert_eq!(reached(&deep), Some(Tier::Hard));
    let sum = format!("y = {}1\nimport x\n", "1+".repeat(20_000));
    assert_eq!(reached(&sum), Some(Tier::Hard));
    let world = World::new("def broken(:\n").requirements("x\n").plain("x");
    let warnings = world.audit().warnings;
    assert!(warnings.iter().any(|warning| warning.message.contains("/app/main.py")), "{warnings:?}");
}

// --- Names. ---

#[test]
fn modules_have_other_names_than_their_distributions() {
    let world = World::new("import yaml, _cffi_backend\nfrom PIL import Image\n")
        .requirements("PyYAML\ncffi\nPillow\n")
        .dist("PyYAML", "", &[("yaml/__init__.py", "")])
        .dist("cffi", "", &[("_cffi_backend.cpython-311-x86_64-linux-gnu.so", "")])
        .dist("Pillow", "", &[("PIL/__init__.py", ""), ("PIL/Image.py", "")]);
    for name in ["pyyaml", "cffi", "pillow"] {
        assert_eq!(world.verdict(name), "used certain", "{name}");
    }
}

#[test]
fn a_namespace_belongs_to_all_and_each_module_to_one() {
    let world = World::new("from google.cloud import storage\n")
        .requirements("google-cloud-storage\ngoogle-cloud-pubsub\n")
        .dist("google-cloud-storage", "", &[("google/cloud/storage/__init__.py", "")])
        .dist("google-cloud-pubsub", "", &[("google/cloud/pubsub/__init__.py", "")]);
    assert_eq!(world.verdict("google-cloud-storage"), "used certain");
    assert_eq!(world.verdict("google-cloud-pubsub"), "unused certain");
}

#[test]
fn a_source_of_the_application_hides_what_is_installed_under_its_name() {
    let world =
        World::new("import helper\n").file("app/helper.py", "").requirements("helper\n").plain("helper");
    assert_eq!(world.verdict("helper"), "unused certain");
}

// --- Verdicts. ---

#[test]
fn unused_is_certain_only_where_nothing_unseen_could_reach_it() {
    let world = |main: &str| World::new(main).requirements("a\nx\n").plain("a").plain("x");
    assert_eq!(world("import a").verdict("x"), "unused certain");
    assert_eq!(world("import a, importlib\nimportlib.import_module(name)").verdict("x"), "unused possible");
    let through = World::new("import a")
        .requirements("a\nx\n")
        .dist("a", "", &[("a.py", "def load(name):\n    return __import__(name)\n")])
        .plain("x");
    assert_eq!(through.verdict("x"), "unused likely");
    let audit = through.audit();
    assert!(audit.dynamic[0].at.ends_with("a.py:2"), "{:?}", audit.dynamic);
    let unreached = World::new("import a").requirements("a\nx\n").plain("a").dist(
        "x",
        "",
        &[("x.py", "__import__(name)")],
    );
    assert_eq!(unreached.verdict("x"), "unused certain", "what nothing reaches can reach nothing");
}

#[test]
fn each_verdict_has_its_evidence() {
    let world = World::new("import a\nimport lucky\n")
        .requirements("a\n")
        .dist(
            "a",
            "Requires-Dist: b\nRequires-Dist: lucky\nRequires-Dist: win; sys_platform == 'win32'\n",
            &[("a.py", "import b\n")],
        )
        .plain("b")
        .plain("lucky")
        .plain("left")
        .plain("win");
    let audit = world.audit();
    let verdict = |name: &str| find(&audit, name).verdict.id();
    assert_eq!(verdict("a"), "used");
    assert_eq!(verdict("b"), "transitive");
    assert_eq!(verdict("lucky"), "undeclared");
    assert_eq!(verdict("left"), "leftover");
    assert_eq!(verdict("win"), "leftover", "its marker does not hold here");
    assert!(find(&audit, "lucky").because.iter().any(|line| line.contains("a requires it")));
    assert_eq!(find(&audit, "b").required_by, ["a"]);
}

#[test]
fn a_lazy_import_of_somebody_else_is_a_feature() {
    let world = World::new("import a")
        .requirements("a\nplots\n")
        .dist("a", "", &[("a.py", "def draw():\n    import plots\n")])
        .plain("plots");
    let audit = world.audit();
    let plots = find(&audit, "plots");
    assert_eq!((plots.verdict.id(), plots.confidence.id(), plots.could_go), ("optional", "possible", true));
    let own = World::new("def draw():\n    import plots\n").requirements("plots\n").plain("plots");
    assert_eq!(own.verdict("plots"), "used certain", "what the application itself imports it uses");
}

#[test]
fn plugins_are_used_by_whoever_asks_for_their_group() {
    let world = |main: &str| {
        World::new(main)
            .requirements("host\nplugin\n")
            .dist(
                "host",
                "",
                &[(
                    "host.py",
                    "from importlib.metadata import entry_points\nentry_points(group='host.plugins')\n",
                )],
            )
            .plain("plugin")
            .entry_points("plugin", "[host.plugins]\nx = plugin:x\n[own.plugins]\nx = plugin:x\n")
    };
    let audit = world("import host").audit();
    assert_eq!(find(&audit, "plugin").reached, Some(Tier::Plugin));
    assert_eq!(find(&audit, "plugin").verdict.id(), "optional");
    let own = "from importlib.metadata import entry_points\nfor one in entry_points(group='own.plugins'): one.load()\n";
    assert_eq!(world(own).verdict("plugin"), "used certain");
    assert_eq!(world("x = 1").verdict("plugin"), "unused likely", "a plugin that nothing found asks for");
}

#[test]
fn of_two_ways_one_must_stay() {
    let world = World::new("import server")
        .requirements("server\n")
        .dist(
            "server",
            "Requires-Dist: slow\nRequires-Dist: fast; extra == 'fast'\nProvides-Extra: fast\n",
            &[
                (
                    "server/__init__.py",
                    "try:\n    import fast\nexcept ImportError:\n    from . import impl\n",
                ),
                ("server/impl.py", "import slow\n"),
            ],
        )
        .plain("fast")
        .plain("slow");
    let audit = world.audit();
    assert_eq!(audit.alternatives, [["fast", "slow"]]);
    assert_eq!(find(&audit, "fast").alternatives, ["slow"]);
}

#[test]
fn of_the_names_in_a_table_one_must_stay() {
    let world = |table: &str| {
        World::new("import server")
            .requirements("server\nfast\nslow\n")
            .dist(
                "server",
                "Requires-Dist: slow\nRequires-Dist: fast\n",
                &[
                    ("server/__init__.py", table),
                    ("server/slow_impl.py", "import slow\nProtocol = slow.x\n"),
                    ("server/fast_impl.py", "import fast\nProtocol = fast.x\n"),
                    ("server/none_impl.py", "Protocol = None\n"),
                ],
            )
            .plain("fast")
            .plain("slow")
    };
    let both = "WAYS = {'slow': 'server.slow_impl:Protocol', 'fast': 'server.fast_impl:Protocol'}\n";
    let audit = world(both).audit();
    assert_eq!(audit.alternatives, [["fast", "slow"]]);
    assert_eq!(find(&audit, "slow").alternatives, ["fast"]);
    // A choice that needs nothing more is always left, and so is one that is no module.
    for nothing in ["'none': 'server.none_impl:Protocol'", "'none': None"] {
        let three = both.replace('}', &format!(", {nothing}}}"));
        assert!(world(&three).audit().alternatives.is_empty(), "{three}");
    }
}

// --- Roots. ---

#[test]
fn the_command_is_followed_through_shells_and_wrappers() {
    let base = || {
        World::default()
            .requirements("server\ntool\n")
            .dist("server", "", &[("uvicorn/__init__.py", ""), ("uvicorn/__main__.py", "")])
            .plain("tool")
            .file("app/main.py", "import tool\n")
            .file("app/other.py", "")
    };
    for cmd in [
        &["uvicorn", "main:app"][..],
        &["/bin/sh", "-c", "exec uvicorn main:app --port 80"],
        &["tini", "--", "python", "-m", "uvicorn", "main:app"],
        &["/entrypoint.sh", "uvicorn", "main:app"],
        &["env", "A=1", "sh", "-c", "cd /app && A=2 python3 -m uvicorn main:app"],
    ] {
        let world = base()
            .file("usr/local/bin/uvicorn", "#!/usr/local/bin/python\nfrom uvicorn import main\n")
            .file("usr/local/bin/python", "ELF")
            .file("entrypoint.sh", "#!/bin/sh\nset -e\nexec \"$@\"\n")
            .cmd(cmd);
        let audit = world.audit();
        assert_eq!(find(&audit, "server").verdict.id(), "used", "{cmd:?}: {:?}", audit.roots);
        assert!(audit.roots.iter().any(|root| root.starts_with("main, by `")), "{cmd:?}: {:?}", audit.roots);
    }
}

#[test]
fn a_health_check_runs_too() {
    let base = || {
        World::new("import os\n")
            .requirements("probe\n")
            .dist("probe", "", &[("probe/__init__.py", ""), ("probe/__main__.py", "")])
            .file("usr/local/bin/python", "ELF")
    };
    let verdict = |world: World| find(&world.audit(), "probe").verdict.id();
    assert_eq!(verdict(base()), "unused");
    assert_eq!(verdict(base().healthcheck(&["NONE"])), "unused");
    assert_eq!(verdict(base().healthcheck(&["CMD", "python", "-m", "probe"])), "used");
    assert_eq!(verdict(base().healthcheck(&["CMD-SHELL", "python -m probe || exit 1"])), "used");
}

#[test]
fn an_entry_leaves_the_rest_of_the_application_out() {
    let mut world =
        World::new("import a").file("app/job.py", "import b").requirements("a\nb\n").plain("a").plain("b");
    assert_eq!(world.verdict("b"), "used certain");
    world.options.entries = vec!["main".to_owned()];
    assert_eq!(world.verdict("b"), "unused certain");
}

#[test]
fn urls_choose_drivers() {
    let world = World::new("import db")
        .env("DATABASE_URL=postgresql+psycopg2://h/d")
        .requirements("db\npsycopg2-binary\n")
        .plain("db")
        .dist("psycopg2-binary", "", &[("psycopg2/__init__.py", "")]);
    assert_eq!(world.verdict("psycopg2-binary"), "used certain");
    let literal = World::new("url = 'postgresql://h/d'").requirements("psycopg2-binary\n").dist(
        "psycopg2-binary",
        "",
        &[("psycopg2/__init__.py", "")],
    );
    assert_eq!(literal.verdict("psycopg2-binary"), "used certain");
}

#[test]
fn sources_and_requirements_may_come_from_outside() {
    let mut world = World::default().cmd(&["python", "-m", "proj"]).plain("a").plain("x").dist(
        "proj",
        "",
        &[("proj/__init__.py", "")],
    );
    world.options.sources =
        vec![("proj/__init__.py".to_owned(), Vec::new()), ("proj/web.py".to_owned(), b"import a".to_vec())];
    world.options.manifests = vec![("requirements.txt".to_owned(), "a\nx\n".to_owned())];
    assert_eq!(world.verdict("a"), "used certain");
    assert_eq!(world.verdict("x"), "unused certain");
}

// --- Bytes. ---

#[test]
fn dropping_a_line_and_deleting_a_package_differ() {
    let mut world = World::new("import a")
        .requirements("a\nb\n")
        .dist("a", "Requires-Dist: b\n", &[("a.py", "import b\n")])
        .dist("b", "Requires-Dist: c<2\n", &[("b.py", "import c\n")])
        .dist("c", "", &[("c.py", &"#".repeat(1000))]);
    let audit = world.audit();
    let b = find(&audit, "b");
    assert_eq!(b.line.unwrap().content, 0, "a requires it all the same");
    assert_eq!(b.retained.content, b.own.content + find(&audit, "c").own.content);
    assert_eq!(b.keeps, ["c"]);
    world.options.without = vec!["a".to_owned(), "b".to_owned()];
    let without = world.audit().without.unwrap();
    assert_eq!(without.goes.len(), 3);
    assert_eq!(without.total.content, audit.packages.iter().map(|one| one.own.content).sum::<u64>());
    world.options.without = vec!["b".to_owned()];
    let without = world.audit().without.unwrap();
    assert_eq!(without.kept[0].1, ["a"]);
    assert!(without.breaks[0].contains("a.py:1"), "{:?}", without.breaks);
}

#[test]
fn why_tells_both_chains() {
    let mut world = World::new("import a")
        .requirements("a\n")
        .dist("a", "Requires-Dist: b\n", &[("a.py", "import b\n")])
        .plain("b");
    world.options.why = vec!["B".to_owned(), "nobody".to_owned()];
    let audit = world.audit();
    assert_eq!(audit.why[0].imports.len(), 3, "{:?}", audit.why[0]);
    assert_eq!(audit.why[0].metadata, ["a is declared in /app/requirements.txt:1", "requires b"]);
    assert!(!audit.why[1].installed);
}

// --- Traces. ---

#[test]
fn a_trace_raises_confidence_and_never_to_certainty() {
    let mut world = World::new("import a, importlib\nimportlib.import_module(name)")
        .requirements("a\nx\ny\n")
        .plain("a")
        .plain("x")
        .plain("y");
    world.options.opened =
        vec![vec![format!("/{}/x.py", world::SITE), format!("/{}/y-1.0.dist-info/METADATA", world::SITE)]];
    assert_eq!(world.verdict("x"), "used likely", "it was opened");
    assert_eq!(world.verdict("y"), "unused likely", "only its metadata were, which are always read");
    let mut certain = World::new("x = 1").requirements("y\n").plain("y");
    certain.options.opened = vec![vec!["/app/main.py".to_owned()]];
    assert_eq!(certain.verdict("y"), "unused certain");
}

// --- The system, and Node. ---

#[test]
fn packages_of_the_system_follow_apt() {
    let status = "\
Package: base
Status: install ok installed
Essential: yes
Version: 1
Depends: libneeded | libother

Package: libneeded
Status: install ok installed
Version: 1

Package: compiler
Status: install ok installed
Version: 1
Depends: libcompiler (>= 1)
Recommends: manuals

Package: libcompiler
Status: install ok installed
Version: 1

Package: manuals
Status: install ok installed
Version: 1

Package: orphan
Status: install ok installed
Version: 1
";
    let states = "Package: libcompiler\nAuto-Installed: 1\n\nPackage: manuals\nAuto-Installed: 1\n\nPackage: orphan\nAuto-Installed: 1\n";
    let audit = World::new("x = 1")
        .file("var/lib/dpkg/status", status)
        .file("var/lib/apt/extended_states", states)
        .audit();
    let verdict = |name: &str| find(&audit, name).verdict.id();
    assert_eq!(verdict("base"), "used");
    assert_eq!(verdict("libneeded"), "transitive");
    assert_eq!(verdict("compiler"), "unused");
    assert_eq!(verdict("libcompiler"), "transitive");
    assert_eq!(verdict("orphan"), "leftover");
    assert_eq!(audit.autoremove.0, ["orphan"]);
    assert_eq!(audit.recommended.0, ["manuals"]);
}

#[test]
fn packages_of_node_are_held_against_the_sources() {
    let package = |name: &str, version: &str| format!("{{\"name\":\"{name}\",\"version\":\"{version}\"}}");
    let mut world = World::default()
        .cmd(&["node", "index.js"])
        .file("app/package.json", r#"{"name":"app","dependencies":{"express":"*","dead":"*","pg":"*"},"devDependencies":{"jest":"*"},"scripts":{"start":"node -r dotenv/config index.js"}}"#)
        .file("app/index.js", "const e = require('express'); db({ dialect: 'pg' });\n");
    for name in ["express", "dead", "pg", "jest"] {
        world = world.file(&format!("app/node_modules/{name}/package.json"), &package(name, "1.0.0"));
    }
    world = world.file("app/node_modules/express/node_modules/pg/package.json", &package("pg", "2.0.0"));
    let audit = world.audit();
    let verdict = |name: &str| find(&audit, name).verdict.id();
    assert_eq!(verdict("express"), "used");
    assert_eq!(verdict("dead"), "unused");
    assert_eq!(verdict("pg"), "optional");
    assert_eq!(verdict("jest"), "unused");
    assert_eq!(audit.duplicates[0].0, "pg");
}

#[test]
fn what_the_command_names_is_used_though_it_is_declared_for_development() {
    let audit = |command: &[&str]| {
        let mut world = World::default()
            .cmd(command)
            .file("app/package.json", r#"{"name":"app","dependencies":{"orm":"*"},"devDependencies":{"@swc/register":"*","starter":"*","driver":"*","types":"*"}}"#)
            .file("app/index.js", "require('orm');\n")
            .file("app/node_modules/orm/package.json", r#"{"name":"orm","peerDependenciesMeta":{"driver":{"optional":true}}}"#)
            .file("app/node_modules/starter/package.json", r#"{"name":"starter","bin":{"go-there":"cli.js"},"dependencies":{"deep":"*"}}"#);
        for name in ["@swc/register", "deep", "driver", "types"] {
            let package = format!("{{\"name\":\"{name}\"}}");
            world = world.file(&format!("app/node_modules/{name}/package.json"), &package);
        }
        let audit = world.audit();
        // By how many directories would go, without what is nested in them.
        let verdicts = ["starter", "@swc/register", "types"].map(|name| find(&audit, name).verdict.id());
        (verdicts, audit.node_going.development.len())
    };
    assert_eq!(audit(&["node", "index.js"]), (["unused", "unused", "unused"], 4), "orm may load the driver");
    assert_eq!(audit(&["npx", "go-there", "index.js"]), (["used", "unused", "unused"], 2));
    assert_eq!(audit(&["node_modules/.bin/go-there"]), (["used", "unused", "unused"], 2));
    assert_eq!(audit(&["node", "-r", "@swc/register", "index.js"]), (["unused", "used", "unused"], 3));
    assert_eq!(audit(&["node", "--import=@swc/register/esm", "x.ts"]), (["unused", "used", "unused"], 3));
}

// --- The command line. ---

#[test]
fn the_program_says_it_fixes_it_and_fails_where_it_is_asked_to() {
    let scratch = Scratch::new();
    let image = World::new("import a").requirements("a\nx\n").plain("a").plain("x").write(&scratch);
    let run = |arguments: &[&str]| {
        let output = plimsoll(&[&["audit", &image], arguments].concat()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, table) = run(&[]);
    assert_eq!(code, Some(0));
    assert!(table.contains("x 1.0") && table.contains("unused") && table.contains("certain"), "{table}");
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    assert_eq!(run(&["--deny", "unused"]).0, Some(1));
    assert_eq!(run(&["--deny", "undeclared"]).0, Some(0));
    assert_eq!(run(&["--fix"]).0, Some(2), "there is no file to mend");
    let (_, json) = run(&["-o", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["schema"], "plimsoll/audit/1");
    assert!(run(&["-o", "markdown"]).1.contains("| x 1.0 | unused | certain |"));
    let file = scratch.file("requirements.txt", b"# kept\na\nx==1.0 \\\n  --hash=sha256:aa\n");
    let (code, shown) = run(&["--requirements", &file, "--fix"]);
    assert_eq!(code, Some(0));
    assert!(shown.contains("-x==1.0 \\"), "{shown}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "# kept\na\n");
    assert_eq!(run(&["--trace", &file]).0, Some(2));
    assert_eq!(run(&["--without", "x"]).0, Some(0));
}
