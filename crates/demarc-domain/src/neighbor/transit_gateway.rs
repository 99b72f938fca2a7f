//! Transit gateways: create, change, delete. The switches are stored and answered; only the ASN matters
//! here.

use std::sync::Arc;

use demarc_types::{GatewayRef, TransitGatewayId};

use super::error::Ec2Error;
use super::request::{Describe, ModifyTransitGateway, TransitGatewayChanges, TransitGatewayOrder};
use super::response::{Page, TransitGatewayView};
use super::transit_gateway_attachment::attachment_id;
use super::vpn_gateway::amazon_side_asn;
use super::{filter, tag};
use crate::context::Context;
use crate::entity::{Ec2Phase, EntityKey, TransitGateway, TransitGatewayOptions};
use crate::transaction::Transaction;
use crate::world::World;

/// A transit gateway of the caller's in its Region, also a deleted one that is still shown.
fn seen<'w>(
    world: &'w World,
    context: &Context,
    id: &str,
) -> Result<&'w Arc<TransitGateway>, Ec2Error> {
    id.parse()
        .ok()
        .and_then(|id: TransitGatewayId| world.transit_gateway(id))
        .filter(|found| found.owner == context.account && found.region == context.region)
        .ok_or_else(|| not_found(id))
}

/// One to act on, which a deleted one is not.
pub(super) fn own<'w>(
    world: &'w World,
    context: &Context,
    id: &str,
) -> Result<&'w Arc<TransitGateway>, Ec2Error> {
    let found = seen(world, context, id)?;
    if matches!(found.phase, Ec2Phase::Deleted { .. }) {
        return Err(not_found(id));
    }
    Ok(found)
}

fn not_found(id: &str) -> Ec2Error {
    Ec2Error::TransitGatewayNotFound(id.chars().take(128).collect())
}

pub(super) fn create(
    tx: &mut Transaction<'_>,
    order: &TransitGatewayOrder,
) -> Result<TransitGatewayView, Ec2Error> {
    let settings = Arc::clone(&tx.context.settings);
    let tags = tag::of_specifications(&settings, &order.tag_specifications, tag::TRANSIT_GATEWAY)?;
    let mut options = TransitGatewayOptions::default();
    apply(&mut options, &order.options)?;
    let gateway = TransitGateway {
        id: fresh_id(tx),
        owner: tx.context.account,
        region: tx.context.region,
        description: order.description.clone().unwrap_or_default(),
        amazon_side_asn: amazon_side_asn(order.options.amazon_side_asn)?,
        options,
        default_suffix: tx.context.ids.hex(17),
        phase: Ec2Phase::Pending {
            until: tx.context.now + tx.context.settings.settle,
        },
        tags,
        created: tx.context.now,
    };
    tx.put(gateway.clone());
    Ok(show(&gateway))
}

fn fresh_id(tx: &mut Transaction<'_>) -> TransitGatewayId {
    loop {
        let id = TransitGatewayId::from_suffix(&tx.context.ids.hex(17))
            .expect("17 hexadecimal digits are a suffix");
        if tx.transit_gateway(id).is_none() {
            return id;
        }
    }
}

/// Sets the options that were given.
fn apply(
    options: &mut TransitGatewayOptions,
    changes: &TransitGatewayChanges,
) -> Result<(), Ec2Error> {
    for (option, given) in [
        (
            &mut options.auto_accept_shared_attachments,
            changes.auto_accept_shared_attachments,
        ),
        (
            &mut options.default_route_table_association,
            changes.default_route_table_association,
        ),
        (
            &mut options.default_route_table_propagation,
            changes.default_route_table_propagation,
        ),
        (&mut options.vpn_ecmp_support, changes.vpn_ecmp_support),
        (&mut options.dns_support, changes.dns_support),
        (
            &mut options.security_group_referencing_support,
            changes.security_group_referencing_support,
        ),
        (&mut options.multicast_support, changes.multicast_support),
    ] {
        *option = given.unwrap_or(*option);
    }
    options
        .cidr_blocks
        .retain(|block| !changes.remove_cidr_blocks.contains(block));
    for block in &changes.add_cidr_blocks {
        if block.parse::<demarc_types::Prefix>().is_err() {
            return Err(Ec2Error::value(
                block,
                "transitGatewayCidrBlocks",
                "This is not a valid CIDR block.",
            ));
        }
        if !options.cidr_blocks.contains(block) {
            options.cidr_blocks.push(block.clone());
        }
    }
    Ok(())
}

/// The id of the default route table.
pub(super) fn route_table_id(gateway: &TransitGateway) -> String {
    format!("tgw-rtb-{}", gateway.default_suffix)
}

pub(super) fn show(gateway: &TransitGateway) -> TransitGatewayView {
    let options = &gateway.options;
    let table = |on: bool| on.then(|| route_table_id(gateway));
    TransitGatewayView {
        transit_gateway_id: gateway.id.to_string(),
        transit_gateway_arn: format!(
            "arn:{}:ec2:{}:{}:transit-gateway/{}",
            gateway.region.partition().as_str(),
            gateway.region,
            gateway.owner,
            gateway.id
        ),
        state: gateway.phase.as_str(),
        owner_id: gateway.owner.to_string(),
        description: gateway.description.clone(),
        creation_time: gateway.created,
        amazon_side_asn: gateway.amazon_side_asn.get(),
        auto_accept_shared_attachments: options.auto_accept_shared_attachments,
        default_route_table_association: options.default_route_table_association,
        association_default_route_table_id: table(options.default_route_table_association),
        default_route_table_propagation: options.default_route_table_propagation,
        propagation_default_route_table_id: table(options.default_route_table_propagation),
        vpn_ecmp_support: options.vpn_ecmp_support,
        dns_support: options.dns_support,
        security_group_referencing_support: options.security_group_referencing_support,
        multicast_support: options.multicast_support,
        transit_gateway_cidr_blocks: options.cidr_blocks.clone(),
        tags: tag::list(&gateway.tags),
    }
}

/// Lists transit gateways, recently deleted ones among them.
pub(super) fn describe(
    world: &World,
    context: &Context,
    input: &Describe,
) -> Result<Page<TransitGatewayView>, Ec2Error> {
    let found: Vec<&Arc<TransitGateway>> = if input.ids.is_empty() {
        world
            .transit_gateways_of(context.account, context.region)
            .collect()
    } else {
        let ids = input.ids.iter();
        ids.map(|id| seen(world, context, id))
            .collect::<Result<_, _>>()?
    };
    filter::page(
        input,
        found.into_iter().map(|gateway| show(gateway)).collect(),
    )
}

/// Changes description and options at once. The ASN stays while a Direct Connect gateway is attached: it
/// was compared with that gateway's.
pub(super) fn modify(
    tx: &mut Transaction<'_>,
    changes: &ModifyTransitGateway,
) -> Result<TransitGatewayView, Ec2Error> {
    let id = &changes.transit_gateway_id;
    let mut gateway = own(tx, tx.context, id)?.as_ref().clone();
    if gateway.phase != Ec2Phase::Available {
        return Err(Ec2Error::IncorrectState(format!(
            "{id} is in invalid state: {}.",
            gateway.phase.as_str()
        )));
    }
    apply(&mut gateway.options, &changes.options)?;
    if changes.options.amazon_side_asn.is_some() {
        let asn = amazon_side_asn(changes.options.amazon_side_asn)?;
        if asn != gateway.amazon_side_asn {
            check_unattached(tx, &gateway)?;
        }
        gateway.amazon_side_asn = asn;
    }
    if let Some(description) = &changes.description {
        gateway.description.clone_from(description);
    }
    tx.put(gateway.clone());
    Ok(show(&gateway))
}

/// Refused while a Direct Connect gateway is attached, with the text that clients wait on.
fn check_unattached(world: &World, gateway: &TransitGateway) -> Result<(), Ec2Error> {
    let attachments: Vec<String> = world
        .associations_with(GatewayRef::Transit(gateway.id))
        .map(|association| attachment_id(association))
        .collect();
    if attachments.is_empty() {
        return Ok(());
    }
    Err(Ec2Error::IncorrectState(format!(
        "{} has non-deleted DirectConnect Gateway Attachments: {}.",
        gateway.id,
        attachments.join(", ")
    )))
}

pub(super) fn delete(tx: &mut Transaction<'_>, id: &str) -> Result<TransitGatewayView, Ec2Error> {
    let mut gateway = own(tx, tx.context, id)?.as_ref().clone();
    if gateway.phase.is_live() {
        check_unattached(tx, &gateway)?;
        gateway.phase = Ec2Phase::Deleting {
            until: tx.context.now + tx.context.settings.settle,
        };
        tx.put(gateway.clone());
    }
    Ok(show(&gateway))
}

/// Fires the deadline of a transit gateway.
pub(crate) fn step(tx: &mut Transaction<'_>, gateway: &TransitGateway) {
    match gateway.phase.after(tx.context.now) {
        Some(phase) => {
            let mut next = gateway.clone();
            next.phase = phase;
            tx.put(next);
        }
        None => tx.remove(EntityKey::TransitGateway(gateway.id)),
    }
}
