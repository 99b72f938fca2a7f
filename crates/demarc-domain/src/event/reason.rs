//! Why a state changed, in the words of the closed list of spec/observability §3.
//!
//! Like the states themselves, reasons are read off the World. A word that says all there is to say, such
//! as `available`, has none.

use demarc_types::ParentId;

use crate::entity::{BgpPeer, Connection, Entity, Lag, Link, PeerPhase, VirtualInterface};
use crate::operation::failover_test::held_down;
use crate::world::World;
use crate::{intent, state};

const ADMIN_TEST: &str = "admin-test";
const CONFIG_CHANGE: &str = "config-change";
const EDGE_LOST: &str = "edge-lost";
const LINK_DOWN: &str = "link-down";
const MAC_SEC_DOWN: &str = "macsec-down";
const MINIMUM_LINKS: &str = "lacp-min-links";
const PEER_NOTIFICATION: &str = "peer-notification";
const PREFIX_LIMIT: &str = "prefix-limit";

/// Why `entity` went from one word to another.
pub(super) fn of(
    world: &World,
    entity: &Entity,
    before: Option<&str>,
    word: &str,
) -> Option<&'static str> {
    match entity {
        Entity::Connection(_) | Entity::Lag(_) if word == "unknown" => Some(EDGE_LOST),
        Entity::Connection(found) if word == "down" => Some(of_port(world, found)),
        Entity::Lag(found) if word == "down" => Some(of_lag(world, found)),
        Entity::FailoverTest(_) if word == "failed" => Some(EDGE_LOST),
        Entity::VirtualInterface(found) => of_interface(world, found, before, word),
        Entity::Association(_) if word == "updating" => Some(CONFIG_CHANGE),
        _ => None,
    }
}

/// Why a connection carries nothing.
fn of_port(world: &World, connection: &Connection) -> &'static str {
    match connection.parent() {
        _ if is_silent(world, ParentId::Connection(connection.id)) => EDGE_LOST,
        Some(parent) => of_parent(world, parent),
        None if connection.link == Link::Up => MAC_SEC_DOWN,
        None => LINK_DOWN,
    }
}

/// Why too few members of a LAG are up.
fn of_lag(world: &World, lag: &Lag) -> &'static str {
    let members: Vec<_> = world.members(lag.id).collect();
    if is_silent(world, ParentId::Lag(lag.id)) {
        EDGE_LOST
    } else if members
        .iter()
        .any(|member| state::port_is_up(world, member))
    {
        MINIMUM_LINKS
    } else if members.iter().any(|member| member.link == Link::Up) {
        MAC_SEC_DOWN
    } else if members.is_empty() {
        CONFIG_CHANGE
    } else {
        LINK_DOWN
    }
}

/// What its edge said last does not count.
fn is_silent(world: &World, carrier: ParentId) -> bool {
    state::silence(world, carrier).is_some()
}

fn of_parent(world: &World, parent: ParentId) -> &'static str {
    let reason = match parent {
        ParentId::Connection(id) => world.connection(id).map(|found| of_port(world, found)),
        ParentId::Lag(id) => world.lag(id).map(|found| of_lag(world, found)),
    };
    reason.unwrap_or(CONFIG_CHANGE)
}

fn of_interface(
    world: &World,
    interface: &VirtualInterface,
    before: Option<&str>,
    word: &str,
) -> Option<&'static str> {
    match (before, word) {
        (_, "testing") => Some(ADMIN_TEST),
        (_, "unknown") => Some(EDGE_LOST),
        (Some("available" | "down" | "testing" | "unknown"), "pending") => Some(CONFIG_CHANGE),
        (_, "down") => {
            let of_peers = || {
                let mut peers = interface.live_peers();
                peers.find_map(|peer| of_session(world, interface, peer))
            };
            let of_test = (before == Some("testing")).then_some(ADMIN_TEST);
            of_carrier(world, interface).or_else(of_peers).or(of_test)
        }
        _ => None,
    }
}

fn of_carrier(world: &World, interface: &VirtualInterface) -> Option<&'static str> {
    let carrier = interface.parent;
    let carries = state::parent_is_up(world, carrier) && !is_silent(world, carrier);
    (!carries).then(|| of_parent(world, carrier))
}

/// What of a peer itself keeps its session down.
fn of_session(world: &World, interface: &VirtualInterface, peer: &BgpPeer) -> Option<&'static str> {
    if held_down(world, interface).contains(&peer.id) {
        Some(ADMIN_TEST)
    } else if peer.prefixes_received > intent::prefix_limit(interface, peer.family) {
        Some(PREFIX_LIMIT)
    } else {
        peer.simulated_down.then_some(PEER_NOTIFICATION)
    }
}

/// Why a session that was `up` is not any more.
pub(super) fn of_peer(
    world: &World,
    interface: &VirtualInterface,
    peer: &BgpPeer,
    before: Option<&str>,
    status: &str,
) -> Option<&'static str> {
    match (before, status) {
        (_, "unknown") => Some(EDGE_LOST),
        (Some("up" | "unknown"), "down") if peer.phase != PeerPhase::Available => {
            Some(CONFIG_CHANGE)
        }
        (Some("up" | "unknown"), "down") => {
            of_carrier(world, interface).or_else(|| of_session(world, interface, peer))
        }
        _ => None,
    }
}
