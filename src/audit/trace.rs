//! What a real run opened, in whatever form it was recorded: lines of paths, `strace`, `python -v`, `-X importtime`, slim's
//! `creport.json`. Only what could be opened counts: searching a path in vain is how imports work.

use serde_json::Value;

/// The paths that were opened, and `module:NAME` where only a module's name is known. Sorted, each once.
pub fn read(text: &str) -> Vec<String> {
    let mut opened = match serde_json::from_str::<Value>(text) {
        Ok(report) => json(&report),
        Err(_) => text.lines().filter_map(line).collect(),
    };
    opened.sort();
    opened.dedup();
    opened
}

/// One line of any of the textual forms.
fn line(line: &str) -> Option<String> {
    let line = line.trim();
    if line.contains("openat(")
        || line.contains("open(")
        || line.contains("execve(")
        || line.contains("mmap(")
    {
        return strace(line);
    }
    if let Some(rest) = line.strip_prefix("import time:") {
        // self | cumulative | name, the name indented by how deeply it is nested.
        let name = rest.rsplit('|').next()?.trim();
        return is_module(name).then(|| format!("module:{name}"));
    }
    if let Some(rest) = line.strip_prefix("import ") {
        let name = rest.split_whitespace().next()?.trim_matches(['\'', '"', '#']);
        return is_module(name).then(|| format!("module:{name}"));
    }
    if let Some(rest) = line.strip_prefix("# ") {
        // `# /usr/lib/…/x.cpython-311.pyc matches /usr/lib/…/x.py`
        let path = rest.rsplit(' ').next()?.trim_matches('\'');
        return rest.contains(" matches ").then(|| path.to_owned()).filter(|path| path.starts_with('/'));
    }
    line.starts_with('/').then(|| line.to_owned())
}

/// `[pid 7] openat(AT_FDCWD, "/app/main.py", O_RDONLY|O_CLOEXEC) = 3`
fn strace(line: &str) -> Option<String> {
    let (call, result) = line.rsplit_once(" = ")?;
    if result.starts_with('-') {
        return None;
    }
    let path = call.split('"').nth(1)?;
    path.starts_with('/').then(|| path.to_owned())
}

fn is_module(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
        && name != "package"
}

/// slim's report, a list of paths or of modules, or `sys.modules` as an object.
fn json(report: &Value) -> Vec<String> {
    let mut opened = Vec::new();
    let mut named = |text: &str| {
        if text.starts_with('/') {
            opened.push(text.to_owned());
        } else if is_module(text) {
            opened.push(format!("module:{text}"));
        }
    };
    match report {
        Value::Array(items) => items.iter().filter_map(Value::as_str).for_each(named),
        Value::Object(report) if report.contains_key("image") || report.contains_key("monitors") => {
            let files = report.get("image").and_then(|image| image.get("files")).and_then(Value::as_array);
            for file in files.into_iter().flatten() {
                file.get("file_path").and_then(Value::as_str).into_iter().for_each(&mut named);
            }
            let processes = report
                .get("monitors")
                .and_then(|one| one.get("fan"))
                .and_then(|one| one.get("process_files"));
            for files in processes.and_then(Value::as_object).into_iter().flat_map(serde_json::Map::values) {
                files.as_object().into_iter().flat_map(serde_json::Map::keys).for_each(|path| named(path));
            }
        }
        Value::Object(modules) => {
            for (name, file) in modules {
                named(file.as_str().unwrap_or(name));
            }
        }
        _ => {}
    }
    opened
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_trace_is_read() {
        let strace = "\
7 openat(AT_FDCWD, \"/app/main.py\", O_RDONLY|O_CLOEXEC) = 3
[pid 8] openat(AT_FDCWD, \"/usr/lib/no.so\", O_RDONLY) = -1 ENOENT (No such file or directory)
7 execve(\"/usr/local/bin/python\", [\"python\"], 0x7ff /* 9 vars */) = 0
";
        assert_eq!(read(strace), ["/app/main.py", "/usr/local/bin/python"]);
        assert_eq!(
            read(
                "import time:       123 |        456 |   encodings.utf_8\nimport time: self [us] | cumulative | imported package\n"
            ),
            ["module:encodings.utf_8"]
        );
        let verbose = "# /x/__pycache__/a.cpython-311.pyc matches /x/a.py\nimport 'a' # <_frozen_importlib_external…>\n# code object from 'x'\n";
        assert_eq!(read(verbose), ["/x/a.py", "module:a"]);
        assert_eq!(read("/a/b\n/a/b\nnonsense\n"), ["/a/b"]);
        let slim = r#"{"image":{"files":[{"file_path":"/a"}]},"monitors":{"fan":{"process_files":{"1":{"/b":{"reads":1}}}}}}"#;
        assert_eq!(read(slim), ["/a", "/b"]);
        assert_eq!(
            read(r#"{"numpy": "/s/numpy/__init__.py", "sys": null}"#),
            ["/s/numpy/__init__.py", "module:sys"]
        );
    }
}
