//! The RIB task: owns all tables, takes routes in, hands chunks of UPDATEs out.
//!
//! It alternates between taking in what waits, up to a budget, and giving each neighbor with credit
//! what is ready for it. So sending starts while a neighbor is still announcing, and a burst of
//! input is sent on as one, well packed.

mod gateway;
mod showing;

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use demarc_bgp::policy::{AmazonScope, DEFAULT_PUBLIC_TAIL, ImportPolicy};
use demarc_bgp::rib::{
    Counters, DeviceId, Domain, Event, Export, Origination, Progress, RegionId, SessionConfig,
    SessionId, SiteLink,
};
use demarc_bgp::session::RouteUpdate;
use demarc_bgp::wire::Family;
use ipnet::IpNet;
use tokio::sync::mpsc;
use tracing::field::display;
use tracing::{info, warn};

use crate::activity::Stamp;
use crate::config::{ExportMode, NeighborConfig, SpeakerConfig};
use crate::message::{CREDITS, Epoch, FromRib, NeighborIndex, RibNumbers, ToRib};
use showing::Showing;

/// Prefixes taken in before neighbors are served again.
const INPUT_BUDGET: usize = 8192;
/// Bytes of a chunk: a few times a socket's usual appetite.
const CHUNK: usize = 64 * 1024;
/// Messages taken from the channel at once: few, since one may hold thousands of prefixes.
const BATCH: usize = 4;

struct Neighbor {
    address: IpAddr,
    id: SessionId,
    to: mpsc::Sender<FromRib>,
    /// Some while the session is up.
    epoch: Option<Epoch>,
    credits: u8,
    /// In the queue of those that have something to be sent.
    queued: bool,
    /// Has something to be sent and waits for credit.
    hungry: bool,
    /// Hears routes of other neighbors.
    site_link: bool,
}

pub(crate) struct RibTask {
    domain: Domain,
    neighbors: Vec<Neighbor>,
    by_id: HashMap<SessionId, NeighborIndex>,
    queue: VecDeque<NeighborIndex>,
    /// We have restarted: nothing goes to neighbors with SiteLink until the others have said what they have to
    /// say, or they would drop routes that are about to come (RFC 4724 §4.1).
    deferring: bool,
    /// Those that wait for the end of it.
    deferred: Vec<NeighborIndex>,
    taken_in: usize,
    /// Questions for routes that are being answered, bit by bit.
    showing: VecDeque<Showing>,
    /// Marked when forwarding has something to follow, once until it is asked for.
    forwarding: Stamp,
    forwarding_told: bool,
}

/// What the tables are to know of a neighbor.
pub(crate) fn session_config(config: &SpeakerConfig, neighbor: &NeighborConfig) -> SessionConfig {
    let local = config
        .local_address(neighbor.family)
        .map(|address| address.ip());
    SessionConfig {
        neighbor: neighbor.address,
        import: ImportPolicy {
            kind: neighbor.interface_kind,
            local_asn: config.asn,
            neighbor_asn: neighbor.asn,
            local_address: local.filter(|address| !address.is_unspecified()),
            peering_subnet: None,
            approved: neighbor.route_filter.clone(),
        },
        export: match neighbor.export {
            ExportMode::Policy => Export::Policy,
            ExportMode::None => Export::Nothing,
        },
        site_link: neighbor.site_link.then_some(SiteLink {
            limit: neighbor.site_link_limit,
        }),
        region: RegionId(u16::from(!neighbor.local_region)),
        device: DeviceId::default(),
        prefix_limit: neighbor.prefix_limit,
        public_path: DEFAULT_PUBLIC_TAIL,
        // What we originate is of our Region. Seen from a location in another one it is of the same
        // continent at best, and there is no word for another continent in the file.
        nearest: match neighbor.local_region {
            true => AmazonScope::Region,
            false => AmazonScope::Continent,
        },
    }
}

impl RibTask {
    /// Tables without neighbors; they come as messages.
    pub(crate) fn new(originate: &[IpNet], seed: u64) -> Self {
        let mut domain = Domain::new(seed);
        let originations: Vec<_> = originate.iter().copied().map(Origination::new).collect();
        domain.set_originations(&originations);
        Self::with(domain)
    }

    fn with(domain: Domain) -> Self {
        Self {
            domain,
            neighbors: Vec::new(),
            by_id: HashMap::new(),
            queue: VecDeque::new(),
            deferring: false,
            deferred: Vec::new(),
            taken_in: 0,
            showing: VecDeque::new(),
            forwarding: Stamp::default(),
            forwarding_told: false,
        }
    }

    /// Runs until every sender is gone. On a thread of its own: as a task it would keep those that
    /// it wakes waiting on its own worker, and they are the ones that send.
    pub(crate) fn run(mut self, mut from: mpsc::Receiver<ToRib>) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            // With more to send and nothing to take in, do not wait.
            let idle = self.queue.is_empty() && self.showing.is_empty();
            let wait = idle || !from.is_empty();
            if wait && from.blocking_recv_many(&mut batch, BATCH) == 0 {
                return;
            }
            for message in batch.drain(..) {
                self.handle(message);
            }
            if from.is_empty() || self.taken_in >= INPUT_BUDGET {
                self.taken_in = 0;
                self.transmit();
            }
            self.show_some();
            self.log_events();
            if !self.forwarding_told && self.domain.has_forwarding_changes() {
                self.forwarding_told = true;
                self.forwarding.mark();
            }
        }
    }

    fn handle(&mut self, message: ToRib) {
        match message {
            ToRib::Up {
                neighbor,
                epoch,
                established,
            } => {
                let entry = &mut self.neighbors[neighbor.0];
                (entry.epoch, entry.credits) = (Some(epoch), CREDITS);
                self.domain.session_up(entry.id, established);
            }
            ToRib::Routes {
                neighbor,
                epoch,
                updates,
            } => self.routes(neighbor, epoch, updates),
            ToRib::Down {
                neighbor,
                keep_stale,
            } => self.down(neighbor, keep_stale),
            ToRib::MarkStale { neighbor } => self.domain.mark_stale(self.neighbors[neighbor.0].id),
            ToRib::SweepStale { neighbor } => {
                self.domain.sweep_stale(self.neighbors[neighbor.0].id);
            }
            ToRib::Refresh { neighbor, enhanced } => {
                self.domain.refresh(self.neighbors[neighbor.0].id, enhanced);
            }
            ToRib::Written { neighbor, epoch } => {
                let entry = &mut self.neighbors[neighbor.0];
                if entry.epoch == Some(epoch) {
                    entry.credits = (entry.credits + 1).min(CREDITS);
                    if std::mem::take(&mut entry.hungry) {
                        self.enqueue(neighbor);
                    }
                }
            }
            ToRib::Add {
                neighbor,
                family,
                config,
                to,
            } => self.add(neighbor, family, *config, to),
            ToRib::Remove { neighbor } => self.remove(neighbor),
            ToRib::Configure { neighbor, config } => self.configure(neighbor, *config),
            ToRib::Originate(originations) => self.domain.set_originations(&originations),
            ToRib::Defer(deferring) => self.defer(deferring),
            ToRib::Forwarding {
                regions,
                again,
                answer,
            } => {
                self.forwarding_told = false;
                _ = answer.send(self.forwarding_changes(&regions, again));
            }
            ToRib::CountersOf { neighbors, answer } => {
                let counters = neighbors.iter().map(|place| self.counters(*place));
                _ = answer.send(counters.collect());
            }
            // Who asked may have gone away; that is its business.
            ToRib::Counters { answer } => _ = answer.send(self.numbers()),
            ToRib::Show {
                direction,
                neighbors,
                answer,
            } => self.show(direction, neighbors, answer),
        }
    }

    fn down(&mut self, neighbor: NeighborIndex, keep_stale: bool) {
        let entry = &mut self.neighbors[neighbor.0];
        entry.epoch = None;
        if keep_stale {
            self.domain.session_restarting(entry.id);
        } else {
            self.domain.session_down(entry.id);
        }
    }

    fn routes(&mut self, neighbor: NeighborIndex, epoch: Epoch, updates: Vec<RouteUpdate>) {
        let entry = &self.neighbors[neighbor.0];
        if entry.epoch != Some(epoch) {
            // What was on its way when the prefix limit ended the session.
            return;
        }
        let id = entry.id;
        for update in updates {
            self.taken_in += update.withdrawn.len();
            self.domain.withdraw(id, update.withdrawn);
            for (attributes, prefixes) in update.announced {
                self.taken_in += prefixes.len();
                if let Err(exceeded) = self.domain.announce(id, &attributes, prefixes) {
                    self.exceeded(neighbor, epoch, exceeded.limit);
                    return;
                }
            }
        }
    }

    /// All routes go at once, without waiting for the neighbor's task (spec/routing §2).
    fn exceeded(&mut self, neighbor: NeighborIndex, epoch: Epoch, limit: u32) {
        self.down(neighbor, false);
        let entry = &self.neighbors[neighbor.0];
        // The channel has a place for this once an epoch; a closed one has no session to end.
        _ = entry.to.try_send(FromRib::LimitExceeded { epoch, limit });
    }

    fn defer(&mut self, deferring: bool) {
        self.deferring = deferring;
        if !deferring {
            for neighbor in std::mem::take(&mut self.deferred) {
                self.enqueue(neighbor);
            }
        }
    }

    fn enqueue(&mut self, neighbor: NeighborIndex) {
        let entry = &mut self.neighbors[neighbor.0];
        if !std::mem::replace(&mut entry.queued, true) {
            self.queue.push_back(neighbor);
        }
    }

    /// One chunk for everyone who has something waiting and credit to take it.
    fn transmit(&mut self) {
        let ready: Vec<NeighborIndex> = self
            .domain
            .take_ready()
            .filter_map(|id| self.by_id.get(&id).copied())
            .collect();
        for neighbor in ready {
            self.enqueue(neighbor);
        }
        for _ in 0..self.queue.len() {
            let Some(neighbor) = self.queue.pop_front() else {
                return;
            };
            self.neighbors[neighbor.0].queued = false;
            self.transmit_to(neighbor);
        }
    }

    fn transmit_to(&mut self, neighbor: NeighborIndex) {
        let entry = &mut self.neighbors[neighbor.0];
        let Some(epoch) = entry.epoch else { return };
        if self.deferring && entry.site_link {
            self.deferred.push(neighbor);
            return;
        }
        if entry.credits == 0 {
            entry.hungry = true;
            return;
        }
        let mut bytes = Vec::new();
        let progress = self.domain.poll_transmit(entry.id, &mut bytes, CHUNK);
        if !bytes.is_empty() {
            entry.credits -= 1;
            // Credits are fewer than the channel's places; a closed one is about to say Down.
            _ = entry.to.try_send(FromRib::Chunk { epoch, bytes });
        }
        if progress == Progress::More {
            if entry.credits == 0 {
                entry.hungry = true;
            } else {
                self.enqueue(neighbor);
            }
        }
    }

    fn log_events(&mut self) {
        while let Some(event) = self.domain.poll_event() {
            let address = |id: SessionId| {
                let neighbor = self.by_id.get(&id).map(|it| self.neighbors[it.0].address);
                neighbor.map(display)
            };
            match event {
                Event::PrefixWarning {
                    session,
                    warning,
                    prefixes,
                    limit,
                } => warn!(
                    neighbor = address(session),
                    percent = warning.percent(),
                    prefixes,
                    limit,
                    "near the prefix limit"
                ),
                Event::SiteLinkLimitReached { session, limit } => {
                    warn!(
                        neighbor = address(session),
                        limit, "not all SiteLink routes are sent"
                    );
                }
                Event::Unsendable {
                    session,
                    prefix,
                    error,
                } => warn!(
                    neighbor = address(session),
                    %prefix, %error,
                    "a route is not sent; further ones of this session are not told"
                ),
                Event::ContradictoryCommunities { session, prefix } => {
                    info!(neighbor = address(session), %prefix, "contradictory communities");
                }
            }
        }
    }

    /// Of one that is gone nothing is left.
    fn counters(&self, neighbor: NeighborIndex) -> Counters {
        let id = self.neighbors[neighbor.0].id;
        match self.by_id.contains_key(&id) {
            true => self.domain.counters(id),
            false => Counters::default(),
        }
    }

    fn numbers(&self) -> RibNumbers {
        RibNumbers {
            neighbors: (0..self.neighbors.len())
                .map(|place| self.counters(NeighborIndex(place)))
                .collect(),
            memory: Family::ALL.map(|family| (family, self.domain.memory_use(family))),
        }
    }
}
