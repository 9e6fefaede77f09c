//! Takes declarations out of a file and leaves every other byte of it as it is; and shows what that changes.

use std::collections::BTreeSet;

use super::manifest::{Declared, Manifest};

/// The text of a manifest without some of its declarations.
pub fn without(manifest: &Manifest, names: &BTreeSet<&str>) -> String {
    let gone: Vec<&Declared> = manifest
        .declared
        .iter()
        .filter(|one| names.contains(one.name.as_str()) && *one.lines.start() > 0)
        .collect();
    let is_list = manifest.path.strip_suffix(".toml").is_some();
    let mut text = String::with_capacity(manifest.text.len());
    for (number, line) in (1..).zip(manifest.text.split_inclusive('\n')) {
        let here: Vec<&&Declared> = gone.iter().filter(|one| one.lines.contains(&number)).collect();
        if here.is_empty() {
            text.push_str(line);
        } else if is_list && line.contains('[') && line.contains(']') && is_inline(line, &here) {
            // A list on one line: only its items go.
            text.push_str(&here.iter().fold(line.to_owned(), |line, one| without_item(&line, &one.text)));
        }
    }
    text
}

/// Whether a line holds a whole list, of which the declarations are items; an extra in brackets is no list.
fn is_inline(line: &str, declared: &[&&Declared]) -> bool {
    let mut rest = line.to_owned();
    for one in declared {
        rest = rest.replace(&one.text, "");
    }
    rest.contains('[') && rest.contains(']')
}

/// A line without one quoted item and the comma that belongs to it.
fn without_item(line: &str, item: &str) -> String {
    for quote in ['"', '\''] {
        let quoted = format!("{quote}{item}{quote}");
        let Some(start) = line.find(&quoted) else { continue };
        let (before, after) = (&line[..start], &line[start + quoted.len()..]);
        return if let Some(after) = after.trim_start().strip_prefix(',') {
            format!("{before}{}", after.trim_start_matches(' '))
        } else {
            let before = before.trim_end();
            format!("{}{after}", before.strip_suffix(',').unwrap_or(before))
        };
    }
    line.to_owned()
}

/// Lines of context around a change.
const CONTEXT: usize = 3;

/// The difference between two texts, as `diff -u` writes it.
pub fn difference(path: &str, before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let edits = edits(&old, &new);
    let mut text = format!("--- {path}\n+++ {path}\n");
    let mut at = 0;
    while let Some(first) = (at..edits.len()).find(|index| edits[*index].0 != ' ') {
        let start = first.saturating_sub(CONTEXT).max(at);
        let mut end = first;
        // Changes whose contexts touch are one hunk.
        while let Some(next) =
            (end + 1..edits.len().min(end + 2 + 2 * CONTEXT)).rfind(|index| edits[*index].0 != ' ')
        {
            end = next;
        }
        let stop = (end + CONTEXT + 1).min(edits.len());
        let count = |range: &[(char, &str)], but: char| range.iter().filter(|(mark, _)| *mark != but).count();
        let (old_start, new_start) = (count(&edits[..start], '+'), count(&edits[..start], '-'));
        let (old_count, new_count) = (count(&edits[start..stop], '+'), count(&edits[start..stop], '-'));
        let first_line = |start: usize, count: usize| if count == 0 { start } else { start + 1 };
        let head = format!(
            "@@ -{},{old_count} +{},{new_count} @@\n",
            first_line(old_start, old_count),
            first_line(new_start, new_count)
        );
        text.push_str(&head);
        for (mark, line) in &edits[start..stop] {
            text.extend([mark.to_string().as_str(), line, "\n"]);
        }
        at = stop;
    }
    text
}

/// The longest stretch of lines that is compared line by line; a longer one goes and comes whole.
const LONGEST: usize = 4000;

/// What stays, goes and comes: the longest common subsequence, with what goes before what comes.
fn edits<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<(char, &'t str)> {
    let head = old.iter().zip(new).take_while(|(one, other)| one == other).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let tail =
        old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(one, other)| one == other).count();
    let (old_part, new_part) = (&old_rest[..old_rest.len() - tail], &new_rest[..new_rest.len() - tail]);
    let mut edits: Vec<(char, &str)> = old[..head].iter().map(|line| (' ', *line)).collect();
    edits.extend(between(old_part, new_part));
    edits.extend(old[old.len() - tail..].iter().map(|line| (' ', *line)));
    edits
}

fn between<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<(char, &'t str)> {
    let whole = || old.iter().map(|line| ('-', *line)).chain(new.iter().map(|line| ('+', *line))).collect();
    if old.len().max(new.len()) > LONGEST {
        return whole();
    }
    // Of what is left from each pair of lines on, how many lines are common.
    let mut common = vec![vec![0_u32; new.len() + 1]; old.len() + 1];
    for here in (0..old.len()).rev() {
        for there in (0..new.len()).rev() {
            common[here][there] = if old[here] == new[there] {
                common[here + 1][there + 1] + 1
            } else {
                common[here + 1][there].max(common[here][there + 1])
            };
        }
    }
    let (mut here, mut there) = (0, 0);
    let mut edits = Vec::new();
    while here < old.len() || there < new.len() {
        if here < old.len() && there < new.len() && old[here] == new[there] {
            edits.push((' ', old[here]));
            (here, there) = (here + 1, there + 1);
        } else if there == new.len() || here < old.len() && common[here + 1][there] >= common[here][there + 1]
        {
            edits.push(('-', old[here]));
            here += 1;
        } else {
            edits.push(('+', new[there]));
            there += 1;
        }
    }
    edits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::manifest;

    fn fixed(path: &str, text: &str, names: &[&str]) -> String {
        without(&manifest::read(path, text), &names.iter().copied().collect())
    }

    #[test]
    fn comments_and_hashes_of_what_stays_are_kept() {
        let text = "# web\na==1 \\\n    --hash=sha256:aa\nb==2 \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc\n\nc # last\n";
        assert_eq!(
            fixed("requirements.txt", text, &["b"]),
            "# web\na==1 \\\n    --hash=sha256:aa\n\nc # last\n"
        );
    }

    #[test]
    fn lists_of_toml_lose_an_item_and_stay_lists() {
        let text = "[project]\ndependencies = [\"a>=1\", \"b[x]\", \"c\"]\n[project.optional-dependencies]\ny = [\n  \"b\", # why\n  \"d\",\n]\n";
        let left = fixed("pyproject.toml", text, &["b", "c"]);
        assert_eq!(
            left,
            "[project]\ndependencies = [\"a>=1\"]\n[project.optional-dependencies]\ny = [\n  \"d\",\n]\n"
        );
        let left = fixed("pyproject.toml", "[project]\ndependencies = [\n  \"a[x]\",\n  \"b\",\n]\n", &["a"]);
        assert_eq!(left, "[project]\ndependencies = [\n  \"b\",\n]\n");
    }

    #[test]
    fn a_difference_is_what_patch_takes() {
        let before = (1..=20).fold(String::new(), |text, number| text + &format!("{number}\n"));
        let after = before.replace("\n5\n", "\n").replace("\n19\n", "\n");
        assert_eq!(
            difference("r.txt", &before, &after),
            "--- r.txt\n+++ r.txt\n@@ -2,7 +2,6 @@\n 2\n 3\n 4\n-5\n 6\n 7\n 8\n@@ -16,5 +15,4 @@\n 16\n 17\n 18\n-19\n 20\n"
        );
        assert_eq!(
            difference("r", "a\nb = [1, 2]\n", "a\nb = [1]\n"),
            "--- r\n+++ r\n@@ -1,2 +1,2 @@\n a\n-b = [1, 2]\n+b = [1]\n"
        );
    }
}
