//! The session: two links, one neighbor.

mod collision;
mod input;
mod restart;
mod step;

use std::collections::VecDeque;
use std::time::Duration;

use super::config::SessionConfig;
use super::damping::{Damping, Jitter};
use super::fsm::{Event, State};
use super::graceful_restart::Helper;
use super::link::{Link, Timer};
use super::negotiate::Negotiated;
use super::output::{Admission, Direction, Output, SessionEvent};
use super::prefix_limit::LimitWait;
use super::status::{Counters, IdleReason, LastError, SessionStatus};
use super::timestamp::Timestamp;
use crate::wire::{ErrorCode, Notification, RefreshKind, RouteRefresh};

/// What an operator or another part of the edge wants.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// Stay down, and tell the neighbor why (Cease 6/2, RFC 8203).
    Shutdown { text: String },
    /// Undo a shutdown.
    Enable,
    /// Start afresh (Cease 6/4); ends every waiting time, that of the prefix limit too.
    Clear { text: String },
    /// BFD has seen the path fail (Cease 6/10, RFC 9384): no graceful restart.
    BfdDown,
    /// The neighbor is removed from the configuration (Cease 6/3).
    Deconfigure,
    /// Ask the neighbor to announce everything again, if it can.
    RequestRefresh,
    /// Nothing could be written for too long (RFC 9687).
    SendHoldTimerExpired,
}

/// How long after a session has come up a new connection is the loser of a collision (RFC 4271 §6.8)
/// that reached us late, rather than a neighbor that has restarted.
const LATE_COLLISION: Duration = Duration::from_secs(3);

/// A BGP session with one neighbor.
#[derive(Clone, Debug)]
pub struct Session {
    config: SessionConfig,
    outgoing: Link,
    /// There while the neighbor's own connection is.
    incoming: Option<Link>,
    /// Why nothing happens, when nothing happens.
    idle: Option<IdleReason>,
    outputs: VecDeque<Output>,
    jitter: Jitter,
    connect_retry_counter: u32,
    damping: Damping,
    limit_wait: LimitWait,
    helper: Helper,
    /// The neighbor has sent its first full set since the session came up.
    end_of_rib: bool,
    /// Between the marks of a refresh that the neighbor sends.
    refreshing: bool,
    counters: Counters,
    last_sent: Option<LastError>,
    last_received: Option<LastError>,
    last_connection_error: Option<(Timestamp, String)>,
    shown: State,
    shown_since: Timestamp,
}

/// How long one attempt to connect may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest pause between two attempts to connect.
const LONGEST_CONNECT_RETRY: Duration = Duration::from_secs(30);

impl Session {
    /// A session at rest; `seed` drives the jitter of its timers.
    #[must_use]
    pub fn new(config: SessionConfig, seed: u64, now: Timestamp) -> Self {
        Self {
            outgoing: Link::new(State::Idle),
            incoming: None,
            idle: Some(IdleReason::NotStarted),
            outputs: VecDeque::new(),
            jitter: Jitter::new(seed),
            connect_retry_counter: 0,
            damping: Damping::default(),
            limit_wait: LimitWait::default(),
            helper: Helper::default(),
            end_of_rib: false,
            refreshing: false,
            counters: Counters::default(),
            last_sent: None,
            last_received: None,
            last_connection_error: None,
            shown: State::Idle,
            shown_since: now,
            config,
        }
    }

    // ----- getters

    #[must_use]
    pub const fn config(&self) -> &SessionConfig {
        &self.config
    }

    /// The state of the connection that is furthest.
    #[must_use]
    pub fn state(&self) -> State {
        let incoming = self
            .incoming
            .as_ref()
            .map_or(State::Idle, |link| link.state);
        self.outgoing.state.max(incoming)
    }

    /// The connection that the session is up on.
    #[must_use]
    pub fn established_on(&self) -> Option<Direction> {
        let established = |direction: &Direction| {
            self.link(*direction)
                .is_some_and(|it| it.state == State::Established)
        };
        [Direction::Outgoing, Direction::Incoming]
            .into_iter()
            .find(established)
    }

    #[must_use]
    pub fn status(&self, now: Timestamp) -> SessionStatus {
        let state = self.state();
        SessionStatus {
            state,
            in_state: now.since(self.shown_since),
            idle_reason: self.idle.clone().filter(|_| state == State::Idle),
            negotiated: self.negotiated().cloned(),
            last_sent: self.last_sent.clone(),
            last_received: self.last_received.clone(),
            last_connection_error: self.last_connection_error.clone(),
            counters: self.counters,
            stale_until: self.helper.deadline(),
            end_of_rib: self.end_of_rib && state == State::Established,
        }
    }

    fn negotiated(&self) -> Option<&Negotiated> {
        let links = [Some(&self.outgoing), self.incoming.as_ref()];
        let furthest = links.into_iter().flatten().max_by_key(|link| link.state)?;
        furthest.negotiated.as_deref()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) at the latest.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let idle = match &self.idle {
            Some(IdleReason::PrefixLimit { until } | IdleReason::Damped { until }) => Some(*until),
            _ => None,
        };
        let incoming = self.incoming.as_ref().and_then(Link::next_deadline);
        [
            idle,
            incoming,
            self.outgoing.next_deadline(),
            self.helper.deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// The next thing to do for the driver, `None` when all is done.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    // ----- events

    /// Starts the session (events 1 and 4).
    pub fn handle_start(&mut self, now: Timestamp) {
        if matches!(self.idle, Some(IdleReason::NotStarted)) {
            self.start(now, false);
        }
        self.note_state(now);
    }

    pub fn handle_command(&mut self, command: Command, now: Timestamp) {
        match command {
            Command::Shutdown { text } => {
                let code = ErrorCode::CEASE_ADMINISTRATIVE_SHUTDOWN;
                self.stop(&Notification::with_shutdown_text(code, &text), now);
                self.idle = Some(IdleReason::AdministrativeShutdown { text });
            }
            Command::Deconfigure => {
                self.stop(&Notification::new(ErrorCode::CEASE_PEER_DECONFIGURED), now);
                self.idle = Some(IdleReason::NotStarted);
            }
            Command::Enable => {
                if matches!(self.idle, Some(IdleReason::AdministrativeShutdown { .. })) {
                    self.forgive();
                    self.start(now, false);
                }
            }
            Command::Clear { text } => {
                let shut = matches!(
                    self.idle,
                    Some(IdleReason::AdministrativeShutdown { .. } | IdleReason::NotStarted)
                );
                if !shut {
                    let code = ErrorCode::CEASE_ADMINISTRATIVE_RESET;
                    self.stop(&Notification::with_shutdown_text(code, &text), now);
                    self.forgive();
                    self.start(now, false);
                }
            }
            Command::BfdDown => {
                self.end_all(Event::AutomaticStop, ErrorCode::CEASE_BFD_DOWN, now);
                // BFD wins over graceful restart (spec/routing §1).
                self.flush_stale();
            }
            Command::SendHoldTimerExpired => {
                let code = ErrorCode::SEND_HOLD_TIMER_EXPIRED;
                self.end_all(Event::SendHoldTimerExpires, code, now);
            }
            Command::RequestRefresh => self.request_refresh(),
        }
        self.note_state(now);
    }

    /// May a connection that the neighbor has opened stay? [`Admission::Accept`] is followed by
    /// carrying out all outputs, attaching it as [`Direction::Incoming`], and
    /// [`handle_connected`](Self::handle_connected).
    pub fn admit_incoming(&mut self, now: Timestamp) -> Admission {
        let admission = self.admission(now);
        if admission == Admission::Accept {
            self.incoming = Some(Link::new(State::Active));
            if self.outgoing.state == State::Idle {
                self.idle = Some(IdleReason::Resting);
            }
        } else {
            self.counters.refused += 1;
            self.event(SessionEvent::IncomingRefused);
        }
        self.note_state(now);
        admission
    }

    /// A connection is there: ours is made (event 16), or the neighbor's is attached (event 17).
    pub fn handle_connected(&mut self, direction: Direction, now: Timestamp) {
        let event = match direction {
            Direction::Outgoing => Event::TcpConnectionAcked,
            Direction::Incoming => Event::TcpConnectionConfirmed,
        };
        self.apply(direction, event, step::Cause::None, now);
        self.note_state(now);
    }

    /// A connection is gone, or could not be made (event 18). `cause` is for people.
    pub fn handle_connection_lost(
        &mut self,
        direction: Direction,
        cause: impl Into<String>,
        now: Timestamp,
    ) {
        let cause = cause.into();
        self.last_connection_error = Some((now, cause.clone()));
        self.event(SessionEvent::ConnectionLost {
            direction,
            cause: cause.clone(),
        });
        self.apply(
            direction,
            Event::TcpConnectionFails,
            step::Cause::Lost(cause),
            now,
        );
        self.note_state(now);
    }

    /// Runs every timer that has expired.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        for direction in [Direction::Outgoing, Direction::Incoming] {
            let waiting = self.link(direction).and_then(|it| it.waiting.as_ref());
            if waiting.is_some_and(|it| it.until <= now) {
                self.answer_waiting(direction, now);
            }
            while let Some(timer) = self.link_mut(direction).and_then(|it| it.take_expired(now)) {
                let event = match timer {
                    Timer::ConnectRetry => Event::ConnectRetryTimerExpires,
                    Timer::Hold => Event::HoldTimerExpires,
                    Timer::Keepalive => Event::KeepaliveTimerExpires,
                };
                self.connect_timed_out(direction, event, now);
                self.apply(direction, event, step::Cause::None, now);
            }
        }
        match self.idle {
            Some(IdleReason::Damped { until } | IdleReason::PrefixLimit { until })
                if until <= now =>
            {
                self.start(now, true);
            }
            _ => {}
        }
        if self.helper.deadline().is_some_and(|at| at <= now) {
            self.flush_stale();
        }
        self.note_state(now);
    }

    /// The RIB has counted more distinct prefixes from the neighbor than `limit`, before policy:
    /// the session ends and stays away (spec/routing §2).
    pub fn handle_prefix_limit_exceeded(&mut self, limit: u32, now: Timestamp) {
        if self.state() == State::Established {
            self.exceed_prefix_limit(limit, now);
        }
        self.note_state(now);
    }

    /// The limit has been raised: that ends the wait (spec/routing §2).
    pub fn handle_prefix_limit_raised(&mut self, now: Timestamp) {
        self.limit_wait.forgive();
        if matches!(self.idle, Some(IdleReason::PrefixLimit { .. })) {
            self.start(now, true);
        }
        self.note_state(now);
    }

    /// The driver has written `count` UPDATEs of the RIB; they stand in for a KEEPALIVE.
    pub fn handle_updates_sent(&mut self, direction: Direction, count: u64, now: Timestamp) {
        self.counters.sent.update += count;
        self.start_keepalive(direction, now);
    }

    // ----- inside

    fn link(&self, direction: Direction) -> Option<&Link> {
        match direction {
            Direction::Outgoing => Some(&self.outgoing),
            Direction::Incoming => self.incoming.as_ref(),
        }
    }

    fn link_mut(&mut self, direction: Direction) -> Option<&mut Link> {
        match direction {
            Direction::Outgoing => Some(&mut self.outgoing),
            Direction::Incoming => self.incoming.as_mut(),
        }
    }

    fn event(&mut self, event: SessionEvent) {
        self.outputs.push_back(Output::Event(event));
    }

    /// Leaves rest. `damped` keeps the retry counter.
    fn start(&mut self, now: Timestamp, damped: bool) {
        self.idle = None;
        let event = match (self.config.passive, damped) {
            (false, false) => Event::ManualStart,
            (true, false) => Event::ManualStartPassive,
            (false, true) => Event::AutomaticStartDamped,
            (true, true) => Event::AutomaticStartDampedPassive,
        };
        self.apply(Direction::Outgoing, event, step::Cause::None, now);
    }

    /// An operator's stop (event 2) of everything; also forgets stale routes.
    fn stop(&mut self, notification: &Notification, now: Timestamp) {
        for direction in [Direction::Outgoing, Direction::Incoming] {
            let cause = step::Cause::Notify(notification.clone());
            self.apply(direction, Event::ManualStop, cause, now);
        }
        self.flush_stale();
    }

    /// Ends every connection on which an OPEN is out.
    fn end_all(&mut self, event: Event, code: ErrorCode, now: Timestamp) {
        for direction in [Direction::Outgoing, Direction::Incoming] {
            if self.link(direction).is_some_and(Link::is_connected) {
                let cause = step::Cause::Notify(Notification::new(code));
                self.apply(direction, event, cause, now);
            }
        }
    }

    fn forgive(&mut self) {
        self.damping.clear();
        self.limit_wait.forgive();
    }

    fn flush_stale(&mut self) {
        if self.helper.end() {
            self.outputs.push_back(Output::FlushStale);
        }
    }

    fn admission(&mut self, now: Timestamp) -> Admission {
        match &self.idle {
            Some(
                IdleReason::NotStarted
                | IdleReason::AdministrativeShutdown { .. }
                | IdleReason::PrefixLimit { .. },
            ) => return Admission::Refuse,
            Some(IdleReason::Damped { .. }) if self.damping.refuses_incoming(now) => {
                return Admission::Refuse;
            }
            Some(IdleReason::Damped { .. } | IdleReason::Resting) | None => {}
        }
        let established = |link: &Link| link.state == State::Established;
        let restarts = self.yields_to_restart(now);
        let superseded = "the neighbor has opened a new connection";
        for direction in [Direction::Outgoing, Direction::Incoming] {
            if self.link(direction).is_some_and(established) && restarts {
                // The neighbor has restarted before we noticed (RFC 4724 §4.2).
                self.handle_connection_lost(direction, superseded, now);
            }
        }
        match &self.incoming {
            Some(link) if established(link) => Admission::Refuse,
            // One that never got through is likely dead; the newer one is not.
            Some(_) => {
                let cause = Notification::new(ErrorCode::CEASE_COLLISION);
                let cause = step::Cause::Notify(cause);
                self.apply(Direction::Incoming, Event::OpenCollisionDump, cause, now);
                Admission::Accept
            }
            None => Admission::Accept,
        }
    }

    fn connect_timed_out(&mut self, direction: Direction, event: Event, now: Timestamp) {
        let connecting = self
            .link(direction)
            .is_some_and(|link| link.state == State::Connect);
        if connecting && event == Event::ConnectRetryTimerExpires {
            let cause = "connecting timed out".to_owned();
            self.last_connection_error = Some((now, cause.clone()));
            self.event(SessionEvent::ConnectionLost { direction, cause });
        }
    }

    fn exceed_prefix_limit(&mut self, limit: u32, now: Timestamp) {
        let wait = self.limit_wait.trip();
        let wait_seconds = wait.as_secs();
        self.event(SessionEvent::PrefixLimitExceeded {
            limit,
            wait_seconds,
        });
        let notification = Notification::max_prefixes(self.config.family, limit);
        for direction in [Direction::Outgoing, Direction::Incoming] {
            let cause = step::Cause::Notify(notification.clone());
            self.apply(direction, Event::AutomaticStop, cause, now);
        }
        self.idle = Some(IdleReason::PrefixLimit { until: now + wait });
    }

    /// The driver cannot take more input now: silence is not the neighbor's fault.
    pub fn handle_input_paused(&mut self, now: Timestamp) {
        for direction in [Direction::Outgoing, Direction::Incoming] {
            if let Some(link) = self.link_mut(direction)
                && let Some(negotiated) = &link.negotiated
            {
                link.hold = Some(now + Duration::from_secs(u64::from(negotiated.hold_time)));
            }
        }
    }

    fn request_refresh(&mut self) {
        let established = |link: &Link| link.state == State::Established;
        for direction in [Direction::Outgoing, Direction::Incoming] {
            let can = self
                .link(direction)
                .filter(|link| established(link))
                .is_some_and(|link| {
                    link.negotiated
                        .as_ref()
                        .is_some_and(|negotiated| negotiated.route_refresh)
                });
            if can {
                let mut bytes = Vec::new();
                RouteRefresh::encode(self.config.family, RefreshKind::Request, &mut bytes);
                self.counters.sent.route_refresh += 1;
                self.outputs.push_back(Output::Send(direction, bytes));
            }
        }
    }

    /// Notes a change of the shown state, once, after each event.
    fn note_state(&mut self, now: Timestamp) {
        let state = self.state();
        if state != self.shown {
            self.event(SessionEvent::StateChanged {
                from: self.shown,
                to: state,
            });
            self.shown = state;
            self.shown_since = now;
            if let Some(IdleReason::Damped { until }) = self.idle {
                let wait = until.since(now).as_millis();
                let wait_milliseconds = u64::try_from(wait).unwrap_or(u64::MAX);
                self.event(SessionEvent::Damped { wait_milliseconds });
            }
        }
    }
}
