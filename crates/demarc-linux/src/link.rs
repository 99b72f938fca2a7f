//! Network interfaces.

use crate::error::KernelError;
use crate::namespace::{Namespace, set_parameters};
use crate::netlink::{Kernel, Message, attributes, number32};

const IFLA_ADDRESS: u16 = 1;
pub(crate) const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
pub(crate) const IFLA_LINKINFO: u16 = 18;
const IFLA_IFALIAS: u16 = 20;
const IFLA_NET_NS_FD: u16 = 28;
const IFLA_EXT_MASK: u16 = 29;
/// RTEXT_FILTER_SKIP_STATS.
const SKIP_STATISTICS: u32 = 1 << 3;
const IFLA_CARRIER: u16 = 33;
pub(crate) const IFLA_INFO_KIND: u16 = 1;
pub(crate) const IFLA_INFO_DATA: u16 = 2;
const VETH_INFO_PEER: u16 = 1;
/// Family, type, index, flags, change mask.
const HEADER: usize = 16;

/// An interface as the kernel has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    pub index: u32,
    pub name: String,
    pub alias: String,
    pub mtu: u32,
    pub mac: [u8; 6],
    /// Administratively up.
    pub up: bool,
    /// It does not ask for stations (`arp off`).
    pub silent: bool,
    /// The other side of the cable is there.
    pub carrier: bool,
}

/// A pair of interfaces to be made.
#[derive(Clone, Copy, Debug)]
pub struct VethSpec<'a> {
    pub name: &'a str,
    pub peer: &'a str,
    /// Where the peer goes.
    pub namespace: &'a Namespace,
    pub mtu: u32,
}

pub(crate) fn header(index: u32, flags: u32, change: u32) -> [u8; HEADER] {
    let mut bytes = [0; HEADER];
    bytes[4..8].copy_from_slice(&index.to_ne_bytes());
    bytes[8..12].copy_from_slice(&flags.to_ne_bytes());
    bytes[12..].copy_from_slice(&change.to_ne_bytes());
    bytes
}

const UP: u32 = 1;
/// `IFF_NOARP`.
const NO_ARP: u32 = 1 << 7;

impl Kernel {
    /// All interfaces.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn links(&mut self) -> Result<Vec<Link>, KernelError> {
        let mut links = Vec::new();
        // Counters are most of what the kernel has to say, and nobody reads them here.
        let message = Message::new(libc::RTM_GETLINK, libc::NLM_F_DUMP, &header(0, 0, 0))
            .attribute(IFLA_EXT_MASK, &SKIP_STATISTICS.to_ne_bytes());
        self.dump("list interfaces", message, |entry| {
            links.extend(link(entry))
        })?;
        Ok(links)
    }

    /// The interface of a name, if there is one.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn link(&mut self, name: &str) -> Result<Option<Link>, KernelError> {
        let message = Message::new(libc::RTM_GETLINK, 0, &header(0, 0, 0)).text(IFLA_IFNAME, name);
        let mut found = None;
        let answer = self.dump(&format!("look for {name}"), message, |entry| {
            found = link(entry)
        });
        match answer {
            Err(error) if error.errno() == Some(libc::ENODEV) => Ok(None),
            Err(error) => Err(error),
            Ok(()) => Ok(found),
        }
    }

    /// The MTU of the interface of an index.
    ///
    /// # Errors
    /// [`KernelError`].
    pub fn mtu_of(&mut self, index: u32) -> Result<u32, KernelError> {
        let message = Message::new(libc::RTM_GETLINK, 0, &header(index, 0, 0));
        let action = format!("look for interface {index}");
        let mut found = None;
        self.dump(&action, message, |entry| found = link(entry))?;
        let found = found.ok_or(KernelError::Answer { action })?;
        Ok(found.mtu)
    }

    /// As [`Kernel::link`], for one that has to be there. The answer of the kernel comes before its
    /// acknowledgement.
    ///
    /// # Errors
    /// [`KernelError::NoInterface`].
    pub fn existing(&mut self, name: &str) -> Result<Link, KernelError> {
        let found = self.link(name)?;
        found.ok_or_else(|| KernelError::NoInterface(name.to_owned()))
    }

    /// Makes a pair, down; the near end is here.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn add_veth(&mut self, spec: VethSpec<'_>) -> Result<(), KernelError> {
        let flags = libc::NLM_F_CREATE | libc::NLM_F_EXCL;
        let mtu = spec.mtu.to_ne_bytes();
        let namespace = spec.namespace.descriptor().to_ne_bytes();
        let message = Message::new(libc::RTM_NEWLINK, flags, &header(0, 0, 0))
            .text(IFLA_IFNAME, spec.name)
            .attribute(IFLA_MTU, &mtu)
            .nested(IFLA_LINKINFO, |info| {
                info.text(IFLA_INFO_KIND, "veth")
                    .nested(IFLA_INFO_DATA, |data| {
                        data.nested(VETH_INFO_PEER, |peer| {
                            peer.raw(&header(0, 0, 0))
                                .text(IFLA_IFNAME, spec.peer)
                                .attribute(IFLA_MTU, &mtu)
                                .attribute(IFLA_NET_NS_FD, &namespace)
                        })
                    })
            });
        self.change(&format!("make {} with {}", spec.name, spec.peer), message)
    }

    /// Brings an interface up.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn set_up(&mut self, index: u32) -> Result<(), KernelError> {
        let message = Message::new(libc::RTM_NEWLINK, 0, &header(index, UP, UP));
        self.change(&format!("bring interface {index} up"), message)
    }

    /// Brings an interface down; the other end loses its carrier.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn set_down(&mut self, index: u32) -> Result<(), KernelError> {
        let message = Message::new(libc::RTM_NEWLINK, 0, &header(index, 0, UP));
        self.change(&format!("bring interface {index} down"), message)
    }

    /// Has an interface ask for stations again.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn set_asking(&mut self, index: u32) -> Result<(), KernelError> {
        let message = Message::new(libc::RTM_NEWLINK, 0, &header(index, 0, NO_ARP));
        self.change(&format!("have interface {index} ask for stations"), message)
    }

    /// # Errors
    /// [`KernelError::Request`].
    pub fn set_mtu(&mut self, index: u32, mtu: u32) -> Result<(), KernelError> {
        let message = Message::new(libc::RTM_NEWLINK, 0, &header(index, 0, 0))
            .attribute(IFLA_MTU, &mtu.to_ne_bytes());
        self.change(
            &format!("set the MTU of interface {index} to {mtu}"),
            message,
        )
    }

    /// Gives an interface the address of a station.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn set_mac(&mut self, index: u32, mac: [u8; 6]) -> Result<(), KernelError> {
        let message =
            Message::new(libc::RTM_NEWLINK, 0, &header(index, 0, 0)).attribute(IFLA_ADDRESS, &mac);
        self.change(&format!("set the address of interface {index}"), message)
    }

    /// Writes a remark on an interface, which stays as long as the interface.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn set_alias(&mut self, index: u32, alias: &str) -> Result<(), KernelError> {
        let message = Message::new(libc::RTM_NEWLINK, 0, &header(index, 0, 0))
            .attribute(IFLA_IFALIAS, alias.as_bytes());
        self.change(&format!("mark interface {index} with {alias}"), message)
    }

    /// Moves an interface into another namespace; it arrives down and without addresses.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn move_link(&mut self, index: u32, namespace: &Namespace) -> Result<(), KernelError> {
        let to = namespace.descriptor().to_ne_bytes();
        let message =
            Message::new(libc::RTM_NEWLINK, 0, &header(index, 0, 0)).attribute(IFLA_NET_NS_FD, &to);
        let action = format!("move interface {index} to {}", namespace.name());
        self.change(&action, message)
    }

    /// Moves an interface of `from` into the namespace of the calling thread.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn take_back(&mut self, index: u32) -> Result<(), KernelError> {
        let action = format!("take interface {index} back");
        let here = std::fs::File::open("/proc/thread-self/ns/net")
            .map_err(KernelError::request(action.clone()))?;
        let descriptor = std::os::fd::AsRawFd::as_raw_fd(&here).to_ne_bytes();
        let message = Message::new(libc::RTM_NEWLINK, 0, &header(index, 0, 0))
            .attribute(IFLA_NET_NS_FD, &descriptor);
        self.change(&action, message)?;
        self.forget_addresses(index);
        Ok(())
    }

    /// Removes the interface of this index, whatever its name is by now; one that is gone is removed already.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn remove_index(&mut self, index: u32) -> Result<(), KernelError> {
        let message = Message::new(libc::RTM_DELLINK, 0, &header(index, 0, 0));
        self.ensure(
            &format!("remove interface {index}"),
            message,
            &[libc::ENODEV],
        )
    }

    /// Removes an interface; one that is gone is removed already.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn remove_link(&mut self, name: &str) -> Result<(), KernelError> {
        let Some(found) = self.link(name)? else {
            return Ok(());
        };
        self.remove_index(found.index)
    }
}

/// Keeps the kernel from speaking on an interface of the calling thread's namespace by itself
/// (edge.md §2).
pub(crate) fn silence(name: &str) -> Result<(), KernelError> {
    set_parameters(&[(&format!("ipv6/conf/{name}/disable_ipv6"), "1")])
}

pub(crate) fn link(entry: &[u8]) -> Option<Link> {
    let flags = number32(entry.get(8..)?)?;
    let mut link = Link {
        index: number32(entry.get(4..)?)?,
        up: flags & UP != 0,
        silent: flags & NO_ARP != 0,
        ..Link::default()
    };
    for (kind, value) in attributes(entry.get(HEADER..)?) {
        match kind {
            IFLA_IFNAME => link.name = text(value),
            IFLA_IFALIAS => link.alias = text(value),
            IFLA_MTU => link.mtu = number32(value)?,
            IFLA_ADDRESS => link.mac = value.try_into().unwrap_or_default(),
            IFLA_CARRIER => link.carrier = value == [1],
            _ => {}
        }
    }
    Some(link)
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value.strip_suffix(&[0]).unwrap_or(value)).into_owned()
}
