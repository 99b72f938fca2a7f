//! Lists of virtual interfaces.

use std::sync::Arc;

use demarc_api::{DescribeVirtualInterfacesRequest, Operation, VirtualInterfaces};

use crate::context::Context;
use crate::entity::VirtualInterface;
use crate::paging::{Page, Unasked};
use crate::refusal::Refusal;
use crate::world::World;
use crate::{input, view};

/// Seen by the owner and by the owner of the connection; unknown ids give an empty list, which clients
/// rely on (spec/clients §0 rule 8). Both filters apply when both are given.
pub(crate) fn describe(
    world: &World,
    context: &Context,
    input: &DescribeVirtualInterfacesRequest,
) -> Result<VirtualInterfaces, Refusal> {
    let id = input
        .virtual_interface_id
        .as_deref()
        .map(input::virtual_interface)
        .transpose()?;
    let parent = input
        .connection_id
        .as_deref()
        .map(input::virtual_interface_parent)
        .transpose()?;
    let visible = |found: &VirtualInterface| {
        found.region == context.region
            && (found.owner == context.account || found.connection_owner == context.account)
            && parent.is_none_or(|parent| found.parent == parent)
    };
    let answer = |found: Vec<&Arc<VirtualInterface>>, next_token| VirtualInterfaces {
        virtual_interfaces: Some(
            found
                .into_iter()
                .map(|interface| view::virtual_interface(world, context.account, interface))
                .collect(),
        ),
        next_token,
    };
    if let Some(id) = id {
        let found = world.virtual_interface(id).filter(|found| visible(found));
        return Ok(answer(found.into_iter().collect(), None));
    }
    let page = Page::read(
        world,
        context,
        Operation::DescribeVirtualInterfaces,
        &[input.connection_id.as_deref().unwrap_or_default()],
        input.max_results,
        input.next_token.as_deref(),
        Unasked::Everything,
    )?;
    let (found, next_token) = if let Some(parent) = parent {
        let entries = world
            .indexes
            .virtual_interfaces_by_parent
            .after(parent, page.position()?)
            .filter_map(|(_, id)| world.virtual_interface(id))
            .filter(|found| visible(found));
        page.take(entries, |last| (last.created, last.id.to_string()))
    } else {
        let entries = world
            .indexes
            .virtual_interfaces_by_viewer
            .after((context.account, context.region), page.position()?)
            .filter_map(|(_, id)| world.virtual_interface(id));
        page.take(entries, |last| (last.created, last.id.to_string()))
    };
    Ok(answer(found, next_token))
}
