//! Every cell of the state table, written down a second time from RFC 4271 §8.2.2.

use super::{Action, Event, State, transition};

/// One line per event, one column per state: `next:actions`, see [`letter`]. `.` stays and does
/// nothing.
const TABLE: &str = "
ManualStart                  C:zrc  .        .        .         .         .
ManualStop                   .      I:z      I:z      I:nz      I:nz      I:nz
AutomaticStart               C:zrc  .        .        .         .         .
ManualStartPassive           A:zr   .        .        .         .         .
AutomaticStartPassive        A:zr   .        .        .         .         .
AutomaticStartDamped         C:rc   .        .        .         .         .
AutomaticStartDampedPassive  A:r    .        .        .         .         .
AutomaticStop                .      I:+D     I:+D     I:n+D     I:n+D     I:n+D
ConnectRetryTimerExpires     .      C:drc    C:rc     I:f+D     I:f+D     I:f+D
HoldTimerExpires             .      I:+D     I:+D     I:h+D     I:h+D     I:h+D
KeepaliveTimerExpires        .      I:+D     I:+D     I:f+D     F:kK      E:kK
TcpConnectionAcked           .      S:xoO    S:xoO    .         .         .
TcpConnectionConfirmed       .      S:xoO    S:xoO    .         .         .
TcpConnectionFails           .      A:d+r    I:+D     A:d+r     I:+D      I:+D
BgpOpen                      .      I:+D     I:+D     F:kKH     I:f+D     I:f+D
BgpHeaderError               .      I:+D     I:+D     I:n+D     I:n+D     I:n+D
BgpOpenError                 .      I:+D     I:+D     I:n+D     I:n+D     I:f+D
OpenCollisionDump            .      I:+D     I:+D     I:n+D     I:n+D     .
NotificationVersionError     .      I:+D     I:+D     I:D       I:D       I:D
Notification                 .      I:+D     I:+D     I:+D      I:+D      I:+D
Keepalive                    .      I:+D     I:+D     I:f+D     E:HU      E:H
Update                       .      I:+D     I:+D     I:f+D     I:f+D     E:PH
UpdateError                  .      I:+D     I:+D     I:f+D     I:f+D     I:n+D
RouteRefresh                 .      I:+D     I:+D     I:f+D     I:f+D     E:RH
RouteRefreshError            .      I:+D     I:+D     I:f+D     I:f+D     I:n+D
SendHoldTimerExpires         .      I:+D     I:+D     I:n+D     I:n+D     I:n+D
";

const fn letter(action: Action) -> char {
    match action {
        Action::ClearConnectRetryCounter => 'z',
        Action::CountConnectRetry => '+',
        Action::StartConnectRetryTimer => 'r',
        Action::StopConnectRetryTimer => 'x',
        Action::Connect => 'c',
        Action::DropConnection => 'd',
        Action::SendOpen => 'o',
        Action::SendKeepalive => 'k',
        Action::Notify => 'n',
        Action::NotifyHoldTimerExpired => 'h',
        Action::NotifyFsmError => 'f',
        Action::StartOpenHoldTimer => 'O',
        Action::StartHoldTimer => 'H',
        Action::StartKeepaliveTimer => 'K',
        Action::Establish => 'U',
        Action::ProcessUpdate => 'P',
        Action::ProcessRouteRefresh => 'R',
        Action::Damp => 'D',
    }
}

const fn state_letter(state: State) -> char {
    match state {
        State::Idle => 'I',
        State::Connect => 'C',
        State::Active => 'A',
        State::OpenSent => 'S',
        State::OpenConfirm => 'F',
        State::Established => 'E',
    }
}

#[test]
fn every_cell_of_the_state_table_is_as_the_rfc_says() {
    let rows: Vec<Vec<&str>> = TABLE
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(rows.len(), Event::ALL.len(), "one row per event");
    for (row, event) in rows.iter().zip(Event::ALL) {
        assert_eq!(
            row[0],
            format!("{event:?}"),
            "rows stand in the order of the events"
        );
        assert_eq!(row.len(), 1 + State::ALL.len(), "{event:?}");
        for (cell, state) in row[1..].iter().zip(State::ALL) {
            let step = transition(state, event);
            let actions: String = step.actions.iter().map(|action| letter(*action)).collect();
            let shown = if step.next == state && actions.is_empty() {
                ".".to_owned()
            } else {
                format!("{}:{actions}", state_letter(step.next))
            };
            assert_eq!(shown, *cell, "{event:?} in {state:?}");
        }
    }
}

#[test]
fn nothing_but_a_start_leaves_idle() {
    for event in Event::ALL {
        let starts = format!("{event:?}").contains("Start");
        let left = transition(State::Idle, event).next != State::Idle;
        assert_eq!(left, starts, "{event:?}");
    }
}

#[test]
fn only_a_state_with_an_open_out_sends_notifications() {
    let telling = [
        Action::Notify,
        Action::NotifyHoldTimerExpired,
        Action::NotifyFsmError,
    ];
    for event in Event::ALL {
        for state in [State::Idle, State::Connect, State::Active] {
            let actions = transition(state, event).actions;
            assert!(
                !actions.iter().any(|it| telling.contains(it)),
                "{event:?} in {state:?}"
            );
        }
    }
}
