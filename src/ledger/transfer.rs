//! What entries weigh where their layer is kept uncompressed: what a sample of it says, or nothing.

use super::{Kind, LayerId, Ledger};
use crate::layer::{MemberKind, Sample, Shape};

impl Ledger {
    /// Gives the entries of a layer the transfer that a sample of it says they have, and the layer their sum.
    pub fn estimate_transfer(&mut self, layer: LayerId, sample: &Sample) {
        let shape = |id| {
            let entry = self.entry(id);
            let kind = if let Kind::Member(kind) = entry.kind { kind } else { MemberKind::File };
            Shape::new(kind, entry.format, (entry.stored, entry.overhead), self.tree.name(entry.path))
        };
        let Some(tar_size) = self.layers.get(usize::from(layer.0)).map(|sum| sum.tar_size) else { return };
        let shares = sample.shares(self.ids_of(layer).map(shape), tar_size);
        let sum = &mut self.layers[usize::from(layer.0)];
        sum.transfer_overhead = shares.overhead;
        sum.transfer = shares.overhead + shares.transfers.iter().sum::<u64>();
        let first = sum.first as usize;
        for (entry, transfer) in self.entries.iter_mut().skip(first).zip(shares.transfers) {
            entry.transfer = transfer;
        }
    }
}
