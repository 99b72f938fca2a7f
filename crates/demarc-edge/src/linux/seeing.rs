//! What the edge sees: links, sessions, routes, counters, and what it says of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use demarc_domain::device_status::{DeviceStatus, Fault, PortStatus, SeenRoutes};
use demarc_domain::intent::{DeviceIntent, RoutingDomain};
use demarc_linux::Link;
use demarc_types::{BgpPeerId, VirtualInterfaceId};
use tracing::info;

use super::edge::{ALL, LinuxEdge, LinuxError};
use super::gateway::Gateway;
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
        for (connection, _, index) in self.mac_secs.interfaces() {
            if let Some(strays) = self.program.strays(index) {
                let drops = self.drops.entry(connection).or_default();
                *drops = status::sum(*drops, status::drops(strays));
            }
        }
    }

    /// Asks sessions that something happened to how they are, and for routes where these may have changed.
    /// Now and then it asks all, in case nothing tells. `touched`: what these are to be may have changed.
    pub(super) async fn look_at_sessions(
        &mut self,
        full: bool,
        mut touched: BTreeSet<VirtualInterfaceId>,
    ) -> Result<(), LinuxError> {
        let all = full && self.periods.is_multiple_of(ALL);
        touched.extend(self.ask_sessions(all, &touched).await?);
        if full {
            self.count_traffic();
        }
        for id in &touched {
            let standing = self.standing.get_mut(id);
            self.news |= standing.is_some_and(Standing::show_sessions);
        }
        if !touched.is_empty() {
            self.forget_routes();
        }
        self.look_at_routes(touched, all).await
    }

    /// Reads the counters. What the kernel drops for its signature is counted for whole gateways: it is held
    /// against customers who send something and whose session does not come up.
    fn count_traffic(&mut self) {
        let mut suspects: BTreeMap<RoutingDomain, Vec<VirtualInterfaceId>> = BTreeMap::new();
        for (id, standing) in &mut self.standing {
            let seen = self.program.counters(standing.delivery.outer_end);
            let sends = seen.is_some_and(|seen| standing.count(seen));
            if sends && standing.may_have_wrong_key() {
                let of_gateway = suspects.entry(standing.intent.domain);
                of_gateway.or_default().push(*id);
            }
        }
        for (domain, interfaces) in suspects {
            let gateway = self.gateways.get_mut(&domain);
            // Without a count nothing is suspected.
            let dropped = gateway.map_or(Ok(0), Gateway::wrong_signatures);
            let dropped = dropped.unwrap_or_default();
            if dropped == 0 {
                continue;
            }
            self.news = true;
            for id in interfaces {
                if let Some(standing) = self.standing.get_mut(&id) {
                    standing.suspect_key(dropped);
                    standing.show_sessions();
                }
            }
        }
    }

    /// The virtual interfaces whose sessions were asked: one question a gateway, where something happened, or
    /// may have happened to some.
    async fn ask_sessions(
        &mut self,
        all: bool,
        some: &BTreeSet<VirtualInterfaceId>,
    ) -> Result<BTreeSet<VirtualInterfaceId>, LinuxError> {
        let gateways = self.gateways.iter_mut().filter_map(|(domain, gateway)| {
            // What was said before a restart depends on the time, too.
            let is_new = gateway.sessions_have_news() || gateway.adoption.is_some();
            (is_new || all).then_some(*domain)
        });
        let with_news: BTreeSet<RoutingDomain> = gateways.collect();
        if with_news.is_empty() && some.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut questions: BTreeMap<RoutingDomain, Vec<(VirtualInterfaceId, Unheard)>> =
            BTreeMap::new();
        for (id, standing) in &self.standing {
            let domain = standing.intent.domain;
            if (some.contains(id) || with_news.contains(&domain))
                && let Some(gateway) = self.gateways.get(&domain)
            {
                let unheard = standing.unheard(gateway, all);
                let of_gateway = unheard.into_iter().map(|one| (*id, one));
                questions.entry(domain).or_default().extend(of_gateway);
            }
        }
        let mut asked = BTreeSet::new();
        for (domain, of_gateway) in questions {
            if of_gateway.is_empty() {
                continue;
            }
            let Some(gateway) = self.gateways.get(&domain) else {
                continue;
            };
            let keys: Vec<_> = of_gateway.iter().map(|(_, one)| one.key).collect();
            let reports = gateway.speaker.reports(&keys).await?;
            for ((id, unheard), report) in of_gateway.into_iter().zip(reports) {
                if let Some(standing) = self.standing.get_mut(&id) {
                    standing.hear(unheard, report);
                }
                asked.insert(id);
            }
        }
        Ok(asked)
    }

    /// Forgets the routes of sessions that are gone: then there are more of them than sessions.
    fn forget_routes(&mut self) {
        let standing = self.standing.values();
        let count: usize = standing.map(Standing::count_sessions).sum();
        if self.routes.len() <= count {
            return;
        }
        let standing = self.standing.values();
        let sessions: BTreeSet<BgpPeerId> = standing
            .flat_map(|standing| standing.sessions().map(|(peer, ..)| peer))
            .collect();
        let before = self.routes.len();
        self.routes.retain(|peer, _| sessions.contains(peer));
        if self.routes.len() != before {
            self.shown_routes.clear();
            self.news = true;
        }
    }

    /// Reads the routes of sessions of these virtual interfaces again whose version is another one, or of
    /// all of them.
    async fn look_at_routes(
        &mut self,
        interfaces: BTreeSet<VirtualInterfaceId>,
        all: bool,
    ) -> Result<(), LinuxError> {
        let mut questions: BTreeMap<RoutingDomain, Vec<_>> = BTreeMap::new();
        for standing in interfaces.iter().filter_map(|id| self.standing.get(id)) {
            for (peer, key, version) in standing.sessions() {
                let known = self.routes.get(&peer).is_some_and(|(at, _)| *at == version);
                if all || !known {
                    let of_gateway = questions.entry(standing.intent.domain);
                    of_gateway.or_default().push((peer, key, version));
                }
            }
        }
        if questions.is_empty() {
            return Ok(());
        }
        self.shown_routes.clear();
        self.news = true;
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
        let mut faults = self.faults.by_device(intents);
        for (device, wanted) in intents {
            let routes = match self.shown_routes.get(device) {
                Some(routes) => Arc::clone(routes),
                None => Arc::new(self.routes_of(device)),
            };
            self.shown_routes
                .insert(device.clone(), Arc::clone(&routes));
            let faults = faults.remove(device.as_str()).unwrap_or_default();
            let status = Arc::new(self.status(&wanted.intent, faults));
            let view = EdgeView {
                status,
                routes,
                number: 0,
            };
            views.insert(device.clone(), view);
        }
        views
    }

    fn status(&mut self, intent: &DeviceIntent, faults: Vec<Fault>) -> DeviceStatus {
        let mut lacp = self.lags.members();
        let mut mac_secs = self.mac_secs.ports();
        let ports = intent.ports.iter().map(|port| PortStatus {
            connection: port.connection,
            interface: self.ports.get(&port.connection).cloned(),
            link: self
                .links
                .get(&port.connection)
                .copied()
                .unwrap_or_default(),
            lacp: lacp.remove(&port.connection),
            mac_sec: mac_secs.remove(&port.connection),
            drops: self
                .drops
                .get(&port.connection)
                .copied()
                .unwrap_or_default(),
        });
        let ports: Vec<PortStatus> = ports.collect();
        let standing = self.standing.values_mut();
        let here = standing.filter(|standing| standing.device == intent.device);
        let virtual_interfaces = here.map(Standing::status).collect();
        DeviceStatus {
            device: intent.device.clone(),
            followed: self.followed.get(&intent.device).copied(),
            drops: status::all_drops(&ports),
            ports,
            virtual_interfaces,
            faults,
            foreign: self.foreign.clone(),
        }
    }

    fn routes_of(&self, device: &str) -> SeenRoutes {
        let peers = self.of_device(device).flat_map(Standing::sessions);
        let routes = peers.filter_map(|(peer, ..)| {
            let (_, routes) = self.routes.get(&peer)?;
            (!routes.is_empty()).then(|| (peer, routes.clone()))
        });
        routes.collect()
    }

    fn of_device<'a>(&'a self, device: &'a str) -> impl Iterator<Item = &'a Standing> {
        let all = self.standing.values();
        all.filter(move |standing| standing.device == device)
    }
}
