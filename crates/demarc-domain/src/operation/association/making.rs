//! What a new association, or a new list of allowed prefixes, must fulfil. Source: spec/states §8.

use demarc_types::{AssociationId, DirectConnectGatewayId, GatewayRef, Prefix};

use crate::entity::{Association, AssociationPhase, DirectConnectGateway};
use crate::gateway_rules::allowed_prefixes::{self, overlap};
use crate::gateway_rules::{self, Candidate, Use};
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::transaction::Transaction;
use crate::world::World;

use super::following;

/// The allowed prefixes that were asked for.
#[derive(Clone, Debug)]
pub(in crate::operation) struct Wanted {
    prefixes: Vec<Prefix>,
    /// Nothing was asked for: the list is that of the VPC's CIDRs, now and later.
    follows_vpc: bool,
}

impl Wanted {
    /// Exactly these.
    pub(in crate::operation) fn list(prefixes: Vec<Prefix>) -> Self {
        Self {
            prefixes,
            follows_vpc: false,
        }
    }

    /// Those given; with a virtual private gateway, an empty list stands for the VPC's CIDRs.
    pub(in crate::operation) fn from_given(given: Vec<Prefix>, associated: GatewayRef) -> Self {
        let follows_vpc = given.is_empty() && matches!(associated, GatewayRef::VirtualPrivate(_));
        Self {
            prefixes: given,
            follows_vpc,
        }
    }
}

/// Associates the candidate with the gateway, if all rules allow it. Formats, existence and ownership were
/// checked.
pub(in crate::operation) fn make(
    tx: &mut Transaction<'_>,
    gateway: &DirectConnectGateway,
    candidate: Candidate,
    wanted: Wanted,
) -> Result<Association, Refusal> {
    let settings = &tx.context.settings;
    check_pair(tx, gateway.id, candidate.id)?;
    gateway_rules::check_use(tx, gateway, Use::of_associated(candidate.id))?;
    check_asn(tx, gateway, &candidate)?;
    check_vpc(tx, gateway.id, &candidate)?;
    check_list(tx, settings, gateway.id, candidate.id, &wanted.prefixes)?;
    check_quotas(tx, settings, gateway.id, candidate.id)?;
    let association = Association {
        id: fresh_id(tx),
        gateway: gateway.id,
        gateway_owner: gateway.owner,
        associated: candidate.id,
        associated_owner: candidate.owner,
        associated_region: candidate.region,
        allowed_prefixes: if wanted.follows_vpc {
            candidate.vpc_cidrs
        } else {
            wanted.prefixes
        },
        follows_vpc: wanted.follows_vpc,
        withheld: Vec::new(),
        phase: AssociationPhase::Associating {
            until: tx.context.now + tx.context.settings.settle,
        },
        state_change_error: None,
        created: tx.context.now,
    };
    tx.put(association.clone());
    Ok(association)
}

/// Gives a live association another list. One that is still being made goes on being made.
pub(in crate::operation) fn change(
    tx: &mut Transaction<'_>,
    association: Association,
    wanted: Wanted,
) -> Result<Association, Refusal> {
    let mut next = association;
    next.follows_vpc = wanted.follows_vpc;
    next.allowed_prefixes = if wanted.follows_vpc {
        following::vpc_cidrs(tx, next.associated)
            .into_iter()
            .filter(|cidr| !next.withheld.contains(cidr))
            .collect()
    } else {
        wanted.prefixes
    };
    let settings = &tx.context.settings;
    check_list(
        tx,
        settings,
        next.gateway,
        next.associated,
        &next.allowed_prefixes,
    )?;
    next.phase = updating(tx, next.phase);
    tx.put(next.clone());
    Ok(next)
}

/// The phase of a live association after something about it changed.
pub(super) fn updating(tx: &Transaction<'_>, phase: AssociationPhase) -> AssociationPhase {
    match phase {
        AssociationPhase::Associated | AssociationPhase::Updating { .. } => {
            AssociationPhase::Updating {
                until: tx.context.now + tx.context.settings.settle,
            }
        }
        AssociationPhase::Associating { .. } | AssociationPhase::Disassociating { .. } => phase,
    }
}

fn fresh_id(tx: &mut Transaction<'_>) -> AssociationId {
    loop {
        let id = tx.context.ids.association();
        if tx.association(id).is_none() {
            return id;
        }
    }
}

/// A virtual private gateway has one Direct Connect gateway at most, a transit gateway each one once.
/// An association that is ending still counts.
fn check_pair(
    world: &World,
    gateway: DirectConnectGatewayId,
    associated: GatewayRef,
) -> Result<(), Refusal> {
    let mut others = world.associations_with(associated);
    match associated {
        GatewayRef::VirtualPrivate(id) if others.next().is_some() => Err(Refusal::invalid(
            format!("The VirtualGateway {id} is already associated with a Direct Connect Gateway."),
        )),
        GatewayRef::Transit(id) if others.any(|other| other.gateway == gateway) => {
            Err(Refusal::invalid(format!(
                "The transit gateway {id} is already associated with Direct Connect Gateway {gateway}."
            )))
        }
        GatewayRef::VirtualPrivate(_) | GatewayRef::Transit(_) => Ok(()),
    }
}

/// A transit gateway has another ASN than the Direct Connect gateway, and than the transit gateways of
/// other Regions on it.
fn check_asn(
    world: &World,
    gateway: &DirectConnectGateway,
    candidate: &Candidate,
) -> Result<(), Refusal> {
    let Some(asn) = candidate.asn else {
        return Ok(());
    };
    if asn == gateway.amazon_side_asn {
        return Err(Refusal::invalid(format!(
            "Transit gateway {} and Direct Connect Gateway {} have the same Amazon side ASN {asn}; they must differ.",
            candidate.id, gateway.id
        )));
    }
    let twin = world
        .associations_of(gateway.id)
        .filter(|other| other.associated_region != candidate.region)
        .find(|other| match other.associated {
            GatewayRef::Transit(id) => world
                .transit_gateway(id)
                .is_some_and(|other| other.amazon_side_asn == asn),
            GatewayRef::VirtualPrivate(_) => false,
        });
    match twin {
        Some(twin) => Err(Refusal::invalid(format!(
            "Transit gateway {} has the Amazon side ASN {asn} of transit gateway {} in {}; they must differ.",
            candidate.id, twin.associated, twin.associated_region
        ))),
        None => Ok(()),
    }
}

/// The VPCs behind one Direct Connect gateway do not overlap.
fn check_vpc(
    world: &World,
    gateway: DirectConnectGatewayId,
    candidate: &Candidate,
) -> Result<(), Refusal> {
    let clash = world
        .associations_of(gateway)
        .map(|other| following::vpc_cidrs(world, other.associated))
        .find_map(|cidrs| overlap(&candidate.vpc_cidrs, &cidrs));
    match clash {
        Some((own, other)) => Err(Refusal::invalid(format!(
            "VPC CIDR {own} of {} overlaps VPC CIDR {other} of another association of Direct Connect Gateway {gateway}.",
            candidate.id
        ))),
        None => Ok(()),
    }
}

/// The list is short enough, and that of a transit gateway overlaps no other transit gateway's.
fn check_list(
    world: &World,
    settings: &Settings,
    gateway: DirectConnectGatewayId,
    associated: GatewayRef,
    list: &[Prefix],
) -> Result<(), Refusal> {
    allowed_prefixes::check_length(settings, associated, list)?;
    if matches!(associated, GatewayRef::VirtualPrivate(_)) {
        return Ok(());
    }
    let clash = world
        .associations_of(gateway)
        .filter(|other| other.associated != associated)
        .find_map(|other| overlap(list, &other.allowed_prefixes));
    match clash {
        Some((own, other)) => Err(Refusal::invalid(format!(
            "Allowed prefix {own} overlaps allowed prefix {other} of another association of Direct Connect Gateway {gateway}."
        ))),
        None => Ok(()),
    }
}

/// Spec/quotas rows 10 to 12.
fn check_quotas(
    world: &World,
    settings: &Settings,
    gateway: DirectConnectGatewayId,
    associated: GatewayRef,
) -> Result<(), Refusal> {
    let quotas = &settings.quotas;
    let scope = || format!("Direct Connect Gateway {gateway}");
    let on_gateway = world.associations_of(gateway).count();
    match associated {
        GatewayRef::VirtualPrivate(_) if on_gateway >= quotas.vpn_gateways_per_gateway => {
            Err(Refusal::Quota {
                what: "Virtual private gateway",
                limit: quotas.vpn_gateways_per_gateway,
                scope: scope(),
            })
        }
        GatewayRef::Transit(_) if on_gateway >= quotas.transit_gateways_per_gateway => {
            Err(Refusal::Quota {
                what: "Transit gateway",
                limit: quotas.transit_gateways_per_gateway,
                scope: scope(),
            })
        }
        GatewayRef::Transit(id)
            if world.associations_with(associated).count()
                >= quotas.gateways_per_transit_gateway =>
        {
            Err(Refusal::Quota {
                what: "Direct Connect Gateway",
                limit: quotas.gateways_per_transit_gateway,
                scope: format!("transit gateway {id}"),
            })
        }
        GatewayRef::VirtualPrivate(_) | GatewayRef::Transit(_) => Ok(()),
    }
}
