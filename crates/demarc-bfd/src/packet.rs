//! The BFD control packet (RFC 5880 §4.1) and the checks a datagram must pass before any session
//! sees it (RFC 5880 §6.8.6, RFC 5881 §5).

use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::time::Duration;

use thiserror::Error;

#[cfg(test)]
mod tests;

/// Length in bytes of a control packet without authentication.
pub const PACKET_LENGTH: usize = 24;

/// Destination port of single-hop control packets (RFC 5881 §4).
pub const CONTROL_PORT: u16 = 3784;

/// Source ports that a sender must choose from (RFC 5881 §4).
pub const SOURCE_PORTS: RangeInclusive<u16> = 49152..=65535;

/// TTL or hop limit sent, and the only one accepted (RFC 5881 §5, the generalised TTL mechanism).
pub const TRANSMIT_HOP_LIMIT: u8 = 255;

/// The state of one end of a session (RFC 5880 §4.1, field Sta).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    AdminDown,
    Down,
    Init,
    Up,
}

impl State {
    /// Every state, in wire order.
    pub const ALL: [Self; 4] = [Self::AdminDown, Self::Down, Self::Init, Self::Up];

    fn from_bits(bits: u8) -> Self {
        match bits & 0b11 {
            0 => Self::AdminDown,
            1 => Self::Down,
            2 => Self::Init,
            _ => Self::Up,
        }
    }

    fn bits(self) -> u8 {
        match self {
            Self::AdminDown => 0,
            Self::Down => 1,
            Self::Init => 2,
            Self::Up => 3,
        }
    }
}

/// Why the sender last left the Up state (RFC 5880 §4.1, field Diag).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Diagnostic {
    None,
    ControlDetectionTimeExpired,
    EchoFunctionFailed,
    NeighborSignaledSessionDown,
    ForwardingPlaneReset,
    PathDown,
    ConcatenatedPathDown,
    AdministrativelyDown,
    ReverseConcatenatedPathDown,
    /// Values 9 to 31, reserved.
    Reserved(u8),
}

impl Diagnostic {
    fn from_bits(bits: u8) -> Self {
        match bits & 0x1f {
            0 => Self::None,
            1 => Self::ControlDetectionTimeExpired,
            2 => Self::EchoFunctionFailed,
            3 => Self::NeighborSignaledSessionDown,
            4 => Self::ForwardingPlaneReset,
            5 => Self::PathDown,
            6 => Self::ConcatenatedPathDown,
            7 => Self::AdministrativelyDown,
            8 => Self::ReverseConcatenatedPathDown,
            other => Self::Reserved(other),
        }
    }

    fn bits(self) -> u8 {
        match self {
            Self::None => 0,
            Self::ControlDetectionTimeExpired => 1,
            Self::EchoFunctionFailed => 2,
            Self::NeighborSignaledSessionDown => 3,
            Self::ForwardingPlaneReset => 4,
            Self::PathDown => 5,
            Self::ConcatenatedPathDown => 6,
            Self::AdministrativelyDown => 7,
            Self::ReverseConcatenatedPathDown => 8,
            Self::Reserved(value) => value & 0x1f,
        }
    }
}

/// A valid control packet. Intervals have a resolution of one microsecond and reach 2^32 - 1 of
/// them; longer ones are cut when encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControlPacket {
    pub diagnostic: Diagnostic,
    pub state: State,
    /// P: the sender wants an answer with `final_` set.
    pub poll: bool,
    /// F: the sender answers a poll.
    pub final_: bool,
    /// C: the sender's BFD survives its control plane.
    pub control_plane_independent: bool,
    /// D: the sender asks us to stop periodic packets while both ends are up.
    pub demand: bool,
    pub detect_multiplier: u8,
    pub my_discriminator: NonZeroU32,
    /// `None` on the wire is zero: the sender does not know us yet.
    pub your_discriminator: Option<NonZeroU32>,
    pub desired_min_tx: Duration,
    pub required_min_rx: Duration,
    pub required_min_echo_rx: Duration,
}

/// Why a datagram is thrown away before any session is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DecodeError {
    #[error("hop limit {0}, expected 255")]
    HopLimit(u8),
    #[error("version {0}, expected 1")]
    Version(u8),
    #[error("{0} bytes are fewer than a control packet has")]
    Short(usize),
    #[error("length field {length} does not fit {payload} bytes of payload")]
    Length { length: u8, payload: usize },
    #[error("authentication is not in use here")]
    Authentication,
    #[error("detection multiplier is zero")]
    ZeroMultiplier,
    #[error("the multipoint bit is set")]
    Multipoint,
    #[error("the sender's discriminator is zero")]
    ZeroDiscriminator,
    #[error("no discriminator for us, although the sender is in state {0:?}")]
    MissingDiscriminator(State),
    #[error("poll and final are both set")]
    PollAndFinal,
}

const FLAG_POLL: u8 = 0x20;
const FLAG_FINAL: u8 = 0x10;
const FLAG_INDEPENDENT: u8 = 0x08;
const FLAG_AUTHENTICATION: u8 = 0x04;
const FLAG_DEMAND: u8 = 0x02;
const FLAG_MULTIPOINT: u8 = 0x01;

/// Reads a control packet that arrived with `hop_limit` (IPv4 TTL or IPv6 hop limit).
///
/// # Errors
/// The first check of RFC 5881 §5 and RFC 5880 §6.8.6 that fails, in their order.
pub fn decode_datagram(payload: &[u8], hop_limit: u8) -> Result<ControlPacket, DecodeError> {
    if hop_limit != TRANSMIT_HOP_LIMIT {
        return Err(DecodeError::HopLimit(hop_limit));
    }
    ControlPacket::decode(payload)
}

impl ControlPacket {
    /// Reads a control packet. Bytes after the packet's own length are ignored (RFC 5880 §6.8.6
    /// only refuses a length that is larger than the payload).
    ///
    /// # Errors
    /// The first check of RFC 5880 §6.8.6 that fails, in its order.
    pub fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        let Some(bytes) = payload.first_chunk::<PACKET_LENGTH>() else {
            return Err(DecodeError::Short(payload.len()));
        };
        let [version_diagnostic, flags, detect_multiplier, length, ..] = *bytes;
        if version_diagnostic >> 5 != 1 {
            return Err(DecodeError::Version(version_diagnostic >> 5));
        }
        let least = if flags & FLAG_AUTHENTICATION == 0 {
            24
        } else {
            26
        };
        if length < least || usize::from(length) > payload.len() {
            return Err(DecodeError::Length {
                length,
                payload: payload.len(),
            });
        }
        if detect_multiplier == 0 {
            return Err(DecodeError::ZeroMultiplier);
        }
        if flags & FLAG_MULTIPOINT != 0 {
            return Err(DecodeError::Multipoint);
        }
        let my_discriminator =
            NonZeroU32::new(word(bytes, 4)).ok_or(DecodeError::ZeroDiscriminator)?;
        let your_discriminator = NonZeroU32::new(word(bytes, 8));
        let state = State::from_bits(flags >> 6);
        if your_discriminator.is_none() && matches!(state, State::Init | State::Up) {
            return Err(DecodeError::MissingDiscriminator(state));
        }
        if flags & FLAG_AUTHENTICATION != 0 {
            return Err(DecodeError::Authentication);
        }
        // RFC 5880 §6.5: "a BFD Control packet MUST NOT have both the Poll (P) and Final (F) bits".
        if flags & FLAG_POLL != 0 && flags & FLAG_FINAL != 0 {
            return Err(DecodeError::PollAndFinal);
        }
        Ok(Self {
            diagnostic: Diagnostic::from_bits(version_diagnostic),
            state,
            poll: flags & FLAG_POLL != 0,
            final_: flags & FLAG_FINAL != 0,
            control_plane_independent: flags & FLAG_INDEPENDENT != 0,
            demand: flags & FLAG_DEMAND != 0,
            detect_multiplier,
            my_discriminator,
            your_discriminator,
            desired_min_tx: interval(word(bytes, 12)),
            required_min_rx: interval(word(bytes, 16)),
            required_min_echo_rx: interval(word(bytes, 20)),
        })
    }

    /// The packet's bytes, version 1, without authentication.
    #[must_use]
    pub fn encode(&self) -> [u8; PACKET_LENGTH] {
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        let mut bytes = [0; PACKET_LENGTH];
        bytes[0] = 1 << 5 | self.diagnostic.bits();
        bytes[1] = self.state.bits() << 6
            | flag(self.poll, FLAG_POLL)
            | flag(self.final_, FLAG_FINAL)
            | flag(self.control_plane_independent, FLAG_INDEPENDENT)
            | flag(self.demand, FLAG_DEMAND);
        bytes[2] = self.detect_multiplier;
        bytes[3] = 24;
        let words = [
            self.my_discriminator.get(),
            self.your_discriminator.map_or(0, NonZeroU32::get),
            microseconds(self.desired_min_tx),
            microseconds(self.required_min_rx),
            microseconds(self.required_min_echo_rx),
        ];
        for (chunk, value) in bytes[4..].chunks_exact_mut(4).zip(words) {
            chunk.copy_from_slice(&value.to_be_bytes());
        }
        bytes
    }
}

fn word(bytes: &[u8; PACKET_LENGTH], offset: usize) -> u32 {
    u32::from_be_bytes([
        bytes[offset],
        bytes[offset + 1],
        bytes[offset + 2],
        bytes[offset + 3],
    ])
}

fn interval(microseconds: u32) -> Duration {
    Duration::from_micros(u64::from(microseconds))
}

fn microseconds(interval: Duration) -> u32 {
    u32::try_from(interval.as_micros()).unwrap_or(u32::MAX)
}
