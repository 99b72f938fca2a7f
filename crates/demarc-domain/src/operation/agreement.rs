//! TO WRITE

use demarc_api::{
    ConfirmCustomerAgreementRequest, ConfirmCustomerAgreementResponse,
    DescribeCustomerMetadataResponse,
};

use crate::context::Context;
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::world::World;

pub(crate) fn describe(world: &World, context: &Context) -> DescribeCustomerMetadataResponse {
    unfinished!()
}

pub(crate) fn confirm(
    tx: &mut Transaction<'_>,
    input: &ConfirmCustomerAgreementRequest,
) -> Result<ConfirmCustomerAgreementResponse, Refusal> {
    unfinished!()
}
