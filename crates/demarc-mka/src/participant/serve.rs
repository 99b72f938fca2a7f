//! The key server (IEEE 802.1X §9.8): when a new key is due, what it is, and for how long it is given out.

use std::time::Duration;

use super::{Participant, Server};
use crate::cipher::CipherSuite;
use crate::offer::Offer;
use crate::pdu::{Capability, Distributed, DistributedCipher, DistributedSak, Offset};
use crate::random::Random;
use crate::sak::KeyId;
use crate::status::Refusal;
use crate::timing::LIFE;

impl Participant {
    /// Whether we serve, and the key does not fit those who are there.
    fn wants_key(&self) -> bool {
        let fits = |offer: &Offer| offer.own && offer.members == self.members();
        self.server == Server::Own && (self.rekey || !self.offer.as_ref().is_some_and(fits))
    }

    /// While somebody is about to come, keys wait for as long as it may take him.
    fn may_serve(&self, now: Duration) -> bool {
        self.peers.potential.is_empty() || self.next_serve().is_none_or(|at| at <= now)
    }

    pub(super) fn next_serve(&self) -> Option<Duration> {
        Some(self.served? + LIFE)
    }

    /// Makes a new key, if one is due, and if it can be used. `an`: where it does not meet another.
    pub(crate) fn serve(
        &mut self,
        cipher: CipherSuite,
        an: u8,
        random: &mut Random,
        now: Duration,
    ) -> bool {
        if self.server == Server::Own {
            let mut live = self.peers.live.iter();
            let capable = live.all(|peer| peer.capability >= Capability::Confidentiality);
            self.refusal = (!capable).then_some(Refusal::Capability);
        }
        if !self.wants_key() || self.refusal.is_some() || !self.may_serve(now) {
            return false;
        }
        let Some(number) = self.key_number.checked_add(1) else {
            return false;
        };
        let mut nonce = zeroize::Zeroizing::new([0; 32]);
        let nonce = &mut nonce[..cipher.key_length()];
        random.fill(nonce);
        let members = self.members();
        let sak = self
            .keys
            .generate_sak(cipher, nonce, members.iter().copied(), number);
        let Some(sak) = sak else {
            return false;
        };
        let id = KeyId {
            server: self.member,
            number,
        };
        self.key_number = number;
        self.served = Some(now);
        self.rekey = false;
        self.soon = true;
        self.offer = Some(Offer::new(id, an, sak, true, members, self.scis()));
        true
    }

    /// Our key, for as long as somebody does not receive with it.
    pub(super) fn distributed(&self) -> Option<Distributed> {
        let offer = self.offer.as_ref()?;
        let receives = |offer: &Offer| {
            self.peers.live.iter().all(|peer| {
                let key = peer.sak_use.and_then(|sak_use| sak_use.of(offer.id));
                key.is_some_and(|key| key.receive)
            })
        };
        let is_ours = self.server == Server::Own && offer.own;
        // Who has come since is to get the next one.
        if !is_ours || offer.members != self.members() || receives(offer) {
            return None;
        }
        Some(Distributed::Sak(DistributedSak {
            an: offer.an,
            offset: Offset::Zero,
            number: offer.id.number,
            cipher: DistributedCipher::Known {
                cipher: offer.sak.cipher(),
                wrapped: self.keys.kek.wrap(offer.sak.as_bytes())?,
            },
        }))
    }
}
