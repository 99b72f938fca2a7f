//! The receive machine (IEEE 802.1AX §6.4.12): what is known of the other end.
//!
//! ```text
//!  link down        link up                  silence          silence
//! ──────────▶ PORT_DISABLED ──────▶ EXPIRED ───────▶ DEFAULTED
//!                                    │   ▲                │
//!                                PDU ▼   │ silence        │ PDU
//!                                   CURRENT ◀─────────────┘
//! ```

/// A state of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Receive {
    /// There is no link.
    PortDisabled,
    /// Not heard lately, or not yet since the link came up.
    Expired,
    /// Not heard at all.
    Defaulted,
    /// What was heard last counts.
    Current,
    /// Our own: in the bundle since an earlier life of this system, which the other end has not noticed.
    /// Until it is heard, or should have been, nothing is said that could tell it.
    Adopted,
}

/// What happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    LinkUp,
    LinkDown,
    /// `current_while` has run out.
    Silence,
    Pdu,
}

/// The next state.
pub(crate) fn next(state: Receive, event: Event) -> Receive {
    match (state, event) {
        (_, Event::LinkDown) => Receive::PortDisabled,
        (Receive::PortDisabled, Event::LinkUp) => Receive::Expired,
        (Receive::PortDisabled, Event::Silence | Event::Pdu) => Receive::PortDisabled,
        (Receive::Current, Event::Silence) => Receive::Expired,
        (Receive::Expired | Receive::Defaulted | Receive::Adopted, Event::Silence) => {
            Receive::Defaulted
        }
        (_, Event::Pdu) => Receive::Current,
        (up, Event::LinkUp) => up,
    }
}

#[cfg(test)]
mod tests {
    use super::Event::{LinkDown, LinkUp, Pdu, Silence};
    use super::Receive::{Adopted, Current, Defaulted, Expired, PortDisabled};
    use super::*;

    #[test]
    fn every_row_of_the_machine() {
        let rows = [
            // from            LinkUp     LinkDown      Silence       Pdu
            (
                PortDisabled,
                [Expired, PortDisabled, PortDisabled, PortDisabled],
            ),
            (Expired, [Expired, PortDisabled, Defaulted, Current]),
            (Defaulted, [Defaulted, PortDisabled, Defaulted, Current]),
            (Current, [Current, PortDisabled, Expired, Current]),
            (Adopted, [Adopted, PortDisabled, Defaulted, Current]),
        ];
        for (from, to) in rows {
            for (event, to) in [LinkUp, LinkDown, Silence, Pdu].into_iter().zip(to) {
                assert_eq!(next(from, event), to, "{from:?} on {event:?}");
            }
        }
    }
}
