//! Durations as people write them.

use std::str::FromStr;

use demarc_types::Span;
use serde::{Deserialize, Deserializer};

/// `0`, `500ms`, `2s`, `1.5s`, `10m`, `1h` or `7d`; a bare number counts seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HumanDuration(pub Span);

/// The text is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration: write a number with ms, s, m, h or d, such as 500ms")]
pub struct InvalidDuration(String);

impl HumanDuration {
    /// In seconds.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "a duration is at most a year: far below 2^52 milliseconds"
    )]
    pub fn as_secs_f64(self) -> f64 {
        self.0.millis() as f64 / 1_000.0
    }
}

impl FromStr for HumanDuration {
    type Err = InvalidDuration;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidDuration(text.chars().take(64).collect());
        let split = text
            .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let scale = match unit {
            "ms" => 1.0,
            "" | "s" => 1_000.0,
            "m" => 60_000.0,
            "h" => 3_600_000.0,
            "d" => 86_400_000.0,
            _ => return Err(invalid()),
        };
        let number: f64 = number.parse().map_err(|_| invalid())?;
        let millis = number * scale;
        // A century is longer than anyone means, and far from any overflow.
        if !millis.is_finite() || millis > 3.2e12 {
            return Err(invalid());
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the value was checked to be small"
        )]
        let millis = millis.round() as i64;
        Ok(Self(Span::from_millis(millis)))
    }
}

impl<'de> Deserialize<'de> for HumanDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_spellings_are_read() {
        for (text, millis) in [
            ("0", 0),
            ("500ms", 500),
            ("2", 2_000),
            ("2s", 2_000),
            ("1.5s", 1_500),
            ("10m", 600_000),
            ("1h", 3_600_000),
            ("7d", 604_800_000),
        ] {
            assert_eq!(
                text.parse::<HumanDuration>().unwrap().0.millis(),
                millis,
                "{text}"
            );
        }
    }

    #[test]
    fn anything_else_is_refused_by_name() {
        for text in [
            "", "-1s", "s", "1 s", "1w", "1e99s", "nan", "1..2s", "99999d",
        ] {
            let error = text.parse::<HumanDuration>().unwrap_err();
            assert!(error.to_string().contains(text), "{text}");
        }
    }
}
