//! Echo requests (RFC 792), so that a lab needs no other program to see packets go through.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};

const ECHO_REPLY: u8 = 0;
const UNREACHABLE: u8 = 3;
const ECHO: u8 = 8;
const TIME_EXCEEDED: u8 = 11;
/// How long the last reply may take.
const PATIENCE: Duration = Duration::from_millis(700);
/// More hops than a lab has.
const HOPS: u8 = 6;

/// A message about one of our requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Heard {
    kind: u8,
    from: Ipv4Addr,
    sequence: u16,
}

/// Sends `count` requests, one every `interval`, and gives how many were answered.
pub(crate) fn ping(
    source: Ipv4Addr,
    target: Ipv4Addr,
    count: u16,
    interval: Duration,
) -> io::Result<u16> {
    let socket = open(source)?;
    let identifier = identifier();
    let mut answered = BTreeSet::new();
    let start = Instant::now();
    for sequence in 0..count {
        // Without a route there is no reply either.
        _ = socket.send_to(&request(identifier, sequence), &address(target));
        let last = sequence + 1 == count;
        let wait = if last { PATIENCE } else { Duration::ZERO };
        let until = start + interval * (u32::from(sequence) + 1) + wait;
        while answered.len() < usize::from(count) {
            let Some(heard) = hear(&socket, identifier, until)? else {
                break;
            };
            if heard.kind == ECHO_REPLY && heard.from == target {
                answered.insert(heard.sequence);
            }
            if last && answered.len() == usize::from(count) {
                break;
            }
        }
    }
    Ok(u16::try_from(answered.len()).unwrap_or(count))
}

/// Who answers at each hop, until the target does.
pub(crate) fn trace(source: Ipv4Addr, target: Ipv4Addr) -> io::Result<Vec<Option<Ipv4Addr>>> {
    let socket = open(source)?;
    let identifier = identifier();
    let mut hops = Vec::new();
    for ttl in 1..=HOPS {
        socket.set_ttl_v4(u32::from(ttl))?;
        let sequence = u16::from(ttl);
        _ = socket.send_to(&request(identifier, sequence), &address(target));
        let until = Instant::now() + PATIENCE;
        let heard = loop {
            match hear(&socket, identifier, until)? {
                Some(heard) if heard.sequence != sequence => {}
                other => break other,
            }
        };
        hops.push(heard.map(|heard| heard.from));
        if heard.is_some_and(|heard| heard.kind != TIME_EXCEEDED) {
            break;
        }
    }
    Ok(hops)
}

fn open(source: Ipv4Addr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4))?;
    socket.bind(&address(source))?;
    Ok(socket)
}

fn address(address: Ipv4Addr) -> socket2::SockAddr {
    SocketAddr::new(IpAddr::V4(address), 0).into()
}

/// Tells our replies from those of others in the same namespace.
fn identifier() -> u16 {
    let mut bytes = [0; 2];
    // Without random numbers two pings at a time might count each other's replies.
    _ = getrandom::fill(&mut bytes);
    u16::from_ne_bytes(bytes)
}

fn request(identifier: u16, sequence: u16) -> [u8; 40] {
    let mut bytes = [0; 40];
    bytes[0] = ECHO;
    bytes[4..6].copy_from_slice(&identifier.to_be_bytes());
    bytes[6..8].copy_from_slice(&sequence.to_be_bytes());
    let sum = checksum(&bytes);
    bytes[2..4].copy_from_slice(&sum.to_be_bytes());
    bytes
}

/// RFC 1071.
fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| match pair {
        [high, low] => u32::from(u16::from_be_bytes([*high, *low])),
        [high] => u32::from(*high) << 8,
        _ => 0,
    });
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    let [.., high, low] = sum.to_be_bytes();
    !u16::from_be_bytes([high, low])
}

/// The next message about a request of ours; none before `until`.
fn hear(socket: &Socket, identifier: u16, until: Instant) -> io::Result<Option<Heard>> {
    let mut buffer = [0; 2_048];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        socket.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        let mut reader = socket;
        match reader.read(&mut buffer) {
            Ok(length) => {
                if let Some(heard) = parse(&buffer[..length], identifier) {
                    return Ok(Some(heard));
                }
            }
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                ) =>
            {
                return Ok(None);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn parse(packet: &[u8], identifier: u16) -> Option<Heard> {
    let from: [u8; 4] = packet.get(12..16)?.try_into().ok()?;
    let message = behind_header(packet)?;
    let kind = *message.first()?;
    let echo = match kind {
        ECHO_REPLY => message,
        // The packet that it is about follows.
        TIME_EXCEEDED | UNREACHABLE => behind_header(message.get(8..)?)?,
        _ => return None,
    };
    let number = |at: usize| Some(u16::from_be_bytes([*echo.get(at)?, *echo.get(at + 1)?]));
    (number(4)? == identifier).then_some(Heard {
        kind,
        from: from.into(),
        sequence: number(6)?,
    })
}

fn behind_header(packet: &[u8]) -> Option<&[u8]> {
    let length = usize::from(packet.first()? & 0xf) * 4;
    packet.get(length.max(20)..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(from: [u8; 4], message: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, 1, 0, 0];
        bytes.extend(from);
        bytes.extend([192, 168, 1, 1]);
        bytes.extend(message);
        bytes
    }

    #[test]
    fn a_request_sums_up_to_nothing() {
        assert_eq!(checksum(&request(0x1234, 7)), 0);
    }

    #[test]
    fn replies_and_reports_about_our_requests_are_heard() {
        let mut reply = request(9, 3);
        reply[0] = ECHO_REPLY;
        let heard = parse(&packet([10, 0, 0, 1], &reply), 9).unwrap();
        assert_eq!(
            (heard.from, heard.sequence),
            (Ipv4Addr::new(10, 0, 0, 1), 3)
        );
        assert_eq!(parse(&packet([10, 0, 0, 1], &reply), 8), None);

        let mut report = vec![TIME_EXCEEDED, 0, 0, 0, 0, 0, 0, 0];
        report.extend(packet([192, 168, 1, 1], &request(9, 4)));
        let heard = parse(&packet([169, 254, 0, 1], &report), 9).unwrap();
        assert_eq!((heard.kind, heard.sequence), (TIME_EXCEEDED, 4));
    }

    #[test]
    fn cut_packets_are_no_answers() {
        let mut reply = request(9, 3);
        reply[0] = ECHO_REPLY;
        let whole = packet([10, 0, 0, 1], &reply);
        for length in 0..28 {
            assert_eq!(parse(&whole[..length], 9), None, "{length}");
        }
    }
}
