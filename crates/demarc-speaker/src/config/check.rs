//! From written values to checked ones.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};

use demarc_bgp::policy::{DEFAULT_SITE_LINK_LIMIT, InterfaceKind};
use demarc_bgp::wire::{Asn, Family};
use ipnet::IpNet;

use super::file::{Export, FamilyName, File, Kind, Neighbor};
use super::{ConfigProblem, ExportMode, NeighborConfig, Secret, SpeakerConfig, family_of};

/// Numbers that no network has (spec/routing §1.1).
const RESERVED: [u32; 4] = [0, 23456, 65535, u32::MAX];

pub(super) fn check(file: File) -> Result<SpeakerConfig, ConfigProblem> {
    let asn = Asn::new(file.asn);
    if RESERVED.contains(&file.asn) {
        return Err(ConfigProblem::ReservedAsn { asn });
    }
    let router_id = file.router_id;
    if router_id.is_unspecified() || router_id.is_multicast() || router_id.is_broadcast() {
        return Err(ConfigProblem::RouterId { router_id });
    }
    check_sockets(&file.listen, file.control)?;
    let mut config = SpeakerConfig {
        asn,
        router_id,
        listen: file.listen,
        control: file.control,
        neighbors: Vec::new(),
        originate: Vec::new(),
        ttl: 1,
    };
    let mut seen = HashSet::new();
    for raw in file.neighbors {
        let address = raw.address;
        if !seen.insert(address) {
            return Err(ConfigProblem::DuplicateNeighbor { address });
        }
        let neighbor = check_neighbor(raw, &config)?;
        config.neighbors.push(neighbor);
    }
    let mut prefixes = HashSet::new();
    for origination in file.originations {
        let prefix = without_host_bits(origination.prefix)?;
        if !prefixes.insert(prefix) {
            return Err(ConfigProblem::DuplicateOrigination { prefix });
        }
        config.originate.push(prefix);
    }
    Ok(config)
}

fn check_sockets(listen: &[SocketAddr], control: Option<SocketAddr>) -> Result<(), ConfigProblem> {
    if listen.is_empty() {
        return Err(ConfigProblem::NoListen);
    }
    let mut sockets: Vec<(&'static str, SocketAddr)> =
        listen.iter().map(|address| ("listen", *address)).collect();
    sockets.extend(control.map(|address| ("control", address)));
    for (index, &(name, address)) in sockets.iter().enumerate() {
        if address.port() == 0 {
            return Err(ConfigProblem::ZeroPort { name, address });
        }
        if is_multicast_or_broadcast(address.ip()) {
            return Err(ConfigProblem::NotOurs { name, address });
        }
        let clash = sockets[..index]
            .iter()
            .find(|(_, other)| clashes(*other, address));
        if let Some(&(first_name, first)) = clash {
            let (second_name, second) = (name, address);
            return Err(ConfigProblem::ClashingPorts {
                first_name,
                first,
                second_name,
                second,
            });
        }
    }
    Ok(())
}

/// The same port on the same address, or on any address of the family.
fn clashes(one: SocketAddr, other: SocketAddr) -> bool {
    one.port() == other.port()
        && one.is_ipv4() == other.is_ipv4()
        && (one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified())
}

fn check_neighbor(raw: Neighbor, config: &SpeakerConfig) -> Result<NeighborConfig, ConfigProblem> {
    let address = raw.address;
    let asn = Asn::new(raw.asn);
    if RESERVED.contains(&raw.asn) {
        return Err(ConfigProblem::ReservedNeighborAsn { address, asn });
    }
    if asn == config.asn {
        return Err(ConfigProblem::SameAsn { address, asn });
    }
    if !is_host(address) {
        return Err(ConfigProblem::NeighborAddress { address });
    }
    if config.listen.iter().any(|own| own.ip() == address) {
        return Err(ConfigProblem::NeighborIsUs { address });
    }
    let family = family(&raw, config)?;
    let interface_kind = match raw.interface_kind {
        Kind::Private => InterfaceKind::Private,
        Kind::Transit => InterfaceKind::Transit,
        Kind::Public => InterfaceKind::Public,
    };
    let public = interface_kind == InterfaceKind::Public;
    if public && raw.site_link {
        return Err(ConfigProblem::PublicSiteLink { address });
    }
    let other_family = raw.route_filter.iter();
    let mut other_family = other_family.filter(|prefix| family_of(prefix.addr()) != family);
    if let Some(&prefix) = other_family.next() {
        return Err(ConfigProblem::RouteFilterFamily {
            address,
            prefix,
            family,
        });
    }
    let filter = raw.route_filter.into_iter().map(without_host_bits);
    Ok(NeighborConfig {
        address,
        asn,
        password: raw
            .password
            .map(|key| password(address, &key))
            .transpose()?,
        port: Some(raw.port).filter(|port| *port != 0),
        family,
        interface_kind,
        site_link: raw.site_link,
        export: match raw.export {
            Export::Policy => ExportMode::Policy,
            Export::None => ExportMode::None,
        },
        site_link_limit: Some(raw.site_link_limit.unwrap_or(DEFAULT_SITE_LINK_LIMIT))
            .filter(|limit| *limit != 0),
        // spec/routing §2.
        prefix_limit: raw.prefix_limit.unwrap_or(if public { 1000 } else { 100 }),
        route_filter: filter.collect::<Result<_, _>>()?,
        local_region: raw.local_region,
        bfd: raw.bfd,
    })
}

/// One family a session; without a word of it, that of the address.
fn family(raw: &Neighbor, config: &SpeakerConfig) -> Result<Family, ConfigProblem> {
    let address = raw.address;
    let transport = family_of(address);
    let family = match raw.families.as_deref() {
        None => transport,
        Some([FamilyName::Ipv4]) => Family::Ipv4,
        Some([FamilyName::Ipv6]) => Family::Ipv6,
        Some(_) => return Err(ConfigProblem::Families { address }),
    };
    if config.local_address(transport).is_none() {
        return Err(ConfigProblem::NoSource {
            address,
            family: transport,
        });
    }
    let next_hop = config
        .local_address(family)
        .filter(|own| !own.ip().is_unspecified());
    if family != transport && next_hop.is_none() {
        return Err(ConfigProblem::NoNextHop { address, family });
    }
    Ok(family)
}

fn is_host(address: IpAddr) -> bool {
    let mapped = matches!(address, IpAddr::V6(address) if address.to_ipv4_mapped().is_some());
    !(address.is_unspecified() || is_multicast_or_broadcast(address) || mapped)
}

const fn is_multicast_or_broadcast(address: IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
    address.is_multicast() || broadcast
}

fn password(address: IpAddr, key: &str) -> Result<Secret, ConfigProblem> {
    let length = key.len();
    // spec/routing §1.
    if (6..=80).contains(&length) {
        Ok(Secret::new(key.as_bytes()))
    } else {
        Err(ConfigProblem::PasswordLength { address, length })
    }
}

fn without_host_bits(prefix: IpNet) -> Result<IpNet, ConfigProblem> {
    let network = prefix.trunc();
    if network == prefix {
        Ok(prefix)
    } else {
        Err(ConfigProblem::HostBits { prefix, network })
    }
}
