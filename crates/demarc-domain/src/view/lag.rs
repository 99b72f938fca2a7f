//! `Lag`.

use demarc_api as api;
use demarc_types::{AccountId, ParentId};

use super::connection::{billing_mode, connection, mac_sec_keys, redundancy_of, tag_list};
use crate::entity::Lag;
use crate::parent::{self, Pool};
use crate::settings::Settings;
use crate::state;
use crate::world::World;

/// The LAG with its members (spec/operations §1.5).
pub(crate) fn lag(world: &World, settings: &Settings, viewer: AccountId, from: &Lag) -> api::Lag {
    let mut members: Vec<_> = world.members(from.id).collect();
    members.sort_by_key(|member| (member.created, member.id));
    let parent = ParentId::Lag(from.id);
    let pool = (!from.allows_hosted).then(|| Pool::of(world, parent));
    api::Lag {
        connections_bandwidth: Some(from.bandwidth.to_string()),
        number_of_connections: i64::try_from(members.len()).ok(),
        lag_id: Some(from.id.to_string()),
        owner_account: Some(from.owner.to_string()),
        lag_name: Some(from.name.clone()),
        lag_state: state::lag(world, from).parse().ok(),
        location: Some(from.location.to_string()),
        region: Some(from.region.to_string()),
        minimum_links: Some(i64::from(from.minimum_links)),
        aws_device: Some(from.device.clone()),
        aws_device_v2: Some(from.device.clone()),
        aws_logical_device_id: Some(from.device.clone()),
        allows_hosted_connections: Some(from.allows_hosted),
        jumbo_frame_capable: Some(parent::is_jumbo_capable(world, parent)),
        has_logical_redundancy: Some(redundancy_of(
            world,
            from.region,
            from.location.as_str(),
            Some(&from.device),
        )),
        tags: Some(tag_list(&from.tags)),
        provider_name: from.provider_name.clone(),
        mac_sec_capable: Some(parent::is_mac_sec_capable(world, parent)),
        encryption_mode: from
            .mac_sec
            .as_ref()
            .map(|mac_sec| mac_sec.mode.as_str().to_owned()),
        mac_sec_keys: from.mac_sec.as_ref().map(mac_sec_keys),
        prefix_pool_size_ipv4: pool.map(|pool| pool.size),
        prefix_pool_size_ipv6: pool.map(|pool| pool.size),
        prefix_pool_unallocated_count_ipv4: pool.map(Pool::unallocated_ipv4),
        prefix_pool_unallocated_count_ipv6: pool.map(Pool::unallocated_ipv6),
        rate_limiter_status: (!from.allows_hosted)
            .then(|| parent::rate_limiter_status(world, settings, parent)),
        billing_mode: billing_mode(world, parent),
        connections: Some(
            members
                .into_iter()
                .map(|member| connection(world, settings, viewer, member))
                .collect(),
        ),
    }
}
