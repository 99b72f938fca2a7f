//! Message header and dispatch (RFC 4271 §4.1, §6.1).

use super::notification::{ErrorCode, Notification};
use super::open::Open;
use super::route_refresh::RouteRefresh;
use super::update::{SessionContext, Update};

/// Marker, length and type.
pub const HEADER_LENGTH: usize = 19;
/// We do not offer extended messages (RFC 8654, spec/routing §1).
pub const MAX_MESSAGE_LENGTH: usize = 4096;

const MARKER: [u8; 16] = [0xff; 16];

/// The five messages.
#[derive(Copy, Clone, Debug, Eq, PartialEq, Hash)]
pub enum MessageType {
    Open,
    Update,
    Notification,
    Keepalive,
    /// RFC 2918, RFC 7313.
    RouteRefresh,
}

impl MessageType {
    pub(super) const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Open),
            2 => Some(Self::Update),
            3 => Some(Self::Notification),
            4 => Some(Self::Keepalive),
            5 => Some(Self::RouteRefresh),
            _ => None,
        }
    }

    /// Its number on the wire.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Open => 1,
            Self::Update => 2,
            Self::Notification => 3,
            Self::Keepalive => 4,
            Self::RouteRefresh => 5,
        }
    }

    /// The RFC's word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Update => "UPDATE",
            Self::Notification => "NOTIFICATION",
            Self::Keepalive => "KEEPALIVE",
            Self::RouteRefresh => "ROUTE-REFRESH",
        }
    }

    /// Whether a message of this type can have this length (RFC 4271 §6.1).
    const fn allows(self, length: usize) -> bool {
        match self {
            Self::Open => length >= 29,
            Self::Update => length >= 23,
            Self::Notification => length >= 21,
            Self::Keepalive => length == HEADER_LENGTH,
            // Too short is RFC 7313's own error, found by the decoder.
            Self::RouteRefresh => true,
        }
    }
}

/// A checked message header.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub struct Header {
    pub message_type: MessageType,
    /// Octets of the whole message, header included: 19 to 4096.
    pub length: usize,
}

impl Header {
    /// Reads the header at the start of `buffer`; `Ok(None)` when more bytes are needed.
    ///
    /// # Errors
    /// The NOTIFICATION of RFC 4271 §6.1: bad marker, length or type.
    pub fn peek(buffer: &[u8]) -> Result<Option<Self>, Notification> {
        // A wrong marker shows before the header is whole: do not wait for the rest.
        let seen = buffer.len().min(MARKER.len());
        if buffer[..seen] != MARKER[..seen] {
            return Err(Notification::new(ErrorCode::HEADER_NOT_SYNCHRONIZED));
        }
        let Some(&[high, low, type_code]) = buffer.get(16..HEADER_LENGTH) else {
            return Ok(None);
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let bad_length = || Notification::with_data(ErrorCode::HEADER_BAD_LENGTH, [high, low]);
        if !(HEADER_LENGTH..=MAX_MESSAGE_LENGTH).contains(&length) {
            return Err(bad_length());
        }
        let message_type = MessageType::from_code(type_code)
            .ok_or_else(|| Notification::with_data(ErrorCode::HEADER_BAD_TYPE, [type_code]))?;
        if !message_type.allows(length) {
            return Err(bad_length());
        }
        Ok(Some(Self {
            message_type,
            length,
        }))
    }
}

/// One decoded message.
#[expect(
    clippy::large_enum_variant,
    reason = "lives on the stack for one dispatch, and updates are the common case"
)]
#[derive(Clone, Debug)]
pub enum Message<'a> {
    Open(Open),
    Update(Update<'a>),
    Notification(Notification),
    Keepalive,
    RouteRefresh(RouteRefresh),
}

/// Decodes one whole message, header included, of exactly the length that [`Header::peek`] told.
///
/// # Errors
/// The NOTIFICATION to answer with before the connection is closed.
pub fn decode<'a>(
    message: &'a [u8],
    context: &SessionContext,
) -> Result<Message<'a>, Notification> {
    let header = Header::peek(message)?.filter(|header| header.length == message.len());
    let Some(header) = header else {
        let claimed = message.get(16..18).unwrap_or_default();
        return Err(Notification::with_data(
            ErrorCode::HEADER_BAD_LENGTH,
            claimed,
        ));
    };
    let body = &message[HEADER_LENGTH..];
    Ok(match header.message_type {
        MessageType::Open => Message::Open(Open::decode(body)?),
        MessageType::Update => Message::Update(Update::decode(body, context)?),
        MessageType::Notification => Message::Notification(Notification::decode(body)),
        MessageType::Keepalive => Message::Keepalive,
        MessageType::RouteRefresh => Message::RouteRefresh(RouteRefresh::decode(message)?),
    })
}

/// Appends a KEEPALIVE.
pub fn encode_keepalive(out: &mut Vec<u8>) {
    let start = begin(out, MessageType::Keepalive);
    finish(out, start);
}

/// Starts a message; returns where it starts, for [`finish`].
pub(super) fn begin(out: &mut Vec<u8>, message_type: MessageType) -> usize {
    let start = out.len();
    out.extend_from_slice(&MARKER);
    out.extend_from_slice(&[0, 0, message_type.code()]);
    start
}

/// Fills in the length of the message that starts at `start` and ends with `out`.
pub(super) fn finish(out: &mut [u8], start: usize) {
    let length = u16::try_from(out.len() - start)
        .expect("every encoder stops at 4096 octets, which fit sixteen bits");
    debug_assert!(usize::from(length) <= MAX_MESSAGE_LENGTH);
    out[start + 16..start + 18].copy_from_slice(&length.to_be_bytes());
}
