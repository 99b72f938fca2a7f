//! The BFD task: UDP port 3784 for all neighbors with `bfd = true` (RFC 5881).
//!
//! One receiving socket per local address, one sending socket per neighbor, one machine each from
//! [`demarc_bfd`]. A path that fails is told to the neighbor's task at once.

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
use crate::config::{SpeakerConfig, family_of};
use crate::message::ToNeighbor;
use crate::sockets::{Sockets, receive_with_hop_limit, report_hop_limit};
use crate::speaker::SpeakerError;

struct Path {
    neighbor: IpAddr,
    session: Session,
    socket: UdpSocket,
    inbox: mpsc::Sender<ToNeighbor>,
    /// For who wants to know; `None` until the neighbor was heard.
    state: watch::Sender<Option<State>>,
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
        socket: sending_socket(sockets, local, seed)?,
        inbox,
        state,
    };
    let task = BfdTask {
        paths: vec![path],
        table,
        clock,
    };
    Ok((task.run(vec![Arc::new(receiver)]), shown))
}

/// The task, or `None` when no neighbor wants BFD.
pub(crate) fn start(
    config: &SpeakerConfig,
    sockets: &Sockets,
    clock: Clock,
    seed: u64,
    inboxes: &[mpsc::Sender<ToNeighbor>],
) -> Result<Option<impl Future<Output = ()> + Send + 'static>, SpeakerError> {
    let wanted = config
        .neighbors
        .iter()
        .zip(inboxes)
        .filter(|(neighbor, _)| neighbor.bfd);
    let mut paths = Vec::new();
    let mut table = Table::default();
    for (index, (neighbor, inbox)) in wanted.enumerate() {
        let Some(local) = config.local_address(neighbor.transport()) else {
            continue;
        };
        let number = u32::try_from(index + 1).ok().and_then(NonZeroU32::new);
        let Some(discriminator) = number else {
            continue;
        };
        let address = SocketAddr::new(local.ip(), 0);
        let socket = sending_socket(sockets, local.ip(), seed.wrapping_add(index as u64))
            .map_err(|source| SpeakerError::Bfd { address, source })?;
        table.insert(SessionIndex(index), neighbor.address, discriminator);
        let session_seed = seed.wrapping_add(index as u64);
        let session = Session::new(
            Config::new(discriminator),
            session_seed,
            clock.since_start(),
        );
        let inbox = inbox.clone();
        paths.push(Path {
            neighbor: neighbor.address,
            session,
            socket,
            inbox,
            state: watch::Sender::new(None),
        });
    }
    if paths.is_empty() {
        return Ok(None);
    }
    let mut receivers = Vec::new();
    for listen in &config.listen {
        let needed = paths
            .iter()
            .any(|it| family_of(it.neighbor) == family_of(listen.ip()));
        let address = SocketAddr::new(listen.ip(), CONTROL_PORT);
        let known = receivers.iter().any(|(known, _)| *known == address);
        if needed && !known {
            let socket = receiving_socket(sockets, address)
                .map_err(|source| SpeakerError::Bfd { address, source })?;
            receivers.push((address, Arc::new(socket)));
        }
    }
    let receivers = receivers.into_iter().map(|(_, socket)| socket).collect();
    Ok(Some(
        BfdTask {
            paths,
            table,
            clock,
        }
        .run(receivers),
    ))
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

type Received = ([u8; PACKET_LENGTH], IpAddr);

struct BfdTask {
    paths: Vec<Path>,
    table: Table,
    clock: Clock,
}

impl BfdTask {
    async fn run(mut self, receivers: Vec<Arc<UdpSocket>>) {
        let (sender, mut received) = mpsc::channel(RECEIVED_DEPTH);
        let mut readers = tokio::task::JoinSet::new();
        for socket in receivers {
            readers.spawn(receive(socket, sender.clone()));
        }
        drop(sender);
        loop {
            let deadline = self
                .paths
                .iter()
                .filter_map(|path| path.session.next_deadline())
                .min();
            let far = self.clock.since_start() + Duration::from_secs(3600);
            let wake = self.clock.instant_of(deadline.unwrap_or(far));
            tokio::select! {
                packet = received.recv() => match packet {
                    Some(packet) => self.packet(packet),
                    None => return,
                },
                () = sleep_until(wake) => {}
            }
            self.serve();
        }
    }

    fn packet(&mut self, (bytes, source): Received) {
        // The hop limit was checked by the reader.
        let Ok(packet) = decode_datagram(&bytes, TRANSMIT_HOP_LIMIT) else {
            return;
        };
        let now = self.clock.since_start();
        if let Lookup::Session(SessionIndex(index)) = self.table.lookup(&packet, source)
            && let Some(path) = self.paths.get_mut(index)
            && let Err(discard) = path.session.handle_packet(&packet, now)
        {
            debug!(neighbor = %source, %discard, "BFD packet discarded");
        }
    }

    fn serve(&mut self) {
        let now = self.clock.since_start();
        for path in &mut self.paths {
            if path.session.next_deadline().is_some_and(|at| at <= now) {
                path.session.handle_timeout(now);
            }
            while let Some(packet) = path.session.poll_transmit(now) {
                let to = SocketAddr::new(path.neighbor, CONTROL_PORT);
                if let Err(error) = path.socket.try_send_to(&packet.encode(), to) {
                    debug!(neighbor = %path.neighbor, %error, "BFD packet not sent");
                }
            }
            while let Some(event) = path.session.poll_event() {
                info!(neighbor = %path.neighbor, from = ?event.from, to = ?event.to, "BFD");
                path.state.send_replace(Some(event.to));
                if event.is_path_failure()
                    && path
                        .inbox
                        .try_send(ToNeighbor::Command(Command::BfdDown))
                        .is_err()
                {
                    warn!(neighbor = %path.neighbor, "BFD down could not be told");
                }
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
