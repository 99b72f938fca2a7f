//! What is remembered of an account beside its resources.

use demarc_types::{AccountId, Timestamp};
use serde::{Deserialize, Serialize};

/// The agreements that an account has signed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Customer {
    pub account: AccountId,
    #[serde(default)]
    pub signed_agreements: Vec<String>,
}

impl Customer {
    pub(super) fn key(&self) -> AccountId {
        self.account
    }

    #[expect(clippy::unused_self, reason = "every entity answers this question")]
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        None
    }
}
