use crate::owners::testing::File::{Bytes, HardLink, Link, Program, Text};
use crate::owners::testing::{claimed, claimed_as};

const SITE: &str = "opt/venv/lib/python3.11/site-packages";

macro_rules! at {
    ($name:literal) => {
        concat!("opt/venv/lib/python3.11/site-packages/", $name)
    };
}

#[test]
fn a_record_owns_what_it_lists_and_bytecode_goes_with_its_source() {
    let image = claimed(&[&[
        Text(
            at!("A_b.c-1.0.dist-info/METADATA"),
            "Metadata-Version: 2.1\nName: A_b.c\nVersion: 1.0\n\nName: no\n",
        ),
        Text(at!("A_b.c-1.0.dist-info/RECORD"), include_str!("../testdata/python/climbing-record/RECORD")),
        Bytes(at!("a/x.py"), 12),
        Bytes(at!("a/__pycache__/x.cpython-311.pyc"), 20),
        Bytes(at!("a/__pycache__/x.cpython-311.opt-2.pyc"), 20),
        Bytes(at!("a/__pycache__/other.cpython-311.pyc"), 20),
        Bytes(at!("a.libs/libz-1.so"), 30),
        Bytes("opt/venv/bin/a-tool", 5),
        Bytes(at!("a/comma, and \"quote\".txt"), 1),
        Bytes(at!("a/unlisted.py"), 1),
    ]]);
    assert_eq!(image.packages(), ["python:a-b-c 1.0"]);
    for path in [
        at!("a/x.py"),
        at!("a/__pycache__/x.cpython-311.pyc"),
        at!("a/__pycache__/x.cpython-311.opt-2.pyc"),
        at!("a.libs/libz-1.so"),
        at!("a/comma, and \"quote\".txt"),
        at!("A_b.c-1.0.dist-info/METADATA"),
        "opt/venv/bin/a-tool",
    ] {
        assert_eq!(image.owners(path), "python:a-b-c", "{path}");
    }
    assert_eq!(image.owners(at!("a/unlisted.py")), "unowned");
    assert_eq!(image.owners(at!("a/__pycache__/other.cpython-311.pyc")), "unowned");
    assert_eq!(image.warnings(), [""; 0]);
}

#[test]
fn a_vendored_distribution_belongs_to_the_one_that_lists_it() {
    let image = claimed(&[&[
        Text(at!("setuptools-65.dist-info/METADATA"), "Name: setuptools\nVersion: 65\n"),
        Text(
            at!("setuptools-65.dist-info/RECORD"),
            "setuptools/_vendor/zipp-3.dist-info/RECORD,sha256=a,9\nsetuptools/_vendor/zipp.py,,\n",
        ),
        Text(at!("setuptools/_vendor/zipp-3.dist-info/METADATA"), "Name: zipp\nVersion: 3\n"),
        Text(at!("setuptools/_vendor/zipp-3.dist-info/RECORD"), "zipp.py,,\n"),
        Bytes(at!("setuptools/_vendor/zipp.py"), 1),
    ]]);
    assert_eq!(image.packages(), ["python:setuptools 65"]);
    assert_eq!(image.owners(at!("setuptools/_vendor/zipp.py")), "python:setuptools");
}

#[test]
fn an_editable_installation_is_the_application() {
    let image = claimed(&[&[
        Text(at!("app-0.dist-info/METADATA"), "Name: app\nVersion: 0\n"),
        Text(at!("app-0.dist-info/RECORD"), "__editable__.app-0.pth,,\n"),
        Text(at!("app-0.dist-info/direct_url.json"), r#"{"url":"file:///app","dir_info":{"editable":true}}"#),
        Bytes(at!("__editable__.app-0.pth"), 4),
    ]]);
    assert_eq!(image.owners(at!("__editable__.app-0.pth")), "application");
}

#[test]
fn paths_through_lib64_are_those_of_lib() {
    let image = claimed(&[&[
        Link("opt/venv/lib64", "lib"),
        Text(at!("a-1.dist-info/METADATA"), "Name: a\nVersion: 1\n"),
        Text(at!("a-1.dist-info/RECORD"), "../../../lib64/python3.11/site-packages/a.py,,\n"),
        Bytes(at!("a.py"), 1),
    ]]);
    assert_eq!(image.owners(at!("a.py")), "python:a");
}

#[test]
fn without_a_record_top_level_modules_do_unless_two_share_one() {
    let info =
        |name: &str| (format!("{SITE}/{name}.egg-info/PKG-INFO"), format!("Name: {name}\nVersion: 1\n"));
    let (a, b) = (info("a"), info("b"));
    let image = claimed(&[&[
        Text(&a.0, &a.1),
        Text(at!("a.egg-info/top_level.txt"), "alone\nshared\n_a\n"),
        Text(&b.0, &b.1),
        Text(at!("b.egg-info/top_level.txt"), "shared\n"),
        Text(at!("old-2.egg-info"), "Name: old\nVersion: 2\n"),
        Text(at!("c.egg-info/PKG-INFO"), "Name: c\nVersion: 3\n"),
        Text(at!("c.egg-info/installed-files.txt"), "../c.py\nPKG-INFO"),
        Text(at!("d-4-py3.11.egg/EGG-INFO/PKG-INFO"), "Name: d\nVersion: 4\n"),
        Text("src/e.egg-info/PKG-INFO", "Name: e\nVersion: 5\n"),
        Bytes(at!("alone/x.py"), 1),
        Bytes(at!("_a.cpython-311.so"), 1),
        Bytes(at!("alone_not/x.py"), 1),
        Bytes(at!("shared/x.py"), 1),
        Bytes(at!("c.py"), 1),
        Bytes(at!("d-4-py3.11.egg/d/x.py"), 1),
    ]]);
    assert_eq!(image.packages(), ["python:a 1", "python:b 1", "python:c 3", "python:d 4", "python:old 2"]);
    let owners = [
        (at!("alone/x.py"), "python:a"),
        (at!("_a.cpython-311.so"), "python:a"),
        (at!("alone_not/x.py"), "unowned"),
        (at!("shared/x.py"), "unowned"),
        (at!("c.py"), "python:c"),
        (at!("old-2.egg-info"), "python:old"),
        (at!("d-4-py3.11.egg/d/x.py"), "python:d"),
    ];
    for (path, owner) in owners {
        assert_eq!(image.owners(path), owner, "{path}");
    }
}

#[test]
fn two_environments_may_hold_two_versions() {
    let image = claimed(&[&[
        Text("a/lib/python3/site-packages/x-1.dist-info/METADATA", "Name: x\nVersion: 1\n"),
        Text("a/lib/python3/site-packages/x-1.dist-info/RECORD", "x.py,,\n"),
        Bytes("a/lib/python3/site-packages/x.py", 1),
        Text("b/lib/python3/site-packages/x-2.dist-info/METADATA", "Name: X\nVersion: 2\n"),
        Text("b/lib/python3/site-packages/x-2.dist-info/RECORD", "x.py,,\n"),
        Bytes("b/lib/python3/site-packages/x.py", 1),
    ]]);
    assert_eq!(image.packages(), ["python:x 1", "python:x 2"]);
    assert_eq!(image.owners("b/lib/python3/site-packages/x.py"), "python:x");
}

#[test]
fn a_malformed_record_warns_and_names_the_file() {
    let image = claimed(&[&[
        Text(at!("a-1.dist-info/METADATA"), "Name: a\nVersion: 1\n"),
        Text(at!("a-1.dist-info/RECORD"), include_str!("../testdata/python/invalid/RECORD")),
        Text(at!("empty-1.dist-info/METADATA"), ""),
        Text(at!("empty-1.dist-info/RECORD"), ""),
        Text(at!("~roken-1.dist-info/METADATA"), "Name: ~roken\n"),
        Bytes(at!("a.py"), 1),
    ]]);
    assert_eq!(image.owners(at!("a.py")), "python:a");
    assert_eq!(image.packages(), ["python:a 1", "python:empty 1"]);
    assert_eq!(
        image.warnings(),
        [
            format!("python: /{SITE}/a-1.dist-info/RECORD holds 3 lines that name no file"),
            format!("python: /{SITE}/~roken-1.dist-info has no name that could be read"),
        ]
    );
}

#[test]
fn an_environment_s_own_files_have_their_own_owner() {
    let image = claimed_as(&[(
        "COPY --from=builder /opt/venv /opt/venv",
        &[
            Text("opt/venv/pyvenv.cfg", "home = /usr/local/bin\nversion = 3.11.7\n"),
            Bytes("opt/venv/bin/activate", 9),
            Bytes("opt/venv/bin/python3.11", 9),
            Bytes("opt/venv/bin/pythonic", 9),
        ],
    )]);
    assert_eq!(image.packages(), ["python (venv) 3.11.7"]);
    assert_eq!(image.owners("opt/venv/bin/activate"), "python (venv)");
    assert_eq!(image.owners("opt/venv/bin/python3.11"), "python (venv)");
    assert_eq!(image.owners("opt/venv/bin/pythonic"), "application");
}

#[test]
fn the_installed_name_of_a_hard_link_wins_over_the_cache_s() {
    let image = claimed(&[&[
        Bytes("root/.cache/uv/archive/a.py", 7),
        Text(at!("a-1.dist-info/METADATA"), "Name: a\nVersion: 1\n"),
        Text(at!("a-1.dist-info/RECORD"), "a.py,sha256=x,7\n"),
        HardLink(at!("a.py"), "root/.cache/uv/archive/a.py"),
    ]]);
    assert_eq!(image.owners("root/.cache/uv/archive/a.py"), "python:a");
    assert_eq!(image.owners(at!("a.py")), "python:a");
}

#[test]
fn a_zipped_egg_is_a_distribution_and_a_pex_a_program() {
    let egg = include_bytes!("../testdata/python/zipped/Tiny.Egg-1.2.3-py3.11.egg");
    let pex = include_bytes!("../testdata/python/zipped/six.pex");
    let image = claimed_as(&[(
        "COPY . /",
        &[
            Program(at!("Tiny.Egg-1.2.3-py3.11.egg"), egg),
            Program(at!("damaged-1.0-py3.11.egg"), &egg[..100]),
            Program("usr/local/bin/tool", pex),
            Program("usr/local/bin/script", b"#!/bin/sh\nexit\n"),
        ],
    )]);
    assert_eq!(image.packages(), ["python:tiny-egg 1.2.3", "zipapp:tool "]);
    assert_eq!(image.owners(at!("Tiny.Egg-1.2.3-py3.11.egg")), "python:tiny-egg");
    assert_eq!(image.owners("usr/local/bin/tool"), "zipapp:tool");
    assert_eq!(image.owners(at!("damaged-1.0-py3.11.egg")), "application");
    assert_eq!(image.owners("usr/local/bin/script"), "application");
}

/// As `uv tool install cowsay` and `pipx install cowsay` leave them.
#[test]
fn tools_of_uv_and_pipx_are_environments_and_what_lies_around_them_is_theirs() {
    let uv = "root/.local/share/uv/tools/cowsay";
    let pipx = "root/.local/share/pipx/venvs/cowsay";
    let mut files = Vec::new();
    for (tool, receipt) in [(uv, "uv-receipt.toml"), (pipx, "pipx_metadata.json")] {
        let site = format!("{tool}/lib/python3.11/site-packages");
        files.push((format!("{tool}/pyvenv.cfg"), "version_info = 3.11.7"));
        files.push((format!("{tool}/{receipt}"), "x"));
        files.push((format!("{tool}/bin/activate"), "x"));
        files.push((format!("{site}/cowsay-6.1.dist-info/METADATA"), "Name: cowsay\nVersion: 6.1\n"));
        files.push((
            format!("{site}/cowsay-6.1.dist-info/RECORD"),
            "cowsay/main.py,,\n../../../bin/cowsay,,\n",
        ));
        files.push((format!("{site}/cowsay/main.py"), "x"));
        files.push((format!("{tool}/bin/cowsay"), "x"));
    }
    files.push(("root/.local/share/uv/tools/.gitignore".into(), "*"));
    files.push(("root/.local/share/pipx/py/CACHEDIR.TAG".into(), "*"));
    files.push(("root/.local/state/pipx/log/cmd_2026.log".into(), "*"));
    let interpreter = "root/.local/share/uv/python/cpython-3.12.1-linux-x86_64-gnu";
    files.push((format!("{interpreter}/lib/python3.12/os.py"), ""));
    files.push((format!("{interpreter}/BUILD"), ""));
    files.push(("root/.local/share/uv/python/.lock".into(), ""));
    let files: Vec<_> = files.iter().map(|(path, text)| Text(path, text)).collect();
    let image = claimed(&[&files]);
    for tool in [uv, pipx] {
        assert_eq!(image.owners(&format!("{tool}/bin/cowsay")), "python:cowsay");
        assert_eq!(image.owners(&format!("{tool}/bin/activate")), "python (venv)");
    }
    assert_eq!(image.owners(&format!("{uv}/uv-receipt.toml")), "python (venv)");
    assert_eq!(image.owners(&format!("{pipx}/pipx_metadata.json")), "python (venv)");
    assert_eq!(image.owners("root/.local/share/uv/tools/.gitignore"), "uv (tools)");
    assert_eq!(image.owners("root/.local/share/uv/python/.lock"), "uv (tools)");
    assert_eq!(image.owners("root/.local/share/pipx/py/CACHEDIR.TAG"), "pipx (tools)");
    assert_eq!(image.owners("root/.local/state/pipx/log/cmd_2026.log"), "pipx (tools)");
    assert_eq!(image.owners(&format!("{interpreter}/BUILD")), "runtime:cpython");
}

#[test]
fn what_pyenv_installed_is_the_interpreter_s_and_the_rest_is_pyenv() {
    let image = claimed_as(&[(
        "RUN pyenv install 3.12.1",
        &[
            Text("opt/pyenv/libexec/pyenv---version", "version=\"2.4.1\"\ngit_revision=\"\"\n"),
            Bytes("opt/pyenv/libexec/pyenv", 9),
            Bytes("opt/pyenv/shims/python", 9),
            Text("opt/pyenv/versions/3.12.1/lib/python3.12/os.py", ""),
            Text(
                "opt/pyenv/versions/3.12.1/include/python3.12/patchlevel.h",
                "#define PY_VERSION \"3.12.1\"\n",
            ),
            Bytes("opt/pyenv/versions/3.12.1/lib/libtcl8.6.so", 9),
            Text(
                "opt/pyenv/versions/3.12.1/lib/python3.12/site-packages/a-1.dist-info/METADATA",
                "Name: a\nVersion: 1\n",
            ),
            Text("opt/pyenv/versions/3.12.1/lib/python3.12/site-packages/a-1.dist-info/RECORD", "a.py,,\n"),
            Bytes("opt/pyenv/versions/3.12.1/lib/python3.12/site-packages/a.py", 9),
            Text("opt/pypy/include/pypy3.10/patchlevel.h", "#define PYPY_VERSION \"7.3.15\"\n"),
            Bytes("opt/pypy/lib/pypy3.10/os.py", 9),
        ],
    )]);
    let packages = ["python:a 1", "runtime:cpython 3.12.1", "runtime:pyenv 2.4.1", "runtime:pypy 7.3.15"];
    assert_eq!(image.packages(), packages);
    assert_eq!(image.owners("opt/pyenv/shims/python"), "runtime:pyenv");
    assert_eq!(image.owners("opt/pyenv/versions/3.12.1/lib/libtcl8.6.so"), "runtime:cpython");
    assert_eq!(image.owners("opt/pyenv/versions/3.12.1/lib/python3.12/site-packages/a.py"), "python:a");
    assert_eq!(image.owners("opt/pypy/lib/pypy3.10/os.py"), "runtime:pypy");
}
