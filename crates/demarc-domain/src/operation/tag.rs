//! Tags after creation. Source: spec/operations §11, spec/identifiers §13.

use std::collections::BTreeSet;

use demarc_api::{
    DescribeTagsRequest, DescribeTagsResponse, ResourceTag, TagResourceRequest,
    TagResourceResponse, UntagResourceRequest, UntagResourceResponse,
};
use demarc_types::{ArnResource, ResourceArn};

use crate::context::Context;
use crate::entity::{Entity, EntityKey, Tags};
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::world::World;
use crate::{input, view};

/// The most ARNs that one look-up takes.
const MOST_ARNS: usize = 20;

pub(crate) fn set(
    tx: &mut Transaction<'_>,
    input: &TagResourceRequest,
) -> Result<TagResourceResponse, Refusal> {
    let mut keys = BTreeSet::new();
    for tag in &input.tags {
        if !keys.insert(tag.key.as_str()) {
            return Err(Refusal::DuplicateTagKey(tag.key.clone()));
        }
    }
    input::tag_keys(keys.iter().copied())?;
    let limit = tx.context.settings.quotas.tags_per_resource;
    change(tx, &input.resource_arn, |tags| {
        for tag in &input.tags {
            tags.set(&tag.key, tag.value.as_deref().unwrap_or_default());
        }
        if tags.len() > limit {
            Err(Refusal::TooManyTags {
                tags: tags.len(),
                limit,
            })
        } else {
            Ok(())
        }
    })?;
    Ok(TagResourceResponse {})
}

pub(crate) fn unset(
    tx: &mut Transaction<'_>,
    input: &UntagResourceRequest,
) -> Result<UntagResourceResponse, Refusal> {
    input::tag_keys(input.tag_keys.iter().map(String::as_str))?;
    change(tx, &input.resource_arn, |tags| {
        for key in &input.tag_keys {
            tags.unset(key);
        }
        Ok(())
    })?;
    Ok(UntagResourceResponse {})
}

pub(crate) fn describe(
    world: &World,
    context: &Context,
    input: &DescribeTagsRequest,
) -> Result<DescribeTagsResponse, Refusal> {
    if input.resource_arns.len() > MOST_ARNS {
        return Err(Refusal::invalid(format!(
            "{} resource ARNs were given; at most {MOST_ARNS} are allowed.",
            input.resource_arns.len()
        )));
    }
    let entry = |arn: &String| {
        let entity = find(world, context, arn)?;
        Ok(ResourceTag {
            resource_arn: Some(arn.clone()),
            tags: tags_of(&entity).map(view::tag_list),
        })
    };
    let resource_tags = input
        .resource_arns
        .iter()
        .map(entry)
        .collect::<Result<_, Refusal>>()?;
    Ok(DescribeTagsResponse {
        resource_tags: Some(resource_tags),
    })
}

/// The resource of an ARN, if it is the caller's and in its Region, or global in its partition.
fn find(world: &World, context: &Context, text: &str) -> Result<Entity, Refusal> {
    let arn: ResourceArn = text
        .parse()
        .map_err(|_| Refusal::ArnFormat(text.chars().take(128).collect()))?;
    let missing = || Refusal::ResourceNotFound(text.to_owned());
    if arn.partition != context.region.partition()
        || arn.region.is_some_and(|region| region != context.region)
    {
        return Err(missing());
    }
    let entity = world.get(&key_of(arn.resource)).ok_or_else(missing)?;
    if arn.account == context.account && is_own(context, &entity) {
        Ok(entity)
    } else {
        Err(missing())
    }
}

/// The entity has an ARN and is the caller's: in its Region, or global in its partition. Tags go with what
/// carries them, so what is deleted has none.
pub(crate) fn is_own(context: &Context, entity: &Entity) -> bool {
    let (owner, region, shown) = match entity {
        Entity::Connection(found) => (found.owner, found.region, !crate::parent::is_gone(found)),
        Entity::Lag(found) => (found.owner, found.region, found.is_live()),
        Entity::VirtualInterface(found) => (found.owner, found.region, found.holds_resources()),
        Entity::Gateway(found) => (found.owner, found.region, true),
        Entity::ResiliencyGroup(found) => (found.owner, found.region, found.is_live()),
        _ => return false,
    };
    let is_global = matches!(entity, Entity::Gateway(_) | Entity::ResiliencyGroup(_));
    let is_here = if is_global {
        region.partition() == context.region.partition()
    } else {
        region == context.region
    };
    owner == context.account && is_here && shown
}

/// The entity that an ARN names.
pub(crate) fn key_of(resource: ArnResource) -> EntityKey {
    match resource {
        ArnResource::Connection(id) => EntityKey::Connection(id),
        ArnResource::Lag(id) => EntityKey::Lag(id),
        ArnResource::VirtualInterface(id) => EntityKey::VirtualInterface(id),
        ArnResource::Gateway(id) => EntityKey::Gateway(id),
        ArnResource::ResiliencyGroup(id) => EntityKey::ResiliencyGroup(id),
    }
}

/// The tags of a kind of entity that has an ARN.
pub(crate) fn tags_of(entity: &Entity) -> Option<&Tags> {
    match entity {
        Entity::Connection(found) => Some(&found.tags),
        Entity::Lag(found) => Some(&found.tags),
        Entity::VirtualInterface(found) => Some(&found.tags),
        Entity::Gateway(found) => Some(&found.tags),
        Entity::ResiliencyGroup(found) => Some(&found.tags),
        _ => None,
    }
}

fn change(
    tx: &mut Transaction<'_>,
    arn: &str,
    act: impl FnOnce(&mut Tags) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    /// Changes the tags of a copy and puts it back.
    macro_rules! on {
        ($found:expr) => {{
            let mut copy = $found.as_ref().clone();
            act(&mut copy.tags)?;
            tx.put(copy);
        }};
    }
    match find(tx, tx.context, arn)? {
        Entity::Connection(found) => on!(found),
        Entity::Lag(found) => on!(found),
        Entity::VirtualInterface(found) => on!(found),
        Entity::Gateway(found) => on!(found),
        Entity::ResiliencyGroup(found) => on!(found),
        _ => return Err(Refusal::ResourceNotFound(arn.to_owned())),
    }
    Ok(())
}
