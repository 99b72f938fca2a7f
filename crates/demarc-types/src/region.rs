//! Regions and partitions.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A Region name such as `us-east-1`: 1 to 23 characters of `[a-z0-9-]`, stored inline.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region {
    bytes: [u8; Self::CAPACITY],
    length: u8,
}

impl Region {
    const CAPACITY: usize = 23;

    /// The name.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }

    /// The partition that the Region belongs to (spec/identifiers §2).
    pub fn partition(&self) -> Partition {
        match self.as_str() {
            name if name.starts_with("cn-") => Partition::AwsCn,
            name if name.starts_with("us-gov-") => Partition::AwsUsGov,
            _ => Partition::Aws,
        }
    }
}

/// The text is not a Region name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a Region name: 1 to 23 of a-z, 0-9 and - are needed")]
pub struct InvalidRegion(pub String);

impl FromStr for Region {
    type Err = InvalidRegion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let length = u8::try_from(text.len())
            .ok()
            .filter(|length| (1..=Self::CAPACITY).contains(&usize::from(*length)));
        match length {
            Some(length) if text.bytes().all(allowed) => {
                let mut bytes = [0; Self::CAPACITY];
                bytes[..text.len()].copy_from_slice(text.as_bytes());
                Ok(Self { bytes, length })
            }
            _ => Err(InvalidRegion(text.chars().take(64).collect())),
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl Serialize for Region {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Region {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A set of Regions with its own ARN prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Partition {
    Aws,
    AwsCn,
    AwsUsGov,
}

impl Partition {
    /// The partition's name as it stands in ARNs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::AwsCn => "aws-cn",
            Self::AwsUsGov => "aws-us-gov",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_partition_follows_the_region() {
        for (region, partition) in [
            ("us-east-1", Partition::Aws),
            ("cn-north-1", Partition::AwsCn),
            ("us-gov-west-1", Partition::AwsUsGov),
            ("site-1", Partition::Aws),
        ] {
            assert_eq!(
                region.parse::<Region>().unwrap().partition(),
                partition,
                "{region}"
            );
        }
    }

    #[test]
    fn the_longest_name_fits() {
        let name = "x".repeat(23);
        assert_eq!(name.parse::<Region>().unwrap().as_str(), name);
    }

    #[test]
    fn odd_texts_are_no_regions() {
        for text in [
            "",
            "US-EAST-1",
            "us east",
            "a/b",
            &"x".repeat(24),
            &"x".repeat(33),
        ] {
            assert!(text.parse::<Region>().is_err(), "{text}");
        }
    }
}
