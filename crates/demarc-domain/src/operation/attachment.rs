//! Attachments of virtual interfaces to Direct Connect gateways: derived, never stored.
//! Source: spec/operations §9, spec/states §9.

use demarc_api::{
    DescribeDirectConnectGatewayAttachmentsRequest, DescribeDirectConnectGatewayAttachmentsResult,
    DirectConnectGatewayAttachment, Operation,
};
use demarc_types::DirectConnectGatewayId;

use crate::context::Context;
use crate::entity::VirtualInterface;
use crate::paging::Page;
use crate::refusal::Refusal;
use crate::world::World;
use crate::{input, view};

/// Lists the attachments of a gateway, or that of a virtual interface; both given must both fit. An
/// attachment stays, `detached`, as long as its deleted virtual interface is shown.
pub(crate) fn describe(
    world: &World,
    context: &Context,
    input: &DescribeDirectConnectGatewayAttachmentsRequest,
) -> Result<DescribeDirectConnectGatewayAttachmentsResult, Refusal> {
    let gateway = input
        .direct_connect_gateway_id
        .as_deref()
        .map(input::gateway)
        .transpose()?;
    let interface = input
        .virtual_interface_id
        .as_deref()
        .map(input::virtual_interface)
        .transpose()?;
    let shown = |interface: &VirtualInterface| show(world, context, gateway, interface);
    match (interface, gateway) {
        (None, None) => Err(Refusal::invalid(
            "Specify at least one of directConnectGatewayId and virtualInterfaceId.",
        )),
        (Some(interface), _) => {
            let found = world.virtual_interface(interface);
            Ok(DescribeDirectConnectGatewayAttachmentsResult {
                direct_connect_gateway_attachments: Some(
                    found.into_iter().filter_map(|found| shown(found)).collect(),
                ),
                next_token: None,
            })
        }
        (None, Some(gateway)) => {
            let page = Page::read_global(
                world,
                context,
                Operation::DescribeDirectConnectGatewayAttachments,
                &[&gateway.to_string()],
                input.max_results,
                input.next_token.as_deref(),
            )?;
            let entries = world
                .indexes
                .virtual_interfaces_by_gateway
                .after(gateway, page.position()?)
                .filter_map(|(_, id)| world.virtual_interface(id))
                .filter_map(|found| Some((found, shown(found)?)));
            let (entries, next_token) =
                page.take(entries, |(last, _)| (last.created, last.id.to_string()));
            Ok(DescribeDirectConnectGatewayAttachmentsResult {
                direct_connect_gateway_attachments: Some(
                    entries
                        .into_iter()
                        .map(|(_, attachment)| attachment)
                        .collect(),
                ),
                next_token,
            })
        }
    }
}

/// The virtual interface's attachment, if there is one, `wanted` or any, that the caller sees: as owner of
/// the virtual interface or of the gateway.
fn show(
    world: &World,
    context: &Context,
    wanted: Option<DirectConnectGatewayId>,
    interface: &VirtualInterface,
) -> Option<DirectConnectGatewayAttachment> {
    let gateway = interface
        .gateway()
        .filter(|gateway| wanted.is_none_or(|wanted| wanted == *gateway))?;
    let owns_gateway = || {
        world
            .gateway(gateway)
            .is_some_and(|found| found.owner == context.account)
    };
    let sees = interface.owner == context.account || owns_gateway();
    let here = interface.region.partition() == context.region.partition();
    (sees && here).then(|| view::attachment(gateway, interface))
}

#[cfg(test)]
mod tests;
