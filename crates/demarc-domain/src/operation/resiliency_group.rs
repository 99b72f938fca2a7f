//! TO WRITE

use demarc_api::{
    CreateResiliencyGroupRequest, CreateResiliencyGroupResult, DeleteResiliencyGroupRequest,
    DeleteResiliencyGroupResult, GetResiliencyGroupRequest, GetResiliencyGroupResult,
    ListResiliencyGroupsRequest, ListResiliencyGroupsResult, UpdateResiliencyGroupRequest,
    UpdateResiliencyGroupResult,
};

use crate::context::Context;
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::world::World;

pub(crate) fn get(
    world: &World,
    context: &Context,
    input: &GetResiliencyGroupRequest,
) -> Result<GetResiliencyGroupResult, Refusal> {
    unfinished!()
}

pub(crate) fn list(
    world: &World,
    context: &Context,
    input: &ListResiliencyGroupsRequest,
) -> Result<ListResiliencyGroupsResult, Refusal> {
    unfinished!()
}

pub(crate) fn create(
    tx: &mut Transaction<'_>,
    input: &CreateResiliencyGroupRequest,
) -> Result<CreateResiliencyGroupResult, Refusal> {
    unfinished!()
}

pub(crate) fn delete(
    tx: &mut Transaction<'_>,
    input: &DeleteResiliencyGroupRequest,
) -> Result<DeleteResiliencyGroupResult, Refusal> {
    unfinished!()
}

pub(crate) fn update(
    tx: &mut Transaction<'_>,
    input: &UpdateResiliencyGroupRequest,
) -> Result<UpdateResiliencyGroupResult, Refusal> {
    unfinished!()
}

/// Fires the deadline of the entity.
pub(crate) fn step(tx: &mut Transaction<'_>, entity: &crate::entity::ResiliencyGroup) {
    unfinished!()
}
