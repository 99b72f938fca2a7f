//! Looking into the tables: for operators, for forwarding, for tests.

use std::net::IpAddr;

use ipnet::IpNet;

use super::decision::RegionId;
use super::engine::Rib;
use super::prefix::PrefixKey;
use super::session::{Member, SessionIndex};
use super::table::{NetId, Route, RouteId, Verdict};
use crate::policy::DeviceHops;
use crate::wire::PathAttributes;

/// A route as it stands in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteView<S = SessionIndex> {
    pub prefix: IpNet,
    /// Who announced it; `None` for the network itself.
    pub session: Option<S>,
    /// The neighbor's address; `None` for the network itself.
    pub neighbor: Option<IpAddr>,
    /// As received, or as sent.
    pub attributes: PathAttributes,
    pub verdict: Verdict,
    /// The neighbor restarts or refreshes and has not announced it again yet.
    pub stale: bool,
}

impl<S> RouteView<S> {
    /// The same route with its session named otherwise.
    #[must_use]
    pub fn map_session<T>(self, name: impl FnOnce(S) -> T) -> RouteView<T> {
        RouteView {
            prefix: self.prefix,
            session: self.session.map(name),
            neighbor: self.neighbor,
            attributes: self.attributes,
            verdict: self.verdict,
            stale: self.stale,
        }
    }
}

/// Where the bytes are. Capacities, so what the process holds, not what is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MemoryUse {
    pub prefixes: usize,
    pub routes: usize,
    pub index: usize,
    pub attributes: usize,
    /// Logs and segments of the export groups.
    pub export: usize,
    /// Adj-RIB-Out of all neighbors.
    pub advertised: usize,
    /// How many distinct sets of attributes there are.
    pub attribute_sets: usize,
}

/// Names a prefix of a table while it is looked through bit by bit. The table may change meanwhile: a
/// route that went is not found any more, one that came is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(NetId);

impl<P: PrefixKey> Rib<P> {
    /// Where the neighbor has routes now: quick even for large tables.
    #[must_use]
    pub fn places_in(&self, index: SessionIndex) -> Vec<Place> {
        let mut places = Vec::new();
        let mut next = self.session(index).first_route;
        while next != RouteId::NONE {
            places.push(Place(self.table.route(next).net));
            next = self.table.next_of_session(next);
        }
        places
    }

    /// What the neighbor announced at a place.
    #[must_use]
    pub fn route_in(&self, index: SessionIndex, Place(net): Place) -> Option<RouteView> {
        let id = self.table.find(net, index)?;
        Some(self.view(self.table.route(id)))
    }

    /// What the neighbor has been sent, place by place.
    #[must_use]
    pub fn places_out(&self, index: SessionIndex) -> Vec<Place> {
        let member = self.member(index);
        let nets = member.into_iter().flat_map(|it| it.advertised.iter());
        nets.map(|net| Place(NetId(net))).collect()
    }

    /// What the neighbor has been sent at a place, as it is sent now.
    #[must_use]
    pub fn route_out(&self, index: SessionIndex, Place(net): Place) -> Option<RouteView> {
        let key = &self.groups[self.member(index)?.group.0].key;
        let candidate = self.candidate(net, key)?;
        let id = self.table.find(net, candidate.session)?;
        let mut view = self.view(self.table.route(id));
        view.attributes = if candidate.session == SessionIndex::ORIGINATED {
            key.announcer.originated(&view.attributes)
        } else {
            let same = self.session(candidate.session).config.device == key.device;
            let hops = if same {
                DeviceHops::Same
            } else {
                DeviceHops::Two
            };
            key.announcer.site_link(&view.attributes, hops)
        };
        Some(view)
    }

    fn member(&self, index: SessionIndex) -> Option<&Member> {
        self.session(index).up.as_ref()?.member.as_ref()
    }

    /// Adj-RIB-In: everything the neighbor announced, with what policy said, newest first.
    pub fn routes_in(&self, index: SessionIndex) -> impl Iterator<Item = RouteView> + '_ {
        let mut next = self.session(index).first_route;
        std::iter::from_fn(move || {
            if next == RouteId::NONE {
                return None;
            }
            let route = self.table.route(next);
            next = self.table.next_of_session(next);
            Some(self.view(route))
        })
    }

    /// Adj-RIB-Out: what the neighbor has been sent, as it is sent now.
    pub fn routes_out(&self, index: SessionIndex) -> impl Iterator<Item = RouteView> + '_ {
        let places = self.places_out(index).into_iter();
        places.filter_map(move |place| self.route_out(index, place))
    }

    /// All routes of a prefix, of whatever verdict.
    #[must_use]
    pub fn routes_of(&self, prefix: &IpNet) -> Vec<RouteView> {
        let net = P::from_net(prefix).and_then(|key| self.table.find_net(key));
        let routes = net.into_iter().flat_map(|net| self.table.routes_of(net));
        routes.map(|(_, route)| self.view(route)).collect()
    }

    /// The routes that traffic of `region` to exactly this prefix uses: the one to show first in
    /// front, all equally good, at most sixteen (`spec/routing §6`).
    #[must_use]
    pub fn multipath(&self, prefix: &IpNet, region: RegionId) -> Vec<RouteView> {
        let Some(net) = P::from_net(prefix).and_then(|key| self.table.find_net(key)) else {
            return Vec::new();
        };
        self.multipath_of(net, region)
            .into_iter()
            .map(|route| self.view(route))
            .collect()
    }

    /// The same for traffic of interfaces with SiteLink, to others with SiteLink.
    #[must_use]
    pub fn site_link_multipath(&self, prefix: &IpNet) -> Vec<RouteView> {
        let net = P::from_net(prefix).and_then(|key| self.table.find_net(key));
        let routes = net.map(|net| self.site_link_multipath_of(net));
        let routes = routes.into_iter().flatten();
        routes.map(|route| self.view(route)).collect()
    }

    fn view(&self, route: &Route) -> RouteView {
        let session = self.session(route.session);
        let known = route.session != SessionIndex::ORIGINATED;
        RouteView {
            prefix: self.table.prefix(route.net),
            session: known.then_some(route.session),
            neighbor: known.then_some(session.config.neighbor),
            attributes: self.attributes.get(route.attributes).clone(),
            verdict: route.verdict,
            stale: route.epoch != session.epoch,
        }
    }

    /// What the tables hold in memory.
    #[must_use]
    pub fn memory_use(&self) -> MemoryUse {
        let (prefixes, routes, index) = self.table.heap_bytes();
        let members = self.sessions.iter().flatten().filter_map(|session| {
            let up = session.up.as_ref()?;
            up.member.as_ref()
        });
        MemoryUse {
            prefixes,
            routes,
            index,
            attributes: self.attributes.heap_bytes(),
            export: self
                .groups
                .iter()
                .map(super::group::Group::heap_bytes)
                .sum(),
            advertised: members.map(|member| member.advertised.heap_bytes()).sum(),
            attribute_sets: self.attributes.len(),
        }
    }
}
