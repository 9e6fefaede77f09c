//! Keys and the mouse, as dive and ncdu have them.

use ratatui::crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};

use super::state::{Side, State, Tab};

/// How far the wheel goes.
const WHEEL: isize = 3;

/// What an event does.
pub(super) fn on(event: &Event, state: &mut State<'_>) {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => pressed(*key, state),
        Event::Mouse(mouse) => clicked(*mouse, state),
        _ => {}
    }
}

fn pressed(key: KeyEvent, state: &mut State<'_>) {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    if control && key.code == KeyCode::Char('c') {
        state.done = true;
    } else if state.help {
        state.help = false;
    } else if state.typing {
        typed(key, state);
    } else if control {
        match key.code {
            KeyCode::Char('f') => filter(state),
            KeyCode::Char('d') => state.step(state.page.cast_signed() / 2),
            KeyCode::Char('u') => state.step(-(state.page.cast_signed() / 2)),
            _ => {}
        }
    } else {
        plain(key.code, state);
    }
}

fn plain(code: KeyCode, state: &mut State<'_>) {
    let in_tree = state.side == Side::Tree;
    match code {
        KeyCode::Char('q') | KeyCode::Esc if state.filter.is_empty() => state.done = true,
        KeyCode::Esc => {
            state.filter.clear();
            state.select();
        }
        KeyCode::Char('q') => state.done = true,
        KeyCode::Char('?') => state.help = true,
        KeyCode::Tab | KeyCode::BackTab => {
            state.side = if in_tree { Side::List } else { Side::Tree };
        }
        KeyCode::Char('1') => state.show(Tab::Layers),
        KeyCode::Char('2') => state.show(Tab::Owners),
        KeyCode::Char('3') => state.show(Tab::Findings),
        KeyCode::Up | KeyCode::Char('k') => state.step(-1),
        KeyCode::Down | KeyCode::Char('j') => state.step(1),
        KeyCode::PageUp => state.step(-state.page.cast_signed()),
        KeyCode::PageDown => state.step(state.page.cast_signed()),
        KeyCode::Home | KeyCode::Char('g') => state.step(isize::MIN / 2),
        KeyCode::End | KeyCode::Char('G') => state.step(isize::MAX / 2),
        KeyCode::Enter | KeyCode::Char(' ') if in_tree => state.toggle(),
        KeyCode::Enter | KeyCode::Char(' ' | 'l') | KeyCode::Right if !in_tree => state.side = Side::Tree,
        KeyCode::Right | KeyCode::Char('l') => state.inwards(),
        KeyCode::Left | KeyCode::Char('h') if in_tree => state.outwards(),
        KeyCode::Char('u' | 's') => {
            state.by_transfer = !state.by_transfer;
            state.lay_out();
        }
        KeyCode::Char('w') => {
            state.wasted_only = !state.wasted_only;
            state.select();
        }
        KeyCode::Char('p') => state.next_platform(),
        KeyCode::Char('/') => filter(state),
        _ => {}
    }
}

fn filter(state: &mut State<'_>) {
    state.typing = true;
    state.side = Side::Tree;
}

/// The tree follows every letter.
fn typed(key: KeyEvent, state: &mut State<'_>) {
    match key.code {
        KeyCode::Enter | KeyCode::Down => state.typing = false,
        KeyCode::Esc => {
            state.typing = false;
            state.filter.clear();
            state.select();
        }
        KeyCode::Backspace => {
            state.filter.pop();
            state.select();
        }
        KeyCode::Char(character) if !character.is_control() => {
            state.filter.push(character);
            state.cursor = 0;
            state.select();
        }
        _ => {}
    }
}

fn clicked(mouse: MouseEvent, state: &mut State<'_>) {
    let side = if mouse.column < state.split { Side::List } else { Side::Tree };
    match mouse.kind {
        MouseEventKind::ScrollDown | MouseEventKind::ScrollUp => {
            state.side = side;
            state.step(if mouse.kind == MouseEventKind::ScrollDown { WHEEL } else { -WHEEL });
        }
        MouseEventKind::Down(MouseButton::Left) => {
            state.side = side;
            // Two lines stand above both sides.
            let Some(line) = usize::from(mouse.row).checked_sub(2) else { return };
            match side {
                Side::List => state.choose(state.first[0] + line),
                Side::Tree => {
                    let at = state.first[1] + line;
                    if at < state.rows.len() {
                        state.cursor = at;
                        state.toggle();
                    }
                }
            }
        }
        _ => {}
    }
}
