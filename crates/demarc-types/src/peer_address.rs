//! Addresses of BGP peers.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::prefix::{overlaps, parse_prefix};

/// The protocol of a peering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AddressFamily {
    Ipv4,
    Ipv6,
}

impl AddressFamily {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
        }
    }

    pub fn of(address: &IpNet) -> Self {
        match address {
            IpNet::V4(_) => Self::Ipv4,
            IpNet::V6(_) => Self::Ipv6,
        }
    }
}

impl fmt::Display for AddressFamily {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// One side's address on a peering subnet, with its length: `169.254.96.1/29`. The text is kept as the
/// caller wrote it, because the API answers it verbatim (spec/identifiers §8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Box<str>", into = "Box<str>")]
pub struct PeerAddress {
    text: Box<str>,
    network: IpNet,
}

/// The text is not an address with a prefix length.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an address with a prefix length")]
pub struct InvalidPeerAddress(pub String);

impl PeerAddress {
    /// Parses `address/length`; a length must be written (`^[0-9a-fA-F:.]+/[0-9]+$`).
    pub fn parse(text: &str) -> Result<Self, InvalidPeerAddress> {
        let network = parse_prefix(text)
            .ok_or_else(|| InvalidPeerAddress(text.chars().take(64).collect()))?;
        Ok(Self {
            text: text.into(),
            network,
        })
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host's own address.
    pub fn address(&self) -> IpAddr {
        self.network.addr()
    }

    /// The address and length, host bits kept.
    pub fn network(&self) -> IpNet {
        self.network
    }

    /// The subnet, host bits cleared.
    pub fn subnet(&self) -> IpNet {
        self.network.trunc()
    }

    pub fn family(&self) -> AddressFamily {
        AddressFamily::of(&self.network)
    }

    /// The subnets of the two have addresses in common.
    pub fn overlaps(&self, other: &Self) -> bool {
        overlaps(&self.subnet(), &other.subnet())
    }
}

impl From<IpNet> for PeerAddress {
    fn from(network: IpNet) -> Self {
        Self {
            text: network.to_string().into(),
            network,
        }
    }
}

impl TryFrom<Box<str>> for PeerAddress {
    type Error = InvalidPeerAddress;

    /// As stored: what was good once stays readable, also where [`PeerAddress::parse`] has become stricter.
    fn try_from(text: Box<str>) -> Result<Self, Self::Error> {
        match text.parse() {
            Ok(network) => Ok(Self { text, network }),
            Err(_) => Err(InvalidPeerAddress(text.chars().take(64).collect())),
        }
    }
}

impl From<PeerAddress> for Box<str> {
    fn from(address: PeerAddress) -> Self {
        address.text
    }
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_kept_and_the_subnet_compared() {
        let first = PeerAddress::parse("2001:DB8::0001/125").unwrap();
        assert_eq!(first.as_str(), "2001:DB8::0001/125");
        assert!(first.overlaps(&PeerAddress::parse("2001:db8::6/125").unwrap()));
        assert!(!first.overlaps(&PeerAddress::parse("2001:db8::9/125").unwrap()));
    }

    #[test]
    fn a_length_is_needed() {
        for bad in ["", "10.0.0.1", "10.0.0.1/33", "10.0.0/24", "x/1", "::1/129"] {
            assert!(PeerAddress::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_was_stored_before_parsing_became_stricter_is_read_again() {
        let text = "\"10.0.0.1/08\"";
        assert!(PeerAddress::parse("10.0.0.1/08").is_err());
        let stored: PeerAddress = serde_json::from_str(text).unwrap();
        assert_eq!(stored.network().prefix_len(), 8);
        assert_eq!(serde_json::to_string(&stored).unwrap(), text);
        for bad in ["\"10.0.0.1\"", "\"x/1\""] {
            assert!(serde_json::from_str::<PeerAddress>(bad).is_err(), "{bad}");
        }
    }
}
