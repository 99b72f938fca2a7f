//! `GetResources`, `GetTagKeys`, `GetTagValues`.

use std::collections::BTreeSet;

use super::error::TaggingError;
use super::request::{GetResources, GetTagKeys, GetTagValues, TagFilter, arns};
use super::resource::{arn_of, find, listed, tags_of};
use super::response::{ResourceTagMapping, TaggingResponse, TaggingTag};
use crate::context::Context;
use crate::entity::{Entity, EntityKey, Tags};
use crate::paging::{Page, Unasked};
use crate::refusal::Refusal;
use crate::world::World;

/// The most that one request may name.
const MOST_ARNS: usize = 100;
const MOST_FILTERS: usize = 50;
const MOST_RESOURCES: i64 = 100;
/// Bounds of `TagsPerPage`, which goes in steps of the lower one.
const TAGS_PER_PAGE: (i64, i64) = (100, 500);

/// Resources that have tags, each with all of them.
pub(super) fn resources(
    world: &World,
    context: &Context,
    input: &GetResources,
) -> Result<TaggingResponse, TaggingError> {
    if input.exclude_compliant_resources == Some(true) {
        return Err(TaggingError::invalid(
            "ExcludeCompliantResources is not served: there are no tag policies to comply with.",
        ));
    }
    if let Some(named) = &input.resource_arn_list {
        return named_resources(world, context, input, named);
    }
    let filters = input.tag_filters.as_deref().unwrap_or_default();
    check_filters(filters)?;
    let types = input.resource_type_filters.as_deref().unwrap_or_default();
    let binding = format!("{filters:?} {types:?}");
    let page = Page::read(
        world,
        context,
        "tag:GetResources",
        &[&binding],
        Some(per_page(context, input)?),
        token(input.pagination_token.as_ref()),
        Unasked::Hundred,
    )
    .map_err(refused)?;
    let place = page.position::<EntityKey>().map_err(refused)?;
    let entries = listed(world, context, place).filter_map(|(at, entity)| {
        let mapping = mapping(&entity)?;
        let wanted = is_of_types(types, &mapping.resource_arn) && takes(filters, &entity);
        wanted.then(|| (at, entity.key(), mapping))
    });
    let (entries, next) = page.take(entries, |(at, key, _)| (*at, key.to_string()));
    Ok(TaggingResponse::Resources {
        pagination_token: next.unwrap_or_default(),
        resource_tag_mapping_list: entries.into_iter().map(|(.., mapping)| mapping).collect(),
    })
}

/// Those that are named, in their order. What is unknown, foreign or has no tags is left out.
fn named_resources(
    world: &World,
    context: &Context,
    input: &GetResources,
    named: &Vec<String>,
) -> Result<TaggingResponse, TaggingError> {
    let others = [
        ("TagFilters", input.tag_filters.is_some()),
        ("ResourceTypeFilters", input.resource_type_filters.is_some()),
        ("ResourcesPerPage", input.resources_per_page.is_some()),
        ("TagsPerPage", input.tags_per_page.is_some()),
        (
            "PaginationToken",
            token(input.pagination_token.as_ref()).is_some(),
        ),
    ];
    if let Some((other, _)) = others.into_iter().find(|(_, given)| *given) {
        return Err(TaggingError::invalid(format!(
            "ResourceARNList cannot be given together with {other}."
        )));
    }
    let mut seen = BTreeSet::new();
    let mappings = arns(Some(named), MOST_ARNS)?
        .iter()
        .filter(|arn| seen.insert(arn.as_str()))
        .filter_map(|arn| mapping(&find(world, context, arn)?))
        .collect();
    Ok(TaggingResponse::Resources {
        pagination_token: String::new(),
        resource_tag_mapping_list: mappings,
    })
}

fn check_filters(filters: &[TagFilter]) -> Result<(), TaggingError> {
    if filters.len() > MOST_FILTERS {
        return Err(TaggingError::invalid(format!(
            "TagFilters has {} filters; at most {MOST_FILTERS} are allowed.",
            filters.len()
        )));
    }
    let has_key = |filter: &TagFilter| filter.key.as_deref().is_some_and(|key| !key.is_empty());
    if filters.iter().all(has_key) {
        Ok(())
    } else {
        Err(TaggingError::invalid(
            "Every one of TagFilters needs a Key.",
        ))
    }
}

/// How many resources go on a page. A page is also limited by tags: no resource has more of them than are
/// allowed on one.
fn per_page(context: &Context, input: &GetResources) -> Result<i64, TaggingError> {
    let resources = input.resources_per_page.unwrap_or(MOST_RESOURCES);
    if !(1..=MOST_RESOURCES).contains(&resources) {
        return Err(TaggingError::invalid(format!(
            "ResourcesPerPage must be 1 to {MOST_RESOURCES}, not {resources}."
        )));
    }
    let Some(tags) = input.tags_per_page else {
        return Ok(resources);
    };
    let (step, most) = TAGS_PER_PAGE;
    if !(step..=most).contains(&tags) || tags % step != 0 {
        return Err(TaggingError::invalid(format!(
            "TagsPerPage must be {step} to {most} in steps of {step}, not {tags}."
        )));
    }
    let on_one = i64::try_from(context.settings.quotas.tags_per_resource).unwrap_or(i64::MAX);
    Ok(resources.min((tags / on_one.max(1)).max(1)))
}

/// The resource with its tags, if it has any.
fn mapping(entity: &Entity) -> Option<ResourceTagMapping> {
    let tags = tags_of(entity).filter(|tags| !tags.is_empty())?;
    Some(ResourceTagMapping {
        resource_arn: arn_of(entity)?,
        tags: tags
            .iter()
            .map(|(key, value)| TaggingTag {
                key: key.to_owned(),
                value: value.to_owned(),
            })
            .collect(),
    })
}

/// `directconnect` stands for all kinds of the service, `directconnect:dxcon` for one.
fn is_of_types(types: &[String], arn: &str) -> bool {
    let mut parts = arn.splitn(6, ':');
    let service = parts.nth(2).unwrap_or_default();
    let kind = parts
        .nth(2)
        .and_then(|resource| resource.split('/').next())
        .unwrap_or_default();
    types.is_empty()
        || types.iter().any(|wanted| match wanted.split_once(':') {
            None => wanted == service,
            Some((of, wanted)) => (of, wanted) == (service, kind),
        })
}

/// The tags fit all filters; of one filter's values, one.
fn takes(filters: &[TagFilter], entity: &Entity) -> bool {
    let none = Tags::default();
    let tags = tags_of(entity).unwrap_or(&none);
    filters.iter().all(|filter| {
        let value = filter.key.as_deref().and_then(|key| tags.get(key));
        let values = filter.values.as_deref().unwrap_or_default();
        value.is_some_and(|value| values.is_empty() || values.iter().any(|other| other == value))
    })
}

/// The keys in use, in alphabetical order, on one page.
pub(super) fn keys(
    world: &World,
    context: &Context,
    input: &GetTagKeys,
) -> Result<TaggingResponse, TaggingError> {
    check_no_token(input.pagination_token.as_ref())?;
    Ok(TaggingResponse::Keys {
        pagination_token: String::new(),
        tag_keys: in_use(world, context, |(key, _)| Some(key)),
    })
}

/// The values that a key has, in alphabetical order, on one page.
pub(super) fn values(
    world: &World,
    context: &Context,
    input: &GetTagValues,
) -> Result<TaggingResponse, TaggingError> {
    check_no_token(input.pagination_token.as_ref())?;
    let Some(wanted) = input.key.as_deref().filter(|key| !key.is_empty()) else {
        return Err(TaggingError::invalid("Key is needed."));
    };
    Ok(TaggingResponse::Values {
        pagination_token: String::new(),
        tag_values: in_use(world, context, |(key, value)| {
            (key == wanted).then_some(value)
        }),
    })
}

fn in_use(
    world: &World,
    context: &Context,
    pick: impl for<'t> Fn((&'t str, &'t str)) -> Option<&'t str>,
) -> Vec<String> {
    let mut found = BTreeSet::new();
    for (_, entity) in listed(world, context, None) {
        let tags = tags_of(&entity).into_iter().flat_map(Tags::iter);
        found.extend(tags.filter_map(&pick).map(str::to_owned));
    }
    found.into_iter().collect()
}

/// An empty token is none: it is what the last page was answered with.
fn token(given: Option<&String>) -> Option<&str> {
    given.map(String::as_str).filter(|token| !token.is_empty())
}

fn check_no_token(given: Option<&String>) -> Result<(), TaggingError> {
    match token(given) {
        None => Ok(()),
        Some(_) => Err(TaggingError::PaginationToken),
    }
}

fn refused(refusal: Refusal) -> TaggingError {
    match refusal {
        Refusal::NextToken => TaggingError::PaginationToken,
        other => TaggingError::invalid(other.to_string()),
    }
}
