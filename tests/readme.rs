//! The screen in README.md is what the program prints. `BLESS=1 cargo test --test readme` writes it anew.

#![allow(clippy::disallowed_methods, reason = "writes README.md where it is asked to")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

const START: &str = "<!-- screen: plimsoll ";

#[test]
fn the_screen_is_what_the_program_prints() {
    let root = env!("CARGO_MANIFEST_DIR");
    let file = format!("{root}/README.md");
    let readme = std::fs::read_to_string(&file).unwrap();
    let at = readme.find(START).unwrap() + START.len();
    let arguments = readme[at..].split(" -->").next().unwrap();
    let output =
        common::plimsoll(&arguments.split(' ').collect::<Vec<_>>()).current_dir(root).output().unwrap();
    let screen = String::from_utf8(output.stdout).unwrap();
    let screen: Vec<_> = screen.trim_matches('\n').lines().map(str::trim_end).collect();
    let block = format!("{arguments} -->\n```text\n{}\n```\n", screen.join("\n"));
    let end = readme.find("<!-- /screen -->").unwrap();
    let expected = format!("{}{block}{}", &readme[..at], &readme[end..]);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&file, &expected).unwrap();
    } else {
        assert!(
            readme == expected,
            "the screen in README.md is out of date: BLESS=1 cargo test --test readme"
        );
    }
}
