//! What must be true of the gateways and VPCs on the other side.

use demarc_types::GatewayRef;

use super::check;
use crate::entity::{Association, Attachment, VirtualInterface, VpnGateway};
use crate::settings::Settings;
use crate::world::World;

/// What is associated is there, unless any gateway is accepted.
pub(super) fn of_association(
    world: &World,
    settings: &Settings,
    association: &Association,
    found: &mut Vec<String>,
) {
    let associated = association.associated;
    check(
        settings.accept_unknown_gateways || is_there(world, associated),
        || {
            format!(
                "association {} is with {associated}, which is gone",
                association.id
            )
        },
        found,
    );
}

/// So is what a virtual interface leads to without a Direct Connect gateway.
pub(super) fn of_virtual_interface(
    world: &World,
    settings: &Settings,
    interface: &VirtualInterface,
    found: &mut Vec<String>,
) {
    if let Attachment::VirtualPrivateGateway(gateway) = interface.attachment
        && interface.holds_resources()
    {
        check(
            settings.accept_unknown_gateways
                || is_there(world, GatewayRef::VirtualPrivate(gateway)),
            || format!("{} leads to {gateway}, which is gone", interface.id),
            found,
        );
    }
}

/// A VPC stays for as long as anything is attached to it.
pub(super) fn of_vpn_gateway(world: &World, gateway: &VpnGateway, found: &mut Vec<String>) {
    if let Some(attachment) = gateway.attachment {
        let (id, vpc) = (gateway.id, attachment.vpc);
        check(
            world.vpc(vpc).is_some(),
            || format!("{id} is attached to {vpc}, which is gone"),
            found,
        );
    }
}

fn is_there(world: &World, gateway: GatewayRef) -> bool {
    match gateway {
        GatewayRef::VirtualPrivate(id) => world
            .vpn_gateway(id)
            .is_some_and(|gateway| gateway.phase.is_live()),
        GatewayRef::Transit(id) => world
            .transit_gateway(id)
            .is_some_and(|gateway| gateway.phase.is_live()),
    }
}
