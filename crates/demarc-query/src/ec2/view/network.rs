//! What every VPC has from the start: a network ACL, a route table, a security group.

use crate::ec2::Tag;
use crate::xml::{ToXml, Xml};

/// A network ACL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkAclView {
    pub network_acl_id: String,
    pub vpc_id: String,
    pub owner_id: String,
    pub is_default: bool,
    pub entries: Vec<NetworkAclEntryView>,
    pub tags: Vec<Tag>,
}

/// A rule of a network ACL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkAclEntryView {
    pub rule_number: u16,
    /// `-1` for every protocol.
    pub protocol: String,
    pub allow: bool,
    pub egress: bool,
    pub cidr_block: String,
}

/// A route table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteTableView {
    pub route_table_id: String,
    pub vpc_id: String,
    pub owner_id: String,
    /// The id of the association that makes it the VPC's main table.
    pub main_association_id: Option<String>,
    pub routes: Vec<RouteView>,
    /// Virtual private gateways whose routes it takes.
    pub propagating_gateways: Vec<String>,
    pub tags: Vec<Tag>,
}

/// A route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteView {
    /// IPv4 or IPv6.
    pub destination: String,
    /// `local`, or the id of a gateway.
    pub gateway_id: String,
    /// `CreateRouteTable`, `CreateRoute` or `EnableVgwRoutePropagation`.
    pub origin: String,
}

/// A security group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecurityGroupView {
    pub group_id: String,
    pub group_name: String,
    pub group_description: String,
    pub vpc_id: String,
    pub owner_id: String,
    /// `arn:aws:ec2:REGION:ACCOUNT:security-group/ID`.
    pub security_group_arn: String,
    pub ingress: Vec<PermissionView>,
    pub egress: Vec<PermissionView>,
    pub tags: Vec<Tag>,
}

/// Who may send every kind of traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PermissionView {
    /// The members of a group.
    Group { group_id: String, owner_id: String },
    /// An address block.
    Block(String),
}

impl ToXml for NetworkAclView {
    fn write(&self, xml: &mut Xml) {
        xml.text("networkAclId", &self.network_acl_id);
        xml.text("vpcId", &self.vpc_id);
        xml.text("ownerId", &self.owner_id);
        xml.boolean("default", self.is_default);
        xml.list("entrySet", &self.entries);
        xml.texts("associationSet", &[]);
        xml.list("tagSet", &self.tags);
    }
}

impl ToXml for NetworkAclEntryView {
    fn write(&self, xml: &mut Xml) {
        xml.number("ruleNumber", self.rule_number);
        xml.text("protocol", &self.protocol);
        xml.text("ruleAction", if self.allow { "allow" } else { "deny" });
        xml.boolean("egress", self.egress);
        let is_ipv6 = self.cidr_block.contains(':');
        let name = if is_ipv6 {
            "ipv6CidrBlock"
        } else {
            "cidrBlock"
        };
        xml.text(name, &self.cidr_block);
    }
}

impl ToXml for RouteTableView {
    fn write(&self, xml: &mut Xml) {
        xml.text("routeTableId", &self.route_table_id);
        xml.text("vpcId", &self.vpc_id);
        xml.text("ownerId", &self.owner_id);
        xml.list("routeSet", &self.routes);
        xml.element("associationSet", |xml| {
            if let Some(id) = &self.main_association_id {
                xml.element("item", |xml| self.write_main_association(xml, id));
            }
        });
        xml.element("propagatingVgwSet", |xml| {
            for gateway in &self.propagating_gateways {
                xml.element("item", |xml| xml.text("gatewayId", gateway));
            }
        });
        xml.list("tagSet", &self.tags);
    }
}

impl RouteTableView {
    fn write_main_association(&self, xml: &mut Xml, id: &str) {
        xml.text("routeTableAssociationId", id);
        xml.text("routeTableId", &self.route_table_id);
        xml.boolean("main", true);
        xml.element("associationState", |xml| xml.text("state", "associated"));
    }
}

impl ToXml for RouteView {
    fn write(&self, xml: &mut Xml) {
        let name = if self.destination.contains(':') {
            "destinationIpv6CidrBlock"
        } else {
            "destinationCidrBlock"
        };
        xml.text(name, &self.destination);
        xml.text("gatewayId", &self.gateway_id);
        xml.text("state", "active");
        xml.text("origin", &self.origin);
    }
}

impl ToXml for SecurityGroupView {
    fn write(&self, xml: &mut Xml) {
        xml.text("ownerId", &self.owner_id);
        xml.text("groupId", &self.group_id);
        xml.text("groupName", &self.group_name);
        xml.text("groupDescription", &self.group_description);
        xml.text("vpcId", &self.vpc_id);
        xml.text("securityGroupArn", &self.security_group_arn);
        xml.list("ipPermissions", &self.ingress);
        xml.list("ipPermissionsEgress", &self.egress);
        xml.list("tagSet", &self.tags);
    }
}

impl ToXml for PermissionView {
    fn write(&self, xml: &mut Xml) {
        xml.text("ipProtocol", "-1");
        xml.element("groups", |xml| {
            if let Self::Group { group_id, owner_id } = self {
                xml.element("item", |xml| {
                    xml.text("userId", owner_id);
                    xml.text("groupId", group_id);
                });
            }
        });
        let mut ranges = |list: &str, name: &str, wanted: bool| {
            xml.element(list, |xml| match self {
                Self::Block(block) if wanted => {
                    xml.element("item", |xml| xml.text(name, block));
                }
                Self::Block(_) | Self::Group { .. } => {}
            });
        };
        let is_ipv6 = matches!(self, Self::Block(block) if block.contains(':'));
        ranges("ipRanges", "cidrIp", !is_ipv6);
        ranges("ipv6Ranges", "cidrIpv6", is_ipv6);
        xml.texts("prefixListIds", &[]);
    }
}
