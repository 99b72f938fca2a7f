//! The only randomness here: jitter from a seed, the same on every machine.

/// SplitMix64. Good enough to spread transmissions, small enough to read.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A value in `0..=limit`.
    pub(crate) fn up_to(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        match limit.checked_add(1) {
            Some(count) => z % count,
            None => z,
        }
    }
}
