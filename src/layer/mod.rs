//! What is in a layer: one pass over the blob, front to back or from header to header, that yields members in the
//! order of the tar, each with its exact share of the blob, and the few contents that somebody asked for.

pub mod decompress;
mod estimate;
pub mod evidence;
mod fetch;
mod header;
mod input;
pub mod inside;
pub mod member;
pub mod members;
mod memory;
mod pax;
mod reduce;
mod tar;
mod walk;

pub use estimate::{Plan, Sample, Shape};
pub use evidence::{Capture, Evidence, Reduced, Wants};
pub use fetch::{hash_files, sample_images, walk_images};
pub use inside::{Content, Inside, InsideKind, Linked, Part, PartKind};
pub use member::{Compression, ContentHash, FileFormat, Member, MemberKind, WalkedLayer};
pub use members::{Members, Named};
pub use memory::Memory;
pub use walk::{Passed, Reader, Transfer};
