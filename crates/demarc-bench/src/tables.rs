//! The routing tables without sockets: one neighbor announces, another is sent what comes of it.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use demarc_bgp::policy::{AmazonScope, DEFAULT_PUBLIC_TAIL, ImportPolicy, InterfaceKind};
use demarc_bgp::rib::{
    DeviceId, Domain, Established, Export, Progress, RegionId, SessionConfig, SessionId, SiteLink,
};
use demarc_bgp::wire::{Asn, Family, Message, SessionContext, decode};

use crate::workload;

const BUFFER: usize = 64 * 1024;

/// Runs the measurement with `routes` routes and returns a report.
///
/// # Errors
/// When the tables refuse a route, which would be a bug in the workload.
pub fn run(routes: u32) -> anyhow::Result<String> {
    let mut domain = Domain::new(1);
    let feeder = add(&mut domain, 2);
    let receiver = add(&mut domain, 3);
    let next_hop = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
    let bytes = workload::announcements(65002, next_hop, 0, routes);
    let context = SessionContext {
        family: Family::Ipv4,
        four_octet_asn: true,
    };
    let mut out = Vec::with_capacity(2 * BUFFER);
    let mut report = String::new();

    let (mut decoding, mut applying, mut sending) = Default::default();
    for chunk in chunks(&bytes) {
        let start = Instant::now();
        let mut updates = Vec::new();
        for message in workload::messages(chunk) {
            if let Ok(Message::Update(update)) = decode(message, &context) {
                updates.push(update);
            }
        }
        lap(start, &mut decoding);
        let start = Instant::now();
        for update in &updates {
            domain.update(feeder, update)?;
        }
        lap(start, &mut applying);
        let start = Instant::now();
        while domain.poll_transmit(receiver, &mut out, BUFFER) == Progress::More {
            out.clear();
        }
        out.clear();
        lap(start, &mut sending);
    }
    line(&mut report, "decode", decoding, routes);
    line(&mut report, "apply", applying, routes);
    line(&mut report, "send", sending, routes);
    line(&mut report, "all", decoding + applying + sending, routes);
    let held = domain.memory_use(Family::Ipv4);
    writeln!(report, "{held:?}")?;
    let total = held.prefixes + held.routes + held.index + held.attributes + held.export;
    writeln!(report, "{} bytes a route", total / routes.max(1) as usize)?;

    let start = Instant::now();
    domain.session_down(feeder);
    while domain.poll_transmit(receiver, &mut out, BUFFER) == Progress::More {
        out.clear();
    }
    line(
        &mut report,
        "session down and withdraw",
        start.elapsed(),
        routes,
    );
    Ok(report)
}

fn add(domain: &mut Domain, number: u8) -> SessionId {
    let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, number));
    let ours = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    let config = SessionConfig {
        neighbor: address,
        import: ImportPolicy {
            kind: InterfaceKind::Private,
            local_asn: Asn::new(64512),
            neighbor_asn: Asn::new(65000 + u32::from(number)),
            local_address: Some(ours),
            peering_subnet: None,
            approved: Vec::new(),
        },
        export: Export::Policy,
        site_link: Some(SiteLink { limit: None }),
        region: RegionId::default(),
        device: DeviceId::default(),
        prefix_limit: u32::MAX,
        public_path: DEFAULT_PUBLIC_TAIL,
        nearest: AmazonScope::Region,
    };
    let id = domain.add_session(Family::Ipv4, config);
    let router_id = Ipv4Addr::new(192, 0, 2, number);
    let established = Established {
        router_id,
        four_octet_asn: true,
        next_hop: ours,
        end_of_rib: true,
    };
    domain.session_up(id, established);
    id
}

/// What one read of a socket would give: whole messages, about [`BUFFER`] bytes.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let mut length = 0;
        for message in workload::messages(rest) {
            length += message.len();
            if length >= BUFFER {
                break;
            }
        }
        let (chunk, next) = rest.split_at(length);
        rest = next;
        (!chunk.is_empty()).then_some(chunk)
    })
}

fn lap(start: Instant, sum: &mut Duration) {
    *sum += start.elapsed();
}

fn line(report: &mut String, what: &str, time: Duration, routes: u32) {
    let each = time.as_nanos() / u128::from(routes.max(1));
    let _ = writeln!(
        report,
        "{what}: {:.3} s, {each} ns a route",
        time.as_secs_f64()
    );
}
