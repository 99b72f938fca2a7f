//! Requests with types. Ids and address blocks stay texts: whether they are well formed is a question
//! with an answer per kind, which the domain gives.

mod shapes;

use crate::parameters::Node;
use crate::read::{Fault, boolean, number, optional, required, required_texts, texts};

use super::error::Error;

pub use shapes::{
    AssociateVpcCidrBlock, Attachment, CreateTransitGateway, CreateVpc, CreateVpnGateway, Describe,
    Filter, ModifyTransitGateway, ModifyVpcAttribute, PageRequest, SearchTransitGatewayRoutes, Tag,
    Tagging, TransitGatewayOptions, Untagging, VpcAttribute,
};
use shapes::{filters, page, read_options, tag_specifications, tags};

/// A request to EC2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    CreateVpc(CreateVpc),
    DescribeVpcs(Describe),
    DescribeVpcAttribute {
        vpc_id: String,
        attribute: VpcAttribute,
    },
    ModifyVpcAttribute(ModifyVpcAttribute),
    DeleteVpc {
        vpc_id: String,
    },
    AssociateVpcCidrBlock(AssociateVpcCidrBlock),
    DisassociateVpcCidrBlock {
        association_id: String,
    },
    DescribeNetworkAcls(Describe),
    DescribeRouteTables(Describe),
    /// `names` are those of `GroupName`.
    DescribeSecurityGroups {
        describe: Describe,
        names: Vec<String>,
    },
    CreateVpnGateway(CreateVpnGateway),
    DescribeVpnGateways(Describe),
    AttachVpnGateway(Attachment),
    DetachVpnGateway(Attachment),
    DeleteVpnGateway {
        vpn_gateway_id: String,
    },
    CreateTransitGateway(CreateTransitGateway),
    DescribeTransitGateways(Describe),
    ModifyTransitGateway(ModifyTransitGateway),
    DeleteTransitGateway {
        transit_gateway_id: String,
    },
    DescribeTransitGatewayAttachments(Describe),
    DescribeTransitGatewayRouteTables(Describe),
    SearchTransitGatewayRoutes(SearchTransitGatewayRoutes),
    CreateTags(Tagging),
    DeleteTags(Untagging),
    /// Has no ids.
    DescribeTags(Describe),
    /// `ids` are Region names.
    DescribeRegions {
        describe: Describe,
        all: bool,
    },
    /// `ids` are the names of zones.
    DescribeAvailabilityZones {
        describe: Describe,
        zone_ids: Vec<String>,
    },
}

/// What a request is and whether it is only to be tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub request: Request,
    /// Answer [`Error::DryRunOperation`] instead of acting.
    pub dry_run: bool,
}

impl Request {
    /// Reads the request from its parameters.
    ///
    /// # Errors
    /// [`Error::MissingAction`], [`Error::InvalidAction`] for what is not served here, and
    /// [`Error::Parameter`].
    pub fn read(node: &Node) -> Result<Self, Error> {
        let action = node.text("Action").ok_or(Error::MissingAction)?;
        Ok(match action {
            "CreateVpc" => Self::CreateVpc(CreateVpc::read(node)?),
            "DescribeVpcs" => Self::DescribeVpcs(describe(node, "VpcId")?),
            "DescribeVpcAttribute" => Self::DescribeVpcAttribute {
                vpc_id: required(node, "VpcId")?,
                attribute: VpcAttribute::read(&required(node, "Attribute")?)?,
            },
            "ModifyVpcAttribute" => Self::ModifyVpcAttribute(ModifyVpcAttribute::read(node)?),
            "DeleteVpc" => Self::DeleteVpc {
                vpc_id: required(node, "VpcId")?,
            },
            "AssociateVpcCidrBlock" => {
                Self::AssociateVpcCidrBlock(AssociateVpcCidrBlock::read(node)?)
            }
            "DisassociateVpcCidrBlock" => Self::DisassociateVpcCidrBlock {
                association_id: required(node, "AssociationId")?,
            },
            "DescribeNetworkAcls" => Self::DescribeNetworkAcls(describe(node, "NetworkAclId")?),
            "DescribeRouteTables" => Self::DescribeRouteTables(describe(node, "RouteTableId")?),
            "DescribeSecurityGroups" => Self::DescribeSecurityGroups {
                describe: describe(node, "GroupId")?,
                names: texts(node, "GroupName"),
            },
            _ => return Self::read_gateways(action, node),
        })
    }

    fn read_gateways(action: &str, node: &Node) -> Result<Self, Error> {
        Ok(match action {
            "CreateVpnGateway" => Self::CreateVpnGateway(CreateVpnGateway::read(node)?),
            "DescribeVpnGateways" => Self::DescribeVpnGateways(describe(node, "VpnGatewayId")?),
            "AttachVpnGateway" => Self::AttachVpnGateway(Attachment::read(node)?),
            "DetachVpnGateway" => Self::DetachVpnGateway(Attachment::read(node)?),
            "DeleteVpnGateway" => Self::DeleteVpnGateway {
                vpn_gateway_id: required(node, "VpnGatewayId")?,
            },
            "CreateTransitGateway" => Self::CreateTransitGateway(CreateTransitGateway::read(node)?),
            "DescribeTransitGateways" => {
                Self::DescribeTransitGateways(describe(node, "TransitGatewayIds")?)
            }
            "ModifyTransitGateway" => Self::ModifyTransitGateway(ModifyTransitGateway::read(node)?),
            "DeleteTransitGateway" => Self::DeleteTransitGateway {
                transit_gateway_id: required(node, "TransitGatewayId")?,
            },
            "DescribeTransitGatewayAttachments" => {
                let ids = "TransitGatewayAttachmentIds";
                Self::DescribeTransitGatewayAttachments(describe(node, ids)?)
            }
            "DescribeTransitGatewayRouteTables" => {
                let ids = "TransitGatewayRouteTableIds";
                Self::DescribeTransitGatewayRouteTables(describe(node, ids)?)
            }
            "SearchTransitGatewayRoutes" => {
                Self::SearchTransitGatewayRoutes(SearchTransitGatewayRoutes::read(node)?)
            }
            _ => return Self::read_common(action, node),
        })
    }

    fn read_common(action: &str, node: &Node) -> Result<Self, Error> {
        Ok(match action {
            "CreateTags" => Self::CreateTags(Tagging {
                resources: required_texts(node, "ResourceId")?,
                tags: tags(node)?,
            }),
            "DeleteTags" => Self::DeleteTags(Untagging::read(node)?),
            "DescribeTags" => Self::DescribeTags(describe(node, "")?),
            "DescribeRegions" => Self::DescribeRegions {
                describe: describe(node, "RegionName")?,
                all: boolean(node, "AllRegions")?.unwrap_or(false),
            },
            "DescribeAvailabilityZones" => Self::DescribeAvailabilityZones {
                describe: describe(node, "ZoneName")?,
                zone_ids: texts(node, "ZoneId"),
            },
            other => return Err(Error::InvalidAction(other.chars().take(64).collect())),
        })
    }

    /// The operation's name, as in `ec2:CreateVpc`.
    pub fn action(&self) -> &'static str {
        match self {
            Self::CreateVpc(_) => "CreateVpc",
            Self::DescribeVpcs(_) => "DescribeVpcs",
            Self::DescribeVpcAttribute { .. } => "DescribeVpcAttribute",
            Self::ModifyVpcAttribute(_) => "ModifyVpcAttribute",
            Self::DeleteVpc { .. } => "DeleteVpc",
            Self::AssociateVpcCidrBlock(_) => "AssociateVpcCidrBlock",
            Self::DisassociateVpcCidrBlock { .. } => "DisassociateVpcCidrBlock",
            Self::DescribeNetworkAcls(_) => "DescribeNetworkAcls",
            Self::DescribeRouteTables(_) => "DescribeRouteTables",
            Self::DescribeSecurityGroups { .. } => "DescribeSecurityGroups",
            Self::CreateVpnGateway(_) => "CreateVpnGateway",
            Self::DescribeVpnGateways(_) => "DescribeVpnGateways",
            Self::AttachVpnGateway(_) => "AttachVpnGateway",
            Self::DetachVpnGateway(_) => "DetachVpnGateway",
            Self::DeleteVpnGateway { .. } => "DeleteVpnGateway",
            Self::CreateTransitGateway(_) => "CreateTransitGateway",
            Self::DescribeTransitGateways(_) => "DescribeTransitGateways",
            Self::ModifyTransitGateway(_) => "ModifyTransitGateway",
            Self::DeleteTransitGateway { .. } => "DeleteTransitGateway",
            Self::DescribeTransitGatewayAttachments(_) => "DescribeTransitGatewayAttachments",
            Self::DescribeTransitGatewayRouteTables(_) => "DescribeTransitGatewayRouteTables",
            Self::SearchTransitGatewayRoutes(_) => "SearchTransitGatewayRoutes",
            Self::CreateTags(_) => "CreateTags",
            Self::DeleteTags(_) => "DeleteTags",
            Self::DescribeTags(_) => "DescribeTags",
            Self::DescribeRegions { .. } => "DescribeRegions",
            Self::DescribeAvailabilityZones { .. } => "DescribeAvailabilityZones",
        }
    }
}

impl Call {
    /// Reads the request and its `DryRun`.
    ///
    /// # Errors
    /// Those of [`Request::read`].
    pub fn read(node: &Node) -> Result<Self, Error> {
        Ok(Self {
            request: Request::read(node)?,
            dry_run: boolean(node, "DryRun")?.unwrap_or(false),
        })
    }
}

/// The parts that all `Describe...` calls share.
fn describe(node: &Node, ids: &str) -> Result<Describe, Error> {
    Ok(Describe {
        ids: texts(node, ids),
        filters: filters(node)?,
        page: page(node)?,
    })
}

impl CreateVpc {
    fn read(node: &Node) -> Result<Self, Error> {
        Ok(Self {
            cidr_block: required(node, "CidrBlock")?,
            instance_tenancy: optional(node, "InstanceTenancy"),
            amazon_provided_ipv6_cidr_block: boolean(node, "AmazonProvidedIpv6CidrBlock")?
                .unwrap_or(false),
            ipv6_cidr_block: optional(node, "Ipv6CidrBlock"),
            tags: tag_specifications(node, "vpc")?,
        })
    }
}

impl ModifyVpcAttribute {
    fn read(node: &Node) -> Result<Self, Error> {
        Ok(Self {
            vpc_id: required(node, "VpcId")?,
            enable_dns_support: boolean(node, "EnableDnsSupport.Value")?,
            enable_dns_hostnames: boolean(node, "EnableDnsHostnames.Value")?,
            enable_network_address_usage_metrics: boolean(
                node,
                "EnableNetworkAddressUsageMetrics.Value",
            )?,
        })
    }
}

impl AssociateVpcCidrBlock {
    fn read(node: &Node) -> Result<Self, Error> {
        Ok(Self {
            vpc_id: required(node, "VpcId")?,
            cidr_block: optional(node, "CidrBlock"),
            ipv6_cidr_block: optional(node, "Ipv6CidrBlock"),
            amazon_provided_ipv6_cidr_block: boolean(node, "AmazonProvidedIpv6CidrBlock")?
                .unwrap_or(false),
        })
    }
}

impl CreateVpnGateway {
    fn read(node: &Node) -> Result<Self, Error> {
        let kind = required(node, "Type")?;
        if kind != "ipsec.1" {
            return Err(Fault::invalid("type", &kind, "Use ipsec.1.").into());
        }
        Ok(Self {
            amazon_side_asn: number(node, "AmazonSideAsn")?,
            availability_zone: optional(node, "AvailabilityZone"),
            tags: tag_specifications(node, "vpn-gateway")?,
        })
    }
}

impl Attachment {
    fn read(node: &Node) -> Result<Self, Error> {
        Ok(Self {
            vpc_id: required(node, "VpcId")?,
            vpn_gateway_id: required(node, "VpnGatewayId")?,
        })
    }
}

impl CreateTransitGateway {
    fn read(node: &Node) -> Result<Self, Error> {
        Ok(Self {
            description: optional(node, "Description"),
            options: read_options(node)?,
            cidr_blocks: texts(node, "Options.TransitGatewayCidrBlocks"),
            tags: tag_specifications(node, "transit-gateway")?,
        })
    }
}

impl ModifyTransitGateway {
    fn read(node: &Node) -> Result<Self, Error> {
        Ok(Self {
            transit_gateway_id: required(node, "TransitGatewayId")?,
            description: node.text("Description").map(str::to_owned),
            options: read_options(node)?,
            add_cidr_blocks: texts(node, "Options.AddTransitGatewayCidrBlocks"),
            remove_cidr_blocks: texts(node, "Options.RemoveTransitGatewayCidrBlocks"),
            association_default_route_table_id: optional(
                node,
                "Options.AssociationDefaultRouteTableId",
            ),
            propagation_default_route_table_id: optional(
                node,
                "Options.PropagationDefaultRouteTableId",
            ),
        })
    }
}

impl SearchTransitGatewayRoutes {
    fn read(node: &Node) -> Result<Self, Error> {
        let filters = filters(node)?;
        if filters.is_empty() {
            return Err(Fault::Missing("Filters").into());
        }
        Ok(Self {
            transit_gateway_route_table_id: required(node, "TransitGatewayRouteTableId")?,
            filters,
            page: page(node)?,
        })
    }
}

impl Untagging {
    /// Terraform sends keys with values, the CLI keys alone; without tags all of them go.
    fn read(node: &Node) -> Result<Self, Error> {
        let mut tags = Vec::new();
        for tag in node.items("Tag") {
            tags.push((required(tag, "Key")?, tag.text("Value").map(str::to_owned)));
        }
        Ok(Self {
            resources: required_texts(node, "ResourceId")?,
            tags,
        })
    }
}
