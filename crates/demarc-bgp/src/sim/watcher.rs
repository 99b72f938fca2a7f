//! What must hold of every session, whatever happens to it.

use crate::session::{Direction, IdleReason, Output, Session, State, Timestamp};

/// Follows one session and panics when it breaks a rule.
#[derive(Clone, Debug, Default)]
pub struct Watcher {
    up: bool,
    /// Connections that the driver would have open, outgoing and incoming.
    open: [bool; 2],
    connecting: bool,
}

const fn place(direction: Direction) -> usize {
    match direction {
        Direction::Outgoing => 0,
        Direction::Incoming => 1,
    }
}

impl Watcher {
    /// Whether our own attempt to connect is under way.
    #[must_use]
    pub const fn is_connecting(&self) -> bool {
        self.connecting
    }

    /// Whether that connection is open.
    #[must_use]
    pub const fn is_open(&self, direction: Direction) -> bool {
        self.open[place(direction)]
    }

    /// The driver has a connection.
    pub const fn connected(&mut self, direction: Direction) {
        self.open[place(direction)] = true;
        if matches!(direction, Direction::Outgoing) {
            self.connecting = false;
        }
    }

    /// The driver has lost a connection, or an attempt has failed.
    pub const fn lost(&mut self, direction: Direction) {
        self.open[place(direction)] = false;
        if matches!(direction, Direction::Outgoing) {
            self.connecting = false;
        }
    }

    /// Checks one output.
    ///
    /// # Panics
    /// When the session must not say this now.
    pub fn output(&mut self, output: &Output) {
        match output {
            Output::Connect => {
                assert!(!self.open[0], "connects although its connection is open");
                self.connecting = true;
            }
            Output::Send(direction, _) => {
                assert!(
                    self.is_open(*direction),
                    "sends on {direction:?}, which is closed"
                );
            }
            Output::Close(direction) => self.lost(*direction),
            Output::Up(direction, _) => {
                assert!(!self.up, "up twice");
                assert!(
                    self.is_open(*direction),
                    "up on {direction:?}, which is closed"
                );
                self.up = true;
            }
            Output::Down { .. } => {
                assert!(self.up, "down without having been up");
                self.up = false;
            }
            Output::Routes(_)
            | Output::EndOfRib
            | Output::RefreshRequested { .. }
            | Output::RefreshBegin
            | Output::RefreshEnd => assert!(self.up, "{output:?} while down"),
            Output::FlushStale | Output::Event(_) => {}
        }
    }

    /// Checks a session at rest, after all its outputs and timers up to `now`.
    ///
    /// # Panics
    /// When a timer does not progress, or nothing will ever happen again by itself.
    pub fn at_rest(&self, session: &Session, now: Timestamp) {
        let state = session.state();
        assert_eq!(self.up, state == State::Established, "{state:?}");
        let deadline = session.next_deadline();
        assert!(
            deadline.is_none_or(|at| at > now),
            "a timer of the past in {state:?}"
        );
        let status = session.status(now);
        let waits_for_people = matches!(
            status.idle_reason,
            Some(IdleReason::NotStarted | IdleReason::AdministrativeShutdown { .. })
        );
        let waits_for_the_neighbor = session.config().passive && state == State::Active;
        assert!(
            deadline.is_some() || waits_for_people || waits_for_the_neighbor,
            "stuck in {state:?}: {:?}",
            status.idle_reason
        );
    }
}
