//! The sockets of RFC 5881 §4 and §5.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;

use demarc_bfd::{CONTROL_PORT, SOURCE_PORTS, TRANSMIT_HOP_LIMIT};
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt,
};
use socket2::{Domain, Protocol, Socket, Type};

/// Internetwork control, as routers mark their own protocols (RFC 2474 class selector 6).
const TRAFFIC_CLASS: u32 = 0xc0;

/// Receives control packets for one local address.
#[derive(Debug)]
pub struct Sockets {
    pub(crate) local: IpAddr,
    pub(crate) receiver: UdpSocket,
}

impl Sockets {
    /// Binds port 3784 of `local`, in the network namespace of the calling thread.
    ///
    /// # Errors
    /// Those of the system calls; above all that the port is taken.
    pub fn open(local: IpAddr) -> io::Result<Self> {
        let socket = new_socket(local)?;
        match local {
            IpAddr::V4(_) => setsockopt(&socket, sockopt::Ipv4RecvTtl, &true)?,
            IpAddr::V6(_) => setsockopt(&socket, sockopt::Ipv6RecvHopLimit, &true)?,
        }
        socket.bind(&SocketAddr::new(local, CONTROL_PORT).into())?;
        Ok(Self {
            local,
            receiver: socket.into(),
        })
    }
}

/// A socket that sends control packets from `local`, from a port of the range that RFC 5881 wants,
/// with hop limit 255. `seed` decides where the search for a free port begins.
///
/// # Errors
/// Those of the system calls; [`io::ErrorKind::AddrInUse`] when no port is free.
pub fn open_sender(local: IpAddr, seed: u16) -> io::Result<UdpSocket> {
    let socket = new_socket(local)?;
    match local {
        IpAddr::V4(_) => {
            socket.set_ttl_v4(u32::from(TRANSMIT_HOP_LIMIT))?;
            socket.set_tos_v4(TRAFFIC_CLASS)?;
        }
        IpAddr::V6(_) => {
            socket.set_unicast_hops_v6(u32::from(TRANSMIT_HOP_LIMIT))?;
            socket.set_tclass_v6(TRAFFIC_CLASS)?;
        }
    }
    let (first, last) = (*SOURCE_PORTS.start(), *SOURCE_PORTS.end());
    let start = first + seed % (last - first);
    for port in (start..=last).chain(first..start) {
        match socket.bind(&SocketAddr::new(local, port).into()) {
            Ok(()) => return Ok(socket.into()),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AddrInUse.into())
}

fn new_socket(local: IpAddr) -> io::Result<Socket> {
    let domain = Domain::for_address(SocketAddr::new(local, 0));
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    if local.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// A received datagram.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Datagram {
    pub(crate) source: IpAddr,
    pub(crate) length: usize,
    /// IPv4 TTL or IPv6 hop limit; 0 when the kernel did not tell.
    pub(crate) hop_limit: u8,
}

/// Reads one datagram into `buffer`, or [`io::ErrorKind::WouldBlock`].
pub(crate) fn receive(socket: &impl AsRawFd, buffer: &mut [u8]) -> io::Result<Datagram> {
    let mut slices = [IoSliceMut::new(buffer)];
    let mut space = nix::cmsg_space!(i32);
    let message = recvmsg::<SockaddrStorage>(
        socket.as_raw_fd(),
        &mut slices,
        Some(&mut space),
        MsgFlags::MSG_DONTWAIT,
    )?;
    let hop_limit = message.cmsgs()?.find_map(|control| match control {
        ControlMessageOwned::Ipv4Ttl(value) | ControlMessageOwned::Ipv6HopLimit(value) => {
            u8::try_from(value).ok()
        }
        _ => None,
    });
    let address = message.address.as_ref().and_then(source_of);
    let source = address.ok_or(io::ErrorKind::InvalidData)?;
    Ok(Datagram {
        source,
        length: message.bytes,
        hop_limit: hop_limit.unwrap_or(0),
    })
}

fn source_of(address: &SockaddrStorage) -> Option<IpAddr> {
    let ipv4 = address
        .as_sockaddr_in()
        .map(|address| IpAddr::V4(address.ip()));
    ipv4.or_else(|| {
        address
            .as_sockaddr_in6()
            .map(|address| IpAddr::V6(address.ip()))
    })
}
