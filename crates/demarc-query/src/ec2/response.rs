//! Answers, each with its own document.

use super::request::VpcAttribute;
use super::view::{
    AvailabilityZoneView, CidrAssociationView, NetworkAclView, RegionView, RouteTableView,
    SecurityGroupView, TagView, TransitGatewayAttachmentView, TransitGatewayRouteTableView,
    TransitGatewayRouteView, TransitGatewayView, VpcAttachmentView, VpcView, VpnGatewayView,
};
use crate::xml::{ToXml, Xml};

/// Of every answer of EC2.
pub const CONTENT_TYPE: &str = "text/xml;charset=UTF-8";

const NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";

/// Items, and the token for those that follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next_token: Option<String>,
}

impl<T> Page<T> {
    /// All there is.
    pub fn whole(items: Vec<T>) -> Self {
        Self {
            items,
            next_token: None,
        }
    }
}

/// What a request is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    CreateVpc(VpcView),
    DescribeVpcs(Page<VpcView>),
    DescribeVpcAttribute {
        vpc_id: String,
        attribute: VpcAttribute,
        value: bool,
    },
    ModifyVpcAttribute,
    DeleteVpc,
    AssociateVpcCidrBlock {
        vpc_id: String,
        association: CidrAssociationView,
    },
    DisassociateVpcCidrBlock {
        vpc_id: String,
        association: CidrAssociationView,
    },
    DescribeNetworkAcls(Page<NetworkAclView>),
    DescribeRouteTables(Page<RouteTableView>),
    DescribeSecurityGroups(Page<SecurityGroupView>),
    CreateVpnGateway(VpnGatewayView),
    DescribeVpnGateways(Vec<VpnGatewayView>),
    AttachVpnGateway(VpcAttachmentView),
    DetachVpnGateway,
    DeleteVpnGateway,
    CreateTransitGateway(TransitGatewayView),
    DescribeTransitGateways(Page<TransitGatewayView>),
    ModifyTransitGateway(TransitGatewayView),
    DeleteTransitGateway(TransitGatewayView),
    DescribeTransitGatewayAttachments(Page<TransitGatewayAttachmentView>),
    DescribeTransitGatewayRouteTables(Page<TransitGatewayRouteTableView>),
    SearchTransitGatewayRoutes {
        routes: Vec<TransitGatewayRouteView>,
        additional_routes_available: bool,
    },
    CreateTags,
    DeleteTags,
    DescribeTags(Page<TagView>),
    DescribeRegions(Vec<RegionView>),
    DescribeAvailabilityZones(Vec<AvailabilityZoneView>),
}

impl Response {
    /// The body of the answer.
    pub fn to_xml(&self, request_id: &str) -> Vec<u8> {
        let root = format!("{}Response", self.action());
        Xml::document(&root, Some(NAMESPACE), |xml| {
            xml.text("requestId", request_id);
            self.write(xml);
        })
    }

    fn action(&self) -> &'static str {
        match self {
            Self::CreateVpc(_) => "CreateVpc",
            Self::DescribeVpcs(_) => "DescribeVpcs",
            Self::DescribeVpcAttribute { .. } => "DescribeVpcAttribute",
            Self::ModifyVpcAttribute => "ModifyVpcAttribute",
            Self::DeleteVpc => "DeleteVpc",
            Self::AssociateVpcCidrBlock { .. } => "AssociateVpcCidrBlock",
            Self::DisassociateVpcCidrBlock { .. } => "DisassociateVpcCidrBlock",
            Self::DescribeNetworkAcls(_) => "DescribeNetworkAcls",
            Self::DescribeRouteTables(_) => "DescribeRouteTables",
            Self::DescribeSecurityGroups(_) => "DescribeSecurityGroups",
            Self::CreateVpnGateway(_) => "CreateVpnGateway",
            Self::DescribeVpnGateways(_) => "DescribeVpnGateways",
            Self::AttachVpnGateway(_) => "AttachVpnGateway",
            Self::DetachVpnGateway => "DetachVpnGateway",
            Self::DeleteVpnGateway => "DeleteVpnGateway",
            Self::CreateTransitGateway(_) => "CreateTransitGateway",
            Self::DescribeTransitGateways(_) => "DescribeTransitGateways",
            Self::ModifyTransitGateway(_) => "ModifyTransitGateway",
            Self::DeleteTransitGateway(_) => "DeleteTransitGateway",
            Self::DescribeTransitGatewayAttachments(_) => "DescribeTransitGatewayAttachments",
            Self::DescribeTransitGatewayRouteTables(_) => "DescribeTransitGatewayRouteTables",
            Self::SearchTransitGatewayRoutes { .. } => "SearchTransitGatewayRoutes",
            Self::CreateTags => "CreateTags",
            Self::DeleteTags => "DeleteTags",
            Self::DescribeTags(_) => "DescribeTags",
            Self::DescribeRegions(_) => "DescribeRegions",
            Self::DescribeAvailabilityZones(_) => "DescribeAvailabilityZones",
        }
    }

    fn write(&self, xml: &mut Xml) {
        match self {
            Self::CreateVpc(vpc) => xml.nested("vpc", vpc),
            Self::DescribeVpcs(page) => write_page(xml, "vpcSet", page),
            Self::DescribeVpcAttribute {
                vpc_id,
                attribute,
                value,
            } => {
                xml.text("vpcId", vpc_id);
                let name = attribute.name();
                xml.element(name, |xml| xml.boolean("value", *value));
            }
            Self::AssociateVpcCidrBlock {
                vpc_id,
                association,
            }
            | Self::DisassociateVpcCidrBlock {
                vpc_id,
                association,
            } => write_association(xml, vpc_id, association),
            Self::DescribeNetworkAcls(page) => write_page(xml, "networkAclSet", page),
            Self::DescribeRouteTables(page) => write_page(xml, "routeTableSet", page),
            Self::DescribeSecurityGroups(page) => write_page(xml, "securityGroupInfo", page),
            Self::CreateVpnGateway(gateway) => xml.nested("vpnGateway", gateway),
            Self::DescribeVpnGateways(gateways) => xml.list("vpnGatewaySet", gateways),
            Self::AttachVpnGateway(attachment) => xml.nested("attachment", attachment),
            Self::CreateTransitGateway(gateway)
            | Self::ModifyTransitGateway(gateway)
            | Self::DeleteTransitGateway(gateway) => xml.nested("transitGateway", gateway),
            Self::DescribeTransitGateways(page) => write_page(xml, "transitGatewaySet", page),
            Self::DescribeTransitGatewayAttachments(page) => {
                write_page(xml, "transitGatewayAttachments", page);
            }
            Self::DescribeTransitGatewayRouteTables(page) => {
                write_page(xml, "transitGatewayRouteTables", page);
            }
            Self::SearchTransitGatewayRoutes {
                routes,
                additional_routes_available,
            } => {
                xml.list("routeSet", routes);
                xml.boolean("additionalRoutesAvailable", *additional_routes_available);
            }
            Self::DescribeTags(page) => write_page(xml, "tagSet", page),
            Self::DescribeRegions(regions) => xml.list("regionInfo", regions),
            Self::DescribeAvailabilityZones(zones) => xml.list("availabilityZoneInfo", zones),
            Self::ModifyVpcAttribute
            | Self::DeleteVpc
            | Self::DetachVpnGateway
            | Self::DeleteVpnGateway
            | Self::CreateTags
            | Self::DeleteTags => xml.boolean("return", true),
        }
    }
}

fn write_page<T: ToXml>(xml: &mut Xml, name: &str, page: &Page<T>) {
    xml.list(name, &page.items);
    xml.optional("nextToken", page.next_token.as_deref());
}

fn write_association(xml: &mut Xml, vpc_id: &str, association: &CidrAssociationView) {
    xml.text("vpcId", vpc_id);
    if association.cidr_block.contains(':') {
        let name = "ipv6CidrBlockAssociation";
        xml.element(name, |xml| association.write_ipv6(xml));
    } else {
        let name = "cidrBlockAssociation";
        xml.element(name, |xml| association.write_ipv4(xml));
    }
}
