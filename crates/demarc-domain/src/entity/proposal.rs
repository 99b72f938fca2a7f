//! Proposals of one account to associate its gateway with another account's Direct Connect gateway.

use demarc_types::{
    AccountId, DirectConnectGatewayId, GatewayRef, Prefix, ProposalId, Region, Span, Timestamp,
};
use serde::{Deserialize, Serialize};

/// One proposal. Source: spec/states §10.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    pub id: ProposalId,
    pub gateway: DirectConnectGatewayId,
    pub gateway_owner: AccountId,
    pub associated: GatewayRef,
    /// The proposer.
    pub associated_owner: AccountId,
    pub associated_region: Region,
    /// What the association allowed when the proposal was made, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub existing_prefixes: Option<Vec<Prefix>>,
    pub requested_prefixes: Vec<Prefix>,
    /// Nothing was asked for: an association made from it keeps step with the VPC's CIDRs.
    #[serde(default)]
    pub follows_vpc: bool,
    pub phase: ProposalPhase,
    pub created: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProposalPhase {
    Requested { expires: Timestamp },
    Accepted { at: Timestamp },
    Deleted { at: Timestamp },
}

impl Proposal {
    /// How long a proposal waits for an answer.
    pub const LIFE: Span = Span::from_days(7);
    /// How long an accepted or deleted proposal is still shown.
    pub const RETENTION: Span = Span::from_days(3);

    pub(super) fn key(&self) -> ProposalId {
        self.id
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        Some(match self.phase {
            ProposalPhase::Requested { expires } => expires,
            ProposalPhase::Accepted { at } | ProposalPhase::Deleted { at } => at + Self::RETENTION,
        })
    }
}
