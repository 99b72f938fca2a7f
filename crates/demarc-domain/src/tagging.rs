//! The Resource Groups Tagging API: one way to the tags of everything that has any, by ARN. Scanners and
//! tag policies go this way instead of asking each service. Source: spec/clients §3.
//!
//! It has no tags of its own: what it sets is what `DescribeTags` of the service shows. One entry for
//! writes, [`decide`], and one for reads, [`query`].

mod change;
mod error;
mod request;
mod resource;
mod response;
mod search;
#[cfg(test)]
mod tests;

use crate::context::Context;
use crate::entity::Change;
use crate::transaction::Transaction;
use crate::world::World;

pub use error::TaggingError;
pub use request::{
    GetResources, GetTagKeys, GetTagValues, TagFilter, TagResources, TaggingOperation,
    TaggingRequest, UntagResources,
};
pub use resource::{Owner, owner_of};
pub use response::{Failure, ResourceTagMapping, TaggingResponse, TaggingTag};

/// Decides a write. A resource that cannot be changed is named in the answer, the others are changed; a
/// refusal of the whole has changed nothing. Reads are answered as well, with no changes.
///
/// # Errors
/// [`TaggingError`]: the request itself is wrong.
pub fn decide(
    world: &World,
    context: &mut Context,
    request: &TaggingRequest,
) -> Result<(World, Vec<Change>, TaggingResponse), TaggingError> {
    let mut transaction = Transaction::new(world, context);
    let response = match request {
        TaggingRequest::TagResources(input) => change::tag(&mut transaction, input)?,
        TaggingRequest::UntagResources(input) => change::untag(&mut transaction, input)?,
        read => query(transaction.world(), transaction.context, read)?,
    };
    let (world, changes) = transaction.finish();
    Ok((world, changes, response))
}

/// A change names as many resources and tags as it may. [`decide`] asks as well; who takes resources out of
/// a change has to ask before.
///
/// # Errors
/// [`TaggingError`]: too few or too many of something.
pub fn check(request: &TaggingRequest) -> Result<(), TaggingError> {
    match request {
        TaggingRequest::TagResources(input) => change::check_tag(input).map(|_| ()),
        TaggingRequest::UntagResources(input) => change::check_untag(input).map(|_| ()),
        _ => Ok(()),
    }
}

/// Answers a read; a write is refused, it takes [`decide`].
///
/// # Errors
/// [`TaggingError`]: the request is wrong, or its token is.
pub fn query(
    world: &World,
    context: &Context,
    request: &TaggingRequest,
) -> Result<TaggingResponse, TaggingError> {
    match request {
        TaggingRequest::GetResources(input) => search::resources(world, context, input),
        TaggingRequest::GetTagKeys(input) => search::keys(world, context, input),
        TaggingRequest::GetTagValues(input) => search::values(world, context, input),
        TaggingRequest::TagResources(_) | TaggingRequest::UntagResources(_) => Err(
            TaggingError::invalid(format!("{} is not a read", request.operation().name())),
        ),
    }
}
