//! What the fabric is to make true, derived from the World.
//!
//! An intent is complete and says nothing of how it came about: an edge that compares it with what it has
//! needs no history. It is a function of the World (architecture invariant 6).

use std::fmt;
use std::sync::Arc;

use demarc_types::{
    AddressFamily, Asn, BgpPeerId, ConnectionId, DirectConnectGatewayId, GatewayRef, LagId,
    ParentId, PeerAddress, Prefix, Region, TestId, VirtualInterfaceId, VlanId, VpnGatewayId,
};
use serde::{Deserialize, Serialize};

mod derived;

pub use self::derived::{Derived, device_again};
use crate::entity::{
    Attachment, Connection, ConnectionPhase, PeerPhase, VirtualInterface, VirtualInterfaceKind,
    VirtualInterfacePhase,
};
use crate::gateway_rules::allowed_prefixes;
use crate::operation::failover_test;
use crate::world::World;
use crate::{parent, state};

/// Everything that one device has to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeviceIntent {
    pub device: String,
    pub ports: Vec<PortIntent>,
    pub lags: Vec<LagIntent>,
    /// Shared with the intent of before where nothing has changed.
    pub virtual_interfaces: Vec<Arc<VirtualInterfaceIntent>>,
    pub domains: Vec<DomainIntent>,
}

/// The intent of a device, with the revision of the World at which it became so. It holds the keys of BGP
/// sessions and of MACsec: it is for the edge of the device alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VersionedIntent {
    pub revision: u64,
    pub intent: DeviceIntent,
}

/// A port that is to be in service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PortIntent {
    pub connection: ConnectionId,
    pub megabits: u32,
    pub lag: Option<LagId>,
    pub jumbo: bool,
    /// `None`: the port has no MACsec.
    pub encryption_mode: Option<String>,
    /// MACsec keys in force, newest first; those of the LAG where the port is a member. They hold secrets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mac_sec_keys: Vec<MacSecKeyIntent>,
}

/// A MACsec key that is to be used.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MacSecKeyIntent {
    pub secret_arn: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ckn: Option<String>,
    /// Absent where only a secret was named: its content is not known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cak: Option<String>,
}

impl fmt::Debug for MacSecKeyIntent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("MacSecKeyIntent")
            .field("secret_arn", &self.secret_arn)
            .field("ckn", &self.ckn)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LagIntent {
    pub lag: LagId,
    pub members: Vec<ConnectionId>,
    pub minimum_links: u32,
}

/// A set of routes kept apart from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoutingDomain {
    Gateway(DirectConnectGatewayId),
    VpnGateway(VpnGatewayId),
    /// All public virtual interfaces.
    Public,
}

/// A routing domain and what it announces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DomainIntent {
    pub domain: RoutingDomain,
    pub asn: Asn,
    pub uplinks: Vec<UplinkIntent>,
    /// Uplinks may reach each other where a customer's route covers what lies behind them (spec/routing §7).
    #[serde(default)]
    pub hairpin: bool,
}

/// A gateway behind a routing domain, with the prefixes that customers hear of it (spec/routing §4.1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UplinkIntent {
    pub gateway: GatewayRef,
    /// Whose choice among the customers' routes it is (spec/routing §6).
    pub region: Region,
    pub announced: Vec<Prefix>,
    /// What lies behind it, for forwarding.
    pub prefixes: Vec<Prefix>,
}

/// A virtual interface that is to stand, or to be taken down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualInterfaceIntent {
    pub id: VirtualInterfaceId,
    pub generation: u32,
    /// The port or LAG that the frames are on; of a hosted connection its parent.
    pub carrier: ParentId,
    pub vlan: VlanId,
    pub mtu: u16,
    pub kind: VirtualInterfaceKind,
    pub domain: RoutingDomain,
    pub asn: Asn,
    /// The Region of the location, and the logical device there.
    pub region: Region,
    pub device: Option<String>,
    pub site_link: bool,
    pub peers: Vec<PeerIntent>,
    pub route_filter_prefixes: Vec<Prefix>,
    /// In Mbit/s, both ways: the rate limit, or the bandwidth of a hosted connection.
    pub police_megabits: Option<u32>,
    pub prefix_limit_ipv4: u32,
    pub prefix_limit_ipv6: u32,
    /// The carrier is in service: sessions may come up.
    pub in_service: bool,
}

/// A BGP session that is to be tried.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerIntent {
    pub id: BgpPeerId,
    pub asn: Asn,
    pub auth_key: String,
    pub family: AddressFamily,
    pub local: PeerAddress,
    pub remote: PeerAddress,
    /// Held down by a failover test: administrative shutdown.
    pub shutdown: bool,
    /// The failover test, for the words that the neighbor hears.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<TestId>,
    /// The simulated router stays away.
    pub simulated_down: bool,
}

impl fmt::Debug for PeerIntent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("PeerIntent")
            .field("id", &self.id)
            .field("asn", &self.asn)
            .field("family", &self.family)
            .field("local", &self.local)
            .field("remote", &self.remote)
            .field("shutdown", &self.shutdown)
            .finish_non_exhaustive()
    }
}

/// Routes a customer may announce on a public virtual interface (spec/quotas row 31).
const PUBLIC_PREFIX_LIMIT: u32 = 1_000;

/// Routes of a family that the customer may announce (spec/quotas §2).
pub fn prefix_limit(interface: &VirtualInterface, family: AddressFamily) -> u32 {
    match (interface.prefix_allocation, family) {
        (None, _) => PUBLIC_PREFIX_LIMIT,
        (Some(allocation), AddressFamily::Ipv4) => allocation.ipv4,
        (Some(allocation), AddressFamily::Ipv6) => allocation.ipv6,
    }
}

/// What is to be done for one virtual interface; `None` when nothing is.
pub fn virtual_interface(
    world: &World,
    interface: &VirtualInterface,
) -> Option<VirtualInterfaceIntent> {
    if interface.phase != VirtualInterfacePhase::Active {
        return None;
    }
    let hosted = match interface.parent {
        ParentId::Connection(id) => world
            .connection(id)
            .filter(|connection| connection.is_hosted()),
        ParentId::Lag(_) => None,
    };
    let carrier = hosted
        .and_then(|connection| connection.parent())
        .unwrap_or(interface.parent);
    let held_down = failover_test::held_down(world, interface);
    let peers = interface
        .peers
        .iter()
        .filter(|peer| matches!(peer.phase, PeerPhase::Pending | PeerPhase::Available))
        .map(|peer| PeerIntent {
            id: peer.id,
            asn: peer.asn,
            auth_key: peer.auth_key.clone(),
            family: peer.family,
            local: peer.amazon_address.clone(),
            remote: peer.customer_address.clone(),
            shutdown: held_down.contains(&peer.id),
            test: interface.test.filter(|_| held_down.contains(&peer.id)),
            simulated_down: peer.simulated_down,
        })
        .collect();
    Some(VirtualInterfaceIntent {
        id: interface.id,
        generation: interface.generation,
        carrier,
        vlan: interface.vlan,
        mtu: interface.mtu,
        kind: interface.kind,
        domain: match interface.attachment {
            Attachment::DirectConnectGateway(id) => RoutingDomain::Gateway(id),
            Attachment::VirtualPrivateGateway(id) => RoutingDomain::VpnGateway(id),
            Attachment::None => RoutingDomain::Public,
        },
        asn: interface.amazon_side_asn,
        region: interface.region,
        device: interface.device.clone(),
        site_link: interface.site_link,
        peers,
        route_filter_prefixes: interface.route_filter_prefixes.clone(),
        police_megabits: interface
            .rate_limit
            .map(|rate| rate.megabits())
            .or_else(|| hosted.map(|connection| connection.bandwidth.megabits())),
        prefix_limit_ipv4: prefix_limit(interface, AddressFamily::Ipv4),
        prefix_limit_ipv6: prefix_limit(interface, AddressFamily::Ipv6),
        in_service: state::parent_is_up(world, interface.parent),
    })
}

/// What a routing domain announces to customers.
pub fn domain(world: &World, domain: RoutingDomain) -> Option<DomainIntent> {
    match domain {
        RoutingDomain::Gateway(id) => {
            let gateway = world.gateway(id)?;
            let in_force = world
                .associations_of(id)
                .filter(|association| association.is_in_force());
            let uplinks = in_force.map(|association| UplinkIntent {
                gateway: association.associated,
                region: association.associated_region,
                announced: allowed_prefixes::announced(world, association),
                prefixes: prefixes_behind(world, association.associated),
            });
            Some(DomainIntent {
                domain,
                asn: gateway.amazon_side_asn,
                uplinks: uplinks.collect(),
                hairpin: gateway.allow_hairpin,
            })
        }
        RoutingDomain::VpnGateway(id) => {
            let gateway = world.vpn_gateway(id)?;
            let prefixes = prefixes_behind(world, GatewayRef::VirtualPrivate(id));
            let uplink = UplinkIntent {
                gateway: GatewayRef::VirtualPrivate(id),
                region: gateway.region,
                announced: prefixes.clone(),
                prefixes,
            };
            Some(DomainIntent {
                domain,
                asn: gateway.amazon_side_asn,
                uplinks: vec![uplink],
                hairpin: false,
            })
        }
        RoutingDomain::Public => Some(DomainIntent {
            domain,
            asn: Asn::PUBLIC_AMAZON,
            uplinks: Vec::new(),
            hairpin: false,
        }),
    }
}

/// The CIDRs of the VPC behind a virtual private gateway.
fn prefixes_behind(world: &World, gateway: GatewayRef) -> Vec<Prefix> {
    match gateway {
        GatewayRef::VirtualPrivate(id) => world
            .vpn_gateway(id)
            .and_then(|gateway| gateway.attached_vpc())
            .and_then(|vpc| world.vpc(vpc))
            .map(|vpc| vpc.prefixes().collect())
            .unwrap_or_default(),
        GatewayRef::Transit(_) => Vec::new(),
    }
}

/// The whole intent of a device: a function of the World alone.
pub fn device(world: &World, device: &str) -> DeviceIntent {
    of(world, device, |interface| {
        virtual_interface(world, interface).map(Arc::new)
    })
}

fn of(
    world: &World,
    device: &str,
    derive: impl FnMut(&Arc<VirtualInterface>) -> Option<Arc<VirtualInterfaceIntent>>,
) -> DeviceIntent {
    let ports: Vec<&Connection> = world
        .connections()
        .map(AsRef::as_ref)
        .filter(|port| port.device.as_deref() == Some(device) && is_port_in_service(port))
        .collect();
    let mut carriers: Vec<ParentId> = ports
        .iter()
        .map(|port| ParentId::Connection(port.id))
        .collect();
    let mut lags: Vec<LagId> = ports.iter().filter_map(|port| port.lag).collect();
    lags.sort_unstable();
    lags.dedup();
    carriers.extend(lags.iter().copied().map(ParentId::Lag));
    let hosted: Vec<ParentId> = carriers
        .iter()
        .flat_map(|carrier| world.hosted_on(*carrier))
        .filter(|connection| connection.phase == ConnectionPhase::Live)
        .map(|connection| ParentId::Connection(connection.id))
        .collect();
    let virtual_interfaces: Vec<Arc<VirtualInterfaceIntent>> = carriers
        .iter()
        .chain(&hosted)
        .flat_map(|carrier| parent::holding(world, *carrier))
        .filter_map(derive)
        .collect();
    let mut domains: Vec<RoutingDomain> = virtual_interfaces
        .iter()
        .map(|interface| interface.domain)
        .collect();
    domains.sort_unstable();
    domains.dedup();
    DeviceIntent {
        device: device.to_owned(),
        ports: ports.iter().map(|it| port(world, it)).collect(),
        lags: lags
            .iter()
            .filter_map(|id| world.lag(*id))
            .map(|found| LagIntent {
                lag: found.id,
                members: world.members(found.id).map(|member| member.id).collect(),
                minimum_links: found.minimum_links,
            })
            .collect(),
        virtual_interfaces,
        domains: domains
            .into_iter()
            .filter_map(|id| domain(world, id))
            .collect(),
    }
}

/// What is to be done for one port; `None` when nothing is.
pub fn connection(world: &World, connection: &Connection) -> Option<PortIntent> {
    (connection.device.is_some() && is_port_in_service(connection)).then(|| port(world, connection))
}

fn is_port_in_service(connection: &Connection) -> bool {
    let wanted = matches!(
        connection.phase,
        ConnectionPhase::Pending { .. } | ConnectionPhase::Live
    );
    wanted && !connection.is_hosted()
}

fn port(world: &World, port: &Connection) -> PortIntent {
    let mac_sec = state::mac_sec_in_force(world, port);
    let keys = mac_sec.iter().flat_map(|mac_sec| mac_sec.keys.iter().rev());
    PortIntent {
        connection: port.id,
        megabits: port.bandwidth.megabits(),
        lag: port.lag,
        jumbo: port.jumbo_capable,
        encryption_mode: mac_sec.map(|mac_sec| mac_sec.mode.as_str().to_owned()),
        mac_sec_keys: keys
            .map(|key| MacSecKeyIntent {
                secret_arn: key.secret_arn.clone(),
                ckn: key.ckn.clone(),
                cak: key.cak.clone(),
            })
            .collect(),
    }
}
