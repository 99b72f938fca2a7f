//! 802.1Q VLAN identifiers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// 1 to 4094.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VlanId(u16);

impl VlanId {
    pub const MIN: i64 = 1;
    pub const MAX: i64 = 4094;

    /// The identifier, if it is in range.
    pub fn new(number: i64) -> Option<Self> {
        u16::try_from(number)
            .ok()
            .filter(|_| (Self::MIN..=Self::MAX).contains(&number))
            .map(Self)
    }

    pub fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for VlanId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}
