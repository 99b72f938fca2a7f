//! Transit gateways, their attachments, route tables and routes.

use demarc_types::Timestamp;

use super::enabled;
use crate::ec2::Tag;
use crate::xml::{ToXml, Xml};

/// A transit gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransitGatewayView {
    pub transit_gateway_id: String,
    /// `arn:aws:ec2:REGION:ACCOUNT:transit-gateway/ID`.
    pub transit_gateway_arn: String,
    /// `pending`, `available`, `modifying`, `deleting` or `deleted`.
    pub state: String,
    pub owner_id: String,
    pub description: String,
    pub creation_time: Timestamp,
    pub options: TransitGatewayOptionsView,
    pub tags: Vec<Tag>,
}

/// What is switched at a transit gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransitGatewayOptionsView {
    pub amazon_side_asn: u32,
    pub transit_gateway_cidr_blocks: Vec<String>,
    pub auto_accept_shared_attachments: bool,
    pub default_route_table_association: bool,
    /// Set while the default association is on.
    pub association_default_route_table_id: Option<String>,
    pub default_route_table_propagation: bool,
    /// Set while the default propagation is on.
    pub propagation_default_route_table_id: Option<String>,
    pub vpn_ecmp_support: bool,
    pub dns_support: bool,
    pub security_group_referencing_support: bool,
    pub multicast_support: bool,
}

/// What is attached to a transit gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransitGatewayAttachmentView {
    pub transit_gateway_attachment_id: String,
    pub transit_gateway_id: String,
    pub transit_gateway_owner_id: String,
    pub resource_owner_id: String,
    /// `direct-connect-gateway`, `vpc`, ...
    pub resource_type: String,
    pub resource_id: String,
    /// `initiating`, `pending`, `available`, `deleting`, `deleted`, ...
    pub state: String,
    /// The route table that it is associated with, and the state of that.
    pub association: Option<(String, String)>,
    pub creation_time: Timestamp,
    pub tags: Vec<Tag>,
}

/// A route table of a transit gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransitGatewayRouteTableView {
    pub transit_gateway_route_table_id: String,
    pub transit_gateway_id: String,
    /// `pending`, `available`, `deleting` or `deleted`.
    pub state: String,
    pub default_association_route_table: bool,
    pub default_propagation_route_table: bool,
    pub creation_time: Timestamp,
    pub tags: Vec<Tag>,
}

/// A route in such a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransitGatewayRouteView {
    pub destination_cidr_block: String,
    /// Attachment id, resource type and resource id, once per path.
    pub attachments: Vec<RouteAttachmentView>,
    /// `static` or `propagated`.
    pub kind: String,
    /// `active` or `blackhole`.
    pub state: String,
}

/// Where a route leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteAttachmentView {
    pub transit_gateway_attachment_id: String,
    pub resource_type: String,
    pub resource_id: String,
}

impl ToXml for TransitGatewayView {
    fn write(&self, xml: &mut Xml) {
        xml.text("transitGatewayId", &self.transit_gateway_id);
        xml.text("transitGatewayArn", &self.transit_gateway_arn);
        xml.text("state", &self.state);
        xml.text("ownerId", &self.owner_id);
        xml.text("description", &self.description);
        xml.text("creationTime", self.creation_time.to_rfc3339());
        xml.nested("options", &self.options);
        xml.list("tagSet", &self.tags);
    }
}

impl ToXml for TransitGatewayOptionsView {
    fn write(&self, xml: &mut Xml) {
        xml.number("amazonSideAsn", self.amazon_side_asn);
        if !self.transit_gateway_cidr_blocks.is_empty() {
            xml.texts(
                "transitGatewayCidrBlocks",
                &self.transit_gateway_cidr_blocks,
            );
        }
        let switches = [
            (
                "autoAcceptSharedAttachments",
                self.auto_accept_shared_attachments,
            ),
            (
                "defaultRouteTableAssociation",
                self.default_route_table_association,
            ),
            (
                "defaultRouteTablePropagation",
                self.default_route_table_propagation,
            ),
            ("vpnEcmpSupport", self.vpn_ecmp_support),
            ("dnsSupport", self.dns_support),
            (
                "securityGroupReferencingSupport",
                self.security_group_referencing_support,
            ),
            ("multicastSupport", self.multicast_support),
        ];
        for (name, on) in switches {
            xml.text(name, enabled(on));
        }
        xml.optional(
            "associationDefaultRouteTableId",
            self.association_default_route_table_id.as_deref(),
        );
        xml.optional(
            "propagationDefaultRouteTableId",
            self.propagation_default_route_table_id.as_deref(),
        );
    }
}

impl ToXml for TransitGatewayAttachmentView {
    fn write(&self, xml: &mut Xml) {
        xml.text(
            "transitGatewayAttachmentId",
            &self.transit_gateway_attachment_id,
        );
        xml.text("transitGatewayId", &self.transit_gateway_id);
        xml.text("transitGatewayOwnerId", &self.transit_gateway_owner_id);
        xml.text("resourceOwnerId", &self.resource_owner_id);
        xml.text("resourceType", &self.resource_type);
        xml.text("resourceId", &self.resource_id);
        xml.text("state", &self.state);
        if let Some((table, state)) = &self.association {
            xml.element("association", |xml| {
                xml.text("transitGatewayRouteTableId", table);
                xml.text("state", state);
            });
        }
        xml.text("creationTime", self.creation_time.to_rfc3339());
        xml.list("tagSet", &self.tags);
    }
}

impl ToXml for TransitGatewayRouteTableView {
    fn write(&self, xml: &mut Xml) {
        xml.text(
            "transitGatewayRouteTableId",
            &self.transit_gateway_route_table_id,
        );
        xml.text("transitGatewayId", &self.transit_gateway_id);
        xml.text("state", &self.state);
        xml.boolean(
            "defaultAssociationRouteTable",
            self.default_association_route_table,
        );
        xml.boolean(
            "defaultPropagationRouteTable",
            self.default_propagation_route_table,
        );
        xml.text("creationTime", self.creation_time.to_rfc3339());
        xml.list("tagSet", &self.tags);
    }
}

impl ToXml for TransitGatewayRouteView {
    fn write(&self, xml: &mut Xml) {
        xml.text("destinationCidrBlock", &self.destination_cidr_block);
        xml.list("transitGatewayAttachments", &self.attachments);
        xml.text("type", &self.kind);
        xml.text("state", &self.state);
    }
}

impl ToXml for RouteAttachmentView {
    fn write(&self, xml: &mut Xml) {
        xml.text("resourceId", &self.resource_id);
        xml.text(
            "transitGatewayAttachmentId",
            &self.transit_gateway_attachment_id,
        );
        xml.text("resourceType", &self.resource_type);
    }
}
