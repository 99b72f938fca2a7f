//! TO WRITE

use demarc_api::{
    CreateLagRequest, DeleteLagRequest, DescribeLagsRequest, Lag, Lags, UpdateLagRequest,
};

use crate::context::Context;
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::world::World;

pub(crate) fn describe(
    world: &World,
    context: &Context,
    input: &DescribeLagsRequest,
) -> Result<Lags, Refusal> {
    unfinished!()
}

pub(crate) fn create(tx: &mut Transaction<'_>, input: &CreateLagRequest) -> Result<Lag, Refusal> {
    unfinished!()
}

pub(crate) fn delete(tx: &mut Transaction<'_>, input: &DeleteLagRequest) -> Result<Lag, Refusal> {
    unfinished!()
}

pub(crate) fn update(tx: &mut Transaction<'_>, input: &UpdateLagRequest) -> Result<Lag, Refusal> {
    unfinished!()
}

/// Fires the deadline of the entity.
pub(crate) fn step(tx: &mut Transaction<'_>, entity: &crate::entity::Lag) {
    unfinished!()
}
