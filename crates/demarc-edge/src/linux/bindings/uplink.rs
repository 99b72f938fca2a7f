//! Whether the addresses of an uplink can be meant.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use demarc_types::Prefix;

use super::UplinkBinding;

/// What cannot be meant. Each names the value.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UplinkFault {
    #[error("`{address}` of {interface} is the address of its network: give {interface} one in it")]
    Network { interface: String, address: Prefix },
    #[error("`{address}` of {interface} is the broadcast address of its network")]
    Broadcast { interface: String, address: Prefix },
    #[error("`{address}` is no address that {interface} can have")]
    NoAddress { interface: String, address: Prefix },
    #[error("the next hop {next_hop} of {interface} is its own address")]
    Own { interface: String, next_hop: IpAddr },
    #[error("the next hop {next_hop} of {interface} is in none of the networks of its `addresses`")]
    Elsewhere { interface: String, next_hop: IpAddr },
    #[error("{interface} has two next hops of one family: only the first would be used")]
    SameFamily { interface: String },
    #[error("the prefix {prefix} of `public` has host bits: its network is {}", prefix.trunc())]
    HostBits { prefix: Prefix },
    #[error("the prefix {prefix} of `public` is everything: name what lies behind the uplink")]
    Everything { prefix: Prefix },
    #[error("the prefix {prefix} of `public` is there twice")]
    Twice { prefix: Prefix },
}

pub(super) fn check(uplink: &UplinkBinding) -> Result<(), UplinkFault> {
    let interface = || uplink.interface.clone();
    for address in &uplink.addresses {
        is_host(*address, interface)?;
    }
    let addresses = uplink.addresses.iter();
    for next_hop in &uplink.next_hops {
        let next_hop = *next_hop;
        if addresses.clone().any(|own| own.addr() == next_hop) {
            let interface = interface();
            return Err(UplinkFault::Own {
                interface,
                next_hop,
            });
        }
        // Without an address of the family the kernel says what is missing, for as long as it is.
        let mut own = addresses
            .clone()
            .filter(|own| own.addr().is_ipv4() == next_hop.is_ipv4())
            .peekable();
        let is_link_local = matches!(next_hop, IpAddr::V6(it) if it.is_unicast_link_local());
        if own.peek().is_some() && !is_link_local && !own.any(|own| own.contains(&next_hop)) {
            let interface = interface();
            return Err(UplinkFault::Elsewhere {
                interface,
                next_hop,
            });
        }
    }
    let of_ipv4 = uplink.next_hops.iter().filter(|it| it.is_ipv4()).count();
    if of_ipv4 > 1 || uplink.next_hops.len() - of_ipv4 > 1 {
        let interface = interface();
        return Err(UplinkFault::SameFamily { interface });
    }
    let mut known = BTreeSet::new();
    for prefix in uplink.prefixes.iter().map(|one| one.prefix) {
        if prefix.prefix_len() == 0 {
            return Err(UplinkFault::Everything { prefix });
        }
        if prefix != prefix.trunc() {
            return Err(UplinkFault::HostBits { prefix });
        }
        if !known.insert(prefix) {
            return Err(UplinkFault::Twice { prefix });
        }
    }
    Ok(())
}

/// Whether an interface may have the address.
fn is_host(address: Prefix, interface: impl Fn() -> String) -> Result<(), UplinkFault> {
    let (host, length) = (address.addr(), address.prefix_len());
    let is_none = match host {
        IpAddr::V4(it) => it == Ipv4Addr::UNSPECIFIED || it.is_multicast() || it.is_broadcast(),
        IpAddr::V6(it) => it == Ipv6Addr::UNSPECIFIED || it.is_multicast(),
    };
    if is_none || length == 0 {
        let interface = interface();
        return Err(UplinkFault::NoAddress { interface, address });
    }
    // Pairs and single addresses have no others (RFC 3021, RFC 6164).
    let longest = if host.is_ipv4() { 31 } else { 127 };
    if length >= longest {
        return Ok(());
    }
    if host == address.network() {
        let interface = interface();
        return Err(UplinkFault::Network { interface, address });
    }
    if host.is_ipv4() && host == address.broadcast() {
        let interface = interface();
        return Err(UplinkFault::Broadcast { interface, address });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Behind, PublicPrefix, Scope};
    use super::*;

    fn uplink(addresses: &[&str], next_hops: &[&str], prefixes: &[&str]) -> UplinkBinding {
        UplinkBinding {
            gateway: Behind::Public,
            serves: None,
            interface: "eth2".to_owned(),
            addresses: addresses.iter().map(|it| it.parse().unwrap()).collect(),
            next_hops: next_hops.iter().map(|it| it.parse().unwrap()).collect(),
            prefixes: prefixes
                .iter()
                .map(|it| PublicPrefix {
                    prefix: it.parse().unwrap(),
                    scope: Scope::Region,
                })
                .collect(),
        }
    }

    #[test]
    fn what_cannot_be_meant_is_said() {
        let one = &["10.255.0.1/30"][..];
        for (addresses, next_hops, prefixes, said) in [
            (
                &["10.255.0.0/30"][..],
                &[][..],
                &[][..],
                "address of its network",
            ),
            (&["10.255.0.3/30"], &[], &[], "broadcast address"),
            (&["224.0.0.1/24"], &[], &[], "no address"),
            (&["fd00:255::/126"], &[], &[], "address of its network"),
            (one, &["10.255.0.1"], &[], "is its own address"),
            (one, &["10.255.0.5"], &[], "10.255.0.5 of eth2 is in none"),
            (one, &["10.255.0.2", "10.255.0.2"], &[], "two next hops"),
            (
                one,
                &[],
                &["203.0.113.1/24"],
                "its network is 203.0.113.0/24",
            ),
            (one, &[], &["0.0.0.0/0"], "is everything"),
            (one, &[], &["::/0"], "is everything"),
            (
                one,
                &[],
                &["203.0.113.0/24", "203.0.113.0/24"],
                "there twice",
            ),
        ] {
            let fault = check(&uplink(addresses, next_hops, prefixes)).unwrap_err();
            let message = fault.to_string();
            assert!(message.contains(said), "{said}: {message}");
        }
    }

    #[test]
    fn what_may_be_meant_passes() {
        for (addresses, next_hops) in [
            (
                &["10.255.0.1/30", "fd00:255::1/126"][..],
                &["10.255.0.2", "fd00:255::2"][..],
            ),
            (&["10.255.0.0/31"], &["10.255.0.1"]),
            (&["fd00:255::/127"], &["fe80::1"]),
            // The kernel says what is missing.
            (&[], &["10.255.0.2"]),
        ] {
            let good = uplink(addresses, next_hops, &["203.0.113.0/24", "203.0.113.0/25"]);
            assert_eq!(check(&good), Ok(()), "{addresses:?}");
        }
    }
}
