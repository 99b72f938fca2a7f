//! Choosing among the routes of one prefix (`spec/routing §6`).

use std::net::{IpAddr, Ipv4Addr};

use super::attributes::AttributesId;
use super::engine::Rib;
use super::prefix::PrefixKey;
use super::session::SessionIndex;
use super::table::{NetId, Route, Verdict};
use crate::policy::{InterfaceKind, MAX_ECMP_PATHS, Preference, RegionMatch, local_preference};

/// A Region, as numbered by the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct RegionId(pub u16);

/// The order among equally good routes: lowest BGP identifier, then lowest address. Only shows one
/// first; it never takes a route out of the ECMP set.
type TieBreak = (Ipv4Addr, IpAddr);

/// The route that a neighbor would be announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) session: SessionIndex,
    pub(super) attributes: AttributesId,
}

impl<P: PrefixKey> Rib<P> {
    pub(super) fn originated(&self, net: NetId) -> Option<Candidate> {
        let mut routes = self.table.routes_of(net);
        routes
            .find(|(_, route)| route.session == SessionIndex::ORIGINATED)
            .map(|(_, route)| Candidate {
                session: route.session,
                attributes: route.attributes,
            })
    }

    /// What SiteLink interfaces are announced for a prefix: what the network originates before
    /// what another interface sent, and of those the best without regard to Regions.
    pub(super) fn best_for_site_link(&self, net: NetId) -> Option<Candidate> {
        let mut routes = self
            .table
            .routes_of(net)
            .map(|(_, route)| route)
            .filter(|route| route.verdict == Verdict::AcceptedForSiteLink);
        let mut best = routes.next()?;
        let mut best_rank = None;
        for route in routes {
            let rank = self.site_link_rank(route);
            if rank < *best_rank.get_or_insert_with(|| self.site_link_rank(best)) {
                (best, best_rank) = (route, Some(rank));
            }
        }
        Some(Candidate {
            session: best.session,
            attributes: best.attributes,
        })
    }

    fn site_link_rank(&self, route: &Route) -> (Preference, TieBreak) {
        // SiteLink interfaces do not look at Regions, so any match gives the same number.
        (
            self.preference(route, RegionMatch::Same),
            self.tie_break(route),
        )
    }

    fn preference(&self, route: &Route, region: RegionMatch) -> Preference {
        if route.session == SessionIndex::ORIGINATED {
            return Preference::ORIGINATED;
        }
        let facts = self.attributes.facts(route.attributes);
        let config = &self.session(route.session).config;
        match config.import.kind {
            // Nothing of §5's return tags and no MED on public interfaces (§3).
            InterfaceKind::Public => Preference::new(0, facts.hops, None),
            InterfaceKind::Private | InterfaceKind::Transit => {
                let tag = facts.request.return_preference;
                let local = local_preference(tag, config.site_link.is_some(), region);
                Preference::new(local, facts.hops, Some(facts.med))
            }
        }
    }

    fn tie_break(&self, route: &Route) -> TieBreak {
        let session = self.session(route.session);
        (session.router_id, session.config.neighbor)
    }

    /// The equally best accepted routes of neighbors, the one to show first in front, at most
    /// sixteen with distinct next hops, as `region` sees them.
    pub(super) fn multipath_of(&self, net: NetId, region: RegionId) -> Vec<&Route> {
        self.best(net, |route| {
            let same = self.session(route.session).config.region == region;
            let region = if same {
                RegionMatch::Same
            } else {
                RegionMatch::Other
            };
            let usable = route.verdict.is_accepted();
            usable.then(|| self.preference(route, region))
        })
    }

    /// The same, as an interface with SiteLink sees them.
    pub(super) fn site_link_multipath_of(&self, net: NetId) -> Vec<&Route> {
        self.best(net, |route| {
            let usable = route.verdict == Verdict::AcceptedForSiteLink;
            usable.then(|| self.preference(route, RegionMatch::Same))
        })
    }

    fn best(&self, net: NetId, rank: impl Fn(&Route) -> Option<Preference>) -> Vec<&Route> {
        let mut ranked: Vec<(Preference, TieBreak, &Route)> = self
            .table
            .routes_of(net)
            .map(|(_, route)| route)
            .filter(|route| route.session != SessionIndex::ORIGINATED)
            .filter_map(|route| Some((rank(route)?, self.tie_break(route), route)))
            .collect();
        ranked.sort_unstable_by_key(|(preference, tie_break, _)| (*preference, *tie_break));
        let best = ranked.first().map(|(preference, ..)| *preference);
        let mut chosen: Vec<(Option<IpAddr>, &Route)> = Vec::new();
        for (_, _, route) in ranked
            .iter()
            .take_while(|(preference, ..)| Some(*preference) == best)
        {
            let next_hop = self.attributes.get(route.attributes).next_hop();
            if chosen.len() < MAX_ECMP_PATHS && chosen.iter().all(|(other, _)| *other != next_hop) {
                chosen.push((next_hop, route));
            }
        }
        chosen.into_iter().map(|(_, route)| route).collect()
    }
}
