//! What a router has to be told: the input of [`super::render`].

use crate::{ConnectionType, PeerDetails, PortSpeed};

/// One virtual interface, seen from the customer's router.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// `dxvif-…`.
    pub virtual_interface_id: String,
    pub virtual_interface_name: String,
    /// Connection or LAG that carries it.
    pub connection_id: String,
    /// Empty when the connection has no name the reader may see.
    pub connection_name: String,
    /// Where the connection ends; empty when unknown.
    pub location: String,
    pub kind: ConnectionType,
    /// 802.1Q tag, 1 to 4094.
    pub vlan: u16,
    /// Size of an IP packet in bytes: 1500, 8500 or 9001.
    pub mtu: u16,
    /// ASN of the near side.
    pub amazon_bgp_asn: u32,
    pub ipv4: Option<PeerDetails>,
    pub ipv6: Option<PeerDetails>,
    /// The approved prefixes of a public interface, both families; ignored on
    /// the other kinds.
    pub route_filter_prefixes: Vec<String>,
    /// Set when the port speaks MACsec and encrypts.
    pub mac_sec: Option<MacSec>,
}

/// MACsec as the port asks for it. Keys are never part of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MacSec {
    pub mode: MacSecMode,
    pub port_speed: PortSpeed,
}

impl MacSec {
    /// 10G ports take either suite; faster ones only the XPN suite
    /// (spec/routing §12), so the XPN suite starts at 100G.
    pub(super) const fn extended_packet_numbers(self) -> bool {
        matches!(
            self.port_speed,
            PortSpeed::HundredGbps | PortSpeed::FourHundredGbps
        )
    }
}

/// The encrypting values of `encryptionMode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MacSecMode {
    /// Clear text passes while no key is agreed.
    ShouldEncrypt,
    /// Nothing passes while no key is agreed.
    MustEncrypt,
}
