//! Connection collision (RFC 4271 §6.8, RFC 6286 §2.3): which of two connections stays.

use std::net::Ipv4Addr;

use super::fsm::State;
use super::output::Direction;
use crate::wire::Asn;

/// Who a speaker is, as far as collisions care. The higher one's connection stays.
#[derive(Copy, Clone, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub(super) struct Identity {
    pub(super) router_id: Ipv4Addr,
    /// Decides between equal identifiers.
    pub(super) asn: Asn,
}

/// What to do with two connections when an OPEN has come on one of them.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// There is no other connection.
    Proceed,
    /// The other one would stay, but has no OPEN, and may never get one.
    Wait,
    /// The other attempt is not even connected: give it up.
    AbandonOther,
    /// Close this connection with Cease 6/7.
    Dump(Direction),
}

/// An OPEN has come on `arrived`; `other` is the state of the other connection.
pub(super) fn resolve(
    arrived: Direction,
    other: State,
    local: Identity,
    remote: Identity,
) -> Verdict {
    let loser = if local < remote {
        Direction::Outgoing
    } else {
        Direction::Incoming
    };
    match other {
        State::Idle => Verdict::Proceed,
        State::Connect | State::Active => Verdict::AbandonOther,
        // "MAY also examine connections in an OpenSent state if it knows the BGP Identifier of the
        // peer" (§6.8), and now we do. One that would win is waited for.
        State::OpenSent if loser == arrived => Verdict::Wait,
        State::OpenSent | State::OpenConfirm => Verdict::Dump(loser),
        // An established session is not given up for a new connection.
        State::Established => Verdict::Dump(arrived),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connection_of_the_higher_identifier_stays() {
        let identity = |last, asn| Identity {
            router_id: Ipv4Addr::new(192, 0, 2, last),
            asn: Asn::new(asn),
        };
        let (incoming, outgoing) = (Direction::Incoming, Direction::Outgoing);
        let rows = [
            (incoming, State::Idle, 1, 2, Verdict::Proceed),
            (incoming, State::Connect, 1, 2, Verdict::AbandonOther),
            (incoming, State::Active, 2, 1, Verdict::AbandonOther),
            (outgoing, State::OpenSent, 1, 2, Verdict::Wait),
            (incoming, State::OpenSent, 1, 2, Verdict::Dump(outgoing)),
            (incoming, State::OpenSent, 2, 1, Verdict::Wait),
            (outgoing, State::OpenSent, 2, 1, Verdict::Dump(incoming)),
            (incoming, State::OpenConfirm, 1, 2, Verdict::Dump(outgoing)),
            (outgoing, State::OpenConfirm, 1, 2, Verdict::Dump(outgoing)),
            (incoming, State::OpenConfirm, 2, 1, Verdict::Dump(incoming)),
            (outgoing, State::OpenConfirm, 2, 1, Verdict::Dump(incoming)),
            (incoming, State::Established, 1, 2, Verdict::Dump(incoming)),
            (outgoing, State::Established, 2, 1, Verdict::Dump(outgoing)),
        ];
        for (arrived, other, local, remote, wanted) in rows {
            let verdict = resolve(arrived, other, identity(local, 1), identity(remote, 1));
            assert_eq!(verdict, wanted, "{arrived:?} {other:?} {local} {remote}");
        }
        let by_asn = resolve(
            incoming,
            State::OpenConfirm,
            identity(1, 65001),
            identity(1, 65002),
        );
        assert_eq!(
            by_asn,
            Verdict::Dump(outgoing),
            "equal identifiers: the higher ASN"
        );
    }
}
