//! TO WRITE

use demarc_api::{
    CreateInterconnectRequest, DeleteInterconnectRequest, DeleteInterconnectResponse,
    DescribeInterconnectsRequest, Interconnect, Interconnects,
};

use crate::context::Context;
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::world::World;

pub(crate) fn describe(
    world: &World,
    context: &Context,
    input: &DescribeInterconnectsRequest,
) -> Result<Interconnects, Refusal> {
    unfinished!()
}

pub(crate) fn create(
    tx: &mut Transaction<'_>,
    input: &CreateInterconnectRequest,
) -> Result<Interconnect, Refusal> {
    unfinished!()
}

pub(crate) fn delete(
    tx: &mut Transaction<'_>,
    input: &DeleteInterconnectRequest,
) -> Result<DeleteInterconnectResponse, Refusal> {
    unfinished!()
}
