//! Two speakers, the network between them, and the clock.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use ipnet::IpNet;

use super::Watcher;
use crate::policy::{AmazonScope, DEFAULT_PUBLIC_TAIL, ImportPolicy, InterfaceKind};
use crate::rib::{
    DeviceId, Domain, Established, Export, Origination, Progress, RegionId, RouteView, SessionId,
};
use crate::session::{Admission, Direction, Output, Restart, Session, SessionConfig, Timestamp};
use crate::wire::{Asn, Family};

/// How bad the network is.
#[derive(Copy, Clone, Debug)]
pub struct Faults {
    /// One way, at most, in milliseconds.
    pub delay: u64,
    /// Chance in a thousand that a segment has to be sent again, which takes a second.
    pub loss: u64,
    /// Chance in a thousand that a delivery breaks its connection.
    pub breaks: u64,
}

/// One end: session, tables, and what it announces.
#[derive(Debug)]
pub struct Speaker {
    pub session: Session,
    pub domain: Domain,
    pub id: SessionId,
    pub originated: Vec<IpNet>,
    address: IpAddr,
    watcher: Watcher,
    /// By direction: the connection in use.
    connections: BTreeMap<usize, usize>,
    /// Which attempt is ours and current.
    attempt: Option<usize>,
    buffers: BTreeMap<usize, Vec<u8>>,
}

#[derive(Debug)]
struct Connection {
    initiator: usize,
    alive: bool,
    /// When the last segment towards each end arrives: a stream keeps its order.
    last: [Duration; 2],
}

#[derive(Clone, Debug, Eq, PartialEq, Ord, PartialOrd)]
enum Happening {
    /// Our SYN is there.
    Arrives {
        connection: usize,
    },
    /// The answer to it is back.
    Answered {
        connection: usize,
        accepted: bool,
    },
    Data {
        connection: usize,
        to: usize,
        bytes: Vec<u8>,
    },
    Closed {
        connection: usize,
        to: usize,
    },
    Timer {
        speaker: usize,
    },
}

/// The whole world. The seed decides everything.
#[derive(Debug)]
pub struct Simulation {
    pub speakers: [Speaker; 2],
    connections: Vec<Connection>,
    queue: BinaryHeap<Reverse<(Duration, u64, Happening)>>,
    now: Duration,
    count: u64,
    random: u64,
    faults: Faults,
    /// Nothing arrives before this.
    parted_until: Duration,
}

const fn place(direction: Direction) -> usize {
    match direction {
        Direction::Outgoing => 0,
        Direction::Incoming => 1,
    }
}

const DIRECTIONS: [Direction; 2] = [Direction::Outgoing, Direction::Incoming];

impl Speaker {
    fn new(number: u8, seed: u64) -> Self {
        let local_asn = Asn::new(64_512 + u32::from(number));
        let peer_asn = Asn::new(64_512 + u32::from(1 - number));
        let address = |number| IpAddr::V4(Ipv4Addr::new(192, 0, 2, number + 1));
        let config = SessionConfig {
            local_asn,
            peer_asn,
            router_id: Ipv4Addr::new(10, 0, 0, number + 1),
            family: Family::Ipv4,
            passive: false,
            hold_time: SessionConfig::HOLD_TIME,
            restart: Restart::Helper,
        };
        let mut domain = Domain::new(seed);
        let rib_config = crate::rib::SessionConfig {
            neighbor: address(1 - number),
            import: ImportPolicy {
                kind: InterfaceKind::Private,
                local_asn,
                neighbor_asn: peer_asn,
                local_address: Some(address(number)),
                peering_subnet: None,
                approved: Vec::new(),
            },
            export: Export::Policy,
            site_link: None,
            region: RegionId::default(),
            device: DeviceId::default(),
            prefix_limit: 1_000_000,
            public_path: DEFAULT_PUBLIC_TAIL,
            nearest: AmazonScope::Region,
        };
        let id = domain.add_session(Family::Ipv4, rib_config);
        Self {
            session: Session::new(config, seed, Timestamp::default()),
            domain,
            id,
            originated: Vec::new(),
            address: address(number),
            watcher: Watcher::default(),
            connections: BTreeMap::new(),
            attempt: None,
            buffers: BTreeMap::new(),
        }
    }

    /// Adj-RIB-In.
    #[must_use]
    pub fn routes_in(&self) -> Vec<RouteView<SessionId>> {
        self.domain.routes_in(self.id).collect()
    }

    fn direction_of(&self, connection: usize) -> Option<Direction> {
        DIRECTIONS
            .into_iter()
            .find(|it| self.connections.get(&place(*it)) == Some(&connection))
    }
}

impl Simulation {
    /// Two speakers that have not started.
    #[must_use]
    pub fn new(seed: u64, faults: Faults) -> Self {
        Self {
            speakers: [Speaker::new(0, seed), Speaker::new(1, !seed)],
            connections: Vec::new(),
            queue: BinaryHeap::new(),
            now: Duration::ZERO,
            count: 0,
            random: seed,
            faults,
            parted_until: Duration::ZERO,
        }
    }

    pub fn start(&mut self) {
        for speaker in 0..2 {
            self.speakers[speaker]
                .session
                .handle_start(self.timestamp());
            self.settle(speaker);
        }
    }

    /// A number below `bound` from the seed.
    pub fn random(&mut self, bound: u64) -> u64 {
        self.random = self
            .random
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        (self.random >> 33) % bound.max(1)
    }

    #[must_use]
    pub const fn timestamp(&self) -> Timestamp {
        Timestamp::from_epoch(self.now)
    }

    /// No more faults from now on.
    pub const fn heal(&mut self) {
        self.faults.loss = 0;
        self.faults.breaks = 0;
        self.parted_until = Duration::ZERO;
    }

    /// Nothing gets through for a while.
    pub fn part(&mut self, span: Duration) {
        self.parted_until = self.now + span;
    }

    /// Breaks every connection; both ends notice.
    pub fn break_connections(&mut self) {
        for connection in 0..self.connections.len() {
            self.break_connection(connection);
        }
    }

    /// Changes what a speaker announces.
    pub fn originate(&mut self, speaker: usize, prefixes: Vec<IpNet>) {
        let all: Vec<Origination> = prefixes.iter().copied().map(Origination::new).collect();
        self.speakers[speaker].domain.set_originations(&all);
        self.speakers[speaker].originated = prefixes;
        self.settle(speaker);
    }

    /// Lets time pass.
    pub fn run(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(Reverse((at, _, _))) = self.queue.peek() {
            if *at > end {
                break;
            }
            let Some(Reverse((at, _, happening))) = self.queue.pop() else {
                break;
            };
            self.now = at;
            self.happen(happening);
        }
        self.now = end;
    }

    fn schedule(&mut self, at: Duration, happening: Happening) {
        self.count += 1;
        self.queue.push(Reverse((at, self.count, happening)));
    }

    /// When something sent now arrives.
    fn arrival(&mut self) -> Duration {
        let mut delay = 1 + self.random(self.faults.delay);
        if self.random(1000) < self.faults.loss {
            delay += 1000;
        }
        let at = self.now + Duration::from_millis(delay);
        if at < self.parted_until {
            self.parted_until + Duration::from_millis(delay)
        } else {
            at
        }
    }

    fn break_connection(&mut self, connection: usize) {
        if !std::mem::take(&mut self.connections[connection].alive) {
            return;
        }
        for to in 0..2 {
            let at = self.arrival();
            self.schedule(at, Happening::Closed { connection, to });
        }
    }

    fn happen(&mut self, happening: Happening) {
        let now = self.timestamp();
        match happening {
            Happening::Timer { speaker } => {
                let due = self.speakers[speaker].session.next_deadline();
                if due.is_some_and(|at| at <= now) {
                    self.speakers[speaker].session.handle_timeout(now);
                    self.settle(speaker);
                }
            }
            Happening::Arrives { connection } => self.arrives(connection),
            Happening::Answered {
                connection,
                accepted,
            } => self.answered(connection, accepted),
            Happening::Data {
                connection,
                to,
                bytes,
            } => self.data(connection, to, &bytes),
            Happening::Closed { connection, to } => self.closed(connection, to),
        }
    }

    fn arrives(&mut self, connection: usize) {
        let now = self.timestamp();
        let to = 1 - self.connections[connection].initiator;
        let accepted = self.connections[connection].alive
            && self.speakers[to].session.admit_incoming(now) == Admission::Accept;
        if accepted {
            self.carry_out(to);
            let speaker = &mut self.speakers[to];
            speaker
                .connections
                .insert(place(Direction::Incoming), connection);
            speaker.buffers.remove(&place(Direction::Incoming));
            speaker.watcher.connected(Direction::Incoming);
            speaker.session.handle_connected(Direction::Incoming, now);
        }
        let at = self.arrival();
        self.connections[connection].last = [at, at];
        self.schedule(
            at,
            Happening::Answered {
                connection,
                accepted,
            },
        );
        self.settle(to);
    }

    fn answered(&mut self, connection: usize, accepted: bool) {
        let now = self.timestamp();
        let by = self.connections[connection].initiator;
        let speaker = &mut self.speakers[by];
        if speaker.attempt != Some(connection) {
            // Given up meanwhile; the other end is told by the close.
            self.break_connection(connection);
            return;
        }
        speaker.attempt = None;
        if accepted {
            speaker
                .connections
                .insert(place(Direction::Outgoing), connection);
            speaker.buffers.remove(&place(Direction::Outgoing));
            speaker.watcher.connected(Direction::Outgoing);
            speaker.session.handle_connected(Direction::Outgoing, now);
        } else {
            speaker.watcher.lost(Direction::Outgoing);
            speaker
                .session
                .handle_connection_lost(Direction::Outgoing, "refused", now);
        }
        self.settle(by);
    }

    fn data(&mut self, connection: usize, to: usize, bytes: &[u8]) {
        let now = self.timestamp();
        if self.random(1000) < self.faults.breaks {
            self.break_connection(connection);
            return;
        }
        let speaker = &mut self.speakers[to];
        let Some(direction) = speaker.direction_of(connection) else {
            return;
        };
        let mut buffer = speaker
            .buffers
            .remove(&place(direction))
            .unwrap_or_default();
        buffer.extend_from_slice(bytes);
        let done = speaker.session.handle_input(direction, &buffer, now);
        buffer.drain(..done);
        speaker.buffers.insert(place(direction), buffer);
        self.settle(to);
    }

    fn closed(&mut self, connection: usize, to: usize) {
        let now = self.timestamp();
        let speaker = &mut self.speakers[to];
        let Some(direction) = speaker.direction_of(connection) else {
            return;
        };
        speaker.connections.remove(&place(direction));
        speaker.watcher.lost(direction);
        speaker
            .session
            .handle_connection_lost(direction, "closed", now);
        self.settle(to);
    }

    /// Carries out everything that a speaker wants, as the driver does.
    fn carry_out(&mut self, number: usize) {
        while let Some(output) = self.speakers[number].session.poll_output() {
            self.speakers[number].watcher.output(&output);
            self.output(number, output);
        }
    }

    /// The same, then sends what there is, checks the session and sets its timer.
    fn settle(&mut self, number: usize) {
        self.carry_out(number);
        self.transmit(number);
        let now = self.timestamp();
        let speaker = &self.speakers[number];
        // A timer that is due now comes as a happening of its own.
        if speaker.session.next_deadline().is_none_or(|at| at > now) {
            speaker.watcher.at_rest(&speaker.session, now);
        }
        if let Some(at) = speaker.session.next_deadline() {
            self.schedule(
                at.since_epoch().max(self.now),
                Happening::Timer { speaker: number },
            );
        }
    }

    fn output(&mut self, number: usize, output: Output) {
        let id = self.speakers[number].id;
        match output {
            Output::Connect => {
                let connection = self.connections.len();
                self.connections.push(Connection {
                    initiator: number,
                    alive: true,
                    last: [Duration::ZERO; 2],
                });
                self.speakers[number].attempt = Some(connection);
                let at = self.arrival();
                self.schedule(at, Happening::Arrives { connection });
            }
            Output::Send(direction, bytes) => self.send(number, direction, bytes),
            Output::Close(direction) => self.close(number, direction),
            Output::Up(_, negotiated) => {
                let established = Established {
                    router_id: negotiated.peer_router_id,
                    four_octet_asn: negotiated.four_octet_asn,
                    next_hop: self.speakers[number].address,
                    end_of_rib: true,
                };
                self.speakers[number].domain.session_up(id, established);
            }
            Output::Routes(update) => {
                let domain = &mut self.speakers[number].domain;
                domain.withdraw(id, update.withdrawn);
                for (attributes, prefixes) in update.announced {
                    domain
                        .announce(id, &attributes, prefixes)
                        .expect("the limit is far away");
                }
            }
            Output::Down {
                keep_stale: true, ..
            } => {
                self.speakers[number].domain.session_restarting(id);
            }
            Output::Down {
                keep_stale: false, ..
            } => self.speakers[number].domain.session_down(id),
            Output::EndOfRib | Output::FlushStale | Output::RefreshEnd => {
                self.speakers[number].domain.sweep_stale(id);
            }
            Output::RefreshBegin => self.speakers[number].domain.mark_stale(id),
            Output::RefreshRequested { enhanced } => {
                self.speakers[number].domain.refresh(id, enhanced);
            }
            Output::Event(_) => {}
        }
    }

    fn close(&mut self, number: usize, direction: Direction) {
        let speaker = &mut self.speakers[number];
        if direction == Direction::Outgoing {
            speaker.attempt = None;
        }
        if let Some(connection) = speaker.connections.remove(&place(direction)) {
            let to = 1 - number;
            self.connections[connection].alive = false;
            let at = self.arrival().max(self.connections[connection].last[to]);
            self.schedule(at, Happening::Closed { connection, to });
        }
    }

    fn send(&mut self, number: usize, direction: Direction, bytes: Vec<u8>) {
        let to = 1 - number;
        let Some(&connection) = self.speakers[number].connections.get(&place(direction)) else {
            return;
        };
        let at = self.arrival().max(self.connections[connection].last[to]);
        self.connections[connection].last[to] = at;
        self.schedule(
            at,
            Happening::Data {
                connection,
                to,
                bytes,
            },
        );
    }

    fn transmit(&mut self, number: usize) {
        let speaker = &mut self.speakers[number];
        // One session: whoever is ready, it is this one.
        let _ = speaker.domain.take_ready().count();
        let Some(direction) = speaker.session.established_on() else {
            return;
        };
        loop {
            let mut bytes = Vec::new();
            let id = self.speakers[number].id;
            let progress = self.speakers[number]
                .domain
                .poll_transmit(id, &mut bytes, 2000);
            if !bytes.is_empty() {
                self.send(number, direction, bytes);
            }
            if progress == Progress::Drained {
                return;
            }
        }
    }
}
