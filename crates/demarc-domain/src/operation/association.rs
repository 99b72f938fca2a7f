//! TO WRITE

use demarc_api::{
    CreateDirectConnectGatewayAssociationRequest, CreateDirectConnectGatewayAssociationResult,
    DeleteDirectConnectGatewayAssociationRequest, DeleteDirectConnectGatewayAssociationResult,
    DescribeDirectConnectGatewayAssociationsRequest,
    DescribeDirectConnectGatewayAssociationsResult, UpdateDirectConnectGatewayAssociationRequest,
    UpdateDirectConnectGatewayAssociationResult,
};

use crate::context::Context;
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::world::World;

pub(crate) fn describe(
    world: &World,
    context: &Context,
    input: &DescribeDirectConnectGatewayAssociationsRequest,
) -> Result<DescribeDirectConnectGatewayAssociationsResult, Refusal> {
    unfinished!()
}

pub(crate) fn create(
    tx: &mut Transaction<'_>,
    input: &CreateDirectConnectGatewayAssociationRequest,
) -> Result<CreateDirectConnectGatewayAssociationResult, Refusal> {
    unfinished!()
}

pub(crate) fn delete(
    tx: &mut Transaction<'_>,
    input: &DeleteDirectConnectGatewayAssociationRequest,
) -> Result<DeleteDirectConnectGatewayAssociationResult, Refusal> {
    unfinished!()
}

pub(crate) fn update(
    tx: &mut Transaction<'_>,
    input: &UpdateDirectConnectGatewayAssociationRequest,
) -> Result<UpdateDirectConnectGatewayAssociationResult, Refusal> {
    unfinished!()
}

/// Fires the deadline of the entity.
pub(crate) fn step(tx: &mut Transaction<'_>, entity: &crate::entity::Association) {
    unfinished!()
}
