//! The side of the Linux edge that the writer of the World sees.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use demarc_domain::entity::{EntityKey, VirtualInterface};
use demarc_domain::fabric::Fabric;
use demarc_domain::{Report, Route, RouteSource, World};
use demarc_types::{Timestamp, VirtualInterfaceId};
use tokio::sync::Notify;

/// What the edge's task and the writer share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// The World has changed, or is about to.
    pub(super) wake: Notify,
    pub(super) routes: ArcSwap<BTreeMap<VirtualInterfaceId, Vec<Route>>>,
}

/// Wakes the edge when the World changes. Reports come by [`demarc_control::Control::report`].
#[derive(Clone, Debug, Default)]
pub struct LinuxFabric {
    pub(super) shared: Arc<Shared>,
}

impl Fabric for LinuxFabric {
    fn touched(&mut self, _: &World, _: &mut dyn Iterator<Item = EntityKey>, _: Timestamp) {
        self.shared.wake.notify_one();
    }

    fn next_report(&self) -> Option<Timestamp> {
        None
    }

    fn poll(&mut self, _: &World, _: Timestamp) -> Vec<Report> {
        Vec::new()
    }

    fn routes(&self) -> Arc<dyn RouteSource> {
        Arc::new(SeenRoutes(Arc::clone(&self.shared)))
    }
}

/// The routes of the sessions, as the edge last read them.
struct SeenRoutes(Arc<Shared>);

impl RouteSource for SeenRoutes {
    fn routes(&self, _: &World, interface: &VirtualInterface) -> Vec<Route> {
        let routes = self.0.routes.load();
        routes.get(&interface.id).cloned().unwrap_or_default()
    }
}
