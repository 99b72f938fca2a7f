//! State changes, read off the World before and after a step.
//!
//! An event is not made by the code that changes something: it is the difference between two words, so
//! none can be forgotten and none can be wrong. Envelope: spec/observability §3.

mod beside;
mod detail;
mod reason;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use demarc_types::{AccountId, ArnResource, BgpPeerId, ParentId, Region, ResourceArn, Timestamp};

pub use self::detail::{Detail, Subject};
use crate::entity::{
    BgpPeer, Change, Entity, EntityKey, PeerPhase, ProposalPhase, VirtualInterface,
};
use crate::parent;
use crate::state;
use crate::world::World;

/// One change of state.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// `Direct Connect Virtual Interface State Change`.
    pub detail_type: &'static str,
    pub account: AccountId,
    /// Absent for what belongs to no Region.
    pub region: Option<Region>,
    pub time: Timestamp,
    pub subject: Subject,
    pub detail: Detail,
}

/// What changed its state between two Worlds, in the order of the changes.
pub fn between(before: &World, after: &World, changes: &[Change], now: Timestamp) -> Vec<Event> {
    let mut keys: Vec<EntityKey> = Vec::with_capacity(changes.len());
    let mut seen = BTreeSet::new();
    for change in changes {
        for key in touched(before, after, change.key()) {
            if seen.insert(key) {
                keys.push(key);
            }
        }
    }
    keys.into_iter()
        .flat_map(|key| of_entity(before, after, key, now))
        .collect()
}

/// The entity itself and those whose words depend on it: a port's LAG and hosted connections.
fn touched(before: &World, after: &World, key: EntityKey) -> Vec<EntityKey> {
    let mut keys = vec![key];
    let carriers = match key {
        EntityKey::Connection(id) => {
            let lag = after
                .connection(id)
                .or_else(|| before.connection(id))
                .and_then(|found| found.lag);
            let lag = lag.or_else(|| before.connection(id).and_then(|found| found.lag));
            keys.extend(lag.map(EntityKey::Lag));
            std::iter::once(ParentId::Connection(id))
                .chain(lag.map(ParentId::Lag))
                .collect()
        }
        EntityKey::Lag(id) => vec![ParentId::Lag(id)],
        EntityKey::Service(()) => {
            keys.extend(on_devices(after, &heard_otherwise(before, after)));
            Vec::new()
        }
        _ => Vec::new(),
    };
    for carrier in carriers {
        keys.extend(
            after
                .hosted_on(carrier)
                .map(|hosted| EntityKey::Connection(hosted.id)),
        );
    }
    keys
}

/// The devices that fell silent, were given up or are heard again.
fn heard_otherwise<'w>(before: &'w World, after: &'w World) -> BTreeSet<&'w str> {
    let devices = before.silences().chain(after.silences());
    devices
        .map(|(device, _)| device)
        .filter(|device| {
            let stage = |world: &World| world.silence(device).map(|silence| silence.stage);
            stage(before) != stage(after)
        })
        .collect()
}

/// All whose words depend on whether the devices are heard.
fn on_devices(world: &World, devices: &BTreeSet<&str>) -> Vec<EntityKey> {
    if devices.is_empty() {
        return Vec::new();
    }
    let is_there = |carrier: ParentId| {
        let device = parent::device(world, carrier);
        device.is_some_and(|device| devices.contains(device.as_str()))
    };
    let entities = world.entities().filter(|entity| match entity {
        Entity::Connection(found) => is_there(ParentId::Connection(found.id)),
        Entity::Lag(found) => is_there(ParentId::Lag(found.id)),
        Entity::VirtualInterface(found) => is_there(found.parent),
        _ => false,
    });
    entities.map(|entity| entity.key()).collect()
}

/// Type, owner, Region, name and word of an entity that has a state.
struct Stated {
    detail_type: &'static str,
    account: AccountId,
    region: Option<Region>,
    subject: Subject,
    word: &'static str,
}

fn stated(world: &World, entity: &Entity) -> Option<Stated> {
    let arn = |region, owner, resource| Subject::Arn(ResourceArn::new(region, owner, resource));
    Some(match entity {
        Entity::Connection(found) => Stated {
            detail_type: if found.is_interconnect() {
                "Direct Connect Interconnect State Change"
            } else {
                "Direct Connect Connection State Change"
            },
            account: found.owner,
            region: Some(found.region),
            subject: arn(found.region, found.owner, ArnResource::Connection(found.id)),
            word: state::connection(world, found),
        },
        Entity::Lag(found) => Stated {
            detail_type: "Direct Connect Lag State Change",
            account: found.owner,
            region: Some(found.region),
            subject: arn(found.region, found.owner, ArnResource::Lag(found.id)),
            word: state::lag(world, found),
        },
        Entity::VirtualInterface(found) => Stated {
            detail_type: "Direct Connect Virtual Interface State Change",
            account: found.owner,
            region: Some(found.region),
            subject: arn(
                found.region,
                found.owner,
                ArnResource::VirtualInterface(found.id),
            ),
            word: state::virtual_interface(world, found),
        },
        Entity::Gateway(found) => Stated {
            detail_type: "Direct Connect Gateway State Change",
            account: found.owner,
            region: None,
            subject: arn(found.region, found.owner, ArnResource::Gateway(found.id)),
            word: state::gateway(found),
        },
        Entity::Association(found) => Stated {
            detail_type: "Direct Connect Association State Change",
            account: found.gateway_owner,
            region: None,
            subject: Subject::Association(found.id),
            word: state::association(found),
        },
        Entity::Proposal(found) => Stated {
            detail_type: "Direct Connect Proposal State Change",
            account: found.associated_owner,
            region: None,
            subject: Subject::Proposal(found.id),
            word: match found.phase {
                ProposalPhase::Requested { .. } => "requested",
                ProposalPhase::Accepted { .. } => "accepted",
                ProposalPhase::Deleted { .. } => "deleted",
            },
        },
        Entity::FailoverTest(found) => Stated {
            detail_type: "Direct Connect Failover Test State Change",
            account: found.owner,
            region: Some(found.region),
            subject: arn(
                found.region,
                found.owner,
                ArnResource::VirtualInterface(found.virtual_interface),
            ),
            word: found.status.as_str(),
        },
        _ => return None,
    })
}

fn of_entity(before: &World, after: &World, key: EntityKey, now: Timestamp) -> Vec<Event> {
    let old = before.get(&key);
    let new = after.get(&key);
    let old_word = old
        .as_ref()
        .and_then(|entity| stated(before, entity))
        .map(|stated| stated.word);
    let mut events = Vec::new();
    if let Some(stated) = new.as_ref().and_then(|entity| stated(after, entity)) {
        if old_word != Some(stated.word) {
            let entity = new.as_ref();
            events.push(Event {
                detail_type: stated.detail_type,
                account: stated.account,
                region: stated.region,
                time: now,
                subject: stated.subject,
                detail: Detail::State {
                    previous_state: old_word,
                    reason: entity.and_then(|new| reason::of(after, new, old_word, stated.word)),
                    state: stated.word,
                    test_id: match entity {
                        Some(Entity::FailoverTest(test)) => Some(test.id),
                        _ => None,
                    },
                },
            });
        }
    } else if let (None, Some(Entity::Gateway(_) | Entity::Association(_))) = (&new, &old) {
        events.extend(old.as_ref().and_then(|entity| gone(before, entity, now)));
    }
    if let Some(Entity::VirtualInterface(interface)) = &new {
        let old = match &old {
            Some(Entity::VirtualInterface(old)) => Some(old.as_ref()),
            _ => None,
        };
        let old = old.map(|old| (before, old));
        of_peers(after, old, interface, now, &mut events);
    }
    beside::append(old.as_ref(), new.as_ref(), now, &mut events);
    events
}

/// These are never stored in their last state: their removal is the change.
fn gone(before: &World, entity: &Entity, now: Timestamp) -> Option<Event> {
    let stated = stated(before, entity)?;
    let last = if matches!(entity, Entity::Gateway(_)) {
        "deleted"
    } else {
        "disassociated"
    };
    Some(Event {
        detail_type: stated.detail_type,
        account: stated.account,
        region: stated.region,
        time: now,
        subject: stated.subject,
        detail: Detail::states(Some(stated.word), last),
    })
}

fn of_peers(
    world: &World,
    old: Option<(&World, &VirtualInterface)>,
    interface: &VirtualInterface,
    now: Timestamp,
    events: &mut Vec<Event>,
) {
    let words = |world: &World, interface: &VirtualInterface, peer: &BgpPeer| {
        let status = state::bgp_status(world, interface, peer);
        (state::bgp_peer(peer), status)
    };
    let arn = ArnResource::VirtualInterface(interface.id);
    let there: BTreeSet<BgpPeerId> = interface.peers.iter().map(|peer| peer.id).collect();
    // A peer that has left its virtual interface is never stored in its last state: to be gone is the change.
    let gone: Vec<BgpPeer> = old
        .iter()
        .flat_map(|(_, old)| &old.peers)
        .filter(|peer| !there.contains(&peer.id) && peer.phase != PeerPhase::Deleted)
        .map(|peer| BgpPeer {
            phase: PeerPhase::Deleted,
            ..peer.clone()
        })
        .collect();
    for peer in interface.peers.iter().chain(&gone) {
        let old_words = old.and_then(|(before, old)| {
            let known = old.peers.iter().find(|known| known.id == peer.id)?;
            Some(words(before, old, known))
        });
        let words = words(world, interface, peer);
        if old_words == Some(words) {
            continue;
        }
        let old_status = old_words.map(|(_, status)| status);
        let detail = Detail::Peer {
            address_family: peer.family.as_str(),
            peer: peer.id,
            previous_state: old_words.map(|(state, _)| state),
            previous_status: old_status,
            reason: reason::of_peer(world, interface, peer, old_status, words.1),
            state: words.0,
            status: words.1,
        };
        events.push(Event {
            detail_type: "Direct Connect BGP Peer State Change",
            account: interface.owner,
            region: Some(interface.region),
            time: now,
            subject: Subject::Arn(ResourceArn::new(interface.region, interface.owner, arn)),
            detail,
        });
    }
}
