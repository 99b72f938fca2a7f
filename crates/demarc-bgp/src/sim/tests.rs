//! Two speakers through bad weather: afterwards each knows what the other announces.

use std::collections::BTreeMap;
use std::time::Duration;

use ipnet::{IpNet, Ipv4Net};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{Faults, Simulation, Watcher};
use crate::policy::{AmazonScope, Announcer, DEFAULT_PUBLIC_TAIL, InterfaceKind};
use crate::rib::Verdict;
use crate::session::{
    Admission, Command, Direction, Restart, Session, SessionConfig, State, Timestamp,
};
use crate::wire::{Asn, Family, PathAttributes};

fn prefixes(simulation: &mut Simulation, speaker: usize) -> Vec<IpNet> {
    let first = 10 + u32::try_from(speaker).unwrap();
    let mut chosen = BTreeMap::new();
    for _ in 0..simulation.random(60) {
        let number = u32::try_from(simulation.random(100)).unwrap();
        let address = std::net::Ipv4Addr::from((first << 24) | (number << 8));
        chosen.insert(number, IpNet::V4(Ipv4Net::new(address, 24).unwrap()));
    }
    chosen.into_values().collect()
}

/// What policy says about the other side's announcements, evaluated directly.
fn wanted(simulation: &Simulation, speaker: usize) -> BTreeMap<IpNet, PathAttributes> {
    let other = &simulation.speakers[1 - speaker];
    let announcer = Announcer {
        kind: InterfaceKind::Private,
        local_asn: other.session.config().local_asn,
        next_hop: simulation.speakers[speaker]
            .domain
            .config(simulation.speakers[speaker].id)
            .neighbor,
        public_path: DEFAULT_PUBLIC_TAIL,
        nearest: AmazonScope::Region,
    };
    let plain = PathAttributes::builder().build();
    other
        .originated
        .iter()
        .map(|prefix| (*prefix, announcer.originated(&plain)))
        .collect()
}

fn weather(seed: u64) {
    let faults = Faults {
        delay: 400,
        loss: 100,
        breaks: 20,
    };
    let mut simulation = Simulation::new(seed, faults);
    simulation.start();
    for _ in 0..30 {
        match simulation.random(6) {
            0 => simulation.break_connections(),
            1 => {
                let span = Duration::from_secs(simulation.random(200));
                simulation.part(span);
            }
            _ => {
                let speaker = usize::try_from(simulation.random(2)).unwrap();
                let prefixes = prefixes(&mut simulation, speaker);
                simulation.originate(speaker, prefixes);
            }
        }
        let span = Duration::from_millis(simulation.random(20_000));
        simulation.run(span);
    }
    simulation.heal();
    // Damping, hold timers and stale routes take their time.
    simulation.run(Duration::from_secs(900));
    for speaker in 0..2 {
        let end = &simulation.speakers[speaker];
        assert_eq!(end.session.state(), State::Established, "speaker {speaker}");
        let routes = end.routes_in();
        assert!(
            routes
                .iter()
                .all(|it| !it.stale && it.verdict == Verdict::Accepted
                    || it.verdict == Verdict::AcceptedForSiteLink)
        );
        let known: BTreeMap<IpNet, PathAttributes> = routes
            .into_iter()
            .map(|route| (route.prefix, route.attributes))
            .collect();
        assert_eq!(known, wanted(&simulation, speaker), "speaker {speaker}");
    }
}

/// Prints the seed when it is dropped by a panic.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("failing seed: {}", self.0);
        }
    }
}

#[test]
fn after_quiet_each_side_knows_what_the_other_announces() {
    for seed in 0..80 {
        let seed = Seed(seed);
        weather(seed.0);
    }
}

#[test]
fn on_a_quiet_network_a_session_comes_up_once() {
    for seed in 0..600 {
        let seed = Seed(seed);
        let faults = Faults {
            delay: 50 + seed.0 % 3 * 150,
            loss: 0,
            breaks: 0,
        };
        let mut simulation = Simulation::new(seed.0, faults);
        simulation.start();
        simulation.run(Duration::from_secs(60));
        for speaker in &simulation.speakers {
            let status = speaker.session.status(simulation.timestamp());
            assert_eq!(
                (status.state, status.counters.flaps),
                (State::Established, 0)
            );
        }
    }
}

/// One thing that can happen to a session.
#[derive(Clone, Debug)]
enum Step {
    Connected,
    Incoming,
    Lost(bool),
    Bytes(bool, Vec<u8>),
    Pass(u64),
    Command(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let whole = prop_oneof![
        Just(open_bytes()),
        Just(keepalive()),
        Just([open_bytes(), keepalive()].concat()),
        vec(any::<u8>(), 0..40),
        (1..6_u8, vec(any::<u8>(), 0..40)).prop_map(|(code, body)| framed(code, &body)),
    ];
    let step = prop_oneof![
        Just(Step::Connected),
        Just(Step::Incoming),
        any::<bool>().prop_map(Step::Lost),
        (any::<bool>(), whole).prop_map(|(which, bytes)| Step::Bytes(which, bytes)),
        (0..200_u64).prop_map(Step::Pass),
        (0..8_u8).prop_map(Step::Command),
    ];
    vec(step, 1..60)
}

fn framed(code: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xff; 16];
    bytes.extend(u16::try_from(19 + body.len()).unwrap().to_be_bytes());
    bytes.push(code);
    bytes.extend(body);
    bytes
}

fn config() -> SessionConfig {
    SessionConfig {
        local_asn: Asn::new(64512),
        peer_asn: Asn::new(65001),
        router_id: std::net::Ipv4Addr::new(10, 0, 0, 1),
        family: Family::Ipv4,
        passive: false,
        hold_time: 90,
        restart: Restart::Helper,
    }
}

fn open_bytes() -> Vec<u8> {
    let peer = SessionConfig {
        local_asn: Asn::new(65001),
        router_id: std::net::Ipv4Addr::new(10, 0, 0, 2),
        ..config()
    };
    let mut bytes = Vec::new();
    peer.open().encode(&mut bytes);
    bytes
}

fn keepalive() -> Vec<u8> {
    framed(4, &[])
}

fn drain(session: &mut Session, watcher: &mut Watcher) {
    while let Some(output) = session.poll_output() {
        watcher.output(&output);
    }
}

fn direction(outgoing: bool) -> Direction {
    if outgoing {
        Direction::Outgoing
    } else {
        Direction::Incoming
    }
}

proptest! {
    #[test]
    fn no_sequence_of_events_breaks_a_rule(steps in steps(), seed in any::<u64>()) {
        let mut now = Timestamp::default();
        let mut session = Session::new(config(), seed, now);
        let mut watcher = Watcher::default();
        session.handle_start(now);
        drain(&mut session, &mut watcher);
        for step in steps {
            match step {
                Step::Connected if watcher.is_connecting() => {
                    watcher.connected(Direction::Outgoing);
                    session.handle_connected(Direction::Outgoing, now);
                }
                Step::Incoming => {
                    if session.admit_incoming(now) == Admission::Accept {
                        drain(&mut session, &mut watcher);
                        watcher.connected(Direction::Incoming);
                        session.handle_connected(Direction::Incoming, now);
                    }
                }
                Step::Lost(outgoing) => {
                    let direction = direction(outgoing);
                    if watcher.is_open(direction) || (outgoing && watcher.is_connecting()) {
                        watcher.lost(direction);
                        session.handle_connection_lost(direction, "lost", now);
                    }
                }
                Step::Bytes(outgoing, bytes) => {
                    if watcher.is_open(direction(outgoing)) {
                        let done = session.handle_input(direction(outgoing), &bytes, now);
                        prop_assert!(done <= bytes.len());
                    }
                }
                Step::Pass(seconds) => {
                    now = now + Duration::from_secs(seconds);
                }
                Step::Command(0) => {
                    session.handle_command(Command::Shutdown { text: "x".into() }, now);
                }
                Step::Command(1 | 2) => session.handle_command(Command::Enable, now),
                Step::Command(3) => {
                    session.handle_command(Command::Clear { text: String::new() }, now);
                }
                Step::Command(4) => session.handle_command(Command::BfdDown, now),
                Step::Command(5) => session.handle_prefix_limit_exceeded(10, now),
                Step::Command(6) => session.handle_prefix_limit_raised(now),
                Step::Command(_) => session.handle_command(Command::RequestRefresh, now),
                Step::Connected => {}
            }
            drain(&mut session, &mut watcher);
            session.handle_timeout(now);
            drain(&mut session, &mut watcher);
            watcher.at_rest(&session, now);
        }
    }
}
