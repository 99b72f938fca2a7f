use demarc_domain::neighbor::{
    TransitGatewayAttachmentView, TransitGatewayRouteAttachmentView, TransitGatewayRouteTableView,
    TransitGatewayRouteView, TransitGatewayView,
};

use crate::xml::{ToXml, Xml};

impl ToXml for TransitGatewayView {
    fn write(&self, xml: &mut Xml) {
        xml.text("transitGatewayId", &self.transit_gateway_id);
        xml.text("transitGatewayArn", &self.transit_gateway_arn);
        xml.text("state", self.state);
        xml.text("ownerId", &self.owner_id);
        xml.text("description", &self.description);
        xml.text("creationTime", self.creation_time.to_rfc3339());
        xml.element("options", |xml| write_options(xml, self));
        xml.list("tagSet", &self.tags);
    }
}

fn write_options(xml: &mut Xml, gateway: &TransitGatewayView) {
    xml.number("amazonSideAsn", gateway.amazon_side_asn);
    if !gateway.transit_gateway_cidr_blocks.is_empty() {
        let name = "transitGatewayCidrBlocks";
        xml.texts(name, &gateway.transit_gateway_cidr_blocks);
    }
    let switches = [
        (
            "autoAcceptSharedAttachments",
            gateway.auto_accept_shared_attachments,
        ),
        (
            "defaultRouteTableAssociation",
            gateway.default_route_table_association,
        ),
        (
            "defaultRouteTablePropagation",
            gateway.default_route_table_propagation,
        ),
        ("vpnEcmpSupport", gateway.vpn_ecmp_support),
        ("dnsSupport", gateway.dns_support),
        (
            "securityGroupReferencingSupport",
            gateway.security_group_referencing_support,
        ),
        ("multicastSupport", gateway.multicast_support),
    ];
    for (name, on) in switches {
        xml.text(name, if on { "enable" } else { "disable" });
    }
    let tables = [
        (
            "associationDefaultRouteTableId",
            &gateway.association_default_route_table_id,
        ),
        (
            "propagationDefaultRouteTableId",
            &gateway.propagation_default_route_table_id,
        ),
    ];
    for (name, id) in tables {
        xml.optional(name, id.as_deref());
    }
}

impl ToXml for TransitGatewayAttachmentView {
    fn write(&self, xml: &mut Xml) {
        let attachment_id = &self.transit_gateway_attachment_id;
        xml.text("transitGatewayAttachmentId", attachment_id);
        xml.text("transitGatewayId", &self.transit_gateway_id);
        xml.text("transitGatewayOwnerId", &self.transit_gateway_owner_id);
        xml.text("resourceOwnerId", &self.resource_owner_id);
        xml.text("resourceType", self.resource_type);
        xml.text("resourceId", &self.resource_id);
        xml.text("state", self.state);
        if let Some((table, state)) = &self.association {
            xml.element("association", |xml| {
                xml.text("transitGatewayRouteTableId", table);
                xml.text("state", state);
            });
        }
        xml.text("creationTime", self.creation_time.to_rfc3339());
        xml.texts("tagSet", &[]);
    }
}

impl ToXml for TransitGatewayRouteTableView {
    fn write(&self, xml: &mut Xml) {
        let table_id = &self.transit_gateway_route_table_id;
        xml.text("transitGatewayRouteTableId", table_id);
        xml.text("transitGatewayId", &self.transit_gateway_id);
        xml.text("state", self.state);
        let (association, propagation) = (
            self.default_association_route_table,
            self.default_propagation_route_table,
        );
        xml.boolean("defaultAssociationRouteTable", association);
        xml.boolean("defaultPropagationRouteTable", propagation);
        xml.text("creationTime", self.creation_time.to_rfc3339());
        xml.texts("tagSet", &[]);
    }
}

impl ToXml for TransitGatewayRouteView {
    fn write(&self, xml: &mut Xml) {
        xml.text("destinationCidrBlock", &self.destination_cidr_block);
        xml.list("transitGatewayAttachments", &self.attachments);
        xml.text("type", self.route_type);
        xml.text("state", self.state);
    }
}

impl ToXml for TransitGatewayRouteAttachmentView {
    fn write(&self, xml: &mut Xml) {
        xml.text("resourceId", &self.resource_id);
        let attachment_id = &self.transit_gateway_attachment_id;
        xml.text("transitGatewayAttachmentId", attachment_id);
        xml.text("resourceType", self.resource_type);
    }
}
