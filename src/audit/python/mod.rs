//! Python: what is installed, what each source imports, and which module a name means.

mod conditions;
pub mod distribution;
pub mod environment;
pub mod evidence;
pub mod facts;
mod literals;
pub mod modules;
mod read;

pub use distribution::Distribution;
pub use environment::Environment;
pub use facts::Facts;
pub use modules::{Module, ModuleId, Modules};
pub use read::read;
