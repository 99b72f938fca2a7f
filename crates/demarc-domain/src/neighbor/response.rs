//! EC2 answers as plain values. Members are named as on the wire.

mod filtered;

use demarc_types::Timestamp;

use super::request::{Ec2Tag, VpcAttribute};

/// The answer to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ec2Response {
    /// `<return>true</return>`.
    Done,
    Vpc(VpcView),
    Vpcs(Page<VpcView>),
    VpcAttribute {
        vpc_id: String,
        attribute: VpcAttribute,
        value: bool,
    },
    /// A block that begins or ends; the VPC comes along.
    CidrBlock(CidrBlockAnswer),
    NetworkAcls(Page<NetworkAclView>),
    RouteTables(Page<RouteTableView>),
    SecurityGroups(Page<SecurityGroupView>),
    VpnGateway(VpnGatewayView),
    VpnGateways(Page<VpnGatewayView>),
    VpcAttachment(VpcAttachmentView),
    TransitGateway(TransitGatewayView),
    TransitGateways(Page<TransitGatewayView>),
    TransitGatewayAttachments(Page<TransitGatewayAttachmentView>),
    TransitGatewayRouteTables(Page<TransitGatewayRouteTableView>),
    TransitGatewayRoutes {
        routes: Vec<TransitGatewayRouteView>,
        additional_routes_available: bool,
    },
    Tags(Page<TagView>),
    Regions(Page<RegionView>),
    AvailabilityZones(Page<AvailabilityZoneView>),
}

/// Some entries of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next_token: Option<String>,
}

/// A tag, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagView {
    pub tag: Ec2Tag,
    pub resource_id: String,
    /// `vpc`, `vpn-gateway` or `transit-gateway`.
    pub resource_type: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VpcView {
    pub vpc_id: String,
    pub owner_id: String,
    /// `pending` in the answer to its creation, `available` ever after.
    pub state: &'static str,
    pub cidr_block: String,
    pub dhcp_options_id: String,
    pub instance_tenancy: String,
    pub is_default: bool,
    pub cidr_blocks: Vec<CidrBlockView>,
    pub ipv6_cidr_blocks: Vec<CidrBlockView>,
    pub tags: Vec<Ec2Tag>,
}

/// One address block of a VPC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CidrBlockView {
    pub association_id: String,
    pub cidr_block: String,
    /// `associating`, `associated`, `disassociating`.
    pub state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CidrBlockAnswer {
    pub vpc_id: String,
    /// Goes into `ipv6CidrBlockAssociation`, else into `cidrBlockAssociation`.
    pub is_ipv6: bool,
    pub block: CidrBlockView,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkAclView {
    pub network_acl_id: String,
    pub vpc_id: String,
    pub owner_id: String,
    pub is_default: bool,
    pub entries: Vec<NetworkAclEntryView>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkAclEntryView {
    pub rule_number: u16,
    /// `allow` or `deny`; always of all protocols.
    pub rule_action: &'static str,
    pub egress: bool,
    pub cidr_block: Option<&'static str>,
    pub ipv6_cidr_block: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteTableView {
    pub route_table_id: String,
    pub vpc_id: String,
    pub owner_id: String,
    /// Of its association as the main table.
    pub association_id: String,
    pub routes: Vec<RouteView>,
}

/// A local route, made with the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteView {
    pub destination_cidr_block: String,
    pub is_ipv6: bool,
    /// `local`.
    pub gateway_id: &'static str,
    /// `CreateRouteTable`.
    pub origin: &'static str,
    /// `active`.
    pub state: &'static str,
}

/// The default group: in from its own members, out to everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityGroupView {
    pub group_id: String,
    pub group_name: &'static str,
    pub description: &'static str,
    pub vpc_id: String,
    pub owner_id: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VpnGatewayView {
    pub vpn_gateway_id: String,
    pub state: &'static str,
    /// `ipsec.1`.
    pub gateway_type: &'static str,
    pub availability_zone: Option<String>,
    pub amazon_side_asn: u32,
    pub attachment: Option<VpcAttachmentView>,
    pub tags: Vec<Ec2Tag>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VpcAttachmentView {
    pub vpc_id: String,
    pub state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransitGatewayView {
    pub transit_gateway_id: String,
    pub transit_gateway_arn: String,
    pub state: &'static str,
    pub owner_id: String,
    pub description: String,
    pub creation_time: Timestamp,
    pub amazon_side_asn: u32,
    pub auto_accept_shared_attachments: bool,
    pub default_route_table_association: bool,
    /// Is there while the default association is on.
    pub association_default_route_table_id: Option<String>,
    pub default_route_table_propagation: bool,
    /// Is there while the default propagation is on.
    pub propagation_default_route_table_id: Option<String>,
    pub vpn_ecmp_support: bool,
    pub dns_support: bool,
    pub security_group_referencing_support: bool,
    pub multicast_support: bool,
    pub transit_gateway_cidr_blocks: Vec<String>,
    pub tags: Vec<Ec2Tag>,
}

/// An association with a Direct Connect gateway, as the transit gateway has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransitGatewayAttachmentView {
    pub transit_gateway_attachment_id: String,
    pub transit_gateway_id: String,
    pub transit_gateway_owner_id: String,
    pub resource_owner_id: String,
    /// `direct-connect-gateway`.
    pub resource_type: &'static str,
    /// The Direct Connect gateway.
    pub resource_id: String,
    /// `pending`, `available`, `modifying`, `deleting`.
    pub state: &'static str,
    /// The route table that it is associated with, and the state of that.
    pub association: Option<(String, &'static str)>,
    pub creation_time: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransitGatewayRouteTableView {
    pub transit_gateway_route_table_id: String,
    pub transit_gateway_id: String,
    pub state: &'static str,
    pub default_association_route_table: bool,
    pub default_propagation_route_table: bool,
    pub creation_time: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransitGatewayRouteView {
    pub destination_cidr_block: String,
    /// Attachment and Direct Connect gateway of each way.
    pub attachments: Vec<TransitGatewayRouteAttachmentView>,
    /// `propagated`.
    pub route_type: &'static str,
    /// `active`.
    pub state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransitGatewayRouteAttachmentView {
    pub resource_id: String,
    pub transit_gateway_attachment_id: String,
    pub resource_type: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionView {
    pub region_name: String,
    pub region_endpoint: String,
    /// `opt-in-not-required`.
    pub opt_in_status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvailabilityZoneView {
    pub zone_name: String,
    pub zone_id: String,
    /// Also its `groupName` and `networkBorderGroup`.
    pub region_name: String,
    /// `available`.
    pub zone_state: &'static str,
    /// `opt-in-not-required`.
    pub opt_in_status: &'static str,
    /// `availability-zone`.
    pub zone_type: &'static str,
}
