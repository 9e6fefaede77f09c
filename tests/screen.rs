//! Screens of images that are written as text.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod scenes;

use plimsoll::report::{Format, Style, Subject, render};

#[test]
fn busy() {
    println!("{}", render(&scenes::busy(), Subject::Analysis, Format::Table, &Style::default()));
    println!("{}", render(&scenes::empty(), Subject::Analysis, Format::Table, &Style::default()));
    println!("{}", render(&scenes::busy(), Subject::Platforms, Format::Table, &Style::default()));
}
