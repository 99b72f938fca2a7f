//! The tables of one address family: what goes out.

use std::sync::Arc;

use super::bits::BitSet;
use super::decision::Candidate;
use super::delivery::Delivery;
use super::engine::{RECLAIM_LEAST, Rib};
use super::event::Event;
use super::group::{GroupIndex, GroupKey, SEGMENT_ENTRIES, Selection};
use super::prefix::PrefixKey;
use super::segment::{Run, Segment, Source, Unsendable};
use super::session::{Counters, Member, SessionIndex, Up, Walk, WalkPurpose};
use super::table::NetId;
use crate::policy::DeviceHops;
use crate::wire::{RefreshKind, RouteRefresh, UpdateEncoder};

/// Whether there is more to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The buffer is full enough; call again when it has room.
    More,
    /// Nothing left; [`Rib::take_ready`] names the session when there is.
    Drained,
}

impl<P: PrefixKey> Rib<P> {
    /// Sessions that were drained and have something to send now.
    pub fn take_ready(&mut self) -> Vec<SessionIndex> {
        std::mem::take(&mut self.ready)
    }

    /// The neighbor wants everything again (RFC 2918), between markers if `enhanced` (RFC 7313).
    pub fn refresh(&mut self, index: SessionIndex, enhanced: bool) {
        let end = self.table.net_bound();
        let Some(up) = self.session_mut(index).up.as_mut() else {
            return;
        };
        if up.end_of_rib_owed {
            // No marker goes out before End-of-RIB (RFC 7313 §4).
            up.refresh_owed = Some(enhanced);
        } else {
            up.begin_refresh(enhanced, end);
        }
        self.ready.push(index);
    }

    /// Appends messages for the neighbor until `out` holds at least `enough` bytes or nothing is
    /// left. What was appended counts as sent.
    pub fn poll_transmit(
        &mut self,
        index: SessionIndex,
        out: &mut Vec<u8>,
        enough: usize,
    ) -> Progress {
        let Some(mut up) = self.session_mut(index).up.take() else {
            return Progress::Drained;
        };
        let mut counters = self.session(index).counters;
        let was_capped = up.reached_cap();
        let was_unsendable = up.unsendable();
        let progress = self.transmit(index, &mut up, &mut counters, out, enough);
        if let Some(limit) = up.reached_cap().filter(|_| was_capped.is_none()) {
            self.events.push_back(Event::SiteLinkLimitReached {
                session: index,
                limit,
            });
        }
        if let Some((net, error)) = up.unsendable().filter(|_| was_unsendable.is_none()) {
            self.events.push_back(Event::Unsendable {
                session: index,
                prefix: self.table.prefix(net),
                error,
            });
        }
        let session = self.session_mut(index);
        session.up = Some(up);
        session.counters = counters;
        if progress == Progress::Drained {
            self.after_drain(index);
        }
        progress
    }

    fn transmit(
        &mut self,
        index: SessionIndex,
        up: &mut Up,
        counters: &mut Counters,
        out: &mut Vec<u8>,
        enough: usize,
    ) -> Progress {
        if std::mem::take(&mut up.begin_refresh_owed) {
            RouteRefresh::encode(P::FAMILY, RefreshKind::Begin, out);
        }
        if let Some(member) = up.member.as_mut() {
            while let Some(walk) = member.walk {
                if out.len() >= enough {
                    return Progress::More;
                }
                self.walk(index, member, walk, counters, out);
            }
        }
        let encoder = UpdateEncoder {
            family: P::FAMILY,
            four_octet_asn: up.established.four_octet_asn,
        };
        if std::mem::take(&mut up.end_of_rib_owed) {
            encoder.end_of_rib(out);
            if let Some(enhanced) = up.refresh_owed.take() {
                up.begin_refresh(enhanced, self.table.net_bound());
                return Progress::More;
            }
        }
        if std::mem::take(&mut up.end_refresh_owed) {
            RouteRefresh::encode(P::FAMILY, RefreshKind::End, out);
        }
        let Some(member) = up.member.as_mut() else {
            return Progress::Drained;
        };
        while member.cursor < self.groups[member.group.0].end() {
            if out.len() >= enough {
                return Progress::More;
            }
            let segment = self.segment_for(member);
            member.cursor = segment.end;
            self.deliver(index, member, &segment, counters, out);
        }
        if member.walk.is_some() {
            // A withdrawal made room below a limit.
            return Progress::More;
        }
        Progress::Drained
    }

    /// One step of a walk over the table.
    fn walk(
        &self,
        index: SessionIndex,
        member: &mut Member,
        walk: Walk,
        counters: &mut Counters,
        out: &mut Vec<u8>,
    ) {
        let step = u32::try_from(SEGMENT_ENTRIES).expect("a small constant");
        let next = walk.next.saturating_add(step).min(walk.end);
        let key = &self.groups[member.group.0].key;
        let room = member
            .cap
            .as_ref()
            .is_none_or(|cap| cap.limit > counters.advertised_site_link);
        let wanted = |candidate: Candidate| room || candidate.session == SessionIndex::ORIGINATED;
        let nets: Vec<NetId> = (walk.next..next)
            .map(NetId)
            .filter(
                |net| match (walk.purpose, member.advertised.contains(net.0)) {
                    (WalkPurpose::Fill, true) => false,
                    (WalkPurpose::Renew, true) => true,
                    (WalkPurpose::Fill | WalkPurpose::Renew, false) => {
                        self.candidate(*net, key).is_some_and(wanted)
                    }
                },
            )
            .collect();
        if !nets.is_empty() {
            let segment = self.build(key, &nets);
            self.deliver(index, member, &segment, counters, out);
        }
        if next < walk.end {
            member.walk = Some(Walk { next, ..walk });
            return;
        }
        member.walk = None;
        if let Some(cap) = member.cap.as_mut()
            && cap.limit > counters.advertised_site_link
        {
            // A whole walk left room: nothing is left out any more.
            cap.reached = false;
        }
    }

    fn segment_for(&mut self, member: &Member) -> Arc<Segment> {
        let group = &self.groups[member.group.0];
        if let Some(kept) = group.segment_at(member.cursor) {
            return kept;
        }
        let nets = group.entries_from(member.cursor);
        let mut segment = self.build(&group.key, &nets);
        segment.start = member.cursor;
        segment.end = member.cursor + nets.len() as u64;
        let segment = Arc::new(segment);
        self.groups[member.group.0].keep(Arc::clone(&segment));
        segment
    }

    /// What members of a group are announced for a prefix.
    pub(super) fn candidate(&self, net: NetId, key: &GroupKey) -> Option<Candidate> {
        let candidate = match key.selection {
            Selection::Nothing => None,
            Selection::Originated => self.originated(net),
            Selection::WithSiteLink => self.best_for_site_link(net),
        };
        // No route of a neighbor waits behind one that is not announced: it would not pass either.
        candidate.filter(|candidate| {
            candidate.session != SessionIndex::ORIGINATED
                || key.announcer.announces(self.table.prefix(net))
        })
    }

    /// Encodes the present routes of `nets`, those that share attributes together.
    fn build(&self, key: &GroupKey, nets: &[NetId]) -> Segment {
        let mut entries: Vec<(Option<Candidate>, NetId)> = nets
            .iter()
            .map(|net| (self.candidate(*net, key), *net))
            .collect();
        let order = |candidate: &Option<Candidate>| {
            candidate.map(|candidate| (candidate.attributes, candidate.session))
        };
        // Withdrawals first; otherwise as they came, which is how neighbors group them.
        entries.sort_by_key(|(candidate, _)| order(candidate));
        let mut segment = Segment {
            nets: Vec::with_capacity(nets.len()),
            ..Segment::default()
        };
        for run in entries.chunk_by(|(a, _), (b, _)| a == b) {
            self.build_run(key, run[0].0, run, &mut segment);
        }
        segment
    }

    fn build_run(
        &self,
        key: &GroupKey,
        candidate: Option<Candidate>,
        entries: &[(Option<Candidate>, NetId)],
        segment: &mut Segment,
    ) {
        let (first_net, first_byte) = (segment.nets.len(), segment.bytes.len());
        segment.nets.extend(entries.iter().map(|(_, net)| *net));
        let prefixes = || entries.iter().map(|(_, net)| self.table.prefix(*net));
        let mut source = Source::Withdrawn;
        let (mut attributes, mut unsendable) = (None, None);
        if let Some(candidate) = candidate {
            let stored = self.attributes.get(candidate.attributes);
            let made = if candidate.session == SessionIndex::ORIGINATED {
                source = Source::Originated;
                key.announcer.originated(stored)
            } else {
                source = Source::SiteLink(candidate.session);
                let same = self.session(candidate.session).config.device == key.device;
                let hops = if same {
                    DeviceHops::Same
                } else {
                    DeviceHops::Two
                };
                key.announcer.site_link(stored, hops)
            };
            match key.encoder.announce(&made, prefixes(), &mut segment.bytes) {
                Ok(()) => attributes = Some(made),
                // RFC 4271 §9.2: what cannot be sent is withdrawn.
                Err(error) => {
                    source = Source::Withdrawn;
                    let from = candidate.session;
                    unsendable = Some(Unsendable { from, error });
                }
            }
        }
        if source == Source::Withdrawn {
            key.encoder.withdraw(prefixes(), &mut segment.bytes);
        }
        segment.runs.push(Run {
            source,
            attributes,
            unsendable,
            nets: first_net..segment.nets.len(),
            bytes: first_byte..segment.bytes.len(),
        });
    }

    /// Gives one member its part of a segment.
    fn deliver(
        &self,
        index: SessionIndex,
        member: &mut Member,
        segment: &Segment,
        counters: &mut Counters,
        out: &mut Vec<u8>,
    ) {
        let encoder = self.groups[member.group.0].key.encoder;
        let table = &self.table;
        let mut delivery = Delivery {
            table,
            encoder,
            member,
            counters,
            segment,
            out,
        };
        for run in &segment.runs {
            // Nobody misses a route of its own.
            if let Some(unsendable) = run.unsendable.filter(|it| it.from != index) {
                let first = segment.nets[run.nets.start];
                let told = &mut delivery.member.unsendable;
                told.get_or_insert((first, unsendable.error));
            }
            match run.source {
                Source::Withdrawn => delivery.withdraw(run),
                // Split horizon: never back to where it came from (`spec/routing §8`).
                Source::SiteLink(session) if session == index => delivery.withdraw(run),
                Source::Originated => delivery.announce(run),
                Source::SiteLink(_) => delivery.announce_capped(run),
            }
        }
        delivery.refill(self.table.net_bound());
    }

    /// Notes a changed prefix with every group that may have to tell it.
    pub(super) fn note_export(&mut self, index: SessionIndex, net: NetId) {
        let originated = index == SessionIndex::ORIGINATED;
        for group in &mut self.groups {
            let concerned = match group.key.selection {
                Selection::Nothing => false,
                Selection::Originated => originated,
                Selection::WithSiteLink => true,
            };
            if !concerned || group.members.is_empty() {
                continue;
            }
            if let Some(woken) = group.push(net) {
                for member in woken {
                    if let Some(up) = self.sessions[member.0 as usize]
                        .as_mut()
                        .and_then(|session| session.up.as_mut())
                        && let Some(member) = up.member.as_mut()
                    {
                        member.is_idle = false;
                    }
                    self.ready.push(member);
                }
            }
        }
    }

    /// Whether any neighbor is sent what other neighbors announce.
    pub(super) fn re_advertises(&self) -> bool {
        self.groups.iter().any(|group| {
            group.key.selection == Selection::WithSiteLink && !group.members.is_empty()
        })
    }

    /// Housekeeping when a member has caught up.
    fn after_drain(&mut self, index: SessionIndex) {
        let member = self
            .session_mut(index)
            .up
            .as_mut()
            .and_then(|up| up.member.as_mut());
        let Some(member) = member else { return };
        let group = member.group;
        if !std::mem::replace(&mut member.is_idle, true) {
            self.groups[group.0].rest(index);
        }
        if self.groups[group.0].wants_truncation() {
            let end = self.groups[group.0].end();
            let lowest = self.cursors(group).min().unwrap_or(end);
            self.groups[group.0].truncate(lowest);
        }
    }

    fn cursors(&self, group: GroupIndex) -> impl Iterator<Item = u64> + '_ {
        let members = self.groups[group.0].members.iter();
        members.filter_map(|member| {
            let up = self.session(*member).up.as_ref()?;
            up.member.as_ref().map(|member| member.cursor)
        })
    }

    /// Bounds what slow neighbors and dead prefixes hold. Called after removals; does nothing most
    /// of the time.
    pub(super) fn reclaim(&mut self) {
        self.compact_logs();
        if self.table.dead_nets() < self.reclaim_at {
            return;
        }
        let mut named = BitSet::default();
        for group in &self.groups {
            for net in group.logged_nets() {
                named.insert(net.0);
            }
        }
        if let Some(changed) = self.nets_in_forwarding_changes() {
            named.union_with(changed);
        }
        for session in self.sessions.iter().flatten() {
            if let Some(member) = session.up.as_ref().and_then(|up| up.member.as_ref()) {
                named.union_with(&member.advertised);
            }
        }
        self.table.reclaim(&named);
        self.reclaim_at = RECLAIM_LEAST.max(2 * self.table.dead_nets());
    }

    pub(super) fn compact_logs(&mut self) {
        let nets = self.table.net_bound() as usize;
        for index in 0..self.groups.len() {
            if !self.groups[index].wants_compaction(nets) {
                continue;
            }
            let moves = self.groups[index].compact();
            for session in self.sessions.iter_mut().flatten() {
                if let Some(member) = session.up.as_mut().and_then(|up| up.member.as_mut())
                    && member.group.0 == index
                {
                    member.cursor = moves.cursor(member.cursor);
                }
            }
        }
    }
}
