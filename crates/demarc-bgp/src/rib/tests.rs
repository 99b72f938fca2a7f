use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::*;
use crate::policy::{AmazonScope, DEFAULT_PUBLIC_TAIL, ImportPolicy, InterfaceKind, Rejection};
use crate::wire::{
    Asn, Community, Family, Message, PathAttributes, SegmentKind, SessionContext, decode,
};

mod decisions;
mod model;
mod sending;
mod vectors;

const GATEWAY: u32 = 65030;

fn net(text: &str) -> IpNet {
    text.parse().unwrap()
}

/// The neighbor numbered `n`: address 192.0.2.n, AS 65000 + n.
fn address(n: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, n))
}

fn config(n: u8, kind: InterfaceKind) -> SessionConfig {
    SessionConfig {
        neighbor: address(n),
        import: ImportPolicy {
            kind,
            local_asn: Asn::new(if kind == InterfaceKind::Public {
                7224
            } else {
                GATEWAY
            }),
            neighbor_asn: Asn::new(65000 + u32::from(n)),
            local_address: Some(address(254)),
            peering_subnet: None,
            approved: Vec::new(),
        },
        export: Export::Policy,
        site_link: None,
        region: RegionId(0),
        device: DeviceId(0),
        prefix_limit: 1000,
        public_path: DEFAULT_PUBLIC_TAIL,
        nearest: AmazonScope::Region,
    }
}

fn linked(n: u8) -> SessionConfig {
    SessionConfig {
        site_link: Some(SiteLink { limit: None }),
        ..config(n, InterfaceKind::Private)
    }
}

fn established(n: u8) -> Established {
    Established {
        router_id: Ipv4Addr::new(192, 0, 2, n),
        four_octet_asn: true,
        next_hop: address(254),
        end_of_rib: true,
    }
}

/// Attributes as neighbor `n` sends them: its ASN, then `tail`.
fn attributes(n: u8, tail: &[u32], communities: &[Community]) -> PathAttributes {
    let own = 65000 + u32::from(n);
    let path: Vec<Asn> = std::iter::once(own)
        .chain(tail.iter().copied())
        .map(Asn::new)
        .collect();
    let mut builder = PathAttributes::builder()
        .segment(SegmentKind::Sequence, &path)
        .next_hop(address(n));
    builder.communities.extend(communities);
    builder.build()
}

/// A neighbor as the far end sees it: what it has after reading everything sent to it.
#[derive(Debug, Default)]
struct FarEnd {
    routes: BTreeMap<IpNet, PathAttributes>,
    end_of_rib: u32,
    messages: usize,
    /// Withdrawals of prefixes that it did not have.
    idle_withdrawals: usize,
}

impl FarEnd {
    fn read(&mut self, mut bytes: &[u8]) {
        let context = SessionContext {
            family: Family::Ipv4,
            four_octet_asn: true,
        };
        while !bytes.is_empty() {
            let length = usize::from(u16::from_be_bytes([bytes[16], bytes[17]]));
            let (message, rest) = bytes.split_at(length);
            bytes = rest;
            self.messages += 1;
            let update = match decode(message, &context).unwrap() {
                Message::Update(update) => update,
                Message::RouteRefresh(_) => continue,
                other => panic!("sent {other:?}"),
            };
            assert!(update.faults().is_empty(), "{:?}", update.faults());
            self.end_of_rib += u32::from(update.is_end_of_rib());
            for prefix in update.withdrawn() {
                self.idle_withdrawals += usize::from(self.routes.remove(&prefix).is_none());
            }
            for (attributes, prefixes) in update.announced() {
                for prefix in prefixes {
                    self.routes.insert(prefix, attributes.clone());
                }
            }
        }
    }

    fn paths(&self) -> BTreeMap<String, String> {
        let shown = |(prefix, attributes): (&IpNet, &PathAttributes)| {
            (prefix.to_string(), attributes.as_path().to_string())
        };
        self.routes.iter().map(shown).collect()
    }
}

/// Tables with sessions and their far ends.
struct Bench {
    rib: Rib<Ipv4Key>,
    far: BTreeMap<SessionIndex, FarEnd>,
}

impl Bench {
    fn new() -> Self {
        Self {
            rib: Rib::new(11),
            far: BTreeMap::new(),
        }
    }

    fn up(&mut self, n: u8, config: SessionConfig) -> SessionIndex {
        let index = self.rib.add_session(config);
        self.rib.session_up(index, established(n));
        self.far.insert(index, FarEnd::default());
        index
    }

    fn send(&mut self, from: SessionIndex, attributes: &PathAttributes, prefixes: &[&str]) {
        let prefixes = prefixes.iter().map(|prefix| net(prefix));
        self.rib.announce(from, attributes, prefixes).unwrap();
    }

    fn withdraw(&mut self, from: SessionIndex, prefixes: &[&str]) {
        self.rib
            .withdraw(from, prefixes.iter().map(|prefix| net(prefix)));
    }

    /// Sends everything to everyone.
    fn settle(&mut self) {
        let all: Vec<_> = self.far.keys().copied().collect();
        for index in all {
            self.drain(index);
        }
    }

    fn drain(&mut self, index: SessionIndex) {
        let mut out = Vec::new();
        while self.rib.poll_transmit(index, &mut out, usize::MAX) == Progress::More {}
        self.far.get_mut(&index).unwrap().read(&out);
    }

    fn paths(&self, index: SessionIndex) -> BTreeMap<String, String> {
        self.far[&index].paths()
    }
}

fn table(rows: &[(&str, &str)]) -> BTreeMap<String, String> {
    rows.iter()
        .map(|(prefix, path)| ((*prefix).to_owned(), (*path).to_owned()))
        .collect()
}
