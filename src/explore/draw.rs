//! The screen. Sixteen colours only, so that it follows whatever theme the terminal has.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::state::{Row, Side, State, Tab};
use crate::report::style::{shorten, width};
use crate::size::si;

const STRONG: Style = Style::new().add_modifier(Modifier::BOLD);
const FAINT: Style = Style::new().add_modifier(Modifier::DIM);
const WASTED: Style = Style::new().fg(Color::Yellow);
const DIRECTORY: Style = Style::new().fg(Color::Blue);

/// Draws everything.
pub(super) fn draw(frame: &mut Frame<'_>, state: &mut State<'_>) {
    let [title, body, status, hints] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(3),
        Constraint::Length(1),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    let left = (body.width * 2 / 5).clamp(20, 52).min(body.width);
    let [list, tree] = Layout::horizontal([Constraint::Length(left), Constraint::Min(10)]).areas(body);
    state.split = tree.x;
    state.page = usize::from(body.height).saturating_sub(2).max(1);
    frame.render_widget(Line::from(title_text(state, usize::from(title.width))).style(STRONG), title);
    draw_list(frame, state, list);
    draw_tree(frame, state, tree);
    frame.render_widget(Line::from(status_text(state, usize::from(status.width))), status);
    let keys = "? help  tab side  1 layers  2 owners  3 findings  / filter  u unit  w wasted  q quit";
    frame.render_widget(Line::from(shorten(keys, usize::from(hints.width))).style(FAINT), hints);
    if state.help {
        draw_help(frame);
    }
}

fn title_text(state: &State<'_>, room: usize) -> String {
    let platform = state.model.platform;
    let figures = format!("{} content, {} transfer", si(platform.content), si(platform.transfer.bytes));
    let name = format!("{}  {}", state.report.image.reference, platform.platform);
    format!("{}  {figures}", shorten(&name, room.saturating_sub(width(&figures) + 2)))
}

fn size(state: &State<'_>, content: u64, transfer: u64) -> String {
    format!("{:>8}", si(if state.by_transfer { transfer } else { content }))
}

/// Where a list has to begin so that the cursor is in it.
fn scrolled(first: usize, cursor: usize, page: usize) -> usize {
    first.min(cursor).max((cursor + 1).saturating_sub(page))
}

fn head(text: &str, active: bool) -> Line<'static> {
    Line::from(text.to_owned()).style(if active { STRONG.add_modifier(Modifier::UNDERLINED) } else { FAINT })
}

fn draw_list(frame: &mut Frame<'_>, state: &mut State<'_>, area: Rect) {
    let rows = usize::from(area.height).saturating_sub(1);
    state.first[0] = scrolled(state.first[0], state.chosen, rows);
    let room = usize::from(area.width).saturating_sub(1);
    let names = ["Layers", "Owners", "Findings"];
    let at = match state.tab {
        Tab::Layers => 0,
        Tab::Owners => 1,
        Tab::Findings => 2,
    };
    let mut lines = vec![head(names[at], state.side == Side::List)];
    for at in state.first[0]..(state.first[0] + rows).min(state.list_length()) {
        let (content, transfer, name, style) = item(state, at);
        let text = format!("{}  {name}", size(state, content, transfer));
        let mut style = style;
        if at == state.chosen {
            style = style.add_modifier(if state.side == Side::List {
                Modifier::REVERSED
            } else {
                Modifier::BOLD
            });
        }
        lines.push(Line::styled(shorten(&text, room), style));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

fn item(state: &State<'_>, at: usize) -> (u64, u64, String, Style) {
    let platform = state.model.platform;
    let plain = Style::new();
    let Some(at) = at.checked_sub(1) else {
        return (platform.content, platform.transfer.bytes, "everything".to_owned(), plain);
    };
    match state.tab {
        Tab::Layers => {
            let layer = &platform.layers[at];
            let made = layer.instruction.as_deref().unwrap_or(&layer.digest);
            let style = match (layer.wasted > 0, layer.base) {
                (true, _) => WASTED,
                (false, true) => FAINT,
                (false, false) => plain,
            };
            (layer.content, layer.transfer, format!("{} {made}", layer.number), style)
        }
        Tab::Owners => {
            let owner = &platform.owners[at];
            (owner.content, owner.transfer, owner.id.clone(), plain)
        }
        Tab::Findings => {
            let finding = &platform.findings[at];
            let style = match (finding.in_base, finding.safety.as_str()) {
                (true, _) => FAINT,
                (false, "safe") => Style::new().fg(Color::Green),
                (false, "review") => WASTED,
                (false, _) => Style::new().fg(Color::Red),
            };
            (finding.content, finding.transfer, format!("{} ({})", finding.rule, finding.safety), style)
        }
    }
}

fn draw_tree(frame: &mut Frame<'_>, state: &mut State<'_>, area: Rect) {
    let rows = usize::from(area.height).saturating_sub(1);
    state.first[1] = scrolled(state.first[1], state.cursor, rows);
    let unit = if state.by_transfer { "transfer" } else { "content" };
    let mut title = format!("Tree by {unit}");
    if state.wasted_only {
        title += ", wasted only";
    }
    if state.typing || !state.filter.is_empty() {
        title += &format!(", with: {}{}", state.filter, if state.typing { "_" } else { "" });
    }
    let mut lines = vec![head(&title, state.side == Side::Tree)];
    let last = (state.first[1] + rows).min(state.rows.len());
    for at in state.first[1]..last {
        lines.push(tree_line(state, at, usize::from(area.width)));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

fn tree_line(state: &State<'_>, at: usize, room: usize) -> Line<'static> {
    let Row { node, depth, is_open, has_kids } = state.rows[at];
    let model = &state.model;
    let (content, transfer) = (model.content[node as usize], model.transfer[node as usize]);
    let whole = if state.by_transfer { model.transfer[0] } else { model.content[0] };
    let part = if state.by_transfer { transfer } else { content };
    let mark = match (has_kids, is_open) {
        (true, true) => "▾ ",
        (true, false) => "▸ ",
        (false, _) => "  ",
    };
    let filled = usize::try_from(part * 8 / whole.max(1)).unwrap_or(0).min(8);
    let bar = format!(" {}{} ", "▪".repeat(filled), " ".repeat(8 - filled));
    let indent = "  ".repeat(usize::from(depth).min(room / 6));
    let figure = size(state, content, transfer);
    let name =
        shorten(model.name(node), room.saturating_sub(width(&figure) + width(&bar) + width(&indent) + 3));
    let wasted = model.wasted[node as usize];
    let style = match (wasted == content && wasted > 0, has_kids) {
        (true, _) => WASTED,
        (false, true) => DIRECTORY,
        (false, false) => Style::new(),
    };
    let line = Line::from(vec![
        Span::raw(figure),
        Span::styled(bar, FAINT),
        Span::raw(indent),
        Span::styled(format!("{mark}{name}"), style),
    ]);
    if at == state.cursor {
        line.style(Style::new().add_modifier(if state.side == Side::Tree {
            Modifier::REVERSED
        } else {
            Modifier::BOLD
        }))
    } else {
        line
    }
}

/// What is under the cursor, in full.
fn status_text(state: &State<'_>, room: usize) -> String {
    let model = &state.model;
    if state.side == Side::List && state.tab == Tab::Findings && state.chosen > 0 {
        let finding = model.platform.findings.get(state.chosen - 1);
        return shorten(finding.map_or("", |finding| &finding.message), room);
    }
    let Some(row) = state.rows.get(state.cursor) else { return String::new() };
    let node = row.node as usize;
    let mut text = format!(
        "{} content, {} transfer, {} entries",
        si(model.content[node]),
        si(model.transfer[node]),
        model.count[node]
    );
    if model.wasted[node] > 0 {
        text += &format!(", {} wasted", si(model.wasted[node]));
    }
    let path = shorten(&model.files.path_of(row.node), room.saturating_sub(width(&text) + 2));
    format!("{path}  {text}")
}

const HELP: &str = "\
 up down k j      move            1 2 3   layers, owners, findings
 right l          open            tab     from side to side
 left h           close           u       content or transfer
 enter space      open or close   w       only what is wasted
 page up, down    by a page       /       filter as you type
 home end g G     to the ends     esc     take the filter away
 mouse            click, wheel    p       the next platform
                                  q       quit

 yellow: ships and cannot be seen. Any key goes back.";

fn draw_help(frame: &mut Frame<'_>) {
    let area = frame.area();
    let lines = u16::try_from(HELP.lines().count()).unwrap_or(12) + 2;
    let [_, middle, _] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length(lines), Constraint::Fill(1)]).areas(area);
    let [_, middle, _] =
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(72), Constraint::Fill(1)]).areas(middle);
    frame.render_widget(Clear, middle);
    frame.render_widget(Paragraph::new(HELP).block(Block::bordered().title("Keys")), middle);
}
