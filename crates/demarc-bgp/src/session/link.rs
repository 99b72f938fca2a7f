//! One connection of a session: its state and its timers.

use super::fsm::State;
use super::negotiate::Negotiated;
use super::timestamp::Timestamp;

/// The timers of RFC 4271 §8.1.3 that one connection runs.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub(super) enum Timer {
    ConnectRetry,
    Hold,
    Keepalive,
}

/// State of one connection. `negotiated` is there from OpenConfirm on.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) state: State,
    pub(super) connect_retry: Option<Timestamp>,
    pub(super) hold: Option<Timestamp>,
    pub(super) keepalive: Option<Timestamp>,
    pub(super) negotiated: Option<Box<Negotiated>>,
    pub(super) waiting: Option<Waiting>,
}

/// A good OPEN has come in OpenSent, and is answered when the other connection, which would win a
/// collision, is gone or has been silent until then.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) negotiated: Box<Negotiated>,
    /// The neighbor's KEEPALIVE has come too.
    pub(super) confirmed: bool,
    pub(super) until: Timestamp,
}

impl Link {
    pub(super) const fn new(state: State) -> Self {
        Self {
            state,
            connect_retry: None,
            hold: None,
            keepalive: None,
            negotiated: None,
            waiting: None,
        }
    }

    /// What entering Idle always means.
    pub(super) fn reset(&mut self) {
        *self = Self::new(State::Idle);
    }

    fn timers(&self) -> [(Timer, Option<Timestamp>); 3] {
        [
            (Timer::ConnectRetry, self.connect_retry),
            (Timer::Hold, self.hold),
            (Timer::Keepalive, self.keepalive),
        ]
    }

    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        let waiting = self.waiting.as_ref().map(|it| it.until);
        let timers = self.timers().into_iter().filter_map(|(_, at)| at);
        timers.chain(waiting).min()
    }

    /// Stops and returns a timer that has run out.
    pub(super) fn take_expired(&mut self, now: Timestamp) -> Option<Timer> {
        let expired = |(_, at): &(Timer, Option<Timestamp>)| at.is_some_and(|at| at <= now);
        let (timer, _) = self.timers().into_iter().find(expired)?;
        *match timer {
            Timer::ConnectRetry => &mut self.connect_retry,
            Timer::Hold => &mut self.hold,
            Timer::Keepalive => &mut self.keepalive,
        } = None;
        Some(timer)
    }

    /// Whether OPENs are being exchanged or have been: the neighbor can be told of the end.
    pub(super) const fn is_connected(&self) -> bool {
        matches!(
            self.state,
            State::OpenSent | State::OpenConfirm | State::Established
        )
    }
}
