//! `TagResources`, `UntagResources`: each resource for itself, by the rules of its service.

use std::collections::BTreeMap;

use demarc_api::{Operation, Request};
use serde_json::{Value, json};

use super::error::TaggingError;
use super::request::{TagResources, UntagResources, arns};
use super::resource::{Owner, find, owner_of};
use super::response::{Failure, TaggingResponse};
use crate::entity::Entity;
use crate::neighbor::{self, Ec2Tag, TagToDelete};
use crate::operation::tag as tag_rules;
use crate::transaction::Transaction;

/// The most that one request may name.
const MOST_ARNS: usize = 20;
const MOST_TAGS: usize = 50;

pub(super) fn tag(
    tx: &mut Transaction<'_>,
    input: &TagResources,
) -> Result<TaggingResponse, TaggingError> {
    let arns = check_tag(input)?;
    let given = input.tags.iter().flatten();
    let tags: Vec<(&str, &str)> = given.map(|(key, value)| (&**key, &**value)).collect();
    each(tx, arns, |tx, arn, entity| match entity {
        None => {
            let tags: Vec<Value> = tags
                .iter()
                .map(|(key, value)| json!({ "key": key, "value": value }))
                .collect();
            let body = json!({ "resourceArn": arn, "tags": tags });
            direct_connect(tx, Operation::TagResource, &body)
        }
        Some(id) => {
            let tags: Vec<Ec2Tag> = tags
                .iter()
                .map(|(key, value)| Ec2Tag {
                    key: (*key).to_owned(),
                    value: (*value).to_owned(),
                })
                .collect();
            neighbor::set_tags(tx, id, &tags).map_err(|error| error.to_string())
        }
    })
}

pub(super) fn untag(
    tx: &mut Transaction<'_>,
    input: &UntagResources,
) -> Result<TaggingResponse, TaggingError> {
    let arns = check_untag(input)?;
    let keys = input.tag_keys.as_deref().unwrap_or_default();
    each(tx, arns, |tx, arn, entity| match entity {
        None => {
            let body = json!({ "resourceArn": arn, "tagKeys": keys });
            direct_connect(tx, Operation::UntagResource, &body)
        }
        Some(id) => {
            let tags: Vec<TagToDelete> = keys
                .iter()
                .map(|key| TagToDelete {
                    key: key.clone(),
                    value: None,
                })
                .collect();
            neighbor::unset_tags(tx, id, &tags).map_err(|error| error.to_string())
        }
    })
}

/// A call of Direct Connect's own, read and judged like one that came by itself.
fn direct_connect(
    tx: &mut Transaction<'_>,
    operation: Operation,
    body: &Value,
) -> Result<(), String> {
    let request = Request::decode(operation, body.to_string().as_bytes());
    match request.map_err(|error| error.to_string())? {
        Request::TagResource(input) => tag_rules::set(tx, &input).map(|_| ()),
        Request::UntagResource(input) => tag_rules::unset(tx, &input).map(|_| ()),
        _ => Ok(()),
    }
    .map_err(|refusal| refusal.to_string())
}

/// The request has as much of everything as it may; gives its ARNs.
pub(super) fn check_tag(input: &TagResources) -> Result<&[String], TaggingError> {
    check_count("Tags", input.tags.iter().flatten().count())?;
    arns(input.resource_arn_list.as_ref(), MOST_ARNS)
}

/// As [`check_tag`], of the other change.
pub(super) fn check_untag(input: &UntagResources) -> Result<&[String], TaggingError> {
    check_count("TagKeys", input.tag_keys.iter().flatten().count())?;
    arns(input.resource_arn_list.as_ref(), MOST_ARNS)
}

fn check_count(what: &str, count: usize) -> Result<(), TaggingError> {
    if (1..=MOST_TAGS).contains(&count) {
        Ok(())
    } else {
        Err(TaggingError::invalid(format!(
            "{what} must have 1 to {MOST_TAGS} entries, not {count}."
        )))
    }
}

/// Acts on each resource; of EC2's with its id. What fails is left as it was.
fn each(
    tx: &mut Transaction<'_>,
    arns: &[String],
    act: impl Fn(&mut Transaction<'_>, &str, Option<&str>) -> Result<(), String>,
) -> Result<TaggingResponse, TaggingError> {
    let mut failed_resources_map = BTreeMap::new();
    for arn in arns {
        let done = match (owner_of(arn), find(tx, tx.context, arn)) {
            (Some(Owner::DirectConnect), Some(_)) => act(tx, arn, None),
            (Some(Owner::Ec2), Some(entity)) => act(tx, arn, ec2_id(&entity).as_deref()),
            _ => Err(format!("Resource {arn} does not exist.")),
        };
        if let Err(message) = done {
            failed_resources_map.insert(arn.clone(), Failure::invalid(message));
        }
    }
    Ok(TaggingResponse::Changed {
        failed_resources_map,
    })
}

fn ec2_id(entity: &Entity) -> Option<String> {
    match entity {
        Entity::Vpc(found) => Some(found.id.to_string()),
        Entity::VpnGateway(found) => Some(found.id.to_string()),
        Entity::TransitGateway(found) => Some(found.id.to_string()),
        _ => None,
    }
}
