//! The members of requests.

use super::super::error::Error;
use crate::parameters::Node;
use crate::read::{Fault, number, optional, required};

/// Which page of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageRequest {
    pub max_results: Option<u32>,
    pub next_token: Option<String>,
}

/// A `Describe...` call: these ids or all, of them those that pass every filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Describe {
    pub ids: Vec<String>,
    pub filters: Vec<Filter>,
    pub page: PageRequest,
}

/// Passes what has one of the values; `*` and `?` are wildcards, `\` takes their meaning away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    pub name: String,
    pub values: Vec<String>,
}

/// A tag to set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    pub key: String,
    pub value: String,
}

/// `CreateTags`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagging {
    pub resources: Vec<String>,
    pub tags: Vec<Tag>,
}

/// `DeleteTags`. A tag with a value goes only if it has that value; no tags at all means every one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untagging {
    pub resources: Vec<String>,
    pub tags: Vec<(String, Option<String>)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateVpc {
    pub cidr_block: String,
    pub instance_tenancy: Option<String>,
    pub amazon_provided_ipv6_cidr_block: bool,
    pub ipv6_cidr_block: Option<String>,
    pub tags: Vec<Tag>,
}

/// An attribute of a VPC that has its own call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VpcAttribute {
    EnableDnsSupport,
    EnableDnsHostnames,
    EnableNetworkAddressUsageMetrics,
}

impl VpcAttribute {
    /// The name in requests and answers.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::EnableDnsSupport => "enableDnsSupport",
            Self::EnableDnsHostnames => "enableDnsHostnames",
            Self::EnableNetworkAddressUsageMetrics => "enableNetworkAddressUsageMetrics",
        }
    }

    pub(super) fn read(text: &str) -> Result<Self, Fault> {
        match text {
            "enableDnsSupport" => Ok(Self::EnableDnsSupport),
            "enableDnsHostnames" => Ok(Self::EnableDnsHostnames),
            "enableNetworkAddressUsageMetrics" => Ok(Self::EnableNetworkAddressUsageMetrics),
            other => Err(Fault::invalid(
                "attribute",
                other,
                "Use enableDnsSupport, enableDnsHostnames or enableNetworkAddressUsageMetrics.",
            )),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModifyVpcAttribute {
    pub vpc_id: String,
    pub enable_dns_support: Option<bool>,
    pub enable_dns_hostnames: Option<bool>,
    pub enable_network_address_usage_metrics: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssociateVpcCidrBlock {
    pub vpc_id: String,
    pub cidr_block: Option<String>,
    pub ipv6_cidr_block: Option<String>,
    pub amazon_provided_ipv6_cidr_block: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateVpnGateway {
    pub amazon_side_asn: Option<u32>,
    pub availability_zone: Option<String>,
    pub tags: Vec<Tag>,
}

/// A virtual private gateway and a VPC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    pub vpc_id: String,
    pub vpn_gateway_id: String,
}

/// What can be switched at a transit gateway; `true` is `enable`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransitGatewayOptions {
    pub amazon_side_asn: Option<u32>,
    pub auto_accept_shared_attachments: Option<bool>,
    pub default_route_table_association: Option<bool>,
    pub default_route_table_propagation: Option<bool>,
    pub vpn_ecmp_support: Option<bool>,
    pub dns_support: Option<bool>,
    pub security_group_referencing_support: Option<bool>,
    /// Of `CreateTransitGateway` only.
    pub multicast_support: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateTransitGateway {
    pub description: Option<String>,
    pub options: TransitGatewayOptions,
    pub cidr_blocks: Vec<String>,
    pub tags: Vec<Tag>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModifyTransitGateway {
    pub transit_gateway_id: String,
    /// An empty text removes it.
    pub description: Option<String>,
    pub options: TransitGatewayOptions,
    pub add_cidr_blocks: Vec<String>,
    pub remove_cidr_blocks: Vec<String>,
    pub association_default_route_table_id: Option<String>,
    pub propagation_default_route_table_id: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchTransitGatewayRoutes {
    pub transit_gateway_route_table_id: String,
    pub filters: Vec<Filter>,
    pub page: PageRequest,
}

pub(super) fn page(node: &Node) -> Result<PageRequest, Error> {
    Ok(PageRequest {
        max_results: number(node, "MaxResults")?,
        next_token: optional(node, "NextToken"),
    })
}

pub(super) fn filters(node: &Node) -> Result<Vec<Filter>, Error> {
    node.items("Filter")
        .map(|filter| {
            Ok(Filter {
                name: required(filter, "Name")?,
                values: crate::read::texts(filter, "Value"),
            })
        })
        .collect()
}

/// `Tag.N.Key` and `Tag.N.Value`; a tag without a value has an empty one.
pub(super) fn tags(node: &Node) -> Result<Vec<Tag>, Error> {
    node.items("Tag")
        .map(|tag| {
            Ok(Tag {
                key: required(tag, "Key")?,
                value: tag.text("Value").unwrap_or_default().to_owned(),
            })
        })
        .collect()
}

/// The tags for the one resource that the call creates.
pub(super) fn tag_specifications(node: &Node, resource_type: &str) -> Result<Vec<Tag>, Error> {
    let mut all = Vec::new();
    for specification in node
        .items("TagSpecification")
        .chain(node.items("TagSpecifications"))
    {
        let kind = required(specification, "ResourceType")?;
        if kind != resource_type {
            return Err(Error::InvalidParameterValue(format!(
                "'{}' is not a valid taggable resource type for this operation.",
                kind.chars().take(64).collect::<String>()
            )));
        }
        all.extend(tags(specification)?);
    }
    Ok(all)
}

pub(super) fn read_options(node: &Node) -> Result<TransitGatewayOptions, Error> {
    Ok(TransitGatewayOptions {
        amazon_side_asn: number(node, "Options.AmazonSideAsn")?,
        auto_accept_shared_attachments: switch(node, "Options.AutoAcceptSharedAttachments")?,
        default_route_table_association: switch(node, "Options.DefaultRouteTableAssociation")?,
        default_route_table_propagation: switch(node, "Options.DefaultRouteTablePropagation")?,
        vpn_ecmp_support: switch(node, "Options.VpnEcmpSupport")?,
        dns_support: switch(node, "Options.DnsSupport")?,
        security_group_referencing_support: switch(
            node,
            "Options.SecurityGroupReferencingSupport",
        )?,
        multicast_support: switch(node, "Options.MulticastSupport")?,
    })
}

fn switch(node: &Node, name: &'static str) -> Result<Option<bool>, Error> {
    match node.text(name) {
        None | Some("") => Ok(None),
        Some("enable") => Ok(Some(true)),
        Some("disable") => Ok(Some(false)),
        Some(other) => Err(Fault::invalid(name, other, "Use enable or disable.").into()),
    }
}
