//! How many prefixes a session may send (`spec/routing §2`).

/// The limit of one session and which warnings were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrefixLimit {
    limit: u32,
    warned: Option<LimitWarning>,
}

/// An early warning, given once until the count falls below its threshold again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LimitWarning {
    EightyPercent,
    NinetyFivePercent,
}

impl LimitWarning {
    /// The threshold as a number.
    #[must_use]
    pub const fn percent(self) -> u8 {
        match self {
            Self::EightyPercent => 80,
            Self::NinetyFivePercent => 95,
        }
    }
}

impl PrefixLimit {
    #[must_use]
    pub const fn new(limit: u32) -> Self {
        Self {
            limit,
            warned: None,
        }
    }

    #[must_use]
    pub const fn limit(&self) -> u32 {
        self.limit
    }

    /// A new limit takes effect at once, without touching the session.
    pub fn set_limit(&mut self, limit: u32) {
        if self.limit != limit {
            *self = Self::new(limit);
        }
    }

    /// The 101st prefix of a limit of 100, and the first one of a limit of 0.
    #[must_use]
    pub const fn is_exceeded_by(&self, distinct_prefixes: u32) -> bool {
        distinct_prefixes > self.limit
    }

    /// To be asked after each change of the number of distinct prefixes.
    pub fn warning(&mut self, distinct_prefixes: u32) -> Option<LimitWarning> {
        let reached = |warning: LimitWarning| {
            let least = u64::from(self.limit) * u64::from(warning.percent());
            distinct_prefixes > 0 && u64::from(distinct_prefixes) * 100 >= least
        };
        let now = [LimitWarning::NinetyFivePercent, LimitWarning::EightyPercent]
            .into_iter()
            .find(|warning| reached(*warning));
        let fresh = if now > self.warned { now } else { None };
        self.warned = now;
        fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hundred_and_first_prefix_exceeds_a_limit_of_a_hundred() {
        let limit = PrefixLimit::new(100);
        assert!(!limit.is_exceeded_by(100));
        assert!(limit.is_exceeded_by(101));
        assert!(PrefixLimit::new(0).is_exceeded_by(1));
        assert!(!PrefixLimit::new(0).is_exceeded_by(0));
    }

    #[test]
    fn each_warning_is_given_once_and_again_after_falling_below() {
        let mut limit = PrefixLimit::new(100);
        let rows = [
            (79, None),
            (80, Some(LimitWarning::EightyPercent)),
            (94, None),
            (95, Some(LimitWarning::NinetyFivePercent)),
            (100, None),
            (90, None),
            (96, Some(LimitWarning::NinetyFivePercent)),
            (0, None),
            (100, Some(LimitWarning::NinetyFivePercent)),
        ];
        for (count, expected) in rows {
            assert_eq!(limit.warning(count), expected, "at {count}");
        }
    }

    #[test]
    fn a_raised_limit_forgets_its_warnings() {
        let mut limit = PrefixLimit::new(100);
        assert!(limit.warning(99).is_some());
        limit.set_limit(500);
        assert_eq!(limit.warning(101), None);
        assert!(!limit.is_exceeded_by(101));
    }
}
