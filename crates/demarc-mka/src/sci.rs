//! Secure Channel Identifier (IEEE 802.1AE §9.9): who sends.

use std::fmt;

/// The address of a station and the number of a port of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sci {
    pub address: [u8; 6],
    pub port: u16,
}

impl Sci {
    pub(crate) const LENGTH: usize = 8;

    /// As a number, the address in front: how Linux writes it, and what key server election compares.
    #[must_use]
    pub fn to_bits(self) -> u64 {
        u64::from_be_bytes(self.to_bytes())
    }

    #[must_use]
    pub fn from_bits(bits: u64) -> Self {
        Self::from_bytes(bits.to_be_bytes())
    }

    pub(crate) fn to_bytes(self) -> [u8; Self::LENGTH] {
        let [a, b, c, d, e, f] = self.address;
        let [high, low] = self.port.to_be_bytes();
        [a, b, c, d, e, f, high, low]
    }

    pub(crate) fn from_bytes([a, b, c, d, e, f, high, low]: [u8; Self::LENGTH]) -> Self {
        Self {
            address: [a, b, c, d, e, f],
            port: u16::from_be_bytes([high, low]),
        }
    }
}

impl fmt::Display for Sci {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, f] = self.address;
        let port = self.port;
        write!(
            out,
            "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}/{port}"
        )
    }
}
