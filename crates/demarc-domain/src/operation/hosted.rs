//! TO WRITE

use demarc_api::{
    AllocateConnectionOnInterconnectRequest, AllocateHostedConnectionRequest,
    AssociateHostedConnectionRequest, ConfirmConnectionRequest, ConfirmConnectionResponse,
    Connection, Connections, DescribeConnectionsOnInterconnectRequest,
    DescribeHostedConnectionsRequest,
};

use crate::context::Context;
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::world::World;

pub(crate) fn describe_on_interconnect(
    world: &World,
    context: &Context,
    input: &DescribeConnectionsOnInterconnectRequest,
) -> Result<Connections, Refusal> {
    unfinished!()
}

pub(crate) fn describe(
    world: &World,
    context: &Context,
    input: &DescribeHostedConnectionsRequest,
) -> Result<Connections, Refusal> {
    unfinished!()
}

pub(crate) fn allocate_on_interconnect(
    tx: &mut Transaction<'_>,
    input: &AllocateConnectionOnInterconnectRequest,
) -> Result<Connection, Refusal> {
    unfinished!()
}

pub(crate) fn allocate(
    tx: &mut Transaction<'_>,
    input: &AllocateHostedConnectionRequest,
) -> Result<Connection, Refusal> {
    unfinished!()
}

pub(crate) fn associate(
    tx: &mut Transaction<'_>,
    input: &AssociateHostedConnectionRequest,
) -> Result<Connection, Refusal> {
    unfinished!()
}

pub(crate) fn confirm(
    tx: &mut Transaction<'_>,
    input: &ConfirmConnectionRequest,
) -> Result<ConfirmConnectionResponse, Refusal> {
    unfinished!()
}
