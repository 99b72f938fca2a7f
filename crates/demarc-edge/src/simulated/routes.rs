//! What simulated customers announce, and what they would hear.
//!
//! The set of a virtual interface follows from its id and kind alone, so that it is the same at every
//! look. A private one announces three site prefixes and one more specific with a preference community, as
//! far as its allocation goes; a public one its approved prefixes. Toward the customer goes what the gateway
//! has (spec/routing §4).

use std::net::Ipv6Addr;

use demarc_domain::entity::{BgpPeer, Session, VirtualInterface, VirtualInterfaceKind};
use demarc_domain::intent::{self, RoutingDomain};
use demarc_domain::{PathSegment, Route, RouteDirection, RouteSource, World};
use demarc_types::{AddressFamily, Prefix, Timestamp};
use ipnet::{Ipv4Net, Ipv6Net};

/// Routes of the simulated fabric.
#[derive(Debug)]
pub(super) struct SimulatedRoutes;

impl RouteSource for SimulatedRoutes {
    fn routes(&self, world: &World, interface: &VirtualInterface) -> Vec<Route> {
        let up = interface
            .live_peers()
            .filter(|peer| peer.session == Session::Up);
        up.flat_map(|peer| {
            accepted(interface, peer)
                .into_iter()
                .chain(advertised(world, interface, peer))
        })
        .collect()
    }
}

/// How many prefixes the simulated customer announces in a family.
pub(super) fn announced_count(interface: &VirtualInterface, family: AddressFamily) -> u32 {
    u32::try_from(announced(interface, family).len()).unwrap_or(u32::MAX)
}

/// The prefixes that the customer announces: never more than are allowed, which would end the session
/// (spec/routing §2).
fn announced(interface: &VirtualInterface, family: AddressFamily) -> Vec<Prefix> {
    let limit = usize::try_from(intent::prefix_limit(interface, family)).unwrap_or(usize::MAX);
    let mut prefixes = wished(interface, family);
    prefixes.truncate(limit);
    prefixes
}

/// What the customer would announce without a limit.
fn wished(interface: &VirtualInterface, family: AddressFamily) -> Vec<Prefix> {
    if interface.kind == VirtualInterfaceKind::Public {
        return interface
            .route_filter_prefixes
            .iter()
            .copied()
            .filter(|prefix| AddressFamily::of(prefix) == family)
            .collect();
    }
    // Two bytes that differ between virtual interfaces, and never change for one.
    let site = interface.id.suffix().bytes().fold(0_u16, |hash, byte| {
        hash.wrapping_mul(31).wrapping_add(u16::from(byte))
    });
    let [high, low] = site.to_be_bytes();
    let high = 16 + high % 16;
    let ipv4 = |octets: [u8; 4], length| Ipv4Net::new_assert(octets.into(), length).into();
    let ipv6 = |groups: [u16; 4], length| {
        let [first, second, third, fourth] = groups;
        let address = Ipv6Addr::new(first, second, third, fourth, 0, 0, 0, 0);
        Ipv6Net::new_assert(address, length).into()
    };
    match family {
        AddressFamily::Ipv4 => vec![
            ipv4([172, high, low, 0], 24),
            ipv4([192, 168, low, 0], 24),
            ipv4([172, high, 0, 0], 16),
        ],
        AddressFamily::Ipv6 => vec![
            ipv6([0x2001, 0xdb8, site, 0], 48),
            ipv6([0x2001, 0xdb8, site, low.into()], 64),
        ],
    }
}

fn accepted(interface: &VirtualInterface, peer: &BgpPeer) -> Vec<Route> {
    let communities = match interface.kind {
        VirtualInterfaceKind::Public => vec![(7_224, 9_300)],
        VirtualInterfaceKind::Private | VirtualInterfaceKind::Transit => vec![(7_224, 7_200)],
    };
    announced(interface, peer.family)
        .into_iter()
        .enumerate()
        .map(|(number, prefix)| Route {
            direction: RouteDirection::Accepted,
            prefix,
            as_path: sequence(&[peer.asn.get()]),
            // The first one carries a preference; the others are plain.
            communities: if number == 0 {
                communities.clone()
            } else {
                Vec::new()
            },
            installed: peer.session_since,
        })
        .collect()
}

fn advertised(world: &World, interface: &VirtualInterface, peer: &BgpPeer) -> Vec<Route> {
    let route = |prefix: Prefix, as_path: Vec<u32>, communities, installed: Timestamp| Route {
        direction: RouteDirection::Advertised,
        prefix,
        as_path: sequence(&as_path),
        communities,
        installed,
    };
    let Some(intent) = intent::virtual_interface(world, interface) else {
        return Vec::new();
    };
    if intent.domain == RoutingDomain::Public {
        return public_prefixes(peer.family)
            .into_iter()
            .map(|prefix| {
                route(
                    prefix,
                    vec![7_224, 16_509, 16_509],
                    vec![(7_224, 8_100)],
                    peer.session_since,
                )
            })
            .collect();
    }
    let own = interface.amazon_side_asn.get();
    let from_gateways = intent::domain(world, intent.domain)
        .into_iter()
        .flat_map(|domain| domain.uplinks)
        .flat_map(|uplink| uplink.announced)
        .filter(|prefix| AddressFamily::of(prefix) == peer.family)
        .map(|prefix| route(prefix, vec![own], Vec::new(), peer.session_since));
    from_gateways
        .chain(site_link(world, interface, peer))
        .collect()
}

/// Routes of the other virtual interfaces with SiteLink on the same gateway (spec/routing §8).
fn site_link(world: &World, interface: &VirtualInterface, peer: &BgpPeer) -> Vec<Route> {
    let Some(gateway) = interface.gateway().filter(|_| interface.site_link) else {
        return Vec::new();
    };
    let own = interface.amazon_side_asn.get();
    let others = world
        .virtual_interfaces_to(gateway)
        .filter(|other| other.site_link && other.id != interface.id && other.holds_resources());
    let mut routes = Vec::new();
    for other in others {
        // Once for each device on the way.
        let hops = if other.device == interface.device {
            1
        } else {
            2
        };
        for far in other
            .live_peers()
            .filter(|far| far.session == Session::Up && far.family == peer.family)
        {
            // A customer drops a path with its own number in it.
            for prefix in announced(other, far.family)
                .into_iter()
                .filter(|_| far.asn != peer.asn)
            {
                let mut path = vec![own; hops];
                path.push(far.asn.get());
                routes.push(Route {
                    direction: RouteDirection::Advertised,
                    prefix,
                    as_path: sequence(&path),
                    communities: Vec::new(),
                    installed: far.session_since.max(peer.session_since),
                });
            }
        }
    }
    routes
}

/// A few prefixes in the place of all that a public cloud announces.
fn public_prefixes(family: AddressFamily) -> Vec<Prefix> {
    let texts: &[&str] = match family {
        AddressFamily::Ipv4 => &["198.51.100.0/24", "192.0.2.0/24"],
        AddressFamily::Ipv6 => &["2001:db8:ffff::/48"],
    };
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

fn sequence(numbers: &[u32]) -> Vec<PathSegment> {
    vec![PathSegment {
        is_set: false,
        numbers: numbers.to_vec(),
    }]
}
