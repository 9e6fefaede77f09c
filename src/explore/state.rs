//! What the explorer shows, and what each wish does to it.

use std::collections::HashSet;

use super::model::{Model, Selection};
use crate::view::{Files, Report};

/// The lists to the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Layers,
    Owners,
    Findings,
}

/// Which side the keys go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    List,
    Tree,
}

/// A row of the tree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub node: u32,
    pub depth: u16,
    pub is_open: bool,
    pub has_kids: bool,
}

/// Everything that is on the screen.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the screen that a key turns")]
pub struct State<'a> {
    pub(super) report: &'a Report,
    pub(super) model: Model<'a>,
    pub(super) platform: usize,
    pub(super) tab: Tab,
    pub(super) side: Side,
    /// In the list: 0 is everything.
    pub(super) chosen: usize,
    pub(super) rows: Vec<Row>,
    pub(super) cursor: usize,
    open: HashSet<u32>,
    pub(super) by_transfer: bool,
    pub(super) wasted_only: bool,
    pub(super) filter: String,
    /// Whether keys are typed into the filter.
    pub(super) typing: bool,
    pub(super) help: bool,
    /// How many rows there was room for, and which came first, when it was drawn last.
    pub(super) page: usize,
    pub(super) first: [usize; 2],
    pub(super) split: u16,
    /// Whether the user has seen enough.
    pub done: bool,
}

impl<'a> State<'a> {
    /// The first platform, everything of it.
    pub fn new(report: &'a Report) -> Self {
        let mut state = Self {
            report,
            model: model(report, 0),
            platform: 0,
            tab: Tab::Layers,
            side: Side::Tree,
            chosen: 0,
            rows: Vec::new(),
            cursor: 0,
            open: HashSet::from([0]),
            by_transfer: false,
            wasted_only: false,
            filter: String::new(),
            typing: false,
            help: false,
            page: 20,
            first: [0, 0],
            split: 0,
            done: false,
        };
        state.select();
        state
    }

    /// How long the list to the left is, with the row for everything.
    pub(super) fn list_length(&self) -> usize {
        let platform = self.model.platform;
        1 + match self.tab {
            Tab::Layers => platform.layers.len(),
            Tab::Owners => platform.owners.len(),
            Tab::Findings => platform.findings.len(),
        }
    }

    fn selection(&self) -> Selection {
        let platform = self.model.platform;
        let Some(at) = self.chosen.checked_sub(1) else { return Selection::Everything };
        match self.tab {
            Tab::Layers => {
                let number = platform.layers.get(at).map_or(0, |layer| layer.number);
                Selection::Layer(u32::try_from(number).unwrap_or(0))
            }
            Tab::Owners => {
                let id = platform.owners.get(at).map_or("", |owner| owner.id.as_str());
                let position = self.model.files.owners.iter().position(|owner| owner == id);
                Selection::Owner(position.and_then(|at| u32::try_from(at).ok()).unwrap_or(u32::MAX))
            }
            Tab::Findings => Selection::Finding(at),
        }
    }

    /// Sums what is selected now, and shows its tree.
    pub(super) fn select(&mut self) {
        let selection = self.selection();
        self.model.select(&selection, &self.filter, self.wasted_only);
        self.lay_out();
    }

    /// The rows of the open directories.
    pub(super) fn lay_out(&mut self) {
        self.rows.clear();
        let mut stack = vec![(0_u32, 0_u16)];
        while let Some((node, depth)) = stack.pop() {
            let kids = self.model.children(node, self.by_transfer);
            // What is searched for is worth seeing, as long as there is not too much of it.
            let found = !self.filter.is_empty() && self.model.count[0] <= 200;
            let is_open = self.open.contains(&node) || found;
            self.rows.push(Row { node, depth, is_open, has_kids: !kids.is_empty() });
            if is_open {
                stack.extend(kids.into_iter().rev().map(|kid| (kid, depth.saturating_add(1))));
            }
        }
        self.cursor = self.cursor.min(self.rows.len().saturating_sub(1));
    }

    /// Opens the directory under the cursor, or closes it.
    pub(super) fn toggle(&mut self) {
        let Some(row) = self.rows.get(self.cursor).copied() else { return };
        if row.has_kids {
            if !self.open.remove(&row.node) {
                self.open.insert(row.node);
            }
            self.lay_out();
        }
    }

    /// To the right: opens, or goes to the first child.
    pub(super) fn inwards(&mut self) {
        match self.rows.get(self.cursor) {
            Some(row) if row.has_kids && !row.is_open => self.toggle(),
            Some(row) if row.has_kids => self.cursor += 1,
            _ => {}
        }
    }

    /// To the left: closes, or goes to the directory that it is in.
    pub(super) fn outwards(&mut self) {
        let Some(row) = self.rows.get(self.cursor).copied() else { return };
        if row.is_open && row.has_kids && self.open.contains(&row.node) && row.node != 0 {
            self.toggle();
            return;
        }
        let above = self.rows[..self.cursor].iter().rposition(|above| above.depth < row.depth);
        self.cursor = above.unwrap_or(self.cursor);
    }

    /// Moves in whichever side has the keys; the list selects as it goes.
    pub(super) fn step(&mut self, by: isize) {
        match self.side {
            Side::Tree => self.cursor = moved(self.cursor, by, self.rows.len()),
            Side::List => self.choose(moved(self.chosen, by, self.list_length())),
        }
    }

    /// Selects a row of the list.
    pub(super) fn choose(&mut self, at: usize) {
        if at != self.chosen && at < self.list_length() {
            self.chosen = at;
            self.cursor = 0;
            self.select();
        }
    }

    /// Shows another list.
    pub(super) fn show(&mut self, tab: Tab) {
        self.tab = tab;
        self.side = Side::List;
        self.chosen = 0;
        self.first[0] = 0;
        self.select();
    }

    /// Shows the next platform.
    pub(super) fn next_platform(&mut self) {
        let next = (self.platform + 1) % self.report.platforms.len().max(1);
        if next != self.platform {
            self.platform = next;
            self.model = model(self.report, next);
            (self.chosen, self.cursor, self.first) = (0, 0, [0, 0]);
            self.open = HashSet::from([0]);
            self.select();
        }
    }
}

fn moved(from: usize, by: isize, length: usize) -> usize {
    from.saturating_add_signed(by).min(length.saturating_sub(1))
}

fn model(report: &Report, at: usize) -> Model<'_> {
    static NOTHING: Files = Files {
        names: Vec::new(),
        parents: Vec::new(),
        path: Vec::new(),
        kind: Vec::new(),
        content: Vec::new(),
        transfer: Vec::new(),
        owner: Vec::new(),
        category: Vec::new(),
        layer: Vec::new(),
        hidden_by: Vec::new(),
        owners: Vec::new(),
        categories: Vec::new(),
    };
    let platform = &report.platforms[at];
    Model::new(platform, platform.files.as_ref().unwrap_or(&NOTHING))
}
