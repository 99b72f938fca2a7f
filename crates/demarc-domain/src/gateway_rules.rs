//! What Direct Connect gateways, their virtual interfaces and their associations have in common.
//!
//! A gateway has one use: private virtual interfaces with virtual private gateways, or transit virtual
//! interfaces with transit gateways; the first thing attached decides (spec/states §7). What is on its way
//! out counts until it is gone.

pub(crate) mod allowed_prefixes;

use std::sync::Arc;

use demarc_types::{
    AccountId, Asn, DirectConnectGatewayId, GatewayRef, Prefix, Region, TransitGatewayId,
    VpnGatewayId,
};

use crate::entity::{
    DirectConnectGateway, Ec2Phase, Tags, TransitGateway, VirtualInterface, VirtualInterfaceKind,
    VpnGateway,
};
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::transaction::Transaction;
use crate::world::World;
use crate::{input, state};

// ===== finding one's own =====

/// A Direct Connect gateway of the caller's in the partition of the call, in any Region, not deleting.
/// Whatever is not the caller's is as if it did not exist.
pub(crate) fn own_gateway<'w>(
    tx: &'w Transaction<'_>,
    id: &str,
) -> Result<&'w Arc<DirectConnectGateway>, Refusal> {
    let parsed = input::gateway(id)?;
    tx.gateway(parsed)
        .filter(|found| found.owner == tx.context.account)
        .filter(|found| found.partition() == tx.context.region.partition())
        .filter(|found| found.is_live())
        .ok_or_else(|| Refusal::GatewayNotFound(id.to_owned()))
}

/// A virtual private gateway of the caller's in its Region, in state `available`. It need not be attached
/// to a VPC.
pub(crate) fn own_vpn_gateway(tx: &Transaction<'_>, id: &str) -> Result<Arc<VpnGateway>, Refusal> {
    let context = &tx.context;
    vpn_gateway_of(
        tx,
        &context.settings,
        (context.account, context.region),
        input::vpn_gateway(id)?,
    )
}

/// The virtual private gateway, if it is at home there and `available`. Where the operator lets unknown
/// gateways pass, one that nobody has stands for itself with the default ASN.
fn vpn_gateway_of(
    world: &World,
    settings: &Settings,
    home: (AccountId, Region),
    id: VpnGatewayId,
) -> Result<Arc<VpnGateway>, Refusal> {
    let unknown = || Refusal::VirtualGatewayNotFound(id.to_string());
    let Some(found) = world.vpn_gateway(id) else {
        return if settings.accept_unknown_gateways {
            Ok(Arc::new(unknown_vpn_gateway(home, id)))
        } else {
            Err(unknown())
        };
    };
    if (found.owner, found.region) != home {
        return Err(unknown());
    }
    check_phase(found.phase, GatewayRef::VirtualPrivate(id))?;
    Ok(Arc::clone(found))
}

fn unknown_vpn_gateway((owner, region): (AccountId, Region), id: VpnGatewayId) -> VpnGateway {
    VpnGateway {
        id,
        owner,
        region,
        amazon_side_asn: Asn::DEFAULT_GATEWAY,
        availability_zone: None,
        phase: Ec2Phase::Available,
        attachment: None,
        tags: Tags::default(),
        created: demarc_types::Timestamp::MIN,
    }
}

fn transit_gateway_of(
    world: &World,
    home: (AccountId, Region),
    id: TransitGatewayId,
) -> Result<&Arc<TransitGateway>, Refusal> {
    let found = world
        .transit_gateway(id)
        .filter(|found| (found.owner, found.region) == home)
        .ok_or_else(|| Refusal::VirtualGatewayNotFound(id.to_string()))?;
    check_phase(found.phase, GatewayRef::Transit(id))?;
    Ok(found)
}

/// Deleted ones do not exist any more (M15); others must be `available` (M20).
fn check_phase(phase: Ec2Phase, id: GatewayRef) -> Result<(), Refusal> {
    match phase {
        Ec2Phase::Available => Ok(()),
        Ec2Phase::Deleted { .. } => Err(Refusal::VirtualGatewayNotFound(id.to_string())),
        Ec2Phase::Pending { .. } | Ec2Phase::Deleting { .. } => {
            Err(Refusal::VirtualGatewayNotAvailable(id.to_string()))
        }
    }
}

/// A virtual private or transit gateway about to be associated, as far as the rules need to know it.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) id: GatewayRef,
    pub(crate) owner: AccountId,
    pub(crate) region: Region,
    /// Of a transit gateway; not known of one that is taken on trust.
    pub(crate) asn: Option<Asn>,
    /// Of the VPC behind a virtual private gateway.
    pub(crate) vpc_cidrs: Vec<Prefix>,
}

/// The gateway, if `owner` has it in `region`, it is `available` and, if a virtual private one, attached
/// to a VPC.
pub(crate) fn candidate(
    world: &World,
    settings: &Settings,
    owner: AccountId,
    region: Region,
    id: GatewayRef,
) -> Result<Candidate, Refusal> {
    let mut candidate = Candidate {
        id,
        owner,
        region,
        asn: None,
        vpc_cidrs: Vec::new(),
    };
    if settings.accept_unknown_gateways && !is_known(world, id) {
        return Ok(candidate);
    }
    match id {
        GatewayRef::VirtualPrivate(gateway) => {
            let found = vpn_gateway_of(world, settings, (owner, region), gateway)?;
            let Some(vpc) = found.attached_vpc().and_then(|vpc| world.vpc(vpc)) else {
                return Err(Refusal::invalid(format!(
                    "The VirtualGateway {id} is not attached to a VPC."
                )));
            };
            candidate.vpc_cidrs = vpc.prefixes().collect();
        }
        GatewayRef::Transit(gateway) => {
            let found = transit_gateway_of(world, (owner, region), gateway)?;
            candidate.asn = Some(found.amazon_side_asn);
        }
    }
    Ok(candidate)
}

fn is_known(world: &World, id: GatewayRef) -> bool {
    match id {
        GatewayRef::VirtualPrivate(id) => world.vpn_gateway(id).is_some(),
        GatewayRef::Transit(id) => world.transit_gateway(id).is_some(),
    }
}

// ===== what a gateway takes =====

/// What a Direct Connect gateway is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Private,
    Transit,
}

impl Use {
    /// The use that a virtual interface makes of a gateway; public ones make none.
    pub(crate) fn of_kind(kind: VirtualInterfaceKind) -> Option<Self> {
        match kind {
            VirtualInterfaceKind::Private => Some(Self::Private),
            VirtualInterfaceKind::Transit => Some(Self::Transit),
            VirtualInterfaceKind::Public => None,
        }
    }

    pub(crate) fn of_associated(id: GatewayRef) -> Self {
        match id {
            GatewayRef::VirtualPrivate(_) => Self::Private,
            GatewayRef::Transit(_) => Self::Transit,
        }
    }

    fn describe(self) -> &'static str {
        match self {
            Self::Private => "private virtual interfaces or virtual private gateways",
            Self::Transit => "transit virtual interfaces or transit gateways",
        }
    }
}

/// The virtual interfaces that hold a place on the gateway: until they are `deleted`.
pub(crate) fn attached(
    world: &World,
    gateway: DirectConnectGatewayId,
) -> impl Iterator<Item = &Arc<VirtualInterface>> {
    world.holders_to(gateway)
}

/// What the gateway is used for, once it is used.
pub(crate) fn use_of(world: &World, gateway: DirectConnectGatewayId) -> Option<Use> {
    let by_association = world
        .associations_of(gateway)
        .map(|association| Use::of_associated(association.associated));
    let by_interface =
        attached(world, gateway).filter_map(|interface| Use::of_kind(interface.kind));
    by_association.chain(by_interface).next()
}

/// The gateway is in a state to take something, and has no other use than `wanted`.
pub(crate) fn check_use(
    world: &World,
    gateway: &DirectConnectGateway,
    wanted: Use,
) -> Result<(), Refusal> {
    if !gateway.is_live() {
        return Err(Refusal::GatewayState {
            id: gateway.id.to_string(),
            state: state::gateway(gateway),
        });
    }
    match use_of(world, gateway.id) {
        Some(used) if used != wanted => Err(Refusal::invalid(format!(
            "Direct Connect Gateway {} is already used for {}.",
            gateway.id,
            used.describe()
        ))),
        _ => Ok(()),
    }
}

/// A virtual interface of this kind may lead to the gateway (spec/states §7 and §9). Whether there is room
/// for one more tells [`check_room`], and for its prefixes [`check_prefix_total`].
pub(crate) fn check_takes(
    world: &World,
    gateway: &DirectConnectGateway,
    kind: VirtualInterfaceKind,
) -> Result<(), Refusal> {
    let Some(wanted) = Use::of_kind(kind) else {
        return Err(Refusal::invalid(
            "A public virtual interface does not lead to a Direct Connect Gateway.",
        ));
    };
    check_use(world, gateway, wanted)
}

/// One more virtual interface fits on the gateway (spec/quotas row 14).
pub(crate) fn check_room(
    world: &World,
    settings: &Settings,
    gateway: DirectConnectGatewayId,
) -> Result<(), Refusal> {
    let limit = settings.quotas.virtual_interfaces_per_gateway;
    if attached(world, gateway).count() >= limit {
        return Err(Refusal::Quota {
            what: "Virtual interface",
            limit,
            scope: format!("Direct Connect Gateway {gateway}"),
        });
    }
    Ok(())
}

/// The prefixes allocated to all virtual interfaces of the gateway, both families together
/// (`totalPrefixPoolAllocations`).
pub(crate) fn prefix_total(world: &World, gateway: DirectConnectGatewayId) -> u32 {
    attached(world, gateway)
        .filter_map(|interface| interface.prefix_allocation)
        .map(|allocation| allocation.ipv4.saturating_add(allocation.ipv6))
        .fold(0, u32::saturating_add)
}

/// `adding` more prefixes, of both families, fit into the gateway's total (spec/quotas §2, prefix pools).
/// What a virtual interface had before must be taken off by the caller.
pub(crate) fn check_prefix_total(
    world: &World,
    settings: &Settings,
    gateway: DirectConnectGatewayId,
    adding: u32,
) -> Result<(), Refusal> {
    let limit = settings.quotas.prefixes_per_gateway;
    if prefix_total(world, gateway).saturating_add(adding) > limit {
        return Err(Refusal::Quota {
            what: "Prefix allocation",
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            scope: format!("Direct Connect Gateway {gateway}"),
        });
    }
    Ok(())
}
