//! Frames of the slow protocols that LACP knows: LACPDU (IEEE 802.1AX §6.4.2) and Marker (§6.5.3).

use std::fmt;

use thiserror::Error;

use crate::flags::Flags;

#[cfg(test)]
mod tests;

/// Type of a slow protocol's frame.
pub const ETHERTYPE: u16 = 0x8809;

/// Where its frames go: to whoever is at the other end of the cable, and no further.
pub const DESTINATION: [u8; 6] = [0x01, 0x80, 0xc2, 0x00, 0x00, 0x02];

/// Bytes behind the type of the frame, of each kind.
pub const PAYLOAD_LENGTH: usize = 110;

const LACP: u8 = 1;
const MARKER: u8 = 2;
const VERSION: u8 = 1;
const ACTOR: u8 = 1;
const PARTNER: u8 = 2;
const COLLECTOR: u8 = 3;
const MARKER_INFORMATION: u8 = 1;
const MARKER_RESPONSE: u8 = 2;
/// Lengths of the parts, with their own two bytes.
const INFORMATION: u8 = 20;
const COLLECTOR_LENGTH: u8 = 16;
const MARKER_LENGTH: u8 = 16;

/// A system, which the bundles of one and the same machine share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SystemId {
    pub priority: u16,
    pub mac: [u8; 6],
}

impl fmt::Display for SystemId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, f] = self.mac;
        write!(out, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
    }
}

/// What a side says of a port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PortInfo {
    pub system: SystemId,
    /// Ports of a system with the same key may be in one bundle.
    pub key: u16,
    pub port_priority: u16,
    pub port: u16,
    pub flags: Flags,
}

impl PortInfo {
    /// The same port, whatever it does.
    #[must_use]
    pub fn is_same_port(&self, other: &Self) -> bool {
        let flags = Flags::default();
        Self { flags, ..*self } == Self { flags, ..*other }
    }
}

/// What a port says of itself, and of the other end as far as it knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lacpdu {
    pub actor: PortInfo,
    pub partner: PortInfo,
    /// In tens of microseconds: how long the actor may hold a frame back.
    pub collector_max_delay: u16,
}

/// Asks, and its answer says, that all frames before it have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marker {
    pub is_response: bool,
    pub port: u16,
    pub system: [u8; 6],
    pub transaction: u32,
}

impl Marker {
    /// The answer to a question: the same again (§6.5.4.2).
    #[must_use]
    pub fn response(self) -> Option<Self> {
        (!self.is_response).then_some(Self {
            is_response: true,
            ..self
        })
    }
}

/// A frame, behind its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlowFrame {
    Lacp(Lacpdu),
    Marker(Marker),
}

/// Why a frame says nothing to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    #[error("{0} bytes are fewer than a slow protocol's frame has")]
    Short(usize),
    #[error("subtype {0} is not for us")]
    Subtype(u8),
    #[error("part {part} has length {length}, expected {expected}")]
    Length { part: u8, length: u8, expected: u8 },
}

type Payload = [u8; PAYLOAD_LENGTH];

impl SlowFrame {
    /// Reads what follows the type of a frame. Version, types of the parts and reserved fields do not count,
    /// as later versions must be understood (§6.4.12, §6.5.4.2); nor do bytes behind the frame.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        let Some(bytes) = payload.first_chunk::<PAYLOAD_LENGTH>() else {
            return Err(DecodeError::Short(payload.len()));
        };
        match bytes[0] {
            LACP => {
                for (part, at, expected) in [
                    (ACTOR, 2, INFORMATION),
                    (PARTNER, 22, INFORMATION),
                    (COLLECTOR, 42, COLLECTOR_LENGTH),
                ] {
                    check(bytes, part, at, expected)?;
                }
                Ok(Self::Lacp(Lacpdu {
                    actor: information(bytes, 4),
                    partner: information(bytes, 24),
                    collector_max_delay: word(bytes, 44),
                }))
            }
            MARKER => {
                check(bytes, MARKER_INFORMATION, 2, MARKER_LENGTH)?;
                Ok(Self::Marker(Marker {
                    // The one type that counts: an answer must not be answered.
                    is_response: bytes[2] == MARKER_RESPONSE,
                    port: word(bytes, 4),
                    system: mac(bytes, 6),
                    transaction: u32::from(word(bytes, 12)) << 16 | u32::from(word(bytes, 14)),
                }))
            }
            other => Err(DecodeError::Subtype(other)),
        }
    }

    /// What follows the type of the frame.
    #[must_use]
    pub fn encode(&self) -> Payload {
        let mut bytes = [0; PAYLOAD_LENGTH];
        bytes[1] = VERSION;
        match self {
            Self::Lacp(pdu) => {
                bytes[0] = LACP;
                put_information(&mut bytes, ACTOR, 2, &pdu.actor);
                put_information(&mut bytes, PARTNER, 22, &pdu.partner);
                bytes[42..44].copy_from_slice(&[COLLECTOR, COLLECTOR_LENGTH]);
                bytes[44..46].copy_from_slice(&pdu.collector_max_delay.to_be_bytes());
            }
            Self::Marker(marker) => {
                bytes[0] = MARKER;
                bytes[2] = if marker.is_response {
                    MARKER_RESPONSE
                } else {
                    MARKER_INFORMATION
                };
                bytes[3] = MARKER_LENGTH;
                bytes[4..6].copy_from_slice(&marker.port.to_be_bytes());
                bytes[6..12].copy_from_slice(&marker.system);
                bytes[12..16].copy_from_slice(&marker.transaction.to_be_bytes());
            }
        }
        bytes
    }
}

fn check(bytes: &Payload, part: u8, at: usize, expected: u8) -> Result<(), DecodeError> {
    let length = bytes[at + 1];
    if length == expected {
        return Ok(());
    }
    Err(DecodeError::Length {
        part,
        length,
        expected,
    })
}

fn information(bytes: &Payload, at: usize) -> PortInfo {
    PortInfo {
        system: SystemId {
            priority: word(bytes, at),
            mac: mac(bytes, at + 2),
        },
        key: word(bytes, at + 8),
        port_priority: word(bytes, at + 10),
        port: word(bytes, at + 12),
        flags: Flags::from_bits(bytes[at + 14]),
    }
}

fn put_information(bytes: &mut Payload, part: u8, at: usize, info: &PortInfo) {
    bytes[at..at + 2].copy_from_slice(&[part, INFORMATION]);
    bytes[at + 2..at + 4].copy_from_slice(&info.system.priority.to_be_bytes());
    bytes[at + 4..at + 10].copy_from_slice(&info.system.mac);
    bytes[at + 10..at + 12].copy_from_slice(&info.key.to_be_bytes());
    bytes[at + 12..at + 14].copy_from_slice(&info.port_priority.to_be_bytes());
    bytes[at + 14..at + 16].copy_from_slice(&info.port.to_be_bytes());
    bytes[at + 16] = info.flags.bits();
}

fn word(bytes: &Payload, at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

fn mac(bytes: &Payload, at: usize) -> [u8; 6] {
    let mut mac = [0; 6];
    mac.copy_from_slice(&bytes[at..at + 6]);
    mac
}
