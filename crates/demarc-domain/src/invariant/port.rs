//! What must be true of connections, LAGs and resiliency groups.

use std::collections::BTreeSet;
use std::sync::Arc;

use demarc_types::ParentId;

use super::check;
use crate::entity::{Connection, Lag, ResiliencyGroup};
use crate::parent::is_gone;
use crate::settings::Settings;
use crate::world::World;

/// A port that stands alone or hosts (spec/states §1 to §3).
pub(super) fn of_connection(
    world: &World,
    settings: &Settings,
    connection: &Connection,
    found: &mut Vec<String>,
) {
    let id = connection.id;
    let keys = connection
        .mac_sec
        .as_ref()
        .map_or(0, |mac_sec| mac_sec.keys.len());
    check(
        keys <= settings.quotas.mac_sec_keys,
        || format!("{id} has {keys} MACsec keys"),
        found,
    );
    check(
        connection.lag.is_none() || keys == 0,
        || format!("{id} has keys of its own beside those of its LAG"),
        found,
    );
    check(
        connection.lag.is_none() || !connection.is_hosted(),
        || format!("hosted connection {id} is a member of a LAG"),
        found,
    );
    check(
        connection.lag.is_none() || world.holders_on(ParentId::Connection(id)).next().is_none(),
        || format!("{id} carries virtual interfaces beside those of its LAG"),
        found,
    );
    of_host(world, ParentId::Connection(id), found);
}

/// VLANs of hosted connections are unique on what carries them.
fn of_host(world: &World, carrier: ParentId, found: &mut Vec<String>) {
    let mut vlans = BTreeSet::new();
    for hosted in world.hosted_on(carrier).filter(|hosted| !is_gone(hosted)) {
        if let Some((_, vlan)) = hosted.hosting() {
            check(
                vlans.insert(vlan),
                || format!("two hosted connections on {carrier} have VLAN {vlan}"),
                found,
            );
        }
    }
}

/// A live LAG and its members (spec/states §4).
pub(super) fn of_lag(world: &World, settings: &Settings, lag: &Lag, found: &mut Vec<String>) {
    let id = lag.id;
    let carrier = ParentId::Lag(id);
    let members: Vec<&Arc<Connection>> = world.members(id).collect();
    let limit = settings.quotas.members(lag.bandwidth);
    check(
        members.len() <= limit,
        || format!("{id} has {} members", members.len()),
        found,
    );
    // The last member may go whatever the minimum.
    let minimum = usize::try_from(lag.minimum_links).unwrap_or(usize::MAX);
    check(
        members.is_empty() || minimum <= members.len(),
        || format!("{id} needs {minimum} links and has {}", members.len()),
        found,
    );
    for member in members {
        let alike = member.location == lag.location
            && member.bandwidth == lag.bandwidth
            && member.device.as_ref() == Some(&lag.device)
            && member.mac_sec.is_some() == lag.mac_sec.is_some()
            && member.owner == lag.owner;
        check(
            alike,
            || format!("{} is not like the other members of {id}", member.id),
            found,
        );
    }
    let keys = lag.mac_sec.as_ref().map_or(0, |mac_sec| mac_sec.keys.len());
    check(
        keys <= settings.quotas.mac_sec_keys,
        || format!("{id} has {keys} MACsec keys"),
        found,
    );
    let interfaces = world
        .virtual_interfaces_on(carrier)
        .filter(|interface| interface.holds_resources())
        .count();
    let hosted = world
        .hosted_on(carrier)
        .filter(|hosted| !is_gone(hosted))
        .count();
    check(
        if lag.allows_hosted {
            interfaces == 0
        } else {
            hosted == 0
        },
        || format!("{id} carries {interfaces} virtual interfaces and {hosted} hosted connections"),
        found,
    );
    of_host(world, carrier, found);
}

/// The members of a group are there, once each, and its owner's.
pub(super) fn of_group(world: &World, group: &ResiliencyGroup, found: &mut Vec<String>) {
    let id = group.id;
    let mut seen = BTreeSet::new();
    for member in &group.members {
        let carrier = member.connection;
        check(
            seen.insert(carrier),
            || format!("{carrier} is twice in group {id}"),
            found,
        );
        check(
            crate::parent::owner(world, carrier) == Some(group.owner),
            || format!("{carrier} in group {id} is gone, or of another account"),
            found,
        );
    }
}
