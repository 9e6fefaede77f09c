//! Which known word a slip was meant to be.

/// The known word nearest to `word`, where the difference is small enough to be a slip.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let slips = known.into_iter().map(|known| (distance(word, known), known)).min();
    // A third of the letters wrong is a slip; more is another word.
    slips.filter(|(distance, _)| *distance <= word.len() / 3 + 1).map(|(_, known)| known)
}

/// How many letters must be changed, added or removed to make `b` of `a`.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(nearest("tranfser", ["content", "transfer"]), Some("transfer"));
        assert_eq!(nearest("something", ["content", "transfer"]), None);
    }
}
