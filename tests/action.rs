//! The GitHub Action's steps, the GitLab script and the pre-commit hooks, run with the environment that each service sets.

#![allow(
    clippy::op_ref,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails, and one that is skipped says so"
)]
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test makes its own files and directories"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A runner: a workspace, the runner's own files, and a `gh` that notes what it is asked.
struct Runner {
    directory: TempDir,
}

impl Runner {
    fn new() -> Self {
        let runner = Self { directory: tempfile::tempdir().unwrap() };
        for directory in ["work", "temp", "bin"] {
            fs::create_dir_all(runner.at(directory)).unwrap();
        }
        for file in ["output", "summary", "path", "comments"] {
            fs::write(runner.at(file), "").unwrap();
        }
        fs::write(runner.at("event.json"), r#"{"pull_request": {"number": 7}}"#).unwrap();
        runner.fake("gh", "printf '%s\\n' \"$*\" >>\"$LOG\"\ncase \"$*\" in *--jq*) cat \"$COMMENTS\" ;; *POST*|*PATCH*) [ -z \"$READ_ONLY\" ] ;; esac\n");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_plimsoll"), runner.at("bin/plimsoll")).unwrap();
        runner
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn fake(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt;
        let file = self.at("bin").join(name);
        fs::write(&file, format!("#!/bin/sh\n{script}")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap_or_default()
    }

    fn command(&self, program: &Path, environment: &[(&str, &str)]) -> Output {
        let path = format!("{}:{}", self.at("bin").display(), std::env::var("PATH").unwrap());
        let mut command = Command::new(program);
        command
            .current_dir(self.at("work"))
            .env_clear()
            .env("PATH", path)
            .env("CI", "true")
            .env("LOG", self.at("log"))
            .env("COMMENTS", self.at("comments"))
            .env("READ_ONLY", "")
            .env("RUNNER_TEMP", self.at("temp"))
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_OUTPUT", self.at("output"))
            .env("GITHUB_PATH", self.at("path"))
            .env("GITHUB_STEP_SUMMARY", self.at("summary"))
            .env("GITHUB_EVENT_PATH", self.at("event.json"))
            .env("GITHUB_REPOSITORY", "acme/api")
            .env("PLIMSOLL_KEY", "api")
            .envs(environment.iter().copied());
        command.output().unwrap()
    }

    /// A step of the action.
    fn step(&self, script: &str, environment: &[(&str, &str)]) -> Output {
        self.command(&Path::new(ROOT).join("action").join(script), environment)
    }

    /// An output of the step that weighs.
    fn output(&self, name: &str) -> String {
        let output = self.read("output");
        let line = output.lines().rfind(|line| line.starts_with(&format!("{name}="))).map(str::to_owned);
        line.and_then(|line| line.split_once('=').map(|(_, value)| value.to_owned())).unwrap_or_default()
    }

    fn comment(&self, verdict: &str, environment: &[(&str, &str)]) -> Output {
        let outputs =
            ["content", "content-change", "transfer", "transfer-change"].map(|name| self.output(name));
        let mut all = vec![
            ("PLIMSOLL_COMMENT", "auto"),
            ("PLIMSOLL_VERDICT", verdict),
            ("PLIMSOLL_CONTENT", &outputs[0]),
            ("PLIMSOLL_CONTENT_CHANGE", &outputs[1]),
            ("PLIMSOLL_TRANSFER", &outputs[2]),
            ("PLIMSOLL_TRANSFER_CHANGE", &outputs[3]),
        ];
        all.extend(environment);
        self.step("comment.sh", &all)
    }
}

fn image(name: &str) -> String {
    format!("{ROOT}/fixtures/images/{name}")
}

#[test]
fn a_pull_request_over_budget_is_commented_and_fails_last() {
    let runner = Runner::new();
    assert!(runner.step("install.sh", &[]).status.success());
    fs::write(runner.at("work/plimsoll.toml"), "[budget]\ncontent = \"1 kB\"\n").unwrap();
    let demo = image("demo.tar");
    let weighed = runner.step("check.sh", &[("PLIMSOLL_IMAGE", &demo), ("PLIMSOLL_PLATFORM", "amd64")]);
    assert!(weighed.status.success(), "{}", String::from_utf8_lossy(&weighed.stderr));
    let said = String::from_utf8_lossy(&weighed.stdout).into_owned();
    assert!(said.contains("::error title=fail%3A content::") && said.contains("FAIL  content"), "{said}");
    assert_eq!(runner.output("verdict"), "fail");
    assert!(runner.output("content").parse::<u64>().unwrap() > 1_000);
    assert!(fs::metadata(runner.output("report-html")).unwrap().len() > 10_000);
    assert!(runner.read("summary").contains("### ❌ Image size: over budget"));

    assert!(runner.comment("fail", &[]).status.success());
    assert!(
        runner.read("log").contains("--method POST repos/acme/api/issues/7/comments"),
        "{}",
        runner.read("log")
    );
    let body = runner.read("temp/plimsoll/body.json");
    assert!(body.starts_with("{\n  \"body\": \"<!-- plimsoll key=api -->\\n<!-- plimsoll:v1 -->"), "{body}");
    // The next run finds it and writes in its place.
    fs::write(runner.at("comments"), "42\n").unwrap();
    assert!(runner.comment("fail", &[]).status.success());
    assert!(runner.read("log").contains("--method PATCH repos/acme/api/issues/comments/42"));

    let verdict = |verdict: &str, fail: &str| {
        runner.step("verdict.sh", &[("PLIMSOLL_VERDICT", verdict), ("PLIMSOLL_FAIL", fail)]).status.code()
    };
    assert_eq!(
        [verdict("fail", "true"), verdict("fail", "false"), verdict("pass", "true")],
        [Some(1), Some(0), Some(0)]
    );
    assert_eq!([verdict("unknown", "false"), verdict("", "true")], [Some(2), Some(2)], "never a pass");
}

#[test]
fn the_baseline_of_the_default_branch_is_what_the_next_run_compares_with() {
    let runner = Runner::new();
    let (one, two) = (image("legacy-docker-save.tar:legacy:1.0"), image("legacy-docker-save.tar:legacy:2.0"));
    assert!(runner.step("check.sh", &[("PLIMSOLL_IMAGE", &one)]).status.success());
    assert_eq!((runner.output("verdict").as_str(), runner.output("content-change").as_str()), ("none", ""));
    assert!(runner.step("check.sh", &[("PLIMSOLL_IMAGE", &two)]).status.success());
    assert_ne!(runner.output("content-change"), "", "{}", runner.read("output"));
    assert!(runner.read("temp/plimsoll/comment.md").contains("**What changed**"));
}

#[test]
fn small_news_are_no_news_and_a_fork_is_no_failure() {
    let runner = Runner::new();
    let tiny = image("tiny-gzip");
    for _ in 0..2 {
        assert!(runner.step("check.sh", &[("PLIMSOLL_IMAGE", &tiny)]).status.success());
    }
    let said = runner.comment("none", &[]);
    assert!(String::from_utf8_lossy(&said.stdout).contains("nothing that deserves a comment"));
    assert!(!runner.read("log").contains("POST"));
    let said = runner.comment("fail", &[("READ_ONLY", "yes")]);
    assert!(said.status.success());
    assert!(String::from_utf8_lossy(&said.stdout).contains("::notice::plimsoll may not comment here"));
    assert!(runner.comment("fail", &[("PLIMSOLL_COMMENT", "never")]).stdout.is_empty());
}

#[test]
fn the_action_runs_these_scripts_and_takes_inputs_by_the_environment_only() {
    let action = fs::read_to_string(Path::new(ROOT).join("action.yml")).unwrap();
    for script in ["install", "check", "comment", "verdict"] {
        assert!(action.contains(&format!("\"$GITHUB_ACTION_PATH/action/{script}.sh\"")), "{script}");
    }
    for line in action.lines().filter(|line| line.trim_start().starts_with("run:")) {
        assert!(!line.contains("${{"), "an input in a script is a script: {line}");
    }
}

#[test]
fn the_gitlab_job_checks_and_keeps_its_baseline() {
    let runner = Runner::new();
    let text = fs::read_to_string(Path::new(ROOT).join("action/gitlab.yml")).unwrap();
    let script: Vec<_> = text
        .lines()
        .skip_while(|line| line.trim() != "script:")
        .skip(1)
        .take_while(|line| line.starts_with("    - "))
        .map(|line| line.trim_start_matches("    - "))
        .collect();
    assert_eq!(script.len(), 4);
    fs::write(runner.at("work/plimsoll.toml"), "[budget.growth]\ncontent = \"0 B\"\n").unwrap();
    runner.fake("job", &script.join("\n"));
    let job = runner.at("bin/job");
    let environment = |image: &str, branch: &str| {
        [("PLIMSOLL_IMAGE", image), ("CI_COMMIT_BRANCH", branch), ("CI_DEFAULT_BRANCH", "main")]
            .map(|(name, value)| (name, value.to_owned()))
    };
    let run = |image: &str, branch: &str| {
        let environment = environment(image, branch);
        let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        runner.command(&job, &environment).status.code()
    };
    assert_eq!(run(&image("tiny-gzip"), "main"), Some(0));
    assert!(runner.at("work/.plimsoll-baseline.json").exists());
    assert_eq!(run(&image("tiny-gzip"), "topic"), Some(0));
    for artifact in ["size.xml", "size.txt", "size.html", "size.json"] {
        assert!(runner.at("work").join(artifact).exists(), "{artifact}");
    }
    fs::write(runner.at("work/plimsoll.toml"), "[budget]\ncontent = \"1 B\"\n").unwrap();
    assert_eq!(run(&image("tiny-gzip"), "topic"), Some(1));
}

#[test]
fn the_hook_refuses_a_wrong_configuration() {
    let hooks = fs::read_to_string(Path::new(ROOT).join(".pre-commit-hooks.yaml")).unwrap();
    let runner = Runner::new();
    for entry in hooks.lines().filter_map(|line| line.trim().strip_prefix("entry: plimsoll ")) {
        let mut words = entry.split(' ');
        let known = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .args([words.next().unwrap(), "--help"])
            .output()
            .unwrap();
        assert!(known.status.success(), "{entry}");
    }
    let config = |text: &str| {
        let file = runner.at("work/plimsoll.toml");
        fs::write(&file, text).unwrap();
        Command::new(env!("CARGO_BIN_EXE_plimsoll")).arg("config").arg(&file).output().unwrap().status.code()
    };
    assert_eq!(config("[budget]\ncontent = \"1 MB\"\n"), Some(0));
    assert_eq!(config("[budget]\ncontent = 5\n"), Some(2));
}
