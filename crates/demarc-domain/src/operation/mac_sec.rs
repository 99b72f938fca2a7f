//! TO WRITE

use demarc_api::{
    AssociateMacSecKeyRequest, AssociateMacSecKeyResponse, DisassociateMacSecKeyRequest,
    DisassociateMacSecKeyResponse,
};

use crate::refusal::Refusal;
use crate::transaction::Transaction;

pub(crate) fn associate(
    tx: &mut Transaction<'_>,
    input: &AssociateMacSecKeyRequest,
) -> Result<AssociateMacSecKeyResponse, Refusal> {
    unfinished!()
}

pub(crate) fn disassociate(
    tx: &mut Transaction<'_>,
    input: &DisassociateMacSecKeyRequest,
) -> Result<DisassociateMacSecKeyResponse, Refusal> {
    unfinished!()
}
