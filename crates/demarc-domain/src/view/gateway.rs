//! `DirectConnectGateway`.

use demarc_api as api;

use super::connection::tag_list;
use crate::entity::DirectConnectGateway;
use crate::world::World;
use crate::{gateway_rules, state};

/// The gateway; only its owner sees it.
pub(crate) fn gateway(world: &World, from: &DirectConnectGateway) -> api::DirectConnectGateway {
    api::DirectConnectGateway {
        direct_connect_gateway_id: Some(from.id.to_string()),
        direct_connect_gateway_name: Some(from.name.clone()),
        amazon_side_asn: Some(i64::from(from.amazon_side_asn.get())),
        owner_account: Some(from.owner.to_string()),
        direct_connect_gateway_state: state::gateway(from).parse().ok(),
        state_change_error: from.state_change_error.clone(),
        tags: Some(tag_list(&from.tags)),
        total_prefix_pool_allocations: Some(i64::from(gateway_rules::prefix_total(world, from.id))),
    }
}
