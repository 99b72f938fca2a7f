//! What every VPC has from the start: a network ACL, a main route table and a security group. They are
//! derived from the VPC, never stored, and cannot be changed.

use super::error::Ec2Error;
use super::filter;
use super::request::Describe;
use super::response::{
    NetworkAclEntryView, NetworkAclView, Page, RouteTableView, RouteView, SecurityGroupView,
};
use crate::context::Context;
use crate::entity::Vpc;
use crate::world::World;

/// The views of all the caller's VPCs; those of `ids` only, if there are any, each of which must exist.
fn chosen<T>(
    world: &World,
    context: &Context,
    ids: &[String],
    view: impl Fn(&Vpc) -> T,
    id: impl Fn(&T) -> &str,
    missing: impl Fn(String) -> Ec2Error,
) -> Result<Vec<T>, Ec2Error> {
    let all: Vec<T> = world
        .vpcs_of(context.account, context.region)
        .map(|vpc| view(vpc))
        .collect();
    if let Some(lost) = ids
        .iter()
        .find(|wanted| !all.iter().any(|view| id(view) == *wanted))
    {
        return Err(missing(lost.chars().take(128).collect()));
    }
    let wanted = |view: &T| ids.is_empty() || ids.iter().any(|wanted| wanted == id(view));
    Ok(all.into_iter().filter(wanted).collect())
}

pub(super) fn network_acls(
    world: &World,
    context: &Context,
    input: &Describe,
) -> Result<Page<NetworkAclView>, Ec2Error> {
    let views = chosen(
        world,
        context,
        &input.ids,
        network_acl,
        |view| &view.network_acl_id,
        Ec2Error::NetworkAclNotFound,
    )?;
    filter::page(input, views)
}

/// Everything may pass: the state that EC2 gives a default ACL.
fn network_acl(vpc: &Vpc) -> NetworkAclView {
    let has_ipv6 = vpc
        .prefixes()
        .any(|prefix| matches!(prefix, ipnet::IpNet::V6(_)));
    let mut entries = Vec::new();
    for egress in [true, false] {
        for (rule_action, ipv4_rule, ipv6_rule) in [("allow", 100, 101), ("deny", 32_767, 32_768)] {
            entries.push(NetworkAclEntryView {
                rule_number: ipv4_rule,
                rule_action,
                egress,
                cidr_block: Some("0.0.0.0/0"),
                ipv6_cidr_block: None,
            });
            if has_ipv6 {
                entries.push(NetworkAclEntryView {
                    rule_number: ipv6_rule,
                    rule_action,
                    egress,
                    cidr_block: None,
                    ipv6_cidr_block: Some("::/0"),
                });
            }
        }
    }
    NetworkAclView {
        network_acl_id: format!("acl-{}", vpc.default_suffix),
        vpc_id: vpc.id.to_string(),
        owner_id: vpc.owner.to_string(),
        is_default: true,
        entries,
    }
}

pub(super) fn route_tables(
    world: &World,
    context: &Context,
    input: &Describe,
) -> Result<Page<RouteTableView>, Ec2Error> {
    let views = chosen(
        world,
        context,
        &input.ids,
        route_table,
        |view| &view.route_table_id,
        Ec2Error::RouteTableNotFound,
    )?;
    filter::page(input, views)
}

fn route_table(vpc: &Vpc) -> RouteTableView {
    let local = |prefix: demarc_types::Prefix| RouteView {
        destination_cidr_block: prefix.to_string(),
        is_ipv6: matches!(prefix, ipnet::IpNet::V6(_)),
        gateway_id: "local",
        origin: "CreateRouteTable",
        state: "active",
    };
    RouteTableView {
        route_table_id: format!("rtb-{}", vpc.default_suffix),
        vpc_id: vpc.id.to_string(),
        owner_id: vpc.owner.to_string(),
        association_id: format!("rtbassoc-{}", vpc.default_suffix),
        routes: vpc.prefixes().map(local).collect(),
    }
}

pub(super) fn security_groups(
    world: &World,
    context: &Context,
    input: &Describe,
) -> Result<Page<SecurityGroupView>, Ec2Error> {
    let views = chosen(
        world,
        context,
        &input.ids,
        security_group,
        |view| &view.group_id,
        Ec2Error::SecurityGroupNotFound,
    )?;
    filter::page(input, views)
}

fn security_group(vpc: &Vpc) -> SecurityGroupView {
    SecurityGroupView {
        group_id: format!("sg-{}", vpc.default_suffix),
        group_name: "default",
        description: "default VPC security group",
        vpc_id: vpc.id.to_string(),
        owner_id: vpc.owner.to_string(),
    }
}
