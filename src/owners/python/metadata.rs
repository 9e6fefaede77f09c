//! The few facts that are needed of `METADATA` and `PKG-INFO`, <https://packaging.python.org/en/latest/specifications/core-metadata/>.

use serde::Deserialize;

/// `Name` and `Version` of the headers, which end at the first empty line.
pub(super) fn name_and_version(content: &[u8]) -> Option<(String, String)> {
    let (mut name, mut version) = (None, None);
    for line in content.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end) {
        if line.is_empty() {
            break;
        }
        let value_of = |field: &[u8]| {
            let value = line.get(field.len()..)?;
            let is_field = line.get(..field.len())?.eq_ignore_ascii_case(field);
            is_field.then(|| String::from_utf8_lossy(value.trim_ascii()).into_owned())
        };
        name = name.or_else(|| value_of(b"name:"));
        version = version.or_else(|| value_of(b"version:"));
        if name.is_some() && version.is_some() {
            break;
        }
    }
    name.filter(|name| is_name(name)).map(|name| (name, version.unwrap_or_default()))
}

/// Name and version of `NAME-VERSION.dist-info`, or of `NAME-VERSION-py3.11.egg-info`. A name that pip renamed to get it
/// out of the way (`~umpy`) is none.
pub(super) fn from_directory(directory: &[u8]) -> Option<(String, String)> {
    let directory = std::str::from_utf8(directory).ok()?;
    let stem = directory.strip_suffix(".dist-info").or_else(|| directory.strip_suffix(".egg-info"))?;
    let mut parts = stem.split('-');
    let name = parts.next().filter(|name| is_name(name))?;
    Some((name.to_owned(), parts.next().unwrap_or_default().to_owned()))
}

/// A name as all tools compare it: lower case, runs of `-`, `_` and `.` as one `-`.
/// <https://packaging.python.org/en/latest/specifications/name-normalization/>
pub(super) fn normalise(name: &str) -> String {
    let parts: Vec<_> = name.split(['-', '_', '.']).filter(|part| !part.is_empty()).collect();
    parts.join("-").to_ascii_lowercase()
}

/// Whether `direct_url.json` says that the distribution is a pointer to a source tree.
/// <https://packaging.python.org/en/latest/specifications/direct-url-data-structure/>
pub(super) fn is_editable(content: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct DirectUrl {
        dir_info: Option<DirInfo>,
    }
    #[derive(Deserialize)]
    struct DirInfo {
        #[serde(default)]
        editable: bool,
    }
    let url: Result<DirectUrl, _> = serde_json::from_slice(content);
    url.is_ok_and(|url| url.dir_info.is_some_and(|info| info.editable))
}

/// The modules of `top_level.txt`, one a line.
pub(super) fn top_levels(content: Option<&[u8]>) -> Vec<Vec<u8>> {
    let lines = content.unwrap_or_default().split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines
        .filter(|line| !line.is_empty() && !line.contains(&b'/') && *line != b"..")
        .map(<[u8]>::to_vec)
        .collect()
}

fn is_name(name: &str) -> bool {
    let first = name.bytes().next();
    first.is_some_and(|byte| byte.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}
