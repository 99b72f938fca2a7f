//! Autonomous system numbers, four octets wide (RFC 6793).

use std::fmt;

/// An autonomous system number. Any 32-bit value, since any can arrive on the wire.
#[derive(Copy, Clone, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Asn(u32);

impl Asn {
    /// AS_TRANS stands in two-octet fields for a number that does not fit (RFC 6793 §9).
    pub const TRANS: Self = Self(23456);
    /// Zero, which RFC 7607 forbids everywhere.
    pub const ZERO: Self = Self(0);

    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The number in two octets, AS_TRANS if it does not fit (RFC 6793 §4.2.2).
    #[must_use]
    pub fn two_octets(self) -> u16 {
        u16::try_from(self.0).unwrap_or(23456)
    }

    #[must_use]
    pub const fn fits_two_octets(self) -> bool {
        self.0 <= 0xffff
    }
}

impl From<u32> for Asn {
    fn from(number: u32) -> Self {
        Self(number)
    }
}

impl fmt::Display for Asn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
