//! Calls per account.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use demarc_auth::{Rate, TokenBucket};
use demarc_types::{AccountId, Timestamp};

use crate::config::ThrottleConfig;

/// One token bucket an account. Buckets that are full again are forgotten now and then.
pub(crate) struct Throttle {
    rate: Rate,
    buckets: Mutex<HashMap<AccountId, TokenBucket>>,
}

/// So many accounts are remembered before full buckets are thrown away.
const REMEMBERED: usize = 10_000;

impl Throttle {
    pub(crate) fn new(config: ThrottleConfig) -> Self {
        Self {
            rate: Rate {
                per_second: config.rate,
                burst: config.burst,
            },
            buckets: Mutex::default(),
        }
    }

    /// Whether the account may call now.
    pub(crate) fn admits(&self, account: AccountId, now: Timestamp) -> bool {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= REMEMBERED {
            buckets.retain(|_, bucket| !bucket.is_full(self.rate, now));
        }
        buckets
            .entry(account)
            .or_insert_with(|| TokenBucket::full(self.rate, now))
            .try_take(self.rate, now)
    }
}
