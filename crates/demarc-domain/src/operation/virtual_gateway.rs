//! `DescribeVirtualGateways`: virtual private gateways as Direct Connect has always listed them.
//! Source: spec/operations §10.

use demarc_api::{VirtualGateway, VirtualGateways};

use crate::context::Context;
use crate::entity::Ec2Phase;
use crate::world::World;

/// The caller's virtual private gateways of the Region, but not those that are deleted.
pub(crate) fn describe(world: &World, context: &Context) -> VirtualGateways {
    let shown = world
        .vpn_gateways_of(context.account, context.region)
        .filter(|gateway| !matches!(gateway.phase, Ec2Phase::Deleted { .. }))
        .map(|gateway| VirtualGateway {
            virtual_gateway_id: Some(gateway.id.to_string()),
            virtual_gateway_state: Some(gateway.phase.as_str().to_owned()),
        });
    VirtualGateways {
        virtual_gateways: Some(shown.collect()),
    }
}
