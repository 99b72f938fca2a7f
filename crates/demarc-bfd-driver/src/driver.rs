//! The task that owns the sessions of one local address.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::time::Duration;

use demarc_bfd::{
    CONTROL_PORT, Config, Event, Intervals, Lookup, Session, SessionIndex, State, Table,
    decode_datagram,
};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use tracing::{debug, info};

use crate::socket::{Sockets, open_sender, receive};

/// Deep enough for a burst of all neighbors of an address; a full queue makes the caller wait.
const COMMAND_DEPTH: usize = 64;

/// A session changed its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    pub local: IpAddr,
    pub neighbor: IpAddr,
    pub event: Event,
}

/// A session as an operator sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    pub state: State,
    pub remote_state: State,
    pub local_discriminator: NonZeroU32,
    pub remote_discriminator: Option<NonZeroU32>,
    pub transmit_interval: Duration,
    /// `None` while the neighbor is not heard.
    pub detection_time: Option<Duration>,
}

#[derive(Debug)]
enum Command {
    Watch {
        neighbor: IpAddr,
        intervals: Intervals,
        multiplier: std::num::NonZeroU8,
    },
    Unwatch {
        neighbor: IpAddr,
    },
    Status {
        neighbor: IpAddr,
        reply: oneshot::Sender<Option<Status>>,
    },
}

/// A handle to the sessions of one local address.
#[derive(Debug, Clone)]
pub struct Driver {
    commands: mpsc::Sender<Command>,
}

impl Driver {
    /// Starts the task. `changes` is told every change of state; when it is full the task waits,
    /// so its reader must not call this driver while it holds a change back. `seed` decides
    /// discriminators, ports and jitter.
    ///
    /// # Errors
    /// When the socket cannot be handed to the runtime.
    pub fn start(sockets: Sockets, changes: mpsc::Sender<Change>, seed: u64) -> io::Result<Self> {
        let (commands, inbox) = mpsc::channel(COMMAND_DEPTH);
        let task = Task {
            local: sockets.local,
            receiver: UdpSocket::from_std(sockets.receiver)?,
            epoch: Instant::now(),
            seed,
            table: Table::default(),
            sessions: BTreeMap::new(),
            next_index: 0,
            changes,
        };
        tokio::spawn(task.run(inbox));
        Ok(Self { commands })
    }

    /// Starts a session with `neighbor`, with 300 ms and multiplier 3 unless told otherwise. A
    /// second call changes the intervals of the session that is there.
    pub async fn watch(&self, neighbor: IpAddr) {
        let Config {
            intervals,
            multiplier,
            ..
        } = Config::new(NonZeroU32::MIN);
        self.watch_with(neighbor, intervals, multiplier).await;
    }

    /// Like [`Self::watch`], with other timers.
    pub async fn watch_with(
        &self,
        neighbor: IpAddr,
        intervals: Intervals,
        multiplier: std::num::NonZeroU8,
    ) {
        // The task ends only with the runtime: nothing is lost then.
        let _ = self
            .commands
            .send(Command::Watch {
                neighbor,
                intervals,
                multiplier,
            })
            .await;
    }

    /// Ends the session with `neighbor`, telling it AdminDown.
    pub async fn unwatch(&self, neighbor: IpAddr) {
        let _ = self.commands.send(Command::Unwatch { neighbor }).await;
    }

    /// The session with `neighbor`; `None` when there is none.
    pub async fn status(&self, neighbor: IpAddr) -> Option<Status> {
        let (reply, answer) = oneshot::channel();
        self.commands
            .send(Command::Status { neighbor, reply })
            .await
            .ok()?;
        answer.await.ok().flatten()
    }
}

#[derive(Debug)]
struct Watched {
    neighbor: IpAddr,
    session: Session,
    sender: UdpSocket,
}

struct Task {
    local: IpAddr,
    receiver: UdpSocket,
    epoch: Instant,
    seed: u64,
    table: Table,
    sessions: BTreeMap<SessionIndex, Watched>,
    next_index: usize,
    changes: mpsc::Sender<Change>,
}

impl Task {
    /// Runs until every handle is dropped. Cancelled by the end of the runtime only; then the
    /// sockets close and neighbors notice by silence.
    async fn run(mut self, mut inbox: mpsc::Receiver<Command>) {
        let far = Duration::from_secs(3600);
        loop {
            let deadlines = self
                .sessions
                .values()
                .filter_map(|one| one.session.next_deadline());
            let next = deadlines
                .min()
                .map_or_else(|| Instant::now() + far, |at| self.epoch + at);
            tokio::select! {
                command = inbox.recv() => match command {
                    Some(command) => self.obey(command),
                    None => return,
                },
                ready = self.receiver.readable() => if ready.is_ok() { self.read_all() },
                () = sleep_until(next) => {}
            }
            self.advance().await;
        }
    }

    fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Watch {
                neighbor,
                intervals,
                multiplier,
            } => {
                let now = self.now();
                let existing = self
                    .sessions
                    .values_mut()
                    .find(|one| one.neighbor == neighbor);
                if let Some(watched) = existing {
                    watched.session.set_intervals(intervals, now);
                } else if let Err(error) = self.add(neighbor, intervals, multiplier) {
                    info!(local = %self.local, %neighbor, %error, "no BFD session");
                }
            }
            Command::Unwatch { neighbor } => self.remove(neighbor),
            Command::Status { neighbor, reply } => {
                let watched = self.sessions.values().find(|one| one.neighbor == neighbor);
                // Who asked may have gone.
                let _ = reply.send(watched.map(|one| status(&one.session)));
            }
        }
    }

    fn add(
        &mut self,
        neighbor: IpAddr,
        intervals: Intervals,
        multiplier: std::num::NonZeroU8,
    ) -> io::Result<()> {
        let index = SessionIndex(self.next_index);
        self.next_index += 1;
        let mut hasher = DefaultHasher::new();
        (self.seed, self.local, neighbor, self.next_index).hash(&mut hasher);
        let random = hasher.finish();
        let [a, b, c, d, e, f, ..] = random.to_le_bytes();
        let sender = UdpSocket::from_std(open_sender(self.local, u16::from_le_bytes([e, f]))?)?;
        let mut discriminator =
            NonZeroU32::new(u32::from_le_bytes([a, b, c, d])).unwrap_or(NonZeroU32::MIN);
        while !self.table.insert(index, neighbor, discriminator) {
            discriminator = discriminator.checked_add(1).unwrap_or(NonZeroU32::MIN);
        }
        let config = Config {
            intervals,
            multiplier,
            ..Config::new(discriminator)
        };
        let session = Session::new(config, random, self.now());
        self.sessions.insert(
            index,
            Watched {
                neighbor,
                session,
                sender,
            },
        );
        Ok(())
    }

    fn remove(&mut self, neighbor: IpAddr) {
        let now = self.now();
        let Some(index) = self.table.remove(neighbor) else {
            return;
        };
        let Some(mut watched) = self.sessions.remove(&index) else {
            return;
        };
        watched.session.admin_down(now);
        transmit(&mut watched, now);
    }

    /// Takes in all datagrams that have arrived.
    fn read_all(&mut self) {
        let mut buffer = [0; 128];
        loop {
            let read = self
                .receiver
                .try_io(Interest::READABLE, || receive(&self.receiver, &mut buffer));
            let datagram = match read {
                Ok(datagram) => datagram,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => {
                    debug!(local = %self.local, %error, "BFD datagram not read");
                    return;
                }
            };
            let bytes = buffer.get(..datagram.length).unwrap_or_default();
            let source = datagram.source;
            let packet = match decode_datagram(bytes, datagram.hop_limit) {
                Ok(packet) => packet,
                Err(error) => {
                    debug!(%source, %error, "BFD packet discarded");
                    continue;
                }
            };
            let now = self.now();
            match self.table.lookup(&packet, source) {
                Lookup::Session(index) => {
                    if let Some(watched) = self.sessions.get_mut(&index)
                        && let Err(error) = watched.session.handle_packet(&packet, now)
                    {
                        debug!(%source, %error, "BFD packet discarded");
                    }
                }
                unknown @ (Lookup::UnknownDiscriminator | Lookup::UnknownNeighbor) => {
                    debug!(%source, ?unknown, "BFD packet discarded");
                }
            }
        }
    }

    /// Fires timers, sends what is due and tells changes.
    async fn advance(&mut self) {
        let now = self.now();
        let mut changed = Vec::new();
        for watched in self.sessions.values_mut() {
            watched.session.handle_timeout(now);
            transmit(watched, now);
            while let Some(event) = watched.session.poll_event() {
                changed.push(Change {
                    local: self.local,
                    neighbor: watched.neighbor,
                    event,
                });
            }
        }
        for change in changed {
            info!(
                local = %change.local,
                neighbor = %change.neighbor,
                from = ?change.event.from,
                to = ?change.event.to,
                diagnostic = ?change.event.diagnostic,
                "BFD session changed"
            );
            // Nobody listens any more: the sessions still run for their neighbors.
            let _ = self.changes.send(change).await;
        }
    }
}

/// Sends what is due. A packet that cannot be sent now is lost, as on the wire.
fn transmit(watched: &mut Watched, now: Duration) {
    let to = SocketAddr::new(watched.neighbor, CONTROL_PORT);
    while let Some(packet) = watched.session.poll_transmit(now) {
        if let Err(error) = watched.sender.try_send_to(&packet.encode(), to) {
            debug!(neighbor = %watched.neighbor, %error, "BFD packet not sent");
        }
    }
}

fn status(session: &Session) -> Status {
    Status {
        state: session.state(),
        remote_state: session.remote_state(),
        local_discriminator: session.local_discriminator(),
        remote_discriminator: session.remote_discriminator(),
        transmit_interval: session.transmit_interval(),
        detection_time: session.detection_time(),
    }
}
