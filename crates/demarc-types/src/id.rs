//! Prefixed resource ids: `dxcon-fgk145dr` and its kin.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The text has not the form of the id it stands for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` has an invalid format")]
pub struct InvalidId(pub String);

/// Defines a prefixed id kept inline. `$class` tells the characters allowed behind the prefix.
macro_rules! prefixed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $min:literal..=$max:literal, $class:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name {
            bytes: [u8; $max],
            length: u8,
        }

        impl $name {
            /// What every id of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// The characters behind the prefix.
            pub fn suffix(&self) -> &str {
                std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
            }

            /// The id with `suffix` behind the prefix.
            pub fn from_suffix(suffix: &str) -> Result<Self, $crate::id::InvalidId> {
                let class: fn(u8) -> bool = $class;
                let length = u8::try_from(suffix.len()).ok();
                match length {
                    Some(length)
                        if ($min..=$max).contains(&suffix.len()) && suffix.bytes().all(class) =>
                    {
                        let mut bytes = [0; $max];
                        bytes[..suffix.len()].copy_from_slice(suffix.as_bytes());
                        Ok(Self { bytes, length })
                    }
                    _ => Err($crate::id::InvalidId(format!("{}{:.64}", $prefix, suffix))),
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::id::InvalidId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text.strip_prefix($prefix) {
                    Some(suffix) => Self::from_suffix(suffix),
                    None => Err($crate::id::InvalidId(text.chars().take(64).collect())),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str($prefix)?;
                out.write_str(self.suffix())
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, out)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use prefixed_id;

fn alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

prefixed_id!(
    /// A connection, hosted connection or interconnect: `dxcon-` and 8 to 21 characters.
    ConnectionId, "dxcon-", 8..=21, alphanumeric
);
prefixed_id!(
    /// A link aggregation group: `dxlag-` and 8 to 21 characters.
    LagId, "dxlag-", 8..=21, alphanumeric
);
prefixed_id!(
    /// A virtual interface: `dxvif-` and 8 to 21 characters.
    VirtualInterfaceId, "dxvif-", 8..=21, alphanumeric
);
prefixed_id!(
    /// A BGP peer: `dxpeer-` and 8 to 21 characters.
    BgpPeerId, "dxpeer-", 8..=21, alphanumeric
);
prefixed_id!(
    /// A resiliency group: `dxrg-` and 17 characters (spec/api-2026 §3).
    ResiliencyGroupId, "dxrg-", 17..=17, alphanumeric
);

/// What carries virtual interfaces or hosted connections: a connection (or interconnect), or a LAG.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ParentId {
    Connection(ConnectionId),
    Lag(LagId),
}

impl FromStr for ParentId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with(LagId::PREFIX) {
            text.parse().map(Self::Lag)
        } else {
            text.parse().map(Self::Connection)
        }
    }
}

impl fmt::Display for ParentId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(id) => id.fmt(out),
            Self::Lag(id) => id.fmt(out),
        }
    }
}

impl fmt::Debug for ParentId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl Serialize for ParentId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ParentId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn observed_ids_are_accepted_and_print_as_given() {
        for text in [
            "dxcon-fgk145dr",
            "dxcon-ffv0l30a",
            "dxcon-ABCdef012345678901234",
        ] {
            assert_eq!(text.parse::<ConnectionId>().unwrap().to_string(), text);
        }
        assert_eq!(
            "dxpeer-fgfnx1l0".parse::<BgpPeerId>().unwrap().suffix(),
            "fgfnx1l0"
        );
    }

    #[test]
    fn wrong_prefixes_lengths_and_characters_are_refused() {
        for text in [
            "",
            "dxcon-",
            "dxcon-1234567",
            "dxlag-fgk145dr",
            "dxcon-fgk145d!",
            "dxcon-fgk145dé",
            " dxcon-fgk145dr",
            "dxcon-0123456789012345678901",
        ] {
            assert!(text.parse::<ConnectionId>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_parent_is_told_by_its_prefix() {
        assert!(matches!("dxlag-ffjhj9lx".parse(), Ok(ParentId::Lag(_))));
        assert!(matches!(
            "dxcon-ffjhj9lx".parse(),
            Ok(ParentId::Connection(_))
        ));
        assert!("dxvif-ffjhj9lx".parse::<ParentId>().is_err());
    }
}
