//! Ids that are lower-case UUIDs on the wire.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::InvalidId;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A version 4 id made from 16 random bytes that the caller supplies.
            pub fn from_random(bytes: [u8; 16]) -> Self {
                Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            /// Only the hyphenated lower-case form is one (spec/identifiers §1).
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let lower = |byte: u8| byte == b'-' || byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
                if text.len() == 36 && text.bytes().all(lower) {
                    if let Ok(uuid) = Uuid::try_parse(text) {
                        return Ok(Self(uuid));
                    }
                }
                Err(InvalidId(text.chars().take(64).collect()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(out)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, out)
            }
        }
    };
}

uuid_id!(
    /// A Direct Connect gateway.
    DirectConnectGatewayId
);
uuid_id!(
    /// An association of a Direct Connect gateway with a virtual private or transit gateway.
    AssociationId
);
uuid_id!(
    /// A proposal to make or change an association across accounts.
    ProposalId
);
uuid_id!(
    /// A BGP failover test.
    TestId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lower_case_hyphenated_uuids_are_ids() {
        let text = "be85116d-46eb-4b43-a27a-da0c2ad648de";
        assert_eq!(text.parse::<AssociationId>().unwrap().to_string(), text);
        for bad in [
            "",
            "be85116d46eb4b43a27ada0c2ad648de",
            "BE85116D-46EB-4B43-A27A-DA0C2AD648DE",
            "be85116d-46eb-4b43-a27a-da0c2ad648dg",
            "{be85116d-46eb-4b43-a27a-da0c2ad648}",
            "------------------------------------",
        ] {
            assert!(bad.parse::<AssociationId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn random_bytes_become_a_version_4_id() {
        let id = DirectConnectGatewayId::from_random([0xff; 16]).to_string();
        assert_eq!(&id[14..15], "4");
    }
}
