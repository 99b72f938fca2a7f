//! TO WRITE

use demarc_api::{ListVirtualInterfaceRoutesRequest, ListVirtualInterfaceRoutesResponse};

use crate::context::Context;
use crate::refusal::Refusal;
use crate::world::World;

pub(crate) fn list(
    world: &World,
    context: &Context,
    input: &ListVirtualInterfaceRoutesRequest,
) -> Result<ListVirtualInterfaceRoutesResponse, Refusal> {
    unfinished!()
}
