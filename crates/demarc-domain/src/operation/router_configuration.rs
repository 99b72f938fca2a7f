//! TO WRITE

use demarc_api::{DescribeRouterConfigurationRequest, DescribeRouterConfigurationResponse};

use crate::context::Context;
use crate::refusal::Refusal;
use crate::world::World;

pub(crate) fn describe(
    world: &World,
    context: &Context,
    input: &DescribeRouterConfigurationRequest,
) -> Result<DescribeRouterConfigurationResponse, Refusal> {
    unfinished!()
}
