//! Token buckets: how often an account may call.

use demarc_types::Timestamp;

/// How many calls an account may make.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Calls a second in the long run; more than 0.
    pub per_second: f64,
    /// Calls at once after a pause; at least 1.
    pub burst: f64,
}

impl Default for Rate {
    /// 10 a second, 20 at once.
    fn default() -> Self {
        Self {
            per_second: 10.0,
            burst: 20.0,
        }
    }
}

/// One account's bucket: a value, advanced by the time that is passed in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TokenBucket {
    tokens: f64,
    filled_at: Timestamp,
}

impl TokenBucket {
    /// A full bucket.
    pub fn full(rate: Rate, now: Timestamp) -> Self {
        Self {
            tokens: rate.burst,
            filled_at: now,
        }
    }

    /// Takes a token if there is one. A clock that goes back fills nothing and takes nothing away.
    pub fn try_take(&mut self, rate: Rate, now: Timestamp) -> bool {
        self.fill(rate, now);
        let allowed = self.tokens >= 1.0;
        if allowed {
            self.tokens -= 1.0;
        }
        allowed
    }

    /// Nothing distinguishes this bucket from a new one, so it can be forgotten.
    pub fn is_full(&mut self, rate: Rate, now: Timestamp) -> bool {
        self.fill(rate, now);
        self.tokens >= rate.burst
    }

    fn fill(&mut self, rate: Rate, now: Timestamp) {
        // A bucket holds few tokens: 2^52 milliseconds are far more than it takes to fill it.
        let waited = (now - self.filled_at).millis().min(1 << 52);
        #[expect(
            clippy::cast_precision_loss,
            reason = "below 2^52 every integer is exact"
        )]
        let seconds = waited as f64 / 1000.0;
        self.tokens = (self.tokens + seconds * rate.per_second).min(rate.burst);
        self.filled_at = self.filled_at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RATE: Rate = Rate {
        per_second: 10.0,
        burst: 20.0,
    };

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_burst_passes_and_then_the_rate_holds() {
        let mut bucket = TokenBucket::full(RATE, at(0));
        assert_eq!((0..30).filter(|_| bucket.try_take(RATE, at(0))).count(), 20);
        assert!(!bucket.try_take(RATE, at(99)));
        assert!(bucket.try_take(RATE, at(100)));
        assert!(!bucket.try_take(RATE, at(100)));
        assert!(bucket.is_full(RATE, at(60_000)));
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing() {
        let mut bucket = TokenBucket::full(RATE, at(10_000));
        while bucket.try_take(RATE, at(10_000)) {}
        assert!(!bucket.try_take(RATE, at(0)));
        assert!(!bucket.try_take(RATE, at(10_050)));
        assert!(bucket.try_take(RATE, at(10_100)));
    }

    proptest! {
        #[test]
        fn never_more_than_burst_and_rate_together(
            steps in proptest::collection::vec(0_i64..500, 1..200),
        ) {
            let mut bucket = TokenBucket::full(RATE, at(0));
            let mut now = 0;
            let mut taken = 0.0;
            for step in steps {
                now += step;
                if bucket.try_take(RATE, at(now)) {
                    taken += 1.0;
                }
                #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                let most = RATE.burst + now as f64 / 1000.0 * RATE.per_second;
                prop_assert!(taken <= most + 1e-6);
            }
        }
    }
}
