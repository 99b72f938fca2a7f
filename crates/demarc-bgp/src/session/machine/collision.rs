//! An OPEN has come while there is another connection.

use std::time::Duration;

use super::Session;
use super::step::Cause;
use crate::session::collision::{self, Identity, Verdict};
use crate::session::fsm::{Event, State};
use crate::session::link::Waiting;
use crate::session::negotiate::Negotiated;
use crate::session::output::Direction;
use crate::session::timestamp::Timestamp;
use crate::wire::{ErrorCode, Notification};

/// How long a connection that would lose a collision waits for an OPEN on the other: what was lost
/// on the way is sent again within it. Were its own OPEN answered at once, it could come up at one
/// end while the other end closes it for the one that wins, and both would be gone.
const LATE_OPEN: Duration = Duration::from_secs(1);

impl Session {
    /// A good OPEN has come on a connection: resolves a collision (RFC 4271 §6.8) and answers it,
    /// now or when it is known what becomes of the other connection.
    pub(super) fn opened(&mut self, direction: Direction, negotiated: Negotiated, now: Timestamp) {
        let other = direction.other();
        let other_state = self.link(other).map_or(State::Idle, |link| link.state);
        let local = Identity {
            router_id: self.config.router_id,
            asn: self.config.local_asn,
        };
        let remote = Identity {
            router_id: negotiated.peer_router_id,
            asn: negotiated.peer_asn,
        };
        let negotiated = Box::new(negotiated);
        match collision::resolve(direction, other_state, local, remote) {
            Verdict::Proceed => self.answer(direction, negotiated, now),
            Verdict::Wait => {
                if let Some(link) = self.link_mut(direction) {
                    link.waiting = Some(Waiting {
                        negotiated,
                        confirmed: false,
                        until: now + LATE_OPEN,
                    });
                }
            }
            Verdict::AbandonOther => {
                self.apply(other, Event::ManualStop, Cause::None, now);
                self.answer(direction, negotiated, now);
            }
            Verdict::Dump(loser) => {
                let notification = Notification::new(ErrorCode::CEASE_COLLISION);
                self.end(loser, Event::OpenCollisionDump, notification, now);
                if loser != direction {
                    self.answer(direction, negotiated, now);
                }
            }
        }
    }

    /// Answers an OPEN that has waited; nothing where none has.
    pub(super) fn answer_waiting(&mut self, direction: Direction, now: Timestamp) {
        let waiting = self.link_mut(direction).and_then(|it| it.waiting.take());
        if let Some(waiting) = waiting {
            self.answer(direction, waiting.negotiated, now);
            if waiting.confirmed {
                self.apply(direction, Event::Keepalive, Cause::None, now);
            }
        }
    }

    /// Whether a KEEPALIVE belongs to an OPEN that waits, and then waits with it.
    pub(super) fn confirms_waiting(&mut self, direction: Direction) -> bool {
        let waiting = self.link_mut(direction).and_then(|it| it.waiting.as_mut());
        waiting.is_some_and(|it| {
            it.confirmed = true;
            true
        })
    }

    fn answer(&mut self, direction: Direction, negotiated: Box<Negotiated>, now: Timestamp) {
        if let Some(link) = self.link_mut(direction) {
            link.negotiated = Some(negotiated);
        }
        self.apply(direction, Event::BgpOpen, Cause::None, now);
    }
}
