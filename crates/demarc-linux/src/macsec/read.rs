//! What is in a MACsec interface, as the kernel tells it.

use super::{ATTR_IFINDEX, RXSC_ACTIVE, RXSC_SCI, SA_ACTIVE, SA_AN, SA_KEYID, SA_PN};
use crate::netlink::{attributes, number32};

const TXSA_LIST: u16 = 5;
const RXSC_LIST: u16 = 6;
const TXSC_STATS: u16 = 7;
const SECY_STATS: u16 = 8;
const RXSC_SA_LIST: u16 = 3;
const RXSC_STATS: u16 = 4;

/// Of TXSC_STATS.
const OUT_ENCRYPTED: u16 = 2;
/// Of RXSC_STATS.
const IN_OK: u16 = 5;
const IN_INVALID: u16 = 6;
const IN_LATE: u16 = 7;
const IN_NOT_VALID: u16 = 8;
const IN_NOT_USING_SA: u16 = 9;
const IN_UNUSED_SA: u16 = 10;
/// Of SECY_STATS.
const OUT_TOO_LONG: u16 = 3;
const IN_NO_TAG: u16 = 4;
const IN_BAD_TAG: u16 = 5;
const IN_UNKNOWN_SCI: u16 = 6;
const IN_NO_SCI: u16 = 7;

/// The security entity of an interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecY {
    pub transmit: Vec<SecureAssociation>,
    pub receive: Vec<SecChannel>,
    pub counters: SecCounters,
}

/// A channel that frames are taken of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecChannel {
    pub sci: u64,
    pub active: bool,
    pub associations: Vec<SecureAssociation>,
}

/// An association that is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SecureAssociation {
    pub an: u8,
    pub active: bool,
    /// The key's name.
    pub id: [u8; 16],
    /// The next to be sent, or to be expected.
    pub packet_number: u64,
}

/// Frames of an interface since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SecCounters {
    pub out_encrypted: u64,
    pub out_too_long: u64,
    pub in_ok: u64,
    /// Repeated, or too far behind.
    pub in_late: u64,
    /// Not genuine.
    pub in_invalid: u64,
    /// In the clear.
    pub in_clear: u64,
    /// Of a channel or with a key that is not known.
    pub in_unknown: u64,
}

pub(super) fn interface(entry: &[u8]) -> Option<u32> {
    let (_, value) = attributes(entry).find(|(kind, _)| *kind == ATTR_IFINDEX)?;
    number32(value)
}

fn wide(value: &[u8]) -> u64 {
    value
        .first_chunk()
        .map_or(0, |wide| u64::from_ne_bytes(*wide))
}

fn sum(bytes: &[u8], kinds: &[u16]) -> u64 {
    attributes(bytes)
        .filter(|(kind, _)| kinds.contains(kind))
        .fold(0, |all, (_, value)| all.saturating_add(wide(value)))
}

impl SecY {
    /// The attributes behind the header.
    pub(super) fn read(entry: &[u8]) -> Self {
        let mut secy = Self::default();
        for (kind, value) in attributes(entry) {
            let counters = &mut secy.counters;
            match kind {
                TXSA_LIST => secy.transmit = associations(value),
                RXSC_LIST => {
                    for (_, channel) in attributes(value) {
                        secy.receive.push(SecChannel::read(channel, counters));
                    }
                }
                TXSC_STATS => counters.out_encrypted = sum(value, &[OUT_ENCRYPTED]),
                SECY_STATS => {
                    counters.out_too_long = sum(value, &[OUT_TOO_LONG]);
                    counters.in_clear = sum(value, &[IN_NO_TAG]);
                    counters.in_invalid += sum(value, &[IN_BAD_TAG]);
                    counters.in_unknown += sum(value, &[IN_UNKNOWN_SCI, IN_NO_SCI]);
                }
                _ => {}
            }
        }
        secy
    }
}

impl SecChannel {
    fn read(bytes: &[u8], counters: &mut SecCounters) -> Self {
        let mut channel = Self::default();
        for (kind, value) in attributes(bytes) {
            match kind {
                RXSC_SCI => {
                    let sci = value.first_chunk();
                    channel.sci = sci.map_or(0, |sci| u64::from_be_bytes(*sci));
                }
                RXSC_ACTIVE => channel.active = value == [1],
                RXSC_SA_LIST => channel.associations = associations(value),
                RXSC_STATS => {
                    counters.in_ok += sum(value, &[IN_OK]);
                    counters.in_late += sum(value, &[IN_LATE]);
                    counters.in_invalid += sum(value, &[IN_INVALID, IN_NOT_VALID]);
                    counters.in_unknown += sum(value, &[IN_NOT_USING_SA, IN_UNUSED_SA]);
                }
                _ => {}
            }
        }
        channel
    }
}

fn associations(bytes: &[u8]) -> Vec<SecureAssociation> {
    attributes(bytes)
        .map(|(_, value)| association(value))
        .collect()
}

fn association(bytes: &[u8]) -> SecureAssociation {
    let mut found = SecureAssociation::default();
    for (kind, value) in attributes(bytes) {
        match kind {
            SA_AN => found.an = value.first().copied().unwrap_or_default(),
            SA_ACTIVE => found.active = value == [1],
            SA_KEYID => found.id = value.try_into().unwrap_or_default(),
            // 64 bits with extended packet numbers.
            SA_PN if value.len() == 8 => found.packet_number = wide(value),
            SA_PN => found.packet_number = u64::from(number32(value).unwrap_or_default()),
            _ => {}
        }
    }
    found
}
