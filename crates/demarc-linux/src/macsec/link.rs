//! The MACsec interface over a port.

use crate::error::KernelError;
use crate::link::{IFLA_IFNAME, IFLA_INFO_DATA, IFLA_INFO_KIND, IFLA_LINKINFO, header};
use crate::netlink::{Kernel, Message, attributes, number32};

const IFLA_LINK: u16 = 5;
const KIND: &str = "macsec";
const SCI: u16 = 1;
const ICV_LENGTH: u16 = 3;
const CIPHER_SUITE: u16 = 4;
const WINDOW: u16 = 5;
const ENCODING_SA: u16 = 6;
const ENCRYPT: u16 = 7;
const PROTECT: u16 = 8;
const INCLUDE_SCI: u16 = 9;
const END_STATION: u16 = 10;
const SINGLE_COPY_BROADCAST: u16 = 11;
const REPLAY_PROTECT: u16 = 12;
const VALIDATION: u16 = 13;

/// Frames without protection, or that are not genuine, do not come in.
const STRICT: u8 = 2;
/// Octets of the integrity check value.
const ICV: u8 = 16;
/// Octets more than without MACsec: SecTAG with SCI, and ICV.
const OVERHEAD: u32 = 16 + ICV as u32;

/// A MACsec interface that is to be: it encrypts everything, names its SCI in frames, and takes only what is
/// protected and not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MacSecSpec<'a> {
    pub name: &'a str,
    /// Index of the interface that it is over.
    pub port: u32,
    pub sci: u64,
    /// Number of the cipher suite (IEEE 802.1AE table 14-1).
    pub cipher: u64,
    /// How far behind a frame may be (replay protection).
    pub window: u32,
}

/// A MACsec interface that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MacSecLink {
    pub index: u32,
    pub port: u32,
    pub sci: u64,
    pub cipher: u64,
    encoding: u8,
    window: u32,
    /// Encrypt, protect, include SCI, end station, single copy broadcast, replay protect, validation.
    settings: [u8; 7],
}

const SETTINGS: [(u16, u8); 7] = [
    (ENCRYPT, 1),
    (PROTECT, 1),
    (INCLUDE_SCI, 1),
    (END_STATION, 0),
    (SINGLE_COPY_BROADCAST, 0),
    (REPLAY_PROTECT, 1),
    (VALIDATION, STRICT),
];

impl MacSecLink {
    /// Octets by which the packets of the port below have to be longer.
    pub const OVERHEAD: u32 = OVERHEAD;

    /// What cannot be changed in place is as it is to be.
    pub fn is_of(&self, spec: &MacSecSpec<'_>) -> bool {
        (self.port, self.sci, self.cipher) == (spec.port, spec.sci, spec.cipher)
    }

    /// Everything is as it is to be.
    pub fn is_as(&self, spec: &MacSecSpec<'_>) -> bool {
        let same = SETTINGS.iter().zip(self.settings);
        self.is_of(spec)
            && self.window == spec.window
            && same.into_iter().all(|((_, wanted), is)| *wanted == is)
    }

    /// The association number that frames are sent with.
    pub const fn encoding(&self) -> u8 {
        self.encoding
    }
}

fn data(message: Message, fill: impl FnOnce(Message) -> Message) -> Message {
    message.nested(IFLA_LINKINFO, |info| {
        info.text(IFLA_INFO_KIND, KIND).nested(IFLA_INFO_DATA, fill)
    })
}

fn settings(message: Message, spec: &MacSecSpec<'_>) -> Message {
    let message = message.attribute(WINDOW, &spec.window.to_ne_bytes());
    SETTINGS.iter().fold(message, |message, (kind, value)| {
        message.attribute(*kind, &[*value])
    })
}

impl Kernel {
    /// Makes a MACsec interface, down, that has the address of its port.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn add_mac_sec(&mut self, spec: &MacSecSpec<'_>) -> Result<(), KernelError> {
        let flags = libc::NLM_F_CREATE | libc::NLM_F_EXCL;
        let message = Message::new(libc::RTM_NEWLINK, flags, &header(0, 0, 0))
            .text(IFLA_IFNAME, spec.name)
            .attribute(IFLA_LINK, &spec.port.to_ne_bytes());
        let message = data(message, |data| {
            let data = data
                .attribute(SCI, &spec.sci.to_be_bytes())
                .attribute(ICV_LENGTH, &[ICV])
                .attribute(CIPHER_SUITE, &spec.cipher.to_ne_bytes());
            settings(data, spec)
        });
        self.change(
            &format!("make {} over interface {}", spec.name, spec.port),
            message,
        )
    }

    /// Sets what may be changed while frames pass.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn set_mac_sec(&mut self, index: u32, spec: &MacSecSpec<'_>) -> Result<(), KernelError> {
        let message = Message::new(libc::RTM_NEWLINK, 0, &header(index, 0, 0));
        let message = data(message, |data| settings(data, spec));
        self.change(&format!("set up MACsec of {}", spec.name), message)
    }

    /// Chooses the association that frames are sent with.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn set_encoding_association(&mut self, index: u32, an: u8) -> Result<(), KernelError> {
        let message = Message::new(libc::RTM_NEWLINK, 0, &header(index, 0, 0));
        let message = data(message, |data| data.attribute(ENCODING_SA, &[an]));
        self.change(&format!("send by interface {index} with AN {an}"), message)
    }

    /// The MACsec interface of a name; `None`: there is none, or it is something else.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn mac_sec(&mut self, name: &str) -> Result<Option<MacSecLink>, KernelError> {
        let message = Message::new(libc::RTM_GETLINK, 0, &header(0, 0, 0)).text(IFLA_IFNAME, name);
        let mut found = None;
        let answer = self.dump(&format!("look for {name}"), message, |entry| {
            found = read(entry);
        });
        match answer {
            Err(error) if error.errno() == Some(libc::ENODEV) => Ok(None),
            Err(error) => Err(error),
            Ok(()) => Ok(found),
        }
    }
}

fn read(entry: &[u8]) -> Option<MacSecLink> {
    let mut link = MacSecLink {
        index: number32(entry.get(4..)?)?,
        ..MacSecLink::default()
    };
    let mut kind = None;
    for (name, value) in attributes(entry.get(FIXED..)?) {
        match name {
            IFLA_LINK => link.port = number32(value)?,
            IFLA_LINKINFO => {
                for (name, value) in attributes(value) {
                    match name {
                        IFLA_INFO_KIND => kind = Some(value.strip_suffix(&[0]).unwrap_or(value)),
                        IFLA_INFO_DATA => link.read_data(value),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    (kind == Some(KIND.as_bytes())).then_some(link)
}

/// Of the header that links begin with.
const FIXED: usize = 16;

impl MacSecLink {
    fn read_data(&mut self, bytes: &[u8]) {
        for (kind, value) in attributes(bytes) {
            let wide = || value.first_chunk().copied().unwrap_or_default();
            let octet = value.first().copied().unwrap_or_default();
            match kind {
                SCI => self.sci = u64::from_be_bytes(wide()),
                CIPHER_SUITE => self.cipher = u64::from_ne_bytes(wide()),
                WINDOW => self.window = number32(value).unwrap_or_default(),
                ENCODING_SA => self.encoding = octet,
                _ => {
                    let place = SETTINGS.iter().position(|(name, _)| *name == kind);
                    if let Some(place) = place {
                        self.settings[place] = octet;
                    }
                }
            }
        }
    }
}
