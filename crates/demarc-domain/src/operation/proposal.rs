//! TO WRITE

use demarc_api::{
    AcceptDirectConnectGatewayAssociationProposalRequest,
    AcceptDirectConnectGatewayAssociationProposalResult,
    CreateDirectConnectGatewayAssociationProposalRequest,
    CreateDirectConnectGatewayAssociationProposalResult,
    DeleteDirectConnectGatewayAssociationProposalRequest,
    DeleteDirectConnectGatewayAssociationProposalResult,
    DescribeDirectConnectGatewayAssociationProposalsRequest,
    DescribeDirectConnectGatewayAssociationProposalsResult,
};

use crate::context::Context;
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::world::World;

pub(crate) fn describe(
    world: &World,
    context: &Context,
    input: &DescribeDirectConnectGatewayAssociationProposalsRequest,
) -> Result<DescribeDirectConnectGatewayAssociationProposalsResult, Refusal> {
    unfinished!()
}

pub(crate) fn accept(
    tx: &mut Transaction<'_>,
    input: &AcceptDirectConnectGatewayAssociationProposalRequest,
) -> Result<AcceptDirectConnectGatewayAssociationProposalResult, Refusal> {
    unfinished!()
}

pub(crate) fn create(
    tx: &mut Transaction<'_>,
    input: &CreateDirectConnectGatewayAssociationProposalRequest,
) -> Result<CreateDirectConnectGatewayAssociationProposalResult, Refusal> {
    unfinished!()
}

pub(crate) fn delete(
    tx: &mut Transaction<'_>,
    input: &DeleteDirectConnectGatewayAssociationProposalRequest,
) -> Result<DeleteDirectConnectGatewayAssociationProposalResult, Refusal> {
    unfinished!()
}

/// Fires the deadline of the entity.
pub(crate) fn step(tx: &mut Transaction<'_>, entity: &crate::entity::Proposal) {
    unfinished!()
}
