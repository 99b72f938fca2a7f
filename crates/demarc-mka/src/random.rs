//! Randomness from a seed.

use std::fmt;

use crate::crypt::AesKey;

/// Octets that nobody without the seed can tell: the KDF of MKA over a counter.
#[derive(Clone)]
pub(crate) struct Random {
    key: AesKey,
    drawn: u64,
}

impl Random {
    pub(crate) fn new(seed: &[u8; 32]) -> Self {
        Self {
            key: AesKey::new(seed).expect("a seed has 32 octets"),
            drawn: 0,
        }
    }

    pub(crate) fn fill(&mut self, into: &mut [u8]) {
        self.drawn += 1;
        let context = self.drawn.to_be_bytes();
        self.key.derive(b"demarc-mka", &context, into);
    }

    /// A Member Identifier; none of zeros, which means none.
    pub(crate) fn member(&mut self) -> [u8; 12] {
        let mut member = [0; 12];
        while member == [0; 12] {
            self.fill(&mut member);
        }
        member
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Random(..)")
    }
}
