//! Carrying out what the session machine wants.

use std::net::IpAddr;

use demarc_bgp::rib::Established;
use demarc_bgp::session::{Direction, DownReason, Negotiated, Output, RouteUpdate, SessionEvent};
use demarc_bgp::wire::Family;
use tokio::sync::mpsc::error::TrySendError;
use tracing::{debug, info, warn};

use super::NeighborTask;
use crate::message::ToRib;

/// For the log.
fn told(reason: &DownReason) -> String {
    match reason {
        DownReason::Sent(notification) => format!("sent {notification}"),
        DownReason::Received(notification) => format!("received {notification}"),
        DownReason::Lost(cause) => cause.clone(),
    }
}

impl NeighborTask {
    /// Takes every output of the session, then hands over to the RIB task what it has room for.
    pub(super) fn carry_out(&mut self) {
        while let Some(output) = self.session.poll_output() {
            self.output(output);
        }
        self.hand_over();
    }

    fn output(&mut self, output: Output) {
        let neighbor = self.setup.index;
        match output {
            Output::Connect => self.dial = Some(self.dial()),
            Output::Send(direction, bytes) => {
                if let Some(connection) = self.connection_mut(direction) {
                    connection.queue_control(bytes);
                    self.write(direction);
                }
            }
            Output::Close(direction) => self.close(direction),
            Output::Up(direction, negotiated) => self.up(direction, &negotiated),
            Output::Routes(update) => self.routes(update),
            Output::EndOfRib | Output::FlushStale | Output::RefreshEnd => {
                self.tell_rib(ToRib::SweepStale { neighbor });
            }
            Output::Down { keep_stale, reason } => {
                self.up = None;
                let reason = told(&reason);
                info!(neighbor = %self.config.address, reason, keep_stale, "session down");
                self.tell_rib(ToRib::Down {
                    neighbor,
                    keep_stale,
                });
            }
            Output::RefreshRequested { enhanced } => {
                self.tell_rib(ToRib::Refresh { neighbor, enhanced });
            }
            Output::RefreshBegin => self.tell_rib(ToRib::MarkStale { neighbor }),
            Output::Event(event) => self.log(&event),
        }
    }

    fn close(&mut self, direction: Direction) {
        if direction == Direction::Outgoing {
            self.dial = None;
        }
        if let Some(connection) = self.connection_mut(direction).take() {
            self.closing.retain(|closing| !closing.is_finished());
            self.closing.push(connection.close());
        }
    }

    fn up(&mut self, direction: Direction, negotiated: &Negotiated) {
        self.epoch += 1;
        self.up = Some(direction);
        self.faults_logged = false;
        let own = self.connection_mut(direction).as_ref();
        if let Some(own) = own.map(|connection| connection.local()) {
            let differs = |local: &mut IpAddr| std::mem::replace(local, own) != own;
            self.setup.local.send_if_modified(differs);
        }
        let Some(next_hop) = self.next_hop(direction, negotiated.family) else {
            warn!(neighbor = %self.config.address, "no local address: nothing can be announced");
            return;
        };
        info!(
            neighbor = %self.config.address, router_id = %negotiated.peer_router_id,
            hold_time = negotiated.hold_time, "session up"
        );
        let established = Established {
            router_id: negotiated.peer_router_id,
            four_octet_asn: negotiated.four_octet_asn,
            next_hop,
            end_of_rib: true,
        };
        let (neighbor, epoch) = (self.setup.index, self.epoch);
        self.tell_rib(ToRib::Up {
            neighbor,
            epoch,
            established,
        });
    }

    /// Our end of the connection, when it is of the family of the routes; else what is configured.
    fn next_hop(&mut self, direction: Direction, family: Family) -> Option<IpAddr> {
        let own = self
            .connection_mut(direction)
            .as_ref()
            .map(|connection| connection.local());
        let fits = |address: &IpAddr| address.is_ipv4() == (family == Family::Ipv4);
        own.filter(fits).or_else(|| {
            let address = self.setup.speaker.local_address(family)?.ip();
            (!address.is_unspecified()).then_some(address)
        })
    }

    /// Updates of one read travel together.
    fn routes(&mut self, update: RouteUpdate) {
        if let Some(ToRib::Routes { epoch, updates, .. }) = self.pending.back_mut()
            && *epoch == self.epoch
        {
            updates.push(update);
            return;
        }
        let (neighbor, epoch) = (self.setup.index, self.epoch);
        self.pending.push_back(ToRib::Routes {
            neighbor,
            epoch,
            updates: vec![update],
        });
    }

    pub(super) fn tell_rib(&mut self, message: ToRib) {
        self.pending.push_back(message);
    }

    fn hand_over(&mut self) {
        while let Some(message) = self.pending.pop_front() {
            match self.setup.to_rib.try_send(message) {
                Ok(()) => {}
                Err(TrySendError::Full(message)) => {
                    self.pending.push_front(message);
                    return;
                }
                // The speaker is shutting down.
                Err(TrySendError::Closed(_)) => self.pending.clear(),
            }
        }
    }

    fn log(&mut self, event: &SessionEvent) {
        let neighbor = self.config.address;
        match event {
            SessionEvent::StateChanged { from, to } => {
                debug!(%neighbor, from = from.name(), to = to.name(), "state changed");
            }
            SessionEvent::Fault(fault) if !self.faults_logged => {
                self.faults_logged = true;
                warn!(%neighbor, %fault, "malformed attribute; further ones are only counted");
            }
            SessionEvent::Fault(_) => {}
            SessionEvent::NotificationSent(notification) => {
                warn!(%neighbor, %notification, "notification sent");
            }
            SessionEvent::NotificationReceived(notification) => {
                warn!(%neighbor, %notification, "notification received");
            }
            SessionEvent::ConnectionLost { direction, cause } => {
                debug!(%neighbor, ?direction, cause, "connection lost");
            }
            SessionEvent::IncomingRefused => debug!(%neighbor, "connection refused"),
            SessionEvent::PrefixLimitExceeded {
                limit,
                wait_seconds,
            } => {
                warn!(%neighbor, limit, wait_seconds, "too many prefixes");
            }
            SessionEvent::Damped { wait_milliseconds } => {
                debug!(%neighbor, wait_milliseconds, "waiting before the next try");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use demarc_bgp::wire::{ErrorCode, Notification};

    use super::*;

    #[test]
    fn the_end_of_a_session_is_told_in_words() {
        let notification = Notification::new(ErrorCode::CEASE_BFD_DOWN);
        for (reason, text) in [
            (DownReason::Sent(notification.clone()), "sent 6/10 BFD Down"),
            (DownReason::Received(notification), "received 6/10 BFD Down"),
            (DownReason::Lost("reset".to_owned()), "reset"),
        ] {
            assert_eq!(told(&reason), text);
        }
    }
}
