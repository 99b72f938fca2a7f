//! TO WRITE

use demarc_api::VirtualGateways;

use crate::context::Context;
use crate::refusal::Refusal;
use crate::world::World;

pub(crate) fn describe(world: &World, context: &Context) -> VirtualGateways {
    unfinished!()
}
