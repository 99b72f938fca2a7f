//! The state of a port in eight bits (IEEE 802.1AX §6.4.2.3, Actor_State).

use std::fmt;
use std::ops::BitOr;

/// A set of flags; every value of the octet is one.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Flags(u8);

impl Flags {
    /// Speaks without being spoken to.
    pub const ACTIVITY: Self = Self(0x01);
    /// Wants to hear the other every second, and gives up after three.
    pub const SHORT_TIMEOUT: Self = Self(0x02);
    /// May be one of several.
    pub const AGGREGATION: Self = Self(0x04);
    /// Is in the bundle that it belongs to.
    pub const SYNCHRONIZATION: Self = Self(0x08);
    /// Takes frames.
    pub const COLLECTING: Self = Self(0x10);
    /// Sends frames.
    pub const DISTRIBUTING: Self = Self(0x20);
    /// Knows nothing of the other side.
    pub const DEFAULTED: Self = Self(0x40);
    /// Has not heard the other side in time.
    pub const EXPIRED: Self = Self(0x80);

    const NAMES: [(Self, &str); 8] = [
        (Self::ACTIVITY, "activity"),
        (Self::SHORT_TIMEOUT, "timeout"),
        (Self::AGGREGATION, "aggregation"),
        (Self::SYNCHRONIZATION, "synchronized"),
        (Self::COLLECTING, "collecting"),
        (Self::DISTRIBUTING, "distributing"),
        (Self::DEFAULTED, "defaulted"),
        (Self::EXPIRED, "expired"),
    ];

    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// All of `other` are set.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// With `other` set or cleared.
    #[must_use]
    pub const fn with(self, other: Self, set: bool) -> Self {
        if set {
            Self(self.0 | other.0)
        } else {
            Self(self.0 & !other.0)
        }
    }
}

impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Display for Flags {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = Self::NAMES.iter().filter(|(flag, _)| self.has(*flag));
        for (place, (_, name)) in set.enumerate() {
            if place > 0 {
                out.write_str(" ")?;
            }
            out.write_str(name)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "[{self}]")
    }
}
