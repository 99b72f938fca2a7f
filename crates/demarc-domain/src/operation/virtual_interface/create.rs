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
use demarc_types::{
    AccountId, AddressFamily, Asn, ParentId, Prefix, RateLimit, Span, VirtualInterfaceId, VlanId,
};
use ipnet::IpNet;

use super::peering::{self, PeerDraft, PeerInput, Place, is_private};
use super::show;
use crate::entity::{
    Attachment, PrefixAllocation, Tags, VirtualInterface, VirtualInterfaceKind,
    VirtualInterfacePhase,
};
use crate::parent::{self, Pool};
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::{gateway_rules, input};

/// The longest name of a virtual interface (spec/identifiers §4).
pub(super) const NAME_LENGTH: usize = 100;

/// The input of any of the six calls.
struct Draft<'a> {
    kind: VirtualInterfaceKind,
    connection: &'a str,
    name: &'a str,
    vlan: i64,
    mtu: Option<i64>,
    peer: PeerInput<'a>,
    virtual_gateway: Option<&'a str>,
    gateway: Option<&'a str>,
    site_link: bool,
    tags: Option<&'a Vec<Tag>>,
    route_filter_prefixes: Option<&'a Vec<RouteFilterPrefix>>,
    prefixes_ipv4: Option<i64>,
    prefixes_ipv6: Option<i64>,
    rate_limit: Option<&'a str>,
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

/// The members whose form is in order.
struct Values {
    tags: Tags,
    /// Whom it is made for, when not for the caller.
    allocated_to: Option<AccountId>,
    parent: ParentId,
    name: String,
    vlan: VlanId,
    mtu: u16,
    peer: PeerDraft,
    route_filter_prefixes: Vec<Prefix>,
    rate_limit: Option<RateLimit>,
}

/// V1 to V9, and the form of V21: nothing is looked up.
fn read(
    tx: &Transaction<'_>,
    draft: &Draft<'_>,
    allocate_to: Option<&str>,
) -> Result<Values, Refusal> {
    let quotas = &tx.context.settings.quotas;
    Ok(Values {
        tags: input::tags(draft.tags, quotas.tags_per_resource)?,
        allocated_to: allocate_to.map(input::account).transpose()?,
        parent: input::virtual_interface_parent(draft.connection)?,
        name: input::name("Virtual interface name", draft.name, NAME_LENGTH)?,
        vlan: input::vlan(draft.vlan)?,
        peer: PeerDraft::read(draft.kind, draft.peer)?,
        mtu: mtu(draft.kind, draft.mtu)?,
        route_filter_prefixes: match draft.kind {
            VirtualInterfaceKind::Public => {
                route_filter_prefixes(draft, quotas.route_filter_prefixes)?
            }
            VirtualInterfaceKind::Private | VirtualInterfaceKind::Transit => Vec::new(),
        },
        rate_limit: draft.rate_limit.map(rate_limit).transpose()?.flatten(),
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
    check_asns_differ(values.peer.asn, amazon_side_asn, attachment)?;
    if draft.site_link && !matches!(attachment, Attachment::DirectConnectGateway(_)) {
        return Err(Refusal::invalid(
            "SiteLink requires a Direct Connect gateway.",
        ));
    }
    check_on_parent(tx, &values, draft.kind)?;
    let prefix_allocation = prefix_allocation(tx, draft, values.parent, attachment)?;
    let interface = build(
        tx,
        draft,
        values,
        Target {
            attachment,
            amazon_side_asn,
            prefix_allocation,
        },
    )?;
    tx.put(interface.clone());
    Ok(show(tx, &interface))
}

/// V9 and V10: which gateway, by its id's form alone.
fn check_gateway_forms(draft: &Draft<'_>) -> Result<(), Refusal> {
    if let Some(id) = draft.virtual_gateway {
        input::vpn_gateway(id)?;
    }
    if let Some(id) = draft.gateway {
        input::gateway(id)?;
    }
    match (draft.kind, draft.virtual_gateway, draft.gateway) {
        (VirtualInterfaceKind::Private, Some(_), Some(_))
        | (VirtualInterfaceKind::Private, None, None) => Err(Refusal::invalid(
            "Specify either virtualGatewayId or directConnectGatewayId.",
        )),
        (VirtualInterfaceKind::Transit, _, None) => Err(Refusal::invalid(
            "A transit virtual interface needs a directConnectGatewayId.",
        )),
        _ => Ok(()),
    }
}

/// V11 to V13, and M13 for allocations.
fn check_parent(tx: &Transaction<'_>, draft: &Draft<'_>, values: &Values) -> Result<(), Refusal> {
    let refuses = match values.parent {
        ParentId::Connection(_) => parent::own_connection(tx, draft.connection)?.is_interconnect(),
        ParentId::Lag(_) => parent::own_lag(tx, draft.connection)?.allows_hosted,
    };
    if values.allocated_to == Some(tx.context.account) {
        return Err(Refusal::AllocateToConnectionOwner);
    }
    if refuses {
        return Err(Refusal::invalid(format!(
            "Virtual interfaces cannot be created on {}. It carries hosted connections.",
            values.parent
        )));
    }
    parent::check_usable(tx, values.parent)
}

/// V14 and V15: the gateway is there, the caller's, and takes this kind.
fn attach(tx: &Transaction<'_>, draft: &Draft<'_>) -> Result<(Attachment, Asn), Refusal> {
    if draft.kind == VirtualInterfaceKind::Public {
        return Ok((Attachment::None, Asn::PUBLIC_AMAZON));
    }
    resolve_attachment(tx, draft.kind, draft.virtual_gateway, draft.gateway)
}

/// The gateway that a private or transit virtual interface leads to, and its ASN.
pub(super) fn resolve_attachment(
    tx: &Transaction<'_>,
    kind: VirtualInterfaceKind,
    virtual_gateway: Option<&str>,
    gateway: Option<&str>,
) -> Result<(Attachment, Asn), Refusal> {
    if let Some(id) = gateway {
        let gateway = gateway_rules::own_gateway(tx, id)?;
        gateway_rules::check_takes(tx, &tx.context.settings, gateway, kind)?;
        return Ok((
            Attachment::DirectConnectGateway(gateway.id),
            gateway.amazon_side_asn,
        ));
    }
    let id = virtual_gateway.unwrap_or_default();
    let gateway = gateway_rules::own_vpn_gateway(tx, id)?;
    Ok((
        Attachment::VirtualPrivateGateway(gateway.id),
        gateway.amazon_side_asn,
    ))
}

/// The two ends of a session have different ASNs (spec/routing §1.1).
pub(super) fn check_asns_differ(
    customer: Asn,
    amazon: Asn,
    attachment: Attachment,
) -> Result<(), Refusal> {
    if customer == amazon && attachment != Attachment::None {
        return Err(Refusal::invalid(format!(
            "BGP ASN {customer} is the ASN of the gateway; the customer side needs another one."
        )));
    }
    Ok(())
}

/// V17 to V20 on the connection or LAG, and the rules of rate limiters.
fn check_on_parent(
    tx: &Transaction<'_>,
    values: &Values,
    kind: VirtualInterfaceKind,
) -> Result<(), Refusal> {
    if let ParentId::Connection(id) = values.parent {
        let hosting = tx
            .connection(id)
            .and_then(|connection| connection.hosting());
        if let Some((_, vlan)) = hosting.filter(|(_, vlan)| *vlan != values.vlan) {
            return Err(Refusal::invalid(format!(
                "VLAN {} does not match VLAN {vlan} of hosted connection {id}.",
                values.vlan
            )));
        }
    }
    parent::check_vlan(tx, values.parent, values.vlan, None)?;
    if let Some((amazon, _)) = &values.peer.addresses {
        parent::check_address(tx, values.parent, amazon, None)?;
    }
    if values.mtu > 1_500 && !parent::is_jumbo_capable(tx, values.parent) {
        return Err(Refusal::invalid(format!(
            "MTU {} is not valid: {} does not support jumbo frames.",
            values.mtu, values.parent
        )));
    }
    parent::check_room(tx, &tx.context.settings, values.parent, kind)?;
    if let Some(rate) = values.rate_limit {
        check_rate_limit(tx, values.parent, rate, None)?;
    }
    Ok(())
}

/// A limiter of this rate fits on the carrier (spec/api-2026 §1, spec/quotas row 23).
pub(super) fn check_rate_limit(
    tx: &Transaction<'_>,
    parent: ParentId,
    rate: RateLimit,
    but: Option<VirtualInterfaceId>,
) -> Result<(), Refusal> {
    if matches!(parent, ParentId::Connection(id) if tx.connection(id).is_some_and(|found| found.is_hosted()))
    {
        return Err(Refusal::invalid(
            "A rate limit can be set on dedicated connections and LAGs only.",
        ));
    }
    if u64::from(rate.megabits()) > parent::megabits(tx, parent) {
        return Err(Refusal::invalid(format!(
            "Rate limit {rate} is above the bandwidth of {parent}."
        )));
    }
    let limit = tx.context.settings.quotas.rate_limiters_per_connection;
    let others = parent::holding(tx, parent)
        .filter(|other| Some(other.id) != but && other.rate_limit.is_some());
    if others.count() >= limit {
        return Err(Refusal::RateLimiterQuota {
            id: parent.to_string(),
            limit,
        });
    }
    Ok(())
}

/// What the rest of the World adds to the input.
struct Target {
    attachment: Attachment,
    amazon_side_asn: Asn,
    prefix_allocation: Option<PrefixAllocation>,
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
        route_filter_prefixes: values.route_filter_prefixes,
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

/// V5 (spec/identifiers §15).
pub(super) fn mtu(kind: VirtualInterfaceKind, asked: Option<i64>) -> Result<u16, Refusal> {
    let allowed: &[u16] = match kind {
        VirtualInterfaceKind::Private => &[1_500, 8_500, 9_001],
        VirtualInterfaceKind::Transit => &[1_500, 8_500],
        VirtualInterfaceKind::Public => &[1_500],
    };
    match asked {
        None => Ok(1_500),
        Some(number) => allowed
            .iter()
            .copied()
            .find(|mtu| i64::from(*mtu) == number)
            .ok_or_else(|| Refusal::invalid(format!("MTU {number} is not valid."))),
    }
}

/// `None` for the words that mean no limit (spec/routing §11).
pub(super) fn rate_limit(text: &str) -> Result<Option<RateLimit>, Refusal> {
    if text.is_empty() || text == "Unlimited" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        let shown: String = text.chars().take(64).collect();
        Refusal::invalid(format!("Rate limit {shown} is not valid."))
    })
}

/// V21: public prefixes of the customer (spec/quotas §3).
fn route_filter_prefixes(draft: &Draft<'_>, limit: usize) -> Result<Vec<Prefix>, Refusal> {
    let given = draft.route_filter_prefixes.into_iter().flatten();
    let given: Vec<&str> = given
        .map(|prefix| prefix.cidr.as_deref().unwrap_or_default())
        .collect();
    let is_ipv4 = draft.peer.family != Some(api::AddressFamily::Ipv6);
    public_prefixes(&given, is_ipv4, limit)
}

/// Reads up to `limit` public prefixes; at least one where they are `needed`.
pub(super) fn public_prefixes(
    given: &[&str],
    needed: bool,
    limit: usize,
) -> Result<Vec<Prefix>, Refusal> {
    if given.is_empty() && needed {
        return Err(Refusal::invalid(format!(
            "routeFilterPrefixes are needed for a public virtual interface: give 1 to {limit}."
        )));
    }
    if given.len() > limit {
        return Err(Refusal::Quota {
            what: "routeFilterPrefixes",
            limit,
            scope: "the virtual interface".to_owned(),
        });
    }
    given.iter().map(|text| public_prefix(text)).collect()
}

fn public_prefix(text: &str) -> Result<Prefix, Refusal> {
    let invalid = |why: &str| {
        let shown: String = text.chars().take(64).collect();
        Refusal::invalid(format!("routeFilterPrefixes: {shown} is not valid: {why}."))
    };
    let prefix: IpNet = text
        .parse()
        .map_err(|_| invalid("a prefix in CIDR notation is needed"))?;
    if prefix.trunc() != prefix {
        return Err(invalid("it has host bits set"));
    }
    if prefix.prefix_len() == 0 {
        return Err(invalid("a default route is not accepted"));
    }
    if AddressFamily::of(&prefix) == AddressFamily::Ipv6 && prefix.prefix_len() > 64 {
        return Err(invalid("an IPv6 prefix must be /64 or shorter"));
    }
    if is_private(&prefix) {
        return Err(invalid("it is not public"));
    }
    Ok(prefix)
}

/// What was asked for, or 100 of each family as far as the port's pool has them (spec/quotas §2).
fn prefix_allocation(
    tx: &Transaction<'_>,
    draft: &Draft<'_>,
    parent: ParentId,
    attachment: Attachment,
) -> Result<Option<PrefixAllocation>, Refusal> {
    if draft.kind == VirtualInterfaceKind::Public {
        return Ok(None);
    }
    let free = free_prefixes(tx, parent);
    let default = PrefixAllocation::default();
    let unasked = |default: u32, free: i64| {
        u32::try_from(i64::from(default).min(free.max(0))).unwrap_or(default)
    };
    let allocation = PrefixAllocation {
        ipv4: match draft.prefixes_ipv4 {
            Some(number) => prefix_count(tx, number)?,
            None => unasked(default.ipv4, free.map_or(i64::MAX, |(ipv4, _)| ipv4)),
        },
        ipv6: match draft.prefixes_ipv6 {
            Some(number) => prefix_count(tx, number)?,
            None => unasked(default.ipv6, free.map_or(i64::MAX, |(_, ipv6)| ipv6)),
        },
    };
    check_prefixes(tx, parent, None, allocation)?;
    if let Attachment::DirectConnectGateway(gateway) = attachment {
        gateway_rules::check_prefix_total(
            tx,
            &tx.context.settings,
            gateway,
            allocation.ipv4 + allocation.ipv6,
        )?;
    }
    Ok(Some(allocation))
}

/// Prefixes left in the pool of a carrier, per family; hosted connections have no pool.
fn free_prefixes(tx: &Transaction<'_>, parent: ParentId) -> Option<(i64, i64)> {
    if matches!(parent, ParentId::Connection(id) if tx.connection(id).is_some_and(|found| found.is_hosted()))
    {
        return None;
    }
    let pool = Pool::of(tx, parent);
    Some((
        pool.size - pool.allocated_ipv4,
        pool.size - pool.allocated_ipv6,
    ))
}

/// A count between 0 and the most that one virtual interface may have.
pub(super) fn prefix_count(tx: &Transaction<'_>, number: i64) -> Result<u32, Refusal> {
    let limit = tx.context.settings.quotas.prefix_allocation;
    u32::try_from(number)
        .ok()
        .filter(|number| *number <= limit)
        .ok_or_else(|| {
            Refusal::invalid(format!(
                "Prefix pool allocation {number} is not valid: 0 to {limit} are allowed."
            ))
        })
}

/// The pool of the carrier has room for `allocation`, in the place of the one of `instead_of`.
pub(super) fn check_prefixes(
    tx: &Transaction<'_>,
    parent: ParentId,
    instead_of: Option<PrefixAllocation>,
    allocation: PrefixAllocation,
) -> Result<(), Refusal> {
    let Some((free_ipv4, free_ipv6)) = free_prefixes(tx, parent) else {
        return Ok(());
    };
    let old = instead_of.unwrap_or(PrefixAllocation { ipv4: 0, ipv6: 0 });
    for (family, wanted, old, free) in [
        (AddressFamily::Ipv4, allocation.ipv4, old.ipv4, free_ipv4),
        (AddressFamily::Ipv6, allocation.ipv6, old.ipv6, free_ipv6),
    ] {
        if i64::from(wanted) > free + i64::from(old) && wanted > old {
            return Err(Refusal::invalid(format!(
                "The {family} prefix pool of {parent} has {} left, not {wanted}.",
                free + i64::from(old)
            )));
        }
    }
    Ok(())
}
