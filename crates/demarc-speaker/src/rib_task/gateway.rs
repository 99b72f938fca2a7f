//! Neighbors that come and go, and what forwarding follows.

use demarc_bgp::rib::{RegionId, RouteView, SessionConfig, SessionId};
use demarc_bgp::wire::Family;
use ipnet::IpNet;
use tokio::sync::mpsc;
use tracing::warn;

use super::{Neighbor, RibTask};
use crate::activity::Stamp;
use crate::gateway::{ForwardingChange, NeighborKey, tables};
use crate::message::{FromRib, NeighborIndex};

impl RibTask {
    /// Empty tables that tell what forwarding has to follow.
    pub(crate) fn for_gateway(seed: u64, forwarding: Stamp) -> Self {
        Self {
            forwarding,
            ..Self::with(tables(seed))
        }
    }

    /// Places are given in order and never again, so that late messages find the place they mean.
    pub(super) fn add(
        &mut self,
        neighbor: NeighborIndex,
        family: Family,
        config: SessionConfig,
        to: mpsc::Sender<FromRib>,
    ) {
        debug_assert_eq!(neighbor.0, self.neighbors.len(), "places come in order");
        let (address, site_link) = (config.neighbor, config.site_link.is_some());
        let id = self.domain.add_session(family, config);
        self.by_id.insert(id, neighbor);
        self.neighbors.push(Neighbor {
            address,
            id,
            to,
            epoch: None,
            credits: 0,
            queued: false,
            hungry: false,
            site_link,
        });
    }

    pub(super) fn remove(&mut self, neighbor: NeighborIndex) {
        self.down(neighbor, false);
        let id = self.neighbors[neighbor.0].id;
        self.by_id.remove(&id);
        self.domain.remove_session(id);
    }

    pub(super) fn configure(&mut self, neighbor: NeighborIndex, config: SessionConfig) {
        let entry = &mut self.neighbors[neighbor.0];
        entry.site_link = config.site_link.is_some();
        let (id, epoch) = (entry.id, entry.epoch);
        let Err(exceeded) = self.domain.set_config(id, config) else {
            return;
        };
        match epoch {
            Some(epoch) => self.exceeded(neighbor, epoch, exceeded.limit),
            // Stale routes, and no session to end: the neighbor is counted anew when it is back.
            None => {
                let (address, limit) = (self.neighbors[neighbor.0].address, exceeded.limit);
                warn!(neighbor = %address, limit, "stale routes are dropped: they are too many");
                self.down(neighbor, false);
            }
        }
    }

    pub(super) fn forwarding_changes(
        &mut self,
        regions: &[RegionId],
        again: Vec<IpNet>,
    ) -> Vec<ForwardingChange> {
        let mut changed = self.domain.take_forwarding_changes();
        changed.extend(again);
        let keys = |routes: Vec<RouteView<SessionId>>| {
            let sessions = routes.into_iter().filter_map(|route| route.session);
            let places = sessions.filter_map(|id| self.by_id.get(&id));
            places.map(|place| NeighborKey(place.0)).collect()
        };
        let change = |prefix| {
            let mut all = self.domain.routes_of(&prefix);
            all.retain(|route| route.verdict.is_accepted());
            ForwardingChange {
                prefix,
                by_region: regions
                    .iter()
                    .map(|region| keys(self.domain.multipath(&prefix, *region)))
                    .collect(),
                site_link: keys(self.domain.site_link_multipath(&prefix)),
                accepted: keys(all),
            }
        };
        changed.into_iter().map(change).collect()
    }
}
