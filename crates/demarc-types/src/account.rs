//! Account numbers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A 12-digit account number; leading zeros count (spec/identifiers §1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(u64);

impl AccountId {
    /// The account of a caller who names none, in the open development mode.
    pub const DEVELOPMENT: Self = Self(0);

    /// The number without its leading zeros.
    pub fn number(self) -> u64 {
        self.0
    }
}

/// The text is not 12 decimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an account id: 12 digits are needed")]
pub struct InvalidAccountId(pub String);

impl FromStr for AccountId {
    type Err = InvalidAccountId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidAccountId(text.chars().take(64).collect());
        if text.len() != 12 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(invalid());
        }
        text.parse().map(Self).map_err(|_| invalid())
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:012}", self.0)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl Serialize for AccountId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AccountId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_zeros_survive_the_round_trip() {
        let account: AccountId = "000011112222".parse().unwrap();
        assert_eq!(account.to_string(), "000011112222");
        let json = serde_json::to_string(&account).unwrap();
        assert_eq!(serde_json::from_str::<AccountId>(&json).unwrap(), account);
    }

    #[test]
    fn anything_but_twelve_digits_is_refused() {
        for text in [
            "",
            "1",
            "11112222333",
            "1111222233334",
            "11112222333x",
            "+11122223333",
            "１１１１２２２２３３３３",
        ] {
            assert!(text.parse::<AccountId>().is_err(), "{text}");
        }
    }
}
