//! One neighbor of the router under test: connects, greets, feeds, counts.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use demarc_bgp::wire::{Asn, Capabilities, Family, Open, encode_keepalive};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{mpsc, watch};

use super::counter::{Counter, Seen};

/// A message from a neighbor to the measurement.
#[derive(Debug, Clone, Copy)]
pub(super) enum Report {
    Established {
        at: Instant,
    },
    /// The number of prefixes has reached what the neighbor waits for.
    Reached {
        neighbor: usize,
        at: Instant,
    },
    /// The router closed the session.
    Lost,
}

/// What all neighbors are told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Wait,
    Connect,
    Feed,
    Withdraw,
    /// This neighbor goes away without a word; the others stay.
    Leave(usize),
}

/// What one neighbor is and does.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) number: usize,
    pub(super) local: IpAddr,
    pub(super) router: SocketAddr,
    pub(super) asn: u32,
    pub(super) feed: Arc<[u8]>,
    pub(super) withdrawals: Arc<[u8]>,
}

/// Shared with the measurement: the number of prefixes to report, `u32::MAX` for none.
pub(super) type Target = Arc<AtomicU32>;

/// Runs one neighbor until the phase channel closes.
pub(super) async fn run(
    plan: Plan,
    target: Target,
    mut phase: watch::Receiver<Phase>,
    reports: mpsc::UnboundedSender<Report>,
) {
    if phase.wait_for(|phase| *phase != Phase::Wait).await.is_err() {
        return;
    }
    let stream = loop {
        // A router that is overrun refuses or closes: try again, as routers do.
        match establish(&plan).await {
            Ok(stream) => break stream,
            Err(_) => tokio::time::sleep(Duration::from_millis(500)).await,
        }
    };
    let _ = reports.send(Report::Established { at: Instant::now() });
    let (reader, writer) = stream.into_split();
    let number = plan.number;
    let left = phase.clone();
    tokio::select! {
        () = read(number, reader, target, reports.clone()) => {
            let _ = reports.send(Report::Lost);
        }
        () = write(plan, writer, phase) => {}
        () = leave(number, left) => {}
    }
}

async fn leave(number: usize, mut phase: watch::Receiver<Phase>) {
    if phase
        .wait_for(|phase| *phase == Phase::Leave(number))
        .await
        .is_err()
    {
        std::future::pending::<()>().await;
    }
}

async fn establish(plan: &Plan) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(plan.local, 0))?;
    let mut stream = socket.connect(plan.router).await?;
    stream.set_nodelay(true)?;
    let mut hello = Vec::new();
    open(plan.asn, plan.local).encode(&mut hello);
    stream.write_all(&hello).await?;
    read_message(&mut stream, 1).await?;
    let mut keepalive = Vec::new();
    encode_keepalive(&mut keepalive);
    stream.write_all(&keepalive).await?;
    read_message(&mut stream, 4).await?;
    Ok(stream)
}

fn open(asn: u32, local: IpAddr) -> Open {
    let IpAddr::V4(router_id) = local else {
        unreachable!("the lab speaks IPv4")
    };
    Open {
        two_octet_asn: Asn::new(asn).two_octets(),
        hold_time: 90,
        router_id,
        capabilities: Capabilities {
            multiprotocol: vec![(Family::Ipv4.afi(), Family::Ipv4.safi())],
            four_octet_asn: Some(Asn::new(asn)),
            route_refresh: true,
            ..Capabilities::default()
        },
    }
}

/// Reads exactly one message, which must be of this type.
async fn read_message(stream: &mut TcpStream, message_type: u8) -> std::io::Result<()> {
    let mut header = [0; 19];
    stream.read_exact(&mut header).await?;
    let length = usize::from(u16::from_be_bytes([header[16], header[17]]));
    let mut body = vec![0; length.saturating_sub(header.len())];
    stream.read_exact(&mut body).await?;
    if header[18] == message_type {
        Ok(())
    } else {
        Err(std::io::ErrorKind::InvalidData.into())
    }
}

async fn read(
    number: usize,
    mut reader: tokio::net::tcp::OwnedReadHalf,
    target: Target,
    reports: mpsc::UnboundedSender<Report>,
) {
    let mut counter = Counter::default();
    let mut buffer = vec![0; 128 * 1024];
    let mut reported = u32::MAX;
    loop {
        match reader.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(length) => {
                if counter.read(&buffer[..length]) != Seen::Messages {
                    return;
                }
            }
        }
        let wanted = target.load(Ordering::Relaxed);
        if counter.present() == wanted && reported != wanted {
            reported = wanted;
            let _ = reports.send(Report::Reached {
                neighbor: number,
                at: Instant::now(),
            });
        }
    }
}

async fn write(
    plan: Plan,
    mut writer: tokio::net::tcp::OwnedWriteHalf,
    mut phase: watch::Receiver<Phase>,
) {
    let mut keepalive = Vec::new();
    encode_keepalive(&mut keepalive);
    let mut tick = tokio::time::interval(Duration::from_secs(25));
    let (mut fed, mut withdrawn) = (false, false);
    loop {
        let now = *phase.borrow_and_update();
        let due: &[u8] = match now {
            Phase::Feed if !std::mem::replace(&mut fed, true) => &plan.feed,
            Phase::Withdraw if !std::mem::replace(&mut withdrawn, true) => &plan.withdrawals,
            _ => &[],
        };
        if writer.write_all(due).await.is_err() {
            return;
        }
        tokio::select! {
            changed = phase.changed() => if changed.is_err() { return },
            _ = tick.tick() => if writer.write_all(&keepalive).await.is_err() { return },
        }
    }
}
