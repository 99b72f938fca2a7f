//! What belongs to the service as a whole.

use std::collections::BTreeMap;

use demarc_types::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use super::Silence;

/// One document per store.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Seals pagination tokens; 64 hexadecimal digits.
    pub token_key: String,
    /// How far the service's clock was put forward by `clock/advance`.
    #[serde(default)]
    pub clock_offset: Span,
    /// Who speaks for each device, by the device's name; a device that never had an edge is not here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub edges: BTreeMap<String, EdgeSession>,
    /// The devices that are not heard from, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub silent: BTreeMap<String, Silence>,
}

/// The edge that speaks for a device. The latest to come is the one; those before are turned away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EdgeSession {
    /// A name that the edge's process made up at its start.
    pub session: String,
    /// Where it runs, in its own words.
    pub host: String,
    pub since: Timestamp,
    /// The number of its latest status that changed something: earlier ones have nothing to say any more.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub status: u64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl std::fmt::Debug for Service {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Service")
            .field("clock_offset", &self.clock_offset)
            .field("edges", &self.edges)
            .field("silent", &self.silent)
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
