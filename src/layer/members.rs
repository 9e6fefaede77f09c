//! Many members, kept in runs: whoever builds a ledger of them lets go of each run when it is done with it, so that both
//! are never in memory at once as a whole.

use serde::{Deserialize, Serialize};

use super::member::Member;

/// Members of a run. Large enough that an allocator maps it by itself and gives it back once it is let go.
const RUN: usize = 1 << 18;
/// Bytes of names after which a run ends whatever it holds, so that positions in them fit 32 bits.
const NAMES: usize = 1 << 28;

/// The members of a layer, in the order of the tar.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Members {
    runs: Vec<Run>,
}

/// Some members that follow one another, and the bytes of their names, one after the other.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Run {
    members: Vec<(Names, Member)>,
    #[serde(with = "super::memory::bytes")]
    names: Vec<u8>,
}

/// Where a member's names stand: the path, and right behind it the link's target.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Names {
    start: u32,
    path: u32,
    link: u32,
}

/// A member with its names.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// The path, as written.
    pub path: &'a [u8],
    /// The target of a link, as written; empty for other kinds.
    pub link: &'a [u8],
    /// Everything else.
    pub member: &'a Member,
}

impl Members {
    /// Appends a member. Names of more than 4 GiB are refused long before they come here.
    pub fn push(&mut self, path: &[u8], link: &[u8], member: Member) {
        let is_full = |run: &Run| run.members.len() >= RUN || run.names.len() >= NAMES;
        if self.runs.last().is_none_or(is_full) {
            if let Some(full) = self.runs.last_mut() {
                full.names.shrink_to_fit();
            }
            self.runs.push(Run::default());
        }
        let Some(run) = self.runs.last_mut() else { return };
        let narrow = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let names =
            Names { start: narrow(run.names.len()), path: narrow(path.len()), link: narrow(link.len()) };
        run.names.extend_from_slice(path);
        run.names.extend_from_slice(link);
        run.members.push((names, member));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.runs.iter().map(|run| run.members.len()).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// All of them, in the order of the tar.
    pub fn iter(&self) -> impl Iterator<Item = Named<'_>> + Clone {
        self.runs.iter().flat_map(Run::iter)
    }

    /// All of them, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Member> {
        self.runs.iter_mut().flat_map(|run| run.members.iter_mut().map(|(_, member)| member))
    }

    /// The runs, to be let go one by one.
    pub fn into_runs(self) -> impl Iterator<Item = Run> {
        self.runs.into_iter()
    }
}

impl Run {
    /// The members of the run.
    pub fn iter(&self) -> impl Iterator<Item = Named<'_>> + Clone {
        self.members.iter().map(|(names, member)| {
            let name = |start: u32, length: u32| {
                self.names.get(start as usize..start as usize + length as usize).unwrap_or_default()
            };
            let Names { start, path, link } = *names;
            Named { path: name(start, path), link: name(start.saturating_add(path), link), member }
        })
    }
}
