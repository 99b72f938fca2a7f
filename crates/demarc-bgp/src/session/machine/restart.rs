//! A neighbor that has restarted before we noticed.

use super::{LATE_COLLISION, Session};
use crate::session::Timestamp;
use crate::session::negotiate::{Negotiated, negotiate};
use crate::session::output::Direction;
use crate::wire::{Header, Message, MessageType, decode};

impl Session {
    /// Whether a connection that the neighbor opens now takes the place of the session that is up:
    /// it may have restarted before we noticed (RFC 4724 §4.2). Admit it once an OPEN has come that
    /// [`judge_restart`](Self::judge_restart) finds good, not before (§5).
    #[must_use]
    pub fn yields_to_restart(&self, now: Timestamp) -> bool {
        let restarts = |it: &Negotiated| it.restart_time().is_some();
        self.established_on().is_some()
            && now.since(self.shown_since) >= LATE_COLLISION
            && self.negotiated().is_some_and(restarts)
    }

    /// Whether the first bytes of a new connection are an OPEN that a session could begin with;
    /// `None` while too few have come to tell.
    #[must_use]
    pub fn judge_restart(&self, bytes: &[u8]) -> Option<bool> {
        let header = match Header::peek(bytes) {
            Ok(header) => header?,
            Err(_) => return Some(false),
        };
        if header.message_type != MessageType::Open {
            return Some(false);
        }
        let message = bytes.get(..header.length)?;
        let context = self.context(Direction::Incoming);
        let good = matches!(decode(message, &context), Ok(Message::Open(open))
            if negotiate(&self.config, &open).is_ok());
        Some(good)
    }
}
