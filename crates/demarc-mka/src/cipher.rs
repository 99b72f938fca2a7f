//! Cipher suites of MACsec (IEEE 802.1AE §14, table 14-1).

use std::fmt;

/// What protects frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CipherSuite {
    GcmAes128,
    GcmAes256,
    GcmAesXpn128,
    GcmAesXpn256,
}

impl CipherSuite {
    pub const ALL: [Self; 4] = [
        Self::GcmAes128,
        Self::GcmAes256,
        Self::GcmAesXpn128,
        Self::GcmAesXpn256,
    ];

    /// Its number in the standard, which Linux uses as well.
    #[must_use]
    pub const fn id(self) -> u64 {
        match self {
            Self::GcmAes128 => 0x0080_c200_0100_0001,
            Self::GcmAes256 => 0x0080_c200_0100_0002,
            Self::GcmAesXpn128 => 0x0080_c200_0100_0003,
            Self::GcmAesXpn256 => 0x0080_c200_0100_0004,
        }
    }

    #[must_use]
    pub fn from_id(id: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.id() == id)
    }

    /// Octets of a SAK.
    #[must_use]
    pub const fn key_length(self) -> usize {
        match self {
            Self::GcmAes128 | Self::GcmAesXpn128 => 16,
            Self::GcmAes256 | Self::GcmAesXpn256 => 32,
        }
    }

    /// Whether packet numbers have 64 bits.
    #[must_use]
    pub const fn is_xpn(self) -> bool {
        matches!(self, Self::GcmAesXpn128 | Self::GcmAesXpn256)
    }
}

impl fmt::Display for CipherSuite {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::GcmAes128 => "GCM-AES-128",
            Self::GcmAes256 => "GCM-AES-256",
            Self::GcmAesXpn128 => "GCM-AES-XPN-128",
            Self::GcmAesXpn256 => "GCM-AES-XPN-256",
        })
    }
}
