//! Platforms: normalised as containerd does, displayed as `os/arch[/variant]`, chosen by whole or partial names.
//! <https://github.com/containerd/platforms/blob/v0.2.1/database.go>

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What an image runs on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Platform {
    /// `linux`, `windows`, …
    #[serde(default)]
    pub os: String,
    /// `amd64`, `arm64`, … as Go names them.
    #[serde(default)]
    pub architecture: String,
    /// `v7` of `arm`, `v3` of `amd64`; empty where it is the architecture's default.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub variant: String,
    /// The version of Windows, where it matters.
    #[serde(default, rename = "os.version", skip_serializing_if = "String::is_empty")]
    pub os_version: String,
}

impl Platform {
    /// The normalised platform of an operating system, an architecture and a variant.
    pub fn new(os: &str, architecture: &str, variant: &str) -> Self {
        Self {
            os: os.to_owned(),
            architecture: architecture.to_owned(),
            variant: variant.to_owned(),
            os_version: String::new(),
        }
        .normalized()
    }

    /// The platform of the machine this runs on, as an image would name it.
    pub fn of_host() -> Self {
        let os = if std::env::consts::OS == "macos" { "linux" } else { std::env::consts::OS };
        Self::new(os, std::env::consts::ARCH, "")
    }

    /// One spelling for each platform: `x86_64` is `amd64`, `arm64/v8` is `arm64`, `arm` is `arm/v7`.
    #[must_use]
    pub fn normalized(mut self) -> Self {
        self.os = self.os.to_ascii_lowercase();
        let architecture = self.architecture.to_ascii_lowercase();
        let variant = self.variant.to_ascii_lowercase();
        let (architecture, variant) = match (architecture.as_str(), variant.as_str()) {
            ("x86_64" | "x86-64" | "amd64", "v1" | "") => ("amd64", ""),
            ("x86_64" | "x86-64" | "amd64", variant) => ("amd64", variant),
            ("i386" | "i686", _) => ("386", ""),
            ("aarch64" | "arm64", "8" | "v8" | "v8.0" | "") => ("arm64", ""),
            ("aarch64" | "arm64", variant) => ("arm64", variant),
            ("armhf", _) | ("arm", "" | "7") => ("arm", "v7"),
            ("armel", _) | ("arm", "6") => ("arm", "v6"),
            ("arm", "5") => ("arm", "v5"),
            ("arm", "8") => ("arm", "v8"),
            (architecture, variant) => (architecture, variant),
        };
        (self.architecture, self.variant) = (architecture.to_owned(), variant.to_owned());
        self
    }

    /// Whether this is the `unknown/unknown` that marks what no container runs on.
    pub fn is_unknown(&self) -> bool {
        self.os == "unknown" || self.architecture == "unknown"
    }

    /// The platforms whose images run here, best first: containerd's order of fallback.
    pub fn fallbacks(&self) -> Vec<Self> {
        let variants: &[&str] = match (self.architecture.as_str(), self.variant.as_str()) {
            ("amd64", "v4") => &["v4", "v3", "v2", ""],
            ("amd64", "v3") => &["v3", "v2", ""],
            ("amd64", "v2") => &["v2", ""],
            ("arm", "v8") => &["v8", "v7", "v6", "v5"],
            ("arm", "v7") => &["v7", "v6", "v5"],
            ("arm", "v6") => &["v6", "v5"],
            (_, own) => return self.with_variants(&[own]),
        };
        self.with_variants(variants)
    }

    fn with_variants(&self, variants: &[&str]) -> Vec<Self> {
        let mut platforms: Vec<_> =
            variants.iter().map(|variant| Self { variant: (*variant).to_owned(), ..self.clone() }).collect();
        match (self.architecture.as_str(), self.variant.as_str()) {
            // A 64-bit ARM runs 32-bit images, and any v8.x or v9 runs what v8 runs.
            ("arm64", variant) => {
                if !variant.is_empty() {
                    platforms.push(Self { variant: String::new(), ..self.clone() });
                }
                let arm = Self { architecture: "arm".into(), variant: "v8".into(), ..self.clone() };
                platforms.extend(arm.fallbacks());
            }
            ("amd64", _) => {
                platforms.push(Self { architecture: "386".into(), variant: String::new(), ..self.clone() });
            }
            _ => {}
        }
        platforms
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |text: &str| crate::path::Printable(text.as_bytes()).to_string();
        write!(f, "{}/{}", part(&self.os), part(&self.architecture))?;
        if !self.variant.is_empty() {
            write!(f, "/{}", part(&self.variant))?;
        }
        if !self.os_version.is_empty() {
            write!(f, ":{}", part(&self.os_version))?;
        }
        Ok(())
    }
}

/// What `--platform` asks for: `linux/arm64/v8`, or a part of it such as `arm64` or `linux`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    os: Option<String>,
    architecture: Option<String>,
    variant: Option<String>,
}

/// Names that stand for an operating system when they stand alone, as containerd reads them.
const OPERATING_SYSTEMS: [&str; 8] =
    ["linux", "windows", "darwin", "freebsd", "netbsd", "openbsd", "solaris", "wasi"];

impl Selector {
    /// Parses a whole or partial platform.
    pub fn parse(text: &str) -> Result<Self> {
        let parts: Vec<_> = text.split('/').collect();
        if parts.iter().any(|part| {
            part.is_empty() || !part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        }) {
            return Err(Error::usage(format!("`{}` is not a platform", text.escape_debug()))
                .hint("write os/arch[/variant], such as linux/arm64, or a part of it, such as arm64"));
        }
        let some = |text: &str| Some(text.to_ascii_lowercase());
        Ok(match parts.as_slice() {
            [os] if OPERATING_SYSTEMS.contains(&os.to_ascii_lowercase().as_str()) => {
                Self { os: some(os), architecture: None, variant: None }
            }
            [architecture] => Self::of(None, architecture, None),
            [os, architecture] if OPERATING_SYSTEMS.contains(&os.to_ascii_lowercase().as_str()) => {
                Self::of(some(os), architecture, None)
            }
            [architecture, variant] => Self::of(None, architecture, Some(variant)),
            [os, architecture, variant] => Self::of(some(os), architecture, Some(variant)),
            _ => {
                return Err(Error::usage(format!("`{text}` has too many parts for a platform"))
                    .hint("write os/arch[/variant], such as linux/arm/v7"));
            }
        })
    }

    /// What runs on this machine.
    pub fn of_host() -> Self {
        let Platform { os, architecture, variant, .. } = Platform::of_host();
        Self { os: Some(os), architecture: Some(architecture), variant: Some(variant) }
    }

    /// The platform, where a whole one is asked for.
    pub fn exact(&self) -> Option<Platform> {
        let variant = self.variant.as_deref().unwrap_or_default();
        Some(Platform::new(self.os.as_deref()?, self.architecture.as_deref()?, variant))
    }

    fn of(os: Option<String>, architecture: &str, variant: Option<&str>) -> Self {
        let normal = Platform::new("", architecture, variant.unwrap_or_default());
        // `arm` alone means any ARM of 32 bits; only a spelling that implies a variant asks for one.
        let implied = variant.is_some() || !matches!(architecture, "arm" | "arm64" | "aarch64" | "amd64");
        Self { os, architecture: Some(normal.architecture), variant: implied.then_some(normal.variant) }
    }

    /// The exactly matching ones among `platforms`; where there is none, the best that containerd would fall back to.
    /// Returns positions in the order of `platforms`.
    pub fn choose(&self, platforms: &[Platform]) -> Vec<usize> {
        let exact: Vec<_> =
            (0..platforms.len()).filter(|position| self.matches(&platforms[*position])).collect();
        if !exact.is_empty() {
            return exact;
        }
        let (Some(os), Some(architecture)) =
            (self.os.as_deref().or(Some("linux")), self.architecture.as_deref())
        else {
            return Vec::new();
        };
        Platform::new(os, architecture, self.variant.as_deref().unwrap_or_default())
            .fallbacks()
            .iter()
            .find_map(|wanted| platforms.iter().position(|platform| platform == wanted))
            .into_iter()
            .collect()
    }

    fn matches(&self, platform: &Platform) -> bool {
        self.os.as_ref().is_none_or(|os| *os == platform.os)
            && self.architecture.as_ref().is_none_or(|architecture| *architecture == platform.architecture)
            && self.variant.as_ref().is_none_or(|variant| *variant == platform.variant)
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [&self.os, &self.architecture, &self.variant];
        let named: Vec<_> = parts.into_iter().flatten().filter(|part| !part.is_empty()).cloned().collect();
        f.write_str(&named.join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platforms(names: &[&str]) -> Vec<Platform> {
        names
            .iter()
            .map(|name| {
                let parts: Vec<_> = name.split('/').collect();
                Platform::new(parts[0], parts[1], parts.get(2).unwrap_or(&""))
            })
            .collect()
    }

    fn chosen(selector: &str, names: &[&str]) -> Vec<String> {
        let platforms = platforms(names);
        let chosen = Selector::parse(selector).unwrap().choose(&platforms);
        chosen.into_iter().map(|position| platforms[position].to_string()).collect()
    }

    #[test]
    fn one_spelling_each() {
        let spellings =
            [("x86_64", "", "linux/amd64"), ("aarch64", "v8", "linux/arm64"), ("arm", "", "linux/arm/v7")];
        for (architecture, variant, expected) in spellings {
            assert_eq!(Platform::new("Linux", architecture, variant).to_string(), expected);
        }
    }

    #[test]
    fn an_exact_platform_wins_over_every_fallback() {
        assert_eq!(chosen("linux/arm/v7", &["linux/arm/v6", "linux/arm/v7"]), ["linux/arm/v7"]);
        assert_eq!(chosen("linux/arm64/v8", &["linux/amd64", "linux/arm64"]), ["linux/arm64"]);
    }

    #[test]
    fn fallback_follows_containerd() {
        assert_eq!(chosen("linux/arm/v7", &["linux/arm/v5", "linux/arm/v6"]), ["linux/arm/v6"]);
        assert_eq!(chosen("linux/amd64/v3", &["linux/amd64", "linux/amd64/v2"]), ["linux/amd64/v2"]);
        assert_eq!(chosen("linux/amd64/v3", &["linux/arm64"]), [""; 0]);
    }

    #[test]
    fn a_part_chooses_all_that_fit() {
        let names = ["linux/amd64", "linux/arm64", "linux/arm/v7", "windows/amd64"];
        assert_eq!(chosen("linux", &names), ["linux/amd64", "linux/arm64", "linux/arm/v7"]);
        assert_eq!(chosen("amd64", &names), ["linux/amd64", "windows/amd64"]);
        assert_eq!(chosen("arm", &names), ["linux/arm/v7"]);
    }

    #[test]
    fn what_is_no_platform_is_refused() {
        for bad in ["", "linux/", "a/b/c/d", "linux/arm64\x1b"] {
            assert!(Selector::parse(bad).is_err(), "{bad:?}");
        }
    }
}
