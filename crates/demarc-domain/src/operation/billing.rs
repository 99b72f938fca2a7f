//! TO WRITE

use demarc_api::{UpdateConnectionsBillingModeRequest, UpdateConnectionsBillingModeResponse};

use crate::refusal::Refusal;
use crate::transaction::Transaction;

pub(crate) fn update(
    tx: &mut Transaction<'_>,
    input: &UpdateConnectionsBillingModeRequest,
) -> Result<UpdateConnectionsBillingModeResponse, Refusal> {
    unfinished!()
}
