//! TO WRITE

use demarc_api::{
    AssociateConnectionWithLagRequest, Connection, DisassociateConnectionFromLagRequest,
};

use crate::refusal::Refusal;
use crate::transaction::Transaction;

pub(crate) fn associate(
    tx: &mut Transaction<'_>,
    input: &AssociateConnectionWithLagRequest,
) -> Result<Connection, Refusal> {
    unfinished!()
}

pub(crate) fn disassociate(
    tx: &mut Transaction<'_>,
    input: &DisassociateConnectionFromLagRequest,
) -> Result<Connection, Refusal> {
    unfinished!()
}
