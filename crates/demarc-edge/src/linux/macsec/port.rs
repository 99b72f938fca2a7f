//! One port: its participants, its socket, and the MACsec interface over it.

use std::time::Duration;

use demarc_linux::{EapolSocket, SecY};
use demarc_mka::{Association, CipherSuite, PortConfig, Sci};
use demarc_types::ConnectionId;
use tracing::debug;

use super::super::port_protocol::Ear;
use super::INTERFACES;
use super::adoption::Inherited;
use super::wanted::{Mode, WantedPort};

/// Of ours in the election of the key server: the customer's router is it where it wants to be.
const PRIORITY: u8 = 255;

/// What a port's frames go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carrier {
    Nothing,
    /// The port itself.
    Clear(u32),
    /// The MACsec interface.
    Secured(u32),
}

impl Carrier {
    pub(super) const fn interface(self) -> Option<u32> {
        match self {
            Self::Nothing => None,
            Self::Clear(interface) | Self::Secured(interface) => Some(interface),
        }
    }
}

pub(super) struct Port {
    pub(super) wanted: WantedPort,
    /// That stands for it in the data path.
    pub(super) number: u32,
    pub(super) mac: [u8; 6],
    pub(super) link: bool,
    pub(super) agreement: demarc_mka::Port,
    pub(super) ear: Ear<EapolSocket>,
    /// The MACsec interface, where it is there.
    pub(super) interface: Option<u32>,
    pub(super) seen: SecY,
    /// What the interface was made to be last, and when to look whether it still is.
    pub(super) programmed: Option<Association>,
    pub(super) look_at: Duration,
    pub(super) inherited: Option<Inherited>,
    /// What the data path has; `None`: nothing yet, or what failed.
    pub(super) carries: Option<Carrier>,
    pub(super) fault: Option<String>,
    /// As it was shown last.
    pub(super) shown: Option<(demarc_mka::Status, Carrier, Option<u32>, Option<String>)>,
}

impl Port {
    pub(super) fn new(wanted: WantedPort, number: u32, mac: [u8; 6], seed: [u8; 32]) -> Self {
        let config = PortConfig {
            sci: Sci {
                address: mac,
                port: 1,
            },
            priority: PRIORITY,
            cipher: wanted.cipher,
            accepted: vec![CipherSuite::GcmAes256, CipherSuite::GcmAesXpn256],
        };
        Self {
            wanted,
            number,
            mac,
            link: false,
            agreement: demarc_mka::Port::new(config, seed),
            ear: Ear::default(),
            interface: None,
            seen: SecY::default(),
            programmed: None,
            look_at: Duration::ZERO,
            inherited: None,
            carries: None,
            fault: None,
            shown: None,
        }
    }

    /// Of the MACsec interface: an interface's name has at most 15 bytes.
    pub(super) fn name(&self) -> String {
        interface_name(self.wanted.connection)
    }

    /// What the MACsec interface is marked with.
    pub(super) fn mark(&self) -> String {
        format!("demarc:{} {}", self.wanted.connection, self.wanted.device)
    }

    /// There is something to agree on.
    pub(super) fn is_wanted(&self) -> bool {
        self.wanted.mode != Mode::Clear && !self.wanted.keys.is_empty()
    }

    /// Frames are sent and taken under protection.
    pub(super) fn is_secured(&self) -> bool {
        let agreed = self.agreement.status().secured || self.inherited.is_some();
        self.is_wanted() && self.link && self.interface.is_some() && agreed
    }

    /// What the frames are to go by.
    pub(super) fn carrier(&self) -> Carrier {
        match (self.wanted.mode, self.interface) {
            (Mode::Should | Mode::Must, Some(interface)) if self.is_secured() => {
                Carrier::Secured(interface)
            }
            (Mode::Must, _) => Carrier::Nothing,
            _ => Carrier::Clear(self.wanted.interface),
        }
    }

    /// Sends what key agreement has to say.
    pub(super) fn send(&mut self) {
        let Some(socket) = &self.ear.socket else {
            return;
        };
        for frame in self.agreement.frames() {
            if let Err(error) = socket.send(&frame) {
                // The next one follows; a link that is down says so by itself.
                debug!(connection = %self.wanted.connection, %error, "no MKPDU sent");
            }
        }
    }
}

pub(super) fn interface_name(connection: ConnectionId) -> String {
    let suffix = connection.suffix().to_owned();
    let start = suffix.len().saturating_sub(11);
    format!("{INTERFACES}{}", &suffix[start..])
}
