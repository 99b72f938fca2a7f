//! Calendar dates of the proleptic Gregorian calendar, in UTC.

const DAY_SECONDS: i64 = 86_400;
/// Moments outside years 1 to 9999 are moved to the nearest inside: letters
/// have four digits of year.
const FIRST: i64 = -62_135_596_800;
const LAST: i64 = 253_402_300_799;

/// A moment, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) year: i64,
    pub(super) month: u8,
    pub(super) day: u8,
    pub(super) hour: u8,
    pub(super) minute: u8,
    pub(super) second: u8,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

impl Moment {
    /// From seconds since 1970-01-01 00:00 UTC.
    pub(super) fn from_epoch(seconds: i64) -> Self {
        let seconds = seconds.clamp(FIRST, LAST);
        let of_day = seconds.rem_euclid(DAY_SECONDS);
        let (year, month, day) = civil(seconds.div_euclid(DAY_SECONDS));
        Self {
            year,
            month,
            day,
            hour: small(of_day / 3600),
            minute: small(of_day / 60 % 60),
            second: small(of_day % 60),
        }
    }

    /// This many days after `seconds`.
    pub(super) fn days_after(seconds: i64, days: i64) -> Self {
        Self::from_epoch(seconds.saturating_add(days * DAY_SECONDS))
    }

    /// `21 November 2026`.
    pub(super) fn long_date(self) -> String {
        let month = MONTHS[usize::from(self.month - 1)];
        format!("{} {month} {}", self.day, self.year)
    }

    /// `20261121T033718Z`.
    pub(super) fn compact(self) -> String {
        format!(
            "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
            self.year, self.month, self.day, self.hour, self.minute, self.second
        )
    }
}

/// Year, month and day of a count of days since 1970-01-01, by the 400-year
/// cycle of 146,097 days, with years that begin in March so that the leap day
/// is the last of its year.
fn civil(days: i64) -> (i64, u8, u8) {
    let days = days + 719_468;
    let cycle = days.div_euclid(146_097);
    let of_cycle = days.rem_euclid(146_097);
    let year = (of_cycle - of_cycle / 1460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
    let of_year = of_cycle - (365 * year + year / 4 - year / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = cycle * 400 + year + i64::from(month <= 2);
    (year, small(month), small(day))
}

/// The parts of a date are below 100 by their arithmetic.
fn small(part: i64) -> u8 {
    u8::try_from(part).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_moments_read_as_their_dates() {
        for (seconds, compact, long) in [
            (0, "19700101T000000Z", "1 January 1970"),
            (951_782_399, "20000228T235959Z", "28 February 2000"),
            (951_782_400, "20000229T000000Z", "29 February 2000"),
            (1_709_164_800, "20240229T000000Z", "29 February 2024"),
            (1_795_232_238, "20261121T033718Z", "21 November 2026"),
            (4_107_542_400, "21000301T000000Z", "1 March 2100"),
            (-1, "19691231T235959Z", "31 December 1969"),
        ] {
            let moment = Moment::from_epoch(seconds);
            assert_eq!(moment.compact(), compact);
            assert_eq!(moment.long_date(), long);
        }
        assert_eq!(Moment::from_epoch(i64::MIN).compact(), "00010101T000000Z");
        assert_eq!(Moment::from_epoch(i64::MAX).compact(), "99991231T235959Z");
    }

    proptest! {
        #[test]
        fn the_next_day_is_the_next_date(days in -719_000_i64..2_900_000) {
            let today = Moment::from_epoch(days * DAY_SECONDS);
            let next = Moment::days_after(days * DAY_SECONDS, 1);
            let day_follows = next.day == today.day + 1 && next.month == today.month;
            let month_follows = next.day == 1 && next.month == today.month % 12 + 1
                && today.day >= 28;
            prop_assert!(day_follows || month_follows, "{today:?} {next:?}");
            let year_turns = today.month == 12 && today.day == 31;
            prop_assert_eq!(next.year, today.year + i64::from(year_turns));
        }
    }
}
