//! Bounds that keep a hostile layer harmless, far above anything that a real one needs.

/// How much a layer may ask of the machine. Every bound that is met ends the run with an error that names it.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Members of one layer.
    pub members: usize,
    /// Bytes of one uncompressed layer, and logical bytes of its files together (sparse files claim more than they
    /// hold). Far below 2⁶⁴, so that no sum over layers overflows.
    pub tar_size: u64,
    /// Bytes of one path or link target. Linux takes 4096.
    pub path: usize,
    /// Directories above one path.
    pub depth: usize,
    /// Bytes of one PAX or GNU extension header.
    pub extension: u64,
    /// Bytes captured of one layer.
    pub evidence: u64,
    /// Bytes of one file that is held in memory to be looked into; a longer one is passed by.
    pub opened: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            members: 10_000_000,
            tar_size: 1 << 42,
            path: 16 * 1024,
            depth: 1024,
            extension: 1 << 20,
            evidence: 256 << 20,
            opened: 512 << 20,
        }
    }
}
