//! TO WRITE

use demarc_api::Locations;

use crate::context::Context;
use crate::refusal::Refusal;
use crate::world::World;

pub(crate) fn describe(world: &World, context: &Context) -> Locations {
    unfinished!()
}
