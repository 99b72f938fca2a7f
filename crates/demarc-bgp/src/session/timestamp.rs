//! Time as the driver tells it.

use std::ops::Add;
use std::time::Duration;

/// A point of monotonic time: the duration since an epoch that the driver chose.
#[derive(Copy, Clone, Debug, Default, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Timestamp(Duration);

impl Timestamp {
    #[must_use]
    pub const fn from_epoch(since: Duration) -> Self {
        Self(since)
    }

    #[must_use]
    pub const fn since_epoch(self) -> Duration {
        self.0
    }

    /// Time from `earlier` to here; zero when it is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span))
    }
}
