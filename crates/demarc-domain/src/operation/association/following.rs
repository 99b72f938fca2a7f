//! Keeps associations in step with VPCs: new and removed CIDRs, detached gateways. Source: spec/states §8.

use demarc_types::{DirectConnectGatewayId, GatewayRef, Prefix, VpcId, VpnGatewayId, overlaps};

use super::making::updating;
use crate::entity::Association;
use crate::transaction::Transaction;
use crate::world::World;

/// The CIDRs of the VPC behind a gateway; none behind a transit gateway.
pub(super) fn vpc_cidrs(world: &World, associated: GatewayRef) -> Vec<Prefix> {
    let GatewayRef::VirtualPrivate(gateway) = associated else {
        return Vec::new();
    };
    world
        .vpn_gateway(gateway)
        .and_then(|gateway| gateway.attached_vpc())
        .and_then(|vpc| world.vpc(vpc))
        .map(|vpc| vpc.prefixes().collect())
        .unwrap_or_default()
}

/// A CIDR was added to or removed from a VPC. Lists that were never set follow, within one account; with
/// another account's gateway a new proposal has to be accepted first.
pub(crate) fn vpc_changed(tx: &mut Transaction<'_>, vpc: VpcId, cidr: Prefix) {
    let gateways: Vec<VpnGatewayId> = tx
        .vpn_gateways_on(vpc)
        .filter(|gateway| gateway.attached_vpc() == Some(vpc))
        .map(|gateway| gateway.id)
        .collect();
    for gateway in gateways {
        for association in live_with(tx, gateway) {
            adjust(tx, &association, Some(cidr));
            reconsider(tx, association.gateway);
        }
    }
}

/// The virtual private gateway leaves its VPC: its association ends with that.
pub(crate) fn vpn_gateway_detached(tx: &mut Transaction<'_>, gateway: VpnGatewayId) {
    for association in live_with(tx, gateway) {
        super::end(tx, &association);
    }
}

fn live_with(world: &World, gateway: VpnGatewayId) -> Vec<Association> {
    world
        .associations_with(GatewayRef::VirtualPrivate(gateway))
        .filter(|association| association.is_live())
        .map(|association| association.as_ref().clone())
        .collect()
}

/// Something on the gateway made room: CIDRs that were withheld for it may be announced now.
pub(super) fn reconsider(tx: &mut Transaction<'_>, gateway: DirectConnectGatewayId) {
    let withholding: Vec<Association> = tx
        .associations_of(gateway)
        .filter(|association| association.is_live() && !association.withheld.is_empty())
        .map(|association| association.as_ref().clone())
        .collect();
    for association in withholding {
        adjust(tx, &association, None);
    }
}

/// Computes anew what follows from the VPC's CIDRs. `changed` is the one that came or went.
fn adjust(tx: &mut Transaction<'_>, association: &Association, changed: Option<Prefix>) {
    let cidrs = vpc_cidrs(tx, association.associated);
    let mut next = association.clone();
    next.withheld = clashing(tx, association, &cidrs);
    next.state_change_error = next.withheld.first().map(|cidr| {
        format!("VPC CIDR {cidr} overlaps a VPC CIDR of another association and is not announced.")
    });
    if next.follows_vpc && next.gateway_owner == next.associated_owner {
        next.allowed_prefixes = cidrs
            .into_iter()
            .filter(|cidr| !next.withheld.contains(cidr))
            .collect();
    }
    let covered = |cidr: Prefix| {
        next.allowed_prefixes
            .iter()
            .any(|prefix| prefix.contains(&cidr))
    };
    if next == *association && !changed.is_some_and(covered) {
        return;
    }
    next.phase = updating(tx, next.phase);
    tx.put(next);
}

/// Those of the CIDRs that overlap what stands behind other associations of the gateway.
fn clashing(world: &World, association: &Association, cidrs: &[Prefix]) -> Vec<Prefix> {
    let others: Vec<Prefix> = world
        .associations_of(association.gateway)
        .filter(|other| other.id != association.id && other.is_live())
        .flat_map(|other| {
            vpc_cidrs(world, other.associated)
                .into_iter()
                .filter(|cidr| !other.withheld.contains(cidr))
        })
        .collect();
    cidrs
        .iter()
        .filter(|cidr| others.iter().any(|other| overlaps(cidr, other)))
        .copied()
        .collect()
}
