//! Groups of neighbors that are sent the same bytes.

use std::collections::VecDeque;
use std::sync::Arc;

use ipnet::IpNet;

use super::bits::BitSet;
use super::segment::Segment;
use super::session::SessionIndex;
use super::table::NetId;
use crate::policy::{AmazonScope, Announcer};
use crate::wire::{Asn, PathAttributes, SegmentKind, UpdateEncoder};

/// A logical device: routes that cross two of them get our ASN twice (`spec/routing §8`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct DeviceId(pub u16);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GroupIndex(pub(super) usize);

/// A prefix that the network itself announces: from a gateway association
/// ([`crate::policy::virtual_gateway_announces`], [`crate::policy::transit_gateway_announces`]), a
/// core network, or Amazon's public list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origination {
    pub prefix: IpNet,
    /// The path behind the gateway; empty but for core networks.
    pub path: Vec<Asn>,
    /// Read on public interfaces only.
    pub scope: AmazonScope,
}

impl Origination {
    /// A prefix with no path behind it, from this Region.
    #[must_use]
    pub fn new(prefix: IpNet) -> Self {
        Self {
            prefix,
            path: Vec::new(),
            scope: AmazonScope::Region,
        }
    }

    /// The form that [`Announcer::originated`] reads.
    pub(super) fn attributes(&self) -> PathAttributes {
        let mut builder = PathAttributes::builder().segment(SegmentKind::Sequence, &self.path);
        builder.communities.extend(self.scope.community());
        builder.build()
    }
}

/// Which routes a group's members are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Selection {
    /// Everything is withdrawn: the neighbor's export was switched off while it had routes.
    Nothing,
    /// What the network originates.
    Originated,
    /// That, and the routes of other SiteLink interfaces.
    WithSiteLink,
}

/// Neighbors with equal keys are sent equal bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GroupKey {
    pub(super) announcer: Announcer,
    pub(super) selection: Selection,
    pub(super) device: DeviceId,
    pub(super) encoder: UpdateEncoder,
}

/// How many log entries one segment takes at most.
pub(super) const SEGMENT_ENTRIES: usize = 4096;

/// Segments kept for members that are a little behind. A member further behind gets its own.
const KEPT_SEGMENTS: usize = 32;

/// A log shorter than this is never compacted.
const COMPACTION_LEAST: usize = 65_536;

/// Where cursors move when a log is compacted.
#[derive(Debug)]
pub(super) struct Moves {
    start: u64,
    /// For each old place, how many entries before it were kept.
    kept_before: Vec<u64>,
}

impl Moves {
    pub(super) fn cursor(&self, old: u64) -> u64 {
        let place = usize::try_from(old - self.start).expect("the log was in memory");
        self.start + self.kept_before[place]
    }
}

#[derive(Debug)]
pub(super) struct Group {
    pub(super) key: GroupKey,
    /// Changed prefixes, oldest first; `start` is the sequence number of the first.
    log: VecDeque<NetId>,
    start: u64,
    /// Entries before this were sent to some member or passed over by one; a prefix that changes
    /// again needs a new entry.
    built: u64,
    /// The prefixes among the entries from `built` on.
    pending: BitSet,
    pub(super) members: Vec<SessionIndex>,
    /// Members that have nothing to send and want to be woken.
    idle: Vec<SessionIndex>,
    segments: VecDeque<Arc<Segment>>,
}

impl Group {
    pub(super) fn new(key: GroupKey) -> Self {
        Self {
            key,
            log: VecDeque::new(),
            start: 0,
            built: 0,
            pending: BitSet::default(),
            members: Vec::new(),
            idle: Vec::new(),
            segments: VecDeque::new(),
        }
    }

    pub(super) fn end(&self) -> u64 {
        self.start + self.log.len() as u64
    }

    /// Notes a change and gives the members to wake.
    pub(super) fn push(&mut self, net: NetId) -> Option<std::vec::Drain<'_, SessionIndex>> {
        if !self.pending.insert(net.0) {
            return None;
        }
        self.log.push_back(net);
        (!self.idle.is_empty()).then(|| self.idle.drain(..))
    }

    pub(super) fn rest(&mut self, member: SessionIndex) {
        self.idle.push(member);
    }

    /// Adds a member and gives the cursor it starts from: the end of the log. A prefix that
    /// changes after this needs a new entry, also when it has one that only others will read.
    pub(super) fn join(&mut self, member: SessionIndex) -> u64 {
        self.members.push(member);
        self.seal(self.end());
        self.end()
    }

    /// Entries before `end` do not stand for later changes any more.
    fn seal(&mut self, end: u64) {
        if end <= self.built {
            return;
        }
        let first = usize::try_from(self.built - self.start).expect("the log is in memory");
        let last = usize::try_from(end - self.start).expect("the log is in memory");
        for net in self.log.range(first..last) {
            self.pending.remove(net.0);
        }
        self.built = end;
    }

    pub(super) fn leave(&mut self, member: SessionIndex) {
        self.members.retain(|other| *other != member);
        self.idle.retain(|other| *other != member);
        if self.members.is_empty() {
            *self = Self::new(self.key.clone());
        }
    }

    /// The kept segment that starts at `cursor`.
    pub(super) fn segment_at(&self, cursor: u64) -> Option<Arc<Segment>> {
        self.segments
            .iter()
            .find(|segment| segment.start == cursor)
            .cloned()
    }

    /// The log entries from `cursor` on, as many as one segment takes.
    pub(super) fn entries_from(&self, cursor: u64) -> Vec<NetId> {
        let skip = usize::try_from(cursor - self.start).expect("the log is in memory");
        self.log
            .range(skip..)
            .take(SEGMENT_ENTRIES)
            .copied()
            .collect()
    }

    /// Notes that entries up to `end` are in a segment now; keeps it when others can use it.
    pub(super) fn keep(&mut self, segment: Arc<Segment>) {
        self.seal(segment.end);
        if self.members.len() > 1 {
            if self.segments.len() >= KEPT_SEGMENTS {
                self.segments.pop_front();
            }
            self.segments.push_back(segment);
        }
    }

    /// Whether [`Self::truncate`] would be worth its walk over the members.
    pub(super) fn wants_truncation(&self) -> bool {
        !self.log.is_empty()
            && (self.idle.len() == self.members.len() || self.log.len() >= 4 * SEGMENT_ENTRIES)
    }

    /// Forgets the entries that every member has passed.
    pub(super) fn truncate(&mut self, lowest_cursor: u64) {
        let passed = usize::try_from(lowest_cursor - self.start).expect("the log is in memory");
        self.log.drain(..passed);
        if self.log.is_empty() {
            self.log.shrink_to(SEGMENT_ENTRIES);
        }
        self.start = lowest_cursor;
        self.segments
            .retain(|segment| segment.start >= lowest_cursor);
    }

    pub(super) fn wants_compaction(&self, nets: usize) -> bool {
        self.log.len() > COMPACTION_LEAST.max(2 * nets)
    }

    /// Keeps only the last entry of each prefix, so that a member that does not read cannot make
    /// the log grow. Returns where a cursor moves to.
    pub(super) fn compact(&mut self) -> Moves {
        let mut seen = BitSet::default();
        let mut keep: Vec<bool> = self
            .log
            .iter()
            .rev()
            .map(|net| seen.insert(net.0))
            .collect();
        keep.reverse();
        let mut kept_before = Vec::with_capacity(keep.len() + 1);
        kept_before.push(0u64);
        for kept in &keep {
            kept_before.push(kept_before[kept_before.len() - 1] + u64::from(*kept));
        }
        let mut flags = keep.into_iter();
        self.log.retain(|_| flags.next().unwrap_or(true));
        self.log.shrink_to_fit();
        self.segments.clear();
        let moves = Moves {
            start: self.start,
            kept_before,
        };
        self.built = moves.cursor(self.built);
        moves
    }

    pub(super) fn logged_nets(&self) -> impl Iterator<Item = NetId> + '_ {
        self.log.iter().copied()
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.log.capacity() * size_of::<NetId>()
            + self.pending.heap_bytes()
            + self
                .segments
                .iter()
                .map(|segment| segment.heap_bytes())
                .sum::<usize>()
    }
}
