//! A decision in the making.

use std::ops::Deref;

use demarc_types::BgpPeerId;

use crate::context::Context;
use crate::entity::{Change, Entity, EntityKey};
use crate::world::World;

/// A fork of the World that records what is done to it. Reads see the writes made so far; dropping it
/// leaves no trace.
pub struct Transaction<'a> {
    world: World,
    changes: Vec<Change>,
    pub context: &'a mut Context,
}

impl<'a> Transaction<'a> {
    pub fn new(world: &World, context: &'a mut Context) -> Self {
        Self {
            world: world.clone(),
            changes: Vec::new(),
            context,
        }
    }

    /// Adds or replaces an entity. Putting what is there already records nothing.
    pub fn put(&mut self, entity: impl Into<Entity>) {
        let entity = entity.into();
        if self
            .world
            .get(&entity.key())
            .is_some_and(|known| known == entity)
        {
            return;
        }
        self.record(Change::Put(entity));
    }

    /// Takes an entity away, if it is there.
    pub fn remove(&mut self, key: EntityKey) {
        if self.world.get(&key).is_some() {
            self.record(Change::Remove(key));
        }
    }

    fn record(&mut self, change: Change) {
        self.world.apply(&change);
        let key = change.key();
        // Only the last value of an entity counts: one decision is one step.
        self.changes.retain(|earlier| earlier.key() != key);
        self.changes.push(change);
    }

    /// An id that no peer has: one that went twice would make the operator's orders reach the wrong session.
    pub(crate) fn fresh_bgp_peer(&mut self) -> BgpPeerId {
        loop {
            let id = self.context.ids.bgp_peer();
            if self.virtual_interface_of_peer(id).is_none() {
                return id;
            }
        }
    }

    /// The World as it is now, and the changes that led there.
    pub fn finish(self) -> (World, Vec<Change>) {
        (self.world, self.changes)
    }

    pub fn world(&self) -> &World {
        &self.world
    }
}

impl Deref for Transaction<'_> {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}
