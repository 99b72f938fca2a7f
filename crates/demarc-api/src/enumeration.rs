//! What every enum of the model can do.

use thiserror::Error;

/// A text that is no value of an enum.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("'{value}' is no {enumeration}")]
pub struct UnknownValue {
    /// The name of the enum.
    pub enumeration: &'static str,
    /// The text.
    pub value: String,
}

/// An enum of the model, for generic code in this crate.
pub(crate) trait Enumeration: Sized + 'static {
    /// All values as they stand on the wire, in model order.
    const TEXTS: &'static [&'static str];

    fn from_text(text: &str) -> Option<Self>;
}

/// Defines enums from tables of variants and wire values.
macro_rules! enumeration {
    ($($(#[$attribute:meta])* $name:ident {
        $($(#[$variant_attribute:meta])* $variant:ident = $text:literal,)+
    })+) => {$(
        #[doc = concat!("Enum `", stringify!($name), "` of the model.")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $(#[$attribute])*
        pub enum $name {
            $(
                #[doc = concat!("`", $text, "`")]
                $(#[$variant_attribute])*
                $variant,
            )+
        }

        impl $name {
            /// All values in model order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The value as it stands on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl $crate::enumeration::Enumeration for $name {
            const TEXTS: &'static [&'static str] = &[$($text,)+];

            fn from_text(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::UnknownValue;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::enumeration::Enumeration::from_text(text).ok_or_else(|| {
                    $crate::UnknownValue {
                        enumeration: stringify!($name),
                        value: text.to_owned(),
                    }
                })
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

pub(crate) use enumeration;
