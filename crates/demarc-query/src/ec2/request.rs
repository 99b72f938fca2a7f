//! Requests with types. Ids, address blocks and words stay texts: what they may be is for the domain.

use demarc_domain::neighbor::{
    CidrBlockOrder, Describe, Ec2Request, Ec2Tag, Filter, ModifyTransitGateway, SearchRoutes,
    TagSpecification, TagToDelete, TransitGatewayChanges, TransitGatewayOrder, VpcAttribute,
    VpcOrder, VpnGatewayOrder,
};

use super::error::Error;
use crate::parameters::Node;
use crate::read::{Fault, boolean, number, optional, required, required_texts, texts};

/// What is asked for, and whether it is only to be tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub request: Ec2Request,
    /// Decide, and then answer `DryRunOperation` instead of acting.
    pub dry_run: bool,
}

/// Reads a request from its parameters.
///
/// # Errors
/// [`Error::InvalidAction`] for what is not served here, and missing or unreadable parameters.
pub fn read(node: &Node) -> Result<Call, Error> {
    let action = node.text("Action").ok_or(Error::MissingAction)?;
    let request = match vpc_request(action, node)? {
        Some(request) => request,
        None => match gateway_request(action, node)? {
            Some(request) => request,
            None => common_request(action, node)?
                .ok_or_else(|| Error::InvalidAction(action.chars().take(64).collect()))?,
        },
    };
    Ok(Call {
        request,
        dry_run: boolean(node, "DryRun")?.unwrap_or(false),
    })
}

fn vpc_request(action: &str, node: &Node) -> Result<Option<Ec2Request>, Error> {
    Ok(Some(match action {
        "CreateVpc" => Ec2Request::CreateVpc(VpcOrder {
            cidr_block: optional(node, "CidrBlock"),
            amazon_provided_ipv6_cidr_block: boolean(node, "AmazonProvidedIpv6CidrBlock")?
                .unwrap_or(false),
            instance_tenancy: optional(node, "InstanceTenancy"),
            tag_specifications: tag_specifications(node)?,
        }),
        "DescribeVpcs" => Ec2Request::DescribeVpcs(describe(node, "VpcId")?),
        "DescribeVpcAttribute" => Ec2Request::DescribeVpcAttribute {
            vpc_id: required(node, "VpcId")?,
            attribute: attribute(&required(node, "Attribute")?)?,
        },
        "ModifyVpcAttribute" => modify_vpc_attribute(node)?,
        "DeleteVpc" => Ec2Request::DeleteVpc {
            vpc_id: required(node, "VpcId")?,
        },
        "AssociateVpcCidrBlock" => Ec2Request::AssociateVpcCidrBlock {
            vpc_id: required(node, "VpcId")?,
            block: CidrBlockOrder {
                cidr_block: optional(node, "CidrBlock"),
                amazon_provided_ipv6_cidr_block: boolean(node, "AmazonProvidedIpv6CidrBlock")?
                    .unwrap_or(false),
            },
        },
        "DisassociateVpcCidrBlock" => Ec2Request::DisassociateVpcCidrBlock {
            association_id: required(node, "AssociationId")?,
        },
        "DescribeNetworkAcls" => Ec2Request::DescribeNetworkAcls(describe(node, "NetworkAclId")?),
        "DescribeRouteTables" => Ec2Request::DescribeRouteTables(describe(node, "RouteTableId")?),
        "DescribeSecurityGroups" => {
            let mut input = describe(node, "GroupId")?;
            let values = texts(node, "GroupName");
            if !values.is_empty() {
                let name = "group-name".to_owned();
                input.filters.push(Filter { name, values });
            }
            Ec2Request::DescribeSecurityGroups(input)
        }
        _ => return Ok(None),
    }))
}

fn gateway_request(action: &str, node: &Node) -> Result<Option<Ec2Request>, Error> {
    Ok(Some(match action {
        "CreateVpnGateway" => Ec2Request::CreateVpnGateway(VpnGatewayOrder {
            gateway_type: optional(node, "Type"),
            amazon_side_asn: number(node, "AmazonSideAsn")?,
            availability_zone: optional(node, "AvailabilityZone"),
            tag_specifications: tag_specifications(node)?,
        }),
        "DescribeVpnGateways" => Ec2Request::DescribeVpnGateways(describe(node, "VpnGatewayId")?),
        "AttachVpnGateway" => Ec2Request::AttachVpnGateway {
            vpn_gateway_id: required(node, "VpnGatewayId")?,
            vpc_id: required(node, "VpcId")?,
        },
        "DetachVpnGateway" => Ec2Request::DetachVpnGateway {
            vpn_gateway_id: required(node, "VpnGatewayId")?,
            vpc_id: required(node, "VpcId")?,
        },
        "DeleteVpnGateway" => Ec2Request::DeleteVpnGateway {
            vpn_gateway_id: required(node, "VpnGatewayId")?,
        },
        "CreateTransitGateway" => Ec2Request::CreateTransitGateway(TransitGatewayOrder {
            description: optional(node, "Description"),
            options: options(node, "Options.TransitGatewayCidrBlocks")?,
            tag_specifications: tag_specifications(node)?,
        }),
        "DescribeTransitGateways" => {
            Ec2Request::DescribeTransitGateways(describe(node, "TransitGatewayIds")?)
        }
        "ModifyTransitGateway" => Ec2Request::ModifyTransitGateway(ModifyTransitGateway {
            transit_gateway_id: required(node, "TransitGatewayId")?,
            // An empty one takes the description away.
            description: node.text("Description").map(str::to_owned),
            options: options(node, "Options.AddTransitGatewayCidrBlocks")?,
        }),
        "DeleteTransitGateway" => Ec2Request::DeleteTransitGateway {
            transit_gateway_id: required(node, "TransitGatewayId")?,
        },
        "DescribeTransitGatewayAttachments" => {
            let input = describe(node, "TransitGatewayAttachmentIds")?;
            Ec2Request::DescribeTransitGatewayAttachments(input)
        }
        "DescribeTransitGatewayRouteTables" => {
            let input = describe(node, "TransitGatewayRouteTableIds")?;
            Ec2Request::DescribeTransitGatewayRouteTables(input)
        }
        "SearchTransitGatewayRoutes" => Ec2Request::SearchTransitGatewayRoutes(search(node)?),
        _ => return Ok(None),
    }))
}

fn common_request(action: &str, node: &Node) -> Result<Option<Ec2Request>, Error> {
    Ok(Some(match action {
        "CreateTags" => Ec2Request::CreateTags {
            resources: required_texts(node, "ResourceId")?,
            tags: tags(node)?,
        },
        "DeleteTags" => Ec2Request::DeleteTags {
            resources: required_texts(node, "ResourceId")?,
            tags: tags_to_delete(node)?,
        },
        "DescribeTags" => Ec2Request::DescribeTags(describe(node, "")?),
        "DescribeRegions" => Ec2Request::DescribeRegions(describe(node, "RegionName")?),
        "DescribeAvailabilityZones" => {
            let mut input = describe(node, "ZoneName")?;
            input.ids.extend(texts(node, "ZoneId"));
            Ec2Request::DescribeAvailabilityZones(input)
        }
        _ => return Ok(None),
    }))
}

/// The parts that all `Describe...` calls share; `ids` is the name of the list of ids.
fn describe(node: &Node, ids: &str) -> Result<Describe, Error> {
    Ok(Describe {
        ids: texts(node, ids),
        filters: filters(node)?,
        max_results: number(node, "MaxResults")?,
        next_token: optional(node, "NextToken"),
    })
}

fn filters(node: &Node) -> Result<Vec<Filter>, Error> {
    node.items("Filter")
        .map(|filter| {
            Ok(Filter {
                name: required(filter, "Name")?,
                values: texts(filter, "Value"),
            })
        })
        .collect()
}

fn search(node: &Node) -> Result<SearchRoutes, Error> {
    let filters = filters(node)?;
    if filters.is_empty() {
        return Err(Fault::Missing("Filters").into());
    }
    Ok(SearchRoutes {
        transit_gateway_route_table_id: required(node, "TransitGatewayRouteTableId")?,
        filters,
        max_results: number(node, "MaxResults")?,
    })
}

fn attribute(text: &str) -> Result<VpcAttribute, Fault> {
    VpcAttribute::parse(text).ok_or_else(|| {
        let expected =
            "Use enableDnsSupport, enableDnsHostnames or enableNetworkAddressUsageMetrics.";
        Fault::invalid("attribute", text, expected)
    })
}

fn modify_vpc_attribute(node: &Node) -> Result<Ec2Request, Error> {
    let given = [
        (VpcAttribute::EnableDnsSupport, "EnableDnsSupport.Value"),
        (VpcAttribute::EnableDnsHostnames, "EnableDnsHostnames.Value"),
        (
            VpcAttribute::EnableNetworkAddressUsageMetrics,
            "EnableNetworkAddressUsageMetrics.Value",
        ),
    ];
    let mut wanted = None;
    for (attribute, name) in given {
        let Some(value) = boolean(node, name)? else {
            continue;
        };
        if wanted.replace((attribute, value)).is_some() {
            return Err(Error::OneAttribute);
        }
    }
    let (attribute, value) = wanted.ok_or(Error::OneAttribute)?;
    Ok(Ec2Request::ModifyVpcAttribute {
        vpc_id: required(node, "VpcId")?,
        attribute,
        value,
    })
}

fn options(node: &Node, cidr_blocks: &str) -> Result<TransitGatewayChanges, Error> {
    Ok(TransitGatewayChanges {
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
        add_cidr_blocks: texts(node, cidr_blocks),
        remove_cidr_blocks: texts(node, "Options.RemoveTransitGatewayCidrBlocks"),
    })
}

fn switch(node: &Node, name: &'static str) -> Result<Option<bool>, Fault> {
    match node.text(name) {
        None | Some("") => Ok(None),
        Some("enable") => Ok(Some(true)),
        Some("disable") => Ok(Some(false)),
        Some(other) => Err(Fault::invalid(name, other, "Use enable or disable.")),
    }
}

/// `Tag.N.Key` and `Tag.N.Value`; a tag without a value has an empty one.
fn tags(node: &Node) -> Result<Vec<Ec2Tag>, Error> {
    node.items("Tag")
        .map(|tag| {
            Ok(Ec2Tag {
                key: required(tag, "Key")?,
                value: tag.text("Value").unwrap_or_default().to_owned(),
            })
        })
        .collect()
}

fn tags_to_delete(node: &Node) -> Result<Vec<TagToDelete>, Error> {
    node.items("Tag")
        .map(|tag| {
            Ok(TagToDelete {
                key: required(tag, "Key")?,
                value: tag.text("Value").map(str::to_owned),
            })
        })
        .collect()
}

/// `TagSpecification.N`, in some operations' models `TagSpecifications.N`.
fn tag_specifications(node: &Node) -> Result<Vec<TagSpecification>, Error> {
    node.items("TagSpecification")
        .chain(node.items("TagSpecifications"))
        .map(|specification| {
            Ok(TagSpecification {
                resource_type: required(specification, "ResourceType")?,
                tags: tags(specification)?,
            })
        })
        .collect()
}
