//! A directory of the host that holds an OCI layout. Only names that are built from strictly parsed digests are opened.

#![expect(clippy::disallowed_types, reason = "a source opens what the user names on the host")]

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use super::layout::Store;
use super::{Blob, Region};
use crate::error::{Error, Result};
use crate::limits::{Limit, Limits};

/// A directory of the host.
pub struct Directory {
    path: PathBuf,
    limits: Limits,
}

impl Directory {
    /// The directory that the user names.
    pub fn new(path: &str, limits: &Limits) -> Self {
        Self { path: PathBuf::from(path), limits: limits.clone() }
    }

    fn open(&self, name: &str) -> Result<Option<(File, u64)>> {
        let path = self.path.join(name);
        match File::open(&path).and_then(|file| Ok((file.metadata()?, file))) {
            Ok((metadata, file)) if metadata.is_file() => Ok(Some((file, metadata.len()))),
            Ok(_) => Err(Error::input(format!("its {name} is no regular file"))),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Ok(None)
            }
            Err(error) => Err(Error::input(format!("its {name} cannot be opened: {error}"))),
        }
    }
}

impl Store for Directory {
    fn document(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let Some((file, size)) = self.open(name)? else { return Ok(None) };
        self.limits.check(Limit::Document, size, || format!("its {name} has {size} bytes"))?;
        let mut bytes = Vec::new();
        file.take(self.limits.get(Limit::Document)).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    fn file(&self, name: &str) -> Result<Option<(Blob<'_>, u64)>> {
        let found = self.open(name)?;
        Ok(found.map(|(file, size)| (Blob::At(Region::new(Arc::new(file), 0, size)), size)))
    }
}
