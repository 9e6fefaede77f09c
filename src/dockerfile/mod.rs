//! Dockerfiles: read with every place kept, matched to the history of an image, and looked over. No input and no output
//! happen here: text comes in, data goes out.
//!
//! [`parse`] yields a [`Dockerfile`]; [`align()`] tells which of its lines made which entry of an image's
//! history; [`provenance`] knows it exactly where BuildKit wrote it down; [`mod@lint`] finds what
//! can be said from the file alone.

pub mod align;
pub mod expand;
mod expected;
pub mod instruction;
pub mod lines;
pub mod lint;
pub mod mapping;
pub mod parse;
mod pattern;
pub mod provenance;
mod recorded;
mod shell;
pub mod span;
pub mod words;

#[cfg(test)]
mod tests;

pub use align::{Alignment, align};
pub use instruction::{Arguments, Dockerfile, Instruction, Keyword, Origin, Stage};
pub use mapping::{Given, Mapping};
pub use parse::parse;
pub use provenance::Provenance;
pub use span::{LineRange, Span};
