//! Prefixes as they stand in UPDATE messages (RFC 4271 §4.3, RFC 4760 §5).

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::family::Family;

/// A checked run of prefixes of one family, read lazily from the message.
#[derive(Copy, Clone, Debug)]
pub struct Nlri<'a> {
    family: Family,
    bytes: &'a [u8],
}

impl<'a> Nlri<'a> {
    /// No prefixes.
    #[must_use]
    pub const fn empty(family: Family) -> Self {
        Self { family, bytes: &[] }
    }

    /// Checks every prefix: its length is in range and it ends inside `bytes`.
    /// `None` when one is not: the caller resets the session (RFC 7606 §5.3).
    #[must_use]
    pub fn parse(family: Family, bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes;
        while let Some((&length, tail)) = rest.split_first() {
            if length > family.max_prefix_length() {
                return None;
            }
            rest = tail.get(usize::from(length.div_ceil(8))..)?;
        }
        Some(Self { family, bytes })
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The family of every prefix in it.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.family
    }
}

impl Iterator for Nlri<'_> {
    type Item = IpNet;

    /// Bits past the length are irrelevant on the wire (RFC 4271 §4.3) and come out as zero.
    fn next(&mut self) -> Option<IpNet> {
        let (&length, tail) = self.bytes.split_first()?;
        let (octets, rest) = tail.split_at_checked(usize::from(length.div_ceil(8)))?;
        self.bytes = rest;
        match self.family {
            Family::Ipv4 => {
                let mut address = [0; 4];
                address.get_mut(..octets.len())?.copy_from_slice(octets);
                Some(IpNet::V4(
                    Ipv4Net::new(Ipv4Addr::from(address), length).ok()?.trunc(),
                ))
            }
            Family::Ipv6 => {
                let mut address = [0; 16];
                address.get_mut(..octets.len())?.copy_from_slice(octets);
                Some(IpNet::V6(
                    Ipv6Net::new(Ipv6Addr::from(address), length).ok()?.trunc(),
                ))
            }
        }
    }
}

/// Octets that a prefix takes in an UPDATE, its length octet included.
#[must_use]
pub fn encoded_length(prefix: &IpNet) -> usize {
    1 + usize::from(prefix.prefix_len().div_ceil(8))
}

/// Appends one prefix.
pub(super) fn encode(prefix: &IpNet, out: &mut Vec<u8>) {
    out.push(prefix.prefix_len());
    let octets = encoded_length(prefix) - 1;
    match prefix {
        IpNet::V4(net) => out.extend_from_slice(&net.network().octets()[..octets]),
        IpNet::V6(net) => out.extend_from_slice(&net.network().octets()[..octets]),
    }
}

/// The family of a prefix.
pub(super) const fn family_of(prefix: &IpNet) -> Family {
    match prefix {
        IpNet::V4(_) => Family::Ipv4,
        IpNet::V6(_) => Family::Ipv6,
    }
}
