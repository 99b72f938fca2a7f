//! How long to wait before trying again: DampPeerOscillations and connect retry.

use std::time::Duration;

use super::timestamp::Timestamp;

/// A small generator for jitter (SplitMix64). Not for secrets.
#[derive(Clone, Debug)]
pub(super) struct Jitter {
    state: u64,
}

impl Jitter {
    pub(super) const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Between 75 and 100 per cent of a span (RFC 4271 §10).
    pub(super) fn apply(&mut self, span: Duration) -> Duration {
        let per_mille = u32::try_from(750 + self.next() % 251).unwrap_or(1000);
        span / 1000 * per_mille
    }
}

/// Seconds doubling with each failure: 1, 2, 4, up to `most`.
pub(super) fn back_off(failures: u32, most: Duration) -> Duration {
    let doublings = failures.saturating_sub(1).min(20);
    Duration::from_secs(1 << doublings).min(most)
}

/// Counts failures in a row; a session that stayed up for a while starts over.
#[derive(Clone, Debug, Default)]
pub(super) struct Damping {
    failures: u32,
    /// When the last one was.
    last: Timestamp,
}

impl Damping {
    const MOST: Duration = Duration::from_secs(60);
    /// Up for longer than this is a session that works.
    const STABLE: Duration = Duration::from_secs(60);
    /// From so many failures in a row on, the neighbor's own attempts are refused too, for a moment.
    /// Whoever tries out a handful of errors, one short session each, does not get that far.
    const REFUSE_FROM: u32 = 12;
    /// How long after a failure: enough that a neighbor which calls again at once, for ever, costs
    /// next to nothing, and too short for an operator to wait for.
    const REFUSE_FOR: Duration = Duration::from_secs(2);

    pub(super) fn count(&mut self, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        self.last = now;
    }

    pub(super) fn session_was_up(&mut self, span: Duration) {
        if span >= Self::STABLE {
            self.failures = 0;
        }
    }

    pub(super) fn clear(&mut self) {
        self.failures = 0;
    }

    pub(super) fn idle_hold(&self) -> Duration {
        back_off(self.failures, Self::MOST)
    }

    pub(super) fn refuses_incoming(&self, now: Timestamp) -> bool {
        self.failures >= Self::REFUSE_FROM && now.since(self.last) < Self::REFUSE_FOR
    }
}
