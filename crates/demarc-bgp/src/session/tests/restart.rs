//! Graceful restart (RFC 4724), ours and the neighbor's.

use super::*;

#[test]
fn a_lost_connection_keeps_stale_routes_for_a_restarting_neighbor() {
    let mut session = established_with(&restarting_open(true));
    session.handle_connection_lost(OUT, "reset", at(10));
    let lost = downs(&drain(&mut session));
    assert!(
        matches!(lost.as_slice(), [(true, DownReason::Lost(_))]),
        "{lost:?}"
    );
    assert_eq!(
        session.status(at(10)).stale_until,
        Some(at(70)),
        "the neighbor's 60 s"
    );
    assert_eq!(session.admit_incoming(at(20)), Admission::Accept);
    session.handle_connected(IN, at(20));
    session.handle_input(IN, &bytes_of(&restarting_open(true)), at(20));
    session.handle_input(IN, &keepalive(), at(20));
    let outputs = drain(&mut session);
    assert!(
        !outputs
            .iter()
            .any(|output| matches!(output, Output::FlushStale))
    );
    let mut end_of_rib = Vec::new();
    UpdateEncoder {
        family: Family::Ipv4,
        four_octet_asn: true,
    }
    .end_of_rib(&mut end_of_rib);
    session.handle_input(IN, &end_of_rib, at(21));
    assert!(
        drain(&mut session)
            .iter()
            .any(|output| matches!(output, Output::EndOfRib))
    );
    assert_eq!(session.status(at(21)).stale_until, None);
}

#[test]
fn stale_routes_go_when_the_neighbor_lost_its_state_or_stays_away() {
    let mut session = established_with(&restarting_open(true));
    session.handle_connection_lost(OUT, "reset", at(10));
    assert_eq!(session.admit_incoming(at(20)), Admission::Accept);
    session.handle_connected(IN, at(20));
    session.handle_input(IN, &bytes_of(&restarting_open(false)), at(20));
    session.handle_input(IN, &keepalive(), at(20));
    assert!(
        drain(&mut session)
            .iter()
            .any(|output| matches!(output, Output::FlushStale))
    );

    let mut session = established_with(&restarting_open(true));
    session.handle_connection_lost(OUT, "reset", at(10));
    drain(&mut session);
    session.handle_timeout(at(70));
    assert!(
        drain(&mut session)
            .iter()
            .any(|output| matches!(output, Output::FlushStale))
    );
}

#[test]
fn bfd_down_flushes_at_once_even_with_graceful_restart() {
    let mut session = established_with(&restarting_open(true));
    session.handle_command(Command::BfdDown, at(10));
    let outputs = drain(&mut session);
    assert_eq!(
        notifications(&outputs),
        [Notification::new(ErrorCode::CEASE_BFD_DOWN)]
    );
    assert!(matches!(
        downs(&outputs).as_slice(),
        [(false, DownReason::Sent(_))]
    ));
    assert_eq!(session.status(at(10)).stale_until, None);
}

#[test]
fn a_restarted_neighbor_takes_over_its_old_session() {
    let mut session = established_with(&restarting_open(true));
    assert_eq!(session.admit_incoming(at(10)), Admission::Accept);
    let outputs = drain(&mut session);
    assert!(matches!(downs(&outputs).as_slice(), [(true, _)]));
    assert!(closed(&outputs, OUT));
    session.handle_connected(IN, at(10));
    assert_eq!(session.state(), State::OpenSent);
}

#[test]
fn only_a_good_open_tells_that_a_neighbor_has_restarted() {
    let session = established_with(&restarting_open(true));
    assert!(!session.yields_to_restart(at(2)), "a late collision");
    assert!(session.yields_to_restart(at(3)));
    assert!(!established_with(&peer_open()).yields_to_restart(at(3)));
    assert!(!started().yields_to_restart(at(3)), "nothing is up");

    let open = bytes_of(&peer_open());
    for length in 0..open.len() {
        assert_eq!(session.judge_restart(&open[..length]), None, "{length}");
    }
    assert_eq!(session.judge_restart(&open), Some(true));
    let mut other = peer_open();
    other.capabilities.four_octet_asn = Some(Asn::new(65002));
    let mut broken = open.clone();
    broken[19] = 3;
    let more = [open.as_slice(), &keepalive()].concat();
    for (name, bytes, wanted) in [
        ("another ASN", bytes_of(&other), false),
        ("version 3", broken, false),
        ("a KEEPALIVE", keepalive(), false),
        ("no BGP", b"GET / HTTP/1.1".to_vec(), false),
        ("an OPEN and more", more, true),
    ] {
        assert_eq!(session.judge_restart(&bytes), Some(wanted), "{name}");
    }
}

/// The graceful restart capabilities of the OPENs that were sent: restarting, and families whose
/// forwarding was preserved.
fn said_of_restarts(outputs: &[Output]) -> Vec<(bool, usize)> {
    sent(outputs, |message| match message {
        Message::Open(open) => {
            let restart = open.capabilities.graceful_restart?;
            let kept = restart.families.iter().filter(|it| it.forwarding_preserved);
            Some((restart.restarting, kept.count()))
        }
        _ => None,
    })
}

#[test]
fn a_restart_is_told_until_the_session_has_come_up_once() {
    for (restart, first, later) in [
        (Restart::Helper, (false, 0), (false, 0)),
        (Restart::Preserving, (false, 1), (false, 1)),
        (Restart::Restarted, (true, 1), (false, 1)),
    ] {
        let mut session = Session::new(
            SessionConfig {
                restart,
                ..config()
            },
            7,
            at(0),
        );
        session.handle_start(at(0));
        session.handle_connected(OUT, at(0));
        assert_eq!(said_of_restarts(&drain(&mut session)), [first]);
        session.handle_connection_lost(OUT, "reset", at(1));
        let again = session.next_deadline().unwrap();
        session.handle_timeout(again);
        session.handle_connected(OUT, again);
        assert_eq!(
            said_of_restarts(&drain(&mut session)),
            [first],
            "not yet up"
        );
        session.handle_input(OUT, &bytes_of(&peer_open()), again);
        session.handle_input(OUT, &keepalive(), again);
        assert_eq!(session.state(), State::Established);
        session.handle_connection_lost(OUT, "reset", again);
        drain(&mut session);
        let again = session.next_deadline().unwrap();
        session.handle_timeout(again);
        session.handle_connected(OUT, again);
        assert_eq!(said_of_restarts(&drain(&mut session)), [later]);
    }
}

#[test]
fn the_end_of_the_first_routes_is_remembered_while_the_session_is_up() {
    let mut session = established_with(&restarting_open(true));
    assert!(!session.status(at(1)).end_of_rib);
    let mut bytes = Vec::new();
    UpdateEncoder {
        family: Family::Ipv4,
        four_octet_asn: true,
    }
    .end_of_rib(&mut bytes);
    session.handle_input(OUT, &bytes, at(1));
    assert!(session.status(at(1)).end_of_rib);
    session.handle_connection_lost(OUT, "reset", at(2));
    assert!(!session.status(at(2)).end_of_rib);
}
