//! Screens of images that are written as text.

mod scenes;

use plimsoll::report::{Format, Style, Subject, render};

#[test]
fn busy() {
    println!("{}", render(&scenes::busy(), Subject::Analysis, Format::Table, &Style::default()));
    println!("{}", render(&scenes::empty(), Subject::Analysis, Format::Table, &Style::default()));
    println!("{}", render(&scenes::busy(), Subject::Platforms, Format::Table, &Style::default()));
}
