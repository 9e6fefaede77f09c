//! What was learned of layers, from run to run: a layer is known by its digest, so it never has to be read twice.
//!
//! Only layers whose every byte was read and held against that digest are remembered, and only for the code that read
//! them: another version may want other contents.

use std::collections::BTreeMap;

use super::member::{Compression, WalkedLayer};
use super::walk::Transfer;
use crate::digest::Digest;
use crate::source::Region;
use crate::source::cache::Cache;

/// The code that reads layers; see `build.rs`.
const VERSION: &str = env!("PLIMSOLL_LAYER_CODE");

/// Remembers layers, if there is somewhere to.
#[derive(Debug, Clone, Copy)]
pub struct Memory<'a> {
    cache: Option<&'a Cache>,
    transfer: Transfer,
}

impl<'a> Memory<'a> {
    /// Remembers layers in `cache`.
    pub fn new(cache: Option<&'a Cache>, transfer: Transfer) -> Self {
        Self { cache, transfer }
    }

    /// What is known of a layer.
    pub fn recall(&self, digest: &Digest, keeps_compression: bool) -> Option<WalkedLayer> {
        let cache = self.cache?;
        let keys = [self.key(digest, false, keeps_compression), self.key(digest, true, keeps_compression)];
        let bytes = keys.iter().find_map(|key| cache.get(key, VERSION))?;
        postcard::from_bytes(&bytes).ok()
    }

    /// Whether a layer is known.
    pub fn knows(&self, digest: &Digest, keeps_compression: bool) -> bool {
        self.cache.is_some_and(|cache| {
            [false, true].iter().any(|plain| cache.has(&self.key(digest, *plain, keeps_compression), VERSION))
        })
    }

    /// Remembers a layer, if all of it was read.
    pub fn keep(&self, digest: &Digest, layer: &WalkedLayer, keeps_compression: bool) {
        let Some(cache) = self.cache.filter(|_| layer.verified && !layer.unread) else { return };
        let key = self.key(digest, layer.compression == Compression::None, keeps_compression);
        cache.put_with(&key, VERSION, |file| {
            postcard::to_io(layer, file).map(|_| ()).map_err(std::io::Error::other)
        });
    }

    /// Whether these very bytes were held against the digest before, and have not changed since.
    pub fn has_seen(&self, digest: &Digest, region: &Region) -> bool {
        let Some(stamp) = region.stamp() else { return false };
        self.cache.is_some_and(|cache| cache.get(&format!("{digest} seen as {stamp}"), VERSION).is_some())
    }

    /// Remembers that these very bytes have this digest.
    pub fn saw(&self, digest: &Digest, region: &Region) {
        if let (Some(cache), Some(stamp)) = (self.cache, region.stamp()) {
            cache.put(&format!("{digest} seen as {stamp}"), VERSION, b"");
        }
    }

    /// The transfer of a compressed layer is what it is; that of an uncompressed one depends on what was asked for.
    fn key(&self, digest: &Digest, is_plain: bool, keeps_compression: bool) -> String {
        match is_plain {
            false => digest.to_string(),
            true if keeps_compression => format!("{digest} as it is"),
            true => format!("{digest} {:?}", self.transfer),
        }
    }
}

/// Bytes in one piece: serde would take them one by one.
pub(super) mod bytes {
    use serde::de::{Error, Visitor};
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Vec<u8>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_owned())
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// Contents by member: each one's length, and all of them in one piece.
pub(super) mod contents {
    use super::BTreeMap;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Packed {
        lengths: Vec<(u32, u32)>,
        #[serde(with = "super::bytes")]
        bytes: Vec<u8>,
    }

    pub fn serialize<S: Serializer>(
        contents: &BTreeMap<u32, Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let lengths = contents.iter().map(|(member, bytes)| (*member, length(bytes))).collect();
        let bytes = contents.values().flatten().copied().collect();
        Packed { lengths, bytes }.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<u32, Vec<u8>>, D::Error> {
        let Packed { lengths, bytes } = Packed::deserialize(deserializer)?;
        let mut rest = bytes.as_slice();
        let mut contents = BTreeMap::new();
        for (member, length) in lengths {
            let (content, after) = rest
                .split_at_checked(length as usize)
                .ok_or_else(|| D::Error::custom("contents end before their lengths do"))?;
            contents.insert(member, content.to_owned());
            rest = after;
        }
        Ok(contents)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{Evidence, Member, MemberKind, Members};

    #[test]
    fn a_layer_is_remembered_as_it_was() {
        let member = Member {
            kind: MemberKind::Symlink,
            content: u64::MAX,
            hash: Some(0.into()),
            overhead: u32::MAX,
            ..Member::default()
        };
        let mut members = Members::default();
        members.push(b"a/b", b"", member);
        let layer = WalkedLayer {
            members,
            evidence: Evidence {
                reduced: BTreeMap::new(),
                contents: BTreeMap::from([(0, b"x".to_vec()), (3, Vec::new()), (9, vec![0; 300])]),
                too_long: vec![4],
                insides: BTreeMap::new(),
            },
            compression: Compression::Zstd,
            verified: true,
            ..WalkedLayer::default()
        };
        let bytes = postcard::to_stdvec(&layer).unwrap();
        let back: WalkedLayer = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(format!("{layer:?}"), format!("{back:?}"));
        for length in 0..bytes.len() {
            assert!(postcard::from_bytes::<WalkedLayer>(&bytes[..length]).is_err());
        }
    }
}
