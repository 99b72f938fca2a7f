//! TO WRITE

use demarc_api::{
    CreateBGPPeerRequest, CreateBGPPeerResponse, DeleteBGPPeerRequest, DeleteBGPPeerResponse,
};

use crate::refusal::Refusal;
use crate::transaction::Transaction;

pub(crate) fn create(
    tx: &mut Transaction<'_>,
    input: &CreateBGPPeerRequest,
) -> Result<CreateBGPPeerResponse, Refusal> {
    unfinished!()
}

pub(crate) fn delete(
    tx: &mut Transaction<'_>,
    input: &DeleteBGPPeerRequest,
) -> Result<DeleteBGPPeerResponse, Refusal> {
    unfinished!()
}
