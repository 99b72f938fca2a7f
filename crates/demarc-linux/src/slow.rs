//! Sockets for the protocols of a port's link (LACP, MKA), and for news of links.
#![expect(
    unsafe_code,
    reason = "no safe interface to packet sockets and their options: each call passes a structure of its own \
              with its length"
)]

use std::io::{self, Read, Write};
use std::mem::{size_of, zeroed};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use crate::error::KernelError;
use crate::link::{Link, link};
use crate::netlink::{Told, messages};

/// A protocol between the two ends of a cable: its type, and the group that a bridge does not forward.
struct OfLink {
    ethertype: u16,
    group: [u8; 6],
    name: &'static str,
}

/// IEEE 802.3 slow protocols.
const SLOW: OfLink = OfLink {
    ethertype: 0x8809,
    group: [0x01, 0x80, 0xc2, 0x00, 0x00, 0x02],
    name: "LACP",
};
/// IEEE 802.1X.
const EAPOL: OfLink = OfLink {
    ethertype: 0x888e,
    group: [0x01, 0x80, 0xc2, 0x00, 0x00, 0x03],
    name: "MKA",
};
const ETHERNET_HEADER: usize = 14;
/// Room for frames that wait. Some dozens: who sends more loses his own.
const BUFFER: usize = 32 * 1024;
/// Longer than any message about a link.
const NEWS: usize = 32 * 1024;

/// Sends and receives the slow protocols of one interface.
#[derive(Debug)]
pub struct SlowSocket {
    socket: Socket,
}

/// Sends and receives EAPOL of one interface, in whole frames.
#[derive(Debug)]
pub struct EapolSocket {
    socket: Socket,
}

fn option<T>(socket: &Socket, level: i32, name: i32, value: &T) -> io::Result<()> {
    let length = libc::socklen_t::try_from(size_of::<T>()).unwrap_or_default();
    // SAFETY: `value` is a live structure of `length` bytes, of which the kernel takes a copy.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            name,
            std::ptr::from_ref(value).cast(),
            length,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

impl OfLink {
    /// A socket on the interface of this index in the namespace of the calling thread. It does not block.
    fn open(&self, interface: u32) -> Result<Socket, KernelError> {
        let open = || -> io::Result<Socket> {
            let index = i32::try_from(interface).map_err(io::Error::other)?;
            // Nothing comes in until it is bound.
            let socket = Socket::new(Domain::PACKET, Type::RAW.nonblocking(), None)?;
            socket.set_recv_buffer_size(BUFFER)?;
            // SAFETY: all zero is a valid packet_mreq.
            let mut group: libc::packet_mreq = unsafe { zeroed() };
            group.mr_ifindex = index;
            group.mr_type = u16::try_from(libc::PACKET_MR_MULTICAST).unwrap_or_default();
            group.mr_alen = 6;
            group.mr_address[..6].copy_from_slice(&self.group);
            option(
                &socket,
                libc::SOL_PACKET,
                libc::PACKET_ADD_MEMBERSHIP,
                &group,
            )?;
            let fill = |storage: *mut socket2::SockAddrStorage, length: *mut libc::socklen_t| {
                let address = storage.cast::<libc::sockaddr_ll>();
                // SAFETY: the storage is zeroed, valid for writes, and has room and alignment for any kind of
                // address; so has the length.
                unsafe {
                    (*address).sll_family = u16::try_from(libc::AF_PACKET).unwrap_or_default();
                    (*address).sll_protocol = self.ethertype.to_be();
                    (*address).sll_ifindex = index;
                    *length = libc::socklen_t::try_from(size_of::<libc::sockaddr_ll>())
                        .unwrap_or_default();
                }
                Ok(())
            };
            // SAFETY: `fill` writes an address and its true length.
            let ((), address) = unsafe { SockAddr::try_init(fill)? };
            socket.bind(&address)?;
            Ok(socket)
        };
        open().map_err(KernelError::request(format!(
            "listen to {} on interface {interface}",
            self.name
        )))
    }
}

/// The next frame that came in; `None`: none for now.
fn receive<'a>(mut socket: &Socket, buffer: &'a mut [u8]) -> io::Result<Option<&'a [u8]>> {
    match socket.read(buffer) {
        Ok(count) => Ok(buffer.get(..count)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

impl EapolSocket {
    /// A socket on the interface of this index in the namespace of the calling thread. It does not block.
    ///
    /// # Errors
    /// [`KernelError::Request`]; needs CAP_NET_RAW.
    pub fn open(interface: u32) -> Result<Self, KernelError> {
        let socket = EAPOL.open(interface)?;
        Ok(Self { socket })
    }

    /// The next frame that came in; `None`: none for now.
    ///
    /// # Errors
    /// Of the socket: the interface is down or gone.
    pub fn receive<'a>(&self, buffer: &'a mut [u8]) -> io::Result<Option<&'a [u8]>> {
        receive(&self.socket, buffer)
    }

    /// Sends a whole frame.
    ///
    /// # Errors
    /// Of the socket.
    pub fn send(&self, frame: &[u8]) -> io::Result<()> {
        (&self.socket).write(frame).map(|_| ())
    }
}

impl AsFd for EapolSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl SlowSocket {
    /// A socket on the interface of this index in the namespace of the calling thread. It does not block.
    ///
    /// # Errors
    /// [`KernelError::Request`]; needs CAP_NET_RAW.
    pub fn open(interface: u32) -> Result<Self, KernelError> {
        let socket = SLOW.open(interface)?;
        Ok(Self { socket })
    }

    /// The next frame that came in, behind its type; `None`: none for now.
    ///
    /// # Errors
    /// Of the socket: the interface is down or gone.
    pub fn receive<'a>(&self, buffer: &'a mut [u8]) -> io::Result<Option<&'a [u8]>> {
        let frame = receive(&self.socket, buffer)?;
        Ok(frame.map(|frame| frame.get(ETHERNET_HEADER..).unwrap_or_default()))
    }

    /// Sends a frame to the group.
    ///
    /// # Errors
    /// Of the socket.
    pub fn send(&self, source: [u8; 6], payload: &[u8]) -> io::Result<()> {
        let mut frame = Vec::with_capacity(ETHERNET_HEADER + payload.len());
        frame.extend_from_slice(&SLOW.group);
        frame.extend_from_slice(&source);
        frame.extend_from_slice(&SLOW.ethertype.to_be_bytes());
        frame.extend_from_slice(payload);
        (&self.socket).write(&frame).map(|_| ())
    }
}

impl AsFd for SlowSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Tells of links that change, in the namespace where it was opened.
#[derive(Debug)]
pub struct LinkNews {
    socket: Socket,
}

impl LinkNews {
    /// # Errors
    /// [`KernelError::Request`].
    pub fn open() -> Result<Self, KernelError> {
        let open = || -> io::Result<Self> {
            let route = Some(Protocol::from(libc::NETLINK_ROUTE));
            let kind = Type::RAW.nonblocking();
            let socket = Socket::new(Domain::from(libc::AF_NETLINK), kind, route)?;
            let group = libc::RTNLGRP_LINK;
            option(
                &socket,
                libc::SOL_NETLINK,
                libc::NETLINK_ADD_MEMBERSHIP,
                &group,
            )?;
            Ok(Self { socket })
        };
        open().map_err(KernelError::request("watch links"))
    }

    /// Links as they are now, of those that changed; one that is gone is down. What was missed because too
    /// much happened is left out: who wants to be sure looks from time to time.
    ///
    /// # Errors
    /// Of the socket.
    pub fn news(&self) -> io::Result<Vec<Link>> {
        let mut links = Vec::new();
        let mut buffer = vec![0; NEWS];
        loop {
            let count = match (&self.socket).read(&mut buffer) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(links),
                Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => continue,
                Err(error) => return Err(error),
            };
            for Told { kind, payload, .. } in messages(&buffer[..count]) {
                let found = match kind {
                    libc::RTM_NEWLINK => link(payload),
                    libc::RTM_DELLINK => link(payload).map(|gone| Link {
                        up: false,
                        carrier: false,
                        ..gone
                    }),
                    _ => None,
                };
                links.extend(found);
            }
        }
    }
}

impl AsFd for LinkNews {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Waits until one of these has something to read, or the time is over.
///
/// # Errors
/// Of poll(2).
pub fn wait(sockets: &[BorrowedFd<'_>], time: Option<Duration>) -> io::Result<()> {
    let mut polled: Vec<PollFd<'_>> = sockets
        .iter()
        .map(|socket| PollFd::new(*socket, PollFlags::POLLIN))
        .collect();
    // Up to the next millisecond: before it there is nothing to do.
    let millis = time.map(|time| time.as_micros().div_ceil(1_000));
    let timeout = millis.map_or(PollTimeout::NONE, |millis| {
        PollTimeout::try_from(millis).unwrap_or(PollTimeout::MAX)
    });
    match nix::poll::poll(&mut polled, timeout) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
