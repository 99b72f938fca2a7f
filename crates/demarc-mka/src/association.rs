//! What the MACsec interface of a port is to be, and what it is: the contract with a driver.
//!
//! [`Association`] is a level, not a change: a driver compares it with what is there, applies the difference
//! and answers with [`Installed`]. The order that makes it hitless: first receive SAs that are new, then the
//! transmit SA, then away with what is no longer named.

use crate::cipher::CipherSuite;
use crate::sak::{KeyId, Sak};
use crate::sci::Sci;

/// The secure associations that are to be there. All that is not named is to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Association {
    /// Of all SAs. A change of it comes with new keys only.
    pub cipher: CipherSuite,
    /// `None`: nothing is to be sent under protection.
    pub transmit: Option<TransmitSa>,
    /// One for each live peer, by SCI; each with one SA or, while keys change, two.
    pub receive: Vec<ReceiveChannel>,
}

/// What frames are sent with; it is the encoding SA. A new one begins with packet number 1; the packet number
/// of one that is there, which `id` tells, must not be touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransmitSa {
    pub an: u8,
    pub id: KeyId,
    pub sak: Sak,
    pub xpn: Option<Xpn>,
}

/// A peer's secure channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiveChannel {
    pub sci: Sci,
    /// Of different `an`.
    pub associations: Vec<ReceiveSa>,
}

/// What a peer's frames are opened with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiveSa {
    pub an: u8,
    pub id: KeyId,
    pub sak: Sak,
    /// For a new SA: where its packet numbers begin. Does not change while it is there.
    pub lowest_packet_number: u64,
    pub xpn: Option<Xpn>,
}

/// What nonces are made of with extended packet numbers (IEEE 802.1AE §10.7.13, §10.7.28).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Xpn {
    /// Of the sender of the channel.
    pub ssci: u32,
    pub salt: [u8; 12],
}

/// What a driver has carried out, and how far packet numbers are. To be told after every change, and every
/// second or so for the packet numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Installed {
    /// Keys that all receive channels of the last [`Association`] have an SA of.
    pub receiving: Vec<Receiving>,
    pub transmitting: Option<Transmitting>,
    /// In words, if something of the last [`Association`] could not be carried out.
    pub fault: Option<String>,
}

/// A key that frames are opened with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receiving {
    pub id: KeyId,
    /// The packet number that is expected next, of the channel that is ahead most.
    pub next_packet_number: u64,
}

/// The key that frames are sent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transmitting {
    pub id: KeyId,
    pub next_packet_number: u64,
}
