//! What participants say to each other: the parameter sets of an MKPDU (IEEE 802.1X §11.11).

use crate::cak::Ckn;
use crate::cipher::CipherSuite;
use crate::sak::KeyId;
use crate::sci::Sci;

mod decode;
mod encode;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use decode::ckn as read_ckn;

/// Member Identifier: random, for as long as a participant lives.
pub(crate) type MemberId = [u8; 12];

/// `00-80-C2-01`, the only algorithms there are (table 9-1).
pub(crate) const AGILITY: u32 = 0x0080_c201;

/// Types of parameter sets (table 11-7); the basic one comes first and has none.
const LIVE_PEERS: u8 = 1;
const POTENTIAL_PEERS: u8 = 2;
const SAK_USE: u8 = 3;
const DISTRIBUTED_SAK: u8 = 4;
const XPN: u8 = 8;
const ICV_INDICATOR: u8 = 255;

/// Octets in front of the body of a set.
const HEADER: usize = 4;
/// Body of the basic set without the CKN.
const BASIC: usize = 28;
/// A member in a list.
const MEMBER: usize = 16;
const SAK_USE_BODY: usize = 40;
const XPN_BODY: usize = 8;
/// Body of a distributed SAK of GCM-AES-128, which goes without the suite.
const DEFAULT_SAK_BODY: usize = 28;
/// Number and suite in front of a wrapped SAK.
const SAK_NUMBER: usize = 4;
const SAK_CIPHER: usize = 8;
/// Members that are read from a list. More are not believed: no more can be peers.
pub(crate) const MAXIMUM_MEMBERS: usize = 90;

/// An MKPDU without its ICV.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pdu {
    pub(crate) version: u8,
    pub(crate) priority: u8,
    /// It has not decided that somebody else is the key server.
    pub(crate) key_server: bool,
    /// It wants MACsec.
    pub(crate) desired: bool,
    pub(crate) capability: Capability,
    pub(crate) sci: Sci,
    pub(crate) member: MemberId,
    pub(crate) number: u32,
    pub(crate) ckn: Ckn,
    pub(crate) live: Vec<Member>,
    pub(crate) potential: Vec<Member>,
    pub(crate) sak_use: Option<SakUse>,
    pub(crate) distributed: Option<Distributed>,
}

/// What a participant's MACsec can do, each with what those before can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Capability {
    None,
    Integrity,
    Confidentiality,
    Offsets,
}

/// Somebody whom the sender heard, and the number of the last message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) id: MemberId,
    pub(crate) number: u32,
}

/// Which keys the sender uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SakUse {
    pub(crate) latest: Option<KeyUse>,
    pub(crate) old: Option<KeyUse>,
    /// It sends frames without protection.
    pub(crate) plain_transmit: bool,
    /// It takes frames without protection.
    pub(crate) plain_receive: bool,
    pub(crate) delay_protect: bool,
    /// Lowest packet numbers have 64 bits, of which the upper half is in an XPN parameter set.
    pub(crate) xpn: bool,
}

/// How a key is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyUse {
    pub(crate) id: KeyId,
    pub(crate) an: u8,
    pub(crate) transmit: bool,
    pub(crate) receive: bool,
    /// Packet numbers of the sender's frames are not below.
    pub(crate) lowest_packet_number: u64,
}

/// What the key server gives out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Distributed {
    /// No key: no MACsec.
    Unprotected,
    Sak(DistributedSak),
}

/// A key on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DistributedSak {
    pub(crate) an: u8,
    pub(crate) offset: Offset,
    pub(crate) number: u32,
    pub(crate) cipher: DistributedCipher,
}

/// The suite of a key, with the key as far as it can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DistributedCipher {
    Known {
        cipher: CipherSuite,
        wrapped: Vec<u8>,
    },
    Unknown(u64),
}

/// Which part of a frame is confidential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offset {
    /// None of it.
    NoConfidentiality,
    Zero,
    Thirty,
    Fifty,
}

impl Capability {
    fn bits(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Integrity => 1,
            Self::Confidentiality => 2,
            Self::Offsets => 3,
        }
    }

    /// Of the lowest two bits.
    fn from_bits(bits: u8) -> Self {
        match bits & 3 {
            0 => Self::None,
            1 => Self::Integrity,
            2 => Self::Confidentiality,
            _ => Self::Offsets,
        }
    }
}

impl Offset {
    fn bits(self) -> u8 {
        match self {
            Self::NoConfidentiality => 0,
            Self::Zero => 1,
            Self::Thirty => 2,
            Self::Fifty => 3,
        }
    }

    /// Of the lowest two bits.
    fn from_bits(bits: u8) -> Self {
        match bits & 3 {
            0 => Self::NoConfidentiality,
            1 => Self::Zero,
            2 => Self::Thirty,
            _ => Self::Fifty,
        }
    }
}

impl SakUse {
    /// How the key is used, whether it is the latest or, as it is for most of the time with some, the old one.
    pub(crate) fn of(&self, id: KeyId) -> Option<KeyUse> {
        let mut keys = self.latest.into_iter().chain(self.old);
        keys.find(|key| key.id == id)
    }

    /// What is news; packet numbers are not.
    pub(crate) fn without_numbers(mut self) -> Self {
        for key in [&mut self.latest, &mut self.old].into_iter().flatten() {
            key.lowest_packet_number = 0;
        }
        self
    }
}

/// Octets that a body takes, with its padding.
const fn aligned(length: usize) -> usize {
    length.next_multiple_of(4)
}
