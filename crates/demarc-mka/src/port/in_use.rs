//! The keys that a port uses: the latest, and the old one while they change (IEEE 802.1X §12.4, the CP machine).
//!
//! ```text
//!   placed ──── driver receives ───► receiving ──── others receive, or ───► transmit ──── others transmit ───► alone
//!   (old key sends)                  (told)         the server transmits    (told)        and RETIRE passed   (old goes)
//! ```

use std::time::Duration;

use crate::association::{Association, Installed, ReceiveChannel, ReceiveSa, TransmitSa};
use crate::cak::Ckn;
use crate::offer::Offer;
use crate::pdu::{KeyUse, SakUse};
use crate::sak::KeyId;
use crate::sci::Sci;
use crate::timing::{EXHAUSTION, EXHAUSTION_XPN};

/// Peers of a key that have gone, at most; then nobody comes to it any more.
const GONE: usize = 16;

/// A key, and how far it is.
#[derive(Clone, Debug)]
pub(crate) struct InUse {
    pub(crate) ckn: Ckn,
    pub(crate) offer: Offer,
    pub(crate) placed: Duration,
    /// The driver receives with it, and since when.
    pub(crate) receiving: Option<Duration>,
    /// It is to be sent with, and since when.
    pub(crate) transmit: Option<Duration>,
    /// The driver does.
    pub(crate) transmitting: bool,
    next_packet_number: u64,
    received_packet_number: u64,
    /// Peers that frames are taken of with it.
    channels: Vec<Sci>,
    /// Peers that were among them: they come back with another key only, since packet numbers begin anew.
    gone: Vec<Sci>,
}

/// Both keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeysInUse {
    pub(crate) latest: Option<InUse>,
    pub(crate) old: Option<InUse>,
}

impl InUse {
    pub(crate) fn new(ckn: Ckn, offer: Offer, now: Duration) -> Self {
        Self {
            ckn,
            offer,
            placed: now,
            receiving: None,
            transmit: None,
            transmitting: false,
            next_packet_number: 1,
            received_packet_number: 1,
            channels: Vec::new(),
            gone: Vec::new(),
        }
    }

    pub(crate) fn id(&self) -> KeyId {
        self.offer.id
    }

    pub(crate) fn is_exhausted(&self) -> bool {
        let limit = self.exhaustion();
        self.next_packet_number >= limit || self.received_packet_number >= limit
    }

    /// From which packet number on a new key is due.
    pub(crate) fn exhaustion(&self) -> u64 {
        if self.offer.sak.cipher().is_xpn() {
            EXHAUSTION_XPN
        } else {
            EXHAUSTION
        }
    }

    /// Takes frames of those who are live now.
    pub(crate) fn follow(&mut self, live: impl Iterator<Item = Sci>) {
        let live: Vec<Sci> = live.collect();
        let (stay, gone): (Vec<Sci>, Vec<Sci>) =
            self.channels.iter().partition(|sci| live.contains(sci));
        self.gone.extend(gone);
        self.channels = stay;
        for sci in live {
            let is_known = self.channels.contains(&sci) || self.gone.contains(&sci);
            if !is_known && self.gone.len() < GONE && self.offer.covers(sci) {
                self.channels.push(sci);
            }
        }
        self.channels.sort_unstable();
    }

    fn apply(&mut self, installed: &Installed, now: Duration) {
        let receiving = installed.receiving.iter();
        let receiving = receiving
            .clone()
            .find(|receiving| receiving.id == self.id());
        self.receiving = receiving.map(|_| self.receiving.unwrap_or(now));
        if let Some(receiving) = receiving {
            self.received_packet_number = receiving.next_packet_number;
        }
        let transmitting = installed.transmitting.filter(|sent| sent.id == self.id());
        self.transmitting = transmitting.is_some();
        if let Some(transmitting) = transmitting {
            self.next_packet_number = transmitting.next_packet_number;
        }
    }

    fn key_use(&self) -> KeyUse {
        KeyUse {
            id: self.id(),
            an: self.offer.an,
            transmit: self.transmitting,
            receive: self.receiving.is_some(),
            // There is no bound on delay that it would have to fit: the last one sent is right.
            lowest_packet_number: self.next_packet_number.saturating_sub(1).max(1),
        }
    }

    fn receive_sa(&self, sci: Sci) -> ReceiveSa {
        ReceiveSa {
            an: self.offer.an,
            id: self.id(),
            sak: self.offer.sak.clone(),
            lowest_packet_number: 1,
            xpn: self.offer.xpn(sci),
        }
    }
}

impl KeysInUse {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &InUse> {
        self.latest.iter().chain(&self.old)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut InUse> {
        self.latest.iter_mut().chain(&mut self.old)
    }

    /// The key that is to be sent with.
    pub(crate) fn transmit(&self) -> Option<&InUse> {
        self.iter().find(|key| key.transmit.is_some())
    }

    /// The key that is sent with.
    pub(crate) fn transmitting(&self) -> Option<&InUse> {
        self.iter().find(|key| key.transmitting)
    }

    /// Begins with a key. What has no place any more is returned.
    pub(crate) fn place(&mut self, key: InUse) -> Vec<InUse> {
        let mut gone = Vec::new();
        match self.latest.take() {
            Some(latest) if latest.transmit.is_some() => {
                gone.extend(self.old.replace(latest));
            }
            abandoned => gone.extend(abandoned),
        }
        // Of an AN there is one key. A server that has begun anew may not know better.
        let old = self.old.take();
        let (old, met) = match old {
            Some(old) if old.offer.an == key.offer.an => (None, Some(old)),
            old => (old, None),
        };
        gone.extend(met);
        self.old = old;
        self.latest = Some(key);
        gone
    }

    /// Drops keys; the old one becomes the latest again if that goes. But not if it was sent with the latest since:
    /// the old one's packet numbers are forgotten.
    pub(crate) fn drop_if(&mut self, is_to_go: impl Fn(&InUse) -> bool) -> Vec<InUse> {
        let mut gone: Vec<InUse> = Vec::new();
        if self.latest.as_ref().is_some_and(&is_to_go) {
            gone.extend(self.latest.take());
        }
        let is_past = gone.iter().any(|latest| latest.transmit.is_some());
        if is_past || self.old.as_ref().is_some_and(&is_to_go) {
            gone.extend(self.old.take());
        }
        if self.latest.is_none() {
            self.latest = self.old.take();
        }
        gone
    }

    pub(crate) fn apply(&mut self, installed: &Installed, now: Duration) {
        for key in self.iter_mut() {
            key.apply(installed, now);
        }
    }

    /// What participants of these keys say.
    pub(crate) fn sak_use(&self) -> SakUse {
        SakUse {
            latest: self.latest.as_ref().map(InUse::key_use),
            old: self.old.as_ref().map(InUse::key_use),
            xpn: self.iter().any(|key| key.offer.sak.cipher().is_xpn()),
            ..SakUse::default()
        }
    }

    /// An AN that no key in use has, by turns.
    pub(crate) fn free_an(&self, last: Option<u8>) -> u8 {
        let first = last.map_or(0, |last| (last + 1) % 4);
        let mut ans = (0..4).map(|step| (first + step) % 4);
        ans.find(|an| self.iter().all(|key| key.offer.an != *an))
            .unwrap_or(first)
    }

    /// `None`: there is no key.
    pub(crate) fn association(&self, own: Sci) -> Option<Association> {
        let latest = self.latest.as_ref()?;
        let mut receive: Vec<ReceiveChannel> = Vec::new();
        for key in self.iter() {
            for &sci in &key.channels {
                let sa = key.receive_sa(sci);
                match receive.iter_mut().find(|channel| channel.sci == sci) {
                    Some(channel) => channel.associations.push(sa),
                    None => receive.push(ReceiveChannel {
                        sci,
                        associations: vec![sa],
                    }),
                }
            }
        }
        receive.sort_unstable_by_key(|channel| channel.sci);
        Some(Association {
            cipher: latest.offer.sak.cipher(),
            transmit: self.transmit().map(|key| TransmitSa {
                an: key.offer.an,
                id: key.id(),
                sak: key.offer.sak.clone(),
                xpn: key.offer.xpn(own),
            }),
            receive,
        })
    }
}
