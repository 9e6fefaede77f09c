//! Go binaries: what they were built of, and how many of their bytes each module takes.
//!
//! Code is divided by the table of functions, and so is most of that table itself; data only where symbols tell whose it is.
//! What belongs to no function stays with its section. Programs of Go 1.12 and before do not say what they were built of: they divide
//! all the same, but have no name.

use std::collections::BTreeMap;
use std::ops::Range;

use super::buildinfo::BuildInfo;
use super::elf::Elf;
use super::pclntab::Pclntab;
use super::shares::{Label, Shares};
use crate::layer::{Inside, InsideKind, PartKind};

/// The owner of Go's own packages.
const STANDARD_LIBRARY: &str = "std";

/// Divides a Go binary; `None` where it is none. `shares` are left to be completed with sections.
pub fn read(elf: &Elf<'_>, shares: &mut Shares) -> Option<Inside> {
    let info = BuildInfo::read(elf);
    if info.is_none() && !Pclntab::is_named(elf) {
        return None;
    }
    let table = Pclntab::read(elf);
    let info = match (info, &table) {
        (Some(info), _) => info,
        (None, Some(_)) => BuildInfo::of_old(elf),
        (None, None) => return None,
    };
    let mut modules = Modules::new(&info, shares);
    let mut level = Vec::new();
    if let Some(table) = table {
        let mut labels = Vec::new();
        let _ = table.functions(elf, |function| {
            let label = modules.label(function.name);
            labels.push(label);
            let Some(label) = label else { return };
            if let Some(start) = elf.offset(function.code.start) {
                let length = function.code.end.saturating_sub(function.code.start);
                level.push((start..start.saturating_add(length), label));
            }
            level.extend(function.entries.iter().map(|range| (range.clone(), label)));
        });
        table.names(|name, range| level.extend(modules.label(name).map(|label| (range, label))));
        let values = table.values(elf).unwrap_or_default();
        let owned = |(range, function): (Range<u64>, usize)| Some((range, labels.get(function).copied()??));
        level.extend(values.into_iter().filter_map(owned));
    }
    modules.shares.claim(level);
    let mut data = Vec::new();
    let _ = elf.symbols(|symbol| {
        if let (Some(start), Some(label)) = (elf.offset(symbol.address), modules.label(symbol.name)) {
            data.push((start..start.saturating_add(symbol.size), label));
        }
    });
    modules.shares.claim(data);
    let main = info.main.clone();
    let (name, version) = match main {
        Some(main) => (main.path, main.version),
        None => (info.path.clone(), String::new()),
    };
    let built_in = info.modules.iter().map(|module| (module.path.clone(), module.version.clone()));
    let mut built_in: Vec<_> = built_in.collect();
    built_in.sort();
    Some(Inside {
        kind: InsideKind::Go,
        name,
        version,
        toolchain: info.toolchain,
        built_in,
        settings: info.settings,
        ..Inside::default()
    })
}

/// Which module a symbol belongs to.
struct Modules<'s> {
    shares: &'s mut Shares,
    /// By path.
    by_path: BTreeMap<String, Label>,
    main: Label,
    standard: Label,
    /// Whether the binary says which modules it was built of; what it was built of otherwise is guessed from paths.
    is_told: bool,
    /// What was asked before, by package.
    known: BTreeMap<Vec<u8>, Option<Label>>,
}

impl<'s> Modules<'s> {
    fn new(info: &BuildInfo, shares: &'s mut Shares) -> Self {
        let mut label = |path: &str, version: &str| shares.label(PartKind::Module, path, version);
        let standard = label(STANDARD_LIBRARY, &info.toolchain);
        let main = match &info.main {
            Some(main) => label(&main.path, &main.version),
            None if info.path.is_empty() => label("main", ""),
            None => label(&guess(&info.path), ""),
        };
        let mut by_path: BTreeMap<_, _> = info
            .modules
            .iter()
            .map(|module| (module.path.clone(), label(&module.path, &module.version)))
            .collect();
        if let Some(own) = &info.main {
            by_path.insert(own.path.clone(), main);
        }
        let is_told = info.main.is_some() || !info.modules.is_empty();
        Self { shares, by_path, main, standard, is_told, known: BTreeMap::new() }
    }

    /// The module of a symbol; `None` where the linker made it for nobody in particular.
    fn label(&mut self, symbol: &[u8]) -> Option<Label> {
        let package = package(symbol)?;
        if let Some(known) = self.known.get(package) {
            return *known;
        }
        let text = unescape(package);
        let found = self.module(&text);
        self.known.insert(package.to_vec(), found);
        found
    }

    fn module(&mut self, package: &str) -> Option<Label> {
        if package == "main" {
            return Some(self.main);
        }
        if package.is_empty() || package.starts_with("vendor/") {
            return Some(self.standard);
        }
        let prefixes =
            std::iter::successors(Some(package), |path| path.rsplit_once('/').map(|(above, _)| above));
        if let Some(found) = prefixes.into_iter().find_map(|prefix| self.by_path.get(prefix)) {
            return Some(*found);
        }
        let host = package.split('/').next().unwrap_or_default();
        // Paths without a dot in their first word are reserved for the standard library.
        if !host.contains('.') {
            return Some(self.standard);
        }
        if self.is_told {
            return None;
        }
        // Built without modules: nothing says where one ends, but the well-known hosts have a rule.
        let module = guess(package.rsplit("/vendor/").next().unwrap_or(package));
        let shares = &mut *self.shares;
        let new = || shares.label(PartKind::Module, &module, "");
        Some(*self.by_path.entry(module.clone()).or_insert_with(new))
    }
}

/// The repository that a package is likely to be from.
fn guess(package: &str) -> String {
    let words = match package.split('/').next().unwrap_or_default() {
        "github.com" | "gitlab.com" | "bitbucket.org" | "golang.org" | "google.golang.org" => 3,
        _ => 2,
    };
    package.split('/').take(words).collect::<Vec<_>>().join("/")
}

/// The package of a symbol: what stands before the first dot behind the last slash. `None` where it has none.
fn package(symbol: &[u8]) -> Option<&[u8]> {
    let made = [&b"type:.eq."[..], b"type:.hash.", b"type..eq.", b"type..hash.", b"go:itab.", b"go.itab."];
    let symbol = made.iter().find_map(|prefix| symbol.strip_prefix(*prefix)).unwrap_or(symbol);
    if symbol.starts_with(b"type:") || symbol.starts_with(b"go:") || symbol.starts_with(b"go.") {
        return None;
    }
    let symbol = symbol.strip_prefix(b"*").unwrap_or(symbol);
    // Where generics or composed types begin, other packages' names do.
    let end = symbol
        .iter()
        .position(|byte| matches!(byte, b'[' | b'(' | b'{' | b',' | b' '))
        .unwrap_or(symbol.len());
    let name = symbol.get(..end)?;
    let slash = name.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
    match name.get(slash..)?.iter().position(|byte| *byte == b'.') {
        Some(dot) => name.get(..slash + dot),
        // The entry points that Go's runtime has for each system.
        None => name.starts_with(b"_rt0_").then_some(&b"runtime"[..]),
    }
}

/// Dots in the last word of a package's path are written `%2e`.
fn unescape(package: &[u8]) -> String {
    String::from_utf8_lossy(package).replace("%2e", ".").replace("%22", "\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_of_a_symbol() {
        let shown = |symbol: &str| package(symbol.as_bytes()).map(unescape);
        for (symbol, expected) in [
            ("main.main", "main"),
            ("k8s.io/client-go/rest.(*Request).Do", "k8s.io/client-go/rest"),
            ("gopkg.in/yaml%2ev3.Unmarshal", "gopkg.in/yaml.v3"),
            ("slices.SortFunc[go.shape.[]k8s.io/api/core/v1.Pod]", "slices"),
            ("type:.eq.github.com/a/b.T", "github.com/a/b"),
            ("go:itab.*os.File,io.Reader", "os"),
            ("vendor/golang.org/x/net/idna.init", "vendor/golang.org/x/net/idna"),
            ("_rt0_amd64_linux", "runtime"),
        ] {
            assert_eq!(shown(symbol).as_deref(), Some(expected), "{symbol}");
        }
        for symbol in ["type:*", "go:string.*", "x_cgo_init", ""] {
            assert_eq!(shown(symbol), None, "{symbol}");
        }
    }
}
