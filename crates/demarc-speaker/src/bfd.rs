//! The BFD task: UDP port 3784 for all neighbors with `bfd = true` (RFC 5881).
//!
//! One receiving socket per local address, one sending socket per neighbor, one machine each from
//! [`demarc_bfd`]. A path that fails is told to the neighbor's task at once.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use demarc_bfd::{
    CONTROL_PORT, Config, Lookup, PACKET_LENGTH, Role, SOURCE_PORTS, Session, SessionIndex, State,
    TRANSMIT_HOP_LIMIT, Table, decode_datagram,
};
use demarc_bgp::session::Command;
use socket2::{Protocol, SockAddr, Socket, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep_until;
use tracing::{debug, info, warn};

use crate::clock::Clock;
use crate::config::{NeighborConfig, SpeakerConfig, family_of};
use crate::message::ToNeighbor;
use crate::sockets::{Sockets, receive_with_hop_limit, report_hop_limit};
use crate::speaker::SpeakerError;

struct Path {
    neighbor: IpAddr,
    session: Session,
    source: Source,
    inbox: mpsc::Sender<ToNeighbor>,
    /// The path has failed and the neighbor's task, which was busy, has not been told.
    failure_owed: bool,
    /// For who wants to know; `None` until the neighbor was heard.
    state: watch::Sender<Option<State>>,
}

/// Where packets are sent from: our address of the BGP session, so that both see the same path. Until it
/// is up the first one that we listen on is taken.
struct Source {
    sockets: Sockets,
    seed: u64,
    socket: UdpSocket,
    /// Changed by the neighbor's task.
    local: watch::Receiver<IpAddr>,
}

impl Source {
    fn new(sockets: &Sockets, seed: u64, mut local: watch::Receiver<IpAddr>) -> io::Result<Self> {
        let address = *local.borrow_and_update();
        Ok(Self {
            sockets: sockets.clone(),
            seed,
            socket: sending_socket(sockets, address, seed)?,
            local,
        })
    }

    /// The socket, of the address that holds now.
    fn socket(&mut self) -> &UdpSocket {
        // Without anyone to change it, it stays what it is.
        if self.local.has_changed().unwrap_or(false) {
            let address = *self.local.borrow_and_update();
            match sending_socket(&self.sockets, address, self.seed) {
                Ok(socket) => self.socket = socket,
                Err(error) => warn!(%address, %error, "BFD keeps its old source address"),
            }
        }
        &self.socket
    }
}

/// The task of one neighbor that comes and goes, and where its state shows. It waits for the
/// neighbor to speak first, so that one without BFD hears nothing (spec/routing §1).
///
/// # Errors
/// Those of the two sockets.
pub(crate) fn of_neighbor(
    sockets: &Sockets,
    (local, neighbor): (IpAddr, IpAddr),
    clock: Clock,
    seed: u64,
    inbox: mpsc::Sender<ToNeighbor>,
) -> io::Result<(
    impl Future<Output = ()> + Send + 'static,
    watch::Receiver<Option<State>>,
)> {
    let receiver = receiving_socket(sockets, SocketAddr::new(local, CONTROL_PORT))?;
    // Each neighbor has a socket of its own, so this need not be unique among them.
    let discriminator = NonZeroU32::MIN;
    let mut table = Table::default();
    table.insert(SessionIndex(0), neighbor, discriminator);
    let config = Config {
        role: Role::Passive,
        ..Config::new(discriminator)
    };
    let (state, shown) = watch::channel(None);
    let path = Path {
        neighbor,
        session: Session::new(config, seed, clock.since_start()),
        source: Source::new(sockets, seed, watch::channel(local).1)?,
        inbox,
        failure_owed: false,
        state,
    };
    let task = BfdTask {
        paths: HashMap::from([(SessionIndex(0), path)]),
        table,
        clock,
    };
    let (open, orders) = mpsc::channel(1);
    let run = async move {
        // Nobody orders anything: the task ends with the neighbor.
        task.run(orders, vec![receiver]).await;
        drop(open);
    };
    Ok((run, shown))
}

/// To the task.
enum Order {
    Watch {
        index: SessionIndex,
        discriminator: NonZeroU32,
        path: Box<Path>,
        /// Of local addresses that nobody listened on before.
        receivers: Vec<UdpSocket>,
    },
    Forget(IpAddr),
}

/// Neighbors that come or go at once before the speaker waits for the task.
const ORDERS: usize = 64;

/// Says which neighbors the task has to watch.
pub(crate) struct Watches {
    orders: mpsc::Sender<Order>,
    sockets: Sockets,
    clock: Clock,
    seed: u64,
    watched: usize,
    listening: HashSet<SocketAddr>,
}

impl Watches {
    /// Nobody is watched yet. The future is the task.
    pub(crate) fn start(
        sockets: &Sockets,
        clock: Clock,
        seed: u64,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (orders, received) = mpsc::channel(ORDERS);
        let watches = Self {
            orders,
            sockets: sockets.clone(),
            clock,
            seed,
            watched: 0,
            listening: HashSet::new(),
        };
        let task = BfdTask {
            paths: HashMap::new(),
            table: Table::default(),
            clock,
        };
        (watches, task.run(received, Vec::new()))
    }

    /// Watches the path to a neighbor from `source` and tells its inbox when it fails.
    ///
    /// # Errors
    /// [`SpeakerError::Bfd`]; nothing is watched then.
    pub(crate) async fn watch(
        &mut self,
        config: &SpeakerConfig,
        neighbor: &NeighborConfig,
        inbox: mpsc::Sender<ToNeighbor>,
        source: watch::Receiver<IpAddr>,
    ) -> Result<(), SpeakerError> {
        let Some(local) = config.local_address(neighbor.transport()) else {
            return Ok(());
        };
        let number = u32::try_from(self.watched + 1).ok();
        let Some(discriminator) = number.and_then(NonZeroU32::new) else {
            return Ok(());
        };
        let seed = self.seed.wrapping_add(self.watched as u64);
        let address = SocketAddr::new(local.ip(), 0);
        let failed = |address| move |source| SpeakerError::Bfd { address, source };
        let source = Source::new(&self.sockets, seed, source).map_err(failed(address))?;
        let mut receivers = Vec::new();
        for listen in &config.listen {
            let address = SocketAddr::new(listen.ip(), CONTROL_PORT);
            let needed = family_of(neighbor.address) == family_of(listen.ip());
            if needed && !self.listening.contains(&address) {
                let socket = receiving_socket(&self.sockets, address).map_err(failed(address))?;
                receivers.push(socket);
                self.listening.insert(address);
            }
        }
        let session = Session::new(Config::new(discriminator), seed, self.clock.since_start());
        let path = Path {
            neighbor: neighbor.address,
            session,
            source,
            inbox,
            failure_owed: false,
            state: watch::Sender::new(None),
        };
        let order = Order::Watch {
            index: SessionIndex(self.watched),
            discriminator,
            path: Box::new(path),
            receivers,
        };
        self.watched += 1;
        // The task lives as long as the speaker.
        _ = self.orders.send(order).await;
        Ok(())
    }

    pub(crate) async fn forget(&self, neighbor: IpAddr) {
        _ = self.orders.send(Order::Forget(neighbor)).await;
    }
}

fn udp(sockets: &Sockets, address: SocketAddr) -> io::Result<Socket> {
    let socket = sockets.socket(address, Type::DGRAM, Protocol::UDP)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    Ok(socket)
}

fn receiving_socket(sockets: &Sockets, address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = udp(sockets, address)?;
    report_hop_limit(&socket, address.is_ipv6())?;
    socket.bind(&SockAddr::from(address))?;
    UdpSocket::from_std(socket.into())
}

/// A socket with a source port of RFC 5881 §4 and the hop limit that proves one hop.
fn sending_socket(sockets: &Sockets, local: IpAddr, seed: u64) -> io::Result<UdpSocket> {
    let hop_limit = u32::from(TRANSMIT_HOP_LIMIT);
    let (first, last) = (*SOURCE_PORTS.start(), *SOURCE_PORTS.end());
    let span = u64::from(last - first) + 1;
    let mut failure = io::Error::from(io::ErrorKind::AddrInUse);
    for attempt in 0..64 {
        let offset = seed.wrapping_mul(0x9e37_79b9).wrapping_add(attempt * 257) % span;
        let port = first + u16::try_from(offset).unwrap_or(0);
        let address = SocketAddr::new(local, port);
        let socket = udp(sockets, address)?;
        if address.is_ipv4() {
            socket.set_ttl_v4(hop_limit)?;
        } else {
            socket.set_unicast_hops_v6(hop_limit)?;
        }
        match socket.bind(&SockAddr::from(address)) {
            Ok(()) => return UdpSocket::from_std(socket.into()),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// A packet and where it came from, on its way from a receiving socket to the machines. Small:
/// when machines are behind, packets are better dropped than late.
const RECEIVED_DEPTH: usize = 256;

/// A busy task is told of a failure again after this.
const TELL_AGAIN: Duration = Duration::from_millis(10);

type Received = ([u8; PACKET_LENGTH], IpAddr);

struct BfdTask {
    paths: HashMap<SessionIndex, Path>,
    table: Table,
    clock: Clock,
}

impl BfdTask {
    async fn run(mut self, mut orders: mpsc::Receiver<Order>, receivers: Vec<UdpSocket>) {
        let (sender, mut received) = mpsc::channel(RECEIVED_DEPTH);
        let mut readers = tokio::task::JoinSet::new();
        for socket in receivers {
            readers.spawn(receive(Arc::new(socket), sender.clone()));
        }
        loop {
            let deadline = self
                .paths
                .values()
                .filter_map(|path| path.session.next_deadline())
                .min();
            let far = self.clock.since_start() + Duration::from_secs(3600);
            let again = self.clock.since_start() + TELL_AGAIN;
            let owed = self.paths.values().any(|path| path.failure_owed);
            let deadline = deadline.into_iter().chain(owed.then_some(again)).min();
            let wake = self.clock.instant_of(deadline.unwrap_or(far));
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Watch { index, discriminator, path, receivers }) => {
                        for socket in receivers {
                            readers.spawn(receive(Arc::new(socket), sender.clone()));
                        }
                        self.table.insert(index, path.neighbor, discriminator);
                        self.paths.insert(index, *path);
                    }
                    Some(Order::Forget(neighbor)) => self.forget(neighbor),
                    None => return,
                },
                // The other end is in our hands.
                Some(packet) = received.recv() => self.packet(packet),
                () = sleep_until(wake) => {}
            }
            self.serve();
        }
    }

    /// The neighbor is told that this is no failure (RFC 5880 §6.8.16).
    fn forget(&mut self, neighbor: IpAddr) {
        let path = self.table.remove(neighbor);
        let Some(mut path) = path.and_then(|index| self.paths.remove(&index)) else {
            return;
        };
        let now = self.clock.since_start();
        path.session.admin_down(now);
        path.transmit(now);
    }

    fn packet(&mut self, (bytes, source): Received) {
        // The hop limit was checked by the reader.
        let Ok(packet) = decode_datagram(&bytes, TRANSMIT_HOP_LIMIT) else {
            return;
        };
        let now = self.clock.since_start();
        if let Lookup::Session(index) = self.table.lookup(&packet, source)
            && let Some(path) = self.paths.get_mut(&index)
            && let Err(discard) = path.session.handle_packet(&packet, now)
        {
            debug!(neighbor = %source, %discard, "BFD packet discarded");
        }
    }

    fn serve(&mut self) {
        let now = self.clock.since_start();
        for path in self.paths.values_mut() {
            if path.session.next_deadline().is_some_and(|at| at <= now) {
                path.session.handle_timeout(now);
            }
            path.transmit(now);
            path.tell();
        }
    }
}

impl Path {
    fn transmit(&mut self, now: Duration) {
        while let Some(packet) = self.session.poll_transmit(now) {
            let to = SocketAddr::new(self.neighbor, CONTROL_PORT);
            if let Err(error) = self.source.socket().try_send_to(&packet.encode(), to) {
                debug!(neighbor = %self.neighbor, %error, "BFD packet not sent");
            }
        }
    }

    fn tell(&mut self) {
        while let Some(event) = self.session.poll_event() {
            info!(neighbor = %self.neighbor, from = ?event.from, to = ?event.to, "BFD");
            self.state.send_replace(Some(event.to));
            self.failure_owed |= event.is_path_failure();
        }
        if !self.failure_owed {
            return;
        }
        let down = ToNeighbor::Command(Command::BfdDown);
        match self.inbox.try_send(down) {
            // A task that has ended has no session to end.
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => self.failure_owed = false,
            Err(mpsc::error::TrySendError::Full(_)) => {
                debug!(neighbor = %self.neighbor, "its task is busy: BFD down is told again");
            }
        }
    }
}

async fn receive(socket: Arc<UdpSocket>, to: mpsc::Sender<Received>) {
    let mut buffer = [0; 64];
    loop {
        if socket.readable().await.is_err() {
            return;
        }
        let datagram = socket.try_io(Interest::READABLE, || {
            receive_with_hop_limit(&*socket, &mut buffer)
        });
        let Ok(datagram) = datagram else { continue };
        let payload = &buffer[..datagram.length.min(buffer.len())];
        if decode_datagram(payload, datagram.hop_limit).is_err() {
            continue;
        }
        let Some(packet) = payload.first_chunk::<PACKET_LENGTH>() else {
            continue;
        };
        if let Err(mpsc::error::TrySendError::Closed(_)) =
            to.try_send((*packet, datagram.source.ip()))
        {
            return;
        }
    }
}
