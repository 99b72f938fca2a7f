//! The time of a signature, in the ways that clients write it.

use chrono::{DateTime, NaiveDate, NaiveDateTime};

/// A second in time, with its ISO 8601 basic form as the string to sign has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SignatureTime {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub(super) seconds: i64,
    basic: [u8; 16],
}

impl SignatureTime {
    /// From `20150830T123600Z` (`X-Amz-Date`), `2015-08-30T12:36:00Z`, or the forms of the `Date`
    /// header (RFC 9110 §5.6.7, RFC 2822).
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some(time) = Self::parse_basic(text) {
            return Some(time);
        }
        let time = DateTime::parse_from_rfc3339(text)
            .or_else(|_| DateTime::parse_from_rfc2822(text))
            .ok()?;
        Self::from_seconds(time.timestamp())
    }

    fn parse_basic(text: &str) -> Option<Self> {
        let bytes: &[u8; 16] = text.as_bytes().try_into().ok()?;
        if bytes[8] != b'T' || bytes[15] != b'Z' {
            return None;
        }
        let number = |range: std::ops::Range<usize>| {
            bytes[range].iter().try_fold(0_u32, |number, digit| {
                let digit = char::from(*digit).to_digit(10)?;
                Some(number * 10 + digit)
            })
        };
        let year = i32::try_from(number(0..4)?).ok()?;
        let time = NaiveDate::from_ymd_opt(year, number(4..6)?, number(6..8)?)?.and_hms_opt(
            number(9..11)?,
            number(11..13)?,
            number(13..15)?,
        )?;
        Some(Self {
            seconds: time.and_utc().timestamp(),
            basic: *bytes,
        })
    }

    /// `None` for years that four digits cannot hold.
    pub(super) fn from_seconds(seconds: i64) -> Option<Self> {
        let time: NaiveDateTime = DateTime::from_timestamp(seconds, 0)?.naive_utc();
        let text = time.format("%Y%m%dT%H%M%SZ").to_string();
        let basic = text.as_bytes().try_into().ok()?;
        Some(Self { seconds, basic })
    }

    /// `20150830T123600Z`.
    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.basic).unwrap_or_default()
    }

    /// `20150830`.
    pub(super) fn date(&self) -> &str {
        &self.as_str()[..8]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_writing_the_time_is_read() {
        for text in [
            "20150830T123600Z",
            "2015-08-30T12:36:00Z",
            "Sun, 30 Aug 2015 12:36:00 GMT",
            "Sun, 30 Aug 2015 12:36:00 +0000",
            "Sun, 30 Aug 2015 14:36:00 +0200",
        ] {
            let time = SignatureTime::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(time.seconds, 1_440_938_160, "{text}");
            assert_eq!(time.as_str(), "20150830T123600Z", "{text}");
            assert_eq!(time.date(), "20150830");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "20150830",
            "20151330T123600Z",
            "20150230T123600Z",
            "20150830T243600Z",
            "20150830T123600+",
            "yesterday",
            "2015083éT12360Z",
        ] {
            assert_eq!(SignatureTime::parse(text), None, "{text}");
        }
    }
}
