//! What every VPC has from the start: a network ACL, a route table, a security group.

use demarc_domain::neighbor::{
    NetworkAclEntryView, NetworkAclView, RouteTableView, RouteView, SecurityGroupView,
};

use crate::xml::{ToXml, Xml};

impl ToXml for NetworkAclView {
    fn write(&self, xml: &mut Xml) {
        xml.text("networkAclId", &self.network_acl_id);
        xml.text("vpcId", &self.vpc_id);
        xml.text("ownerId", &self.owner_id);
        xml.boolean("default", self.is_default);
        xml.list("entrySet", &self.entries);
        xml.texts("associationSet", &[]);
        xml.texts("tagSet", &[]);
    }
}

impl ToXml for NetworkAclEntryView {
    fn write(&self, xml: &mut Xml) {
        xml.number("ruleNumber", self.rule_number);
        // Every protocol.
        xml.text("protocol", "-1");
        xml.text("ruleAction", self.rule_action);
        xml.boolean("egress", self.egress);
        xml.optional("cidrBlock", self.cidr_block);
        xml.optional("ipv6CidrBlock", self.ipv6_cidr_block);
    }
}

impl ToXml for RouteTableView {
    fn write(&self, xml: &mut Xml) {
        xml.text("routeTableId", &self.route_table_id);
        xml.text("vpcId", &self.vpc_id);
        xml.text("ownerId", &self.owner_id);
        xml.list("routeSet", &self.routes);
        xml.element("associationSet", |xml| {
            xml.element("item", |xml| {
                xml.text("routeTableAssociationId", &self.association_id);
                xml.text("routeTableId", &self.route_table_id);
                xml.boolean("main", true);
                xml.element("associationState", |xml| xml.text("state", "associated"));
            });
        });
        xml.texts("propagatingVgwSet", &[]);
        xml.texts("tagSet", &[]);
    }
}

impl ToXml for RouteView {
    fn write(&self, xml: &mut Xml) {
        let name = if self.is_ipv6 {
            "destinationIpv6CidrBlock"
        } else {
            "destinationCidrBlock"
        };
        xml.text(name, &self.destination_cidr_block);
        xml.text("gatewayId", self.gateway_id);
        xml.text("state", self.state);
        xml.text("origin", self.origin);
    }
}

impl ToXml for SecurityGroupView {
    fn write(&self, xml: &mut Xml) {
        xml.text("ownerId", &self.owner_id);
        xml.text("groupId", &self.group_id);
        xml.text("groupName", self.group_name);
        xml.text("groupDescription", self.description);
        xml.text("vpcId", &self.vpc_id);
        xml.element("ipPermissions", |xml| {
            xml.element("item", |xml| {
                xml.text("ipProtocol", "-1");
                xml.element("groups", |xml| {
                    xml.element("item", |xml| {
                        xml.text("userId", &self.owner_id);
                        xml.text("groupId", &self.group_id);
                    });
                });
            });
        });
        xml.element("ipPermissionsEgress", |xml| {
            xml.element("item", |xml| {
                xml.text("ipProtocol", "-1");
                xml.element("ipRanges", |xml| {
                    xml.element("item", |xml| xml.text("cidrIp", "0.0.0.0/0"));
                });
            });
        });
        xml.texts("tagSet", &[]);
    }
}
