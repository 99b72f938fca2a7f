//! 802.1Q VLAN identifiers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// 1 to 4094.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16")]
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

/// No VLAN has this number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("VLAN {0} is not from 1 to 4094")]
pub struct NoVlan(u16);

impl TryFrom<u16> for VlanId {
    type Error = NoVlan;

    fn try_from(number: u16) -> Result<Self, NoVlan> {
        Self::new(number.into()).ok_or(NoVlan(number))
    }
}

impl fmt::Display for VlanId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}
