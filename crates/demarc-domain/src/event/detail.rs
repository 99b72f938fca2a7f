//! What an event says, kept as values: it is made for every change, and text only where somebody reads it.

use std::fmt;

use demarc_types::{AssociationId, BgpPeerId, ProposalId, ResourceArn, TestId};
use serde::Serialize;

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Subject {
    Arn(ResourceArn),
    /// These have no ARN; their ids stand for them.
    Association(AssociationId),
    Proposal(ProposalId),
}

impl fmt::Display for Subject {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arn(arn) => arn.fmt(out),
            Self::Association(id) => id.fmt(out),
            Self::Proposal(id) => id.fmt(out),
        }
    }
}

/// The `detail` of an event, an object of JSON with its members in alphabetical order.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum Detail {
    /// From one word to another.
    State {
        /// `null` of what is new.
        previous_state: Option<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'static str>,
        state: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        test_id: Option<TestId>,
    },
    /// A BGP peer, which has two words.
    Peer {
        address_family: &'static str,
        peer: BgpPeerId,
        previous_state: Option<&'static str>,
        previous_status: Option<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'static str>,
        state: &'static str,
        status: &'static str,
    },
    /// How near a peer is to its limit.
    Prefixes {
        address_family: &'static str,
        limit: u32,
        peer: BgpPeerId,
        received: u32,
    },
    /// Whose key differs.
    Key {
        address_family: &'static str,
        peer: BgpPeerId,
    },
    /// Somebody has to look at it.
    Review { state: &'static str },
}

impl Detail {
    /// From one word to another, without a reason.
    pub(super) fn states(previous_state: Option<&'static str>, state: &'static str) -> Self {
        Self::State {
            previous_state,
            reason: None,
            state,
            test_id: None,
        }
    }
}
