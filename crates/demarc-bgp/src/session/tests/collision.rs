//! Two connections with one neighbor (RFC 4271 §6.8).

use super::*;

/// Both sides have called at the same moment; ours has this identifier, the neighbor's is 20.
fn both_connected(local: u8) -> Session {
    let mut config = config();
    config.router_id = Ipv4Addr::new(192, 0, 2, local);
    let mut session = Session::new(config, 7, at(0));
    session.handle_start(at(0));
    session.handle_connected(OUT, at(0));
    assert_eq!(session.admit_incoming(at(0)), Admission::Accept);
    session.handle_connected(IN, at(0));
    session
}

#[test]
fn simultaneous_opening_keeps_the_connection_of_the_higher_identifier() {
    for (local, keeps) in [(10, IN), (30, OUT)] {
        let mut session = both_connected(local);
        session.handle_input(OUT, &bytes_of(&peer_open()), at(0));
        session.handle_input(IN, &bytes_of(&peer_open()), at(0));
        let outputs = drain(&mut session);
        let collision = Notification::new(ErrorCode::CEASE_COLLISION);
        assert_eq!(
            notifications(&outputs),
            [collision],
            "local identifier {local}"
        );
        assert!(closed(&outputs, keeps.other()) && !closed(&outputs, keeps));
        session.handle_input(keeps, &keepalive(), at(0));
        let up = drain(&mut session);
        assert!(
            up.iter()
                .any(|output| matches!(output, Output::Up(it, _) if *it == keeps))
        );
    }
}

/// The neighbor has called, and never says anything there: that is waited for, but not for long.
#[test]
fn the_losing_connection_goes_with_the_first_open_on_the_other() {
    for (local, keeps) in [(10, IN), (30, OUT)] {
        let mut session = both_connected(local);
        session.handle_input(keeps, &bytes_of(&peer_open()), at(0));
        let outputs = drain(&mut session);
        assert!(closed(&outputs, keeps.other()) && !closed(&outputs, keeps));
        session.handle_input(keeps, &keepalive(), at(0));
        assert_eq!(session.established_on(), Some(keeps), "{local}");

        let mut session = both_connected(local);
        drain(&mut session);
        let loser = keeps.other();
        session.handle_input(loser, &bytes_of(&peer_open()), at(0));
        session.handle_input(loser, &keepalive(), at(0));
        let outputs = drain(&mut session);
        assert!(outputs.is_empty(), "{local}: {outputs:?}");
        assert_eq!(session.next_deadline(), Some(at(1)));
        session.handle_timeout(at(1));
        assert_eq!(session.established_on(), Some(loser), "{local}");
        assert!(!closed(&drain(&mut session), loser));
    }
}

/// The OPEN on the connection that wins is late by a retransmission: neither end may come up on
/// the other connection, which the neighbor is about to close.
#[test]
fn an_open_that_is_late_on_the_winning_connection_still_wins() {
    for (local, keeps) in [(10, IN), (30, OUT)] {
        let mut session = both_connected(local);
        let loser = keeps.other();
        session.handle_input(loser, &bytes_of(&peer_open()), at(0));
        session.handle_input(loser, &keepalive(), at(0));
        assert_eq!(session.established_on(), None, "{local}");
        session.handle_input(keeps, &bytes_of(&peer_open()), at(0));
        session.handle_input(keeps, &keepalive(), at(0));
        let outputs = drain(&mut session);
        assert!(closed(&outputs, loser) && !closed(&outputs, keeps));
        assert_eq!(session.established_on(), Some(keeps), "{local}");
        assert_eq!(session.status(at(0)).counters.flaps, 0);
    }
}

#[test]
fn the_losing_connection_goes_on_when_the_winning_one_breaks() {
    for (local, keeps) in [(10, IN), (30, OUT)] {
        let mut session = both_connected(local);
        let loser = keeps.other();
        session.handle_input(loser, &bytes_of(&peer_open()), at(0));
        session.handle_connection_lost(keeps, "reset", at(0));
        assert_eq!(session.state(), State::OpenConfirm, "{local}");
        session.handle_input(loser, &keepalive(), at(0));
        assert_eq!(session.established_on(), Some(loser), "{local}");
    }
}

#[test]
fn an_incoming_connection_with_an_open_ends_our_own_attempt() {
    let mut session = started();
    assert_eq!(session.admit_incoming(at(0)), Admission::Accept);
    session.handle_connected(IN, at(0));
    session.handle_input(IN, &bytes_of(&peer_open()), at(0));
    assert!(closed(&drain(&mut session), OUT));
    session.handle_input(IN, &keepalive(), at(0));
    assert_eq!(session.state(), State::Established);
    // The connection breaks: we try by ourselves again.
    session.handle_connection_lost(IN, "reset", at(5));
    let due = session.next_deadline().unwrap();
    session.handle_timeout(due);
    assert!(
        drain(&mut session)
            .iter()
            .any(|output| matches!(output, Output::Connect))
    );
}

#[test]
fn a_second_connection_of_the_neighbor_does_not_disturb_an_established_session() {
    let mut session = established_with(&peer_open());
    assert_eq!(session.admit_incoming(at(1)), Admission::Accept);
    session.handle_connected(IN, at(1));
    session.handle_input(IN, &bytes_of(&peer_open()), at(1));
    let outputs = drain(&mut session);
    assert_eq!(
        notifications(&outputs),
        [Notification::new(ErrorCode::CEASE_COLLISION)]
    );
    assert!(closed(&outputs, IN) && downs(&outputs).is_empty());
    assert_eq!(session.state(), State::Established);
}

#[test]
fn a_connection_right_after_the_session_came_up_is_a_late_collision() {
    let mut session = established_with(&restarting_open(true));
    assert_eq!(session.admit_incoming(at(2)), Admission::Accept);
    session.handle_connected(IN, at(2));
    session.handle_input(IN, &bytes_of(&restarting_open(true)), at(2));
    let outputs = drain(&mut session);
    assert!(downs(&outputs).is_empty());
    assert!(closed(&outputs, IN));
    let collision = Notification::new(ErrorCode::CEASE_COLLISION);
    assert_eq!(notifications(&outputs), [collision]);
    assert_eq!(session.state(), State::Established);
}
