//! Who acts for the service when several processes serve it.

use demarc_types::Timestamp;
use serde::{Deserialize, Serialize};

/// The process that fires deadlines and runs the fabric. Every process reads and writes; only the holder
/// acts by itself. One document per store; a store of one process has none.
///
/// It says nothing about time: whoever has not seen it change for long enough takes it over, in a commit
/// that the former holder's next commit conflicts with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// A name that the process made up at its start; `None` once the holder has stepped down.
    #[serde(default)]
    pub holder: Option<String>,
    /// Grows by one with every new holder.
    pub term: u64,
    /// Grows with every sign of life.
    #[serde(default)]
    pub beat: u64,
}

impl Lease {
    #[expect(clippy::unused_self, reason = "every entity answers this question")]
    pub(super) fn key(&self) {}

    #[expect(clippy::unused_self, reason = "every entity answers this question")]
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        None
    }
}
