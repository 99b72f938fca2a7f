//! Whom a participant hears (IEEE 802.1X §9.4.3).
//!
//! A peer is potential when a message of it was believed, and live when it has shown that it hears us: it names
//! our Member Identifier with a message number that we used lately. A recording can make the first of somebody,
//! but not the second.

use std::time::Duration;

use crate::discarded::Discarded;
use crate::pdu::{Capability, Member, MemberId, Pdu, SakUse};
use crate::sci::Sci;
use crate::timing::{LIFE, PEERS};

/// Another participant.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) member: MemberId,
    /// Of its last message.
    pub(crate) number: u32,
    pub(crate) sci: Sci,
    pub(crate) priority: u8,
    pub(crate) key_server: bool,
    pub(crate) capability: Capability,
    pub(crate) sak_use: Option<SakUse>,
    expires: Duration,
}

/// Both kinds of peers, each bounded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Peers {
    pub(crate) live: Vec<Peer>,
    pub(crate) potential: Vec<Peer>,
}

/// What a message has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Known,
    New,
    Live,
}

impl Peer {
    fn new(pdu: &Pdu, now: Duration) -> Self {
        Self {
            member: pdu.member,
            number: pdu.number,
            sci: pdu.sci,
            priority: pdu.priority,
            key_server: pdu.key_server,
            capability: pdu.capability,
            sak_use: pdu.sak_use,
            expires: now + LIFE,
        }
    }

    fn as_member(&self) -> Member {
        Member {
            id: self.member,
            number: self.number,
        }
    }
}

impl Peers {
    /// Takes a message; `echo`: it names us as one who is heard.
    pub(crate) fn hear(
        &mut self,
        pdu: &Pdu,
        echo: bool,
        now: Duration,
    ) -> Result<Heard, Discarded> {
        let known = self.live.iter().chain(&self.potential);
        if let Some(known) = known.into_iter().find(|peer| peer.member == pdu.member) {
            if pdu.number <= known.number {
                return Err(Discarded::Replay {
                    number: pdu.number,
                    last: known.number,
                });
            }
            if pdu.sci != known.sci {
                return Err(Discarded::OtherSci);
            }
        }
        let is_same = |peer: &Peer| peer.member == pdu.member;
        if let Some(peer) = self.live.iter_mut().find(|peer| is_same(peer)) {
            let expires = if echo { now + LIFE } else { peer.expires };
            *peer = Peer {
                expires,
                ..Peer::new(pdu, now)
            };
            return Ok(Heard::Known);
        }
        if echo {
            // A peer that has begun anew takes the place of what it was.
            let others = self.live.iter().filter(|peer| peer.sci != pdu.sci);
            if others.count() >= PEERS {
                return Err(Discarded::TooManyPeers);
            }
            self.live.retain(|peer| peer.sci != pdu.sci);
            self.potential.retain(|peer| peer.sci != pdu.sci);
            self.live.push(Peer::new(pdu, now));
            return Ok(Heard::Live);
        }
        let before = self.potential.len();
        self.potential.retain(|peer| !is_same(peer));
        let is_new = self.potential.len() == before;
        if self.potential.len() >= PEERS {
            // The one that was silent for longest: they stand in the order of their last messages.
            self.potential.remove(0);
        }
        self.potential.push(Peer::new(pdu, now));
        Ok(if is_new { Heard::New } else { Heard::Known })
    }

    /// Whether a live peer has gone.
    pub(crate) fn expire(&mut self, now: Duration) -> bool {
        let before = self.live.len();
        self.live.retain(|peer| peer.expires > now);
        self.potential.retain(|peer| peer.expires > now);
        self.live.len() < before
    }

    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        let peers = self.live.iter().chain(&self.potential);
        peers.map(|peer| peer.expires).min()
    }

    pub(crate) fn find_live(&self, member: MemberId) -> Option<&Peer> {
        self.live.iter().find(|peer| peer.member == member)
    }

    pub(crate) fn live_list(&self) -> Vec<Member> {
        self.live.iter().map(Peer::as_member).collect()
    }

    pub(crate) fn potential_list(&self) -> Vec<Member> {
        self.potential.iter().map(Peer::as_member).collect()
    }
}
