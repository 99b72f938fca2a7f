//! Bytes in: messages become events of the table.

use super::Session;
use super::step::Cause;
use crate::session::fsm::{Action, Event, State};
use crate::session::negotiate::{Negotiated, negotiate};
use crate::session::output::{Direction, Output, RouteUpdate, SessionEvent};
use crate::session::status::LastError;
use crate::session::timestamp::Timestamp;
use crate::wire::{
    ErrorCode, Header, Message, MessageType, Notification, Open, RefreshKind, RouteRefresh,
    SessionContext, Update, decode,
};

impl Session {
    /// Takes bytes that a connection has brought and returns how many of them are done with. The
    /// rest is the start of a message: keep it in front of what comes next.
    pub fn handle_input(&mut self, direction: Direction, bytes: &[u8], now: Timestamp) -> usize {
        let mut done = 0;
        while self.link(direction).is_some_and(|link| link.is_connected()) {
            let rest = &bytes[done..];
            match Header::peek(rest) {
                Err(notification) => {
                    self.end(direction, Event::BgpHeaderError, notification, now);
                }
                Ok(Some(header)) if header.length <= rest.len() => {
                    let message = &rest[..header.length];
                    self.message(direction, header.message_type, message, now);
                    done += header.length;
                }
                Ok(_) => {
                    self.note_state(now);
                    return done;
                }
            }
        }
        self.note_state(now);
        // The connection is over: nobody wants the rest.
        bytes.len()
    }

    pub(super) fn end(
        &mut self,
        direction: Direction,
        event: Event,
        notification: Notification,
        now: Timestamp,
    ) {
        self.apply(direction, event, Cause::Notify(notification), now);
    }

    fn message(
        &mut self,
        direction: Direction,
        message_type: MessageType,
        bytes: &[u8],
        now: Timestamp,
    ) {
        self.counters.received.count(message_type);
        let state = self.link(direction).map_or(State::Idle, |link| link.state);
        let context = self.context(direction);
        if message_type == MessageType::Update && state != State::Established {
            // Too early to know how to read it.
            self.answer_waiting(direction, now);
            self.apply(direction, Event::Update, Cause::None, now);
            return;
        }
        match decode(bytes, &context) {
            Ok(Message::Open(open)) => self.open(direction, &open, now),
            Ok(Message::Update(update)) => {
                if self.process(direction, Event::Update, Action::ProcessUpdate, now) {
                    self.update(&update);
                }
            }
            Ok(Message::RouteRefresh(refresh)) => {
                let action = Action::ProcessRouteRefresh;
                if self.process(direction, Event::RouteRefresh, action, now) {
                    self.refresh(direction, refresh);
                }
            }
            Ok(Message::Keepalive) if self.confirms_waiting(direction) => {}
            Ok(Message::Keepalive) => {
                self.apply(direction, Event::Keepalive, Cause::None, now);
            }
            Ok(Message::Notification(notification)) => {
                self.notified(direction, notification, now);
            }
            Err(notification) => {
                let event = match message_type {
                    MessageType::Open => Event::BgpOpenError,
                    MessageType::Update => Event::UpdateError,
                    MessageType::RouteRefresh => Event::RouteRefreshError,
                    MessageType::Keepalive | MessageType::Notification => Event::BgpHeaderError,
                };
                self.end(direction, event, notification, now);
            }
        }
    }

    pub(super) fn context(&self, direction: Direction) -> SessionContext {
        let negotiated = self
            .link(direction)
            .and_then(|link| link.negotiated.as_deref());
        negotiated.map_or(
            SessionContext {
                family: self.config.family,
                four_octet_asn: true,
            },
            Negotiated::context,
        )
    }

    /// Applies an event; whether the table wants the message processed.
    fn process(
        &mut self,
        direction: Direction,
        event: Event,
        wanted: Action,
        now: Timestamp,
    ) -> bool {
        self.apply(direction, event, Cause::None, now)
            .contains(&wanted)
    }

    fn open(&mut self, direction: Direction, open: &Open, now: Timestamp) {
        self.answer_waiting(direction, now);
        let state = self.link(direction).map_or(State::Idle, |link| link.state);
        if state != State::OpenSent {
            self.apply(direction, Event::BgpOpen, Cause::None, now);
            return;
        }
        let negotiated = match negotiate(&self.config, open) {
            Ok(negotiated) => negotiated,
            Err(notification) => {
                self.end(direction, Event::BgpOpenError, notification, now);
                return;
            }
        };
        self.opened(direction, negotiated, now);
    }

    fn notified(&mut self, direction: Direction, notification: Notification, now: Timestamp) {
        let event = if notification.code == ErrorCode::OPEN_UNSUPPORTED_VERSION {
            Event::NotificationVersionError
        } else {
            Event::Notification
        };
        self.event(SessionEvent::NotificationReceived(notification.clone()));
        self.last_received = Some(LastError {
            at: now,
            notification: notification.clone(),
        });
        self.apply(direction, event, Cause::Received(notification), now);
    }

    fn update(&mut self, update: &Update<'_>) {
        for fault in update.faults() {
            self.counters.faults += 1;
            self.event(SessionEvent::Fault(*fault));
        }
        if update.is_end_of_rib() {
            self.helper.end();
            self.end_of_rib = true;
            self.outputs.push_back(Output::EndOfRib);
            return;
        }
        let routes = RouteUpdate {
            withdrawn: update.withdrawn().collect(),
            announced: update
                .announced()
                .map(|(attributes, nlri)| (attributes, nlri.collect()))
                .collect(),
        };
        if !routes.withdrawn.is_empty() || !routes.announced.is_empty() {
            self.outputs.push_back(Output::Routes(routes));
        }
    }

    fn refresh(&mut self, direction: Direction, refresh: RouteRefresh) {
        let negotiated = self
            .link(direction)
            .and_then(|link| link.negotiated.as_ref());
        let enhanced = negotiated.is_some_and(|it| it.enhanced_route_refresh);
        // A neighbor that restarts gracefully sends all it has once before it may begin to send
        // all of it again (RFC 7313 §4).
        let restarts = |it: &Negotiated| it.peer_capabilities.graceful_restart.is_some();
        let too_early = !self.end_of_rib && negotiated.is_some_and(|it| restarts(it));
        let known = refresh
            .known
            .filter(|(family, _)| *family == self.config.family);
        match known.map(|(_, kind)| kind) {
            Some(RefreshKind::Request) => {
                self.outputs
                    .push_back(Output::RefreshRequested { enhanced });
            }
            // Marks mean something only when both sides have agreed on them (RFC 7313 §4).
            Some(RefreshKind::Begin) if enhanced && !too_early => {
                self.refreshing = true;
                self.outputs.push_back(Output::RefreshBegin);
            }
            Some(RefreshKind::End) if self.refreshing => {
                self.refreshing = false;
                self.outputs.push_back(Output::RefreshEnd);
            }
            Some(RefreshKind::Begin | RefreshKind::End) | None => {}
        }
    }
}
