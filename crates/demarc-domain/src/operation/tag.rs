//! TO WRITE

use demarc_api::{
    DescribeTagsRequest, DescribeTagsResponse, TagResourceRequest, TagResourceResponse,
    UntagResourceRequest, UntagResourceResponse,
};

use crate::context::Context;
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::world::World;

pub(crate) fn describe(
    world: &World,
    context: &Context,
    input: &DescribeTagsRequest,
) -> Result<DescribeTagsResponse, Refusal> {
    unfinished!()
}

pub(crate) fn set(
    tx: &mut Transaction<'_>,
    input: &TagResourceRequest,
) -> Result<TagResourceResponse, Refusal> {
    unfinished!()
}

pub(crate) fn unset(
    tx: &mut Transaction<'_>,
    input: &UntagResourceRequest,
) -> Result<UntagResourceResponse, Refusal> {
    unfinished!()
}
