//! Rules as data, and the findings they yield on a ledger.
//!
//! A rule is one file of `rules/`, whose name is its id: what to look for, what to say, how to mend it, and images that
//! it must and must not match. Nothing here reads or writes a file.

pub mod detect;
pub mod finding;
pub mod load;
pub mod matcher;
pub mod message;
pub mod page;
mod paths;
pub mod rule;
pub mod scene;
mod schema;

pub use finding::{Finding, find, minor};
pub use load::{by_id, load};
pub use matcher::Places;
pub use page::page;
pub use rule::{ChangeKind, Fault, Rule, Safety};
pub use scene::{TestOutcome, test};
