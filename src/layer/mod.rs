//! What is in a layer: one pass over the blob, front to back or from header to header, that yields members in the
//! order of the tar, each with its exact share of the blob, and the few contents that somebody asked for.

pub mod evidence;
pub mod member;

pub use evidence::{Capture, Evidence, Wants};
pub use member::{Compression, FileFormat, Member, MemberKind, WalkedLayer};
