//! The interpreter that the image runs: its version, and what markers mean for it.

use pep508_rs::{MarkerEnvironment, MarkerEnvironmentBuilder};

use crate::image::Platform;

/// What markers are evaluated for.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Major and minor version of the interpreter; `None` where no library directory says so.
    pub version: Option<(u16, u16)>,
    markers: Option<MarkerEnvironment>,
}

impl Environment {
    /// The environment of a version of `CPython` on a platform.
    pub fn new(version: Option<(u16, u16)>, platform: &Platform) -> Self {
        let (major, minor) = version.unwrap_or((3, 12));
        let short = format!("{major}.{minor}");
        let full = format!("{short}.0");
        let machine = match platform.architecture.as_str() {
            "amd64" => "x86_64",
            "arm64" => "aarch64",
            "386" => "i686",
            "arm" => "armv7l",
            other => other,
        };
        let markers = MarkerEnvironment::try_from(MarkerEnvironmentBuilder {
            implementation_name: "cpython",
            implementation_version: &full,
            os_name: "posix",
            platform_machine: machine,
            platform_python_implementation: "CPython",
            platform_release: "6.1",
            platform_system: "Linux",
            platform_version: "",
            python_full_version: &full,
            python_version: &short,
            sys_platform: "linux",
        });
        Self { version, markers: markers.ok() }
    }

    /// Whether a requirement applies here, given the extras that are asked for.
    pub fn applies(&self, requirement: &super::distribution::Requirement, extras: &[String]) -> bool {
        let Some(markers) = &self.markers else { return true };
        let extras: Vec<_> =
            extras.iter().filter_map(|extra| pep508_rs::ExtraName::new(extra.clone()).ok()).collect();
        requirement.parsed.evaluate_markers(markers, &extras)
    }
}
