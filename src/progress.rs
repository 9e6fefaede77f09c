//! How far the reading of layers has come, for whoever watches.

/// Is told how the reading of layers goes on. Layers are read in parallel, so calls come from several threads; none of
/// them may slow the reading down.
pub trait Progress: Sync {
    /// The layer at `index` is to be read, sooner or later; `total` is how many bytes of its blob there are, where that is known.
    fn layer_started(&self, index: usize, total: Option<u64>);

    /// `bytes` more of the blob of the layer at `index` have been read, or were skipped because nobody needs them.
    fn advanced(&self, index: usize, bytes: u64);

    /// The layer at `index` has been read, or its reading failed.
    fn layer_done(&self, index: usize);
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Progress for Unwatched {
    fn layer_started(&self, _index: usize, _total: Option<u64>) {}
    fn advanced(&self, _index: usize, _bytes: u64) {}
    fn layer_done(&self, _index: usize) {}
}
