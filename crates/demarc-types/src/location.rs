//! Location codes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A location's code such as `EqDC2`: 1 to 24 characters of `[a-zA-Z0-9-]`. Codes compare without case,
/// since clients write them in either (spec/clients §0 rule 27), and print in the case they were given.
#[derive(Clone, Copy)]
pub struct LocationCode {
    bytes: [u8; Self::CAPACITY],
    length: u8,
}

impl LocationCode {
    const CAPACITY: usize = 24;

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }

    fn folded(&self) -> [u8; Self::CAPACITY] {
        self.bytes.map(|byte| byte.to_ascii_lowercase())
    }
}

impl PartialEq for LocationCode {
    fn eq(&self, other: &Self) -> bool {
        self.folded() == other.folded()
    }
}

impl Eq for LocationCode {}

impl PartialOrd for LocationCode {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for LocationCode {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.folded().cmp(&other.folded())
    }
}

impl std::hash::Hash for LocationCode {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.folded().hash(state);
    }
}

/// The text is not a location code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a location code: 1 to 24 of a-z, A-Z, 0-9 and - are needed")]
pub struct InvalidLocationCode(pub String);

impl FromStr for LocationCode {
    type Err = InvalidLocationCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        match u8::try_from(text.len()) {
            Ok(length) if (1..=24).contains(&length) && text.bytes().all(allowed) => {
                let mut bytes = [0; Self::CAPACITY];
                bytes[..text.len()].copy_from_slice(text.as_bytes());
                Ok(Self { bytes, length })
            }
            _ => Err(InvalidLocationCode(text.chars().take(64).collect())),
        }
    }
}

impl fmt::Display for LocationCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl fmt::Debug for LocationCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl Serialize for LocationCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for LocationCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_kept_but_does_not_count() {
        let (upper, lower): (LocationCode, LocationCode) =
            ("EqSE2".parse().unwrap(), "EqSe2".parse().unwrap());
        assert_eq!(upper, lower);
        assert_eq!(upper.to_string(), "EqSE2");
    }
}
