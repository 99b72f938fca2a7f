//! Rates, jitter, detection, poll sequences, demand.

use super::*;

/// Sends everything due until `until` and returns when each packet left.
fn transmissions(session: &mut Session, from: Duration, until: Duration) -> Vec<Duration> {
    let mut times = Vec::new();
    let mut now = from;
    loop {
        if session.poll_transmit(now).is_some() {
            times.push(now);
            continue;
        }
        match session.next_deadline() {
            Some(next) if next <= until => now = next.max(now),
            _ => return times,
        }
        session.handle_timeout(now);
    }
}

#[test]
fn a_session_that_is_not_up_sends_at_most_one_packet_a_second_with_jitter() {
    let mut session = Session::new(config(), 7, ORIGIN);
    let times = transmissions(&mut session, ORIGIN, ORIGIN + millis(60_000));
    let gaps: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(
        gaps.iter()
            .all(|gap| (millis(750)..=millis(1000)).contains(gap)),
        "{gaps:?}"
    );
    assert!(gaps.iter().any(|gap| *gap < millis(850)) && gaps.iter().any(|gap| *gap > millis(900)));
}

#[test]
fn a_multiplier_of_one_keeps_ten_percent_in_hand() {
    let config = Config {
        multiplier: NonZeroU8::MIN,
        ..config()
    };
    let mut session = Session::new(config, 7, ORIGIN);
    let times = transmissions(&mut session, ORIGIN, ORIGIN + millis(60_000));
    let mut gaps = times.windows(2).map(|pair| pair[1] - pair[0]);
    assert!(gaps.all(|gap| (millis(750)..=millis(900)).contains(&gap)));
}

#[test]
fn the_slower_side_wins_in_each_direction() {
    let rows = [
        // their desired tx, their required rx, their multiplier: our detection, our interval
        (300, 300, 3, 900, 300),
        (1000, 50, 5, 5000, 300),
        (50, 2000, 3, 900, 2000),
    ];
    for (desired, required, multiplier, detection, interval) in rows {
        let mut session = session_in(State::Up);
        let packet = ControlPacket {
            desired_min_tx: millis(desired),
            required_min_rx: millis(required),
            detect_multiplier: multiplier,
            final_: true,
            ..from_neighbor(State::Up)
        };
        session.handle_packet(&packet, ORIGIN).unwrap();
        assert_eq!(session.detection_time(), Some(millis(detection)));
        assert_eq!(session.transmit_interval(), millis(interval));
    }
}

#[test]
fn coming_up_polls_for_the_faster_rate_until_final() {
    let mut session = session_in(State::Init);
    session
        .handle_packet(&from_neighbor(State::Up), ORIGIN)
        .unwrap();
    let packet = session.poll_transmit(ORIGIN).unwrap();
    assert!(packet.poll && packet.desired_min_tx == millis(300));
    // Faster sending needs no agreement.
    assert_eq!(session.transmit_interval(), millis(300));
    let later = ORIGIN + millis(300);
    assert!(
        session.poll_transmit(later).unwrap().poll,
        "P stays until F"
    );
    session
        .handle_packet(
            &ControlPacket {
                final_: true,
                ..from_neighbor(State::Up)
            },
            later,
        )
        .unwrap();
    assert!(!session.poll_transmit(later + millis(300)).unwrap().poll);
}

#[test]
fn a_poll_is_answered_at_once_with_final_and_without_poll() {
    let mut session = session_in(State::Up);
    session
        .handle_packet(
            &ControlPacket {
                poll: true,
                ..from_neighbor(State::Up)
            },
            ORIGIN,
        )
        .unwrap();
    let answer = session.poll_transmit(ORIGIN).unwrap();
    assert!(answer.final_ && !answer.poll);
    assert_eq!(session.poll_transmit(ORIGIN), None);
}

#[test]
fn slower_sending_waits_for_final_and_shorter_detection_too() {
    let mut session = session_in(State::Up);
    let answered = ControlPacket {
        final_: true,
        ..from_neighbor(State::Up)
    };
    session.handle_packet(&answered, ORIGIN).unwrap();
    let wish = Intervals {
        desired_min_tx: millis(1000),
        required_min_rx: millis(50),
    };
    session.set_intervals(wish, ORIGIN);
    let packet = session.poll_transmit(ORIGIN).unwrap();
    assert!(packet.poll);
    assert_eq!(
        (packet.desired_min_tx, packet.required_min_rx),
        (millis(1000), millis(50))
    );
    assert_eq!(session.transmit_interval(), millis(300));
    assert_eq!(session.detection_time(), Some(millis(900)));
    let fast = ControlPacket {
        desired_min_tx: millis(50),
        ..answered
    };
    session.handle_packet(&fast, ORIGIN + millis(10)).unwrap();
    assert_eq!(session.transmit_interval(), millis(1000));
    assert_eq!(session.detection_time(), Some(millis(150)));
}

#[test]
fn a_neighbor_may_switch_periodic_packets_off() {
    for packet in [
        ControlPacket {
            demand: true,
            final_: true,
            ..from_neighbor(State::Up)
        },
        ControlPacket {
            required_min_rx: Duration::ZERO,
            final_: true,
            ..from_neighbor(State::Up)
        },
    ] {
        let mut session = session_in(State::Up);
        session.handle_packet(&packet, ORIGIN).unwrap();
        assert_eq!(session.poll_transmit(ORIGIN + millis(500)), None);
        assert_eq!(
            session.next_deadline(),
            Some(ORIGIN + millis(900)),
            "detection still runs"
        );
    }
}

#[test]
fn packets_from_the_neighbor_do_not_push_our_next_one_away() {
    let mut session = session_in(State::Up);
    let deadline = session.timing.next_transmission();
    for step in 1..20 {
        session
            .handle_packet(&from_neighbor(State::Up), ORIGIN + millis(step * 10))
            .unwrap();
        assert_eq!(session.timing.next_transmission(), deadline);
    }
}
