//! What a session tells its driver and its RIB.

use ipnet::IpNet;

use super::fsm::State;
use super::negotiate::Negotiated;
use crate::wire::{Fault, Notification, PathAttributes};

/// Which of a neighbor's two possible connections.
#[derive(Copy, Clone, Debug, Eq, PartialEq, Hash)]
pub enum Direction {
    /// We opened it.
    Outgoing,
    /// The neighbor opened it.
    Incoming,
}

impl Direction {
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Outgoing => Self::Incoming,
            Self::Incoming => Self::Outgoing,
        }
    }
}

/// Whether a connection that the neighbor opened may stay.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub enum Admission {
    /// Attach it and call `handle_connected`.
    Accept,
    /// Reset it.
    Refuse,
}

/// Routes of one UPDATE, before policy. Withdraw first, then announce.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RouteUpdate {
    pub withdrawn: Vec<IpNet>,
    pub announced: Vec<(PathAttributes, Vec<IpNet>)>,
}

/// Why a session went down.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum DownReason {
    Sent(Notification),
    Received(Notification),
    /// The connection broke, in the words of the driver.
    Lost(String),
}

/// Outputs, to be carried out in order.
#[derive(Clone, Debug)]
pub enum Output {
    /// Open a connection to the neighbor; answer with `handle_connected` or
    /// `handle_connection_lost` for [`Direction::Outgoing`].
    Connect,
    /// Write these bytes on that connection.
    Send(Direction, Vec<u8>),
    /// Close that connection, or give up the attempt, once what was sent is out.
    Close(Direction),
    /// The session is up on that connection: announce everything, then End-of-RIB.
    Up(Direction, Box<Negotiated>),
    /// Routes in.
    Routes(RouteUpdate),
    /// The neighbor has sent its first full set: drop routes that are still stale.
    EndOfRib,
    /// The session is down: drop all its routes, or mark them stale.
    Down {
        keep_stale: bool,
        reason: DownReason,
    },
    /// Drop routes that are still stale.
    FlushStale,
    /// Announce everything again, between the marks of RFC 7313 when `enhanced`.
    RefreshRequested { enhanced: bool },
    /// The neighbor announces everything again: mark all its routes stale.
    RefreshBegin,
    /// It has: drop routes that are still stale.
    RefreshEnd,
    /// For logs and events.
    Event(SessionEvent),
}

/// Things worth a line in the log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SessionEvent {
    StateChanged {
        from: State,
        to: State,
    },
    Fault(Fault),
    NotificationSent(Notification),
    NotificationReceived(Notification),
    /// The driver's words: refused, timed out, reset.
    ConnectionLost {
        direction: Direction,
        cause: String,
    },
    IncomingRefused,
    PrefixLimitExceeded {
        limit: u32,
        wait_seconds: u64,
    },
    Damped {
        wait_milliseconds: u64,
    },
}
