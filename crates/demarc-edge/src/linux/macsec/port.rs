//! One port: its participants, its socket, and the MACsec interface over it.

use std::time::Duration;

use demarc_linux::{BundleMaps, EapolSocket, SecY};
use demarc_mka::{Association, CipherSuite, Installed, PortConfig, Sci};
use demarc_types::ConnectionId;
use tracing::{debug, info, warn};

use super::super::port_protocol::Ear;
use super::INTERFACES;
use super::adoption::Inherited;
use super::programming::Doors;
use super::status;
use super::wanted::{Mode, WantedPort};

/// How often is looked whether an interface is still as it should be, and how far packet numbers are.
const LOOK: Duration = Duration::from_secs(1);
/// What is installed may change what is to be, and so on: more would be a loop.
const ROUNDS: usize = 4;

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
    shown: Option<Shown>,
}

/// A port as it was shown last.
#[derive(PartialEq)]
struct Shown {
    agreed: demarc_mka::Status,
    carrier: Carrier,
    interface: Option<u32>,
    fault: Option<String>,
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

    /// Makes the interface be as key agreement wants it, where that has changed or was not looked at for a
    /// while.
    pub(super) fn program(&mut self, doors: &mut Doors<'_>, now: Duration) {
        if self.inherited.is_some_and(|it| it.until <= now) {
            info!(connection = %self.wanted.connection, "nobody has answered: what was taken over ends");
            self.inherited = None;
            self.look_at = now;
        }
        for _ in 0..ROUNDS {
            let association = self.agreement.association();
            if self.programmed.as_ref() == Some(&association) && self.look_at > now {
                return;
            }
            self.look_at = now + LOOK;
            let outcome = if self.is_wanted() {
                doors.program(self, &association)
            } else {
                self.inherited = None;
                self.interface = None;
                let removed = doors.kernel.remove_link(&self.name());
                removed.map(|()| Installed::default())
            };
            let installed = match outcome {
                Ok(installed) => {
                    self.fault = None;
                    installed
                }
                Err(error) => {
                    self.fault = Some(error.to_string());
                    Installed {
                        fault: self.fault.clone(),
                        ..Installed::default()
                    }
                }
            };
            if association.transmit.is_some() && self.fault.is_none() {
                self.inherited = None;
            }
            self.programmed = Some(association);
            self.agreement.installed(installed, now);
        }
    }

    /// Has the data path take and send the frames by what they are to go by.
    pub(super) fn forward(&mut self, maps: &mut BundleMaps) {
        let carrier = self.carrier();
        if self.wanted.in_lag || self.carries == Some(carrier) {
            return;
        }
        let members: Vec<u32> = carrier.interface().into_iter().collect();
        let taken = members.iter().copied().collect();
        match maps.set(self.number, &taken, &members) {
            Ok(()) => self.carries = Some(carrier),
            Err(error) => {
                self.carries = None;
                self.fault = Some(error.to_string());
            }
        }
    }

    /// The interfaces that others have to know, as they were shown last.
    pub(super) fn switch_shown(&self) -> Option<(Carrier, Option<u32>)> {
        let shown = self.shown.as_ref()?;
        Some((shown.carrier, shown.interface))
    }

    /// Says in the log what is new; whether anything is.
    pub(super) fn show(&mut self) -> bool {
        let mut agreed = self.agreement.status();
        // Anybody can have these grow as fast as he likes.
        agreed.discarded.clear();
        let now = Some(Shown {
            agreed,
            carrier: self.carrier(),
            interface: self.interface,
            fault: self.fault.clone(),
        });
        if self.shown == now {
            return false;
        }
        let connection = self.wanted.connection;
        let was = self.shown.as_ref().map(|shown| shown.carrier);
        let why = status::of(self).reason.unwrap_or_default();
        match self.carrier() {
            is if was == Some(is) => {}
            Carrier::Secured(_) => info!(%connection, "the port is encrypted"),
            Carrier::Clear(_) => info!(%connection, %why, "the port is in the clear"),
            Carrier::Nothing => warn!(%connection, %why, "the port carries nothing"),
        }
        self.shown = now;
        true
    }
}

pub(super) fn interface_name(connection: ConnectionId) -> String {
    let suffix = connection.suffix().to_owned();
    let start = suffix.len().saturating_sub(11);
    format!("{INTERFACES}{}", &suffix[start..])
}
