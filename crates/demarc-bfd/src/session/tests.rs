use proptest::prelude::*;

use super::*;

mod pair;
mod timers;

const ORIGIN: Duration = Duration::from_secs(1000);

fn discriminator(value: u32) -> NonZeroU32 {
    NonZeroU32::new(value).unwrap()
}

fn millis(value: u64) -> Duration {
    Duration::from_millis(value)
}

fn config() -> Config {
    Config::new(discriminator(1))
}

/// A packet from a neighbor with 300 ms and multiplier 3 that knows us.
fn from_neighbor(state: State) -> ControlPacket {
    ControlPacket {
        diagnostic: Diagnostic::None,
        state,
        poll: false,
        final_: false,
        control_plane_independent: false,
        demand: false,
        detect_multiplier: 3,
        my_discriminator: discriminator(2),
        your_discriminator: NonZeroU32::new(1),
        desired_min_tx: millis(300),
        required_min_rx: millis(300),
        required_min_echo_rx: Duration::ZERO,
    }
}

/// A session brought to `state` by the shortest way.
fn session_in(state: State) -> Session {
    let mut session = Session::new(config(), 7, ORIGIN);
    match state {
        State::AdminDown => session.admin_down(ORIGIN),
        State::Down => {}
        State::Init => session
            .handle_packet(&from_neighbor(State::Down), ORIGIN)
            .unwrap(),
        State::Up => session
            .handle_packet(&from_neighbor(State::Init), ORIGIN)
            .unwrap(),
    }
    assert_eq!(session.state(), state);
    while session.poll_transmit(ORIGIN).is_some() {}
    while session.poll_event().is_some() {}
    session
}

#[test]
fn every_pair_of_states_goes_where_rfc_5880_6_8_6_says() {
    use Diagnostic::{AdministrativelyDown, NeighborSignaledSessionDown, None};
    use State::{AdminDown, Down, Init, Up};
    let rows = [
        (AdminDown, AdminDown, AdminDown, AdministrativelyDown),
        (AdminDown, Down, AdminDown, AdministrativelyDown),
        (AdminDown, Init, AdminDown, AdministrativelyDown),
        (AdminDown, Up, AdminDown, AdministrativelyDown),
        (Down, AdminDown, Down, None),
        (Down, Down, Init, None),
        (Down, Init, Up, None),
        (Down, Up, Down, None),
        (Init, AdminDown, Down, NeighborSignaledSessionDown),
        (Init, Down, Init, None),
        (Init, Init, Up, None),
        (Init, Up, Up, None),
        (Up, AdminDown, Down, NeighborSignaledSessionDown),
        (Up, Down, Down, NeighborSignaledSessionDown),
        (Up, Init, Up, None),
        (Up, Up, Up, None),
    ];
    assert_eq!(rows.len(), State::ALL.len() * State::ALL.len());
    for (local, received, expected, diagnostic) in rows {
        let row = format!("{local:?} receives {received:?}");
        let mut session = session_in(local);
        let result = session.handle_packet(&from_neighbor(received), ORIGIN);
        assert_eq!(result.is_err(), local == AdminDown, "{row}");
        assert_eq!(session.state(), expected, "{row}");
        assert_eq!(session.diagnostic(), diagnostic, "{row}");
        let event = session.poll_event();
        assert_eq!(
            event.map(|event| (event.from, event.to)),
            (local != expected).then_some((local, expected)),
            "{row}"
        );
        // A change is told at once, without waiting for the timer (§6.8.7).
        assert_eq!(
            session.poll_transmit(ORIGIN).is_some(),
            local != expected,
            "{row}"
        );
    }
}

#[test]
fn silence_for_a_detection_time_takes_init_and_up_down() {
    for (state, goes_down) in [
        (State::AdminDown, false),
        (State::Down, false),
        (State::Init, true),
        (State::Up, true),
    ] {
        let mut session = session_in(state);
        session.handle_timeout(ORIGIN + millis(899));
        assert_eq!(session.state(), state, "too early for {state:?}");
        session.handle_timeout(ORIGIN + millis(900));
        if goes_down {
            assert_eq!(session.state(), State::Down, "{state:?}");
            assert_eq!(
                session.diagnostic(),
                Diagnostic::ControlDetectionTimeExpired
            );
            assert_eq!(session.remote_discriminator(), None);
            let event = session.poll_event().unwrap();
            assert_eq!(event.is_path_failure(), state == State::Up);
        } else {
            assert_eq!(session.state(), state);
            assert_eq!(session.poll_event(), None);
        }
    }
}

#[test]
fn admin_down_by_the_neighbor_is_no_path_failure() {
    let mut session = session_in(State::Up);
    session
        .handle_packet(&from_neighbor(State::AdminDown), ORIGIN)
        .unwrap();
    let event = session.poll_event().unwrap();
    assert_eq!(event.to, State::Down);
    assert!(event.neighbor_admin_down && !event.is_path_failure());
}

#[test]
fn admin_down_is_told_and_held_until_enabled() {
    let mut session = session_in(State::Up);
    session.admin_down(ORIGIN);
    let packet = session.poll_transmit(ORIGIN).unwrap();
    assert_eq!(
        (packet.state, packet.diagnostic),
        (State::AdminDown, Diagnostic::AdministrativelyDown)
    );
    assert_eq!(
        session.handle_packet(&from_neighbor(State::Init), ORIGIN),
        Err(Discard::AdminDown)
    );
    session.handle_timeout(ORIGIN + millis(5000));
    assert_eq!(session.state(), State::AdminDown);
    session.enable(ORIGIN + millis(5000));
    assert_eq!(session.state(), State::Down);
    let packet = session.poll_transmit(ORIGIN + millis(5000)).unwrap();
    assert_eq!(
        (packet.state, packet.diagnostic),
        (State::Down, Diagnostic::None)
    );
}

#[test]
fn a_packet_for_another_discriminator_changes_nothing() {
    let mut session = session_in(State::Init);
    let packet = ControlPacket {
        your_discriminator: NonZeroU32::new(77),
        ..from_neighbor(State::Up)
    };
    let error = Discard::WrongDiscriminator {
        received: discriminator(77),
        ours: discriminator(1),
    };
    assert_eq!(session.handle_packet(&packet, ORIGIN), Err(error));
    assert_eq!(session.state(), State::Init);
}

#[test]
fn a_passive_session_is_silent_until_it_hears_the_neighbor() {
    let mut session = Session::new(
        Config {
            role: Role::Passive,
            ..config()
        },
        7,
        ORIGIN,
    );
    assert_eq!(session.next_deadline(), None);
    assert_eq!(session.poll_transmit(ORIGIN + millis(9000)), None);
    session
        .handle_packet(&from_neighbor(State::Down), ORIGIN + millis(9000))
        .unwrap();
    assert_eq!(
        session.poll_transmit(ORIGIN + millis(9000)).unwrap().state,
        State::Init
    );
}

#[test]
fn a_caller_that_knows_the_path_is_broken_takes_the_session_down() {
    for (state, expected) in [
        (State::AdminDown, State::AdminDown),
        (State::Down, State::Down),
        (State::Init, State::Down),
        (State::Up, State::Down),
    ] {
        let mut session = session_in(state);
        session.path_down(ORIGIN);
        assert_eq!(session.state(), expected);
        assert_eq!(session.poll_event().is_some(), state != expected);
    }
}
