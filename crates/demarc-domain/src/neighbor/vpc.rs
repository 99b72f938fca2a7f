//! VPCs: create, list, switch, delete. Their address blocks are in [`super::vpc_cidr`].

use std::sync::Arc;

use demarc_types::VpcId;

use super::error::Ec2Error;
use super::request::{CidrBlockOrder, Describe, VpcAttribute, VpcOrder};
use super::response::{CidrBlockView, Ec2Response, Page, VpcView};
use super::{filter, tag, vpc_cidr};
use crate::context::Context;
use crate::entity::{CidrAssociation, EntityKey, Vpc};
use crate::transaction::Transaction;
use crate::world::World;

/// A VPC of the caller's in its Region.
pub(super) fn own<'w>(
    world: &'w World,
    context: &Context,
    id: &str,
) -> Result<&'w Arc<Vpc>, Ec2Error> {
    id.parse()
        .ok()
        .and_then(|id: VpcId| world.vpc(id))
        .filter(|found| found.owner == context.account && found.region == context.region)
        .ok_or_else(|| Ec2Error::VpcNotFound(id.chars().take(128).collect()))
}

/// Makes a VPC with an IPv4 block and, on request, an IPv6 block of 56 bits.
pub(super) fn create(tx: &mut Transaction<'_>, order: &VpcOrder) -> Result<VpcView, Ec2Error> {
    let settings = Arc::clone(&tx.context.settings);
    let tags = tag::of_specifications(&settings, &order.tag_specifications, tag::VPC)?;
    let tenancy = order.instance_tenancy.as_deref().unwrap_or("default");
    if !matches!(tenancy, "default" | "dedicated") {
        return Err(Ec2Error::value(
            tenancy,
            "instanceTenancy",
            "Use default or dedicated.",
        ));
    }
    let Some(cidr) = &order.cidr_block else {
        return Err(Ec2Error::MissingParameter("CidrBlock"));
    };
    let block = vpc_cidr::read(cidr)?;
    let mut vpc = Vpc {
        id: fresh_id(tx),
        owner: tx.context.account,
        region: tx.context.region,
        cidrs: vec![CidrAssociation {
            id: vpc_cidr::fresh_association_id(tx),
            block,
        }],
        instance_tenancy: tenancy.to_owned(),
        enable_dns_support: true,
        enable_dns_hostnames: false,
        enable_network_address_usage_metrics: false,
        default_suffix: tx.context.ids.hex(17),
        tags,
        created: tx.context.now,
    };
    tx.put(vpc.clone());
    if order.amazon_provided_ipv6_cidr_block {
        let order = CidrBlockOrder {
            cidr_block: None,
            amazon_provided_ipv6_cidr_block: true,
        };
        vpc_cidr::associate(tx, &vpc.id.to_string(), &order)?;
        if let Some(found) = tx.vpc(vpc.id) {
            vpc = found.as_ref().clone();
        }
    }
    let mut view = show(&vpc);
    view.state = "pending";
    for block in &mut view.ipv6_cidr_blocks {
        block.state = "associating";
    }
    Ok(view)
}

fn fresh_id(tx: &mut Transaction<'_>) -> VpcId {
    loop {
        let id = VpcId::from_suffix(&tx.context.ids.hex(17))
            .expect("17 hexadecimal digits are a suffix");
        if tx.vpc(id).is_none() {
            return id;
        }
    }
}

pub(super) fn show(vpc: &Vpc) -> VpcView {
    let (ipv4, ipv6): (Vec<_>, Vec<_>) = vpc
        .cidrs
        .iter()
        .partition(|cidr| matches!(cidr.block, ipnet::IpNet::V4(_)));
    let blocks = |list: Vec<&CidrAssociation>| -> Vec<CidrBlockView> {
        list.into_iter()
            .map(|cidr| vpc_cidr::show(cidr, "associated"))
            .collect()
    };
    VpcView {
        vpc_id: vpc.id.to_string(),
        owner_id: vpc.owner.to_string(),
        state: "available",
        cidr_block: ipv4
            .first()
            .map(|cidr| cidr.block.to_string())
            .unwrap_or_default(),
        dhcp_options_id: format!("dopt-{}", vpc.default_suffix),
        instance_tenancy: vpc.instance_tenancy.clone(),
        is_default: false,
        cidr_blocks: blocks(ipv4),
        ipv6_cidr_blocks: blocks(ipv6),
        tags: tag::list(&vpc.tags),
    }
}

/// The VPCs of these ids, or all of the caller's in the Region.
pub(super) fn chosen<'w>(
    world: &'w World,
    context: &Context,
    ids: &[String],
) -> Result<Vec<&'w Arc<Vpc>>, Ec2Error> {
    if ids.is_empty() {
        return Ok(world.vpcs_of(context.account, context.region).collect());
    }
    ids.iter().map(|id| own(world, context, id)).collect()
}

pub(super) fn describe(
    world: &World,
    context: &Context,
    input: &Describe,
) -> Result<Page<VpcView>, Ec2Error> {
    let found = chosen(world, context, &input.ids)?;
    filter::page(input, found.into_iter().map(|vpc| show(vpc)).collect())
}

pub(super) fn describe_attribute(
    world: &World,
    context: &Context,
    id: &str,
    attribute: VpcAttribute,
) -> Result<Ec2Response, Ec2Error> {
    let vpc = own(world, context, id)?;
    Ok(Ec2Response::VpcAttribute {
        vpc_id: vpc.id.to_string(),
        attribute,
        value: match attribute {
            VpcAttribute::EnableDnsSupport => vpc.enable_dns_support,
            VpcAttribute::EnableDnsHostnames => vpc.enable_dns_hostnames,
            VpcAttribute::EnableNetworkAddressUsageMetrics => {
                vpc.enable_network_address_usage_metrics
            }
        },
    })
}

pub(super) fn modify_attribute(
    tx: &mut Transaction<'_>,
    id: &str,
    attribute: VpcAttribute,
    value: bool,
) -> Result<(), Ec2Error> {
    let mut vpc = own(tx, tx.context, id)?.as_ref().clone();
    match attribute {
        VpcAttribute::EnableDnsSupport => vpc.enable_dns_support = value,
        VpcAttribute::EnableDnsHostnames => vpc.enable_dns_hostnames = value,
        VpcAttribute::EnableNetworkAddressUsageMetrics => {
            vpc.enable_network_address_usage_metrics = value;
        }
    }
    tx.put(vpc);
    Ok(())
}

/// Refused while a virtual private gateway is attached, or still detaching.
pub(super) fn delete(tx: &mut Transaction<'_>, id: &str) -> Result<(), Ec2Error> {
    let vpc = own(tx, tx.context, id)?.id;
    if tx.vpn_gateways_on(vpc).next().is_some() {
        return Err(Ec2Error::DependencyViolation(vpc.to_string()));
    }
    tx.remove(EntityKey::Vpc(vpc));
    Ok(())
}
