//! Ids of the EC2 objects that Direct Connect attaches to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::id::{InvalidId, prefixed_id};

fn alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

prefixed_id!(
    /// A virtual private gateway: `vgw-` and 8 to 32 characters (spec/identifiers §1).
    VpnGatewayId, "vgw-", 8..=32, alphanumeric
);
prefixed_id!(
    /// A transit gateway: `tgw-` and 8 to 32 characters.
    TransitGatewayId, "tgw-", 8..=32, alphanumeric
);
prefixed_id!(
    /// A VPC: `vpc-` and 8 to 32 characters.
    VpcId, "vpc-", 8..=32, alphanumeric
);

/// A gateway that can be associated with a Direct Connect gateway.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GatewayRef {
    VirtualPrivate(VpnGatewayId),
    Transit(TransitGatewayId),
}

impl FromStr for GatewayRef {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with(TransitGatewayId::PREFIX) {
            text.parse().map(Self::Transit)
        } else {
            text.parse().map(Self::VirtualPrivate)
        }
    }
}

impl fmt::Display for GatewayRef {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VirtualPrivate(id) => id.fmt(out),
            Self::Transit(id) => id.fmt(out),
        }
    }
}

impl fmt::Debug for GatewayRef {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl Serialize for GatewayRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GatewayRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
