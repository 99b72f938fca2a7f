//! The session machine as a whole, by hand-made neighbors.

mod collision;
mod restart;

use std::net::Ipv4Addr;
use std::time::Duration;

use super::{
    Admission, Command, Direction, DownReason, IdleReason, Output, Restart, Session, SessionConfig,
    State, Timestamp,
};
use crate::wire::{
    Asn, Capabilities, ErrorCode, Family, GracefulRestart, GracefulRestartFamily, Message,
    Notification, Open, RefreshKind, RouteRefresh, SessionContext, UpdateEncoder, decode,
    encode_keepalive,
};

const OUT: Direction = Direction::Outgoing;
const IN: Direction = Direction::Incoming;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_epoch(Duration::from_secs(seconds))
}

fn config() -> SessionConfig {
    SessionConfig {
        local_asn: Asn::new(64512),
        peer_asn: Asn::new(65001),
        router_id: Ipv4Addr::new(192, 0, 2, 10),
        family: Family::Ipv4,
        passive: false,
        hold_time: SessionConfig::HOLD_TIME,
        restart: Restart::Helper,
    }
}

/// What a well-behaved neighbor says first.
fn peer_open() -> Open {
    Open {
        two_octet_asn: 65001,
        hold_time: 180,
        router_id: Ipv4Addr::new(192, 0, 2, 20),
        capabilities: Capabilities {
            multiprotocol: vec![(1, 1)],
            four_octet_asn: Some(Asn::new(65001)),
            route_refresh: true,
            ..Capabilities::default()
        },
    }
}

fn restarting_open(forwarding_preserved: bool) -> Open {
    let mut open = peer_open();
    open.capabilities.graceful_restart = Some(GracefulRestart {
        restarting: true,
        notification: false,
        restart_time: 60,
        families: vec![GracefulRestartFamily {
            afi: 1,
            safi: 1,
            forwarding_preserved,
        }],
    });
    open
}

fn bytes_of(open: &Open) -> Vec<u8> {
    let mut bytes = Vec::new();
    open.encode(&mut bytes);
    bytes
}

fn keepalive() -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_keepalive(&mut bytes);
    bytes
}

fn drain(session: &mut Session) -> Vec<Output> {
    std::iter::from_fn(|| session.poll_output()).collect()
}

/// What is taken of the messages that were sent.
fn sent<T>(outputs: &[Output], take: impl Fn(Message<'_>) -> Option<T>) -> Vec<T> {
    let context = SessionContext {
        family: Family::Ipv4,
        four_octet_asn: true,
    };
    let sent = outputs.iter().filter_map(|output| match output {
        Output::Send(_, bytes) => Some(bytes),
        _ => None,
    });
    sent.filter_map(|bytes| take(decode(bytes, &context).unwrap()))
        .collect()
}

/// NOTIFICATIONs among what was sent.
fn notifications(outputs: &[Output]) -> Vec<Notification> {
    sent(outputs, |message| match message {
        Message::Notification(notification) => Some(notification),
        _ => None,
    })
}

fn downs(outputs: &[Output]) -> Vec<(bool, DownReason)> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::Down { keep_stale, reason } => Some((*keep_stale, reason.clone())),
            _ => None,
        })
        .collect()
}

fn closed(outputs: &[Output], direction: Direction) -> bool {
    outputs
        .iter()
        .any(|output| matches!(output, Output::Close(it) if *it == direction))
}

fn started() -> Session {
    let mut session = Session::new(config(), 7, at(0));
    session.handle_start(at(0));
    assert!(matches!(session.poll_output(), Some(Output::Connect)));
    session
}

fn established_with(open: &Open) -> Session {
    let mut session = started();
    session.handle_connected(OUT, at(0));
    session.handle_input(OUT, &bytes_of(open), at(0));
    session.handle_input(OUT, &keepalive(), at(0));
    assert_eq!(session.state(), State::Established);
    drain(&mut session);
    session
}

#[test]
fn an_active_session_comes_up_and_keeps_time() {
    let mut session = started();
    session.handle_connected(OUT, at(1));
    assert_eq!(session.state(), State::OpenSent);
    session.handle_input(OUT, &bytes_of(&peer_open()), at(1));
    assert_eq!(session.state(), State::OpenConfirm);
    session.handle_input(OUT, &keepalive(), at(1));
    let outputs = drain(&mut session);
    assert!(
        outputs
            .iter()
            .any(|output| matches!(output, Output::Up(OUT, _)))
    );
    let negotiated = session.status(at(1)).negotiated.unwrap();
    assert_eq!(negotiated.hold_time, 90, "the lower of both");
    assert_eq!(negotiated.keepalive_interval, Duration::from_secs(30));
    // Keepalives go out at 75 to 100 per cent of the interval.
    let due = session.next_deadline().unwrap();
    assert!(
        due >= at(1) + Duration::from_millis(22_500) && due <= at(31),
        "{due:?}"
    );
    session.handle_timeout(due);
    assert!(
        matches!(session.poll_output(), Some(Output::Send(OUT, bytes)) if bytes == keepalive())
    );
    // Nothing heard for 90 s.
    session.handle_timeout(at(91));
    let outputs = drain(&mut session);
    let expired = Notification::new(ErrorCode::HOLD_TIMER_EXPIRED);
    assert!(notifications(&outputs).contains(&expired), "{outputs:?}");
    assert_eq!(downs(&outputs), [(false, DownReason::Sent(expired))]);
    assert!(closed(&outputs, OUT));
    assert_eq!(session.state(), State::Idle);
}

#[test]
fn unacceptable_opens_are_refused_with_their_own_code() {
    let with = |change: fn(&mut Open)| {
        let mut open = peer_open();
        change(&mut open);
        open
    };
    let rows: [(&str, Open, ErrorCode, &[u8]); 8] = [
        (
            "hold 0",
            with(|it| it.hold_time = 0),
            ErrorCode::OPEN_UNACCEPTABLE_HOLD_TIME,
            &[0, 0],
        ),
        (
            "hold 1",
            with(|it| it.hold_time = 1),
            ErrorCode::OPEN_UNACCEPTABLE_HOLD_TIME,
            &[0, 1],
        ),
        (
            "hold 2",
            with(|it| it.hold_time = 2),
            ErrorCode::OPEN_UNACCEPTABLE_HOLD_TIME,
            &[0, 2],
        ),
        (
            "other ASN",
            with(|it| it.capabilities.four_octet_asn = Some(Asn::new(65002))),
            ErrorCode::OPEN_BAD_PEER_AS,
            &[0, 0, 0xfd, 0xea],
        ),
        (
            "ASN zero",
            with(|it| it.capabilities.four_octet_asn = Some(Asn::ZERO)),
            ErrorCode::OPEN_BAD_PEER_AS,
            &[0, 0, 0, 0],
        ),
        (
            "AS_TRANS without the capability",
            with(|it| {
                it.capabilities.four_octet_asn = None;
                it.two_octet_asn = 23456;
            }),
            ErrorCode::OPEN_BAD_PEER_AS,
            &[0x5b, 0xa0],
        ),
        (
            "identifier zero",
            with(|it| it.router_id = Ipv4Addr::UNSPECIFIED),
            ErrorCode::OPEN_BAD_IDENTIFIER,
            &[0, 0, 0, 0],
        ),
        (
            "other family only",
            with(|it| it.capabilities.multiprotocol = vec![(2, 1)]),
            ErrorCode::OPEN_UNSUPPORTED_CAPABILITY,
            &[1, 4, 0, 1, 0, 1],
        ),
    ];
    for (name, open, code, data) in rows {
        let mut session = started();
        session.handle_connected(OUT, at(0));
        session.handle_input(OUT, &bytes_of(&open), at(0));
        let sent = notifications(&drain(&mut session));
        assert_eq!(sent, [Notification::with_data(code, data)], "{name}");
        assert_eq!(session.state(), State::Idle, "{name}");
    }
}

/// RFC 6608 §4.
#[test]
fn a_message_that_does_not_fit_the_state_is_named_to_the_neighbor() {
    let open = bytes_of(&peer_open());
    let mut update = Vec::new();
    UpdateEncoder {
        family: Family::Ipv4,
        four_octet_asn: true,
    }
    .end_of_rib(&mut update);
    let rows = [
        (vec![], keepalive(), ErrorCode::FSM_IN_OPEN_SENT, 4),
        (vec![], update.clone(), ErrorCode::FSM_IN_OPEN_SENT, 2),
        (
            vec![],
            refresh(RefreshKind::Request),
            ErrorCode::FSM_IN_OPEN_SENT,
            5,
        ),
        (
            open.clone(),
            open.clone(),
            ErrorCode::FSM_IN_OPEN_CONFIRM,
            1,
        ),
        (open.clone(), update, ErrorCode::FSM_IN_OPEN_CONFIRM, 2),
        (
            [open.clone(), keepalive()].concat(),
            open,
            ErrorCode::FSM_IN_ESTABLISHED,
            1,
        ),
    ];
    for (before, message, code, message_type) in rows {
        let mut session = started();
        session.handle_connected(OUT, at(0));
        session.handle_input(OUT, &before, at(0));
        session.handle_input(OUT, &message, at(0));
        let told = Notification::with_data(code, [message_type]);
        assert_eq!(notifications(&drain(&mut session)), [told]);
    }
}

#[test]
fn vector_11_hold_three_means_a_keepalive_each_second() {
    let mut open = peer_open();
    open.hold_time = 3;
    let session = established_with(&open);
    let negotiated = session.status(at(0)).negotiated.unwrap();
    assert_eq!(
        (negotiated.hold_time, negotiated.keepalive_interval),
        (3, Duration::from_secs(1))
    );
}

fn refresh(kind: RefreshKind) -> Vec<u8> {
    let mut bytes = Vec::new();
    RouteRefresh::encode(Family::Ipv4, kind, &mut bytes);
    bytes
}

/// RFC 7313 §4: which marks count.
#[test]
fn marks_of_a_refresh_count_after_end_of_rib_and_in_their_order() {
    let marks = |session: &mut Session, kind| -> usize {
        session.handle_input(OUT, &refresh(kind), at(1));
        let outputs = drain(session);
        let mark = |it: &&Output| matches!(it, Output::RefreshBegin | Output::RefreshEnd);
        outputs.iter().filter(mark).count()
    };
    let mut open = restarting_open(true);
    open.capabilities.enhanced_route_refresh = true;
    let mut session = established_with(&open);
    assert_eq!(marks(&mut session, RefreshKind::Begin), 0, "too early");
    assert_eq!(marks(&mut session, RefreshKind::End), 0, "no beginning");
    let mut bytes = Vec::new();
    UpdateEncoder {
        family: Family::Ipv4,
        four_octet_asn: true,
    }
    .end_of_rib(&mut bytes);
    session.handle_input(OUT, &bytes, at(1));
    drain(&mut session);
    assert_eq!(marks(&mut session, RefreshKind::Begin), 1);
    assert_eq!(marks(&mut session, RefreshKind::End), 1);
    assert_eq!(marks(&mut session, RefreshKind::End), 0, "it has ended");
    // A neighbor without graceful restart may never send End-of-RIB.
    open.capabilities.graceful_restart = None;
    let mut session = established_with(&open);
    assert_eq!(marks(&mut session, RefreshKind::Begin), 1);
    open.capabilities.enhanced_route_refresh = false;
    let mut session = established_with(&open);
    assert_eq!(marks(&mut session, RefreshKind::Begin), 0, "not agreed");
}

#[test]
fn too_many_prefixes_end_the_session_and_start_a_doubling_wait() {
    let mut session = established_with(&peer_open());
    session.handle_prefix_limit_exceeded(100, at(10));
    let outputs = drain(&mut session);
    let wanted = Notification::with_data(ErrorCode::CEASE_MAX_PREFIXES, [0, 1, 1, 0, 0, 0, 100]);
    assert_eq!(notifications(&outputs), [wanted]);
    let idle = session.status(at(10)).idle_reason;
    assert_eq!(idle, Some(IdleReason::PrefixLimit { until: at(70) }));
    assert_eq!(session.admit_incoming(at(69)), Admission::Refuse);
    session.handle_timeout(at(70));
    assert!(
        drain(&mut session)
            .iter()
            .any(|output| matches!(output, Output::Connect))
    );
    assert_eq!(session.admit_incoming(at(70)), Admission::Accept);
}

#[test]
fn clear_and_a_raised_limit_end_the_wait_of_the_prefix_limit() {
    for raise in [true, false] {
        let mut session = established_with(&peer_open());
        session.handle_prefix_limit_exceeded(100, at(10));
        drain(&mut session);
        if raise {
            session.handle_prefix_limit_raised(at(11));
        } else {
            session.handle_command(
                Command::Clear {
                    text: String::new(),
                },
                at(11),
            );
        }
        assert_eq!(session.state(), State::Connect, "raise {raise}");
    }
}

#[test]
fn shutdown_tells_its_text_and_refuses_until_enabled() {
    let mut session = established_with(&peer_open());
    session.handle_command(
        Command::Shutdown {
            text: "cable work".to_owned(),
        },
        at(1),
    );
    let sent = notifications(&drain(&mut session));
    assert_eq!(sent[0].code, ErrorCode::CEASE_ADMINISTRATIVE_SHUTDOWN);
    assert_eq!(sent[0].shutdown_text(), Some("cable work"));
    assert_eq!(session.next_deadline(), None, "nothing happens by itself");
    assert_eq!(session.admit_incoming(at(2)), Admission::Refuse);
    session.handle_command(
        Command::Clear {
            text: String::new(),
        },
        at(3),
    );
    assert_eq!(session.state(), State::Idle, "clear does not enable");
    session.handle_command(Command::Enable, at(4));
    assert_eq!(session.state(), State::Connect);
}

#[test]
fn failures_in_a_row_wait_longer_and_longer() {
    let mut session = started();
    let mut now = at(0);
    let mut waits = Vec::new();
    for _ in 0..8 {
        session.handle_connected(OUT, now);
        session.handle_input(OUT, &[0; 19], now);
        assert_eq!(session.state(), State::Idle);
        let due = session.next_deadline().unwrap();
        waits.push(due.since(now));
        now = due;
        session.handle_timeout(now);
        assert_eq!(session.state(), State::Connect);
    }
    for (wait, seconds) in waits.iter().zip([1, 2, 4, 8, 16, 32, 60, 60]) {
        let most = Duration::from_secs(seconds);
        assert!(*wait <= most && *wait >= most * 3 / 4, "{waits:?}");
    }
}

/// One that tries out errors is let in again at once; one that fails for ever waits, but not long.
#[test]
fn a_neighbor_that_keeps_failing_is_kept_out_for_moments_only() {
    let mut session = Session::new(config(), 7, at(0));
    session.handle_start(at(0));
    let mut now = at(0);
    for short in 1..=40_u32 {
        assert_eq!(session.admit_incoming(now), Admission::Accept, "{short}");
        session.handle_connected(IN, now);
        session.handle_input(IN, &bytes_of(&peer_open()), now);
        session.handle_input(IN, &[0; 19], now);
        assert_eq!(session.state(), State::Idle);
        let again = now + Duration::from_millis(100);
        let wanted = match short < 12 {
            true => Admission::Accept,
            false => Admission::Refuse,
        };
        let admission = session.clone().admit_incoming(again);
        assert_eq!(admission, wanted, "after {short}");
        now = match wanted {
            Admission::Accept => again,
            Admission::Refuse => now + Duration::from_secs(2),
        };
        assert_eq!(session.clone().admit_incoming(now), Admission::Accept);
    }
}

#[test]
fn a_refused_connection_is_tried_again_after_a_while() {
    let mut session = started();
    session.handle_connection_lost(OUT, "refused", at(0));
    assert_eq!(session.state(), State::Active);
    let due = session.next_deadline().unwrap();
    assert!(due <= at(1) && due > at(0));
    session.handle_timeout(due);
    assert_eq!(session.state(), State::Connect);
    // An attempt without any answer is given up after ten seconds.
    drain(&mut session);
    session.handle_timeout(due + Duration::from_secs(10));
    assert!(
        session
            .status(due)
            .last_connection_error
            .unwrap()
            .1
            .contains("timed out")
    );
}

#[test]
fn a_passive_session_only_waits() {
    let mut config = config();
    config.passive = true;
    let mut session = Session::new(config, 7, at(0));
    session.handle_start(at(0));
    assert_eq!(session.state(), State::Active);
    assert_eq!(session.next_deadline(), None);
    assert_eq!(session.admit_incoming(at(9)), Admission::Accept);
    session.handle_connected(IN, at(9));
    session.handle_input(IN, &bytes_of(&peer_open()), at(9));
    session.handle_input(IN, &keepalive(), at(9));
    assert_eq!(session.state(), State::Established);
    session.handle_connection_lost(IN, "reset", at(10));
    session.handle_timeout(at(20));
    assert_eq!(session.state(), State::Active);
    let connects = drain(&mut session)
        .iter()
        .any(|output| matches!(output, Output::Connect));
    assert!(!connects);
}

#[test]
fn bytes_may_come_in_any_pieces() {
    let mut session = started();
    session.handle_connected(OUT, at(0));
    let mut stream = bytes_of(&peer_open());
    stream.extend(keepalive());
    let mut buffer = Vec::new();
    for byte in stream {
        buffer.push(byte);
        let done = session.handle_input(OUT, &buffer, at(0));
        buffer.drain(..done);
    }
    assert_eq!(session.state(), State::Established);
}
