//! One participant: what is done with one CAK (IEEE 802.1X §9).
//!
//! It knows who else has the CAK, who of them is the key server, and which key was given out last. Which keys are
//! used, and by which participant, is for the port to say.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use crate::cak::Key;
use crate::cipher::CipherSuite;
use crate::discarded::Discarded;
use crate::keys::Keys;
use crate::offer::Offer;
use crate::pdu::{
    Capability, Distributed, DistributedCipher, DistributedSak, MemberId, Offset, Pdu, SakUse,
};
use crate::peers::{Heard, Peers};
use crate::port::PortConfig;
use crate::random::Random;
use crate::sak::{KeyId, Sak};
use crate::sci::Sci;
use crate::status::Refusal;
use crate::timing::{BURST, HELLO, LIFE, PEERS, SECOND};

mod serve;
#[cfg(test)]
mod tests;

/// Versions of MKA that differ in nothing that we send; the second came with extended packet numbers.
const VERSION: u8 = 1;
const VERSION_XPN: u8 = 2;

/// Who gives out keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    /// There is no live peer.
    Nobody,
    Own,
    Peer(MemberId),
}

#[derive(Clone, Debug)]
pub(crate) struct Participant {
    pub(crate) key: Key,
    pub(crate) keys: Keys,
    sci: Sci,
    priority: u8,
    member: MemberId,
    /// Of the last message.
    number: u32,
    /// When the last messages were sent, the latest first, as far as they may be answered.
    sent: VecDeque<Duration>,
    pub(crate) peers: Peers,
    pub(crate) server: Server,
    /// The key that was given out last.
    pub(crate) offer: Option<Offer>,
    pub(crate) refusal: Option<Refusal>,
    /// Key servers and the greatest numbers of their keys that have been used up: no key is used twice.
    spent: VecDeque<(MemberId, u32)>,
    /// Of the last key that we gave out, and when.
    key_number: u32,
    served: Option<Duration>,
    /// A new key is due although nobody came or went.
    pub(crate) rekey: bool,
    next_hello: Duration,
    pub(crate) soon: bool,
    /// There was a live peer.
    pub(crate) was_live: bool,
    /// Its key was not taken: others come first until then.
    pub(crate) stalled: Option<Duration>,
}

impl Participant {
    pub(crate) fn new(key: Key, config: &PortConfig, random: &mut Random, now: Duration) -> Self {
        Self {
            keys: Keys::derive(&key),
            key,
            sci: config.sci,
            priority: config.priority,
            member: random.member(),
            number: 0,
            sent: VecDeque::new(),
            peers: Peers::default(),
            server: Server::Nobody,
            offer: None,
            refusal: None,
            spent: VecDeque::new(),
            key_number: 0,
            served: None,
            rekey: false,
            next_hello: now,
            soon: true,
            was_live: false,
            stalled: None,
        }
    }

    pub(crate) fn is_live(&self) -> bool {
        !self.peers.live.is_empty()
    }

    /// Another Member Identifier, as if it began now (§9.4.2): somebody else uses ours.
    fn renew(&mut self, random: &mut Random) {
        self.member = random.member();
        self.number = 0;
        self.key_number = 0;
        self.sent.clear();
        self.peers = Peers::default();
        self.offer = None;
        self.soon = true;
        self.elect();
    }

    /// Takes a PDU with a right ICV.
    pub(crate) fn receive(
        &mut self,
        pdu: &Pdu,
        takes: impl Fn(CipherSuite) -> bool,
        random: &mut Random,
        now: Duration,
    ) -> Result<(), Discarded> {
        if pdu.sci == self.sci {
            return Err(Discarded::Own);
        }
        if pdu.number == 0 {
            return Err(Discarded::NumberZero);
        }
        let mut named = pdu.live.iter().chain(&pdu.potential);
        let named = named.find(|member| member.id == self.member);
        let ahead = named.is_some_and(|member| member.number > self.number);
        if pdu.member == self.member || ahead {
            self.renew(random);
            return Err(Discarded::Own);
        }
        let echo = named.is_some_and(|member| self.is_recent(member.number, now));
        match self.peers.hear(pdu, echo, now)? {
            Heard::Known => {}
            Heard::New => self.soon = true,
            Heard::Live => {
                self.soon = true;
                self.was_live = true;
            }
        }
        self.elect();
        // A key that does not count us in may be one that we had before we began anew.
        let counts = pdu.live.iter().any(|member| member.id == self.member);
        if self.server == Server::Peer(pdu.member)
            && counts
            && let Some(distributed) = &pdu.distributed
        {
            return self.take(pdu, distributed, takes);
        }
        Ok(())
    }

    /// Whether we sent that message so lately that who knows of it is there.
    fn is_recent(&self, number: u32, now: Duration) -> bool {
        let Some(back) = self.number.checked_sub(number) else {
            return false;
        };
        let sent = usize::try_from(back)
            .ok()
            .and_then(|back| self.sent.get(back));
        number > 0 && sent.is_some_and(|sent| now < *sent + LIFE)
    }

    /// The lowest priority serves, among equals the lowest SCI (§9.5); of the others only who is willing.
    fn elect(&mut self) {
        let willing = self.peers.live.iter().filter(|peer| peer.key_server);
        let best = willing.min_by_key(|peer| (peer.priority, peer.sci));
        let server = match best {
            Some(peer) if (peer.priority, peer.sci) < (self.priority, self.sci) => {
                Server::Peer(peer.member)
            }
            _ if self.is_live() => Server::Own,
            _ => Server::Nobody,
        };
        if std::mem::replace(&mut self.server, server) != server {
            self.refusal = None;
            self.soon = true;
        }
    }

    /// Takes what the key server gives out.
    fn take(
        &mut self,
        pdu: &Pdu,
        distributed: &Distributed,
        takes: impl Fn(CipherSuite) -> bool,
    ) -> Result<(), Discarded> {
        let sak = match distributed {
            Distributed::Sak(sak) => sak,
            Distributed::Unprotected => {
                self.refusal = Some(Refusal::Unprotected);
                self.offer = None;
                return Ok(());
            }
        };
        let id = KeyId {
            server: pdu.member,
            number: sak.number,
        };
        if self.offer.as_ref().is_some_and(|offer| offer.id == id) || self.is_spent(id) {
            return Ok(());
        }
        let (cipher, wrapped) = match judge(sak, takes) {
            Ok(taken) => taken,
            Err(refusal) => {
                self.refusal = Some(refusal);
                return Ok(());
            }
        };
        let unwrapped = self.keys.kek.unwrap(wrapped);
        let unwrapped = unwrapped.and_then(|octets| Sak::new(cipher, &octets));
        let key = unwrapped.ok_or(Discarded::Wrap)?;
        // Members are numbered for nonces: all have to be known, and soon will be.
        let mut others = pdu.live.iter().filter(|other| other.id != self.member);
        if cipher.is_xpn() && !others.all(|other| self.peers.find_live(other.id).is_some()) {
            return Ok(());
        }
        self.refusal = None;
        // The key server tries again.
        self.stalled = None;
        self.offer = Some(Offer::new(
            id,
            sak.an,
            key,
            false,
            self.members(),
            self.scis(),
        ));
        Ok(())
    }

    fn is_spent(&self, id: KeyId) -> bool {
        let mut spent = self.spent.iter();
        spent.any(|(server, number)| *server == id.server && id.number <= *number)
    }

    /// A key is not used any more, and never again: its packet numbers would begin anew.
    pub(crate) fn spend(&mut self, id: KeyId) {
        if self.offer.as_ref().is_some_and(|offer| offer.id == id) {
            self.offer = None;
        }
        if let Some((_, number)) = self.spent.iter_mut().find(|spent| spent.0 == id.server) {
            *number = id.number.max(*number);
            return;
        }
        // Who is not a member any more is the first to be forgotten.
        if self.spent.len() > PEERS {
            self.spent.pop_front();
        }
        self.spent.push_back((id.server, id.number));
    }

    /// All of us.
    fn members(&self) -> BTreeSet<MemberId> {
        let live = self.peers.live.iter().map(|peer| peer.member);
        live.chain([self.member]).collect()
    }

    fn scis(&self) -> Vec<Sci> {
        let live = self.peers.live.iter().map(|peer| peer.sci);
        live.chain([self.sci]).collect()
    }

    /// Whoever was silent for too long goes.
    pub(crate) fn expire(&mut self, now: Duration) {
        if self.peers.expire(now) {
            // Who has gone does not come back to the same key.
            self.rekey |= self.is_live();
        }
        if !self.is_live() {
            self.refusal = None;
            self.rekey = false;
            self.stalled = None;
        }
        self.elect();
        if self.stalled.is_some_and(|until| until <= now) {
            self.stalled = None;
        }
    }

    /// It has something to say, after a time without frames.
    pub(crate) fn speak_now(&mut self, now: Duration) {
        self.soon = true;
        self.next_hello = now;
    }

    /// Whether a message is due.
    pub(crate) fn is_due(&self, now: Duration) -> bool {
        self.next_hello <= now || (self.soon && self.next_news() <= now)
    }

    /// When news may be told.
    fn next_news(&self) -> Duration {
        let first = self.sent.get(BURST - 1);
        first.map_or(Duration::ZERO, |sent| *sent + SECOND)
    }

    /// When to speak next.
    pub(crate) fn next_message(&self) -> Duration {
        if self.soon {
            self.next_hello.min(self.next_news())
        } else {
            self.next_hello
        }
    }

    pub(crate) fn next_deadline(&self, now: Duration) -> Option<Duration> {
        let times = [self.peers.next_deadline(), self.stalled, self.next_serve()];
        times.into_iter().flatten().filter(|at| *at > now).min()
    }

    /// The message that is due.
    pub(crate) fn speak(
        &mut self,
        xpn: bool,
        sak_use: Option<SakUse>,
        random: &mut Random,
        now: Duration,
    ) -> Pdu {
        if self.number == u32::MAX {
            self.renew(random);
        }
        self.number += 1;
        self.sent.push_front(now);
        while self.sent.back().is_some_and(|sent| *sent + LIFE <= now) {
            self.sent.pop_back();
        }
        self.next_hello = now + HELLO;
        self.soon = false;
        Pdu {
            version: if xpn { VERSION_XPN } else { VERSION },
            priority: self.priority,
            key_server: !matches!(self.server, Server::Peer(_)),
            desired: true,
            capability: Capability::Confidentiality,
            sci: self.sci,
            member: self.member,
            number: self.number,
            ckn: self.key.ckn,
            live: self.peers.live_list(),
            potential: self.peers.potential_list(),
            sak_use,
            distributed: self.distributed(),
        }
    }
}

/// A key that we can take, or why not.
fn judge(
    sak: &DistributedSak,
    takes: impl Fn(CipherSuite) -> bool,
) -> Result<(CipherSuite, &[u8]), Refusal> {
    let (cipher, wrapped) = match &sak.cipher {
        DistributedCipher::Known { cipher, wrapped } => (*cipher, wrapped),
        DistributedCipher::Unknown(id) => return Err(Refusal::UnknownCipher(*id)),
    };
    if !takes(cipher) {
        return Err(Refusal::Cipher(cipher));
    }
    match sak.offset {
        Offset::Zero => Ok((cipher, wrapped)),
        Offset::NoConfidentiality => Err(Refusal::IntegrityOnly),
        Offset::Thirty => Err(Refusal::Offset(30)),
        Offset::Fifty => Err(Refusal::Offset(50)),
    }
}
