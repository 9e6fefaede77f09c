//! Which lines of a Dockerfile made which entries of an image's history.
//!
//! Both are sequences, and the history ends as the Dockerfile does; below lies the base image, of which the file says
//! nothing, and above may be edits since the build. So the best alignment of the two is sought, and an entry is given to
//! an instruction only if *every* best alignment does so: where two are as good, nothing is said.

use super::expected::expectations;
use super::instruction::{Dockerfile, Keyword};
use super::recorded::{Expected, Recorded, fit};
use super::span::LineRange;
use crate::image::Config;

/// What an entry of the history comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Position in [`Dockerfile::instructions`].
    pub instruction: usize,
    /// Its lines.
    pub lines: LineRange,
}

/// The history of an image beside the lines of its Dockerfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alignment {
    /// Per position in the history: what made it, where that is certain.
    pub history: Vec<Option<Place>>,
    /// The stage that the image was built from, as far as the history tells; the last one where it tells nothing.
    pub stage: usize,
    /// How many of the first entries belong to the image that the stage starts from; `None` where that is uncertain.
    pub base: Option<usize>,
}

impl Alignment {
    /// The lines that made the entry at `position` of the history.
    pub fn lines(&self, position: usize) -> Option<LineRange> {
        self.history.get(position).copied().flatten().map(|place| place.lines)
    }
}

/// The most comparisons that are made; a history has hundreds of entries at most, and so has a stage.
const MOST: usize = 1 << 22;

/// Aligns the history of an image with the Dockerfile that is said to have made it.
///
/// The stage is the one whose instructions fit best, the last among equals; where these disagree on an entry, it gets
/// no lines.
pub fn align(file: &Dockerfile, config: &Config) -> Alignment {
    let recorded: Vec<_> =
        config.history.iter().map(|entry| Recorded::parse(&entry.created_by, entry.empty_layer)).collect();
    let last = file.stages.len().saturating_sub(1);
    let mut best: Option<(i32, Alignment)> = None;
    let mut left = MOST;
    for stage in (0..file.stages.len()).rev() {
        let chain = file.chain(stage);
        let instructions: usize = chain.iter().map(|stage| file.stages[*stage].body.len() + 1).sum();
        let Some(rest) = left.checked_sub((recorded.len() + 1) * (instructions + 1)) else { break };
        left = rest;
        let (positions, expected) = expectations(file, &chain);
        let Some((score, found)) = solve(&expected, &recorded) else { continue };
        let place = |index: usize| {
            let instruction = positions[index];
            Place { instruction, lines: file.instructions[instruction].lines }
        };
        let base = found.iter().position(Option::is_some).filter(|first| found[*first] == Some(0));
        let history = found.into_iter().map(|found| found.map(place)).collect();
        let alignment = Alignment { history, stage, base };
        match &mut best {
            Some((known, best)) if *known == score => agree(best, &alignment),
            Some((known, _)) if *known > score => {}
            _ => best = Some((score, alignment)),
        }
    }
    let nothing = || Alignment { history: vec![None; recorded.len()], stage: last, base: None };
    let mut alignment = best.map_or_else(nothing, |(_, alignment)| alignment);
    forget_squashed(file, &mut alignment.history, &recorded);
    alignment
}

/// Keeps of `best` what `other`, which is as good, says too.
fn agree(best: &mut Alignment, other: &Alignment) {
    for (own, other) in best.history.iter_mut().zip(&other.history) {
        if own != other {
            *own = None;
        }
    }
    if best.base != other.base {
        best.base = None;
    }
}

/// buildah without `--layers` makes one layer of a whole stage and records it with the last instruction, everything
/// before it as empty. That layer holds what all of them did, and no line of its own made it.
fn forget_squashed(file: &Dockerfile, history: &mut [Option<Place>], recorded: &[Option<Recorded>]) {
    for stage in &file.stages {
        let of_stage =
            |place: &Option<Place>| place.is_some_and(|place| stage.body.contains(&place.instruction));
        let Some(first) = history.iter().position(of_stage) else { continue };
        let last = history.iter().rposition(of_stage).unwrap_or(first);
        let entries = || recorded[first..=last].iter().flatten();
        let moved = |entry: &Recorded| matches!(entry.keyword, Keyword::Run | Keyword::Copy | Keyword::Add);
        let one_layer = entries().filter(|entry| !entry.empty).count() == 1;
        if one_layer && entries().any(|entry| entry.empty && moved(entry)) {
            // Docker's own builder marks what changed nothing as empty too: then a layer of one line loses its place.
            for at in first..=last {
                if recorded[at].as_ref().is_some_and(|entry| !entry.empty) {
                    history[at] = None;
                }
            }
        }
    }
    for (place, entry) in history.iter_mut().zip(recorded) {
        if entry.as_ref().is_some_and(|entry| !entry.empty && !entry.keyword.makes_layer()) {
            *place = None;
        }
    }
}

/// What it costs that an instruction is nowhere in the history: kaniko records only layers, others leave out some.
fn unrecorded(expected: &Expected) -> i32 {
    if matches!(expected.keyword, Keyword::Run | Keyword::Copy | Keyword::Add) { -3 } else { 0 }
}

/// What it costs that an entry between others comes from nowhere.
fn unexplained(recorded: Option<&Recorded>) -> i32 {
    if recorded.is_some_and(|entry| entry.empty) { -1 } else { -3 }
}

/// The score of the best alignment, and per entry the expectation that every best alignment gives it. `None` where the
/// two have too little in common to be of one build.
fn solve(expected: &[Expected], recorded: &[Option<Recorded>]) -> Option<(i32, Vec<Option<usize>>)> {
    let (rows, columns) = (recorded.len(), expected.len());
    let width = columns + 1;
    let mut fits = vec![0; rows * columns];
    for (row, entry) in recorded.iter().enumerate() {
        let Some(entry) = entry else { continue };
        for (column, expected) in expected.iter().enumerate() {
            fits[row * columns + column] = fit(expected, entry);
        }
    }
    // What the base brought stands before everything that the file says, and costs nothing.
    let gap = |row: usize, column: usize| if column == 0 { 0 } else { unexplained(recorded[row].as_ref()) };
    let mut up_to = vec![0; (rows + 1) * width];
    for row in 0..=rows {
        for column in 0..=columns {
            if row + column == 0 {
                continue;
            }
            let mut score = i32::MIN;
            if row > 0 {
                score = score.max(up_to[(row - 1) * width + column] + gap(row - 1, column));
            }
            if column > 0 {
                score = score.max(up_to[row * width + column - 1] + unrecorded(&expected[column - 1]));
            }
            if row > 0 && column > 0 && fits[(row - 1) * columns + column - 1] > 0 {
                let fit = fits[(row - 1) * columns + column - 1];
                score = score.max(up_to[(row - 1) * width + column - 1] + fit);
            }
            up_to[row * width + column] = score;
        }
    }
    let mut from = vec![0; (rows + 1) * width];
    for row in (0..=rows).rev() {
        for column in (0..=columns).rev() {
            if row == rows && column == columns {
                continue;
            }
            let mut score = i32::MIN;
            if row < rows {
                score = score.max(from[(row + 1) * width + column] + gap(row, column));
            }
            if column < columns {
                score = score.max(from[row * width + column + 1] + unrecorded(&expected[column]));
            }
            if row < rows && column < columns && fits[row * columns + column] > 0 {
                score = score.max(from[(row + 1) * width + column + 1] + fits[row * columns + column]);
            }
            from[row * width + column] = score;
        }
    }
    let best = up_to[rows * width + columns];
    // Per entry the expectations that some best alignment gives it.
    let possible: Vec<Vec<usize>> = (0..rows)
        .map(|row| {
            let through = |column: &usize| {
                let fit = fits[row * columns + column];
                fit > 0 && up_to[row * width + column] + fit + from[(row + 1) * width + column + 1] == best
            };
            (0..columns).filter(through).collect()
        })
        .collect();
    let passed_over = |row: usize| {
        let around =
            |column| up_to[row * width + column] + gap(row, column) + from[(row + 1) * width + column];
        (0..=columns).any(|column| around(column) == best)
    };
    let certain = |(row, possible): (usize, &Vec<usize>)| match possible.as_slice() {
        [only] if !passed_over(row) => Some(*only),
        _ => None,
    };
    let found = possible.iter().enumerate().map(certain).collect();
    alike(expected, &possible).then_some((best, found))
}

/// Whether at least half of what must have made layers, or of everything where nothing must, has its entry.
fn alike(expected: &[Expected], possible: &[Vec<usize>]) -> bool {
    let moves = |expected: &Expected| matches!(expected.keyword, Keyword::Run | Keyword::Copy | Keyword::Add);
    let some_move = expected.iter().any(moves);
    let counts = |expected: &Expected| moves(expected) || !some_move;
    let all = expected.iter().filter(|expected| counts(expected)).count();
    let matched =
        possible.iter().filter(|possible| possible.iter().any(|index| counts(&expected[*index]))).count();
    matched > 0 && matched * 2 >= all
}

#[cfg(test)]
mod tests;
