//! Port speeds, hosted speeds and rate limits.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The text is none of the speeds that the API knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a bandwidth")]
pub struct InvalidBandwidth(pub String);

/// A speed that a connection can have, in Mbit/s. Case counts: `1gbps` is none (spec/identifiers §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bandwidth(u32);

const SPEEDS: [(&str, u32); 13] = [
    ("50Mbps", 50),
    ("100Mbps", 100),
    ("200Mbps", 200),
    ("300Mbps", 300),
    ("400Mbps", 400),
    ("500Mbps", 500),
    ("1Gbps", 1_000),
    ("2Gbps", 2_000),
    ("5Gbps", 5_000),
    ("10Gbps", 10_000),
    ("25Gbps", 25_000),
    ("100Gbps", 100_000),
    ("400Gbps", 400_000),
];

impl Bandwidth {
    /// In Mbit/s.
    pub fn megabits(self) -> u32 {
        self.0
    }

    /// A speed that dedicated connections, interconnects and LAG members have.
    pub fn is_dedicated(self) -> bool {
        matches!(self.0, 1_000 | 10_000 | 100_000 | 400_000)
    }

    /// A speed that hosted connections have.
    pub fn is_hosted(self) -> bool {
        self.0 <= 25_000
    }

    /// The other spelling, of `DescribeLocations`: `1G`. Only dedicated speeds have one.
    pub fn port_speed(self) -> Option<&'static str> {
        match self.0 {
            1_000 => Some("1G"),
            10_000 => Some("10G"),
            100_000 => Some("100G"),
            400_000 => Some("400G"),
            _ => None,
        }
    }

    /// From the spelling of `DescribeLocations`.
    pub fn from_port_speed(text: &str) -> Option<Self> {
        ["1Gbps", "10Gbps", "100Gbps", "400Gbps"]
            .into_iter()
            .filter_map(|name| name.parse::<Self>().ok())
            .find(|bandwidth| bandwidth.port_speed() == Some(text))
    }

    pub fn as_str(self) -> &'static str {
        SPEEDS
            .iter()
            .find(|(_, speed)| *speed == self.0)
            .map_or("", |(name, _)| name)
    }
}

impl FromStr for Bandwidth {
    type Err = InvalidBandwidth;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        SPEEDS
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, speed)| Self(*speed))
            .ok_or_else(|| InvalidBandwidth(text.chars().take(64).collect()))
    }
}

impl fmt::Display for Bandwidth {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl Serialize for Bandwidth {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Bandwidth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The rate of a virtual interface's limiter, in Mbit/s (spec/routing §11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RateLimit(u32);

const RATES: [(&str, u32); 19] = [
    ("50Mbps", 50),
    ("100Mbps", 100),
    ("200Mbps", 200),
    ("300Mbps", 300),
    ("400Mbps", 400),
    ("500Mbps", 500),
    ("1Gbps", 1_000),
    ("2Gbps", 2_000),
    ("5Gbps", 5_000),
    ("10Gbps", 10_000),
    ("20Gbps", 20_000),
    ("25Gbps", 25_000),
    ("40Gbps", 40_000),
    ("50Gbps", 50_000),
    ("100Gbps", 100_000),
    ("200Gbps", 200_000),
    ("400Gbps", 400_000),
    ("800Gbps", 800_000),
    ("1.6Tbps", 1_600_000),
];

impl RateLimit {
    /// In Mbit/s.
    pub fn megabits(self) -> u32 {
        self.0
    }

    pub fn as_str(self) -> &'static str {
        RATES
            .iter()
            .find(|(_, rate)| *rate == self.0)
            .map_or("", |(name, _)| name)
    }
}

impl FromStr for RateLimit {
    type Err = InvalidBandwidth;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        RATES
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, rate)| Self(*rate))
            .ok_or_else(|| InvalidBandwidth(text.chars().take(64).collect()))
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl Serialize for RateLimit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for RateLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_spelled_one_way_only() {
        for (name, speed) in SPEEDS {
            let bandwidth: Bandwidth = name.parse().unwrap();
            assert_eq!((bandwidth.megabits(), bandwidth.as_str()), (speed, name));
        }
        for bad in ["1gbps", "1000Mbps", "1 Gbps", "1G", "40Gbps", ""] {
            assert!(bad.parse::<Bandwidth>().is_err(), "{bad}");
        }
    }

    #[test]
    fn port_speeds_map_both_ways() {
        for name in ["1G", "10G", "100G", "400G"] {
            assert_eq!(
                Bandwidth::from_port_speed(name).unwrap().port_speed(),
                Some(name)
            );
        }
        assert_eq!(Bandwidth::from_port_speed("2G"), None);
    }
}
