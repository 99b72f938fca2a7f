//! Attachments of transit gateways to Direct Connect gateways: the associations, as EC2 shows them.

use demarc_types::GatewayRef;

use super::error::Ec2Error;
use super::filter;
use super::request::Describe;
use super::response::{Page, TransitGatewayAttachmentView};
use super::transit_gateway::route_table_id;
use crate::context::Context;
use crate::entity::{Association, AssociationPhase, TransitGateway};
use crate::world::World;

pub(super) const RESOURCE_TYPE: &str = "direct-connect-gateway";

/// `tgw-attach-` and the first 17 hexadecimal digits of the association's id.
pub(super) fn attachment_id(association: &Association) -> String {
    let digits: String = association
        .id
        .to_string()
        .chars()
        .filter(char::is_ascii_hexdigit)
        .take(17)
        .collect();
    format!("tgw-attach-{digits}")
}

/// The attachments that the caller has a side of, of transit gateways in the Region.
pub(super) fn describe(
    world: &World,
    context: &Context,
    input: &Describe,
) -> Result<Page<TransitGatewayAttachmentView>, Ec2Error> {
    let all: Vec<TransitGatewayAttachmentView> = world
        .associations_seen_by(context.account)
        .filter(|association| association.associated_region == context.region)
        .filter_map(|association| show(world, association))
        .collect();
    let is = |view: &TransitGatewayAttachmentView, id: &String| {
        view.transit_gateway_attachment_id == *id
    };
    if let Some(lost) = input
        .ids
        .iter()
        .find(|id| !all.iter().any(|view| is(view, id)))
    {
        let shown = lost.chars().take(128).collect();
        return Err(Ec2Error::TransitGatewayAttachmentNotFound(shown));
    }
    let wanted = |view: &TransitGatewayAttachmentView| {
        input.ids.is_empty() || input.ids.iter().any(|id| is(view, id))
    };
    filter::page(input, all.into_iter().filter(wanted).collect())
}

fn show(world: &World, association: &Association) -> Option<TransitGatewayAttachmentView> {
    let GatewayRef::Transit(id) = association.associated else {
        return None;
    };
    let gateway = world.transit_gateway(id);
    Some(TransitGatewayAttachmentView {
        transit_gateway_attachment_id: attachment_id(association),
        transit_gateway_id: id.to_string(),
        transit_gateway_owner_id: association.associated_owner.to_string(),
        resource_owner_id: association.gateway_owner.to_string(),
        resource_type: RESOURCE_TYPE,
        resource_id: association.gateway.to_string(),
        state: match association.phase {
            AssociationPhase::Associating { .. } => "pending",
            AssociationPhase::Associated => "available",
            AssociationPhase::Updating { .. } => "modifying",
            AssociationPhase::Disassociating { .. } => "deleting",
        },
        association: gateway.and_then(|gateway| with_table(gateway, association)),
        creation_time: association.created,
    })
}

/// The default route table that the attachment is associated with, if the gateway does so by itself.
fn with_table(
    gateway: &TransitGateway,
    association: &Association,
) -> Option<(String, &'static str)> {
    let state = match association.phase {
        AssociationPhase::Associating { .. } => "associating",
        AssociationPhase::Associated | AssociationPhase::Updating { .. } => "associated",
        AssociationPhase::Disassociating { .. } => "disassociating",
    };
    gateway
        .options
        .default_route_table_association
        .then(|| (route_table_id(gateway), state))
}
