//! All participants of one port (the KaY of IEEE 802.1X §12), and the keys that it uses.

use std::time::Duration;

use zeroize::Zeroizing;

use crate::association::{Association, Installed};
use crate::cak::{Ckn, Key};
use crate::cipher::CipherSuite;
use crate::discarded::Discarded;
use crate::frame;
use crate::participant::Participant;
use crate::pdu::SakUse;
use crate::random::Random;
use crate::sci::Sci;
use crate::status::Why;
use crate::timing::{LIFE, RETIRE, STALL};

use in_use::KeysInUse;

mod in_use;
mod settle;
mod tell;

/// How a port takes part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortConfig {
    /// The address that its frames come from, and port 1.
    pub sci: Sci,
    /// Of serving keys: the lowest serves; 255: rather not.
    pub priority: u8,
    /// What to use when we serve.
    pub cipher: CipherSuite,
    /// What to take of another key server; `cipher` need not be named.
    pub accepted: Vec<CipherSuite>,
}

impl PortConfig {
    fn takes(&self, cipher: CipherSuite) -> bool {
        self.cipher == cipher || self.accepted.contains(&cipher)
    }
}

/// The participants of one port.
#[derive(Clone, Debug)]
pub struct Port {
    config: PortConfig,
    random: Random,
    link: bool,
    now: Duration,
    /// Those of the newest keys first.
    participants: Vec<Participant>,
    keys: KeysInUse,
    /// What participants say of them, without numbers.
    told: SakUse,
    /// Of the key that was placed last.
    last_an: Option<u8>,
    fault: Option<String>,
    /// What a frame that was discarded tells of the other end, and when.
    hint: Option<(Why, Duration)>,
    discarded: [u64; Discarded::LABELS.len()],
}

impl Port {
    /// Without keys and link. Member identifiers, nonces and SAKs come from `seed`: never use one twice.
    #[must_use]
    pub fn new(config: PortConfig, seed: [u8; 32]) -> Self {
        let seed = Zeroizing::new(seed);
        Self {
            config,
            random: Random::new(&seed),
            link: false,
            now: Duration::ZERO,
            participants: Vec::new(),
            keys: KeysInUse::default(),
            told: SakUse::default(),
            last_an: None,
            fault: None,
            hint: None,
            discarded: [0; Discarded::LABELS.len()],
        }
    }

    #[must_use]
    pub fn config(&self) -> &PortConfig {
        &self.config
    }

    /// The keys that there are, newest first; of two with one CKN the first counts. Participants of keys that stay
    /// are not touched; keys that are taken away are not used for a moment longer.
    pub fn set_keys(&mut self, newest_first: &[Key], now: Duration) {
        self.now = now;
        let mut before = std::mem::take(&mut self.participants);
        for key in newest_first {
            if self.find(&key.ckn).is_some() {
                continue;
            }
            let known = before.iter().position(|known| known.key == *key);
            let participant = known.map(|known| before.swap_remove(known));
            let participant = participant.unwrap_or_else(|| {
                Participant::new(key.clone(), &self.config, &mut self.random, now)
            });
            self.participants.push(participant);
        }
        // A participant of the same CKN with another CAK is another one.
        for gone in before {
            let ckn = gone.key.ckn;
            let lost = self.keys.drop_if(|key| key.ckn == ckn);
            self.spend(lost);
        }
        self.settle(now);
    }

    /// The same again changes nothing. Without a link nothing is said or heard; keys stay for as long as peers do,
    /// so that a short break changes nothing either.
    pub fn set_link(&mut self, up: bool, now: Duration) {
        if std::mem::replace(&mut self.link, up) == up {
            return;
        }
        if up {
            for participant in &mut self.participants {
                participant.speak_now(now);
            }
        }
        self.settle(now);
    }

    /// Takes what came in: a whole Ethernet frame, without a VLAN tag. Its addresses count: they are covered
    /// by the check value (IEEE 802.1X §9.4.1).
    pub fn receive(&mut self, frame: &[u8], now: Duration) -> Result<(), Discarded> {
        self.settle(now);
        let heard = self.hear(frame, now);
        if let Err(discarded) = heard {
            let count = &mut self.discarded[discarded.index()];
            *count = count.saturating_add(1);
            match discarded {
                Discarded::OtherCkn(ckn) => self.hint = Some((Why::OtherCkn(ckn), now)),
                Discarded::Icv(ckn) => self.hint = Some((Why::OtherCak(ckn), now)),
                _ => {}
            }
        }
        self.settle(now);
        heard
    }

    fn hear(&mut self, frame: &[u8], now: Duration) -> Result<(), Discarded> {
        if !self.link {
            return Err(Discarded::NoLink);
        }
        let participants = &self.participants;
        let pdu = frame::open(frame, |ckn| {
            let found = participants.iter().find(|known| known.key.ckn == *ckn);
            found.map(|participant| &participant.keys.ick)
        })?;
        let config = &self.config;
        let mut participants = self.participants.iter_mut();
        let participant = participants
            .find(|participant| participant.key.ckn == pdu.ckn)
            .ok_or(Discarded::OtherCkn(pdu.ckn))?;
        participant.receive(&pdu, |cipher| config.takes(cipher), &mut self.random, now)
    }

    /// To be called at or after [`Port::next_deadline`]; earlier calls change nothing.
    pub fn advance(&mut self, now: Duration) {
        self.settle(now);
    }

    /// What the driver has carried out.
    pub fn installed(&mut self, installed: Installed, now: Duration) {
        self.keys.apply(&installed, now);
        self.fault = installed.fault;
        self.settle(now);
    }

    /// `None`: only a call of another kind can change anything.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Duration> {
        let participants = self.participants.iter();
        let messages = participants.clone().map(Participant::next_message);
        let messages = messages.filter(|_| self.link);
        let others = participants.filter_map(|participant| participant.next_deadline(self.now));
        let keys = self.keys.latest.iter().flat_map(|latest| {
            let transmit = latest.transmit.map(|since| since + RETIRE);
            let receiving = latest.receiving.map(|since| since + LIFE);
            let placed = Some(latest.placed + STALL);
            [transmit, receiving, placed].into_iter().flatten()
        });
        let keys = keys.filter(|at| *at > self.now);
        messages.chain(others).chain(keys).min()
    }

    /// What is to be sent now: whole Ethernet frames, from the address of the SCI to
    /// [`DESTINATION`](crate::DESTINATION).
    pub fn frames(&mut self) -> Vec<Vec<u8>> {
        if !self.link {
            return Vec::new();
        }
        let now = self.now;
        let xpn = self.config.cipher.is_xpn();
        let sak_use = self.keys.sak_use();
        let source = self.config.sci.address;
        let mut frames = Vec::new();
        for participant in &mut self.participants {
            if participant.is_due(now) {
                let ckn = participant.key.ckn;
                let uses = self.keys.iter().any(|key| key.ckn == ckn);
                let sak_use = uses.then_some(sak_use);
                let pdu = participant.speak(xpn, sak_use, &mut self.random, now);
                frames.push(frame::seal(source, &pdu, &participant.keys.ick));
            }
        }
        frames
    }

    /// What the MACsec interface is to be.
    #[must_use]
    pub fn association(&self) -> Association {
        let association = self.keys.association(self.config.sci);
        association.unwrap_or_else(|| Association {
            cipher: self.config.cipher,
            transmit: None,
            receive: Vec::new(),
        })
    }

    fn find(&self, ckn: &Ckn) -> Option<&Participant> {
        let mut participants = self.participants.iter();
        participants.find(|participant| participant.key.ckn == *ckn)
    }
}
