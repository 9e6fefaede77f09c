//! Divides a file among labels so that every byte has exactly one: finest claims first, each level takes what is left.

use std::ops::Range;

use crate::layer::{Part, PartKind};

/// A file that is being divided.
pub struct Shares {
    size: u64,
    /// What has a label, sorted and disjoint.
    taken: Vec<Range<u64>>,
    /// By label.
    parts: Vec<Part>,
}

/// Position of a label in [`Shares`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label(u32);

impl Shares {
    /// Nothing of the file has a label yet.
    pub fn new(size: u64) -> Self {
        Self { size, taken: Vec::new(), parts: Vec::new() }
    }

    /// A new label.
    pub fn label(&mut self, kind: PartKind, name: &str, version: &str) -> Label {
        let (name, version) = (name.to_owned(), version.to_owned());
        self.parts.push(Part { kind, name, version, bytes: 0 });
        Label(u32::try_from(self.parts.len() - 1).unwrap_or(u32::MAX))
    }

    /// Gives ranges their labels, but for the bytes that have one. Of two ranges that overlap the one that starts first
    /// takes both's.
    pub fn claim(&mut self, mut level: Vec<(Range<u64>, Label)>) {
        level.sort_by_key(|(range, label)| (range.start, range.end, *label));
        let mut merged: Vec<Range<u64>> = Vec::with_capacity(self.taken.len() + level.len());
        let mut before = std::mem::take(&mut self.taken).into_iter().peekable();
        let mut at = 0_u64;
        for (range, label) in level {
            let end = range.end.min(self.size);
            at = at.max(range.start);
            while at < end {
                // What was taken before and ends by here is out of the way.
                while let Some(old) = before.next_if(|old| old.end <= at) {
                    push(&mut merged, old);
                }
                let (free_until, resume) = match before.peek() {
                    Some(old) if old.start <= at => {
                        at = old.end;
                        continue;
                    }
                    Some(old) => (old.start.min(end), old.end),
                    None => (end, end),
                };
                if let Some(part) = self.parts.get_mut(label.0 as usize) {
                    part.bytes += free_until - at;
                }
                push(&mut merged, at..free_until);
                at = if free_until < end { resume } else { end };
            }
        }
        before.for_each(|old| push(&mut merged, old));
        self.taken = merged;
    }

    /// The parts, largest first, with what has no label under `rest`. They add up to the file's size.
    pub fn into_parts(mut self, rest: &str) -> Vec<Part> {
        let labelled: u64 = self.parts.iter().map(|part| part.bytes).sum();
        let label = self.label(PartKind::Format, rest, "");
        self.parts[label.0 as usize].bytes = self.size.saturating_sub(labelled);
        let mut parts = self.parts;
        parts.sort_by(|a, b| (&a.name, &a.version, a.kind).cmp(&(&b.name, &b.version, b.kind)));
        parts.dedup_by(|again, first| {
            let same = (&again.name, &again.version, again.kind) == (&first.name, &first.version, first.kind);
            first.bytes += if same { again.bytes } else { 0 };
            same
        });
        parts.retain(|part| part.bytes > 0);
        parts.sort_by_key(|part| std::cmp::Reverse(part.bytes));
        parts
    }
}

/// Adds a range to sorted ones, as part of the last where it touches it.
fn push(ranges: &mut Vec<Range<u64>>, range: Range<u64>) {
    match ranges.last_mut() {
        Some(last) if last.end == range.start => last.end = range.end,
        _ if range.start < range.end => ranges.push(range),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(shares: Shares) -> String {
        let parts = shares.into_parts("rest");
        parts.iter().map(|part| format!("{}={}", part.name, part.bytes)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn finer_claims_win_and_the_rest_is_told() {
        let mut shares = Shares::new(100);
        let [a, b, text, head] =
            ["a", "b", "text", "head"].map(|name| shares.label(PartKind::Module, name, ""));
        shares.claim(vec![(20..30, a), (30..35, b), (50..60, a)]);
        shares.claim(vec![(10..70, text)]);
        shares.claim(vec![(0..16, head), (65..80, head)]);
        assert_eq!(shown(shares), "text=35 a=20 head=20 rest=20 b=5");
    }

    #[test]
    fn whatever_overlaps_or_lies_outside_the_sum_holds() {
        for seed in 0..2000_u64 {
            let mut state = seed;
            let mut next = |most: u64| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) % most
            };
            let mut shares = Shares::new(64);
            let mut owner: Vec<Option<u32>> = vec![None; 64];
            for level in 0..3 {
                let mut claims = Vec::new();
                for _ in 0..next(6) {
                    let start = next(80);
                    let label = shares.label(PartKind::Module, &format!("{level}{start}"), "");
                    claims.push((start..start + next(30), label));
                }
                let mut sorted = claims.clone();
                sorted.sort_by_key(|(range, label)| (range.start, range.end, *label));
                let mut own: Vec<Option<u32>> = vec![None; 64];
                for (range, label) in sorted {
                    for at in range.start..range.end.min(64) {
                        own[usize::try_from(at).unwrap()].get_or_insert(label.0);
                    }
                }
                for (slot, own) in owner.iter_mut().zip(own) {
                    *slot = slot.or(own);
                }
                shares.claim(claims);
            }
            for (label, part) in (0..).zip(&shares.parts) {
                let expected = owner.iter().filter(|slot| **slot == Some(label)).count();
                assert_eq!(part.bytes, expected as u64, "seed {seed}");
            }
            let sum: u64 = shares.into_parts("rest").iter().map(|part| part.bytes).sum();
            assert_eq!(sum, 64, "seed {seed}");
        }
    }
}
