//! The tables of one address family: what goes in.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::attributes::{AttributeStore, AttributesId, Facts};
use super::bits::BitSet;
use super::decision::{Candidate, RegionId};
use super::event::{Event, LimitExceeded};
use super::group::{DeviceId, Group, Origination};
use super::prefix::PrefixKey;
use super::session::{Counters, Established, Export, Session, SessionConfig, SessionIndex};
use super::table::{NetId, RouteId, Table, Verdict};
use crate::policy::{
    AmazonScope, DEFAULT_PUBLIC_TAIL, ImportPolicy, InterfaceKind, LimitWarning, PrefixLimit,
    Rejection, passes_site_link,
};
use crate::wire::{Asn, PathAttributes, Update};

/// The tables of one address family in one routing domain.
#[derive(Debug)]
pub struct Rib<P> {
    pub(super) table: Table<P>,
    pub(super) attributes: AttributeStore,
    /// By [`SessionIndex`]; the first is the network itself.
    pub(super) sessions: Vec<Option<Session>>,
    /// By `GroupIndex`; a slot without members is free.
    pub(super) groups: Vec<Group>,
    /// Members to wake, each once.
    pub(super) ready: Vec<SessionIndex>,
    pub(super) events: VecDeque<Event>,
    /// Prefixes whose usable routes changed, for whoever programs forwarding.
    forwarding: Option<Changes>,
    pub(super) reclaim_at: usize,
}

/// Prefixes in the order of their first change since they were taken.
#[derive(Debug, Default)]
struct Changes {
    order: Vec<NetId>,
    noted: BitSet,
}

/// Fewer dead prefixes than this are not worth a walk over the neighbors.
pub(super) const RECLAIM_LEAST: usize = 1024;

impl<P: PrefixKey> Rib<P> {
    /// `seed` protects the hash tables against chosen prefixes.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            table: Table::new(seed),
            attributes: AttributeStore::new(seed.rotate_left(7)),
            sessions: vec![Some(Session::new(network_itself()))],
            groups: Vec::new(),
            ready: Vec::new(),
            events: VecDeque::new(),
            forwarding: None,
            reclaim_at: RECLAIM_LEAST,
        }
    }

    /// Starts to collect changes for [`Self::take_forwarding_changes`].
    pub fn track_forwarding(&mut self) {
        self.forwarding.get_or_insert_default();
    }

    /// Whether [`Self::take_forwarding_changes`] has something to give.
    pub fn has_forwarding_changes(&self) -> bool {
        let changes = self.forwarding.as_ref();
        changes.is_some_and(|changes| !changes.order.is_empty())
    }

    /// Prefixes whose usable routes may have changed since the last call. Ask
    /// [`Self::multipath`] for what they are now.
    pub fn take_forwarding_changes(&mut self) -> Vec<IpNet> {
        let Some(changes) = self.forwarding.as_mut() else {
            return Vec::new();
        };
        let changes = std::mem::take(changes);
        changes
            .order
            .into_iter()
            .map(|net| self.table.prefix(net))
            .collect()
    }

    /// Adds a session, down.
    pub fn add_session(&mut self, config: SessionConfig) -> SessionIndex {
        let session = Some(Session::new(config));
        let free = self.sessions.iter().position(Option::is_none);
        let index = free.unwrap_or(self.sessions.len());
        if index == self.sessions.len() {
            self.sessions.push(session);
        } else {
            self.sessions[index] = session;
        }
        SessionIndex(u32::try_from(index).expect("fewer than 2^32 sessions"))
    }

    /// Forgets a session and its routes.
    pub fn remove_session(&mut self, index: SessionIndex) {
        self.session_down(index);
        self.sessions[index.0 as usize] = None;
    }

    /// The session is established: routes may come and go.
    pub fn session_up(&mut self, index: SessionIndex, established: Established) {
        let session = self.session_mut(index);
        session.router_id = established.router_id;
        session.own_next_hop = Some(established.next_hop);
        self.join(index, established);
    }

    /// The session ended: its routes go at once.
    pub fn session_down(&mut self, index: SessionIndex) {
        self.leave(index);
        let mut next = self.session(index).first_route;
        while next != RouteId::NONE {
            let route = next;
            next = self.table.next_of_session(route);
            self.remove(index, route);
        }
        self.session_mut(index).limit = PrefixLimit::new(self.session(index).config.prefix_limit);
        self.reclaim();
    }

    /// The session ended, but the neighbor preserves its forwarding (RFC 4724 §4.2): its routes
    /// stay, stale, until [`Self::sweep_stale`] or [`Self::session_down`]. Those that were stale
    /// already go.
    pub fn session_restarting(&mut self, index: SessionIndex) {
        self.leave(index);
        self.sweep_stale(index);
        self.mark_stale(index);
    }

    /// Marks what is there as stale: at a restart, and when the neighbor says that a refresh
    /// begins (RFC 7313 §4).
    pub fn mark_stale(&mut self, index: SessionIndex) {
        let session = self.session_mut(index);
        session.epoch = session.epoch.wrapping_add(1);
    }

    /// Removes the routes that were not announced again: at End-of-RIB, at the end of a refresh,
    /// or when time is up.
    pub fn sweep_stale(&mut self, index: SessionIndex) {
        let epoch = self.session(index).epoch;
        let mut next = self.session(index).first_route;
        while next != RouteId::NONE {
            let route = next;
            next = self.table.next_of_session(route);
            if self.table.route(route).epoch != epoch {
                self.remove(index, route);
            }
        }
        self.reclaim();
    }

    /// Applies an UPDATE: withdrawals, then announcements.
    ///
    /// # Errors
    /// [`LimitExceeded`] at the first prefix too many; it and what follows is not kept.
    pub fn update(
        &mut self,
        index: SessionIndex,
        update: &Update<'_>,
    ) -> Result<(), LimitExceeded> {
        self.withdraw(index, update.withdrawn());
        for (attributes, prefixes) in update.announced() {
            self.announce(index, &attributes, prefixes)?;
        }
        Ok(())
    }

    /// Removes the session's routes for `prefixes`.
    pub fn withdraw(&mut self, index: SessionIndex, prefixes: impl IntoIterator<Item = IpNet>) {
        for prefix in prefixes {
            let net = P::from_net(&prefix).and_then(|key| self.table.find_net(key));
            if let Some(route) = net.and_then(|net| self.table.find(net, index)) {
                self.remove(index, route);
            }
        }
        self.reclaim();
    }

    /// Adds or replaces the session's routes for `prefixes`. Prefixes of the other family are
    /// ignored.
    ///
    /// # Errors
    /// [`LimitExceeded`] at the first prefix too many; it and what follows is not kept.
    pub fn announce(
        &mut self,
        index: SessionIndex,
        attributes: &PathAttributes,
        prefixes: impl IntoIterator<Item = IpNet>,
    ) -> Result<(), LimitExceeded> {
        let id = self.attributes.acquire(attributes);
        let facts = *self.attributes.facts(id);
        let path = self.check_attributes(index, attributes);
        let mut result = Ok(());
        let mut contradiction = facts.request.contradictory;
        for prefix in prefixes {
            let Some(key) = P::from_net(&prefix) else {
                continue;
            };
            let verdict = self.verdict(index, path, prefix, &facts);
            result = self.put(index, key, id, verdict);
            if result.is_err() {
                break;
            }
            if std::mem::take(&mut contradiction) {
                let event = Event::ContradictoryCommunities {
                    session: index,
                    prefix,
                };
                self.events.push_back(event);
            }
        }
        self.attributes.release(id);
        self.compact_logs();
        result
    }

    /// Replaces what the network itself announces. Only differences reach the neighbors.
    pub fn set_originations(&mut self, originations: &[Origination]) {
        let network = SessionIndex::ORIGINATED;
        self.mark_stale(network);
        for origination in originations {
            let Some(key) = P::from_net(&origination.prefix) else {
                continue;
            };
            let id = self.attributes.acquire(&origination.attributes());
            self.put(network, key, id, Verdict::AcceptedForSiteLink)
                .expect("the network itself has no prefix limit");
            self.attributes.release(id);
        }
        self.sweep_stale(network);
    }

    /// Changes what was decided about a session, without touching the session: its routes are
    /// judged again, and the neighbor is sent what differs.
    ///
    /// # Errors
    /// [`LimitExceeded`] when the new limit is below what the neighbor has announced.
    pub fn set_config(
        &mut self,
        index: SessionIndex,
        config: SessionConfig,
    ) -> Result<(), LimitExceeded> {
        let session = self.session_mut(index);
        session.limit.set_limit(config.prefix_limit);
        let judged = |config: &SessionConfig| {
            let site_link = config.site_link.is_some();
            (
                config.import.clone(),
                site_link,
                config.region,
                config.device,
                config.neighbor,
            )
        };
        let differs = judged(&session.config) != judged(&config);
        session.config = config;
        if differs {
            self.judge_again(index);
        }
        self.change_membership(index);
        let session = self.session_mut(index);
        let prefixes = session.counters.received;
        let limit = session.limit.limit();
        if session.limit.is_exceeded_by(prefixes) {
            return Err(LimitExceeded { limit });
        }
        // A lowered limit can be what brings the session near it.
        let warning = session.limit.warning(prefixes);
        self.warn_of_limit(index, warning);
        Ok(())
    }

    fn judge_again(&mut self, index: SessionIndex) {
        let mut next = self.session(index).first_route;
        while next != RouteId::NONE {
            let id = next;
            next = self.table.next_of_session(id);
            let route = *self.table.route(id);
            let attributes = self.attributes.get(route.attributes);
            let path = self.check_attributes(index, attributes);
            let facts = *self.attributes.facts(route.attributes);
            let verdict = self.verdict(index, path, self.table.prefix(route.net), &facts);
            self.count_verdict(index, route.verdict, Change::Gone);
            self.count_verdict(index, verdict, Change::New);
            self.table.route_mut(id).verdict = verdict;
            // What was best before cannot be told any more: the order itself has changed. So
            // every route that counts now, or counted, is looked at again by those who have it.
            if [route.verdict, verdict].contains(&Verdict::AcceptedForSiteLink) {
                self.note_export(index, route.net);
            }
            self.note_forwarding(route.net);
        }
    }

    fn check_attributes(
        &self,
        index: SessionIndex,
        attributes: &PathAttributes,
    ) -> Result<(), Rejection> {
        let session = self.session(index);
        let next_hop = attributes.next_hop();
        let import = &session.config.import;
        import.check_path(attributes.as_path(), next_hop)?;
        // We may have more addresses than the configured one: this is the one that we are on the
        // neighbor's network (RFC 4271 §6.3).
        match next_hop.is_some() && next_hop == session.own_next_hop {
            true => Err(Rejection::OwnNextHop),
            false => Ok(()),
        }
    }

    fn verdict(
        &self,
        index: SessionIndex,
        path: Result<(), Rejection>,
        prefix: IpNet,
        facts: &Facts,
    ) -> Verdict {
        let config = &self.session(index).config;
        match path.and_then(|()| config.import.check_prefix(prefix)) {
            Err(rejection) => Verdict::Rejected(rejection),
            Ok(()) => {
                let site_link = config.site_link.is_some();
                if passes_site_link(&config.import, site_link, facts.request, prefix) {
                    Verdict::AcceptedForSiteLink
                } else {
                    Verdict::Accepted
                }
            }
        }
    }

    fn put(
        &mut self,
        index: SessionIndex,
        key: P,
        id: AttributesId,
        verdict: Verdict,
    ) -> Result<(), LimitExceeded> {
        let net = self.table.net(key);
        let epoch = self.session(index).epoch;
        let existing = self.table.find(net, index);
        let before = self.candidate_before(net);
        let mut usable = verdict.is_accepted();
        if let Some(existing) = existing {
            let route = self.table.route_mut(existing);
            route.epoch = epoch;
            let (old_id, old_verdict) = (route.attributes, route.verdict);
            if (old_id, old_verdict) == (id, verdict) {
                return Ok(());
            }
            route.attributes = id;
            route.verdict = verdict;
            usable |= old_verdict.is_accepted();
            self.attributes.release(old_id);
            self.count_verdict(index, old_verdict, Change::Gone);
        } else {
            self.admit(index)?;
            let session = self.sessions[index.0 as usize]
                .as_mut()
                .expect("an index is of a live session");
            self.table
                .insert(net, (index, &mut session.first_route), id, verdict, epoch);
        }
        self.attributes.retain(id);
        self.count_verdict(index, verdict, Change::New);
        self.note_if_changed(index, net, before);
        if usable {
            self.note_forwarding(net);
        }
        Ok(())
    }

    /// Counts one more prefix, unless it is one too many.
    fn admit(&mut self, index: SessionIndex) -> Result<(), LimitExceeded> {
        let session = self.session_mut(index);
        let prefixes = session.counters.received + 1;
        let limit = session.limit.limit();
        if session.limit.is_exceeded_by(prefixes) {
            return Err(LimitExceeded { limit });
        }
        session.counters.received = prefixes;
        let warning = session.limit.warning(prefixes);
        self.warn_of_limit(index, warning);
        Ok(())
    }

    fn warn_of_limit(&mut self, index: SessionIndex, warning: Option<LimitWarning>) {
        let Some(warning) = warning else { return };
        let session = self.session(index);
        let event = Event::PrefixWarning {
            session: index,
            warning,
            prefixes: session.counters.received,
            limit: session.limit.limit(),
        };
        self.events.push_back(event);
    }

    fn remove(&mut self, index: SessionIndex, id: RouteId) {
        let before = self.candidate_before(self.table.route(id).net);
        let session = self.sessions[index.0 as usize]
            .as_mut()
            .expect("an index is of a live session");
        let route = self.table.remove(id, &mut session.first_route);
        session.counters.received -= 1;
        let left = session.counters.received;
        let _ = session.limit.warning(left);
        self.count_verdict(index, route.verdict, Change::Gone);
        self.attributes.release(route.attributes);
        self.note_if_changed(index, route.net, before);
        if route.verdict.is_accepted() {
            self.note_forwarding(route.net);
        }
    }

    fn count_verdict(&mut self, index: SessionIndex, verdict: Verdict, change: Change) {
        let counters = &mut self.session_mut(index).counters;
        let counter = match verdict {
            Verdict::Accepted | Verdict::AcceptedForSiteLink => &mut counters.accepted,
            Verdict::Rejected(reason) => &mut counters.rejected[reason as usize],
        };
        match change {
            Change::New => *counter += 1,
            Change::Gone => *counter -= 1,
        }
    }

    /// The handed-on route as it is before a change; `None`, too, when nobody would be told.
    fn candidate_before(&self, net: NetId) -> Option<Candidate> {
        if self.re_advertises() {
            self.best_for_site_link(net)
        } else {
            None
        }
    }

    fn note_if_changed(&mut self, index: SessionIndex, net: NetId, before: Option<Candidate>) {
        let changed = index == SessionIndex::ORIGINATED
            || self.re_advertises() && self.best_for_site_link(net) != before;
        if changed {
            self.note_export(index, net);
        }
    }

    fn note_forwarding(&mut self, net: NetId) {
        if let Some(changes) = self.forwarding.as_mut()
            && changes.noted.insert(net.0)
        {
            changes.order.push(net);
        }
    }

    /// Prefixes that forwarding has still to be told about keep their ids.
    pub(super) fn nets_in_forwarding_changes(&self) -> Option<&BitSet> {
        self.forwarding.as_ref().map(|changes| &changes.noted)
    }

    pub(super) fn session(&self, index: SessionIndex) -> &Session {
        self.sessions[index.0 as usize]
            .as_ref()
            .expect("an index is of a live session")
    }

    pub(super) fn session_mut(&mut self, index: SessionIndex) -> &mut Session {
        self.sessions[index.0 as usize]
            .as_mut()
            .expect("an index is of a live session")
    }

    /// The numbers of a session.
    #[must_use]
    pub fn counters(&self, index: SessionIndex) -> Counters {
        self.session(index).counters
    }

    /// The oldest event not taken yet.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }
}

#[derive(Debug, Clone, Copy)]
enum Change {
    New,
    Gone,
}

impl Session {
    fn new(config: SessionConfig) -> Self {
        Self {
            limit: PrefixLimit::new(config.prefix_limit),
            config,
            router_id: Ipv4Addr::UNSPECIFIED,
            own_next_hop: None,
            first_route: RouteId::NONE,
            epoch: 0,
            counters: Counters::default(),
            up: None,
        }
    }
}

/// The session that owns originated routes: never up, never checked.
fn network_itself() -> SessionConfig {
    SessionConfig {
        neighbor: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        import: ImportPolicy {
            kind: InterfaceKind::Transit,
            local_asn: Asn::ZERO,
            neighbor_asn: Asn::ZERO,
            local_address: None,
            peering_subnet: None,
            approved: Vec::new(),
        },
        export: Export::Nothing,
        site_link: None,
        region: RegionId::default(),
        device: DeviceId::default(),
        prefix_limit: u32::MAX,
        public_path: DEFAULT_PUBLIC_TAIL,
        nearest: AmazonScope::Region,
    }
}
