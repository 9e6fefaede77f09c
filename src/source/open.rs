//! From a reference to a source, judged by what is there and not by its name.

#![expect(clippy::disallowed_types, reason = "a source opens what the user names on the host")]

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use super::daemon::{self, Engine};
use super::directory::Directory;
use super::docker::{DockerArchive, MANIFEST};
use super::layout::{self, INDEX, Layout};
use super::members::Members;
use super::{Access, Passerby, Region, Root, Source, find, registry, rootfs};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::path::Printable;
use crate::reference::{Reference, Scheme};

/// Opens what the reference names. Layers of a stream are shown to `passerby` on the way.
pub fn open(reference: &Reference, access: &Access, passerby: &mut dyn Passerby) -> Result<Box<dyn Source>> {
    open_any(reference, access, passerby)
        .map_err(|error| error.within(format_args!("cannot read {reference}")))
}

fn open_any(reference: &Reference, access: &Access, passerby: &mut dyn Passerby) -> Result<Box<dyn Source>> {
    let place = &reference.place;
    match reference.scheme {
        Scheme::Stdin => of_members(stream(io::stdin().lock(), passerby, &access.limits)?, reference.scheme),
        Scheme::Docker => daemon::open(Engine::Docker, place, access, passerby),
        Scheme::Podman => daemon::open(Engine::Podman, place, access, passerby),
        Scheme::Registry => registry::open(place, access),
        Scheme::RootFs => rootfs::open(place),
        Scheme::Any => find::open(place, access, passerby),
        Scheme::DockerArchive | Scheme::OciArchive | Scheme::OciDir => {
            let (path, tag) = split_tag(place).ok_or_else(|| no_file(place))?;
            file(path, tag, reference.scheme, passerby, &access.limits)
        }
    }
}

/// Opens a file or directory, and chooses the image of that name in it.
pub(super) fn file(
    path: &str,
    tag: Option<&str>,
    scheme: Scheme,
    passerby: &mut dyn Passerby,
    limits: &Limits,
) -> Result<Box<dyn Source>> {
    let metadata = std::fs::metadata(path).map_err(|error| cannot_open(&error))?;
    let source = if metadata.is_dir() {
        if matches!(scheme, Scheme::DockerArchive | Scheme::OciArchive) {
            return Err(
                Error::usage("it is a directory and no archive").hint("write oci-dir: for an OCI layout")
            );
        }
        directory(path, limits)?
    } else {
        if scheme == Scheme::OciDir {
            return Err(Error::usage("it is a file and no directory")
                .hint("write oci-archive: for a layout in a tar"));
        }
        let file = File::open(path).map_err(|error| cannot_open(&error))?;
        of_members(archive(file, &metadata, passerby, limits)?, scheme)?
    };
    match tag {
        Some(tag) => Ok(Box::new(Chosen { root: vec![choose(source.roots(), tag)?], source })),
        None => Ok(source),
    }
}

fn directory(path: &str, limits: &Limits) -> Result<Box<dyn Source>> {
    let layout = Layout::new(Directory::new(path, limits), "oci-dir", true);
    match layout {
        Ok(layout) => Ok(Box::new(layout)),
        Err(error) if !Path::new(path).join(INDEX).exists() => {
            Err(error.hint("name the directory that holds oci-layout, index.json and blobs, or write rootfs: for an unpacked file system"))
        }
        Err(error) => Err(error),
    }
}

/// `file.tar:app:1.0` is the image `app:1.0` of `file.tar`, unless a file has that name. `None` where no file does.
pub(super) fn split_tag(place: &str) -> Option<(&str, Option<&str>)> {
    if Path::new(place).exists() {
        return Some((place, None));
    }
    place.match_indices(':').find_map(|(colon, _)| {
        let (path, tag) = (&place[..colon], &place[colon + 1..]);
        (!tag.is_empty() && Path::new(path).exists()).then_some((path, Some(tag)))
    })
}

/// That no file or directory has this name.
pub(super) fn no_file(place: &str) -> Error {
    let shown = Printable(place.as_bytes());
    Error::input(format!("there is no file or directory {shown}"))
        .hint("give an archive, an OCI layout, or - for standard input")
}

fn cannot_open(error: &io::Error) -> Error {
    Error::input(format!("it cannot be opened: {error}"))
}

/// An archive in a file: indexed in place where it is not compressed, read as a stream where it is.
fn archive(
    file: File,
    metadata: &std::fs::Metadata,
    passerby: &mut dyn Passerby,
    limits: &Limits,
) -> Result<Members> {
    let region = Region::new(Arc::new(file), 0, metadata.len());
    let mut head = [0; 6];
    let read = if metadata.is_file() { region.read_at(&mut head, 0)? } else { 0 };
    if metadata.is_file() && read == 0 {
        return Err(Error::input("the file is empty").hint("save the image again"));
    }
    match head {
        _ if !metadata.is_file() => Err(Error::input("it is neither a file nor a directory")
            .hint("pipe it in and write - for standard input")),
        [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] => stream(region.reader(), passerby, limits),
        [b'B', b'Z', b'h', ..] | [0xfd, b'7', b'z', b'X', b'Z', 0] => {
            Err(Error::input("it is compressed by bzip2 or xz").hint("uncompress it, or use gzip or zstd"))
        }
        _ => Members::of_region(&region, limits),
    }
}

/// An archive that goes by once, plain or compressed.
pub(super) fn stream(stream: impl Read, passerby: &mut dyn Passerby, limits: &Limits) -> Result<Members> {
    let mut stream = BufReader::with_capacity(128 * 1024, stream);
    let head = io::BufRead::fill_buf(&mut stream)?;
    if head.is_empty() {
        return Err(Error::input("there is nothing to read").hint("pipe in what docker save writes"));
    }
    let packed = |read| -> Result<()> {
        limits.stored_around(read);
        Ok(())
    };
    let unpacked = |read| limits.unpacked(read);
    match *head {
        [0x1f, 0x8b, ..] => {
            let packed = BufReader::new(Told { stream, tell: packed });
            let stream = flate2::bufread::MultiGzDecoder::new(packed);
            Members::of_stream(Told { stream, tell: unpacked }, passerby, limits)
        }
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            let stream = zstd::Decoder::new(Told { stream, tell: packed })?;
            Members::of_stream(Told { stream, tell: unpacked }, passerby, limits)
        }
        _ => Members::of_stream(stream, passerby, limits),
    }
}

/// A stream that tells how much of it was read.
struct Told<R, F> {
    stream: R,
    tell: F,
}

impl<R: Read, F: FnMut(u64) -> Result<()>> Read for Told<R, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(buffer)?;
        (self.tell)(read as u64)?;
        Ok(read)
    }
}

/// The source that an archive's members make. Where an archive holds both layouts, as Docker 25 and later write, the
/// one that says more is taken, unless what it names is absent, or it names nothing: `docker save` by digest does that.
pub(super) fn of_members(members: Members, scheme: Scheme) -> Result<Box<dyn Source>> {
    let has_manifest = members.has(MANIFEST);
    let has_index = members.has(INDEX) && !(has_manifest && layout::lists_nothing(&members));
    if scheme == Scheme::OciArchive || (has_index && scheme != Scheme::DockerArchive) {
        // Docker's classic store unpacks every layer, and saves it unpacked whatever it was in the registry.
        let kind = if has_manifest { "docker-archive" } else { "oci-archive" };
        let layout = Layout::new(members, kind, !has_manifest);
        return match layout {
            Ok(layout) if has_manifest && !layout.is_backed() => {
                Ok(Box::new(DockerArchive::new(layout.into_store())?))
            }
            Ok(layout) => Ok(Box::new(layout)),
            Err(error) => Err(error.hint("name the archive that holds oci-layout, index.json and blobs")),
        };
    }
    if has_manifest {
        return Ok(Box::new(DockerArchive::new(members)?));
    }
    let what = if members.is_empty() {
        "it is no tar archive, or an empty one"
    } else {
        "it is a tar archive that holds neither manifest.json nor index.json"
    };
    Err(Error::input(what).hint("give what docker save, podman save, buildah, skopeo or buildx writes"))
}

/// A source of which one image was chosen.
struct Chosen {
    source: Box<dyn Source>,
    root: Vec<Root>,
}

fn choose(roots: &[Root], tag: &str) -> Result<Root> {
    let fits = |known: &String| {
        known == tag || known.strip_suffix(tag).is_some_and(|rest| rest.ends_with(['/', ':']))
    };
    let found = roots.iter().find(|root| {
        root.tags.iter().any(fits)
            || root.descriptors.iter().any(|descriptor| descriptor.digest.as_str() == tag)
    });
    found.cloned().ok_or_else(|| {
        Error::usage(format!("it holds no image {}", Printable(tag.as_bytes())))
            .hint(format!("it holds {}", names(roots)))
    })
}

/// The names of the images of a source, for a message.
pub(super) fn names(roots: &[Root]) -> String {
    let name = |root: &Root| match root.tags.first() {
        Some(tag) => Printable(tag.as_bytes()).to_string(),
        None => root.descriptors.first().map_or_else(String::new, |descriptor| descriptor.digest.to_string()),
    };
    let mut names: Vec<_> = roots.iter().take(10).map(name).collect();
    if roots.len() > names.len() {
        names.push(format!("{} more", roots.len() - names.len()));
    }
    names.join(", ")
}

impl Source for Chosen {
    fn roots(&self) -> &[Root] {
        &self.root
    }
    fn blob(&self, descriptor: &crate::image::Descriptor) -> Result<Option<super::Blob<'_>>> {
        self.source.blob(descriptor)
    }
    fn keeps_compression(&self) -> bool {
        self.source.keeps_compression()
    }
    fn kind(&self) -> &'static str {
        self.source.kind()
    }
    fn warnings(&self) -> Vec<crate::error::Warning> {
        self.source.warnings()
    }
}
