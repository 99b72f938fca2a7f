//! TO WRITE

use demarc_api::{
    DescribeDirectConnectGatewayAttachmentsRequest, DescribeDirectConnectGatewayAttachmentsResult,
};

use crate::context::Context;
use crate::refusal::Refusal;
use crate::world::World;

pub(crate) fn describe(
    world: &World,
    context: &Context,
    input: &DescribeDirectConnectGatewayAttachmentsRequest,
) -> Result<DescribeDirectConnectGatewayAttachmentsResult, Refusal> {
    unfinished!()
}
