//! MACsec Key Agreement (IEEE 802.1X-2010 clause 9, with the amendments of 802.1Xbx and 802.1X-2020), without
//! I/O.
//!
//! Static CAKs only (`spec/routing §12`). One [`Port`] holds the participants of a port, one for each key. Time
//! is an argument and randomness a seed; frames go in by [`Port::receive`] and come out by [`Port::frames`].
//! What the MACsec interface is to be is [`Port::association`]; the driver answers by [`Port::installed`].
//!
//! Order of calls: after any call that changes something take [`Port::frames`], compare [`Port::association`],
//! and sleep until [`Port::next_deadline`], then call [`Port::advance`]. `now` never goes back; it is the time
//! since an origin of the caller's choice.

mod association;
mod cak;
mod cipher;
mod crypt;
mod discarded;
mod frame;
mod keys;
mod offer;
mod participant;
mod pdu;
mod peers;
mod port;
mod random;
mod sak;
mod sci;
mod status;
mod timing;

pub use association::{
    Association, Installed, ReceiveChannel, ReceiveSa, Receiving, TransmitSa, Transmitting, Xpn,
};
pub use cak::{Cak, Ckn, Key, KeyError};
pub use cipher::CipherSuite;
pub use discarded::Discarded;
pub use port::{Port, PortConfig};
pub use sak::{KeyId, Sak};
pub use sci::Sci;
pub use status::{KeyServer, PeerStatus, Refusal, Status, Why};

/// Of EAPOL frames.
pub const ETHERTYPE: u16 = 0x888e;

/// Where they go: to whoever is at the other end of the cable, and no further.
pub const DESTINATION: [u8; 6] = [0x01, 0x80, 0xc2, 0x00, 0x00, 0x03];
