//! Tags of the neighbours, for EC2's own tag calls and for creation.

use std::collections::BTreeSet;

use demarc_types::{TransitGatewayId, VpcId, VpnGatewayId};

use super::error::Ec2Error;
use super::request::{Describe, Ec2Tag, TagSpecification, TagToDelete};
use super::response::{Page, TagView};
use super::{filter, transit_gateway, vpc, vpn_gateway};
use crate::context::Context;
use crate::entity::Tags;
use crate::settings::Settings;
use crate::transaction::Transaction;
use crate::world::World;

pub(super) const VPC: &str = "vpc";
pub(super) const VPN_GATEWAY: &str = "vpn-gateway";
pub(super) const TRANSIT_GATEWAY: &str = "transit-gateway";

/// The longest key and value, in characters.
const KEY_LENGTH: usize = 128;
const VALUE_LENGTH: usize = 256;

/// The tags of something new of type `resource_type`.
pub(super) fn of_specifications(
    settings: &Settings,
    specifications: &[TagSpecification],
    resource_type: &str,
) -> Result<Tags, Ec2Error> {
    let mut keys = BTreeSet::new();
    let mut tags = Tags::default();
    for specification in specifications {
        if specification.resource_type != resource_type {
            let shown: String = specification.resource_type.chars().take(64).collect();
            return Err(Ec2Error::ParameterValue(format!(
                "'{shown}' is not a valid taggable resource type for this operation."
            )));
        }
        for tag in &specification.tags {
            check(tag)?;
            if !keys.insert(tag.key.as_str()) {
                return Err(Ec2Error::ParameterValue(format!(
                    "Duplicate tag key '{}' specified.",
                    tag.key
                )));
            }
            tags.set(&tag.key, &tag.value);
        }
    }
    check_count(settings, "new", &tags)?;
    Ok(tags)
}

fn check(tag: &Ec2Tag) -> Result<(), Ec2Error> {
    let length = tag.key.chars().count();
    if length == 0 || length > KEY_LENGTH {
        return Err(Ec2Error::ParameterValue(format!(
            "Tag keys have 1 to {KEY_LENGTH} characters, one has {length}."
        )));
    }
    if tag.value.chars().count() > VALUE_LENGTH {
        return Err(Ec2Error::ParameterValue(format!(
            "The tag value of '{}' exceeds the maximum length of {VALUE_LENGTH} characters.",
            tag.key
        )));
    }
    if tag
        .key
        .get(..4)
        .is_some_and(|head| head.eq_ignore_ascii_case("aws:"))
    {
        return Err(Ec2Error::ParameterValue(
            "Tag keys starting with 'aws:' are reserved for internal use".to_owned(),
        ));
    }
    Ok(())
}

fn check_count(settings: &Settings, resource: &str, tags: &Tags) -> Result<(), Ec2Error> {
    let limit = settings.quotas.tags_per_resource;
    if tags.len() > limit {
        return Err(Ec2Error::TagLimit {
            resource: resource.to_owned(),
            limit,
        });
    }
    Ok(())
}

/// The tags in their own order.
pub(super) fn list(tags: &Tags) -> Vec<Ec2Tag> {
    tags.iter()
        .map(|(key, value)| Ec2Tag {
            key: key.to_owned(),
            value: value.to_owned(),
        })
        .collect()
}

fn views(id: impl ToString, resource_type: &'static str, tags: &Tags) -> Vec<TagView> {
    list(tags)
        .into_iter()
        .map(|tag| TagView {
            tag,
            resource_id: id.to_string(),
            resource_type,
        })
        .collect()
}

pub(super) fn create(
    tx: &mut Transaction<'_>,
    resources: &[String],
    tags: &[Ec2Tag],
) -> Result<(), Ec2Error> {
    tags.iter().try_for_each(check)?;
    let settings = std::sync::Arc::clone(&tx.context.settings);
    for resource in resources {
        change(tx, resource, |own| {
            for tag in tags {
                own.set(&tag.key, &tag.value);
            }
            check_count(&settings, resource, own)
        })?;
    }
    Ok(())
}

pub(super) fn delete(
    tx: &mut Transaction<'_>,
    resources: &[String],
    tags: &[TagToDelete],
) -> Result<(), Ec2Error> {
    for resource in resources {
        change(tx, resource, |own| {
            if tags.is_empty() {
                *own = Tags::default();
            }
            for tag in tags {
                let fits = tag
                    .value
                    .as_deref()
                    .is_none_or(|value| own.get(&tag.key) == Some(value));
                if fits {
                    own.unset(&tag.key);
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Changes the tags of a resource of the caller's.
fn change(
    tx: &mut Transaction<'_>,
    resource: &str,
    what: impl FnOnce(&mut Tags) -> Result<(), Ec2Error>,
) -> Result<(), Ec2Error> {
    if resource.starts_with(VpcId::PREFIX) {
        let mut found = vpc::own(tx, tx.context, resource)?.as_ref().clone();
        what(&mut found.tags)?;
        tx.put(found);
    } else if resource.starts_with(VpnGatewayId::PREFIX) {
        let mut found = vpn_gateway::own(tx, tx.context, resource)?.as_ref().clone();
        what(&mut found.tags)?;
        tx.put(found);
    } else if resource.starts_with(TransitGatewayId::PREFIX) {
        let mut found = transit_gateway::own(tx, tx.context, resource)?
            .as_ref()
            .clone();
        what(&mut found.tags)?;
        tx.put(found);
    } else {
        return Err(Ec2Error::InvalidId(resource.chars().take(128).collect()));
    }
    Ok(())
}

/// All tags of the caller's VPCs, virtual private gateways and transit gateways in the Region.
pub(super) fn describe(
    world: &World,
    context: &Context,
    input: &Describe,
) -> Result<Page<TagView>, Ec2Error> {
    let home = (context.account, context.region);
    let vpcs = world
        .vpcs_of(home.0, home.1)
        .flat_map(|found| views(found.id, VPC, &found.tags));
    let vpn_gateways = world
        .vpn_gateways_of(home.0, home.1)
        .flat_map(|found| views(found.id, VPN_GATEWAY, &found.tags));
    let transit_gateways = world
        .transit_gateways_of(home.0, home.1)
        .flat_map(|found| views(found.id, TRANSIT_GATEWAY, &found.tags));
    let all = vpcs.chain(vpn_gateways).chain(transit_gateways).collect();
    filter::page(input, all)
}
