//! Bytes, counted in the two measures that matter: what is on disk and what is pulled.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

/// An amount of image in both measures, in bytes.
///
/// The walk refuses layers whose figures could overflow (see `layer::limits`), so sums are far from `u64::MAX`; they
/// saturate all the same, for a wrapped sum would be a lie.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size {
    /// Bytes of regular files, as `stat` says and as Docker counts them.
    pub content: u64,
    /// Share of the compressed blob, which is what a pull moves.
    pub transfer: u64,
}

impl Size {
    /// Nothing.
    pub const ZERO: Self = Self { content: 0, transfer: 0 };

    /// `content` bytes on disk, `transfer` bytes to pull.
    pub const fn new(content: u64, transfer: u64) -> Self {
        Self { content, transfer }
    }
}

impl Add for Size {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            content: self.content.saturating_add(other.content),
            transfer: self.transfer.saturating_add(other.transfer),
        }
    }
}

impl AddAssign for Size {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Size {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self {
            content: self.content.saturating_sub(other.content),
            transfer: self.transfer.saturating_sub(other.transfer),
        }
    }
}

impl Sum for Size {
    fn sum<I: Iterator<Item = Self>>(sizes: I) -> Self {
        sizes.fold(Self::ZERO, Add::add)
    }
}
