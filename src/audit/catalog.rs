//! `rules/catalog/frameworks.toml`: how frameworks load code by name.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// How frameworks load code by name.
#[derive(Debug, Default, Deserialize)]
pub struct Catalog {
    /// Functions that import.
    pub calls: Calls,
    /// Names that hold names of modules.
    pub names: Names,
    /// Scheme of a URL → the modules of which one serves it.
    pub schemes: BTreeMap<String, Vec<String>>,
    /// Distribution → the entry-point groups that it loads.
    pub groups: BTreeMap<String, Vec<String>>,
    /// Module or package → why its dynamic imports hide nothing.
    pub explained: BTreeMap<String, String>,
    /// Programs whose argument names the application.
    pub command: Vec<Command>,
    /// Option → start of its value → module.
    pub options: BTreeMap<String, BTreeMap<String, String>>,
    /// Distributions that matter without being imported.
    pub data: Data,
}

/// Functions that import what their argument names.
#[derive(Debug, Default, Deserialize)]
pub struct Calls {
    /// When they are called.
    pub now: Vec<String>,
    /// When it is needed.
    pub later: Vec<String>,
    /// All that is registered in an entry-point group.
    pub groups: Vec<String>,
}

/// Names whose value is the name of a module.
#[derive(Debug, Default, Deserialize)]
pub struct Names {
    /// Of variables.
    pub variables: Vec<String>,
    /// Of keyword arguments.
    pub keywords: Vec<String>,
    /// Of keys in dictionaries.
    pub keys: Vec<String>,
}

/// A program whose argument names the application.
#[derive(Debug, Default, Deserialize)]
pub struct Command {
    /// Its names.
    pub program: Vec<String>,
    /// The words that the argument follows; the first that is no option where there is none.
    pub after: Vec<String>,
}

/// Distributions that matter without being imported.
#[derive(Debug, Default, Deserialize)]
pub struct Data {
    /// Their normalised names.
    pub distributions: Vec<String>,
}

/// The catalogue that is built in. A test reads it, so that the default of an unreadable one is never met.
pub static CATALOG: LazyLock<Catalog> =
    LazyLock::new(|| toml::from_str(include_str!("../../rules/catalog/frameworks.toml")).unwrap_or_default());

impl Catalog {
    /// Why the dynamic imports of a module hide nothing; `None` where they may.
    pub fn explains(&self, module: &str) -> Option<&str> {
        let mut name = module;
        loop {
            if let Some(why) = self.explained.get(name) {
                return Some(why);
            }
            name = name.rsplit_once('.')?.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_catalogue_reads() {
        let catalog: Catalog = toml::from_str(include_str!("../../rules/catalog/frameworks.toml")).unwrap();
        assert!(catalog.calls.now.iter().any(|name| name == "import_module"));
        assert_eq!(catalog.explains("pkg_resources._vendor.x"), Some("loads entry points"));
        assert_eq!(catalog.explains("pkg_resourceful"), None);
    }
}
