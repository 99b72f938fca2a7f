//! Virtual private gateways: create, attach to a VPC, detach, delete.

use std::sync::Arc;

use demarc_types::{Asn, GatewayRef, VpnGatewayId};

use super::error::Ec2Error;
use super::request::{Describe, VpnGatewayOrder};
use super::response::{Page, VpcAttachmentView, VpnGatewayView};
use super::{filter, tag, vpc};
use crate::context::Context;
use crate::entity::{Ec2Phase, EntityKey, VpcAttachment, VpcAttachmentPhase, VpnGateway};
use crate::operation::association::following;
use crate::transaction::Transaction;
use crate::world::World;

const TYPE: &str = "ipsec.1";

/// A virtual private gateway of the caller's in its Region, also a deleted one that is still shown.
fn seen<'w>(
    world: &'w World,
    context: &Context,
    id: &str,
) -> Result<&'w Arc<VpnGateway>, Ec2Error> {
    id.parse()
        .ok()
        .and_then(|id: VpnGatewayId| world.vpn_gateway(id))
        .filter(|found| found.owner == context.account && found.region == context.region)
        .ok_or_else(|| not_found(id))
}

/// One to act on, which a deleted one is not.
pub(super) fn own<'w>(
    world: &'w World,
    context: &Context,
    id: &str,
) -> Result<&'w Arc<VpnGateway>, Ec2Error> {
    let found = seen(world, context, id)?;
    if matches!(found.phase, Ec2Phase::Deleted { .. }) {
        return Err(not_found(id));
    }
    Ok(found)
}

fn not_found(id: &str) -> Ec2Error {
    Ec2Error::VpnGatewayNotFound(id.chars().take(128).collect())
}

/// A private ASN, or 64512.
pub(super) fn amazon_side_asn(given: Option<i64>) -> Result<Asn, Ec2Error> {
    let Some(number) = given else {
        return Ok(Asn::DEFAULT_GATEWAY);
    };
    Asn::new(number)
        .filter(|asn| asn.is_private())
        .ok_or_else(|| {
            Ec2Error::value(
                &number.to_string(),
                "amazonSideAsn",
                "Use 64512 to 65534 or 4200000000 to 4294967294.",
            )
        })
}

/// Makes a virtual private gateway, `available` at once as EC2 does.
pub(super) fn create(
    tx: &mut Transaction<'_>,
    order: &VpnGatewayOrder,
) -> Result<VpnGatewayView, Ec2Error> {
    let settings = Arc::clone(&tx.context.settings);
    let tags = tag::of_specifications(&settings, &order.tag_specifications, tag::VPN_GATEWAY)?;
    match order.gateway_type.as_deref() {
        Some(TYPE) => {}
        Some(other) => return Err(Ec2Error::value(other, "type", "Use ipsec.1.")),
        None => return Err(Ec2Error::MissingParameter("Type")),
    }
    let gateway = VpnGateway {
        id: fresh_id(tx),
        owner: tx.context.account,
        region: tx.context.region,
        amazon_side_asn: amazon_side_asn(order.amazon_side_asn)?,
        availability_zone: order.availability_zone.clone(),
        phase: Ec2Phase::Available,
        attachment: None,
        tags,
        created: tx.context.now,
    };
    tx.put(gateway.clone());
    Ok(show(&gateway))
}

fn fresh_id(tx: &mut Transaction<'_>) -> VpnGatewayId {
    loop {
        let id = VpnGatewayId::from_suffix(&tx.context.ids.hex(17))
            .expect("17 hexadecimal digits are a suffix");
        if tx.vpn_gateway(id).is_none() {
            return id;
        }
    }
}

fn show(gateway: &VpnGateway) -> VpnGatewayView {
    VpnGatewayView {
        vpn_gateway_id: gateway.id.to_string(),
        state: gateway.phase.as_str(),
        gateway_type: TYPE,
        availability_zone: gateway.availability_zone.clone(),
        amazon_side_asn: gateway.amazon_side_asn.get(),
        attachment: gateway.attachment.map(show_attachment),
        tags: tag::list(&gateway.tags),
    }
}

fn show_attachment(attachment: VpcAttachment) -> VpcAttachmentView {
    VpcAttachmentView {
        vpc_id: attachment.vpc.to_string(),
        state: attachment.phase.as_str(),
    }
}

/// Lists virtual private gateways, recently deleted ones among them.
pub(super) fn describe(
    world: &World,
    context: &Context,
    input: &Describe,
) -> Result<Page<VpnGatewayView>, Ec2Error> {
    let found: Vec<&Arc<VpnGateway>> = if input.ids.is_empty() {
        world
            .vpn_gateways_of(context.account, context.region)
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

/// Attaches a gateway to a VPC; each takes one of the other. Asking again gives the same answer.
pub(super) fn attach(
    tx: &mut Transaction<'_>,
    id: &str,
    vpc_id: &str,
) -> Result<VpcAttachmentView, Ec2Error> {
    let mut gateway = own(tx, tx.context, id)?.as_ref().clone();
    let vpc = vpc::own(tx, tx.context, vpc_id)?.id;
    if gateway.phase != Ec2Phase::Available {
        return Err(Ec2Error::IncorrectState(format!(
            "VpnGateway '{id}' is in state {}.",
            gateway.phase.as_str()
        )));
    }
    match gateway.attachment {
        Some(attachment) if gateway.attached_vpc() == Some(vpc) => {
            return Ok(show_attachment(attachment));
        }
        Some(_) => return Err(Ec2Error::GatewayHasVpc(id.to_owned())),
        None => {}
    }
    if tx.vpn_gateways_on(vpc).next().is_some() {
        return Err(Ec2Error::VpcHasGateway(vpc_id.to_owned()));
    }
    let attachment = VpcAttachment {
        vpc,
        phase: VpcAttachmentPhase::Attaching {
            until: tx.context.now + tx.context.settings.settle,
        },
    };
    gateway.attachment = Some(attachment);
    tx.put(gateway);
    Ok(show_attachment(attachment))
}

/// Takes a gateway off its VPC, which ends its association with a Direct Connect gateway.
pub(super) fn detach(tx: &mut Transaction<'_>, id: &str, vpc_id: &str) -> Result<(), Ec2Error> {
    let mut gateway = own(tx, tx.context, id)?.as_ref().clone();
    let not_attached = || Ec2Error::VpnGatewayAttachmentNotFound {
        vpn_gateway: id.to_owned(),
        vpc: vpc_id.chars().take(128).collect(),
    };
    let Some(mut attachment) = gateway
        .attachment
        .filter(|attachment| attachment.vpc.to_string() == vpc_id)
    else {
        return Err(not_attached());
    };
    if gateway.attached_vpc().is_none() {
        // It is detaching already.
        return Ok(());
    }
    attachment.phase = VpcAttachmentPhase::Detaching {
        until: tx.context.now + tx.context.settings.settle,
    };
    gateway.attachment = Some(attachment);
    let gateway_id = gateway.id;
    tx.put(gateway);
    following::vpn_gateway_detached(tx, gateway_id);
    Ok(())
}

/// Refused while the gateway is attached to a VPC, associated with a Direct Connect gateway, or the end of
/// a virtual interface. Clients try again on `IncorrectState`.
pub(super) fn delete(tx: &mut Transaction<'_>, id: &str) -> Result<(), Ec2Error> {
    let mut gateway = own(tx, tx.context, id)?.as_ref().clone();
    if !gateway.phase.is_live() {
        return Ok(());
    }
    let has_interface = tx
        .virtual_interfaces_to_vpn_gateway(gateway.id)
        .any(|interface| interface.holds_resources());
    let is_associated = tx
        .associations_with(GatewayRef::VirtualPrivate(gateway.id))
        .next()
        .is_some();
    if gateway.attachment.is_some() || has_interface || is_associated {
        return Err(Ec2Error::IncorrectState(format!(
            "VpnGateway '{id}' is in use."
        )));
    }
    gateway.phase = Ec2Phase::Deleting {
        until: tx.context.now + tx.context.settings.settle,
    };
    tx.put(gateway);
    Ok(())
}

/// Fires the deadlines of a gateway that are due: of its attachment, of itself.
pub(crate) fn step(tx: &mut Transaction<'_>, gateway: &VpnGateway) {
    let now = tx.context.now;
    let mut next = gateway.clone();
    next.attachment = match gateway.attachment {
        Some(VpcAttachment {
            vpc,
            phase: VpcAttachmentPhase::Attaching { until },
        }) if until <= now => Some(VpcAttachment {
            vpc,
            phase: VpcAttachmentPhase::Attached,
        }),
        Some(VpcAttachment {
            phase: VpcAttachmentPhase::Detaching { until },
            ..
        }) if until <= now => None,
        other => other,
    };
    if gateway.phase.deadline().is_some_and(|at| at <= now) {
        match gateway.phase.after(now) {
            Some(phase) => next.phase = phase,
            None => return tx.remove(EntityKey::VpnGateway(gateway.id)),
        }
    }
    tx.put(next);
}
