//! Which of two versions is later, without knowing whose they are: numbers as numbers, the rest as text.

use std::cmp::Ordering;

/// The order of two versions. Pre-releases written as `1.0~rc1` or `1.0rc1` come before `1.0`.
pub(super) fn order(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (parts(a).into_iter(), parts(b).into_iter());
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (Some(more), None) => tail(&more),
            (None, Some(more)) => tail(&more).reverse(),
            (Some(Part::Number(a)), Some(Part::Number(b))) => a.cmp(&b),
            (Some(Part::Word(a)), Some(Part::Word(b))) => a.cmp(&b),
            (Some(Part::Number(_)), Some(Part::Word(_))) => Ordering::Greater,
            (Some(Part::Word(_)), Some(Part::Number(_))) => Ordering::Less,
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

#[derive(Debug, PartialEq)]
enum Part {
    Number(u128),
    Word(String),
}

/// What it means that one version goes on: a number makes it later, a word such as `rc` earlier, `post` later.
fn tail(more: &Part) -> Ordering {
    match more {
        Part::Number(0) => Ordering::Equal,
        Part::Word(word) if ["rc", "a", "b", "alpha", "beta", "dev", "pre"].contains(&word.as_str()) => {
            Ordering::Less
        }
        _ => Ordering::Greater,
    }
}

fn parts(version: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = version;
    while let Some(first) = rest.chars().next() {
        let digit = first.is_ascii_digit();
        let same = |c: char| c.is_ascii_digit() == digit && c.is_alphanumeric();
        let end = if first.is_alphanumeric() {
            rest.find(|c| !same(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (part, after) = rest.split_at(end);
        if digit {
            parts.push(Part::Number(part.parse().unwrap_or(u128::MAX)));
        } else if first.is_alphanumeric() {
            parts.push(Part::Word(part.to_ascii_lowercase()));
        }
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_versions_are_later() {
        for (earlier, later) in [
            ("1.9", "1.10"),
            ("1.34.2", "1.35"),
            ("2.0rc1", "2.0"),
            ("1.0~rc1", "1.0"),
            ("2.36-9+deb12u4", "2.36-9+deb12u10"),
            ("1.0", "1.0.post1"),
            ("1.2.3-r0", "1.2.3-r1"),
        ] {
            assert_eq!(order(earlier, later), Ordering::Less, "{earlier} {later}");
            assert_eq!(order(later, earlier), Ordering::Greater, "{later} {earlier}");
        }
        assert_eq!(order("1.0", "1.0"), Ordering::Equal);
    }
}
