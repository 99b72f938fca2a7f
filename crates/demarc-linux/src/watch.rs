//! Interfaces as the kernel tells of them, change by change: nobody has to ask for all of them again and
//! again.

use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

use nix::sys::socket::{NetlinkAddr, bind};
use socket2::{Domain, Protocol, Socket, Type};

use crate::error::KernelError;
use crate::link::{Link, link};
use crate::netlink::{Kernel, messages};

/// Changes of interfaces (RTMGRP_LINK).
const LINKS: u32 = 1;
/// A part of what the kernel tells at once.
const PART: usize = 64 * 1024;
/// Room for what happens while nobody reads: hundreds of interfaces at once.
const BACKLOG: usize = 4 << 20;

/// A socket that hears of changes of these groups.
fn listen(groups: u32, backlog: Option<usize>) -> io::Result<Socket> {
    let kind = Type::RAW.nonblocking();
    let protocol = Protocol::from(libc::NETLINK_ROUTE);
    let socket = Socket::new(Domain::from(libc::AF_NETLINK), kind, Some(protocol))?;
    if let Some(backlog) = backlog {
        socket.set_recv_buffer_size(backlog)?;
    }
    bind(socket.as_raw_fd(), &NetlinkAddr::new(0, groups))?;
    Ok(socket)
}

/// The interfaces of a namespace.
pub struct LinkWatch {
    socket: Socket,
    links: Arc<Vec<Link>>,
    /// Counts changes.
    version: u64,
}

impl LinkWatch {
    /// The interfaces in the namespace of the calling thread, which is that of `kernel`.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn here(kernel: &mut Kernel) -> Result<Self, KernelError> {
        let socket = listen(LINKS, Some(BACKLOG));
        let socket = socket.map_err(KernelError::request("watch interfaces"))?;
        let links = Arc::new(kernel.links()?);
        Ok(Self {
            socket,
            links,
            version: 0,
        })
    }

    /// A descriptor that is readable when the kernel has told something, for whoever waits for that. Only
    /// [`LinkWatch::update`] reads it.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn descriptor(&self) -> Result<OwnedFd, KernelError> {
        let copy = self.socket.try_clone();
        let copy = copy.map_err(KernelError::request("watch interfaces"))?;
        Ok(copy.into())
    }

    /// As they are by what the kernel has told.
    pub fn links(&self) -> Arc<Vec<Link>> {
        Arc::clone(&self.links)
    }

    /// Another number whenever something has come to differ.
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// Reads what the kernel has told since.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn update(&mut self, kernel: &mut Kernel) -> Result<(), KernelError> {
        let mut buffer = vec![0; PART];
        loop {
            match (&self.socket).read(&mut buffer) {
                Ok(count) => {
                    for told in messages(&buffer[..count]) {
                        if apply(&mut self.links, told.kind, told.payload) {
                            self.version += 1;
                        }
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // It told more than there was room for (ENOBUFS).
                Err(_) => return self.read_again(kernel),
            }
        }
    }

    /// Reads all of them, whatever was told.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn read_again(&mut self, kernel: &mut Kernel) -> Result<(), KernelError> {
        let links = kernel.links()?;
        if *self.links != links {
            self.links = Arc::new(links);
            self.version += 1;
        }
        Ok(())
    }
}

/// What may be watched for changes that others make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watched {
    /// Interfaces, addresses, routes, rules, and whether packets are forwarded.
    Routing,
    /// Filters, and what they hang on.
    Filters,
}

impl Watched {
    /// Bit `n - 1` is group `n` (`RTNLGRP_…`).
    const fn groups(self) -> u32 {
        const NETCONF: u32 = 1 << 23 | 1 << 24;
        const IPV4: u32 = 0x10 | 0x40 | 0x80;
        const IPV6: u32 = 0x100 | 0x400 | 1 << 18;
        match self {
            Self::Routing => LINKS | IPV4 | IPV6 | NETCONF,
            Self::Filters => 1 << 3,
        }
    }
}

/// Tells of what somebody else changed in a namespace: who has nothing to hear need not compare.
pub struct ChangeWatch {
    socket: Socket,
    /// Who makes our own changes.
    own: u32,
}

impl ChangeWatch {
    /// Watches the namespace of the calling thread, which is that of `own`: what goes through that is no
    /// news.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn here(watched: Watched, own: &Kernel) -> Result<Self, KernelError> {
        let socket = listen(watched.groups(), None);
        let socket = socket.map_err(KernelError::request("watch for changes"))?;
        let own = own.port;
        Ok(Self { socket, own })
    }

    /// Calls `each` with the type and content of every change since the last call; whether these were all:
    /// the kernel leaves out what there is no room for.
    pub(crate) fn read(&self, mut each: impl FnMut(u16, &[u8])) -> bool {
        let mut buffer = vec![0; PART];
        let mut all = true;
        loop {
            match (&self.socket).read(&mut buffer) {
                Ok(count) => {
                    let told = messages(&buffer[..count]);
                    for told in told.filter(|told| told.port != self.own) {
                        each(told.kind, told.payload);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return all,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => all = false,
                Err(_) => return false,
            }
        }
    }

    /// Whether somebody else changed something since the last call.
    pub fn has_heard(&self) -> bool {
        let mut heard = false;
        let all = self.read(|_, _| heard = true);
        heard || !all
    }
}

/// Whether something differs now.
fn apply(links: &mut Arc<Vec<Link>>, kind: u16, payload: &[u8]) -> bool {
    // Bridges tell of their ports in messages of a family of their own.
    let Some(told) = link(payload).filter(|_| payload.first() == Some(&0)) else {
        return false;
    };
    let place = links.iter().position(|known| known.index == told.index);
    match (kind, place) {
        (libc::RTM_NEWLINK, Some(place)) if links[place] == told => return false,
        (libc::RTM_NEWLINK, Some(place)) => Arc::make_mut(links)[place] = told,
        (libc::RTM_NEWLINK, None) => Arc::make_mut(links).push(told),
        (libc::RTM_DELLINK, Some(place)) => _ = Arc::make_mut(links).remove(place),
        _ => return false,
    }
    true
}
