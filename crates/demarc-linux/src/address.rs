//! Addresses of interfaces.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::error::KernelError;
use crate::netlink::{Kernel, Message, attributes, number32};

const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
/// Duplicate address detection takes a second that nobody has: the two ends are ours to number.
const IFA_F_NODAD: u8 = 2;

pub(crate) fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

pub(crate) fn family(address: IpAddr) -> u8 {
    let family = if address.is_ipv4() {
        libc::AF_INET
    } else {
        libc::AF_INET6
    };
    u8::try_from(family).unwrap_or_default()
}

fn header(index: u32, address: IpAddr, length: u8) -> [u8; 8] {
    let mut bytes = [family(address), length, 0, 0, 0, 0, 0, 0];
    if address.is_ipv6() {
        bytes[2] = IFA_F_NODAD;
    }
    bytes[4..].copy_from_slice(&index.to_ne_bytes());
    bytes
}

impl Kernel {
    /// Gives an interface an address.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn add_address(
        &mut self,
        index: u32,
        address: IpAddr,
        length: u8,
    ) -> Result<(), KernelError> {
        self.ledger.note_address(index, address, length, true);
        let message = Message::new(
            libc::RTM_NEWADDR,
            libc::NLM_F_CREATE | libc::NLM_F_REPLACE,
            &header(index, address, length),
        );
        let message = message
            .attribute(IFA_LOCAL, &octets(address))
            .attribute(IFA_ADDRESS, &octets(address));
        let action = format!("give interface {index} the address {address}/{length}");
        self.ensure(&action, message, &[libc::EEXIST])
    }

    /// Takes an address away; one that went with its interface is gone already.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn remove_address(
        &mut self,
        index: u32,
        address: IpAddr,
        length: u8,
    ) -> Result<(), KernelError> {
        self.ledger.note_address(index, address, length, false);
        let message = Message::new(libc::RTM_DELADDR, 0, &header(index, address, length))
            .attribute(IFA_LOCAL, &octets(address));
        let action = format!("take the address {address}/{length} from interface {index}");
        self.ensure(&action, message, &[libc::EADDRNOTAVAIL, libc::ENODEV])
    }

    /// The addresses of an interface, without link-local IPv6.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn addresses(&mut self, index: u32) -> Result<Vec<(IpAddr, u8)>, KernelError> {
        let all = self.all_addresses()?.into_iter();
        let of_it = all.filter(|(of, ..)| *of == index);
        Ok(of_it
            .map(|(_, address, length)| (address, length))
            .collect())
    }

    /// The same of all interfaces, each with its index.
    pub(crate) fn all_addresses(&mut self) -> Result<Vec<(u32, IpAddr, u8)>, KernelError> {
        let mut found = Vec::new();
        let message = Message::new(libc::RTM_GETADDR, libc::NLM_F_DUMP, &[0; 8]);
        self.dump("list addresses", message, |entry| {
            let index = entry.get(4..).and_then(number32);
            let one = index.zip(address(entry));
            found.extend(one.map(|(index, (address, length))| (index, address, length)));
        })?;
        found.retain(|(_, address, _)| match address {
            IpAddr::V6(address) => !address.is_unicast_link_local(),
            IpAddr::V4(_) => true,
        });
        Ok(found)
    }
}

fn address(entry: &[u8]) -> Option<(IpAddr, u8)> {
    let length = *entry.get(1)?;
    let read = |wanted| {
        attributes(entry.get(8..)?)
            .find(|(kind, _)| *kind == wanted)
            .and_then(|(_, value)| parse(value))
    };
    // IPv4 says which is ours in IFA_LOCAL; IPv6 has IFA_ADDRESS only.
    read(IFA_LOCAL)
        .or_else(|| read(IFA_ADDRESS))
        .map(|address| (address, length))
}

pub(crate) fn parse(value: &[u8]) -> Option<IpAddr> {
    if let Ok(octets) = <[u8; 4]>::try_from(value) {
        return Some(Ipv4Addr::from(octets).into());
    }
    <[u8; 16]>::try_from(value)
        .ok()
        .map(|octets| Ipv6Addr::from(octets).into())
}
