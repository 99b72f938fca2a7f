//! What an operator sees of a session.

use std::time::Duration;

use super::fsm::State;
use super::negotiate::Negotiated;
use super::timestamp::Timestamp;
use crate::wire::{MessageType, Notification};

/// Why a session is in Idle although nobody moves it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum IdleReason {
    /// Not started yet.
    NotStarted,
    /// An operator shut it down, with this text for the neighbor.
    AdministrativeShutdown { text: String },
    /// Too many prefixes (spec/routing §2).
    PrefixLimit { until: Timestamp },
    /// It failed; the next try is at this time.
    Damped { until: Timestamp },
    /// The other connection of the same session is in use.
    Resting,
}

/// Messages by type.
#[derive(Copy, Clone, Debug, Default, Eq, PartialEq)]
pub struct MessageCounts {
    pub open: u64,
    pub update: u64,
    pub notification: u64,
    pub keepalive: u64,
    pub route_refresh: u64,
}

impl MessageCounts {
    pub(super) fn count(&mut self, message_type: MessageType) {
        let counter = match message_type {
            MessageType::Open => &mut self.open,
            MessageType::Update => &mut self.update,
            MessageType::Notification => &mut self.notification,
            MessageType::Keepalive => &mut self.keepalive,
            MessageType::RouteRefresh => &mut self.route_refresh,
        };
        *counter += 1;
    }
}

/// Counters of a session since it was made.
#[derive(Copy, Clone, Debug, Default, Eq, PartialEq)]
pub struct Counters {
    pub received: MessageCounts,
    pub sent: MessageCounts,
    /// Times it became Established.
    pub established: u64,
    /// Times it left Established.
    pub flaps: u64,
    /// Malformed attributes (RFC 7606) that did not end the session.
    pub faults: u64,
    /// Connections of the neighbor that were not admitted.
    pub refused: u64,
}

/// A NOTIFICATION and when.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LastError {
    pub at: Timestamp,
    pub notification: Notification,
}

/// A snapshot of a session.
#[derive(Clone, Debug)]
pub struct SessionStatus {
    pub state: State,
    pub in_state: Duration,
    /// Only in Idle.
    pub idle_reason: Option<IdleReason>,
    /// From OpenConfirm on.
    pub negotiated: Option<Negotiated>,
    pub last_sent: Option<LastError>,
    pub last_received: Option<LastError>,
    /// The last connection that broke or could not be made, in the driver's words.
    pub last_connection_error: Option<(Timestamp, String)>,
    pub counters: Counters,
    /// Stale routes are kept until then.
    pub stale_until: Option<Timestamp>,
    /// The neighbor has sent all that it had when the session came up (RFC 4724 §2).
    pub end_of_rib: bool,
}
