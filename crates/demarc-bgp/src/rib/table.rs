//! Prefixes and routes: the storage under Adj-RIB-In and Loc-RIB.
//!
//! One slab of prefixes, one of routes. A route stands in two lists at once: singly linked, the
//! routes of its prefix (few: one per neighbor that announces it); doubly linked, the routes of its
//! session (many, and any of them may go).

use hashbrown::HashTable;
use ipnet::IpNet;

use super::attributes::AttributesId;
use super::bits::BitSet;
use super::prefix::PrefixKey;
use super::session::SessionIndex;
use super::slab::Slab;
use crate::policy::Rejection;

/// A prefix of the table. Stays the same while the prefix has routes or a neighbor may still have
/// to be told about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NetId(pub(super) u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RouteId(u32);

impl RouteId {
    /// End of a list.
    pub(super) const NONE: Self = Self(u32::MAX);
}

/// What import policy said about a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Used for traffic to the customer only.
    Accepted,
    /// Used, and handed to other SiteLink interfaces.
    AcceptedForSiteLink,
    Rejected(Rejection),
}

impl Verdict {
    #[must_use]
    pub const fn is_accepted(self) -> bool {
        matches!(self, Self::Accepted | Self::AcceptedForSiteLink)
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Route {
    pub(super) net: NetId,
    pub(super) session: SessionIndex,
    pub(super) attributes: AttributesId,
    next_in_net: RouteId,
    next_in_session: RouteId,
    previous_in_session: RouteId,
    pub(super) verdict: Verdict,
    /// Equal to its session's while the route is fresh (RFC 4724 §4.2, RFC 7313 §4).
    pub(super) epoch: u8,
}

#[derive(Debug, Clone, Copy)]
struct Net<P> {
    prefix: P,
    first: RouteId,
}

#[derive(Debug)]
pub(super) struct Table<P> {
    nets: Slab<Net<P>>,
    free_nets: Vec<NetId>,
    /// Without routes, but perhaps still named by a log or an Adj-RIB-Out.
    dead: Vec<NetId>,
    routes: Slab<Route>,
    free_routes: Vec<RouteId>,
    index: HashTable<NetId>,
    seed: u64,
}

impl<P: PrefixKey> Table<P> {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            nets: Slab::new(),
            free_nets: Vec::new(),
            dead: Vec::new(),
            routes: Slab::new(),
            free_routes: Vec::new(),
            index: HashTable::new(),
            seed,
        }
    }

    /// Upper bound of every [`NetId`] in use.
    pub(super) fn net_bound(&self) -> u32 {
        u32::try_from(self.nets.len()).expect("ids are u32")
    }

    pub(super) fn prefix(&self, net: NetId) -> IpNet {
        self.nets[net.0].prefix.to_net()
    }

    pub(super) fn find_net(&self, prefix: P) -> Option<NetId> {
        let nets = &self.nets;
        let same = |id: &NetId| nets[id.0].prefix == prefix;
        self.index.find(prefix.hash(self.seed), same).copied()
    }

    /// The prefix's id; a new one when the prefix is new.
    pub(super) fn net(&mut self, prefix: P) -> NetId {
        let hash = prefix.hash(self.seed);
        let nets = &self.nets;
        if let Some(id) = self.index.find(hash, |id| nets[id.0].prefix == prefix) {
            return *id;
        }
        let net = Net {
            prefix,
            first: RouteId::NONE,
        };
        let id = match self.free_nets.pop() {
            Some(id) => {
                self.nets[id.0] = net;
                id
            }
            None => NetId(self.nets.push(net)),
        };
        let (nets, seed) = (&self.nets, self.seed);
        self.index
            .insert_unique(hash, id, |id| nets[id.0].prefix.hash(seed));
        id
    }

    pub(super) fn route(&self, id: RouteId) -> &Route {
        &self.routes[id.0]
    }

    pub(super) fn route_mut(&mut self, id: RouteId) -> &mut Route {
        &mut self.routes[id.0]
    }

    /// The routes of a prefix, newest first.
    pub(super) fn routes_of(&self, net: NetId) -> impl Iterator<Item = (RouteId, &Route)> + '_ {
        let mut next = self.nets[net.0].first;
        std::iter::from_fn(move || {
            if next == RouteId::NONE {
                return None;
            }
            let id = next;
            let route = self.route(id);
            next = route.next_in_net;
            Some((id, route))
        })
    }

    pub(super) fn find(&self, net: NetId, session: SessionIndex) -> Option<RouteId> {
        self.routes_of(net)
            .find(|(_, route)| route.session == session)
            .map(|(id, _)| id)
    }

    /// The route after `id` in its session's list.
    pub(super) fn next_of_session(&self, id: RouteId) -> RouteId {
        self.route(id).next_in_session
    }

    /// Adds a route at the head of both lists. The caller knows that its session has none there.
    pub(super) fn insert(
        &mut self,
        net: NetId,
        (session, first_of_session): (SessionIndex, &mut RouteId),
        attributes: AttributesId,
        verdict: Verdict,
        epoch: u8,
    ) {
        let route = Route {
            net,
            session,
            attributes,
            next_in_net: self.nets[net.0].first,
            next_in_session: *first_of_session,
            previous_in_session: RouteId::NONE,
            verdict,
            epoch,
        };
        let id = match self.free_routes.pop() {
            Some(id) => {
                self.routes[id.0] = route;
                id
            }
            None => RouteId(self.routes.push(route)),
        };
        if *first_of_session != RouteId::NONE {
            self.route_mut(*first_of_session).previous_in_session = id;
        }
        *first_of_session = id;
        self.nets[net.0].first = id;
    }

    /// Takes a route out of both lists and returns it.
    pub(super) fn remove(&mut self, id: RouteId, first_of_session: &mut RouteId) -> Route {
        let route = *self.route(id);
        self.unlink_from_net(id, &route);
        match route.previous_in_session {
            RouteId::NONE => *first_of_session = route.next_in_session,
            previous => self.route_mut(previous).next_in_session = route.next_in_session,
        }
        if route.next_in_session != RouteId::NONE {
            self.route_mut(route.next_in_session).previous_in_session = route.previous_in_session;
        }
        self.free_routes.push(id);
        if self.nets[route.net.0].first == RouteId::NONE {
            self.dead.push(route.net);
        }
        route
    }

    fn unlink_from_net(&mut self, id: RouteId, route: &Route) {
        let first = self.nets[route.net.0].first;
        if first == id {
            self.nets[route.net.0].first = route.next_in_net;
            return;
        }
        let mut before = first;
        while self.route(before).next_in_net != id {
            before = self.route(before).next_in_net;
        }
        self.route_mut(before).next_in_net = route.next_in_net;
    }

    /// How many prefixes wait for [`Self::reclaim`].
    pub(super) fn dead_nets(&self) -> usize {
        self.dead.len()
    }

    /// Frees the prefixes that have no routes and are not in `named`.
    pub(super) fn reclaim(&mut self, named: &BitSet) {
        let mut dead = std::mem::take(&mut self.dead);
        dead.sort_unstable();
        dead.dedup();
        dead.retain(|id| {
            let net = self.nets[id.0];
            if net.first != RouteId::NONE {
                return false;
            }
            if named.contains(id.0) {
                return true;
            }
            let hash = net.prefix.hash(self.seed);
            if let Ok(occupied) = self.index.find_entry(hash, |other| other == id) {
                occupied.remove();
            }
            self.free_nets.push(*id);
            false
        });
        self.dead = dead;
        if self.free_nets.len() == self.nets.len() {
            // Empty: give the memory back.
            *self = Self::new(self.seed);
        }
    }

    pub(super) fn heap_bytes(&self) -> (usize, usize, usize) {
        let nets = self.nets.heap_bytes()
            + (self.free_nets.capacity() + self.dead.capacity()) * size_of::<NetId>();
        let routes = self.routes.heap_bytes() + self.free_routes.capacity() * size_of::<RouteId>();
        (nets, routes, self.index.allocation_size())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rib::Ipv4Key;

    #[test]
    fn a_route_is_28_bytes_and_a_prefix_12() {
        assert_eq!(size_of::<Route>(), 28);
        assert_eq!(size_of::<Net<Ipv4Key>>(), 12);
    }

    #[test]
    fn routes_leave_both_lists_from_any_place() {
        let sessions = [SessionIndex(1), SessionIndex(2), SessionIndex(3)];
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0]] {
            let mut table = Table::<Ipv4Key>::new(1);
            let mut firsts = [RouteId::NONE; 3];
            let prefixes: Vec<Ipv4Key> = (0..5)
                .map(|i| Ipv4Key::from_net(&format!("10.0.{i}.0/24").parse().unwrap()).unwrap())
                .collect();
            for prefix in &prefixes {
                let net = table.net(*prefix);
                for (session, first) in sessions.iter().zip(&mut firsts) {
                    table.insert(
                        net,
                        (*session, first),
                        AttributesId(0),
                        Verdict::Accepted,
                        0,
                    );
                }
            }
            for which in order {
                let net = table.find_net(prefixes[2]).unwrap();
                let id = table.find(net, sessions[which]).unwrap();
                table.remove(id, &mut firsts[which]);
                assert_eq!(table.find(net, sessions[which]), None);
                let mut left = 0;
                let mut next = firsts[which];
                while next != RouteId::NONE {
                    left += 1;
                    next = table.next_of_session(next);
                }
                assert_eq!(left, 4);
            }
            assert_eq!(table.dead_nets(), 1);
            table.reclaim(&BitSet::default());
            assert_eq!(table.find_net(prefixes[2]), None);
            assert_eq!(table.net(prefixes[2]), NetId(2), "the id is used again");
        }
    }
}
