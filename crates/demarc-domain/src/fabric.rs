//! The contract between the World and whatever makes it true: intents out, reports in.

use demarc_types::Timestamp;

use crate::entity::EntityKey;
use crate::observe::Report;
use crate::route_source::RouteSource;
use crate::world::World;

/// A fabric that lives in the process and keeps time with the World. It reads intents
/// ([`crate::intent`]) off the World and answers with reports ([`crate::observe`]).
pub trait Fabric: Send + Sync {
    /// These entities were changed, added or removed; `world` has their new values.
    fn touched(&mut self, world: &World, keys: &mut dyn Iterator<Item = EntityKey>, now: Timestamp);

    /// Everything may have changed: as if all there is had been touched.
    fn resync(&mut self, world: &World, now: Timestamp) {
        let mut keys = world.entities().map(|entity| entity.key());
        self.touched(world, &mut keys, now);
    }

    /// When [`Fabric::poll`] has something to say by itself.
    fn next_report(&self) -> Option<Timestamp>;

    /// What is there to report by `now`. The reports become part of the World before the next call.
    fn poll(&mut self, world: &World, now: Timestamp) -> Vec<Report>;

    /// Whom to ask about routes.
    fn routes(&self) -> std::sync::Arc<dyn RouteSource>;
}
