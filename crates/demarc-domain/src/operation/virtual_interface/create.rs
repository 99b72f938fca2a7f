//! The six calls that make a virtual interface: three for oneself, three for another account.
//!
//! All read their input into one [`Draft`]; the checks V1 to V21 of spec/operations §7.1 follow in order,
//! tags first (spec/protocol §3.4).

use demarc_api::{
    self as api, AllocatePrivateVirtualInterfaceRequest, AllocatePublicVirtualInterfaceRequest,
    AllocateTransitVirtualInterfaceRequest, AllocateTransitVirtualInterfaceResult,
    CreatePrivateVirtualInterfaceRequest, CreatePublicVirtualInterfaceRequest,
    CreateTransitVirtualInterfaceRequest, CreateTransitVirtualInterfaceResult, RouteFilterPrefix,
    Tag,
};
use demarc_types::{Asn, Span, VirtualInterfaceId};

use super::carrier::{check_on_parent, check_parent};
use super::destination::{attach, check_asns_differ, check_gateway_forms, check_on_gateway};
use super::peering::{self, PeerInput, Place};
use super::prefix_allocation::prefix_allocation;
use super::route_filter::Approved;
use super::show;
use super::values::{Values, read, route_filter_prefixes};
use crate::entity::{
    Attachment, PrefixAllocation, VirtualInterface, VirtualInterfaceKind, VirtualInterfacePhase,
};
use crate::parent;
use crate::refusal::Refusal;
use crate::transaction::Transaction;

/// The input of any of the six calls.
pub(super) struct Draft<'a> {
    pub(super) kind: VirtualInterfaceKind,
    pub(super) connection: &'a str,
    pub(super) name: &'a str,
    pub(super) vlan: i64,
    pub(super) mtu: Option<i64>,
    pub(super) peer: PeerInput<'a>,
    pub(super) virtual_gateway: Option<&'a str>,
    pub(super) gateway: Option<&'a str>,
    pub(super) site_link: bool,
    pub(super) tags: Option<&'a Vec<Tag>>,
    pub(super) route_filter_prefixes: Option<&'a Vec<RouteFilterPrefix>>,
    pub(super) prefixes_ipv4: Option<i64>,
    pub(super) prefixes_ipv6: Option<i64>,
    pub(super) rate_limit: Option<&'a str>,
}

/// Reads the members that the six input structures share.
macro_rules! draft {
    ($kind:ident, $connection:expr, $new:expr, name: $name:expr, vlan: $vlan:expr, { $($field:ident: $value:expr),* $(,)? }) => {
        Draft {
            $($field: $value,)*
            ..Draft {
                kind: VirtualInterfaceKind::$kind,
                connection: $connection,
                name: $name,
                vlan: $vlan,
                mtu: None,
                peer: PeerInput {
                    asn: $new.asn,
                    asn_long: $new.asn_long,
                    auth_key: $new.auth_key.as_deref(),
                    family: $new.address_family,
                    amazon_address: $new.amazon_address.as_deref(),
                    customer_address: $new.customer_address.as_deref(),
                },
                virtual_gateway: None,
                gateway: None,
                site_link: false,
                tags: $new.tags.as_ref(),
                route_filter_prefixes: None,
                prefixes_ipv4: None,
                prefixes_ipv6: None,
                rate_limit: $new.rate_limit.as_deref(),
            }
        }
    };
}

pub(crate) fn create_private(
    tx: &mut Transaction<'_>,
    input: &CreatePrivateVirtualInterfaceRequest,
) -> Result<api::VirtualInterface, Refusal> {
    let new = &input.new_private_virtual_interface;
    let draft = draft!(Private, &input.connection_id, new, name: &new.virtual_interface_name, vlan: new.vlan, {
        mtu: new.mtu,
        virtual_gateway: new.virtual_gateway_id.as_deref(),
        gateway: new.direct_connect_gateway_id.as_deref(),
        site_link: new.enable_site_link.unwrap_or(false),
        prefixes_ipv4: new.prefix_pool_allocated_count_ipv4,
        prefixes_ipv6: new.prefix_pool_allocated_count_ipv6,
    });
    make(tx, &draft, None)
}

pub(crate) fn create_public(
    tx: &mut Transaction<'_>,
    input: &CreatePublicVirtualInterfaceRequest,
) -> Result<api::VirtualInterface, Refusal> {
    let new = &input.new_public_virtual_interface;
    let draft = draft!(Public, &input.connection_id, new, name: &new.virtual_interface_name, vlan: new.vlan, {
        route_filter_prefixes: new.route_filter_prefixes.as_ref(),
    });
    make(tx, &draft, None)
}

pub(crate) fn create_transit(
    tx: &mut Transaction<'_>,
    input: &CreateTransitVirtualInterfaceRequest,
) -> Result<CreateTransitVirtualInterfaceResult, Refusal> {
    let new = &input.new_transit_virtual_interface;
    let name = new.virtual_interface_name.as_deref().unwrap_or_default();
    let draft = draft!(Transit, &input.connection_id, new, name: name, vlan: new.vlan.unwrap_or_default(), {
        mtu: new.mtu,
        gateway: new.direct_connect_gateway_id.as_deref(),
        site_link: new.enable_site_link.unwrap_or(false),
        prefixes_ipv4: new.prefix_pool_allocated_count_ipv4,
        prefixes_ipv6: new.prefix_pool_allocated_count_ipv6,
    });
    Ok(CreateTransitVirtualInterfaceResult {
        virtual_interface: Some(make(tx, &draft, None)?),
    })
}

pub(crate) fn allocate_private(
    tx: &mut Transaction<'_>,
    input: &AllocatePrivateVirtualInterfaceRequest,
) -> Result<api::VirtualInterface, Refusal> {
    let new = &input.new_private_virtual_interface_allocation;
    let draft = draft!(Private, &input.connection_id, new, name: &new.virtual_interface_name, vlan: new.vlan, {
        mtu: new.mtu,
    });
    make(tx, &draft, Some(&input.owner_account))
}

pub(crate) fn allocate_public(
    tx: &mut Transaction<'_>,
    input: &AllocatePublicVirtualInterfaceRequest,
) -> Result<api::VirtualInterface, Refusal> {
    let new = &input.new_public_virtual_interface_allocation;
    let draft = draft!(Public, &input.connection_id, new, name: &new.virtual_interface_name, vlan: new.vlan, {
        route_filter_prefixes: new.route_filter_prefixes.as_ref(),
    });
    make(tx, &draft, Some(&input.owner_account))
}

pub(crate) fn allocate_transit(
    tx: &mut Transaction<'_>,
    input: &AllocateTransitVirtualInterfaceRequest,
) -> Result<AllocateTransitVirtualInterfaceResult, Refusal> {
    let new = &input.new_transit_virtual_interface_allocation;
    let name = new.virtual_interface_name.as_deref().unwrap_or_default();
    let draft = draft!(Transit, &input.connection_id, new, name: name, vlan: new.vlan.unwrap_or_default(), {
        mtu: new.mtu,
    });
    Ok(AllocateTransitVirtualInterfaceResult {
        virtual_interface: Some(make(tx, &draft, Some(&input.owner_account))?),
    })
}

fn make(
    tx: &mut Transaction<'_>,
    draft: &Draft<'_>,
    allocate_to: Option<&str>,
) -> Result<api::VirtualInterface, Refusal> {
    let values = read(tx, draft, allocate_to)?;
    let (attachment, amazon_side_asn) = match values.allocated_to {
        None => {
            check_gateway_forms(draft)?;
            check_parent(tx, draft, &values)?;
            attach(tx, draft)?
        }
        Some(_) => {
            check_parent(tx, draft, &values)?;
            (Attachment::None, Asn::PUBLIC_AMAZON)
        }
    };
    check_asns_differ(draft.kind, values.peer.asn, amazon_side_asn, attachment)?;
    if draft.site_link && !matches!(attachment, Attachment::DirectConnectGateway(_)) {
        return Err(Refusal::invalid(
            "SiteLink requires a Direct Connect gateway.",
        ));
    }
    check_on_parent(tx, &values, draft.kind)?;
    let prefix_allocation = prefix_allocation(tx, draft, values.parent)?;
    check_on_gateway(tx, attachment, prefix_allocation)?;
    let route_filter_prefixes = route_filter_prefixes(tx, draft)?;
    let interface = build(
        tx,
        draft,
        values,
        Target {
            attachment,
            amazon_side_asn,
            prefix_allocation,
            route_filter_prefixes,
        },
    )?;
    tx.put(interface.clone());
    Ok(show(tx, &interface))
}

/// What the gateway and the carrier add to the values.
struct Target {
    attachment: Attachment,
    amazon_side_asn: Asn,
    prefix_allocation: Option<PrefixAllocation>,
    route_filter_prefixes: Approved,
}

fn build(
    tx: &mut Transaction<'_>,
    draft: &Draft<'_>,
    values: Values,
    target: Target,
) -> Result<VirtualInterface, Refusal> {
    let (now, settle) = (tx.context.now, tx.context.settings.settle);
    let owner = values.allocated_to.unwrap_or(tx.context.account);
    let by_itself = tx.context.settings.approve_public_virtual_interfaces;
    let phase = match (values.allocated_to, draft.kind) {
        (Some(_), _) => {
            let days = i64::from(tx.context.settings.hosted_virtual_interface_expiry_days);
            VirtualInterfacePhase::Confirming {
                expires: now + Span::from_days(days),
            }
        }
        (None, VirtualInterfaceKind::Public) => VirtualInterfacePhase::Verifying {
            approve_at: by_itself.then_some(now + settle),
        },
        (None, VirtualInterfaceKind::Private | VirtualInterfaceKind::Transit) => {
            VirtualInterfacePhase::Active
        }
    };
    let peer_phase = match values.allocated_to {
        // Nothing is reviewed before it is confirmed.
        Some(_) => crate::entity::PeerPhase::Pending,
        // The review of the whole virtual interface is that of its first peer.
        None => peering::first_phase(draft.kind, false, now, settle),
    };
    let place = Place {
        account: owner,
        region: tx.context.region,
        parent: values.parent,
        but: None,
        phase: peer_phase,
    };
    let peer = values.peer.make(tx, place)?;
    Ok(VirtualInterface {
        id: fresh_id(tx),
        owner,
        region: tx.context.region,
        kind: draft.kind,
        parent: values.parent,
        connection_owner: tx.context.account,
        location: parent::location(tx, values.parent)
            .ok_or_else(|| Refusal::ConnectionNotFound(values.parent.to_string()))?,
        device: parent::device(tx, values.parent),
        name: values.name,
        vlan: values.vlan,
        mtu: values.mtu,
        attachment: target.attachment,
        amazon_side_asn: target.amazon_side_asn,
        site_link: draft.site_link,
        route_filter_prefixes: target.route_filter_prefixes.prefixes,
        prefix_spellings: target.route_filter_prefixes.spellings,
        peers: vec![peer],
        phase,
        generation: 1,
        programmed: 0,
        test: None,
        rate_limit: values.rate_limit,
        prefix_allocation: target.prefix_allocation,
        tags: values.tags,
        created: now,
    })
}

fn fresh_id(tx: &mut Transaction<'_>) -> VirtualInterfaceId {
    loop {
        let id = tx.context.ids.virtual_interface();
        if tx.virtual_interface(id).is_none() {
            return id;
        }
    }
}
