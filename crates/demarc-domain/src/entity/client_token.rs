//! Remembered client tokens, which make the resiliency-group calls safe to repeat.

use std::fmt;
use std::str::FromStr;

use demarc_types::{AccountId, ResiliencyGroupId, Span, Timestamp};
use serde::{Deserialize, Serialize};

/// The name of a remembered token: a digest of account, operation and token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientTokenKey(pub u128);

impl fmt::Display for ClientTokenKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:032x}", self.0)
    }
}

impl FromStr for ClientTokenKey {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u128::from_str_radix(text, 16).map(Self)
    }
}

/// What a call with a client token asked and made. A repeat gives the same answer; the same token with
/// another request is refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClientToken {
    pub key: ClientTokenKey,
    pub account: AccountId,
    /// Digest of the request without its token.
    pub request_digest: u128,
    pub group: ResiliencyGroupId,
    pub created: Timestamp,
}

impl ClientToken {
    /// How long a token is remembered.
    pub const LIFE: Span = Span::from_days(1);

    pub(super) fn key(&self) -> ClientTokenKey {
        self.key
    }

    #[expect(
        clippy::unnecessary_wraps,
        reason = "every entity answers this question"
    )]
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        Some(self.created + Self::LIFE)
    }
}
