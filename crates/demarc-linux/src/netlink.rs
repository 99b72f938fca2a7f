//! Netlink requests: messages of fixed headers and attributes (`man 7 netlink`, `man 7 rtnetlink`).

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::net::IpAddr;
use std::os::fd::AsRawFd;

use nix::sys::socket::{NetlinkAddr, bind, getsockname};
use socket2::{Domain, Protocol, Socket, Type};

use crate::error::KernelError;
use crate::ledger::Ledger;
use crate::route::Table;

/// Length, type, flags, sequence number, port.
const HEADER: usize = 16;
/// Nested attributes carry this bit (NLA_F_NESTED).
const NESTED: u16 = 1 << 15;
/// Room for the largest part of a dump that the kernel sends at once.
const PART: usize = 64 * 1024;

/// A request in the making.
pub(crate) struct Message {
    bytes: Vec<u8>,
}

impl Message {
    /// `fixed`: the structure that the type wants first.
    pub(crate) fn new(kind: u16, flags: i32, fixed: &[u8]) -> Self {
        let mut bytes = vec![0; HEADER];
        bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
        let flags = u16::try_from(flags | libc::NLM_F_REQUEST).unwrap_or_default();
        bytes[6..8].copy_from_slice(&flags.to_ne_bytes());
        bytes.extend_from_slice(fixed);
        Self { bytes }
    }

    pub(crate) fn attribute(mut self, kind: u16, value: &[u8]) -> Self {
        let start = self.open(kind);
        self.bytes.extend_from_slice(value);
        self.close(start);
        self
    }

    pub(crate) fn text(self, kind: u16, value: &str) -> Self {
        let mut bytes = value.as_bytes().to_vec();
        bytes.push(0);
        self.attribute(kind, &bytes)
    }

    pub(crate) fn nested(self, kind: u16, fill: impl FnOnce(Self) -> Self) -> Self {
        let mut whole = self;
        let start = whole.open(kind | NESTED);
        let mut whole = fill(whole);
        whole.close(start);
        whole
    }

    pub(crate) fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    fn open(&mut self, kind: u16) -> usize {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0, 0]);
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        start
    }

    fn close(&mut self, start: usize) {
        let length = u16::try_from(self.bytes.len() - start).unwrap_or(u16::MAX);
        self.bytes[start..start + 2].copy_from_slice(&length.to_ne_bytes());
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }

    pub(crate) fn finish(mut self, sequence: u32) -> Vec<u8> {
        let length = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.bytes[..4].copy_from_slice(&length.to_ne_bytes());
        self.bytes[8..12].copy_from_slice(&sequence.to_ne_bytes());
        self.bytes
    }
}

/// The attributes behind a fixed header.
pub(crate) fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(number16(bytes)?);
        let kind = number16(bytes.get(2..)?)? & !NESTED;
        let value = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

pub(crate) fn number16(bytes: &[u8]) -> Option<u16> {
    Some(u16::from_ne_bytes(*bytes.first_chunk()?))
}

pub(crate) fn number32(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.first_chunk()?))
}

/// One message of what the kernel tells.
pub(crate) struct Told<'a> {
    pub(crate) kind: u16,
    /// The socket whose request made it so; 0: the kernel by itself.
    pub(crate) port: u32,
    /// What follows the header.
    pub(crate) payload: &'a [u8],
}

/// The messages in what one read gave.
pub(crate) fn messages(mut bytes: &[u8]) -> impl Iterator<Item = Told<'_>> {
    std::iter::from_fn(move || {
        let length = usize::try_from(number32(bytes)?).ok()?;
        let one = bytes.get(..length).filter(|one| one.len() >= HEADER)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(Told {
            kind: number16(&one[4..])?,
            port: number32(&one[12..])?,
            payload: &one[HEADER..],
        })
    })
}

/// The kernel as seen from one network namespace.
pub struct Kernel {
    socket: Socket,
    sequence: u32,
    /// The number of the socket in its namespace.
    pub(crate) port: u32,
    /// Routes set since somebody wants to know.
    pub(crate) noted: Option<BTreeSet<(Table, IpAddr, u8)>>,
    /// What was asked for and is to stay.
    pub(crate) ledger: Ledger,
}

impl Kernel {
    /// The kernel in the namespace of the calling thread. The socket stays there.
    ///
    /// # Errors
    /// [`KernelError::Request`].
    pub fn here() -> Result<Self, KernelError> {
        Self::over(libc::NETLINK_ROUTE)
    }

    /// As [`Kernel::here`], over another protocol of netlink.
    pub(crate) fn over(protocol: i32) -> Result<Self, KernelError> {
        let open = || -> io::Result<(Socket, u32)> {
            let socket = Socket::new(
                Domain::from(libc::AF_NETLINK),
                Type::RAW,
                Some(Protocol::from(protocol)),
            )?;
            // The kernel chooses the number.
            bind(socket.as_raw_fd(), &NetlinkAddr::new(0, 0))?;
            let port = getsockname::<NetlinkAddr>(socket.as_raw_fd())?.pid();
            Ok((socket, port))
        };
        let (socket, port) = open().map_err(KernelError::request("open a netlink socket"))?;
        Ok(Self {
            socket,
            sequence: 0,
            port,
            noted: None,
            ledger: Ledger::default(),
        })
    }

    /// Sends a request and waits until it is done.
    pub(crate) fn change(&mut self, action: &str, message: Message) -> Result<(), KernelError> {
        self.exchange(message, |_, _| ())
            .map_err(KernelError::request(action))
    }

    /// As [`Kernel::change`]; that it is done already, by error number, is no failure.
    pub(crate) fn ensure(
        &mut self,
        action: &str,
        message: Message,
        done: &[i32],
    ) -> Result<(), KernelError> {
        match self.change(action, message) {
            Err(error) if error.errno().is_some_and(|number| done.contains(&number)) => Ok(()),
            other => other,
        }
    }

    /// Asks for a list: calls `each` with what follows the header of every entry.
    pub(crate) fn dump(
        &mut self,
        action: &str,
        message: Message,
        mut each: impl FnMut(&[u8]),
    ) -> Result<(), KernelError> {
        self.exchange(message, |_, payload| each(payload))
            .map_err(KernelError::request(action))
    }

    fn exchange(&mut self, message: Message, mut each: impl FnMut(u16, &[u8])) -> io::Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut message = message;
        let flags = number16(&message.bytes[6..]).unwrap_or_default();
        if i32::from(flags) & libc::NLM_F_DUMP != libc::NLM_F_DUMP {
            let flags = flags | u16::try_from(libc::NLM_F_ACK).unwrap_or_default();
            message.bytes[6..8].copy_from_slice(&flags.to_ne_bytes());
        }
        self.socket.send(&message.finish(self.sequence))?;
        let mut buffer = vec![0; PART];
        loop {
            let count = (&self.socket).read(&mut buffer)?;
            let mut rest = &buffer[..count];
            while let Some(length) = number32(rest).and_then(|length| usize::try_from(length).ok())
            {
                let Some(one) = rest.get(..length).filter(|one| one.len() >= HEADER) else {
                    break;
                };
                rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
                if number32(&one[8..]) != Some(self.sequence) {
                    // An answer to a request that was given up.
                    continue;
                }
                let kind = number16(&one[4..]).unwrap_or_default();
                match i32::from(kind) {
                    libc::NLMSG_DONE => return Ok(()),
                    libc::NLMSG_ERROR => return outcome(&one[HEADER..]),
                    _ => each(kind, &one[HEADER..]),
                }
            }
        }
    }
}

/// The error number in an acknowledgement: 0 is success.
fn outcome(payload: &[u8]) -> io::Result<()> {
    let number = payload
        .first_chunk()
        .map_or(-libc::EPROTO, |number| i32::from_ne_bytes(*number));
    if number == 0 {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(-number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_padded_and_read_back() {
        let message = Message::new(16, 0, &[0; 16])
            .text(3, "abc")
            .attribute(4, &1500_u32.to_ne_bytes())
            .nested(18, |inner| inner.text(1, "veth"));
        let bytes = message.finish(7);
        assert_eq!(number32(&bytes), u32::try_from(bytes.len()).ok());
        let found: Vec<_> = attributes(&bytes[32..]).collect();
        assert_eq!(found[0], (3, b"abc\0".as_slice()));
        assert_eq!(found[1].1, 1500_u32.to_ne_bytes());
        assert_eq!(
            attributes(found[2].1).next(),
            Some((1, b"veth\0".as_slice()))
        );
    }

    #[test]
    fn damaged_attributes_end_the_list() {
        assert_eq!(attributes(&[200, 0, 1, 0, 9]).count(), 0);
        assert_eq!(attributes(&[0, 0, 0, 0]).count(), 0);
        assert_eq!(attributes(&[]).count(), 0);
    }
}
