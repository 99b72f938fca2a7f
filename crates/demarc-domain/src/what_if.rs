//! What calls would do, found out on a copy of the World: nothing is written.
//!
//! The calls are decided one after the other, as they would be. Then both Worlds, the present one and the
//! copy, live through the same span of time, and the difference between their intents is what the calls
//! would touch. What an edge or a customer's router would make of it is not known here.

use std::collections::{BTreeMap, BTreeSet};

use demarc_api::{Request, Response};
use demarc_types::{BgpPeerId, ConnectionId, Prefix, Span, VirtualInterfaceId};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::context::Context;
use crate::decide;
use crate::entity::{Connection, Entity};
use crate::intent::{self, VirtualInterfaceIntent};
use crate::refusal::Refusal;
use crate::timer::{fire, next_deadline};
use crate::world::World;

/// A copy of the World on which calls are tried.
pub struct Trial {
    before: World,
    after: World,
}

/// What the calls would touch.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Effects {
    /// Devices whose intent differs.
    pub devices: BTreeSet<String>,
    pub ports: Vec<Effect<ConnectionId>>,
    pub virtual_interfaces: Vec<Effect<VirtualInterfaceId>>,
    pub sessions: Vec<SessionEffect>,
    /// What customers would hear otherwise from the networks behind their gateway.
    pub announcements: Vec<AnnouncementEffect>,
}

/// Something that would be made, removed or changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Effect<Id> {
    pub id: Id,
    pub effect: Kind,
    /// Of what is changed: the members that differ, with both values.
    pub members: BTreeMap<String, Difference>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Added,
    Removed,
    Changed,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    pub before: Value,
    pub after: Value,
}

/// A BGP session that would be touched.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionEffect {
    pub bgp_peer_id: BgpPeerId,
    pub virtual_interface_id: VirtualInterfaceId,
    pub effect: SessionKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionKind {
    Added,
    Removed,
    /// It ends and begins again: what it is made of cannot change while it is up.
    Reset,
    /// It is held down.
    HeldDown,
    /// It is no longer held down.
    Released,
}

/// Prefixes that would be announced to a customer, or no longer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AnnouncementEffect {
    pub virtual_interface_id: VirtualInterfaceId,
    pub added: BTreeSet<Prefix>,
    pub withdrawn: BTreeSet<Prefix>,
}

/// Timers that fire within a trial; more would be a loop.
const MOST_STEPS: usize = 100_000;

impl Trial {
    pub fn new(world: &World) -> Self {
        Self {
            before: world.clone(),
            after: world.clone(),
        }
    }

    /// Tries one more call, on top of those before it.
    ///
    /// # Errors
    /// [`Refusal`]; the trial goes on as if the call had not been made.
    pub fn call(&mut self, context: &mut Context, request: &Request) -> Result<Response, Refusal> {
        let decision = decide(&self.after, context, request)?;
        self.after = decision.world;
        Ok(decision.response)
    }

    /// The effects after `span` of time, in which provisioning steps are made.
    pub fn effects(mut self, context: &mut Context, span: Span) -> Effects {
        let until = context.now + span;
        for world in [&mut self.before, &mut self.after] {
            for _ in 0..MOST_STEPS {
                let Some(at) = next_deadline(world).filter(|at| *at <= until) else {
                    break;
                };
                context.now = at.max(context.now);
                *world = fire(world, context, 1).0;
            }
        }
        compare(&self.before, &self.after)
    }
}

/// The difference between the intents of two Worlds.
fn compare(before: &World, after: &World) -> Effects {
    let (old, new) = (Intents::of(before), Intents::of(after));
    let mut effects = Effects {
        ports: changes(&old.ports, &new.ports),
        virtual_interfaces: changes(&old.members, &new.members),
        ..Effects::default()
    };
    for id in old
        .interfaces
        .keys()
        .chain(new.interfaces.keys())
        .collect::<BTreeSet<_>>()
    {
        let (was, is) = (old.interfaces.get(id), new.interfaces.get(id));
        sessions(*id, was, is, &mut effects.sessions);
        let heard = |intents: &Intents| intents.announced.get(id).cloned().unwrap_or_default();
        let (heard_before, hears) = (heard(&old), heard(&new));
        if heard_before != hears {
            effects.announcements.push(AnnouncementEffect {
                virtual_interface_id: *id,
                added: hears.difference(&heard_before).copied().collect(),
                withdrawn: heard_before.difference(&hears).copied().collect(),
            });
        }
    }
    effects.devices = devices(before, after, &effects);
    effects
}

/// The devices that something of it happens on.
fn devices(before: &World, after: &World, effects: &Effects) -> BTreeSet<String> {
    let ports = effects.ports.iter().map(|effect| effect.id);
    let ports = ports.flat_map(|id| [before, after].map(|world| world.connection(id)));
    let ports = ports.flatten().filter_map(|port| port.device.clone());
    let interfaces = effects.virtual_interfaces.iter().map(|effect| effect.id);
    let interfaces = interfaces
        .chain(
            effects
                .sessions
                .iter()
                .map(|effect| effect.virtual_interface_id),
        )
        .chain(
            effects
                .announcements
                .iter()
                .map(|effect| effect.virtual_interface_id),
        );
    let interfaces = interfaces.flat_map(|id| [before, after].map(|it| it.virtual_interface(id)));
    let interfaces = interfaces
        .flatten()
        .filter_map(|found| found.device.clone());
    ports.chain(interfaces).collect()
}

/// All intents of a World.
struct Intents {
    ports: BTreeMap<ConnectionId, Map<String, Value>>,
    interfaces: BTreeMap<VirtualInterfaceId, VirtualInterfaceIntent>,
    /// Of the interfaces, without their sessions.
    members: BTreeMap<VirtualInterfaceId, Map<String, Value>>,
    announced: BTreeMap<VirtualInterfaceId, BTreeSet<Prefix>>,
}

impl Intents {
    fn of(world: &World) -> Self {
        let ports = world.connections();
        let ports = ports.filter_map(|port| Some((port.id, of_port(world, port)?)));
        let interfaces: BTreeMap<_, _> = world
            .entities()
            .filter_map(|entity| match entity {
                Entity::VirtualInterface(found) => intent::virtual_interface(world, &found),
                _ => None,
            })
            .map(|intent| (intent.id, intent))
            .collect();
        let mut domains = BTreeMap::new();
        let announced = interfaces.iter().map(|(id, interface)| {
            let announced = domains.entry(interface.domain).or_insert_with(|| {
                let uplinks = intent::domain(world, interface.domain).into_iter();
                let uplinks = uplinks.flat_map(|domain| domain.uplinks);
                uplinks
                    .flat_map(|uplink| uplink.announced)
                    .collect::<BTreeSet<Prefix>>()
            });
            (*id, announced.clone())
        });
        Self {
            ports: ports.collect(),
            announced: announced.collect(),
            members: interfaces
                .iter()
                .map(|(id, intent)| (*id, without_sessions(intent)))
                .collect(),
            interfaces,
        }
    }
}

fn without_sessions(intent: &VirtualInterfaceIntent) -> Map<String, Value> {
    let mut members = members(intent);
    members.remove("peers");
    // It counts changes, and is none itself.
    members.remove("generation");
    members
}

/// A port's intent, with its keys by name only: the secrets are nobody's to see.
fn of_port(world: &World, port: &Connection) -> Option<Map<String, Value>> {
    let intent = intent::connection(world, port)?;
    let mut members = members(&intent);
    if !intent.mac_sec_keys.is_empty() {
        let keys = intent.mac_sec_keys.iter();
        let names = keys.map(|key| Value::from(key.secret_arn.as_str()));
        members.insert("macSecKeys".to_owned(), names.collect());
    }
    Some(members)
}

/// The members of an intent, as the API would name them.
fn members<T: Serialize>(intent: &T) -> Map<String, Value> {
    let Ok(Value::Object(members)) = serde_json::to_value(intent) else {
        return Map::new();
    };
    members
        .into_iter()
        .map(|(name, value)| (camel(&name), value))
        .collect()
}

fn camel(name: &str) -> String {
    let mut upper = false;
    let mut text = String::new();
    for letter in name.chars() {
        match letter {
            '_' => upper = true,
            letter if upper => {
                text.push(letter.to_ascii_uppercase());
                upper = false;
            }
            letter => text.push(letter),
        }
    }
    text
}

fn changes<Id: Copy + Ord>(
    old: &BTreeMap<Id, Map<String, Value>>,
    new: &BTreeMap<Id, Map<String, Value>>,
) -> Vec<Effect<Id>> {
    let ids: BTreeSet<Id> = old.keys().chain(new.keys()).copied().collect();
    let effects = ids.into_iter().filter_map(|id| {
        let (effect, members) = match (old.get(&id), new.get(&id)) {
            (None, Some(_)) => (Kind::Added, BTreeMap::new()),
            (Some(_), None) => (Kind::Removed, BTreeMap::new()),
            (Some(was), Some(is)) if was != is => (Kind::Changed, differences(was, is)),
            _ => return None,
        };
        Some(Effect {
            id,
            effect,
            members,
        })
    });
    effects.collect()
}

fn differences(was: &Map<String, Value>, is: &Map<String, Value>) -> BTreeMap<String, Difference> {
    let differing = was
        .iter()
        .filter(|(name, value)| is.get(*name) != Some(value));
    let differing = differing.map(|(name, value)| {
        let difference = Difference {
            before: value.clone(),
            after: is.get(name).cloned().unwrap_or_default(),
        };
        (name.clone(), difference)
    });
    differing.collect()
}

fn sessions(
    id: VirtualInterfaceId,
    was: Option<&VirtualInterfaceIntent>,
    is: Option<&VirtualInterfaceIntent>,
    effects: &mut Vec<SessionEffect>,
) {
    let peers = |intent: Option<&VirtualInterfaceIntent>| -> BTreeMap<BgpPeerId, _> {
        let peers = intent.into_iter().flat_map(|intent| intent.peers.clone());
        peers.map(|peer| (peer.id, peer)).collect()
    };
    let (old, new) = (peers(was), peers(is));
    // What the frames are on and whom they belong to ends a session with everything under it.
    let moves = |one: &VirtualInterfaceIntent| (one.carrier, one.vlan, one.domain, one.asn);
    let moved = was.map(moves) != is.map(moves);
    for peer in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let effect = match (old.get(peer), new.get(peer)) {
            (None, Some(_)) => SessionKind::Added,
            (Some(_), None) => SessionKind::Removed,
            (Some(was), Some(is)) if !was.shutdown && is.shutdown => SessionKind::HeldDown,
            (Some(was), Some(is)) if was.shutdown && !is.shutdown => SessionKind::Released,
            (Some(was), Some(is)) if moved || was != is => SessionKind::Reset,
            _ => continue,
        };
        effects.push(SessionEffect {
            bgp_peer_id: *peer,
            virtual_interface_id: id,
            effect,
        });
    }
}

#[cfg(test)]
mod tests;
