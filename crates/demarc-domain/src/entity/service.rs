//! What belongs to the service as a whole.

use demarc_types::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// One document per store.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Seals pagination tokens; 64 hexadecimal digits.
    pub token_key: String,
    /// How far the service's clock was put forward by `clock/advance`.
    #[serde(default)]
    pub clock_offset: Span,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Service")
            .field("clock_offset", &self.clock_offset)
            .finish_non_exhaustive()
    }
}

impl Service {
    #[expect(clippy::unused_self, reason = "every entity answers this question")]
    pub(super) fn key(&self) {}

    #[expect(clippy::unused_self, reason = "every entity answers this question")]
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        None
    }
}
