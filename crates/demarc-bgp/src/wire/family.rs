//! Address families. A Direct Connect session carries exactly one (spec/routing §1).

use std::fmt;

/// The address families we speak: IPv4 unicast and IPv6 unicast (RFC 4760).
#[derive(Copy, Clone, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum Family {
    Ipv4,
    Ipv6,
}

impl Family {
    /// Both, for tables.
    pub const ALL: [Self; 2] = [Self::Ipv4, Self::Ipv6];

    /// The family of a code pair, `None` for the many we do not speak.
    #[must_use]
    pub const fn from_codes(afi: u16, safi: u8) -> Option<Self> {
        match (afi, safi) {
            (1, 1) => Some(Self::Ipv4),
            (2, 1) => Some(Self::Ipv6),
            _ => None,
        }
    }

    /// Address family identifier.
    #[must_use]
    pub const fn afi(self) -> u16 {
        match self {
            Self::Ipv4 => 1,
            Self::Ipv6 => 2,
        }
    }

    /// Subsequent address family identifier: unicast.
    #[must_use]
    pub const fn safi(self) -> u8 {
        1
    }

    /// Longest prefix length in bits.
    #[must_use]
    pub const fn max_prefix_length(self) -> u8 {
        match self {
            Self::Ipv4 => 32,
            Self::Ipv6 => 128,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
        })
    }
}
