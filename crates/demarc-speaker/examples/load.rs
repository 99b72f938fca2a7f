//! A load generator for BGP speakers: plays many neighbors and measures at the receiver.
//!
//! * `load table ADDRESS ROUTES [PID]`: neighbor 127.0.0.2 (AS 65001) announces ROUTES /24s, five
//!   an UPDATE with their own path and communities; neighbor 127.0.0.3 (AS 65002) receives them.
//!   Then everything is withdrawn.
//! * `load burst ADDRESS SESSIONS ROUTES [PID]`: neighbors 127.1.x.y (AS 100001 on) all connect at once,
//!   and announce ROUTES each; 127.0.0.3 (AS 65002) receives them all.
//! * `load config table|burst|mesh SESSIONS`: the configuration of `demarc speaker` for these, on
//!   standard output.
//!
//! PID is the process whose memory and CPU time are told at the end.

#![expect(clippy::print_stdout, reason = "a command line tool")]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use demarc_bgp::wire::{
    Asn, Capabilities, Community, Family, Header, Message, Open, PathAttributes, SessionContext,
    UpdateEncoder, decode, encode_keepalive,
};
use ipnet::{IpNet, Ipv4Net};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const FEEDER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const RECEIVER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);
const CONTEXT: SessionContext = SessionContext {
    family: Family::Ipv4,
    four_octet_asn: true,
};
const ENCODER: UpdateEncoder = UpdateEncoder {
    family: Family::Ipv4,
    four_octet_asn: true,
};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["table", address, routes, pid @ ..] => table(address, routes, pid).await,
        ["burst", address, sessions, routes, pid @ ..] => {
            burst(address, sessions, routes, pid).await
        }
        ["config", kind, sessions] => config(kind, sessions),
        _ => Err("usage: see the head of examples/load.rs".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("failed: {error}");
            ExitCode::FAILURE
        }
    }
}

/// One neighbor, past OPEN and KEEPALIVE.
struct Peer {
    stream: TcpStream,
    buffer: Vec<u8>,
    done: usize,
}

impl Peer {
    async fn connect(source: Ipv4Addr, asn: u32, speaker: SocketAddr) -> Result<Self, Failure> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(SocketAddr::new(IpAddr::V4(source), 0))?;
        let stream = socket.connect(speaker).await?;
        stream.set_nodelay(true)?;
        let mut peer = Self {
            stream,
            buffer: Vec::new(),
            done: 0,
        };
        let open = Open {
            two_octet_asn: Asn::new(asn).two_octets(),
            hold_time: 240,
            router_id: source,
            capabilities: Capabilities {
                multiprotocol: vec![(1, 1)],
                four_octet_asn: Some(Asn::new(asn)),
                route_refresh: true,
                ..Capabilities::default()
            },
        };
        let mut bytes = Vec::new();
        open.encode(&mut bytes);
        peer.stream.write_all(&bytes).await?;
        loop {
            match peer.next().await? {
                Message::Open(_) => {
                    let mut keepalive = Vec::new();
                    encode_keepalive(&mut keepalive);
                    peer.stream.write_all(&keepalive).await?;
                }
                Message::Keepalive => return Ok(peer),
                other => return Err(format!("instead of KEEPALIVE: {other:?}").into()),
            }
        }
    }

    async fn next(&mut self) -> Result<Message<'_>, Failure> {
        loop {
            let rest = &self.buffer[self.done..];
            let header = Header::peek(rest).map_err(|error| error.to_string())?;
            if let Some(header) = header.filter(|header| header.length <= rest.len()) {
                let start = self.done;
                self.done += header.length;
                let message = &self.buffer[start..start + header.length];
                return decode(message, &CONTEXT).map_err(|error| error.to_string().into());
            }
            self.buffer.drain(..self.done);
            self.done = 0;
            self.buffer.reserve(256 * 1024);
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the speaker closed the connection".into());
            }
        }
    }

    /// Reads until `count` prefixes have been announced, or withdrawn.
    async fn count(&mut self, count: usize, announced: bool) -> Result<Duration, Failure> {
        let mut first = None;
        let start = Instant::now();
        let mut seen = 0;
        while seen < count {
            if let Message::Update(update) = self.next().await? {
                let new = if announced {
                    update
                        .announced()
                        .map(|(_, nlri)| nlri.count())
                        .sum::<usize>()
                } else {
                    update.withdrawn().count()
                };
                if new > 0 {
                    first.get_or_insert_with(|| start.elapsed());
                }
                seen += new;
            }
        }
        Ok(first.unwrap_or_default())
    }
}

/// The `number`th /24 of the test table.
fn prefix(number: usize) -> Result<IpNet, Failure> {
    let address = (u32::try_from(number)? << 8) + u32::from(Ipv4Addr::new(16, 0, 0, 0));
    Ok(IpNet::V4(Ipv4Net::new(Ipv4Addr::from(address), 24)?))
}

/// UPDATEs for prefixes of a range, five with each set of attributes.
fn updates(from: usize, count: usize, asn: u32, hop: Ipv4Addr) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    for start in (from..from + count).step_by(5) {
        let number = u32::try_from(start)?;
        let path = [asn, 1000 + number % 50_000, 200_000 + number].map(Asn::new);
        let low = u16::try_from(number % 60_000)?;
        let attributes = PathAttributes::builder()
            .prepend(&path)
            .next_hop(IpAddr::V4(hop))
            .community(Community::new(65001, low))
            .community(Community::new(65010, 7))
            .build();
        let prefixes: Result<Vec<IpNet>, Failure> =
            (start..(start + 5).min(from + count)).map(prefix).collect();
        ENCODER.announce(&attributes, prefixes?, &mut bytes)?;
    }
    Ok(bytes)
}

async fn table(address: &str, routes: &str, pid: &[&str]) -> Result<(), Failure> {
    let (speaker, routes): (SocketAddr, usize) = (address.parse()?, routes.parse()?);
    let announcements = updates(0, routes, 65001, FEEDER)?;
    let mut withdrawals = Vec::new();
    let prefixes: Result<Vec<IpNet>, Failure> = (0..routes).map(prefix).collect();
    ENCODER.withdraw(prefixes?, &mut withdrawals);
    let mut receiver = Peer::connect(RECEIVER, 65002, speaker).await?;
    let start = Instant::now();
    let mut feeder = Peer::connect(FEEDER, 65001, speaker).await?;
    let sender = tokio::spawn(async move {
        feeder.stream.write_all(&announcements).await?;
        Ok::<Peer, std::io::Error>(feeder)
    });
    let first = receiver.count(routes, true).await?;
    println!(
        "{routes} routes: {:.3} s, first after {:.3} s",
        start.elapsed().as_secs_f64(),
        first.as_secs_f64()
    );
    usage(pid)?;
    let mut feeder = sender.await??;
    let start = Instant::now();
    let withdrawing = tokio::spawn(async move {
        feeder.stream.write_all(&withdrawals).await?;
        Ok::<Peer, std::io::Error>(feeder)
    });
    receiver.count(routes, false).await?;
    println!("withdraw: {:.3} s", start.elapsed().as_secs_f64());
    drop(withdrawing.await??);
    Ok(())
}

fn burst_source(index: usize) -> Result<Ipv4Addr, Failure> {
    Ok(Ipv4Addr::new(
        127,
        1,
        u8::try_from(index / 250)?,
        u8::try_from(index % 250)? + 1,
    ))
}

async fn burst(address: &str, sessions: &str, routes: &str, pid: &[&str]) -> Result<(), Failure> {
    let speaker: SocketAddr = address.parse()?;
    let (sessions, routes): (usize, usize) = (sessions.parse()?, routes.parse()?);
    let mut receiver = Peer::connect(RECEIVER, 65002, speaker).await?;
    let start = Instant::now();
    let mut connecting = JoinSet::new();
    for index in 0..sessions {
        let source = burst_source(index)?;
        connecting.spawn(async move {
            let asn = 100_001 + u32::try_from(index)?;
            Ok::<_, Failure>((index, Peer::connect(source, asn, speaker).await?))
        });
    }
    let mut peers = Vec::new();
    while let Some(peer) = connecting.join_next().await {
        peers.push(peer??);
    }
    println!(
        "{sessions} sessions up: {:.3} s",
        start.elapsed().as_secs_f64()
    );
    let mut sending = JoinSet::new();
    let start = Instant::now();
    for (index, mut peer) in peers {
        let asn = 100_001 + u32::try_from(index)?;
        let bytes = updates(index * routes, routes, asn, burst_source(index)?)?;
        sending.spawn(async move {
            peer.stream.write_all(&bytes).await?;
            Ok::<Peer, std::io::Error>(peer)
        });
    }
    receiver.count(sessions * routes, true).await?;
    println!(
        "{} routes at the receiver: {:.3} s",
        sessions * routes,
        start.elapsed().as_secs_f64()
    );
    usage(pid)?;
    let mut peers = Vec::new();
    while let Some(peer) = sending.join_next().await {
        peers.push(peer??);
    }
    if let Some(lost) = peers.pop() {
        let start = Instant::now();
        drop(lost);
        receiver.count(routes, false).await?;
        println!(
            "one session lost, {routes} withdrawn: {:.3} s",
            start.elapsed().as_secs_f64()
        );
    }
    Ok(())
}

/// Memory and CPU time of a process.
fn usage(pid: &[&str]) -> Result<(), Failure> {
    let [pid] = pid else { return Ok(()) };
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    for line in status
        .lines()
        .filter(|it| it.starts_with("VmHWM") || it.starts_with("VmRSS"))
    {
        println!("{line}");
    }
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = stat.split_whitespace().collect();
    println!(
        "CPU ticks of 10 ms: user {} system {}",
        fields[13], fields[14]
    );
    Ok(())
}

fn config(kind: &str, sessions: &str) -> Result<(), Failure> {
    println!(
        "asn = 64512\nrouter_id = \"10.0.0.1\"\nlisten = [\"127.0.0.1:1790\"]\ncontrol = \"127.0.0.1:1791\""
    );
    let neighbor = |address: Ipv4Addr, asn: u32, export: &str| {
        println!(
            "[[neighbor]]\naddress = \"{address}\"\nasn = {asn}\nport = 0\nsite_link = true\n\
             site_link_limit = 0\nprefix_limit = 2000000\nexport = \"{export}\""
        );
    };
    neighbor(RECEIVER, 65002, "policy");
    if kind == "table" {
        neighbor(FEEDER, 65001, "policy");
        return Ok(());
    }
    for index in 0..sessions.parse()? {
        let export = if kind == "mesh" { "policy" } else { "none" };
        neighbor(
            burst_source(index)?,
            100_001 + u32::try_from(index)?,
            export,
        );
    }
    Ok(())
}
