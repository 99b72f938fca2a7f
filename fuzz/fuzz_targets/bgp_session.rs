//! Any sequence of events: the session never panics, never gets stuck, its timers progress, and its
//! outputs make sense to a driver.
#![no_main]

use std::net::Ipv4Addr;
use std::time::Duration;

use demarc_bgp::session::{
    Admission, Command, Direction, Restart, Session, SessionConfig, Timestamp,
};
use demarc_bgp::sim::Watcher;
use demarc_bgp::wire::{Asn, Family, encode_keepalive};
use libfuzzer_sys::fuzz_target;

fn config(local: u32, peer: u32) -> SessionConfig {
    SessionConfig {
        local_asn: Asn::new(local),
        peer_asn: Asn::new(peer),
        router_id: Ipv4Addr::from(local),
        family: Family::Ipv4,
        passive: false,
        hold_time: SessionConfig::HOLD_TIME,
        restart: Restart::Helper,
    }
}

fn drain(session: &mut Session, watcher: &mut Watcher) {
    while let Some(output) = session.poll_output() {
        watcher.output(&output);
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((&choice, mut script)) = data.split_first() else {
        return;
    };
    let mut config = config(64512, 65001);
    config.passive = choice & 1 == 1;
    config.restart = match choice >> 1 & 3 {
        1 => Restart::Preserving,
        2 => Restart::Restarted,
        _ => Restart::Helper,
    };
    let mut now = Timestamp::default();
    let mut session = Session::new(config, u64::from(choice), now);
    let mut watcher = Watcher::default();
    session.handle_start(now);
    drain(&mut session, &mut watcher);
    while let Some((&[what, argument], rest)) = script.split_first_chunk::<2>() {
        script = rest;
        let direction = if argument & 1 == 0 {
            Direction::Outgoing
        } else {
            Direction::Incoming
        };
        match what % 12 {
            0 if watcher.is_connecting() => {
                watcher.connected(Direction::Outgoing);
                session.handle_connected(Direction::Outgoing, now);
            }
            1 => {
                // What a driver asks before it admits a connection (RFC 4724 §5).
                let good = session.judge_restart(&script[..script.len().min(64)]);
                if session.yields_to_restart(now) && good == Some(false) {
                    continue;
                }
                if session.admit_incoming(now) == Admission::Accept {
                    drain(&mut session, &mut watcher);
                    watcher.connected(Direction::Incoming);
                    session.handle_connected(Direction::Incoming, now);
                }
            }
            2 => {
                let dialing = direction == Direction::Outgoing && watcher.is_connecting();
                if watcher.is_open(direction) || dialing {
                    watcher.lost(direction);
                    session.handle_connection_lost(direction, "lost", now);
                }
            }
            3 => input(&mut session, &watcher, direction, &open(argument), now),
            4 | 5 => {
                let mut bytes = Vec::new();
                encode_keepalive(&mut bytes);
                input(&mut session, &watcher, direction, &bytes, now);
            }
            6 => {
                // A message of the script's own making.
                let length = usize::from(argument >> 3).min(script.len());
                let (body, rest) = script.split_at(length);
                script = rest;
                let mut bytes = vec![0xff; 16];
                bytes.extend([0, u8::try_from(19 + length).unwrap_or(19), 1 + argument % 5]);
                bytes.extend(body);
                input(&mut session, &watcher, direction, &bytes, now);
            }
            7 | 8 => now = now + Duration::from_secs(u64::from(argument)),
            9 => session.handle_command(command(argument), now),
            10 => session.handle_prefix_limit_exceeded(u32::from(argument), now),
            11 => session.handle_prefix_limit_raised(now),
            _ => {}
        }
        drain(&mut session, &mut watcher);
        session.handle_timeout(now);
        drain(&mut session, &mut watcher);
        watcher.at_rest(&session, now);
    }
});

fn input(
    session: &mut Session,
    watcher: &Watcher,
    direction: Direction,
    bytes: &[u8],
    now: Timestamp,
) {
    if watcher.is_open(direction) {
        assert!(session.handle_input(direction, bytes, now) <= bytes.len());
    }
}

/// The OPEN of a neighbor that is mostly right.
fn open(argument: u8) -> Vec<u8> {
    let mut open = config(65001, 64512).open();
    if argument & 2 != 0 {
        open.hold_time = u16::from(argument >> 2);
    }
    if argument & 0x40 != 0 {
        open.router_id = Ipv4Addr::new(255, 0, 0, 1);
    }
    if argument & 0x80 != 0
        && let Some(restart) = open.capabilities.graceful_restart.as_mut()
    {
        restart.families = vec![demarc_bgp::wire::GracefulRestartFamily {
            afi: 1,
            safi: 1,
            forwarding_preserved: argument & 4 != 0,
        }];
    }
    let mut bytes = Vec::new();
    open.encode(&mut bytes);
    bytes
}

fn command(argument: u8) -> Command {
    match argument % 8 {
        0 => Command::Shutdown {
            text: "text".to_owned(),
        },
        1 | 2 => Command::Enable,
        3 => Command::Clear {
            text: String::new(),
        },
        4 => Command::BfdDown,
        5 => Command::RequestRefresh,
        6 => Command::SendHoldTimerExpired,
        _ => Command::Deconfigure,
    }
}
