//! What the edge sees: links, sessions, routes, counters, and what it says of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use demarc_domain::device_status::{DeviceStatus, PortStatus, SeenRoutes, VirtualInterfaceStatus};
use demarc_domain::intent::{DeviceIntent, RoutingDomain};
use demarc_linux::Link;
use demarc_types::VirtualInterfaceId;
use tracing::info;

use super::edge::{ALL, LinuxEdge, LinuxError};
use super::status::{EdgeView, Intents, Views};
use super::virtual_interface::{Standing, Unheard};
use super::{port, routes, status};

impl LinuxEdge {
    /// Links come and go by themselves; whether one has.
    pub(super) fn look_at_ports(&mut self, links: &[Link]) -> bool {
        let states = self.ports.iter().map(|(connection, name)| {
            let link = links.iter().find(|link| link.name == *name);
            (*connection, port::state(link))
        });
        let states: BTreeMap<_, _> = states.collect();
        for (connection, link) in &states {
            if self.links.get(connection) != Some(link) {
                info!(%connection, interface = self.ports[connection], ?link, "link");
            }
        }
        let differ = self.links != states;
        self.links = states;
        differ
    }

    pub(super) fn count_strays(&mut self, links: &[Link]) {
        let ports = self.ports.iter().filter_map(|(connection, name)| {
            let link = links.iter().find(|link| link.name == *name)?;
            let strays = self.program.strays(link.index)?;
            Some((*connection, status::drops(strays)))
        });
        self.drops = ports.collect();
    }

    /// Asks sessions that something happened to how they are, and for routes where these may have changed.
    /// Now and then it asks all, in case nothing tells. `compared`: what they are to be may have changed.
    pub(super) async fn look_at_sessions(
        &mut self,
        full: bool,
        compared: bool,
    ) -> Result<(), LinuxError> {
        let all = full && self.periods.is_multiple_of(ALL);
        let asked = self.ask_sessions(all).await?;
        for (id, standing) in &self.standing {
            if compared || asked.contains(id) {
                self.peers.insert(*id, standing.peer_statuses());
            }
            if full && let Some(seen) = self.program.counters(standing.delivery.outer_end) {
                self.counters.insert(*id, status::traffic(seen));
            }
        }
        self.news |= !asked.is_empty();
        if compared || !asked.is_empty() {
            self.look_at_routes(all).await?;
        }
        Ok(())
    }

    /// The virtual interfaces whose sessions were asked: one question a gateway.
    async fn ask_sessions(
        &mut self,
        all: bool,
    ) -> Result<BTreeSet<VirtualInterfaceId>, LinuxError> {
        let mut questions: BTreeMap<RoutingDomain, Vec<(VirtualInterfaceId, Unheard)>> =
            BTreeMap::new();
        for (id, standing) in &self.standing {
            let domain = standing.intent.domain;
            let Some(gateway) = self.gateways.get(&domain) else {
                continue;
            };
            for unheard in standing.unheard(gateway, all) {
                questions.entry(domain).or_default().push((*id, unheard));
            }
        }
        let mut asked = BTreeSet::new();
        for (domain, of_gateway) in questions {
            let Some(gateway) = self.gateways.get(&domain) else {
                continue;
            };
            let keys: Vec<_> = of_gateway.iter().map(|(_, one)| one.key).collect();
            let reports = gateway.speaker.reports(&keys).await?;
            for ((id, unheard), report) in of_gateway.into_iter().zip(reports) {
                asked.insert(id);
                if let Some(standing) = self.standing.get_mut(&id) {
                    standing.hear(unheard, report);
                }
            }
        }
        Ok(asked)
    }

    /// Reads routes of sessions again whose version is another one, or of all.
    async fn look_at_routes(&mut self, all: bool) -> Result<(), LinuxError> {
        let mut known = std::mem::take(&mut self.routes);
        let mut questions: BTreeMap<RoutingDomain, Vec<_>> = BTreeMap::new();
        for standing in self.standing.values() {
            for (peer, key, version) in standing.sessions() {
                match known.remove(&peer) {
                    Some((at, routes)) if at == version && !all => {
                        self.routes.insert(peer, (version, routes));
                    }
                    _ => {
                        let of_gateway = questions.entry(standing.intent.domain);
                        of_gateway.or_default().push((peer, key, version));
                    }
                }
            }
        }
        if !questions.is_empty() || !known.is_empty() {
            self.shown_routes.clear();
        }
        for (domain, of_gateway) in questions {
            let Some(gateway) = self.gateways.get(&domain) else {
                continue;
            };
            let keys: Vec<_> = of_gateway.iter().map(|(_, key, _)| *key).collect();
            let routes = gateway.speaker.routes(&keys).await?;
            for ((peer, _, version), routes) in of_gateway.into_iter().zip(routes) {
                let routes = routes::of_session(&routes);
                self.routes.insert(peer, (version, routes));
            }
        }
        Ok(())
    }

    /// Lets go of what an earlier process left where its successors have come.
    pub(super) async fn leave_behind(&mut self) -> Result<(), LinuxError> {
        let adopting = self
            .gateways
            .iter_mut()
            .filter(|(_, it)| it.adoption.is_some());
        for (domain, gateway) in adopting {
            let here = self
                .standing
                .values()
                .filter(|it| it.intent.domain == *domain);
            let sessions: Vec<_> = here.flat_map(Standing::recovered).collect();
            gateway.leave_behind(&sessions, &mut self.program).await?;
        }
        Ok(())
    }

    /// What there is to say of each device.
    pub(super) fn views(&mut self, intents: &Intents) -> Views {
        let mut views = Views::new();
        for (device, wanted) in intents {
            let routes = match self.shown_routes.get(device) {
                Some(routes) => Arc::clone(routes),
                None => Arc::new(self.routes_of(device)),
            };
            self.shown_routes
                .insert(device.clone(), Arc::clone(&routes));
            let status = Arc::new(self.status(&wanted.intent));
            views.insert(device.clone(), EdgeView { status, routes });
        }
        views
    }

    fn status(&self, intent: &DeviceIntent) -> DeviceStatus {
        let mut lacp = self.lags.members();
        let ports = intent.ports.iter().map(|port| PortStatus {
            connection: port.connection,
            interface: self.ports.get(&port.connection).cloned(),
            link: self
                .links
                .get(&port.connection)
                .copied()
                .unwrap_or_default(),
            lacp: lacp.remove(&port.connection),
            drops: self
                .drops
                .get(&port.connection)
                .copied()
                .unwrap_or_default(),
        });
        let ports: Vec<PortStatus> = ports.collect();
        let standing = self.of_device(&intent.device);
        let virtual_interfaces = standing.map(|(id, standing)| VirtualInterfaceStatus {
            id,
            generation: standing.intent.generation,
            counters: self.counters.get(&id).copied().unwrap_or_default(),
            peers: self.peers.get(&id).cloned().unwrap_or_default(),
        });
        DeviceStatus {
            device: intent.device.clone(),
            followed: self.followed.get(&intent.device).copied(),
            drops: status::all_drops(&ports),
            ports,
            virtual_interfaces: virtual_interfaces.collect(),
            faults: self.faults.list(),
            foreign: self.foreign.clone(),
        }
    }

    fn routes_of(&self, device: &str) -> SeenRoutes {
        let peers = self
            .of_device(device)
            .flat_map(|(_, standing)| standing.sessions());
        let routes = peers.filter_map(|(peer, ..)| {
            let (_, routes) = self.routes.get(&peer)?;
            (!routes.is_empty()).then(|| (peer, routes.clone()))
        });
        routes.collect()
    }

    fn of_device<'a>(
        &'a self,
        device: &'a str,
    ) -> impl Iterator<Item = (VirtualInterfaceId, &'a Standing)> {
        let all = self.standing.iter();
        all.filter(move |(id, _)| self.owners.get(id).is_some_and(|owner| owner == device))
            .map(|(id, standing)| (*id, standing))
    }
}
