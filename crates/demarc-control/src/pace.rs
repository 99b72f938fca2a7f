//! How much is decided at once.
//!
//! Who meets conflicts although all take turns ([`crate::turns`]) races for the head, and who decides less is
//! sooner done. So after the second conflict in a row one decides half as much each time, and twice as much after
//! each commit: everybody gets on, also who has most to do.

/// After a conflict what is due makes at most half as many changes in a round as this.
const MANY: usize = 128;
/// And at least so many, however many conflicts there were.
const FEW: usize = 4;

/// The most that one round decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    /// Requests of a round where nothing is in the way.
    batch: usize,
    pub(crate) requests: usize,
    /// Changes of what is due: before, and again behind, the requests.
    pub(crate) due: usize,
}

impl Pace {
    pub(crate) fn new(batch: usize) -> Self {
        let batch = batch.max(1);
        Self {
            batch,
            requests: batch,
            due: usize::MAX,
        }
    }

    /// Nothing is in the way.
    pub(crate) fn is_full(&self) -> bool {
        self.requests == self.batch
    }

    pub(crate) fn committed(&mut self) {
        self.requests = self.requests.saturating_mul(2).min(self.batch);
        self.due = self.due.saturating_mul(2);
    }

    /// Others were first, with so many requests decided in vain.
    pub(crate) fn lost(&mut self, requests: usize) {
        if requests > 0 {
            self.requests = (requests / 2).max(1);
        }
        self.due = (self.due.min(MANY) / 2).max(FEW);
    }

    /// The store found several requests too large together.
    pub(crate) fn one_by_one(&mut self) {
        self.requests = 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_loses_decides_half_as_much_and_who_wins_twice() {
        let mut pace = Pace::new(256);
        pace.lost(20);
        assert_eq!((pace.requests, pace.due), (10, 64));
        for _ in 0..10 {
            pace.lost(pace.requests);
        }
        assert_eq!((pace.requests, pace.due), (1, FEW));
        pace.committed();
        assert_eq!((pace.requests, pace.due), (2, 2 * FEW));
        for _ in 0..100 {
            pace.committed();
        }
        assert_eq!(pace, Pace::new(256));
    }

    #[test]
    fn a_round_without_requests_says_nothing_of_how_many_to_decide() {
        let mut pace = Pace::new(256);
        pace.lost(0);
        assert!(pace.is_full());
        assert_eq!(pace.due, 64);
    }

    #[test]
    fn what_is_too_large_together_is_decided_one_by_one() {
        let mut pace = Pace::new(0);
        assert!(pace.is_full(), "a batch holds something");
        pace = Pace::new(256);
        pace.one_by_one();
        assert_eq!((pace.requests, pace.is_full()), (1, false));
    }
}
