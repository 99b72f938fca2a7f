//! Carrying out one row of the state table.

use super::{CONNECT_TIMEOUT, LONGEST_CONNECT_RETRY, Session};
use crate::session::damping::back_off;
use crate::session::fsm::{Action, Event, State, transition};
use crate::session::output::{Direction, DownReason, Output, SessionEvent};
use crate::session::status::{IdleReason, LastError};
use crate::session::{Restart, SessionConfig, Timestamp};
use crate::wire::{ErrorCode, MessageType, Notification, encode_keepalive};

/// What came with an event.
#[derive(Clone, Debug)]
pub(super) enum Cause {
    None,
    /// Our reason, to be told to the neighbor if the table says so.
    Notify(Notification),
    /// The neighbor's reason.
    Received(Notification),
    /// The connection is gone, in the driver's words.
    Lost(String),
}

impl Session {
    /// Applies an event to one connection and returns what the table asked for. Nothing happens
    /// when there is no such connection.
    pub(super) fn apply(
        &mut self,
        direction: Direction,
        event: Event,
        cause: Cause,
        now: Timestamp,
    ) -> &'static [Action] {
        let Some(link) = self.link(direction) else {
            return &[];
        };
        let from = link.state;
        let step = transition(from, event);
        let mut reason = match cause {
            Cause::Received(notification) => Some(DownReason::Received(notification)),
            Cause::Lost(text) => Some(DownReason::Lost(text)),
            Cause::Notify(notification) => Some(DownReason::Sent(notification)),
            Cause::None => None,
        };
        if step.actions.contains(&Action::NotifyFsmError) {
            reason = Some(DownReason::Sent(unexpected(from, event)));
        }
        for action in step.actions {
            self.act(*action, direction, from, step.next, &mut reason, now);
        }
        if let Some(link) = self.link_mut(direction) {
            link.state = step.next;
        }
        if step.next == State::Idle && from != State::Idle {
            self.enter_idle(direction, from, event, reason, now);
        }
        // A lost incoming connection does not wait in Active for another: that is ours to do.
        if direction == Direction::Incoming
            && step.next == State::Active
            && event == Event::TcpConnectionFails
        {
            self.incoming = None;
            self.rest_or_restart(now);
        }
        if !self.link(direction).is_some_and(|it| it.is_connected()) {
            self.answer_waiting(direction.other(), now);
        }
        step.actions
    }

    fn act(
        &mut self,
        action: Action,
        direction: Direction,
        from: State,
        next: State,
        reason: &mut Option<DownReason>,
        now: Timestamp,
    ) {
        match action {
            Action::ClearConnectRetryCounter => self.connect_retry_counter = 0,
            Action::CountConnectRetry => {
                self.connect_retry_counter = self.connect_retry_counter.saturating_add(1);
            }
            Action::StartConnectRetryTimer => self.start_connect_retry(direction, next, now),
            Action::StopConnectRetryTimer => {
                if let Some(link) = self.link_mut(direction) {
                    link.connect_retry = None;
                }
            }
            Action::Connect => self.outputs.push_back(Output::Connect),
            Action::DropConnection => {
                if let Some(link) = self.link_mut(direction) {
                    link.reset();
                }
                self.outputs.push_back(Output::Close(direction));
            }
            Action::SendOpen => {
                let mut bytes = Vec::new();
                self.config.open().encode(&mut bytes);
                self.send(direction, MessageType::Open, bytes);
            }
            Action::SendKeepalive => {
                let mut bytes = Vec::new();
                encode_keepalive(&mut bytes);
                self.send(direction, MessageType::Keepalive, bytes);
            }
            Action::Notify | Action::NotifyFsmError => {
                if let Some(DownReason::Sent(notification)) = reason {
                    let notification = notification.clone();
                    self.notify(direction, notification, now);
                }
            }
            Action::NotifyHoldTimerExpired => {
                let notification = Notification::new(ErrorCode::HOLD_TIMER_EXPIRED);
                *reason = Some(DownReason::Sent(notification.clone()));
                self.notify(direction, notification, now);
            }
            Action::StartOpenHoldTimer => {
                if let Some(link) = self.link_mut(direction) {
                    link.hold = Some(now + SessionConfig::OPEN_HOLD_TIME);
                }
            }
            Action::StartHoldTimer => {
                if let Some(link) = self.link_mut(direction)
                    && let Some(negotiated) = &link.negotiated
                {
                    let hold = std::time::Duration::from_secs(u64::from(negotiated.hold_time));
                    link.hold = Some(now + hold);
                }
            }
            Action::StartKeepaliveTimer => self.start_keepalive(direction, now),
            Action::Establish => self.establish(direction, now),
            // The caller has the message and does it.
            Action::ProcessUpdate | Action::ProcessRouteRefresh => {}
            Action::Damp => {
                // Losing one of two connections is no failure of the session.
                let other_lives = self
                    .link(direction.other())
                    .is_some_and(|it| it.is_connected());
                if !other_lives {
                    if from == State::Established {
                        self.count_time_up(now);
                    }
                    self.damping.count(now);
                }
            }
        }
    }

    fn send(&mut self, direction: Direction, message_type: MessageType, bytes: Vec<u8>) {
        self.counters.sent.count(message_type);
        self.outputs.push_back(Output::Send(direction, bytes));
    }

    fn notify(&mut self, direction: Direction, notification: Notification, now: Timestamp) {
        let mut bytes = Vec::new();
        notification.encode(&mut bytes);
        self.send(direction, MessageType::Notification, bytes);
        self.event(SessionEvent::NotificationSent(notification.clone()));
        self.last_sent = Some(LastError {
            at: now,
            notification,
        });
    }

    /// While connecting, the time for the attempt; in Active, the pause before the next one.
    /// A passive session never starts an attempt, so it has no such timer.
    fn start_connect_retry(&mut self, direction: Direction, next: State, now: Timestamp) {
        if self.config.passive || direction == Direction::Incoming {
            return;
        }
        let span = if next == State::Connect {
            CONNECT_TIMEOUT
        } else {
            let pause = back_off(self.connect_retry_counter, LONGEST_CONNECT_RETRY);
            self.jitter.apply(pause)
        };
        self.outgoing.connect_retry = Some(now + span);
    }

    pub(super) fn start_keepalive(&mut self, direction: Direction, now: Timestamp) {
        let interval = self
            .link(direction)
            .and_then(|link| link.negotiated.as_ref())
            .map(|negotiated| negotiated.keepalive_interval);
        if let Some(interval) = interval {
            let at = now + self.jitter.apply(interval);
            if let Some(link) = self.link_mut(direction) {
                link.keepalive = Some(at);
            }
        }
    }

    fn establish(&mut self, direction: Direction, now: Timestamp) {
        let negotiated = self
            .link(direction)
            .and_then(|link| link.negotiated.clone());
        let Some(negotiated) = negotiated else { return };
        self.counters.established += 1;
        (self.end_of_rib, self.refreshing) = (false, false);
        if self.config.restart == Restart::Restarted {
            self.config.restart = Restart::Preserving;
        }
        self.connect_retry_counter = 0;
        let flush = self
            .helper
            .session_up(negotiated.forwarding_preserved(), now);
        self.outputs.push_back(Output::Up(direction, negotiated));
        if flush {
            self.outputs.push_back(Output::FlushStale);
        }
    }

    fn count_time_up(&mut self, now: Timestamp) {
        let span = now.since(self.shown_since);
        self.damping.session_was_up(span);
        self.limit_wait.session_was_up(span);
    }

    /// Leaving for Idle: the connection closes; from Established the routes go, or become stale
    /// when the connection just broke and graceful restart was agreed (RFC 4724 §4.2).
    fn enter_idle(
        &mut self,
        direction: Direction,
        from: State,
        event: Event,
        reason: Option<DownReason>,
        now: Timestamp,
    ) {
        let negotiated = self
            .link_mut(direction)
            .and_then(|link| link.negotiated.take());
        if let Some(link) = self.link_mut(direction) {
            link.reset();
        }
        if from != State::Active {
            self.outputs.push_back(Output::Close(direction));
        }
        if from == State::Established {
            let restart_time = negotiated
                .and_then(|negotiated| negotiated.restart_time())
                .filter(|_| event == Event::TcpConnectionFails);
            self.counters.flaps += 1;
            let reason = reason.unwrap_or_else(|| DownReason::Lost("stopped".to_owned()));
            let keep_stale = restart_time.is_some();
            self.outputs.push_back(Output::Down { keep_stale, reason });
            match restart_time {
                Some(time) => self.helper.connection_lost(time, now),
                // Down has flushed everything, stale routes too.
                None => _ = self.helper.end(),
            }
        }
        if direction == Direction::Incoming {
            self.incoming = None;
        }
        self.rest_or_restart(now);
    }

    /// After a connection has ended: rest while the other one lives, else wait for the next try.
    fn rest_or_restart(&mut self, now: Timestamp) {
        if self.outgoing.state != State::Idle {
            return;
        }
        if self.incoming.is_some() {
            self.idle = Some(IdleReason::Resting);
            return;
        }
        let wait = self.jitter.apply(self.damping.idle_hold());
        self.idle = Some(IdleReason::Damped { until: now + wait });
    }
}

/// RFC 6608 §4: the state tells the subcode, the data is the type of the message.
fn unexpected(state: State, event: Event) -> Notification {
    let code = match state {
        State::OpenSent => ErrorCode::FSM_IN_OPEN_SENT,
        State::OpenConfirm => ErrorCode::FSM_IN_OPEN_CONFIRM,
        State::Established => ErrorCode::FSM_IN_ESTABLISHED,
        State::Idle | State::Connect | State::Active => {
            return Notification::new(ErrorCode::FSM_UNSPECIFIC);
        }
    };
    let message_type = match event {
        Event::BgpOpen | Event::BgpOpenError => MessageType::Open,
        Event::Update | Event::UpdateError => MessageType::Update,
        Event::Keepalive => MessageType::Keepalive,
        Event::RouteRefresh | Event::RouteRefreshError => MessageType::RouteRefresh,
        _ => return Notification::new(code),
    };
    Notification::with_data(code, [message_type.code()])
}
