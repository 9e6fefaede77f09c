//! Plimsoll weighs container images.
//!
//! From an archive, a layout or a stream it reads every platform of an image, gives every byte of every layer one owner,
//! and says which smaller image could be built instead.

pub mod advice;
pub mod analysis;
pub mod audit;
pub mod budget;
pub mod cli;
pub mod compare;
pub mod digest;
pub mod dockerfile;
pub mod elf;
pub mod error;
pub mod explore;
pub mod image;
pub mod layer;
pub mod ledger;
pub mod limits;
pub mod nearest;
pub mod owners;
pub mod path;
pub mod progress;
pub mod projection;
pub mod reference;
pub mod report;
pub mod size;
pub mod source;
pub mod view;
pub mod waste;
