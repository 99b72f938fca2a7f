//! How long a neighbor stays away after announcing too much (spec/routing §2). Counting and
//! warning are done where the prefixes are: [`crate::policy::PrefixLimit`].

use std::time::Duration;

/// The wait after the prefix limit has ended a session: 60 s, doubling to 15 min.
#[derive(Clone, Debug, Default)]
pub(super) struct LimitWait {
    /// How often in a row the limit ended the session.
    trips: u32,
}

impl LimitWait {
    const FIRST: Duration = Duration::from_secs(60);
    const LONGEST: Duration = Duration::from_secs(15 * 60);

    pub(super) fn trip(&mut self) -> Duration {
        let wait = Self::FIRST * (1 << self.trips.min(4));
        self.trips = self.trips.saturating_add(1);
        wait.min(Self::LONGEST)
    }

    /// A session that stayed up for the longest wait has earned a short one again.
    pub(super) fn session_was_up(&mut self, span: Duration) {
        if span >= Self::LONGEST {
            self.trips = 0;
        }
    }

    pub(super) fn forgive(&mut self) {
        self.trips = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_from_one_to_fifteen_minutes() {
        let mut limit = LimitWait::default();
        let waits: Vec<u64> = (0..6).map(|_| limit.trip().as_secs()).collect();
        assert_eq!(waits, [60, 120, 240, 480, 900, 900]);
        limit.forgive();
        assert_eq!(limit.trip().as_secs(), 60);
    }
}
