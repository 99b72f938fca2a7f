//! `Connection` and `Interconnect`.

use demarc_api::{self as api, EpochSeconds, HasLogicalRedundancy, Tag};
use demarc_types::{AccountId, ParentId, Region};

use crate::entity::{Connection, ConnectionPhase, MacSec, MacSecKey, Tags};
use crate::parent::{self, Pool};
use crate::settings::Settings;
use crate::world::World;
use crate::{inventory, resiliency, state};

/// The connection as `viewer` sees it: tags are the owner's alone (spec/operations §1.4).
pub(crate) fn connection(
    world: &World,
    settings: &Settings,
    viewer: AccountId,
    from: &Connection,
) -> api::Connection {
    let port = port(world, from);
    let dedicated = !from.is_hosted() && !from.is_interconnect();
    let pool =
        (dedicated && from.lag.is_none()).then(|| Pool::of(world, ParentId::Connection(from.id)));
    let limiters = (dedicated && from.lag.is_none())
        .then(|| parent::rate_limiter_status(world, settings, ParentId::Connection(from.id)));
    api::Connection {
        owner_account: Some(from.owner.to_string()),
        connection_id: Some(from.id.to_string()),
        connection_name: Some(from.name.clone()),
        connection_state: state::connection(world, from).parse().ok(),
        region: Some(from.region.to_string()),
        location: Some(from.location.to_string()),
        bandwidth: Some(from.bandwidth.to_string()),
        vlan: from.hosting().map(|(_, vlan)| i64::from(vlan.get())),
        partner_name: from.partner_name.clone(),
        loa_issue_time: port.loa_issue_time,
        lag_id: lag_id(from),
        aws_device: port.device.clone(),
        jumbo_frame_capable: Some(parent::is_jumbo_capable(
            world,
            ParentId::Connection(from.id),
        )),
        aws_device_v2: port.device.clone(),
        aws_logical_device_id: port.device,
        has_logical_redundancy: Some(logical_redundancy(world, from)),
        tags: Some(if viewer == from.owner {
            tag_list(&from.tags)
        } else {
            Vec::new()
        }),
        provider_name: from.provider_name.clone(),
        mac_sec_capable: Some(from.mac_sec.is_some()),
        port_encryption_status: port.encryption_status,
        encryption_mode: port.encryption_mode,
        mac_sec_keys: port.keys,
        rate_limiter_status: limiters,
        partner_interconnect_mac_sec_capable: from
            .parent()
            .map(|parent| parent::is_mac_sec_capable(world, parent)),
        prefix_pool_size_ipv4: pool.map(|pool| pool.size),
        prefix_pool_size_ipv6: pool.map(|pool| pool.size),
        prefix_pool_unallocated_count_ipv4: pool.map(Pool::unallocated_ipv4),
        prefix_pool_unallocated_count_ipv6: pool.map(Pool::unallocated_ipv6),
        billing_mode: billing_mode(world, ParentId::Connection(from.id)),
    }
}

/// The interconnect; only its owner sees it.
pub(crate) fn interconnect(world: &World, from: &Connection) -> api::Interconnect {
    let port = port(world, from);
    api::Interconnect {
        interconnect_id: Some(from.id.to_string()),
        interconnect_name: Some(from.name.clone()),
        interconnect_state: state::connection(world, from).parse().ok(),
        region: Some(from.region.to_string()),
        location: Some(from.location.to_string()),
        bandwidth: Some(from.bandwidth.to_string()),
        loa_issue_time: port.loa_issue_time,
        lag_id: lag_id(from),
        aws_device: port.device.clone(),
        jumbo_frame_capable: Some(from.jumbo_capable),
        aws_device_v2: port.device.clone(),
        aws_logical_device_id: port.device,
        has_logical_redundancy: Some(logical_redundancy(world, from)),
        tags: Some(tag_list(&from.tags)),
        provider_name: from.provider_name.clone(),
        mac_sec_capable: Some(from.mac_sec.is_some()),
        port_encryption_status: port.encryption_status,
        encryption_mode: port.encryption_mode,
        mac_sec_keys: port.keys,
    }
}

/// Tags in their own order.
pub(crate) fn tag_list(tags: &Tags) -> Vec<Tag> {
    tags.iter()
        .map(|(key, value)| Tag {
            key: key.to_owned(),
            value: Some(value.to_owned()),
        })
        .collect()
}

pub(super) fn billing_mode(world: &World, carrier: ParentId) -> Option<api::BillingMode> {
    resiliency::shown_billing_mode(world, carrier).parse().ok()
}

/// The keys, a new one last.
pub(crate) fn mac_sec_keys(mac_sec: &MacSec) -> Vec<api::MacSecKey> {
    mac_sec.keys.iter().map(mac_sec_key).collect()
}

pub(crate) fn mac_sec_key(from: &MacSecKey) -> api::MacSecKey {
    api::MacSecKey {
        secret_arn: Some(from.secret_arn.clone()),
        ckn: from.ckn.clone(),
        state: Some(from.state.as_str().to_owned()),
        start_on: Some(from.start_on.to_rfc3339()),
    }
}

fn lag_id(from: &Connection) -> Option<String> {
    match from.parent() {
        // A hosted connection on a LAG shows its parent.
        Some(ParentId::Lag(lag)) => Some(lag.to_string()),
        Some(ParentId::Connection(_)) => None,
        None => from.lag.map(|lag| lag.to_string()),
    }
}

/// What the port of a connection, or of a hosted connection's parent, adds.
struct Port {
    device: Option<String>,
    loa_issue_time: Option<EpochSeconds>,
    encryption_mode: Option<String>,
    encryption_status: Option<String>,
    keys: Option<Vec<api::MacSecKey>>,
}

fn port(world: &World, from: &Connection) -> Port {
    let device = device(world, from);
    let in_force = state::mac_sec_in_force(world, from);
    let encrypted = from.mac_sec.as_ref().is_some_and(|own| own.encrypted);
    let status = if encrypted {
        "Encryption Up"
    } else {
        "Encryption Down"
    };
    Port {
        device,
        loa_issue_time: from
            .loa_issued
            .map(|at| EpochSeconds::from_milliseconds(at.millis())),
        encryption_mode: in_force.map(|mac_sec| mac_sec.mode.as_str().to_owned()),
        encryption_status: in_force.map(|_| status.to_owned()),
        keys: in_force.map(mac_sec_keys),
    }
}

/// `unknown` while the port has no device; `yes` when a second node of the device can end peers of the
/// port, so that a virtual interface may have two of one family (spec/states §1).
fn logical_redundancy(world: &World, from: &Connection) -> HasLogicalRedundancy {
    redundancy_of(
        world,
        from.region,
        from.location.as_str(),
        device(world, from).as_deref(),
    )
}

/// The device that ends the connection: of a hosted one its parent's, from `pending` on
/// (spec/identifiers §10).
fn device(world: &World, from: &Connection) -> Option<String> {
    let offered = matches!(
        from.phase,
        ConnectionPhase::Ordering { .. } | ConnectionPhase::Rejected { .. }
    );
    match from.parent() {
        Some(_) if offered => None,
        Some(parent) => parent::device(world, parent),
        None => from.device.clone(),
    }
}

pub(crate) fn redundancy_of(
    world: &World,
    region: Region,
    code: &str,
    device: Option<&str>,
) -> HasLogicalRedundancy {
    let Some(device) = device else {
        return HasLogicalRedundancy::Unknown;
    };
    let location = inventory::location(world, region, code);
    let redundant = location.is_some_and(|location| {
        location
            .devices
            .iter()
            .any(|known| known.name == device && known.logical_redundancy)
    });
    if redundant {
        HasLogicalRedundancy::Yes
    } else {
        HasLogicalRedundancy::No
    }
}
