//! `VirtualInterface` and `BGPPeer`.

use demarc_api::{self as api, RouteFilterPrefix};
use demarc_documents::logical_connection::customer_router_config;
use demarc_documents::{ConnectionType, LogicalConnection, PeerDetails};
use demarc_types::{AccountId, AddressFamily};

use super::connection::tag_list;
use crate::entity::{BgpPeer, VirtualInterface, VirtualInterfaceKind};
use crate::world::World;
use crate::{parent, state};

/// The virtual interface as `viewer` sees it: tags are the owner's alone, keys are shown to both sides
/// (spec/operations §1.6).
pub(crate) fn virtual_interface(
    world: &World,
    viewer: AccountId,
    from: &VirtualInterface,
) -> api::VirtualInterface {
    let first = from.first_peer();
    api::VirtualInterface {
        owner_account: Some(from.owner.to_string()),
        virtual_interface_id: Some(from.id.to_string()),
        location: Some(from.location.to_string()),
        connection_id: Some(from.parent.to_string()),
        virtual_interface_type: Some(from.kind.as_str().to_owned()),
        virtual_interface_name: Some(from.name.clone()),
        vlan: Some(i64::from(from.vlan.get())),
        asn: first.map(|peer| peer.asn.short()),
        asn_long: first.map(|peer| i64::from(peer.asn.get())),
        amazon_side_asn: Some(i64::from(from.amazon_side_asn.get())),
        auth_key: first.map(|peer| peer.auth_key.clone()),
        amazon_address: first.map(|peer| peer.amazon_address.to_string()),
        customer_address: first.map(|peer| peer.customer_address.to_string()),
        address_family: first.map(|peer| address_family(peer.family)),
        virtual_interface_state: state::virtual_interface(world, from).parse().ok(),
        customer_router_config: Some(router_xml(from)),
        mtu: Some(i64::from(from.mtu)),
        jumbo_frame_capable: Some(parent::is_jumbo_capable(world, from.parent)),
        virtual_gateway_id: Some(
            from.vpn_gateway()
                .map(|id| id.to_string())
                .unwrap_or_default(),
        ),
        direct_connect_gateway_id: Some(
            from.gateway().map(|id| id.to_string()).unwrap_or_default(),
        ),
        route_filter_prefixes: Some(
            from.prefixes_as_given()
                .map(|cidr| RouteFilterPrefix { cidr: Some(cidr) })
                .collect(),
        ),
        bgp_peers: Some(
            from.peers
                .iter()
                .map(|peer| bgp_peer(world, from, peer))
                .collect(),
        ),
        region: Some(from.region.to_string()),
        aws_device_v2: from.device.clone(),
        aws_logical_device_id: from.device.clone(),
        tags: Some(if viewer == from.owner {
            tag_list(&from.tags)
        } else {
            Vec::new()
        }),
        site_link_enabled: Some(from.site_link),
        prefix_pool_allocated_count_ipv4: from
            .prefix_allocation
            .map(|allocation| i64::from(allocation.ipv4)),
        prefix_pool_allocated_count_ipv6: from
            .prefix_allocation
            .map(|allocation| i64::from(allocation.ipv6)),
        rate_limit: from.rate_limit.map(|rate| rate.to_string()),
    }
}

pub(crate) fn bgp_peer(
    world: &World,
    interface: &VirtualInterface,
    from: &BgpPeer,
) -> api::BGPPeer {
    api::BGPPeer {
        bgp_peer_id: Some(from.id.to_string()),
        asn: Some(from.asn.short()),
        asn_long: Some(i64::from(from.asn.get())),
        auth_key: Some(from.auth_key.clone()),
        address_family: Some(address_family(from.family)),
        amazon_address: Some(from.amazon_address.to_string()),
        customer_address: Some(from.customer_address.to_string()),
        bgp_peer_state: state::bgp_peer(from).parse().ok(),
        bgp_status: state::bgp_status(world, interface, from).parse().ok(),
        aws_device_v2: interface.device.clone(),
        aws_logical_device_id: interface.device.clone(),
    }
}

fn address_family(family: AddressFamily) -> api::AddressFamily {
    match family {
        AddressFamily::Ipv4 => api::AddressFamily::Ipv4,
        AddressFamily::Ipv6 => api::AddressFamily::Ipv6,
    }
}

/// `customerRouterConfig`; a family's block leaves as soon as its peer is deleting (spec/identifiers §18).
fn router_xml(from: &VirtualInterface) -> String {
    let details = |family| peer_details(from, family);
    customer_router_config(&LogicalConnection {
        id: from.id.to_string(),
        vlan: from.vlan.get(),
        ipv4: details(AddressFamily::Ipv4),
        ipv6: details(AddressFamily::Ipv6),
        amazon_bgp_asn: from.amazon_side_asn.get(),
        connection_type: connection_type(from.kind),
    })
}

/// The live peer of a family, for documents.
pub(crate) fn peer_details(from: &VirtualInterface, family: AddressFamily) -> Option<PeerDetails> {
    from.live_peers()
        .find(|peer| peer.family == family)
        .map(|peer| PeerDetails {
            customer_address: peer.customer_address.to_string(),
            amazon_address: peer.amazon_address.to_string(),
            bgp_asn: peer.asn.get(),
            bgp_auth_key: peer.auth_key.clone(),
        })
}

/// The kind, for documents.
pub(crate) fn connection_type(kind: VirtualInterfaceKind) -> ConnectionType {
    match kind {
        VirtualInterfaceKind::Private => ConnectionType::Private,
        VirtualInterfaceKind::Public => ConnectionType::Public,
        VirtualInterfaceKind::Transit => ConnectionType::Transit,
    }
}
