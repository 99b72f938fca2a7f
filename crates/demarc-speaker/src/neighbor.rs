//! The task of one neighbor: owns its sockets and its session machine.
//!
//! It waits for whatever comes first: a socket that is ready, a connection that is made, a chunk of
//! the RIB task, a command, room in the channel to the RIB task, a deadline. It does no work of its
//! own beyond that. When cancelled, its sockets close; nothing else is lost.

mod connection;
mod knock;
mod outputs;

use std::collections::VecDeque;
use std::future::{self, Future};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use demarc_bgp::session::{Command, Direction, Restart, Session};
use tokio::io::{Interest, Ready};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};
use tracing::debug;

use crate::activity::Stamp;
use crate::clock::Clock;
use crate::config::{NeighborConfig, SpeakerConfig};
use crate::message::{Epoch, Farewell, FromRib, NeighborIndex, ToNeighbor, ToRib};
use crate::sockets::Sockets;
use connection::{Connection, Progress};
use knock::{Knock, knocking};

/// RFC 9687 §4: how long nothing may be writable.
const SEND_HOLD_TIME: Duration = Duration::from_secs(8 * 60);
/// How long a neighbor may take to close its side when the speaker stops: some round trips. Its
/// TCP has our words by then, whatever its BGP does.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// For the neighbor's operator when the speaker stops (RFC 9003).
const STOPPING: &str = "the speaker stops";

type Dial = Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>;

/// What a neighbor task is made of.
pub(crate) struct Setup {
    pub(crate) index: NeighborIndex,
    pub(crate) config: NeighborConfig,
    pub(crate) speaker: Arc<SpeakerConfig>,
    pub(crate) sockets: Sockets,
    pub(crate) clock: Clock,
    pub(crate) seed: u64,
    pub(crate) restart: Restart,
    /// An operator has shut the session down, with this text: it begins so, and waits for `enable`.
    pub(crate) shut_down: Option<String>,
    pub(crate) inbox: mpsc::Receiver<ToNeighbor>,
    /// Connections that never got here, since the inbox was full.
    pub(crate) turned_away: Arc<AtomicU64>,
    /// The end of the session. Dropped without a word, it means that nobody needs the neighbor.
    pub(crate) farewell: oneshot::Receiver<Farewell>,
    pub(crate) from_rib: mpsc::Receiver<FromRib>,
    pub(crate) to_rib: mpsc::Sender<ToRib>,
    /// Marked when something happened that a status may tell of.
    pub(crate) stamp: Stamp,
    /// Told our address when the session comes up, for BFD to use the same.
    pub(crate) local: watch::Sender<IpAddr>,
}

pub(crate) struct NeighborTask {
    setup: Setup,
    config: NeighborConfig,
    session: Session,
    dial: Option<Dial>,
    outgoing: Option<Connection>,
    incoming: Option<Connection>,
    knock: Option<Knock>,
    /// Connections that are over, whose last words may still be on their way.
    closing: Vec<JoinHandle<()>>,
    /// The connection that the session is established on.
    up: Option<Direction>,
    epoch: Epoch,
    /// For the RIB task, while its channel is full; nothing is read meanwhile.
    pending: VecDeque<ToRib>,
    faults_logged: bool,
}

/// What woke the task.
enum Wake {
    Ready(Direction, io::Result<Ready>),
    Dialed(io::Result<TcpStream>),
    Knocked(io::Result<usize>),
    Inbox(ToNeighbor),
    Farewell(Farewell),
    FromRib(Option<FromRib>),
    RibHasRoom,
    Deadline,
}

impl NeighborTask {
    pub(crate) fn new(setup: Setup) -> Self {
        let config = setup.config.clone();
        let session_config = demarc_bgp::session::SessionConfig {
            local_asn: setup.speaker.asn,
            peer_asn: config.asn,
            router_id: setup.speaker.router_id,
            family: config.family,
            passive: config.port.is_none(),
            hold_time: demarc_bgp::session::SessionConfig::HOLD_TIME,
            restart: setup.restart,
        };
        Self {
            session: Session::new(session_config, setup.seed, setup.clock.now()),
            setup,
            config,
            dial: None,
            outgoing: None,
            incoming: None,
            knock: None,
            closing: Vec::new(),
            up: None,
            epoch: 0,
            pending: VecDeque::new(),
            faults_logged: false,
        }
    }

    /// Runs until it is told to end, then says good-bye.
    pub(crate) async fn run(mut self) {
        let now = self.setup.clock.now();
        match self.setup.shut_down.take() {
            None => self.session.handle_start(now),
            Some(text) => {
                let command = Command::Shutdown { text };
                self.session.handle_command(command, now);
            }
        }
        self.carry_out();
        let farewell = loop {
            self.reconsider_knock();
            let woken = self.wake().await;
            // Who asks is told, and need not be told that it asked.
            let asked = matches!(woken, Wake::Inbox(ToNeighbor::Status(_)));
            match woken {
                Wake::Ready(direction, ready) => self.ready(direction, ready),
                Wake::Dialed(result) => self.dialed(result),
                Wake::Knocked(read) => self.knocked(read),
                Wake::Inbox(message) => self.message(message),
                Wake::FromRib(Some(message)) => self.rib_message(message),
                Wake::RibHasRoom => {}
                Wake::Deadline => self.deadline(),
                Wake::Farewell(farewell) => break farewell,
                Wake::FromRib(None) => break Farewell::Deconfigured,
            }
            self.carry_out();
            if !asked {
                self.setup.stamp.mark();
            }
        };
        let command = match farewell {
            Farewell::Stopping => Command::Shutdown {
                text: STOPPING.to_owned(),
            },
            Farewell::Deconfigured => Command::Deconfigure,
        };
        self.session.handle_command(command, self.setup.clock.now());
        self.carry_out();
        if farewell == Farewell::Stopping {
            // The process ends with us, and what is not out by then never gets out.
            let closed = async {
                for closing in self.closing {
                    _ = closing.await;
                }
            };
            _ = timeout(LAST_WORDS, closed).await;
        }
    }

    async fn wake(&mut self) -> Wake {
        let deadline = self.next_deadline();
        let read = self.pending.is_empty();
        let full = !read;
        let Self {
            dial,
            outgoing,
            incoming,
            knock,
            setup,
            pending,
            ..
        } = self;
        tokio::select! {
            ready = connection_ready(outgoing.as_ref(), read) => {
                Wake::Ready(Direction::Outgoing, ready)
            }
            ready = connection_ready(incoming.as_ref(), read) => {
                Wake::Ready(Direction::Incoming, ready)
            }
            result = dialing(dial) => Wake::Dialed(result),
            read = knocking(knock) => Wake::Knocked(read),
            // A closed inbox means nothing: nobody knows the neighbor any more when it is told why.
            Some(message) = setup.inbox.recv() => Wake::Inbox(message),
            farewell = &mut setup.farewell => {
                Wake::Farewell(farewell.unwrap_or(Farewell::Deconfigured))
            }
            message = setup.from_rib.recv() => Wake::FromRib(message),
            permit = setup.to_rib.reserve(), if full => {
                // The place must be used: given back, it goes to the next who waits, and nobody
                // would ever send.
                if let Ok(permit) = permit && let Some(message) = pending.pop_front() {
                    permit.send(message);
                }
                Wake::RibHasRoom
            }
            () = wait_until(deadline) => Wake::Deadline,
        }
    }

    fn next_deadline(&self) -> Option<Instant> {
        let session = self
            .session
            .next_deadline()
            .map(|at| self.setup.clock.instant(at));
        let blocked = [&self.outgoing, &self.incoming].into_iter().flatten();
        let send_hold = blocked.filter_map(|connection| connection.blocked_since());
        session
            .into_iter()
            .chain(send_hold.map(|since| since + SEND_HOLD_TIME))
            .min()
    }

    fn connection_mut(&mut self, direction: Direction) -> &mut Option<Connection> {
        match direction {
            Direction::Outgoing => &mut self.outgoing,
            Direction::Incoming => &mut self.incoming,
        }
    }

    fn ready(&mut self, direction: Direction, ready: io::Result<Ready>) {
        match ready {
            Err(error) => self.lost(direction, &error),
            Ok(ready) => {
                if ready.is_writable() || ready.is_write_closed() {
                    self.write(direction);
                }
                if ready.is_readable() || ready.is_read_closed() || ready.is_error() {
                    // An OPEN that waits on the other connection decides a collision: read after a
                    // KEEPALIVE here, it would come too late, and the neighbor may have decided
                    // otherwise (RFC 4271 §6.8).
                    if self.up.is_none() {
                        self.read(direction.other());
                    }
                    self.read(direction);
                }
            }
        }
    }

    /// One read, and everything that it brought. Reading stops while the RIB task is behind.
    fn read(&mut self, direction: Direction) {
        if !self.pending.is_empty() {
            return;
        }
        let now = self.setup.clock.now();
        let Some(connection) = self.connection_mut(direction) else {
            return;
        };
        match connection.read() {
            Ok(Progress::Blocked) => {}
            Ok(Progress::Closed) => self.lost_because(direction, "closed by the neighbor"),
            Ok(Progress::Made) => {
                let bytes = connection.take_input();
                let done = self.session.handle_input(direction, &bytes, now);
                if let Some(connection) = self.connection_mut(direction) {
                    connection.keep_input(bytes, done);
                }
            }
            Err(error) => self.lost(direction, &error),
        }
    }

    fn write(&mut self, direction: Direction) {
        let Some(connection) = self.connection_mut(direction) else {
            return;
        };
        match connection.write() {
            Ok(written) => {
                for epoch in written.chunks {
                    let neighbor = self.setup.index;
                    self.tell_rib(ToRib::Written { neighbor, epoch });
                }
                if written.updates > 0 {
                    let now = self.setup.clock.now();
                    self.session
                        .handle_updates_sent(direction, written.updates, now);
                }
            }
            Err(error) => self.lost(direction, &error),
        }
    }

    fn lost(&mut self, direction: Direction, error: &io::Error) {
        let text = error.to_string();
        self.lost_because(direction, &text);
    }

    fn lost_because(&mut self, direction: Direction, cause: &str) {
        *self.connection_mut(direction) = None;
        self.session
            .handle_connection_lost(direction, cause, self.setup.clock.now());
    }

    fn dialed(&mut self, result: io::Result<TcpStream>) {
        self.dial = None;
        let now = self.setup.clock.now();
        let connection = result.and_then(Connection::new);
        match connection {
            Ok(connection) => {
                self.outgoing = Some(connection);
                self.session.handle_connected(Direction::Outgoing, now);
            }
            Err(error) => {
                let cause = error.to_string();
                self.session
                    .handle_connection_lost(Direction::Outgoing, cause, now);
            }
        }
    }

    fn message(&mut self, message: ToNeighbor) {
        let now = self.setup.clock.now();
        match message {
            ToNeighbor::Incoming(stream) => self.incoming(stream),
            ToNeighbor::Command(command) => self.session.handle_command(command, now),
            ToNeighbor::PrefixLimit(limit) => {
                let before = std::mem::replace(&mut self.config.prefix_limit, limit);
                if limit > before {
                    self.session.handle_prefix_limit_raised(now);
                }
            }
            ToNeighbor::Status(answer) => {
                let mut status = self.session.status(now);
                status.counters.refused += self.setup.turned_away.load(Ordering::Relaxed);
                // Who asked may have gone away.
                _ = answer.send(status);
            }
        }
    }

    fn rib_message(&mut self, message: FromRib) {
        match message {
            FromRib::Chunk { epoch, bytes } => {
                let direction = self.up.filter(|_| epoch == self.epoch);
                let Some(direction) = direction else {
                    debug!(neighbor = %self.config.address, "a chunk came too late");
                    return;
                };
                if let Some(connection) = self.connection_mut(direction) {
                    connection.queue_chunk(bytes, epoch);
                    self.write(direction);
                }
            }
            FromRib::LimitExceeded { epoch, limit } if epoch == self.epoch => {
                let now = self.setup.clock.now();
                self.session.handle_prefix_limit_exceeded(limit, now);
            }
            FromRib::LimitExceeded { .. } => {}
        }
    }

    fn deadline(&mut self) {
        let now = self.setup.clock.now();
        if !self.pending.is_empty() {
            // We are not reading, so the neighbor's silence means nothing.
            self.session.handle_input_paused(now);
        }
        // A late timer must not win over bytes that have been there for long.
        for direction in [Direction::Outgoing, Direction::Incoming] {
            self.read(direction);
        }
        let blocked = [&self.outgoing, &self.incoming].into_iter().flatten();
        let expired = |since: Instant| since.elapsed() >= SEND_HOLD_TIME;
        if blocked
            .filter_map(|connection| connection.blocked_since())
            .any(expired)
        {
            self.session
                .handle_command(Command::SendHoldTimerExpired, now);
        }
        self.session.handle_timeout(now);
    }

    fn dial(&self) -> Dial {
        let source = self.setup.speaker.local_address(self.config.transport());
        let key = self.config.password.clone();
        let sockets = self.setup.sockets.clone();
        let neighbor = self
            .config
            .port
            .map(|port| SocketAddr::new(self.config.address, port));
        Box::pin(async move {
            let (Some(source), Some(neighbor)) = (source, neighbor) else {
                return Err(io::Error::other("there is nowhere to connect to"));
            };
            sockets.connect(source.ip(), neighbor, key.as_ref()).await
        })
    }
}

async fn connection_ready(connection: Option<&Connection>, read: bool) -> io::Result<Ready> {
    let Some(connection) = connection else {
        return future::pending().await;
    };
    let interest = match (read, connection.wants_write()) {
        (true, true) => Interest::READABLE | Interest::WRITABLE,
        (true, false) => Interest::READABLE,
        (false, true) => Interest::WRITABLE,
        (false, false) => return future::pending().await,
    };
    connection.ready(interest).await
}

async fn dialing(dial: &mut Option<Dial>) -> io::Result<TcpStream> {
    match dial {
        Some(dial) => dial.await,
        None => future::pending().await,
    }
}

async fn wait_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => future::pending().await,
    }
}
