//! MACsec interfaces of the kernel (IEEE 802.1AE): one over a port, with its secure associations.
//!
//! The interface itself is made by rtnetlink, what is in it by a family of generic netlink. Keys go in and do
//! not come out again; their identifiers do, so that a restart knows what is there.

mod link;
mod read;

pub use link::{MacSecLink, MacSecSpec};
pub use read::{SecChannel, SecCounters, SecY, SecureAssociation};

use crate::error::KernelError;
use crate::netlink::{Kernel, Message, attributes, number16};

/// `GENL_ID_CTRL`, who tells the numbers of families.
const CONTROLLER: u16 = 0x10;
const CTRL_CMD_GETFAMILY: u8 = 3;
const CTRL_ATTR_FAMILY_ID: u16 = 1;
const CTRL_ATTR_FAMILY_NAME: u16 = 2;

/// Command, version, two octets that mean nothing.
const GENERIC_HEADER: usize = 4;

const GET_TXSC: u8 = 0;
const ADD_RXSC: u8 = 1;
const DEL_RXSC: u8 = 2;
const ADD_TXSA: u8 = 4;
const DEL_TXSA: u8 = 5;
const UPD_TXSA: u8 = 6;
const ADD_RXSA: u8 = 7;
const DEL_RXSA: u8 = 8;
const UPD_RXSA: u8 = 9;

const ATTR_IFINDEX: u16 = 1;
const ATTR_RXSC_CONFIG: u16 = 2;
const ATTR_SA_CONFIG: u16 = 3;
const RXSC_SCI: u16 = 1;
const RXSC_ACTIVE: u16 = 2;
const SA_AN: u16 = 1;
const SA_ACTIVE: u16 = 2;
const SA_PN: u16 = 3;
const SA_KEY: u16 = 4;
const SA_KEYID: u16 = 5;
const SA_SSCI: u16 = 8;
const SA_SALT: u16 = 9;

/// What a secure association is made of.
#[derive(Clone, Copy)]
pub struct AssociationSpec<'a> {
    pub an: u8,
    /// The key's name.
    pub id: [u8; 16],
    pub key: &'a [u8],
    /// The next to be sent, or the lowest to be taken.
    pub packet_number: u64,
    /// Where packet numbers have 64 bits: SSCI of the sender, and salt.
    pub extended: Option<(u32, [u8; 12])>,
}

/// What is in the MACsec interfaces of a namespace.
pub struct MacSec {
    kernel: Kernel,
    family: u16,
}

impl MacSec {
    /// In the namespace of the calling thread.
    ///
    /// # Errors
    /// [`KernelError::Request`]: the kernel has no MACsec, among others.
    pub fn open() -> Result<Self, KernelError> {
        let mut kernel = Kernel::over(libc::NETLINK_GENERIC)?;
        let header = [CTRL_CMD_GETFAMILY, 1, 0, 0];
        let message = Message::new(CONTROLLER, 0, &header).text(CTRL_ATTR_FAMILY_NAME, "macsec");
        let action = "find MACsec in the kernel";
        let mut family = None;
        kernel.dump(action, message, |entry| {
            let mut found = attributes(entry.get(GENERIC_HEADER..).unwrap_or_default());
            let id = found.find(|(kind, _)| *kind == CTRL_ATTR_FAMILY_ID);
            family = id.and_then(|(_, value)| number16(value));
        })?;
        let family = family.ok_or_else(|| KernelError::Answer {
            action: action.to_owned(),
        })?;
        Ok(Self { kernel, family })
    }

    fn message(&self, command: u8, interface: u32) -> Message {
        Message::new(self.family, 0, &[command, 1, 0, 0])
            .attribute(ATTR_IFINDEX, &interface.to_ne_bytes())
    }

    /// The secure channel of another station, to take frames of; it may be there already.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn add_channel(&mut self, interface: u32, sci: u64) -> Result<(), KernelError> {
        let message = self
            .message(ADD_RXSC, interface)
            .nested(ATTR_RXSC_CONFIG, |config| {
                of_channel(config, sci).attribute(RXSC_ACTIVE, &[1])
            });
        let action = format!("add channel {sci:016x} to interface {interface}");
        self.kernel.ensure(&action, message, &[libc::EEXIST])
    }

    /// With all its associations.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn remove_channel(&mut self, interface: u32, sci: u64) -> Result<(), KernelError> {
        let message = self
            .message(DEL_RXSC, interface)
            .nested(ATTR_RXSC_CONFIG, |config| of_channel(config, sci));
        let action = format!("remove channel {sci:016x} from interface {interface}");
        self.kernel.ensure(&action, message, &GONE)
    }

    /// An association to take frames of a channel with.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn add_receive(
        &mut self,
        interface: u32,
        sci: u64,
        spec: &AssociationSpec<'_>,
    ) -> Result<(), KernelError> {
        let message = self
            .message(ADD_RXSA, interface)
            .nested(ATTR_RXSC_CONFIG, |config| of_channel(config, sci));
        let action = format!("take frames of channel {sci:016x} with AN {}", spec.an);
        self.kernel.change(&action, with(message, spec))
    }

    /// # Errors
    /// [`KernelError::Request`].
    pub fn remove_receive(&mut self, interface: u32, sci: u64, an: u8) -> Result<(), KernelError> {
        let action = format!("end AN {an} of channel {sci:016x}");
        for (command, ending) in [UPD_RXSA, DEL_RXSA].into_iter().zip(ENDING) {
            let message = self
                .message(command, interface)
                .nested(ATTR_RXSC_CONFIG, |config| of_channel(config, sci));
            self.kernel
                .ensure(&action, end(message, an, ending), &GONE)?;
        }
        Ok(())
    }

    /// An association to send frames with, once it is the encoding one
    /// ([`Kernel::set_encoding_association`]).
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn add_transmit(
        &mut self,
        interface: u32,
        spec: &AssociationSpec<'_>,
    ) -> Result<(), KernelError> {
        let message = with(self.message(ADD_TXSA, interface), spec);
        let action = format!("send frames of interface {interface} with AN {}", spec.an);
        self.kernel.change(&action, message)
    }

    /// # Errors
    /// [`KernelError::Request`].
    pub fn remove_transmit(&mut self, interface: u32, an: u8) -> Result<(), KernelError> {
        let action = format!("end AN {an} of interface {interface}");
        for (command, ending) in [UPD_TXSA, DEL_TXSA].into_iter().zip(ENDING) {
            let message = end(self.message(command, interface), an, ending);
            self.kernel.ensure(&action, message, &GONE)?;
        }
        Ok(())
    }

    /// What is in an interface; `None`: it is not there, or no MACsec interface.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn read(&mut self, interface: u32) -> Result<Option<SecY>, KernelError> {
        let message = Message::new(self.family, libc::NLM_F_DUMP, &[GET_TXSC, 1, 0, 0]);
        let mut found = None;
        self.kernel
            .dump("read MACsec interfaces", message, |entry| {
                let entry = entry.get(GENERIC_HEADER..).unwrap_or_default();
                if read::interface(entry) == Some(interface) {
                    found = Some(SecY::read(entry));
                }
            })?;
        Ok(found)
    }
}

/// The kernel ends an association in two steps: it has to be out of use first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    OutOfUse,
    Away,
}

const ENDING: [Ending; 2] = [Ending::OutOfUse, Ending::Away];

/// What is not there has ended already.
const GONE: [i32; 2] = [libc::ENODEV, libc::ENOENT];

fn of_channel(config: Message, sci: u64) -> Message {
    // Big endian, as it is in frames.
    config.attribute(RXSC_SCI, &sci.to_be_bytes())
}

fn end(message: Message, an: u8, ending: Ending) -> Message {
    message.nested(ATTR_SA_CONFIG, |config| {
        let config = config.attribute(SA_AN, &[an]);
        match ending {
            Ending::OutOfUse => config.attribute(SA_ACTIVE, &[0]),
            Ending::Away => config,
        }
    })
}

fn with(message: Message, spec: &AssociationSpec<'_>) -> Message {
    message.nested(ATTR_SA_CONFIG, |config| {
        let config = config
            .attribute(SA_AN, &[spec.an])
            .attribute(SA_ACTIVE, &[1])
            .attribute(SA_KEYID, &spec.id)
            .attribute(SA_KEY, spec.key);
        match spec.extended {
            None => {
                // One that is too high never becomes one that was used before.
                let number = u32::try_from(spec.packet_number).unwrap_or(u32::MAX);
                config.attribute(SA_PN, &number.to_ne_bytes())
            }
            Some((ssci, salt)) => config
                .attribute(SA_PN, &spec.packet_number.to_ne_bytes())
                .attribute(SA_SSCI, &ssci.to_be_bytes())
                .attribute(SA_SALT, &salt),
        }
    })
}

#[cfg(test)]
mod tests;
