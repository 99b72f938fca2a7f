//! TO WRITE

use demarc_api::{
    ListVirtualInterfaceTestHistoryRequest, ListVirtualInterfaceTestHistoryResponse,
    StartBgpFailoverTestRequest, StartBgpFailoverTestResponse, StopBgpFailoverTestRequest,
    StopBgpFailoverTestResponse,
};

use crate::context::Context;
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::world::World;

pub(crate) fn list(
    world: &World,
    context: &Context,
    input: &ListVirtualInterfaceTestHistoryRequest,
) -> Result<ListVirtualInterfaceTestHistoryResponse, Refusal> {
    unfinished!()
}

pub(crate) fn start(
    tx: &mut Transaction<'_>,
    input: &StartBgpFailoverTestRequest,
) -> Result<StartBgpFailoverTestResponse, Refusal> {
    unfinished!()
}

pub(crate) fn stop(
    tx: &mut Transaction<'_>,
    input: &StopBgpFailoverTestRequest,
) -> Result<StopBgpFailoverTestResponse, Refusal> {
    unfinished!()
}

/// Fires the deadline of the entity.
pub(crate) fn step(tx: &mut Transaction<'_>, entity: &crate::entity::FailoverTest) {
    unfinished!()
}
