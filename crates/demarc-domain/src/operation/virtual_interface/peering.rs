//! Addresses and keys of BGP peers. Source: spec/identifiers §8 and §9, spec/routing §1.2.

use std::net::{Ipv4Addr, Ipv6Addr};

use demarc_api as api;
use demarc_types::{
    AccountId, AddressFamily, Asn, ParentId, PeerAddress, Prefix, Region, Span, Timestamp,
    VirtualInterfaceId,
};
use ipnet::{Ipv4Net, Ipv6Net};

use crate::address_pool;
use crate::entity::{BgpPeer, PeerPhase, Session, VirtualInterfaceKind};
use crate::parent;
use crate::refusal::Refusal;
use crate::transaction::Transaction;

/// What a caller says of a new peer.
#[derive(Clone, Copy)]
pub(in crate::operation) struct PeerInput<'a> {
    pub(in crate::operation) asn: Option<i64>,
    pub(in crate::operation) asn_long: Option<i64>,
    pub(in crate::operation) auth_key: Option<&'a str>,
    pub(in crate::operation) family: Option<api::AddressFamily>,
    pub(in crate::operation) amazon_address: Option<&'a str>,
    pub(in crate::operation) customer_address: Option<&'a str>,
}

impl PeerInput<'_> {
    /// V4 of spec/operations §7.1.
    pub(in crate::operation) fn asn(&self) -> Result<Asn, Refusal> {
        crate::input::asn(self.asn, self.asn_long)
    }

    pub(in crate::operation) fn family(&self) -> AddressFamily {
        match self.family {
            Some(api::AddressFamily::Ipv6) => AddressFamily::Ipv6,
            Some(api::AddressFamily::Ipv4) | None => AddressFamily::Ipv4,
        }
    }
}

/// A new peer, checked but for what else is on the connection.
pub(in crate::operation) struct PeerDraft {
    pub(in crate::operation) asn: Asn,
    auth_key: Option<String>,
    pub(in crate::operation) family: AddressFamily,
    /// Amazon's and the customer's; `None` to take a pair from the pool.
    pub(in crate::operation) addresses: Option<(PeerAddress, PeerAddress)>,
}

impl PeerDraft {
    /// V6 and V7 of spec/operations §7.1.
    pub(in crate::operation) fn read(
        kind: VirtualInterfaceKind,
        asn: Asn,
        input: PeerInput<'_>,
    ) -> Result<Self, Refusal> {
        let auth_key = input.auth_key.map(check_key).transpose()?;
        let family = input.family();
        let addresses = match (family, input.amazon_address, input.customer_address) {
            (AddressFamily::Ipv6, None, None) => None,
            (AddressFamily::Ipv6, ..) => {
                return Err(Refusal::invalid(
                    "Amazon Address and Customer Address cannot be given for address family ipv6: they are assigned.",
                ));
            }
            (AddressFamily::Ipv4, Some(amazon), Some(customer)) => {
                Some(check_pair(kind, amazon, customer)?)
            }
            (AddressFamily::Ipv4, None, None) if kind != VirtualInterfaceKind::Public => None,
            (AddressFamily::Ipv4, None, None) => {
                return Err(Refusal::invalid(
                    "Amazon Address and Customer Address are needed for a public virtual interface with address family ipv4.",
                ));
            }
            (AddressFamily::Ipv4, ..) => {
                return Err(Refusal::invalid(
                    "Give both Amazon Address and Customer Address, or neither.",
                ));
            }
        };
        Ok(Self {
            asn,
            auth_key,
            family,
            addresses,
        })
    }

    /// The peer itself, with what was left out filled in. Addresses must be free on the carrier.
    pub(in crate::operation) fn make(
        self,
        tx: &mut Transaction<'_>,
        place: Place,
    ) -> Result<BgpPeer, Refusal> {
        let (amazon_address, customer_address) = match self.addresses {
            Some((amazon, customer)) => {
                parent::check_address(tx, place.parent, &amazon, place.but)?;
                check_own_overlap(tx, place.but, &amazon)?;
                (amazon, customer)
            }
            None => {
                address_pool::allocate(tx, place.account, place.region, self.family, |subnet| {
                    parent::check_address(tx, place.parent, subnet, None).is_err()
                })
                .ok_or_else(|| {
                    Refusal::invalid(
                        "No peering addresses are left: give amazonAddress and customerAddress.",
                    )
                })?
            }
        };
        let auth_key = match self.auth_key {
            Some(key) => key,
            None => tx.context.ids.auth_key(),
        };
        Ok(BgpPeer {
            id: tx.fresh_bgp_peer(),
            asn: self.asn,
            auth_key,
            family: self.family,
            amazon_address,
            customer_address,
            phase: place.phase,
            session: Session::Down,
            prefixes_received: 0,
            session_since: tx.context.now,
            simulated_down: false,
            wrong_key: false,
        })
    }
}

/// Where a new peer goes.
pub(in crate::operation) struct Place {
    pub(in crate::operation) account: AccountId,
    pub(in crate::operation) region: Region,
    pub(in crate::operation) parent: ParentId,
    /// The virtual interface that gets the peer, when it is already there.
    pub(in crate::operation) but: Option<VirtualInterfaceId>,
    pub(in crate::operation) phase: PeerPhase,
}

/// The subnets of two peers of one virtual interface are apart, too.
fn check_own_overlap(
    tx: &Transaction<'_>,
    interface: Option<VirtualInterfaceId>,
    address: &PeerAddress,
) -> Result<(), Refusal> {
    let Some(interface) = interface.and_then(|id| tx.virtual_interface(id)) else {
        return Ok(());
    };
    if interface
        .live_peers()
        .any(|peer| peer.amazon_address.overlaps(address))
    {
        return Err(Refusal::invalid(format!(
            "Address {address} conflicts with another peer of virtual interface {}.",
            interface.id
        )));
    }
    Ok(())
}

/// Under review on a public virtual interface, else waiting for the fabric.
pub(in crate::operation) fn first_phase(
    kind: VirtualInterfaceKind,
    approves_by_itself: bool,
    now: Timestamp,
    settle: Span,
) -> PeerPhase {
    match kind {
        VirtualInterfaceKind::Public => PeerPhase::Verifying {
            approve_at: approves_by_itself.then_some(now + settle),
        },
        VirtualInterfaceKind::Private | VirtualInterfaceKind::Transit => PeerPhase::Pending,
    }
}

/// 6 to 80 printable characters, no blank (spec/identifiers §9). The key itself is not repeated.
fn check_key(key: &str) -> Result<String, Refusal> {
    if (6..=80).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(key.to_owned())
    } else {
        Err(Refusal::invalid(
            "BGP auth key is not valid. It has to be 6 to 80 printable characters without blanks.",
        ))
    }
}

/// Two ends of one subnet (spec/identifiers §8, texts seen).
fn check_pair(
    kind: VirtualInterfaceKind,
    amazon: &str,
    customer: &str,
) -> Result<(PeerAddress, PeerAddress), Refusal> {
    let amazon = read_address("Amazon Address", amazon)?;
    let customer = read_address("Customer Address", customer)?;
    let sides = [("Amazon Address", &amazon), ("Customer Address", &customer)];
    for (side, address) in sides {
        if kind != VirtualInterfaceKind::Public && is_no_hosts(address) {
            return Err(Refusal::invalid(format!(
                "{side} {address} is not valid: no router can have an address of 0.0.0.0/8, 127.0.0.0/8 or 224.0.0.0/3."
            )));
        }
    }
    if kind == VirtualInterfaceKind::Public {
        for (side, address) in sides {
            if is_private(&Prefix::from(address.address())) {
                return Err(Refusal::invalid(format!(
                    "{side} is not allowed to contain a private IP"
                )));
            }
        }
    }
    if amazon.subnet() != customer.subnet() {
        return Err(Refusal::invalid(
            "Amazon Address and Customer Address must be in the same CIDR",
        ));
    }
    // RFC 3021: both addresses of a /31 are hosts.
    if amazon.subnet().prefix_len() < 31 {
        for (side, address) in sides {
            if address.address() == address.network().network() {
                return Err(Refusal::invalid(format!(
                    "{side} is address 0 on its subnet."
                )));
            }
            if address.address() == address.network().broadcast() {
                return Err(Refusal::invalid(format!(
                    "{side} is the broadcast address on its subnet."
                )));
            }
        }
    }
    if amazon.address() == customer.address() {
        return Err(Refusal::invalid(
            "Amazon Address and Customer Address must differ.",
        ));
    }
    Ok((amazon, customer))
}

fn read_address(side: &str, text: &str) -> Result<PeerAddress, Refusal> {
    PeerAddress::parse(text)
        .ok()
        .filter(|address| address.family() == AddressFamily::Ipv4)
        .ok_or_else(|| {
            let shown: String = text.chars().take(64).collect();
            Refusal::invalid(format!(
                "{side} {shown} is not valid: an IPv4 address with a prefix length is needed."
            ))
        })
}

/// What is not routed on the Internet (RFC 6890). Documentation ranges count as public, so that examples work.
const NOT_ROUTED_IPV4: [Ipv4Net; 8] = [
    Ipv4Net::new_assert(Ipv4Addr::new(0, 0, 0, 0), 8),
    Ipv4Net::new_assert(Ipv4Addr::new(10, 0, 0, 0), 8),
    Ipv4Net::new_assert(Ipv4Addr::new(100, 64, 0, 0), 10),
    Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8),
    Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 0, 0), 16),
    Ipv4Net::new_assert(Ipv4Addr::new(172, 16, 0, 0), 12),
    Ipv4Net::new_assert(Ipv4Addr::new(192, 168, 0, 0), 16),
    Ipv4Net::new_assert(Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// The same of IPv6 (RFC 4291 §2.4; `::/8` is reserved).
const NOT_ROUTED_IPV6: [Ipv6Net; 4] = [
    Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, 0), 8),
    Ipv6Net::new_assert(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7),
    Ipv6Net::new_assert(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
    Ipv6Net::new_assert(Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8),
];

/// Reserved, loopback, multicast and future use (RFC 6890, RFC 5771): no interface has such an address.
const NO_HOSTS_IPV4: [Ipv4Net; 3] = [
    Ipv4Net::new_assert(Ipv4Addr::new(0, 0, 0, 0), 8),
    Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8),
    Ipv4Net::new_assert(Ipv4Addr::new(224, 0, 0, 0), 3),
];

fn is_no_hosts(address: &PeerAddress) -> bool {
    match Prefix::from(address.address()) {
        Prefix::V4(net) => NO_HOSTS_IPV4.iter().any(|range| range.contains(&net)),
        // These are always assigned.
        Prefix::V6(_) => false,
    }
}

/// All of it is private or reserved. A prefix that has public addresses, too, is not.
pub(in crate::operation) fn is_private(prefix: &Prefix) -> bool {
    match prefix {
        Prefix::V4(net) => NOT_ROUTED_IPV4.iter().any(|range| range.contains(net)),
        Prefix::V6(net) => NOT_ROUTED_IPV6.iter().any(|range| range.contains(net)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(kind: VirtualInterfaceKind, amazon: &str, customer: &str) -> Result<(), String> {
        check_pair(kind, amazon, customer)
            .map(|_| ())
            .map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn address_texts_are_those_seen() {
        use VirtualInterfaceKind::{Private, Public};
        for (kind, amazon, customer, text) in [
            (
                Public,
                "192.168.1.1/30",
                "192.168.1.2/30",
                "Amazon Address is not allowed to contain a private IP",
            ),
            (
                Public,
                "175.45.176.1/30",
                "10.0.0.2/30",
                "Customer Address is not allowed to contain a private IP",
            ),
            (
                Public,
                "175.45.176.1/28",
                "175.45.176.18/28",
                "Amazon Address and Customer Address must be in the same CIDR",
            ),
            (
                Private,
                "10.0.0.1/30",
                "10.0.0.2/29",
                "Amazon Address and Customer Address must be in the same CIDR",
            ),
            (
                Public,
                "175.45.176.0/28",
                "175.45.176.2/28",
                "Amazon Address is address 0 on its subnet.",
            ),
            (
                Private,
                "10.0.0.1/30",
                "10.0.0.0/30",
                "Customer Address is address 0 on its subnet.",
            ),
            (
                Public,
                "175.45.176.15/28",
                "175.45.176.2/28",
                "Amazon Address is the broadcast address on its subnet.",
            ),
        ] {
            assert_eq!(
                pair(kind, amazon, customer),
                Err(text.to_owned()),
                "{amazon} {customer}"
            );
        }
    }

    /// The address counts, however large its subnet is.
    #[test]
    fn a_wide_subnet_makes_no_private_address_public() {
        let refused = pair(VirtualInterfaceKind::Public, "10.0.0.1/7", "10.0.0.2/7");
        assert!(refused.unwrap_err().contains("a private IP"));
    }

    #[test]
    fn no_router_has_a_loopback_or_multicast_address() {
        use VirtualInterfaceKind::{Private, Transit};
        for kind in [Private, Transit] {
            for base in [
                "0.1.2",
                "127.0.0",
                "224.0.0",
                "239.255.0",
                "240.0.0",
                "255.255.255",
            ] {
                let (amazon, customer) = (format!("{base}.1/30"), format!("{base}.2/30"));
                let refused = pair(kind, &amazon, &customer).unwrap_err();
                assert!(refused.starts_with(&format!("Amazon Address {amazon} is not valid")));
            }
            for base in [
                "1.0.0",
                "126.255.255",
                "128.0.0",
                "223.255.255",
                "169.254.1",
            ] {
                let (amazon, customer) = (format!("{base}.1/30"), format!("{base}.2/30"));
                assert_eq!(pair(kind, &amazon, &customer), Ok(()));
            }
        }
    }

    #[test]
    fn both_ends_of_a_31_are_hosts() {
        assert_eq!(
            pair(
                VirtualInterfaceKind::Public,
                "203.0.113.0/31",
                "203.0.113.1/31"
            ),
            Ok(())
        );
    }
}
