//! TO WRITE

use demarc_api::{
    CreateDirectConnectGatewayRequest, CreateDirectConnectGatewayResult,
    DeleteDirectConnectGatewayRequest, DeleteDirectConnectGatewayResult,
    DescribeDirectConnectGatewaysRequest, DescribeDirectConnectGatewaysResult,
    UpdateDirectConnectGatewayRequest, UpdateDirectConnectGatewayResponse,
};

use crate::context::Context;
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::world::World;

pub(crate) fn describe(
    world: &World,
    context: &Context,
    input: &DescribeDirectConnectGatewaysRequest,
) -> Result<DescribeDirectConnectGatewaysResult, Refusal> {
    unfinished!()
}

pub(crate) fn create(
    tx: &mut Transaction<'_>,
    input: &CreateDirectConnectGatewayRequest,
) -> Result<CreateDirectConnectGatewayResult, Refusal> {
    unfinished!()
}

pub(crate) fn delete(
    tx: &mut Transaction<'_>,
    input: &DeleteDirectConnectGatewayRequest,
) -> Result<DeleteDirectConnectGatewayResult, Refusal> {
    unfinished!()
}

pub(crate) fn update(
    tx: &mut Transaction<'_>,
    input: &UpdateDirectConnectGatewayRequest,
) -> Result<UpdateDirectConnectGatewayResponse, Refusal> {
    unfinished!()
}

/// Fires the deadline of the entity.
pub(crate) fn step(tx: &mut Transaction<'_>, entity: &crate::entity::DirectConnectGateway) {
    unfinished!()
}
