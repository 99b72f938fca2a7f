//! NOTIFICATION: how a session ends (RFC 4271 §4.5, §6; RFC 4486, 8203, 9003, 9384, 7313).

use std::fmt;
use std::net::Ipv4Addr;

use super::family::Family;
use super::message::{MAX_MESSAGE_LENGTH, MessageType, begin, finish};

/// Error code and subcode. An open set: any pair can arrive.
#[derive(Copy, Clone, Debug, Eq, PartialEq, Hash)]
pub struct ErrorCode {
    pub code: u8,
    pub subcode: u8,
}

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal / $subcode:literal, $text:literal;)*) => {
        impl ErrorCode {
            $($(#[$doc])* pub const $name: Self = Self { code: $code, subcode: $subcode };)*

            /// The RFC's name for the pair, `None` for one that is not assigned.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match (self.code, self.subcode) {
                    $(($code, $subcode) => Some($text),)*
                    _ => None,
                }
            }
        }
    };
}

error_codes! {
    HEADER_NOT_SYNCHRONIZED = 1/1, "Connection Not Synchronized";
    HEADER_BAD_LENGTH = 1/2, "Bad Message Length";
    HEADER_BAD_TYPE = 1/3, "Bad Message Type";
    OPEN_UNSPECIFIC = 2/0, "OPEN Message Error";
    OPEN_UNSUPPORTED_VERSION = 2/1, "Unsupported Version Number";
    OPEN_BAD_PEER_AS = 2/2, "Bad Peer AS";
    OPEN_BAD_IDENTIFIER = 2/3, "Bad BGP Identifier";
    OPEN_UNSUPPORTED_PARAMETER = 2/4, "Unsupported Optional Parameter";
    OPEN_UNACCEPTABLE_HOLD_TIME = 2/6, "Unacceptable Hold Time";
    /// RFC 5492 §5.
    OPEN_UNSUPPORTED_CAPABILITY = 2/7, "Unsupported Capability";
    UPDATE_MALFORMED_ATTRIBUTE_LIST = 3/1, "Malformed Attribute List";
    UPDATE_UNRECOGNIZED_WELL_KNOWN = 3/2, "Unrecognized Well-known Attribute";
    UPDATE_MISSING_WELL_KNOWN = 3/3, "Missing Well-known Attribute";
    UPDATE_ATTRIBUTE_FLAGS = 3/4, "Attribute Flags Error";
    UPDATE_ATTRIBUTE_LENGTH = 3/5, "Attribute Length Error";
    UPDATE_INVALID_ORIGIN = 3/6, "Invalid ORIGIN Attribute";
    UPDATE_INVALID_NEXT_HOP = 3/8, "Invalid NEXT_HOP Attribute";
    UPDATE_OPTIONAL_ATTRIBUTE = 3/9, "Optional Attribute Error";
    UPDATE_INVALID_NETWORK_FIELD = 3/10, "Invalid Network Field";
    UPDATE_MALFORMED_AS_PATH = 3/11, "Malformed AS_PATH";
    HOLD_TIMER_EXPIRED = 4/0, "Hold Timer Expired";
    FSM_UNSPECIFIC = 5/0, "Finite State Machine Error";
    /// RFC 6608: what arrived in which state.
    FSM_IN_OPEN_SENT = 5/1, "Receive Unexpected Message in OpenSent State";
    FSM_IN_OPEN_CONFIRM = 5/2, "Receive Unexpected Message in OpenConfirm State";
    FSM_IN_ESTABLISHED = 5/3, "Receive Unexpected Message in Established State";
    CEASE = 6/0, "Cease";
    CEASE_MAX_PREFIXES = 6/1, "Maximum Number of Prefixes Reached";
    CEASE_ADMINISTRATIVE_SHUTDOWN = 6/2, "Administrative Shutdown";
    CEASE_PEER_DECONFIGURED = 6/3, "Peer De-configured";
    CEASE_ADMINISTRATIVE_RESET = 6/4, "Administrative Reset";
    CEASE_CONNECTION_REJECTED = 6/5, "Connection Rejected";
    CEASE_OTHER_CONFIGURATION_CHANGE = 6/6, "Other Configuration Change";
    CEASE_COLLISION = 6/7, "Connection Collision Resolution";
    CEASE_OUT_OF_RESOURCES = 6/8, "Out of Resources";
    /// RFC 8538.
    CEASE_HARD_RESET = 6/9, "Hard Reset";
    /// RFC 9384.
    CEASE_BFD_DOWN = 6/10, "BFD Down";
    /// RFC 7313 §5.
    REFRESH_INVALID_LENGTH = 7/1, "Invalid ROUTE-REFRESH Message Length";
    /// RFC 9687 §3.
    SEND_HOLD_TIMER_EXPIRED = 8/0, "Send Hold Timer Expired";
}

/// `6/2 Administrative Shutdown`
impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.code, self.subcode)?;
        let class = match self.code {
            1 => "Message Header Error",
            2 => "OPEN Message Error",
            3 => "UPDATE Message Error",
            4 => "Hold Timer Expired",
            5 => "Finite State Machine Error",
            6 => "Cease",
            7 => "ROUTE-REFRESH Message Error",
            8 => "Send Hold Timer Expired",
            _ => "unknown error",
        };
        write!(f, " {}", self.name().unwrap_or(class))
    }
}

/// Why a session ends: sent to the neighbor, or received from it.
#[derive(Clone, Debug, Eq, PartialEq, Hash)]
pub struct Notification {
    pub code: ErrorCode,
    pub data: Vec<u8>,
}

/// Longest shutdown text in octets (RFC 9003 §2).
const MAX_SHUTDOWN_TEXT: usize = 255;

impl Notification {
    #[must_use]
    pub const fn new(code: ErrorCode) -> Self {
        Self {
            code,
            data: Vec::new(),
        }
    }

    #[must_use]
    pub fn with_data(code: ErrorCode, data: impl Into<Vec<u8>>) -> Self {
        Self {
            code,
            data: data.into(),
        }
    }

    /// Cease with a text for the neighbor's operator, cut to 255 octets of whole characters
    /// (RFC 8203, RFC 9003). For 6/2 and 6/4.
    #[must_use]
    pub fn with_shutdown_text(code: ErrorCode, text: &str) -> Self {
        let end = text.floor_char_boundary(MAX_SHUTDOWN_TEXT);
        let mut data = vec![u8::try_from(end).unwrap_or(u8::MAX)];
        data.extend_from_slice(&text.as_bytes()[..end]);
        Self { code, data }
    }

    /// Cease 6/1 with family and limit in the data (RFC 4486 §4).
    #[must_use]
    pub fn max_prefixes(family: Family, limit: u32) -> Self {
        let mut data = family.afi().to_be_bytes().to_vec();
        data.push(family.safi());
        data.extend_from_slice(&limit.to_be_bytes());
        Self {
            code: ErrorCode::CEASE_MAX_PREFIXES,
            data,
        }
    }

    /// The operator's text in a received shutdown or reset; `None` when there is none or when it
    /// is not what RFC 9003 §2 describes.
    #[must_use]
    pub fn shutdown_text(&self) -> Option<&str> {
        let (&length, text) = self.data.split_first().filter(|_| self.carries_text())?;
        let text = text.get(..usize::from(length))?;
        std::str::from_utf8(text)
            .ok()
            .filter(|text| !text.is_empty())
    }

    fn carries_text(&self) -> bool {
        self.code == ErrorCode::CEASE_ADMINISTRATIVE_SHUTDOWN
            || self.code == ErrorCode::CEASE_ADMINISTRATIVE_RESET
    }

    /// Reads the body of a NOTIFICATION; the header check has seen to its two octets.
    pub(super) fn decode(body: &[u8]) -> Self {
        match body {
            &[code, subcode, ref data @ ..] => Self {
                code: ErrorCode { code, subcode },
                data: data.to_vec(),
            },
            _ => Self::new(ErrorCode {
                code: 0,
                subcode: 0,
            }),
        }
    }

    /// Appends the whole message; data past the largest message is left out.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = begin(out, MessageType::Notification);
        out.extend_from_slice(&[self.code.code, self.code.subcode]);
        let room = MAX_MESSAGE_LENGTH - (out.len() - start);
        out.extend_from_slice(&self.data[..self.data.len().min(room)]);
        finish(out, start);
    }
}

/// Code, name, and what the data says where we know its form.
impl fmt::Display for Notification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.code.fmt(f)?;
        if let Some(text) = self.shutdown_text() {
            return write!(f, ": {text:?}");
        }
        match (self.code, self.data.as_slice()) {
            // A text of no octets.
            (_, [0]) if self.carries_text() => Ok(()),
            (
                ErrorCode::FSM_IN_OPEN_SENT
                | ErrorCode::FSM_IN_OPEN_CONFIRM
                | ErrorCode::FSM_IN_ESTABLISHED,
                &[code],
            ) if MessageType::from_code(code).is_some() => {
                let name = MessageType::from_code(code).map_or("", MessageType::name);
                write!(f, ": {name}")
            }
            (ErrorCode::CEASE_MAX_PREFIXES, &[a, b, safi, c, d, e, g]) => {
                let limit = u32::from_be_bytes([c, d, e, g]);
                match Family::from_codes(u16::from_be_bytes([a, b]), safi) {
                    Some(family) => write!(f, ": limit {limit} ({family})"),
                    None => write!(f, ": limit {limit}"),
                }
            }
            (ErrorCode::OPEN_BAD_PEER_AS, &[a, b]) => {
                write!(f, ": {}", u16::from_be_bytes([a, b]))
            }
            (ErrorCode::OPEN_BAD_PEER_AS, &[a, b, c, d]) => {
                write!(f, ": {}", u32::from_be_bytes([a, b, c, d]))
            }
            (ErrorCode::OPEN_BAD_IDENTIFIER, &[a, b, c, d]) => {
                write!(f, ": {}", Ipv4Addr::new(a, b, c, d))
            }
            (_, []) => Ok(()),
            (_, data) => {
                f.write_str(": data ")?;
                data.iter()
                    .take(32)
                    .try_for_each(|octet| write!(f, "{octet:02x}"))?;
                f.write_str(if data.len() > 32 { "..." } else { "" })
            }
        }
    }
}
