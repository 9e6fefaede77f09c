//! What a layer that is kept uncompressed would weigh in a registry: found by compressing a sample of it, or all of it.
//!
//! A slice of 4 KiB every 896 KiB, each compressed with the 16 KiB before it as dictionary, says within a few percent
//! what gzip makes of the whole. The slices of one kind of file speak for all files of that kind, and a file that holds
//! enough slices speaks for itself. On four images of 0.6 to 1.05 GB, held against what buildah pushed, it is off by 0.2
//! to 0.6 %; strides around this one are off by up to 2 %. Slices this small cost what a larger window would save, and
//! level 6 of zlib-rs then lands where the Go compressors do that docker, BuildKit and buildah push with. The stride is
//! no power of two, since the layout of files often is.

use flate2::{Compress, Compression as Level, FlushCompress};
use rayon::prelude::*;

use super::member::{FileFormat, MemberKind, WalkedLayer};
use super::members::Named;
use crate::error::Result;
use crate::source::Region;

/// How much a deflate stream looks back.
const DICTIONARY: usize = 16 * 1024;
/// How many slices a file must hold to speak for itself.
const OWN_VOICE: u32 = 12;

/// Which slices of a tar are compressed, and how hard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    slice: usize,
    stride: u64,
    level: u32,
}

impl Plan {
    /// A sample, denser where the tar is small.
    pub fn sample(tar_size: u64) -> Self {
        Self { slice: 4096, stride: (tar_size / 128).clamp(4096, 896 * 1024), level: 6 }
    }

    /// Everything, in blocks that see what is before them, as pigz does it.
    pub fn whole() -> Self {
        Self { slice: 128 * 1024, stride: 128 * 1024, level: 6 }
    }

    fn is_whole(self) -> bool {
        self.stride == self.slice as u64
    }

    /// Where the slice of a position starts, in a tar of this size: in the middle of its stride, but within the tar.
    fn start(self, position: u64, tar_size: u64) -> u64 {
        let middle = (self.stride - self.slice as u64) / 2;
        (position * self.stride + middle).min(tar_size.saturating_sub(1))
    }
}

/// A slice and what became of it.
#[derive(Debug, Clone, Copy)]
struct Slice {
    start: u64,
    length: u32,
    compressed: u32,
}

impl Slice {
    fn middle(&self) -> u64 {
        self.start + u64::from(self.length) / 2
    }
}

/// A sample of a tar: which slices were compressed, and to what.
#[derive(Debug, Clone)]
pub struct Sample {
    plan: Plan,
    slices: Vec<Slice>,
}

impl Sample {
    /// Takes it of an uncompressed layer, in parallel.
    pub fn take(region: &Region, plan: Plan) -> Result<Self> {
        let tar_size = region.length();
        let buffers = || (Compressor::new(plan), vec![0; DICTIONARY + plan.slice]);
        let slice = |(compressor, buffer): &mut (Compressor, Vec<u8>), position: u32| {
            let start = plan.start(u64::from(position), tar_size);
            let before = usize::try_from(start).unwrap_or(usize::MAX).min(DICTIONARY);
            let read = region.read_at(&mut buffer[..before + plan.slice], start - before as u64)?;
            let (dictionary, bytes) = buffer[..read].split_at(before.min(read));
            Ok(compressor.slice(start, dictionary, bytes))
        };
        let positions = u32::try_from(tar_size.div_ceil(plan.stride)).unwrap_or(u32::MAX);
        let slices = (0..positions)
            .into_par_iter()
            .with_min_len(16)
            .map_init(buffers, slice)
            .collect::<Result<_>>()?;
        Ok(Self { plan, slices })
    }

    /// What each member of the tar would weigh, and what would belong to none of them, in bytes.
    pub fn shares(&self, members: impl Iterator<Item = Shape> + Clone, tar_size: u64) -> Shares {
        let transfers = if self.plan.is_whole() {
            by_position(members.clone(), &self.slices)
        } else {
            by_kind(members.clone(), &self.slices)
        };
        let end: u64 = members.map(|member| member.length).sum();
        // The trailer is zeros; gzip adds a header and a checksum.
        Shares { transfers, overhead: 18 + tar_size.saturating_sub(end) / 1000 }
    }
}

/// What a sample says of a layer, in bytes.
#[derive(Debug, Clone)]
pub struct Shares {
    /// By member, in the order of the tar.
    pub transfers: Vec<u64>,
    /// What belongs to no member.
    pub overhead: u64,
}

/// What of a member says how it compresses.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Bytes of the tar.
    length: u64,
    kin: Kin,
}

impl Shape {
    /// The shape of a member of this kind and format, of `stored` bytes of content and `overhead` around them, called by
    /// this name or path.
    pub fn new(kind: MemberKind, format: FileFormat, (stored, overhead): (u64, u32), name: &[u8]) -> Self {
        Self { length: stored + u64::from(overhead), kin: Kin::of(kind, format, stored, name) }
    }
}

/// Compresses the slices of a layer while it goes by.
pub struct Tap {
    plan: Plan,
    tar_size: u64,
    compressor: Compressor,
    /// The bytes before and of the slice that is being gathered.
    window: Vec<u8>,
    /// Position of the first byte of the window in the tar.
    window_start: u64,
    next: u64,
    slices: Vec<Slice>,
}

impl Tap {
    /// A tap on a tar of a known size.
    pub fn new(tar_size: u64, plan: Plan) -> Self {
        let compressor = Compressor::new(plan);
        Self { plan, tar_size, compressor, window: Vec::new(), window_start: 0, next: 0, slices: Vec::new() }
    }

    /// Is shown the bytes that follow those it was shown before.
    pub fn observe(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.next * self.plan.stride < self.tar_size {
            let start = self.plan.start(self.next, self.tar_size);
            let begin = start.saturating_sub(DICTIONARY as u64);
            let position = self.window_start + self.window.len() as u64;
            if self.window.is_empty() && position < begin {
                let skip = usize::try_from(begin - position).unwrap_or(usize::MAX).min(bytes.len());
                self.window_start += skip as u64;
                bytes = &bytes[skip..];
                continue;
            }
            let end = (start + self.plan.slice as u64).min(self.tar_size);
            let take = usize::try_from(end.saturating_sub(position)).unwrap_or(usize::MAX).min(bytes.len());
            self.window.extend_from_slice(&bytes[..take]);
            bytes = &bytes[take..];
            if position + take as u64 >= end {
                self.close(start);
            }
        }
        if self.window.is_empty() {
            self.window_start += bytes.len() as u64;
        }
    }

    /// Compresses the gathered slice, and keeps of the window what the next one needs.
    fn close(&mut self, start: u64) {
        let offset = |position: u64| usize::try_from(position).unwrap_or(usize::MAX);
        let split = offset(start - self.window_start).min(self.window.len());
        let (before, bytes) = self.window.split_at(split);
        let dictionary = &before[before.len().saturating_sub(DICTIONARY)..];
        self.slices.push(self.compressor.slice(start, dictionary, bytes));
        self.next += 1;
        let begin = self.plan.start(self.next, self.tar_size).saturating_sub(DICTIONARY as u64);
        let gone = offset(begin.saturating_sub(self.window_start)).min(self.window.len());
        self.window.drain(..gone);
        self.window_start += gone as u64;
    }

    /// The sample of what went by.
    pub fn into_sample(self) -> Sample {
        Sample { plan: self.plan, slices: self.slices }
    }
}

/// A compressor that is used again and again; making one costs more than a slice does.
struct Compressor {
    deflate: Compress,
    output: Vec<u8>,
}

impl Compressor {
    fn new(plan: Plan) -> Self {
        let output = vec![0; plan.slice + plan.slice / 8 + 64];
        Self { deflate: Compress::new(Level::new(plan.level), false), output }
    }

    fn slice(&mut self, start: u64, dictionary: &[u8], bytes: &[u8]) -> Slice {
        self.deflate.reset();
        // A dictionary that is refused only makes the estimate worse by what it would have saved.
        let _ = self.deflate.set_dictionary(dictionary);
        let _ = self.deflate.compress(bytes, &mut self.output, FlushCompress::Finish);
        let compressed = u32::try_from(self.deflate.total_out()).unwrap_or(u32::MAX);
        Slice { start, length: u32::try_from(bytes.len()).unwrap_or(u32::MAX), compressed }
    }
}

/// Gives the members of an uncompressed layer their estimated transfer, and the layer their sum.
pub fn apply(layer: &mut WalkedLayer, sample: &Sample) {
    let shape = |Named { path, member, .. }: Named<'_>| {
        Shape::new(member.kind, member.format, (member.stored, member.overhead), path)
    };
    let shares = sample.shares(layer.members.iter().map(shape), layer.tar_size);
    layer.blob_size = shares.overhead + shares.transfers.iter().sum::<u64>();
    layer.transfer_overhead = shares.overhead;
    for (member, transfer) in layer.members.iter_mut().zip(shares.transfers) {
        member.transfer = transfer;
    }
}

/// Where every byte was compressed: the share of the blocks that a member lies in.
fn by_position(members: impl Iterator<Item = Shape>, slices: &[Slice]) -> Vec<u64> {
    let mut sums = Vec::with_capacity(slices.len());
    let mut sum = 0;
    for slice in slices {
        sums.push(sum);
        sum += u64::from(slice.compressed);
    }
    let at = |position: u64| -> u64 {
        let index = slices.partition_point(|slice| slice.start <= position).saturating_sub(1);
        let Some(slice) = slices.get(index) else { return 0 };
        let inside = (position - slice.start).min(u64::from(slice.length));
        sums[index] + u64::from(slice.compressed) * inside / u64::from(slice.length.max(1))
    };
    let mut end = 0;
    members
        .map(|member| {
            let start = end;
            end += member.length;
            at(end) - at(start)
        })
        .collect()
}

/// Where a sample was compressed: what the slices of a member's kind, or its own, say about it.
fn by_kind(members: impl Iterator<Item = Shape> + Clone, slices: &[Slice]) -> Vec<u64> {
    let mut by_kind = [Ratio::default(); Kin::COUNT];
    let mut all = Ratio::default();
    // What the files say that speak for themselves, by position: there are fewer of them than slices.
    let mut own = Vec::new();
    let mut left = slices.iter().peekable();
    let mut end = 0;
    for (position, member) in members.clone().enumerate() {
        end += member.length;
        let mut voice = Ratio::default();
        while let Some(slice) = left.next_if(|slice| slice.middle() < end) {
            voice.add(slice);
        }
        all.join(voice);
        by_kind[member.kin as usize].join(voice);
        if voice.slices >= OWN_VOICE {
            own.push((position, voice));
        }
    }
    left.for_each(|slice| all.add(slice));
    let mut own = own.into_iter().peekable();
    members
        .enumerate()
        .map(|(position, member)| {
            let voice = own.next_if(|(speaker, _)| *speaker == position).map(|(_, voice)| voice);
            let kin = by_kind[member.kin as usize];
            voice.unwrap_or(if kin.slices > 0 { kin } else { all }).of(member.length)
        })
        .collect()
}

/// Compressed bytes for bytes.
#[derive(Debug, Clone, Copy, Default)]
struct Ratio {
    bytes: u64,
    compressed: u64,
    slices: u32,
}

impl Ratio {
    fn add(&mut self, slice: &Slice) {
        self.join(Self { bytes: slice.length.into(), compressed: slice.compressed.into(), slices: 1 });
    }

    fn join(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.compressed += other.compressed;
        self.slices += other.slices;
    }

    fn of(self, bytes: u64) -> u64 {
        let compressed = u128::from(bytes) * u128::from(self.compressed) / u128::from(self.bytes.max(1));
        u64::try_from(compressed).unwrap_or(u64::MAX)
    }
}

/// Kinds of files that compress alike.
#[derive(Debug, Clone, Copy)]
enum Kin {
    /// Mostly headers: directories, links, and files of a block or four.
    Small,
    Elf,
    Archive,
    Compressed,
    Bytecode,
    Text,
    Other,
}

impl Kin {
    const COUNT: usize = 7;

    fn of(kind: MemberKind, format: FileFormat, stored: u64, path: &[u8]) -> Self {
        if kind != MemberKind::File || stored < 2048 {
            return Self::Small;
        }
        match format {
            FileFormat::ElfExecutable | FileFormat::ElfShared | FileFormat::ElfObject => return Self::Elf,
            FileFormat::Ar => return Self::Archive,
            FileFormat::Zip | FileFormat::Compressed => return Self::Compressed,
            FileFormat::Script => return Self::Text,
            FileFormat::Other => {}
        }
        match path.rsplit(|byte| *byte == b'.').next().unwrap_or_default() {
            b"pyc" | b"class" => Self::Bytecode,
            b"png" | b"jpg" | b"woff2" | b"webp" | b"npz" => Self::Compressed,
            b"py" | b"pyi" | b"pyx" | b"js" | b"mjs" | b"ts" | b"map" | b"h" | b"hpp" | b"c" | b"rb"
            | b"json" | b"txt" | b"md" | b"csv" | b"xml" | b"html" | b"list" | b"md5sums" => Self::Text,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_tap_sees_the_slices_that_seeking_finds() {
        let bytes: Vec<u8> =
            (0..3_000_000_u32).flat_map(|i| (i.wrapping_mul(i) >> 7).to_le_bytes()).collect();
        for plan in [Plan::sample(bytes.len() as u64), Plan::whole(), Plan::sample(100)] {
            let region = Region::new(Arc::new(bytes.clone()), 0, bytes.len() as u64);
            let sought = Sample::take(&region, plan).unwrap().slices;
            let mut tap = Tap::new(bytes.len() as u64, plan);
            for chunk in bytes.chunks(10_007) {
                tap.observe(chunk);
            }
            let key = |slice: &Slice| (slice.start, slice.length, slice.compressed);
            let tapped: Vec<_> = tap.into_sample().slices.iter().map(key).collect();
            assert_eq!(tapped, sought.iter().map(key).collect::<Vec<_>>(), "{plan:?}");
        }
    }
}
