//! TO WRITE

use demarc_api::{
    AssociateConnectionsToResiliencyGroupRequest, AssociateConnectionsToResiliencyGroupResult,
    DisassociateConnectionsFromResiliencyGroupRequest,
    DisassociateConnectionsFromResiliencyGroupResult, ListResiliencyGroupAssociationsRequest,
    ListResiliencyGroupAssociationsResult,
};

use crate::context::Context;
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::world::World;

pub(crate) fn list(
    world: &World,
    context: &Context,
    input: &ListResiliencyGroupAssociationsRequest,
) -> Result<ListResiliencyGroupAssociationsResult, Refusal> {
    unfinished!()
}

pub(crate) fn associate(
    tx: &mut Transaction<'_>,
    input: &AssociateConnectionsToResiliencyGroupRequest,
) -> Result<AssociateConnectionsToResiliencyGroupResult, Refusal> {
    unfinished!()
}

pub(crate) fn disassociate(
    tx: &mut Transaction<'_>,
    input: &DisassociateConnectionsFromResiliencyGroupRequest,
) -> Result<DisassociateConnectionsFromResiliencyGroupResult, Refusal> {
    unfinished!()
}

/// Takes a connection or LAG that is going away out of every group.
pub(crate) fn forget(_tx: &mut Transaction<'_>, _member: demarc_types::ParentId) {}
