//! An edge with a scripted world behind it.
//!
//! It holds no state of its own but a schedule: what it reports is the difference between what the World
//! intends and what the World says was observed. So it needs nothing after a restart, and the same World
//! gives the same reports. Provisioning takes one settle time; failures show at once.

mod port;
mod routes;
mod session;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use demarc_domain::entity::{Entity, EntityKey};
use demarc_domain::fabric::Fabric;
use demarc_domain::{Report, RouteSource, World};
use demarc_types::{ConnectionId, LagId, ParentId, Span, Timestamp};

use routes::SimulatedRoutes;

/// The simulated edge of all devices.
#[derive(Debug)]
pub struct Simulated {
    settle: Span,
    /// When each entity is looked at next; both maps have the same content.
    due: BTreeMap<EntityKey, Timestamp>,
    queue: BTreeSet<(Timestamp, EntityKey)>,
    /// The LAG that each port was last seen in: one that left changes what it left behind, too.
    lags: BTreeMap<ConnectionId, LagId>,
}

/// How soon a difference is acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Urgency {
    /// A failure, or a link restored: it happened already.
    Now,
    /// Work that takes its time.
    AfterSettling,
}

impl Simulated {
    /// `settle`: how long a provisioning step takes.
    pub fn new(settle: Span) -> Self {
        Self {
            settle,
            due: BTreeMap::new(),
            queue: BTreeSet::new(),
            lags: BTreeMap::new(),
        }
    }

    fn schedule(&mut self, key: EntityKey, urgency: Urgency, now: Timestamp) {
        let at = match urgency {
            Urgency::Now => now,
            Urgency::AfterSettling => now + self.settle,
        };
        self.unschedule(key);
        self.due.insert(key, at);
        self.queue.insert((at, key));
    }

    fn unschedule(&mut self, key: EntityKey) {
        if let Some(at) = self.due.remove(&key) {
            self.queue.remove(&(at, key));
        }
    }

    /// The LAG that a port is no longer in.
    fn left_lag(&mut self, world: &World, key: EntityKey) -> Option<LagId> {
        let EntityKey::Connection(id) = key else {
            return None;
        };
        let lag = world.connection(id).and_then(|port| port.lag);
        let before = match lag {
            Some(lag) => self.lags.insert(id, lag),
            None => self.lags.remove(&id),
        };
        before.filter(|before| Some(*before) != lag)
    }

    /// Schedules an entity by what is different about it; one without a difference is left alone.
    fn look_at(&mut self, world: &World, key: EntityKey, now: Timestamp) {
        let found = world.get(&key);
        let urgency = found.and_then(|entity| urgency(world, &entity));
        self.plan(key, urgency, now);
    }

    fn plan(&mut self, key: EntityKey, urgency: Option<Urgency>, now: Timestamp) {
        match urgency {
            Some(urgency) => self.schedule(key, urgency, now),
            None => self.unschedule(key),
        }
    }
}

/// How soon the entity needs attention, if at all.
fn urgency(world: &World, entity: &Entity) -> Option<Urgency> {
    match entity {
        Entity::Connection(found) => port::urgency(world, found),
        Entity::Lag(found) => port::lag_urgency(found),
        Entity::VirtualInterface(found) => session::urgency(world, found),
        // Left behind by edges that had these devices before.
        Entity::Service(_) => world.silences().next().map(|_| Urgency::Now),
        _ => None,
    }
}

/// What hangs on a port or LAG: a change of the carrier may change the sessions, and the keys of a LAG are
/// those of its ports.
fn riders(world: &World, key: EntityKey) -> Vec<EntityKey> {
    let mut carriers = match key {
        EntityKey::Connection(id) => {
            let lag = world.connection(id).and_then(|found| found.lag);
            std::iter::once(ParentId::Connection(id))
                .chain(lag.map(ParentId::Lag))
                .collect::<Vec<_>>()
        }
        EntityKey::Lag(id) => vec![ParentId::Lag(id)],
        _ => return Vec::new(),
    };
    let hosted: Vec<_> = carriers
        .iter()
        .flat_map(|carrier| world.hosted_on(*carrier))
        .map(|connection| ParentId::Connection(connection.id))
        .collect();
    carriers.extend(hosted);
    let ports = match key {
        EntityKey::Lag(id) => Some(world.members(id)),
        _ => None,
    };
    let ports = ports
        .into_iter()
        .flatten()
        .map(|port| EntityKey::Connection(port.id));
    let interfaces = carriers
        .into_iter()
        .flat_map(|carrier| world.virtual_interfaces_on(carrier))
        .map(|interface| EntityKey::VirtualInterface(interface.id));
    ports.chain(interfaces).collect()
}

impl Fabric for Simulated {
    fn touched(
        &mut self,
        world: &World,
        keys: &mut dyn Iterator<Item = EntityKey>,
        now: Timestamp,
    ) {
        for key in keys {
            self.look_at(world, key, now);
            let left = self.left_lag(world, key).map(EntityKey::Lag);
            for carrier in std::iter::once(key).chain(left) {
                for rider in riders(world, carrier) {
                    self.look_at(world, rider, now);
                }
            }
            if let EntityKey::FailoverTest(id) = key
                && let Some(test) = world.failover_test(id)
            {
                let key = EntityKey::VirtualInterface(test.virtual_interface);
                self.look_at(world, key, now);
            }
        }
    }

    /// What hangs on something is looked at for itself.
    fn resync(&mut self, world: &World, now: Timestamp) {
        for entity in world.entities() {
            let key = entity.key();
            self.plan(key, urgency(world, &entity), now);
            let _looked_at_anyway = self.left_lag(world, key);
        }
    }

    fn next_report(&self) -> Option<Timestamp> {
        self.queue.first().map(|(at, _)| *at)
    }

    fn poll(&mut self, world: &World, now: Timestamp) -> Vec<Report> {
        let mut reports = Vec::new();
        while let Some((at, key)) = self.queue.first().copied() {
            if at > now {
                break;
            }
            self.unschedule(key);
            match key {
                EntityKey::Connection(id) => {
                    reports.extend(
                        world
                            .connection(id)
                            .into_iter()
                            .flat_map(|found| port::reports(world, found)),
                    );
                }
                EntityKey::Lag(id) => reports.extend(
                    world
                        .lag(id)
                        .into_iter()
                        .filter_map(|found| port::lag_report(found)),
                ),
                EntityKey::VirtualInterface(id) => {
                    reports.extend(
                        world
                            .virtual_interface(id)
                            .and_then(|found| session::report(world, found)),
                    );
                }
                EntityKey::Service(()) => {
                    let silent = world.silences();
                    reports.extend(silent.map(|(device, _)| Report::DeviceHeard {
                        device: device.to_owned(),
                    }));
                }
                _ => {}
            }
        }
        reports
    }

    fn routes(&self) -> Arc<dyn RouteSource> {
        Arc::new(SimulatedRoutes)
    }
}
