//! `DirectConnectGatewayAssociationProposal`.

use demarc_api as api;

use super::association::associated_gateway;
use crate::entity::Proposal;
use crate::gateway_rules::allowed_prefixes;
use crate::state;

/// The proposal, the same for the proposer and for the owner of the Direct Connect gateway.
pub(crate) fn proposal(from: &Proposal) -> api::DirectConnectGatewayAssociationProposal {
    api::DirectConnectGatewayAssociationProposal {
        proposal_id: Some(from.id.to_string()),
        direct_connect_gateway_id: Some(from.gateway.to_string()),
        direct_connect_gateway_owner_account: Some(from.gateway_owner.to_string()),
        proposal_state: state::proposal(from).parse().ok(),
        associated_gateway: Some(associated_gateway(
            from.associated,
            from.associated_owner,
            from.associated_region,
        )),
        existing_allowed_prefixes_to_direct_connect_gateway: from
            .existing_prefixes
            .as_deref()
            .map(allowed_prefixes::show),
        requested_allowed_prefixes_to_direct_connect_gateway: Some(allowed_prefixes::show(
            &from.requested_prefixes,
        )),
    }
}
