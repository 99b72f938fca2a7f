//! ROUTE-REFRESH, plain and enhanced (RFC 2918, RFC 7313).

use super::family::Family;
use super::message::{HEADER_LENGTH, MessageType, begin, finish};
use super::notification::{ErrorCode, Notification};

/// What a ROUTE-REFRESH says.
#[derive(Copy, Clone, Debug, Eq, PartialEq, Hash)]
pub enum RefreshKind {
    /// Send everything again.
    Request,
    /// Beginning of a refresh: what is not sent again until its end is gone (RFC 7313 §4).
    Begin,
    /// End of a refresh.
    End,
}

impl RefreshKind {
    const fn code(self) -> u8 {
        match self {
            Self::Request => 0,
            Self::Begin => 1,
            Self::End => 2,
        }
    }
}

/// One ROUTE-REFRESH message.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub struct RouteRefresh {
    /// `None` for a family or a subtype that we do not know: to be ignored (RFC 7313 §5).
    pub known: Option<(Family, RefreshKind)>,
}

impl RouteRefresh {
    #[must_use]
    pub const fn new(family: Family, kind: RefreshKind) -> Self {
        Self {
            known: Some((family, kind)),
        }
    }

    /// Reads a whole message. A request may carry outbound route filters (RFC 5291) behind its
    /// four octets; we never offer them and read over them.
    pub(super) fn decode(message: &[u8]) -> Result<Self, Notification> {
        let body = message.get(HEADER_LENGTH..).unwrap_or_default();
        let bad_length = || Notification::with_data(ErrorCode::REFRESH_INVALID_LENGTH, message);
        let (&[afi_high, afi_low, subtype, safi], filters) =
            body.split_first_chunk::<4>().ok_or_else(bad_length)?;
        let kind = match subtype {
            0 => Some(RefreshKind::Request),
            1 => Some(RefreshKind::Begin),
            2 => Some(RefreshKind::End),
            _ => None,
        };
        if matches!(kind, Some(RefreshKind::Begin | RefreshKind::End)) && !filters.is_empty() {
            return Err(bad_length());
        }
        let family = Family::from_codes(u16::from_be_bytes([afi_high, afi_low]), safi);
        Ok(Self {
            known: family.zip(kind),
        })
    }

    /// Appends the whole message for a known family.
    pub fn encode(family: Family, kind: RefreshKind, out: &mut Vec<u8>) {
        let start = begin(out, MessageType::RouteRefresh);
        out.extend_from_slice(&family.afi().to_be_bytes());
        out.extend_from_slice(&[kind.code(), family.safi()]);
        finish(out, start);
    }
}
