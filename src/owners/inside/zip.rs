//! Java archives: how the bytes of a zip divide among what is in it. Format: PKWARE's APPNOTE.TXT.
//!
//! Each member is its local header, its data as stored and its data descriptor, which is what lies between it and the next; the
//! list of members at the end is the format's. Archives inside, as Spring Boot packs them, are named and have their stored
//! share; what is in them is not divided again.

use std::io::Read;
use std::ops::Range;

use super::shares::Shares;
use crate::layer::{Content, Inside, InsideKind, PartKind};

/// The end record with the longest comment.
const END: u64 = 22 + 65_535;
/// The longest list of members that is read: a jar of a hundred thousand classes has 10 MB.
const LONGEST_LIST: u64 = 64 << 20;
/// The longest member that is inflated: manifests and `pom.properties`.
const LONGEST_TEXT: u64 = 1 << 20;
/// How many archives inside an archive are opened to learn their names.
const MOST_NESTED: usize = 4096;

/// What starts an archive of Spring Boot is not in an archive of its own but unpacked beside the application: its directory, and
/// its name. <https://docs.spring.io/spring-boot/specification/executable-jar/nested-jars.html>
const LOADER: (&str, &str) =
    ("org/springframework/boot/loader/", "org.springframework.boot:spring-boot-loader");

/// A member of an archive.
pub(super) struct Member {
    /// Its path in the archive.
    pub name: String,
    /// Where its local header starts.
    start: u64,
    stored: u64,
    method: u16,
}

/// An artifact.
#[derive(Default)]
struct Artifact {
    name: String,
    version: String,
}

/// Whether the name of a file is that of a Java archive.
pub fn is_java(name: &[u8]) -> bool {
    [&b".jar"[..], b".war", b".ear", b".sar", b".hpi", b".jpi", b".kar"].iter().any(|end| name.ends_with(end))
}

/// Looks inside an archive; `None` where it is no zip, or none with Java in it.
pub fn read(path: &[u8], content: &dyn Content) -> Option<Inside> {
    let (members, list) = members(content)?;
    let file =
        String::from_utf8_lossy(path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()).into_owned();
    let artifact = identify(&file, content, &members);
    let mut shares = Shares::new(content.size());
    let own = |shares: &mut Shares, what: &str| shares.label(PartKind::Section, what, "");
    let (classes, about, other) =
        (own(&mut shares, "classes"), own(&mut shares, "META-INF"), own(&mut shares, "resources"));
    let mut level = Vec::with_capacity(members.len());
    let mut built_in = Vec::new();
    if members.iter().any(|member| member.name.starts_with(LOADER.0)) {
        built_in.push((LOADER.1.to_owned(), stated(content, &members, "Spring-Boot-Version: ")));
    }
    let loader = built_in.first().map(|(name, version)| shares.label(PartKind::Module, name, version));
    for (member, range) in members.iter().zip(ranges(&members, list.0)) {
        let label = if is_java(member.name.as_bytes()) && built_in.len() < MOST_NESTED {
            let nested = nested(content, member);
            let label = shares.label(PartKind::Module, &nested.name, &nested.version);
            built_in.push((nested.name, nested.version));
            label
        } else if let Some(loader) = loader.filter(|_| member.name.starts_with(LOADER.0)) {
            loader
        } else if member.name.ends_with(".class") {
            classes
        } else if member.name.starts_with("META-INF/") {
            about
        } else {
            other
        };
        level.push((range, label));
    }
    built_in.sort();
    shares.claim(level);
    let directory = shares.label(PartKind::Format, "zip directory", "");
    shares.claim(vec![(list.0..content.size(), directory)]);
    Some(Inside {
        kind: InsideKind::Jar,
        name: artifact.name,
        version: artifact.version,
        parts: shares.into_parts("padding"),
        built_in,
        ..Inside::default()
    })
}

/// The bytes of each member: from its header to the next member's, or to the list of members at `end`.
pub(super) fn ranges(members: &[Member], end: u64) -> Vec<Range<u64>> {
    let mut starts: Vec<_> = members.iter().map(|member| member.start).collect();
    starts.push(end);
    starts.sort_unstable();
    let next = |member: &Member| starts.get(starts.partition_point(|start| *start <= member.start)).copied();
    members.iter().map(|member| member.start..next(member).unwrap_or(end)).collect()
}

/// The members, and where the list of them lies.
pub(super) fn members(content: &dyn Content) -> Option<(Vec<Member>, (u64, u64))> {
    let size = content.size();
    let length = size.min(END);
    let tail = content.bytes(size - length, length)?;
    let at = tail.windows(4).rposition(|window| window == b"PK\x05\x06")?;
    let end = tail.get(at..)?;
    let (mut length, mut start) = (u64::from(word(end, 12)?), u64::from(word(end, 16)?));
    let end_at = size - tail.len() as u64 + at as u64;
    if start == u64::from(u32::MAX) || length == u64::from(u32::MAX) {
        // Zip64: a locator of 20 bytes before the end says where the longer record is.
        let locator = content.bytes(end_at.checked_sub(20)?, 20)?;
        let record = content.bytes(long(&locator, 8)?, 56)?;
        (length, start) = (long(&record, 40)?, long(&record, 48)?);
    }
    (length <= LONGEST_LIST).then_some(())?;
    // A script before the archive, as some start themselves with, moves all that the list says.
    let moved = end_at.checked_sub(length)?.saturating_sub(start);
    let moved = if content.bytes(start, 4).is_some_and(|head| *head == *b"PK\x01\x02") { 0 } else { moved };
    let list = content.bytes(start.checked_add(moved)?, length)?;
    let mut members = Vec::new();
    let mut rest: &[u8] = &list;
    while rest.starts_with(b"PK\x01\x02") {
        let lengths = [half(rest, 28)?, half(rest, 30)?, half(rest, 32)?].map(usize::from);
        let name = rest.get(46..46 + lengths[0])?;
        let extra = rest.get(46 + lengths[0]..46 + lengths[0] + lengths[1])?;
        let (mut stored, mut at) = (u64::from(word(rest, 20)?), u64::from(word(rest, 42)?));
        if stored == u64::from(u32::MAX) || at == u64::from(u32::MAX) {
            (stored, at) = zip64(extra, u64::from(word(rest, 24)?), stored, at);
        }
        members.push(Member {
            name: String::from_utf8_lossy(name).into_owned(),
            start: at.saturating_add(moved),
            stored,
            method: half(rest, 10)?,
        });
        rest = rest.get(46 + lengths.iter().sum::<usize>()..)?;
    }
    (!members.is_empty()).then_some((members, (start + moved, length)))
}

/// The sizes that do not fit, in their order: the size unpacked, the size stored, the place.
fn zip64(mut extra: &[u8], unpacked: u64, stored: u64, at: u64) -> (u64, u64) {
    while let (Some(kind), Some(length)) = (half(extra, 0), half(extra, 2)) {
        let Some((field, rest)) = extra.get(4..).and_then(|rest| rest.split_at_checked(usize::from(length)))
        else {
            break;
        };
        if kind == 1 {
            let mut values = field.chunks_exact(8).filter_map(|value| long(value, 0));
            let mut take = |value: u64| {
                if value == u64::from(u32::MAX) { values.next().unwrap_or(value) } else { value }
            };
            let _ = take(unpacked);
            return (take(stored), take(at));
        }
        extra = rest;
    }
    (stored, at)
}

/// What an archive is: by the `pom.properties` that agrees with the file's name, for shading packs those of others too; else by
/// its name alone, with the manifest's version where the name has none.
fn identify(file: &str, content: &dyn Content, members: &[Member]) -> Artifact {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let stem = stem.rsplit('/').next().unwrap_or(stem);
    let agrees = |member: &&Member| {
        let artifact = member.name.strip_suffix("/pom.properties").and_then(|path| path.rsplit('/').next());
        member.name.starts_with("META-INF/maven/")
            && artifact.is_some_and(|artifact| {
                stem.strip_prefix(artifact).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
            })
    };
    // Of `spring` and `spring-core`, the longer name says more.
    let pom = members.iter().filter(agrees).max_by_key(|member| member.name.len());
    if let Some(text) = pom.and_then(|member| text(content, member)) {
        let value = |key: &str| {
            text.lines().find_map(|line| line.strip_prefix(key)).map(|value| value.trim().to_owned())
        };
        if let (Some(group), Some(name), Some(version)) =
            (value("groupId="), value("artifactId="), value("version="))
        {
            return Artifact { name: format!("{group}:{name}"), version };
        }
    }
    let mut artifact = named(stem);
    if artifact.version.is_empty() {
        artifact.version = stated(content, members, "Implementation-Version: ");
    }
    artifact
}

/// What the manifest says of something; nothing where it does not.
fn stated(content: &dyn Content, members: &[Member], key: &str) -> String {
    let manifest = members.iter().find(|member| member.name == "META-INF/MANIFEST.MF");
    let text = manifest.and_then(|manifest| text(content, manifest)).unwrap_or_default();
    text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default().trim().to_owned()
}

/// `slf4j-api-2.0.16` is the version 2.0.16 of slf4j-api.
fn named(stem: &str) -> Artifact {
    let version =
        stem.match_indices('-').find(|(at, _)| stem.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit));
    let (name, version) = version.map_or((stem, ""), |(at, _)| (&stem[..at], &stem[at + 1..]));
    Artifact { name: name.to_owned(), version: version.to_owned() }
}

/// What an archive inside an archive is; only one that is stored as it is can be looked into.
fn nested(content: &dyn Content, member: &Member) -> Artifact {
    let stem = member.name.rsplit('/').next().unwrap_or_default();
    let by_name = || named(stem.rsplit_once('.').map_or(stem, |(stem, _)| stem));
    if member.method != 0 {
        return by_name();
    }
    let inner = data(content, member).map(|start| Part { content, start, size: member.stored });
    let found = inner.and_then(|inner| Some(identify(stem, &inner, &members(&inner)?.0)));
    found.unwrap_or_else(by_name)
}

/// A range of a content.
struct Part<'a> {
    content: &'a dyn Content,
    start: u64,
    size: u64,
}

impl Content for Part<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn bytes(&self, offset: u64, length: u64) -> Option<std::borrow::Cow<'_, [u8]>> {
        let is_inside = offset.checked_add(length)? <= self.size;
        is_inside.then(|| self.content.bytes(self.start.checked_add(offset)?, length))?
    }
}

/// Where the data of a member starts: the local header repeats the name, and has fields of its own.
fn data(content: &dyn Content, member: &Member) -> Option<u64> {
    let header = content.bytes(member.start, 30)?;
    header.starts_with(b"PK\x03\x04").then_some(())?;
    let lengths = u64::from(half(&header, 26)?) + u64::from(half(&header, 28)?);
    member.start.checked_add(30 + lengths)
}

/// The text of a short member.
pub(super) fn text(content: &dyn Content, member: &Member) -> Option<String> {
    (member.stored <= LONGEST_TEXT).then_some(())?;
    let bytes = content.bytes(data(content, member)?, member.stored)?;
    let mut text = Vec::new();
    match member.method {
        0 => text.extend_from_slice(&bytes),
        8 => drop(flate2::read::DeflateDecoder::new(&*bytes).take(LONGEST_TEXT).read_to_end(&mut text).ok()?),
        _ => return None,
    }
    Some(String::from_utf8_lossy(&text).into_owned())
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_where_its_version_starts() {
        let shown = |stem: &str| {
            let artifact = named(stem);
            format!("{} {}", artifact.name, artifact.version)
        };
        assert_eq!(shown("slf4j-api-2.0.16"), "slf4j-api 2.0.16");
        assert_eq!(shown("guice"), "guice ");
        assert_eq!(shown("guava-33.0-jre"), "guava 33.0-jre");
    }

    #[test]
    fn what_is_no_zip_or_cut_off_is_none() {
        assert!(read(b"a.jar", &&b""[..]).is_none());
        assert!(read(b"a.jar", &&b"PK\x05\x06"[..]).is_none());
        let mut end = b"PK\x05\x06".to_vec();
        end.resize(22, 0xff);
        assert!(read(b"a.jar", &end.as_slice()).is_none());
    }
}
