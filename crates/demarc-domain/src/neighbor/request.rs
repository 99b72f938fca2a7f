//! EC2 requests as plain values. Strings are as the caller wrote them; they are checked here.

use super::filter::Filter;

/// One call. The names are those of EC2's actions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ec2Request {
    CreateVpc(VpcOrder),
    DescribeVpcs(Describe),
    DescribeVpcAttribute {
        vpc_id: String,
        attribute: VpcAttribute,
    },
    /// One attribute a call, as EC2 wants it.
    ModifyVpcAttribute {
        vpc_id: String,
        attribute: VpcAttribute,
        value: bool,
    },
    AssociateVpcCidrBlock {
        vpc_id: String,
        block: CidrBlockOrder,
    },
    DisassociateVpcCidrBlock {
        association_id: String,
    },
    DeleteVpc {
        vpc_id: String,
    },
    DescribeNetworkAcls(Describe),
    DescribeRouteTables(Describe),
    /// `GroupNames` come as a filter `group-name`.
    DescribeSecurityGroups(Describe),

    CreateVpnGateway(VpnGatewayOrder),
    DescribeVpnGateways(Describe),
    AttachVpnGateway {
        vpn_gateway_id: String,
        vpc_id: String,
    },
    DetachVpnGateway {
        vpn_gateway_id: String,
        vpc_id: String,
    },
    DeleteVpnGateway {
        vpn_gateway_id: String,
    },

    CreateTransitGateway(TransitGatewayOrder),
    DescribeTransitGateways(Describe),
    ModifyTransitGateway(ModifyTransitGateway),
    DeleteTransitGateway {
        transit_gateway_id: String,
    },
    DescribeTransitGatewayAttachments(Describe),
    DescribeTransitGatewayRouteTables(Describe),
    SearchTransitGatewayRoutes(SearchRoutes),

    CreateTags {
        resources: Vec<String>,
        tags: Vec<Ec2Tag>,
    },
    /// Without tags, all tags of the resources are meant.
    DeleteTags {
        resources: Vec<String>,
        tags: Vec<TagToDelete>,
    },
    DescribeTags(Describe),

    /// `ids` are Region names.
    DescribeRegions(Describe),
    /// `ids` are names or ids of zones.
    DescribeAvailabilityZones(Describe),
}

/// The members that Describe calls share. No ids and no filters: everything of the caller's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Describe {
    pub ids: Vec<String>,
    pub filters: Vec<Filter>,
    pub max_results: Option<i64>,
    pub next_token: Option<String>,
}

/// A tag to set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ec2Tag {
    pub key: String,
    pub value: String,
}

/// A tag to take away: with that value only, if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagToDelete {
    pub key: String,
    pub value: Option<String>,
}

/// Tags of something new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagSpecification {
    pub resource_type: String,
    pub tags: Vec<Ec2Tag>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VpcOrder {
    pub cidr_block: Option<String>,
    pub amazon_provided_ipv6_cidr_block: bool,
    pub instance_tenancy: Option<String>,
    pub tag_specifications: Vec<TagSpecification>,
}

/// Exactly one kind of block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CidrBlockOrder {
    pub cidr_block: Option<String>,
    pub amazon_provided_ipv6_cidr_block: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VpcAttribute {
    EnableDnsSupport,
    EnableDnsHostnames,
    EnableNetworkAddressUsageMetrics,
}

impl VpcAttribute {
    /// The attribute's name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EnableDnsSupport => "enableDnsSupport",
            Self::EnableDnsHostnames => "enableDnsHostnames",
            Self::EnableNetworkAddressUsageMetrics => "enableNetworkAddressUsageMetrics",
        }
    }

    /// The attribute of that name.
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::EnableDnsSupport,
            Self::EnableDnsHostnames,
            Self::EnableNetworkAddressUsageMetrics,
        ]
        .into_iter()
        .find(|attribute| attribute.as_str() == text)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VpnGatewayOrder {
    /// `ipsec.1`.
    pub gateway_type: Option<String>,
    pub amazon_side_asn: Option<i64>,
    pub availability_zone: Option<String>,
    pub tag_specifications: Vec<TagSpecification>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransitGatewayOrder {
    pub description: Option<String>,
    pub options: TransitGatewayChanges,
    pub tag_specifications: Vec<TagSpecification>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModifyTransitGateway {
    pub transit_gateway_id: String,
    pub description: Option<String>,
    pub options: TransitGatewayChanges,
}

/// Options of a transit gateway that were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransitGatewayChanges {
    pub amazon_side_asn: Option<i64>,
    pub auto_accept_shared_attachments: Option<bool>,
    pub default_route_table_association: Option<bool>,
    pub default_route_table_propagation: Option<bool>,
    pub vpn_ecmp_support: Option<bool>,
    pub dns_support: Option<bool>,
    pub security_group_referencing_support: Option<bool>,
    /// At creation only.
    pub multicast_support: Option<bool>,
    /// `TransitGatewayCidrBlocks` at creation, `AddTransitGatewayCidrBlocks` afterwards.
    pub add_cidr_blocks: Vec<String>,
    pub remove_cidr_blocks: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchRoutes {
    pub transit_gateway_route_table_id: String,
    pub filters: Vec<Filter>,
    pub max_results: Option<i64>,
}

impl Ec2Request {
    /// The action.
    pub fn name(&self) -> &'static str {
        match self {
            Self::CreateVpc(_) => "CreateVpc",
            Self::DescribeVpcs(_) => "DescribeVpcs",
            Self::DescribeVpcAttribute { .. } => "DescribeVpcAttribute",
            Self::ModifyVpcAttribute { .. } => "ModifyVpcAttribute",
            Self::AssociateVpcCidrBlock { .. } => "AssociateVpcCidrBlock",
            Self::DisassociateVpcCidrBlock { .. } => "DisassociateVpcCidrBlock",
            Self::DeleteVpc { .. } => "DeleteVpc",
            Self::DescribeNetworkAcls(_) => "DescribeNetworkAcls",
            Self::DescribeRouteTables(_) => "DescribeRouteTables",
            Self::DescribeSecurityGroups(_) => "DescribeSecurityGroups",
            Self::CreateVpnGateway(_) => "CreateVpnGateway",
            Self::DescribeVpnGateways(_) => "DescribeVpnGateways",
            Self::AttachVpnGateway { .. } => "AttachVpnGateway",
            Self::DetachVpnGateway { .. } => "DetachVpnGateway",
            Self::DeleteVpnGateway { .. } => "DeleteVpnGateway",
            Self::CreateTransitGateway(_) => "CreateTransitGateway",
            Self::DescribeTransitGateways(_) => "DescribeTransitGateways",
            Self::ModifyTransitGateway(_) => "ModifyTransitGateway",
            Self::DeleteTransitGateway { .. } => "DeleteTransitGateway",
            Self::DescribeTransitGatewayAttachments(_) => "DescribeTransitGatewayAttachments",
            Self::DescribeTransitGatewayRouteTables(_) => "DescribeTransitGatewayRouteTables",
            Self::SearchTransitGatewayRoutes(_) => "SearchTransitGatewayRoutes",
            Self::CreateTags { .. } => "CreateTags",
            Self::DeleteTags { .. } => "DeleteTags",
            Self::DescribeTags(_) => "DescribeTags",
            Self::DescribeRegions(_) => "DescribeRegions",
            Self::DescribeAvailabilityZones(_) => "DescribeAvailabilityZones",
        }
    }

    /// Changes nothing.
    pub fn is_read_only(&self) -> bool {
        self.name().starts_with("Describe") || self.name().starts_with("Search")
    }
}
