//! The speaker's clock: monotonic time since it started.

use std::time::Duration;

use demarc_bgp::session::Timestamp;
use tokio::time::Instant;

/// One epoch for all tasks.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Clock {
    epoch: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self {
            epoch: Instant::now(),
        }
    }

    pub(crate) fn now(self) -> Timestamp {
        Timestamp::from_epoch(self.since_start())
    }

    pub(crate) fn since_start(self) -> Duration {
        self.epoch.elapsed()
    }

    pub(crate) fn instant(self, at: Timestamp) -> Instant {
        self.epoch + at.since_epoch()
    }

    pub(crate) fn instant_of(self, since_start: Duration) -> Instant {
        self.epoch + since_start
    }
}
