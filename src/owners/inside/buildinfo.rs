//! What Go's linker writes into a binary about how it was made. Format: `debug/buildinfo` of Go's standard library.

use super::elf::Elf;

/// What stands at the front of it.
const MAGIC: &[u8] = b"\xff Go buildinf:";
/// The longest text that is believed; Kubernetes' has 30 kB.
const LONGEST: u64 = 4 << 20;

/// A module.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Module {
    /// Its path, which packages are imported by.
    pub path: String,
    /// Its version, of the module that replaces it where one does.
    pub version: String,
}

/// What the binary says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildInfo {
    /// `go1.26.8`
    pub toolchain: String,
    /// The path of the main package.
    pub path: String,
    /// The main module, where it was built in one.
    pub main: Option<Module>,
    /// The modules that it was built of.
    pub modules: Vec<Module>,
    /// Key and value of `-ldflags` and the like.
    pub settings: Vec<(String, String)>,
}

impl BuildInfo {
    /// Reads it out of `.go.buildinfo`; `None` where there is none.
    pub fn read(elf: &Elf<'_>) -> Option<Self> {
        let section = elf.named(".go.buildinfo")?;
        let data = elf.data(section)?;
        if !data.starts_with(MAGIC) {
            return None;
        }
        let flags = *data.get(15)?;
        let (toolchain, text) = if flags & 2 != 0 {
            // Since Go 1.18: two texts, each after its length.
            let (toolchain, rest) = counted(data.get(32..)?)?;
            (toolchain.to_vec(), counted(rest)?.0.to_vec())
        } else {
            // Before: pointers to Go's strings.
            let width = usize::from(*data.get(14)?).clamp(4, 8);
            let string = |at: usize| pointed(elf, elf.address(&data, at)?);
            (string(16)?, string(16 + width).unwrap_or_default())
        };
        Some(Self::parse(&String::from_utf8_lossy(&toolchain), &text))
    }

    /// What is known of a program that Go linked before it wrote any of this, up to Go 1.12: its toolchain, where there are symbols.
    pub fn of_old(elf: &Elf<'_>) -> Self {
        let mut address = None;
        let _ = elf.symbols(|symbol| {
            if symbol.name == b"runtime.buildVersion" {
                address = Some(symbol.address);
            }
        });
        let toolchain = address.and_then(|address| pointed(elf, address)).unwrap_or_default();
        Self { toolchain: String::from_utf8_lossy(&toolchain).into_owned(), ..Self::default() }
    }

    /// The text stands between two marks of 16 bytes, for whoever looks for it in memory.
    fn parse(toolchain: &str, text: &[u8]) -> Self {
        let text = text.get(16..text.len().saturating_sub(16)).unwrap_or_default();
        let mut info = Self { toolchain: toolchain.to_owned(), ..Self::default() };
        let mut is_main = false;
        for line in String::from_utf8_lossy(text).lines() {
            let mut words = line.split('\t');
            let (key, first) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let second = words.next().unwrap_or_default();
            let module = || Module { path: first.to_owned(), version: second.to_owned() };
            match key {
                "path" => first.clone_into(&mut info.path),
                "mod" => (info.main, is_main) = (Some(module()), true),
                "dep" => (is_main, ()) = (false, info.modules.push(module())),
                // Packages are imported by the path that is replaced, but this is what is in the binary.
                "=>" => {
                    let replaced = if is_main { info.main.as_mut() } else { info.modules.last_mut() };
                    if let Some(replaced) = replaced {
                        replaced.version = format!("{first} {second}").trim().to_owned();
                    }
                }
                "build" => {
                    let (key, value) = first.split_once('=').unwrap_or((first, ""));
                    info.settings.push((key.to_owned(), value.trim_matches('"').to_owned()));
                }
                _ => {}
            }
        }
        info
    }
}

/// A text after its length as a varint, and what follows.
fn counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (mut length, mut shift) = (0_u64, 0);
    for (at, byte) in bytes.iter().enumerate().take(9) {
        length |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return bytes.get(at + 1..)?.split_at_checked(usize::try_from(length).ok()?);
        }
    }
    None
}

/// A Go string at an address: where its bytes are, and how many.
fn pointed(elf: &Elf<'_>, address: u64) -> Option<Vec<u8>> {
    let width = elf.width();
    let at = elf.offset(address)?;
    let header = elf.table(at..at.checked_add(2 * width as u64)?)?;
    let (start, length) = (elf.address(&header, 0)?, elf.address(&header, width)?);
    let start = elf.offset(start)?;
    (length <= LONGEST).then_some(())?;
    Some(elf.table(start..start.checked_add(length)?)?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaced_modules_keep_their_path_and_say_what_they_are() {
        let mark = "x".repeat(16);
        let text = format!(
            "{mark}path\ta.example/cmd\nmod\ta.example\t(devel)\t\ndep\tk8s.io/api\tv0.30.0\th1:x=\n\
             dep\tk8s.io/client-go\tv0.30.0\n=>\tgithub.com/fork/client-go\tv1.2.3\th1:y=\n\
             dep\tlocal\tv0.0.0\n=>\t./local\t\nbuild\t-ldflags=\"-s -w\"\nbuild\tCGO_ENABLED=0\n{mark}"
        );
        let info = BuildInfo::parse("go1.26", text.as_bytes());
        assert_eq!(info.main.unwrap().path, "a.example");
        let modules: Vec<_> =
            info.modules.iter().map(|module| format!("{} {}", module.path, module.version)).collect();
        assert_eq!(
            modules,
            ["k8s.io/api v0.30.0", "k8s.io/client-go github.com/fork/client-go v1.2.3", "local ./local"]
        );
        assert_eq!(info.settings[0], ("-ldflags".to_owned(), "-s -w".to_owned()));
    }

    #[test]
    fn a_length_that_lies_is_none() {
        assert_eq!(counted(b"\x02abc"), Some((&b"ab"[..], &b"c"[..])));
        assert_eq!(counted(b"\x7fabc"), None);
        assert_eq!(counted(&[0xff; 20]), None);
    }
}
