//! All participants of one port (the KaY of IEEE 802.1X §12).

use std::time::Duration;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::association::{Association, Installed};
use crate::cak::Key;
use crate::cipher::CipherSuite;
use crate::discarded::Discarded;
use crate::sci::Sci;
use crate::status::{Status, Why};

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

/// The participants of one port.
#[derive(Clone, Debug)]
pub struct Port {
    config: PortConfig,
    seed: Seed,
    keys: Vec<Key>,
    link: bool,
}

#[derive(Clone, Debug, Zeroize, ZeroizeOnDrop)]
struct Seed([u8; 32]);

impl Port {
    /// Without keys and link. Member identifiers, nonces and SAKs come from `seed`: never use one twice.
    #[must_use]
    pub fn new(config: PortConfig, seed: [u8; 32]) -> Self {
        Self {
            config,
            seed: Seed(seed),
            keys: Vec::new(),
            link: false,
        }
    }

    /// The keys that there are, newest first. Participants of keys that stay are not touched.
    pub fn set_keys(&mut self, newest_first: &[Key], _now: Duration) {
        self.keys = newest_first.to_vec();
    }

    /// The same again changes nothing.
    pub fn set_link(&mut self, up: bool, _now: Duration) {
        self.link = up;
    }

    /// Takes what came in: a whole Ethernet frame, without a VLAN tag. Its addresses count: they are covered
    /// by the check value (IEEE 802.1X §9.4.1).
    pub fn receive(&mut self, frame: &[u8], _now: Duration) -> Result<(), Discarded> {
        if !self.link {
            return Err(Discarded::NoLink);
        }
        Err(Discarded::Short {
            length: frame.len(),
        })
    }

    /// To be called at or after [`Port::next_deadline`]; earlier calls change nothing.
    pub fn advance(&mut self, _now: Duration) {}

    /// `None`: only a call of another kind can change anything.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Duration> {
        None
    }

    /// What is to be sent now: whole Ethernet frames, from the address of the SCI to [`DESTINATION`](crate::DESTINATION).
    pub fn frames(&mut self) -> Vec<Vec<u8>> {
        Vec::new()
    }

    /// What the MACsec interface is to be.
    #[must_use]
    pub fn association(&self) -> Association {
        Association {
            cipher: self.config.cipher,
            transmit: None,
            receive: Vec::new(),
        }
    }

    /// What the driver has carried out.
    pub fn installed(&mut self, _installed: Installed, _now: Duration) {
        let _ = &self.seed;
    }

    #[must_use]
    pub fn status(&self) -> Status {
        let why = match (self.link, self.keys.is_empty()) {
            (false, _) => Why::NoLink,
            (true, true) => Why::NoKeys,
            (true, false) => Why::NotHeard,
        };
        Status {
            secured: false,
            why: Some(why),
            ckn: None,
            cipher: None,
            key_server: None,
            peers: Vec::new(),
            discarded: Vec::new(),
        }
    }
}
