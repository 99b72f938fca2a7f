//! Socket options and calls that no safe crate offers: TCP_MD5SIG, and a UDP datagram with its hop
//! limit. All `unsafe` of this crate is here.

#![expect(
    unsafe_code,
    reason = "setsockopt and recvmsg with structures of their own"
)]

use std::ffi::c_int;
use std::io;
use std::mem::{size_of, zeroed};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd};

use socket2::SockAddr;

/// Longest key that the kernel takes.
const MAX_KEY: usize = 80;
const TCP_MD5SIG: c_int = 14;

/// `struct tcp_md5sig` of `linux/tcp.h`, 216 bytes.
#[repr(C)]
struct TcpMd5Sig {
    address: libc::sockaddr_storage,
    flags: u8,
    prefix_length: u8,
    key_length: u16,
    interface: c_int,
    key: [u8; MAX_KEY],
}

const _: () = assert!(size_of::<TcpMd5Sig>() == 216);

/// Sets the key for segments to and from `neighbor` (RFC 2385), before connecting or listening.
pub(crate) fn set_md5_key(socket: &impl AsFd, neighbor: IpAddr, key: &[u8]) -> io::Result<()> {
    let too_long = || io::Error::new(io::ErrorKind::InvalidInput, "TCP MD5 key over 80 bytes");
    let key_length = u16::try_from(key.len()).map_err(|_| too_long())?;
    let mut padded = [0; MAX_KEY];
    padded
        .get_mut(..key.len())
        .ok_or_else(too_long)?
        .copy_from_slice(key);
    let address = SockAddr::from(SocketAddr::new(neighbor, 0));
    // SAFETY: `sockaddr_storage` is plain old data, for which all zeros is a value.
    let mut storage: libc::sockaddr_storage = unsafe { zeroed() };
    let length = usize::try_from(address.len())
        .unwrap_or(0)
        .min(size_of::<libc::sockaddr_storage>());
    // SAFETY: `address` owns at least `length` readable bytes, `storage` at least as many writable
    // ones, and the two do not overlap.
    unsafe {
        std::ptr::copy_nonoverlapping(
            address.as_ptr().cast::<u8>(),
            (&raw mut storage).cast::<u8>(),
            length,
        );
    }
    let option = TcpMd5Sig {
        address: storage,
        flags: 0,
        prefix_length: 0,
        key_length,
        interface: 0,
        key: padded,
    };
    set_option(socket, libc::IPPROTO_TCP, TCP_MD5SIG, &option)
}

/// Asks for the hop limit with every datagram.
pub(crate) fn report_hop_limit(socket: &impl AsFd, ipv6: bool) -> io::Result<()> {
    let on: c_int = 1;
    if ipv6 {
        set_option(socket, libc::IPPROTO_IPV6, libc::IPV6_RECVHOPLIMIT, &on)
    } else {
        set_option(socket, libc::IPPROTO_IP, libc::IP_RECVTTL, &on)
    }
}

fn set_option<T>(socket: &impl AsFd, level: c_int, name: c_int, value: &T) -> io::Result<()> {
    let length = libc::socklen_t::try_from(size_of::<T>()).unwrap_or(0);
    // SAFETY: the descriptor is open while `socket` is borrowed, and `value` is `length` readable
    // bytes for the time of the call.
    let result = unsafe {
        libc::setsockopt(
            socket.as_fd().as_raw_fd(),
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

/// A datagram as it came.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Datagram {
    pub(crate) length: usize,
    pub(crate) source: SocketAddr,
    /// 0 when the kernel did not tell.
    pub(crate) hop_limit: u8,
}

/// Room for control messages, aligned as they need it.
#[repr(C, align(8))]
struct ControlBuffer([u8; 128]);

/// Receives one datagram without waiting.
pub(crate) fn receive_with_hop_limit(
    socket: &impl AsFd,
    buffer: &mut [u8],
) -> io::Result<Datagram> {
    let mut control = ControlBuffer([0; 128]);
    let mut part = libc::iovec {
        iov_base: buffer.as_mut_ptr().cast(),
        iov_len: buffer.len(),
    };
    let receive = |storage: *mut socket2::SockAddrStorage, length: *mut libc::socklen_t| {
        // SAFETY: `msghdr` is plain old data, for which all zeros is a value.
        let mut message: libc::msghdr = unsafe { zeroed() };
        message.msg_name = storage.cast();
        message.msg_namelen =
            libc::socklen_t::try_from(size_of::<libc::sockaddr_storage>()).unwrap_or(0);
        message.msg_iov = &raw mut part;
        message.msg_iovlen = 1;
        message.msg_control = control.0.as_mut_ptr().cast();
        message.msg_controllen = control.0.len();
        // SAFETY: every pointer in `message` names memory that lives and is writable for the time
        // of the call, with its true length beside it.
        let got = unsafe {
            libc::recvmsg(
                socket.as_fd().as_raw_fd(),
                &raw mut message,
                libc::MSG_DONTWAIT,
            )
        };
        let received = usize::try_from(got).map_err(|_| io::Error::last_os_error())?;
        // SAFETY: the caller gave a place for the length of the address.
        unsafe { *length = message.msg_namelen };
        Ok((received, hop_limit(&message)))
    };
    // SAFETY: on success `receive` has let the kernel write an address and its length.
    let ((length, hop_limit), source) = unsafe { SockAddr::try_init(receive)? };
    let source = source.as_socket().ok_or(io::ErrorKind::InvalidData)?;
    Ok(Datagram {
        length,
        source,
        hop_limit,
    })
}

/// Finds the hop limit among the control messages.
fn hop_limit(message: &libc::msghdr) -> u8 {
    // SAFETY: `message` was filled in by `recvmsg`, so that the macros walk inside its control
    // buffer, and an integer option carries a `c_int`.
    unsafe {
        let mut header = libc::CMSG_FIRSTHDR(message);
        while let Some(control) = header.as_ref() {
            let is_limit = matches!(
                (control.cmsg_level, control.cmsg_type),
                (libc::IPPROTO_IP, libc::IP_TTL) | (libc::IPPROTO_IPV6, libc::IPV6_HOPLIMIT)
            );
            if is_limit {
                let value = libc::CMSG_DATA(header).cast::<c_int>().read_unaligned();
                return u8::try_from(value).unwrap_or(0);
            }
            header = libc::CMSG_NXTHDR(message, header);
        }
    }
    0
}
