//! The decisions that are the same for every vendor.

use super::cidr::Cidr;
use super::interface::{Interface, MacSec};
use super::text::{Text, comment};
use super::types::RouterType;
use crate::{ConnectionType, PeerDetails};

/// The MTU at which nothing has to be said.
const STANDARD_MTU: u16 = 1500;

/// Administrative distance of null routes: any real route wins.
pub(super) const NULL_ROUTE_DISTANCE: u8 = 254;

/// Address family of a session; each session carries only its own
/// (spec/routing §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AddressFamily {
    Ipv4,
    Ipv6,
}

impl AddressFamily {
    /// `ipv4` or `ipv6`, as most command lines spell it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
        }
    }

    pub(super) const fn is_ipv4(self) -> bool {
        matches!(self, Self::Ipv4)
    }
}

/// One session to configure.
pub(super) struct Peer<'a> {
    pub(super) family: AddressFamily,
    /// Our address on the subnet, with its length.
    pub(super) customer: Cidr,
    /// The neighbor's address on the subnet, with its length.
    pub(super) amazon: Cidr,
    pub(super) asn: u32,
    pub(super) key: &'a str,
}

/// An interface with its addresses read and its announcements chosen.
pub(super) struct Plan<'a> {
    pub(super) router_type: &'a RouterType,
    pub(super) interface: &'a Interface,
    /// IPv4 before IPv6.
    pub(super) peers: Vec<Peer<'a>>,
    /// Name for objects in the configuration: the id, reduced to letters,
    /// digits and `-`.
    pub(super) name: String,
    /// Addresses and prefixes that could not be read.
    left_out: Vec<&'a str>,
    prefixes: Vec<Cidr>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(router_type: &'a RouterType, interface: &'a Interface) -> Self {
        let mut left_out = Vec::new();
        let peers = [
            (AddressFamily::Ipv4, &interface.ipv4),
            (AddressFamily::Ipv6, &interface.ipv6),
        ];
        let peers = peers
            .into_iter()
            .filter_map(|(family, details)| read_peer(family, details.as_ref()?, &mut left_out))
            .collect();
        let prefixes = match interface.kind {
            ConnectionType::Public => {
                read_prefixes(&interface.route_filter_prefixes, &mut left_out)
            }
            ConnectionType::Private | ConnectionType::Transit => example_prefixes(),
        };
        Self {
            router_type,
            interface,
            peers,
            name: object_name(&interface.virtual_interface_id),
            left_out,
            prefixes,
        }
    }

    /// The ASN of the router: that of the first peer. Peers with another ASN
    /// speak with a `local-as` of their own, see [`Plan::other_asn`].
    pub(super) fn router_asn(&self) -> Option<u32> {
        self.peers.first().map(|peer| peer.asn)
    }

    /// The ASN of `peer` when it differs from the router's.
    pub(super) fn other_asn(&self, peer: &Peer<'_>) -> Option<u32> {
        (self.router_asn() != Some(peer.asn)).then_some(peer.asn)
    }

    /// What `family` announces: the approved prefixes of a public interface,
    /// else two examples (a LAN and the default route).
    pub(super) fn prefixes(&self, family: AddressFamily) -> impl Iterator<Item = Cidr> + '_ {
        let matches = move |prefix: &Cidr| prefix.is_ipv4() == family.is_ipv4();
        self.prefixes.iter().copied().filter(matches)
    }

    /// Whether [`Plan::prefixes`] are really announced. Examples are written
    /// as comments: which prefixes are the reader's only the reader knows.
    pub(super) fn announces(&self) -> bool {
        self.interface.kind == ConnectionType::Public
    }

    /// The MTU when it is not the standard one.
    pub(super) fn jumbo_mtu(&self) -> Option<u16> {
        (self.interface.mtu > STANDARD_MTU).then_some(self.interface.mtu)
    }

    /// MACsec when the port asks for it and the type has a template for it.
    pub(super) fn mac_sec(&self) -> Option<MacSec> {
        let has_template = !self.router_type.xslt_template_name_for_mac_sec.is_empty();
        self.interface.mac_sec.filter(|_| has_template)
    }

    pub(super) fn vlan(&self) -> u16 {
        self.interface.vlan
    }

    pub(super) fn amazon_asn(&self) -> u32 {
        self.interface.amazon_bgp_asn
    }

    /// The heading: what this is for, and what the reader has to edit.
    pub(super) fn heading(&self, text: &mut Text, edit: &[&str]) {
        let interface = self.interface;
        let kind = interface.kind.as_str();
        let id = &interface.virtual_interface_id;
        let name = &interface.virtual_interface_name;
        comment!(text, "Virtual interface: {id} \"{name}\" ({kind})");
        comment!(
            text,
            "Connection:        {}{}",
            interface.connection_id,
            in_quotes(&interface.connection_name)
        );
        if !interface.location.is_empty() {
            comment!(text, "Location:          {}", interface.location);
        }
        comment!(text, "VLAN:              {}", self.vlan());
        let RouterType {
            vendor,
            platform,
            software,
            ..
        } = self.router_type;
        comment!(text, "Router:            {vendor} {platform}, {software}");
        for value in &self.left_out {
            comment!(text, "LEFT OUT, not a usable prefix or address: {value}");
        }
        if interface.mac_sec.is_some() && self.mac_sec().is_none() {
            comment!(
                text,
                "The port uses MACsec; this router type has no template for it."
            );
        }
        text.gap();
        comment!(text, "Edit before use:");
        for what in edit {
            comment!(text, "- {what}");
        }
        let advice = if self.announces() {
            "Exactly the approved prefixes are announced; nothing else is accepted."
        } else {
            "Nothing is announced until you replace and uncomment an example prefix."
        };
        comment!(text, "- {advice}");
        text.gap();
    }
}

fn in_quotes(name: &str) -> String {
    if name.is_empty() {
        String::new()
    } else {
        format!(" \"{name}\"")
    }
}

fn read_peer<'a>(
    family: AddressFamily,
    details: &'a PeerDetails,
    left_out: &mut Vec<&'a str>,
) -> Option<Peer<'a>> {
    let mut read = |text: &'a str| {
        let cidr = text.parse::<Cidr>().ok();
        let cidr = cidr.filter(|c| c.is_ipv4() == family.is_ipv4());
        if cidr.is_none() {
            left_out.push(text);
        }
        cidr
    };
    let customer = read(&details.customer_address);
    let amazon = read(&details.amazon_address);
    Some(Peer {
        family,
        customer: customer?,
        amazon: amazon?,
        asn: details.bgp_asn,
        key: &details.bgp_auth_key,
    })
}

fn read_prefixes<'a>(texts: &'a [String], left_out: &mut Vec<&'a str>) -> Vec<Cidr> {
    let mut prefixes = Vec::with_capacity(texts.len());
    for text in texts {
        match text.parse::<Cidr>() {
            Ok(prefix) => prefixes.push(prefix.network()),
            Err(_) => left_out.push(text),
        }
    }
    prefixes
}

/// A LAN and the default route of each family (RFC 5737, RFC 3849).
fn example_prefixes() -> Vec<Cidr> {
    ["192.0.2.0/24", "0.0.0.0/0", "2001:db8:100::/48", "::/0"]
        .into_iter()
        .filter_map(|text| text.parse().ok())
        .collect()
}

fn object_name(id: &str) -> String {
    let name: String = id
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect();
    if name.is_empty() {
        "dxvif".to_owned()
    } else {
        name
    }
}
