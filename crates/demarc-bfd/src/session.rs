//! One BFD session in asynchronous mode (RFC 5880 §6.8).
//!
//! ```text
//!                              +--+
//!                              |  | AdminDown received, or detection time over
//!                              |  V
//!                      Down  +------+  Init received
//!               +------------|      |------------+
//!               |            | DOWN |            |
//!               |  +-------->|      |<--------+  |
//!               |  |         +------+         |  |
//!               |  | AdminDown,     AdminDown,|  |
//!               |  | detection time     Down, |  |
//!               |  | over      detection time |  |
//!               V  |                  over    |  V
//!             +------+                      +------+
//!        +----|      |    Init or Up        |      |----+
//!   Down |    | INIT |--------------------->|  UP  |    | Init, Up
//!        +--->|      |      received        |      |<---+
//!             +------+                      +------+
//! ```
//!
//! Order of calls: after any `handle_*` call or command, take [`Session::poll_transmit`] until it
//! is empty, then [`Session::poll_event`] until it is empty, then sleep until
//! [`Session::next_deadline`] and call [`Session::handle_timeout`]. `now` never goes back; it is
//! the time since an origin of the caller's choice.

use std::collections::VecDeque;
use std::num::{NonZeroU8, NonZeroU32};
use std::time::Duration;

use thiserror::Error;

use crate::packet::{ControlPacket, Diagnostic, State};
use crate::random::Random;

#[cfg(test)]
mod tests;
mod timing;

pub use timing::Intervals;
use timing::Timing;

/// Who speaks first (RFC 5880 §6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Sends from the start.
    Active,
    /// Sends nothing until the neighbor was heard.
    Passive,
}

/// What an operator decides about a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Unique among the sessions of this system.
    pub local_discriminator: NonZeroU32,
    pub intervals: Intervals,
    pub multiplier: NonZeroU8,
    pub role: Role,
}

impl Config {
    /// 300 ms and multiplier 3, active (`spec/routing §1`).
    #[must_use]
    pub fn new(local_discriminator: NonZeroU32) -> Self {
        Self {
            local_discriminator,
            intervals: Intervals::default(),
            multiplier: NonZeroU8::MIN.saturating_add(2),
            role: Role::Active,
        }
    }
}

/// A change of state, for the caller's log and for what depends on the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    pub from: State,
    pub to: State,
    /// Why, when `to` is Down or AdminDown.
    pub diagnostic: Diagnostic,
    /// The neighbor said AdminDown: its path may be fine, so a caller should not treat this as a
    /// failure of forwarding (RFC 5882 §3.2).
    pub neighbor_admin_down: bool,
}

impl Event {
    /// The path was up and is not any more: whatever runs over it must end at once.
    #[must_use]
    pub fn is_path_failure(&self) -> bool {
        self.from == State::Up && self.to == State::Down && !self.neighbor_admin_down
    }
}

/// Why a well-formed packet changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Discard {
    #[error("the session is administratively down")]
    AdminDown,
    #[error("the packet carries discriminator {received}, ours is {ours}")]
    WrongDiscriminator {
        received: NonZeroU32,
        ours: NonZeroU32,
    },
}

/// The machine. See the module for its diagram and the order of calls.
#[derive(Debug, Clone)]
pub struct Session {
    config: Config,
    state: State,
    diagnostic: Diagnostic,
    remote_discriminator: Option<NonZeroU32>,
    remote_state: State,
    remote_demand: bool,
    timing: Timing,
    /// We owe the neighbor a packet with F (RFC 5880 §6.8.6, last steps).
    final_owed: bool,
    /// The next periodic packet would differ from the last one: send it now (§6.8.7).
    announce: bool,
    random: Random,
    events: VecDeque<Event>,
}

impl Session {
    /// A session in state Down. `seed` decides the jitter of its transmissions.
    #[must_use]
    pub fn new(config: Config, seed: u64, now: Duration) -> Self {
        Self {
            config,
            state: State::Down,
            diagnostic: Diagnostic::None,
            remote_discriminator: None,
            remote_state: State::Down,
            remote_demand: false,
            timing: Timing::new(config.intervals, now),
            final_owed: false,
            announce: false,
            random: Random::new(seed),
            events: VecDeque::new(),
        }
    }

    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    #[must_use]
    pub fn remote_state(&self) -> State {
        self.remote_state
    }

    /// Why the session last left Up, as it is sent to the neighbor.
    #[must_use]
    pub fn diagnostic(&self) -> Diagnostic {
        self.diagnostic
    }

    #[must_use]
    pub fn local_discriminator(&self) -> NonZeroU32 {
        self.config.local_discriminator
    }

    #[must_use]
    pub fn remote_discriminator(&self) -> Option<NonZeroU32> {
        self.remote_discriminator
    }

    /// How long silence lasts until the neighbor counts as lost; `None` before it was heard.
    #[must_use]
    pub fn detection_time(&self) -> Option<Duration> {
        self.timing.detection_time()
    }

    /// The mean distance of our packets before jitter (RFC 5880 §6.8.2).
    #[must_use]
    pub fn transmit_interval(&self) -> Duration {
        self.timing.transmit_interval()
    }

    /// Takes a packet that [`crate::Table`] found to be for this session.
    ///
    /// # Errors
    /// [`Discard`] when the packet must not count; the session is then unchanged.
    pub fn handle_packet(&mut self, packet: &ControlPacket, now: Duration) -> Result<(), Discard> {
        if let Some(received) = packet.your_discriminator
            && received != self.config.local_discriminator
        {
            let ours = self.config.local_discriminator;
            return Err(Discard::WrongDiscriminator { received, ours });
        }
        if self.state == State::AdminDown {
            return Err(Discard::AdminDown);
        }
        self.remote_discriminator = Some(packet.my_discriminator);
        self.remote_state = packet.state;
        self.remote_demand = packet.demand;
        if packet.final_ {
            self.timing.poll_answered();
        }
        self.timing.heard(packet, now);
        if let Some((state, diagnostic)) = transition(self.state, packet.state) {
            self.enter(state, diagnostic, now);
        }
        self.timing.arm_detection();
        self.final_owed |= packet.poll;
        self.reschedule(now);
        Ok(())
    }

    /// To be called at or after [`Self::next_deadline`]; earlier calls change nothing.
    pub fn handle_timeout(&mut self, now: Duration) {
        if !self.timing.detection_is_over(now) {
            return;
        }
        // §6.8.1: bfd.RemoteDiscr is cleared after a detection time without packets, in any state.
        self.remote_discriminator = None;
        self.remote_demand = false;
        self.timing.neighbor_lost();
        match self.state {
            State::Init | State::Up => {
                self.remote_state = State::Down;
                self.enter(State::Down, Diagnostic::ControlDetectionTimeExpired, now);
            }
            State::Down | State::AdminDown => {}
        }
        self.reschedule(now);
    }

    /// Holds the session down until [`Self::enable`] (§6.8.16). The neighbor is told by packets in
    /// state AdminDown.
    pub fn admin_down(&mut self, now: Duration) {
        if self.state != State::AdminDown {
            self.enter(State::AdminDown, Diagnostic::AdministrativelyDown, now);
            self.timing.forget_detection();
        }
    }

    /// Ends [`Self::admin_down`].
    pub fn enable(&mut self, now: Duration) {
        if self.state == State::AdminDown {
            self.remote_discriminator = None;
            self.remote_state = State::Down;
            self.remote_demand = false;
            self.timing.neighbor_lost();
            self.enter(State::Down, Diagnostic::None, now);
        }
    }

    /// Takes the session down because the caller knows that the path is broken (§6.8.17).
    pub fn path_down(&mut self, now: Duration) {
        match self.state {
            State::Init | State::Up => self.enter(State::Down, Diagnostic::PathDown, now),
            State::Down | State::AdminDown => {}
        }
    }

    /// Changes our intervals. While up the neighbor agrees first, by a poll sequence (§6.8.3).
    pub fn set_intervals(&mut self, intervals: Intervals, now: Duration) {
        self.config.intervals = intervals;
        self.timing.change_intervals(intervals, self.state);
        self.timing.arm_detection();
        self.announce |= self.may_transmit();
        self.reschedule(now);
    }

    /// The next packet to send now, if any. The caller sends it with hop limit 255 from a port in
    /// [`crate::SOURCE_PORTS`] that stays the same for the session.
    pub fn poll_transmit(&mut self, now: Duration) -> Option<ControlPacket> {
        if self.final_owed {
            // An answer is due at once and "without respect to the transmission timer" (§6.8.6).
            self.final_owed = false;
            return Some(self.packet(false, true));
        }
        if !self.may_transmit() {
            self.announce = false;
            return None;
        }
        let periodic = self.may_transmit_periodically() && self.timing.transmission_is_due(now);
        if !periodic && !self.announce {
            return None;
        }
        self.announce = false;
        self.timing
            .sent(now, &mut self.random, self.config.multiplier);
        Some(self.packet(self.timing.is_polling(), false))
    }

    /// The next change of state, oldest first.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When to call [`Self::handle_timeout`] and [`Self::poll_transmit`] again; `None` when only a
    /// packet or a command can change anything.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Duration> {
        let transmit = self
            .may_transmit_periodically()
            .then(|| self.timing.next_transmission());
        [transmit, self.timing.detection_deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    fn enter(&mut self, to: State, diagnostic: Diagnostic, now: Duration) {
        let from = std::mem::replace(&mut self.state, to);
        self.diagnostic = diagnostic;
        let neighbor_admin_down = self.remote_state == State::AdminDown;
        self.events.push_back(Event {
            from,
            to,
            diagnostic,
            neighbor_admin_down,
        });
        self.timing.state_changed(to, self.config.intervals);
        self.announce = true;
        self.reschedule(now);
    }

    fn reschedule(&mut self, now: Duration) {
        if self.may_transmit_periodically() {
            self.timing
                .reschedule(now, &mut self.random, self.config.multiplier);
        }
    }

    /// §6.8.7: a passive system is silent until it has heard the other.
    fn may_transmit(&self) -> bool {
        self.remote_discriminator.is_some() || self.config.role == Role::Active
    }

    /// §6.8.7: the neighbor may switch periodic packets off by demand mode or by a zero interval.
    fn may_transmit_periodically(&self) -> bool {
        let demand_active =
            self.remote_demand && self.state == State::Up && self.remote_state == State::Up;
        self.may_transmit()
            && self.timing.neighbor_wants_packets()
            && (!demand_active || self.timing.is_polling())
    }

    fn packet(&self, poll: bool, final_: bool) -> ControlPacket {
        ControlPacket {
            diagnostic: self.diagnostic,
            state: self.state,
            poll,
            final_,
            control_plane_independent: false,
            demand: false,
            detect_multiplier: self.config.multiplier.get(),
            my_discriminator: self.config.local_discriminator,
            your_discriminator: self.remote_discriminator,
            desired_min_tx: self.timing.advertised_desired_min_tx(),
            required_min_rx: self.timing.advertised_required_min_rx(),
            required_min_echo_rx: Duration::ZERO,
        }
    }
}

/// RFC 5880 §6.8.6, the state part: where `local` goes when a packet in state `received` arrives;
/// `None` when it stays.
fn transition(local: State, received: State) -> Option<(State, Diagnostic)> {
    match (local, received) {
        (State::AdminDown, State::AdminDown | State::Down | State::Init | State::Up) => None,

        (State::Down, State::Down) => Some((State::Init, Diagnostic::None)),
        (State::Down, State::Init) => Some((State::Up, Diagnostic::None)),
        (State::Down, State::AdminDown | State::Up) => None,

        (State::Init, State::Init | State::Up) => Some((State::Up, Diagnostic::None)),
        (State::Init, State::Down) => None,

        (State::Up, State::Init | State::Up) => None,

        (State::Init | State::Up, State::AdminDown) | (State::Up, State::Down) => {
            Some((State::Down, Diagnostic::NeighborSignaledSessionDown))
        }
    }
}
