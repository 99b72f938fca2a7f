//! What follows from what has changed. Called after every change; a second call changes nothing.

use std::time::Duration;

use super::Port;
use super::in_use::InUse;
use crate::cak::Ckn;
use crate::participant::{Participant, Server};
use crate::pdu::KeyUse;
use crate::peers::Peer;
use crate::sak::KeyId;
use crate::status::Refusal;
use crate::timing::{LIFE, RETIRE, RETRY, STALL};

impl Port {
    pub(super) fn settle(&mut self, now: Duration) {
        self.now = now;
        for participant in &mut self.participants {
            participant.expire(now);
        }
        self.drop_lost();
        self.drop_stalled(now);
        self.renew_exhausted();
        self.serve(now);
        self.place(now);
        self.follow();
        self.transmit(now);
        self.retire(now);
        let sak_use = self.keys.sak_use().without_numbers();
        if std::mem::replace(&mut self.told, sak_use) != sak_use {
            // Those who wait for it are to know soon.
            for participant in &mut self.participants {
                let ckn = participant.key.ckn;
                participant.soon |= self.keys.iter().any(|key| key.ckn == ckn);
            }
        }
    }

    /// Keys of participants without peers go, and of those whose key server wants no MACsec.
    fn drop_lost(&mut self) {
        let participants = &self.participants;
        let gone = self.keys.drop_if(|key| {
            let participant = of(participants, &key.ckn);
            !participant.is_some_and(|participant| {
                participant.is_live() && participant.refusal != Some(Refusal::Unprotected)
            })
        });
        self.spend(gone);
    }

    /// A key that is not taken gives way, if there is another participant to turn to.
    fn drop_stalled(&mut self, now: Duration) {
        let Some(latest) = &self.keys.latest else {
            return;
        };
        let ckn = latest.ckn;
        let others = self
            .participants
            .iter()
            .any(|other| other.key.ckn != ckn && other.is_live() && other.stalled.is_none());
        if latest.transmit.is_some() || now < latest.placed + STALL || !others {
            return;
        }
        let id = latest.id();
        if let Some(participant) = of_mut(&mut self.participants, &ckn) {
            participant.stalled = Some(now + RETRY);
        }
        let gone = self.keys.drop_if(|key| key.id() == id);
        self.spend(gone);
    }

    /// Before packet numbers run out, at any of the members, its key server makes a new key.
    fn renew_exhausted(&mut self) {
        let Some(key) = self.keys.latest.as_ref() else {
            return;
        };
        let (id, limit) = (key.id(), key.exhaustion());
        let mut reports = self.reports(id);
        let is_due = key.is_exhausted() || reports.any(|(_, r)| r.lowest_packet_number >= limit);
        drop(reports);
        let ckn = key.ckn;
        if let Some(participant) = of_mut(&mut self.participants, &ckn)
            && participant.server == Server::Own
            && participant
                .offer
                .as_ref()
                .is_some_and(|offer| offer.id == id)
        {
            participant.rekey |= is_due;
        }
    }

    /// Only the participant that comes first makes keys: there are not enough ANs for all.
    fn serve(&mut self, now: Duration) {
        let an = self.keys.free_an(self.last_an);
        let cipher = self.config.cipher;
        let mut participants = self.participants.iter_mut();
        let first = participants.find(|first| first.is_live() && first.stalled.is_none());
        if let Some(first) = first {
            first.serve(cipher, an, &mut self.random, now);
        }
    }

    /// The newest participant that has a key is the principal one: its key is the latest.
    fn place(&mut self, now: Duration) {
        let mut participants = self.participants.iter();
        let found = participants.find_map(|participant| {
            let is_candidate = participant.is_live() && participant.stalled.is_none();
            let offer = participant.offer.as_ref().filter(|_| is_candidate)?;
            Some((participant.key.ckn, offer))
        });
        let Some((ckn, offer)) = found else {
            return;
        };
        if self.keys.iter().any(|key| key.id() == offer.id) {
            return;
        }
        self.last_an = Some(offer.an);
        let key = InUse::new(ckn, offer.clone(), now);
        let gone = self.keys.place(key);
        self.spend(gone);
    }

    fn follow(&mut self) {
        for key in self.keys.iter_mut() {
            let participant = of(&self.participants, &key.ckn);
            let live = participant.into_iter().flat_map(|p| &p.peers.live);
            key.follow(live.map(|peer| peer.sci));
        }
    }

    /// Sends with the latest key once those it is sent to take it. A key server goes first; it needs to hear that
    /// all the others receive. The others follow, or need not wait any longer if they hear of no progress.
    fn transmit(&mut self, now: Duration) {
        let Some(latest) = &self.keys.latest else {
            return;
        };
        let Some(since) = latest.receiving.filter(|_| latest.transmit.is_none()) else {
            return;
        };
        let Some(participant) = of(&self.participants, &latest.ckn) else {
            return;
        };
        let id = latest.id();
        let all_receive = self.all_report(participant, id, |key| key.receive);
        let ready = match participant.server {
            Server::Nobody => false,
            Server::Own => all_receive,
            Server::Peer(member) => {
                let server = participant.peers.find_live(member);
                let server = server.and_then(|server| self.report(server, id));
                server.is_some_and(|server| {
                    server.transmit || (server.receive && now >= since + LIFE)
                })
            }
        };
        if ready && let Some(latest) = &mut self.keys.latest {
            latest.transmit = Some(now);
        }
    }

    /// The old key goes when nobody sends with it any more, and what was sent has arrived.
    fn retire(&mut self, now: Duration) {
        let (Some(latest), Some(old)) = (&self.keys.latest, &self.keys.old) else {
            return;
        };
        let Some(since) = latest.transmit.filter(|_| latest.transmitting) else {
            return;
        };
        let Some(participant) = of(&self.participants, &latest.ckn) else {
            return;
        };
        let all_transmit = self.all_report(participant, latest.id(), |key| key.transmit);
        if all_transmit && now >= since + RETIRE {
            let id = old.id();
            let gone = self.keys.drop_if(|key| key.id() == id);
            self.spend(gone);
        }
    }

    /// Keys are used once.
    pub(super) fn spend(&mut self, gone: Vec<InUse>) {
        for key in gone {
            if let Some(participant) = of_mut(&mut self.participants, &key.ckn) {
                participant.spend(key.id());
            }
        }
    }

    /// All live peers of a participant say so of a key.
    pub(super) fn all_report(
        &self,
        participant: &Participant,
        id: KeyId,
        what: impl Fn(KeyUse) -> bool,
    ) -> bool {
        let mut live = participant.peers.live.iter();
        live.all(|peer| self.report(peer, id).is_some_and(&what))
    }

    /// What a peer says of a key, to whichever participant.
    fn report(&self, peer: &Peer, id: KeyId) -> Option<KeyUse> {
        let mut reports = self.reports(id);
        reports.find_map(|(by, report)| (by.sci == peer.sci).then_some(report))
    }

    fn reports(&self, id: KeyId) -> impl Iterator<Item = (&Peer, KeyUse)> {
        let live = self.participants.iter().flat_map(|p| &p.peers.live);
        live.filter_map(move |peer| Some((peer, peer.sak_use?.of(id)?)))
    }
}

fn of<'a>(participants: &'a [Participant], ckn: &Ckn) -> Option<&'a Participant> {
    let mut participants = participants.iter();
    participants.find(|participant| participant.key.ckn == *ckn)
}

fn of_mut<'a>(participants: &'a mut [Participant], ckn: &Ckn) -> Option<&'a mut Participant> {
    let mut participants = participants.iter_mut();
    participants.find(|participant| participant.key.ckn == *ckn)
}
