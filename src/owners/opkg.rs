//! opkg, of OpenWrt and Yocto: dpkg's files in another place. `info/NAME.control` names a package, `info/NAME.list` its files.
//! <https://git.yoctoproject.org/opkg/about/>

use super::{Claim, Ecosystem, Package, Rank};
use crate::error::Warning;
use crate::layer::Capture;
use crate::ledger::{ChainView, Entry};

/// opkg's database, wherever distributions keep it.
pub struct Opkg;

const DATABASES: [&[u8]; 3] = [b"usr/lib/opkg/info/", b"var/lib/opkg/info/", b"lib/opkg/info/"];
const LONGEST: u64 = 16 << 20;

impl Ecosystem for Opkg {
    fn name(&self) -> &'static str {
        "opkg"
    }

    fn wants(&self, path: &[u8], _size: u64) -> Capture {
        let is_info = DATABASES.iter().any(|database| path.starts_with(database));
        let is_wanted = path.ends_with(b".control") || path.ends_with(b".list");
        if is_info && is_wanted { Capture::Whole(LONGEST) } else { Capture::Nothing }
    }

    fn packages(&self, view: &ChainView<'_>) -> (Vec<Package>, Vec<Warning>) {
        let tree = &view.ledger.tree;
        let (mut packages, mut warnings) = (Vec::new(), Vec::new());
        for (path, _, content) in view.captured() {
            let Some(stem) = tree.name(path).strip_suffix(b".control") else { continue };
            if self.wants(&tree.bytes(path), 0) == Capture::Nothing {
                continue;
            }
            let text = String::from_utf8_lossy(content);
            let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            let (Some(name), Some(version)) = (field("Package:"), field("Version:")) else {
                let message = format!("{} does not say name and version", tree.path(path));
                warnings.push(Warning::new("opkg", message));
                continue;
            };
            let mut package = Package::new("opkg", name, version, Rank::System);
            package.evidence = Some(path);
            let info = tree.parent(path);
            let list = tree.child(info, &[stem, b".list"].concat()).and_then(|list| view.content(list));
            // Behind a tab may stand a mode.
            let files = list.unwrap_or_default().split(|byte| *byte == b'\n');
            let files = files.filter_map(|line| line.split(|byte| *byte == b'\t').next());
            let files = files.filter(|file| !file.is_empty()).filter_map(|file| view.locate(file));
            let files = files.filter(|file| !view.entry(*file).is_some_and(Entry::is_directory));
            package.claims.extend(files.map(Claim::listed));
            packages.push(package);
        }
        (packages, warnings)
    }
}

#[cfg(test)]
mod tests {
    use crate::owners::testing::File::{Bytes, Text};
    use crate::owners::testing::claimed;

    #[test]
    fn lists_own_their_files_and_a_control_file_without_a_name_is_warned_of() {
        let image = claimed(&[&[
            Text(
                "usr/lib/opkg/info/dnsmasq.control",
                "Package: dnsmasq\nVersion: 2.90-3\nArchitecture: x86_64\n",
            ),
            Text("usr/lib/opkg/info/dnsmasq.list", "/usr/sbin/dnsmasq\n/etc/dnsmasq.conf\t0644\n/missing\n"),
            Text("usr/lib/opkg/info/bad.control", "Pack"),
            Bytes("usr/sbin/dnsmasq", 9),
            Bytes("etc/dnsmasq.conf", 9),
        ]]);
        assert_eq!(image.packages(), ["opkg:dnsmasq 2.90-3"]);
        assert_eq!(image.owners("usr/sbin/dnsmasq"), "opkg:dnsmasq");
        assert_eq!(image.owners("etc/dnsmasq.conf"), "opkg:dnsmasq");
        assert_eq!(image.warnings(), ["opkg: /usr/lib/opkg/info/bad.control does not say name and version"]);
    }
}
